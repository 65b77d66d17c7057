//! `flowc prompt …`: prompts in the registry.

use flow_registry::Kind;

use super::versions::{diff, history, list, moving, publish, rollback, show};
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc prompt …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with prompts.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Keep a file's prompt as a version that never changes
    Publish(publish::Args),
    /// Names and their pointers; or the versions of a name
    List(list::Args),
    /// What a version says
    Show(show::Args),
    /// What another version says otherwise
    Diff(diff::Args),
    /// Move a pointer to a version, if everything deployed still fits
    Move(moving::Args),
    /// Move a pointer back to where it was
    Rollback(rollback::Args),
    /// Who moved a pointer when and why
    History(history::Args),
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Action::Publish(args) => publish::run(Kind::Prompt, args, terminal),
        Action::List(args) => list::run(Kind::Prompt, args, terminal),
        Action::Show(args) => show::run(Kind::Prompt, args, terminal),
        Action::Diff(args) => diff::run(Kind::Prompt, args, terminal),
        Action::Move(args) => moving::run(Kind::Prompt, args, terminal),
        Action::Rollback(args) => rollback::run(Kind::Prompt, args, terminal),
        Action::History(args) => history::run(Kind::Prompt, args, terminal),
    }
}
