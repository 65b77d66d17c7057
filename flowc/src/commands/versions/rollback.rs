//! `flowc prompt rollback NAME@POINTER --reason R`.

use flow_registry::Kind;

use super::moving::{or_trial, pointer};
use crate::exit::Outcome;
use crate::registry::gate::{self, Denied};
use crate::registry::store::{Signature, Store};
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
    /// Check and show, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// Rolls a pointer back.
pub(crate) fn run(kind: Kind, args: &Args, terminal: &Terminal) -> Outcome {
    let (name, pointer) = pointer(&args.pointer)?;
    let who = if args.dry_run { args.signature.who()? } else { args.signature.who_and_why()? };
    let who = flow_registry::Who { reason: or_trial(who.reason), ..who };
    let mut registry = args.store.existing()?;
    let done = registry.change(&who, |change| {
        let moved = change.rollback(kind, &name, &pointer, args.generation)?;
        let effect = gate::verify(change, vec![moved])?;
        if args.dry_run { Err(Denied::Tried(effect)) } else { Ok(effect) }
    });
    gate::report(done, args.store.json, terminal)
}
