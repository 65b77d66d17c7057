//! `flowc bundle …`: packages in the registry.

use flow_registry::Kind;

use super::versions::{history, list, moving, show};
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc bundle …`
///
/// What `flowc deploy` published; `flowc rollback` takes a deploy back. A bundle that a pointer names is deployed: nothing it uses may move to what it
/// does not fit.
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with bundles.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Names and their pointers; or the versions of a name
    List(list::Args),
    /// Its flows, and what it takes from the registry
    Show(show::Args),
    /// Move a pointer to a version, if everything it uses fits
    Move(moving::Args),
    /// Who moved a pointer when and why
    History(history::Args),
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Action::List(args) => list::run(Kind::Bundle, args, terminal),
        Action::Show(args) => show::run(Kind::Bundle, args, terminal),
        Action::Move(args) => moving::run(Kind::Bundle, args, terminal),
        Action::History(args) => history::run(Kind::Bundle, args, terminal),
    }
}
