//! `flowc rollback NAME@POINTER`: takes back a deploy.

use flow_registry::Kind;

use super::versions::rollback;
use crate::exit::Outcome;
use crate::terminal::Terminal;

pub use super::versions::rollback::Args;

/// Moves the pointer of a package back.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    rollback::run(Kind::Bundle, args, terminal)
}
