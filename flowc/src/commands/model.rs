//! `flowc model …`: models in the registry.

use flow_registry::Kind;

use super::versions::Action;
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc model …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    args.action.run(Kind::Model, terminal)
}
