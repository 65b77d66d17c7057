//! `flowc prompt rollback NAME@POINTER --reason R`.

use flow_registry::Kind;

use super::moving::pointer;
use crate::exit::Outcome;
use crate::registry::asked::Asked;
use crate::registry::signed::Signed;
use crate::terminal::Terminal;

/// Move a pointer back to where it was
///
/// Moves a pointer back to the version it named before. Again goes one further back.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which pointer.
    #[arg(value_name = "NAME@POINTER")]
    pub pointer: String,
    /// Only if the pointer is at this generation.
    #[arg(long, value_name = "N")]
    pub generation: Option<u64>,
    /// Who does it, why, and where.
    #[command(flatten)]
    pub signed: Signed,
}

/// Rolls a pointer back.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let (name, pointer) = pointer(&args.pointer)?;
    let pointer = format!("{name}@{pointer}");
    args.signed.change(Asked::Rollback { kind, pointer, generation: args.generation }, terminal)
}
