//! What `flowc prompt`, `flowc model` and `flowc bundle` have in common, one file an action.

use flow_registry::Kind;

use crate::exit::Outcome;
use crate::terminal::Terminal;

pub mod diff;
pub mod history;
pub mod list;
pub mod moving;
pub mod publish;
pub mod rollback;
pub mod show;
pub mod trying;

/// What can be done with prompts and models.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Keep what a file declares as a version that never changes
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

impl Action {
    /// Does what was typed, with versions of this kind.
    pub(crate) fn run(&self, kind: Kind, terminal: &Terminal) -> Outcome {
        match self {
            Self::Publish(args) => publish::run(kind, args, terminal),
            Self::List(args) => list::run(kind, args, terminal),
            Self::Show(args) => show::run(kind, args, terminal),
            Self::Diff(args) => diff::run(kind, args, terminal),
            Self::Move(args) => moving::run(kind, args, terminal),
            Self::Rollback(args) => rollback::run(kind, args, terminal),
            Self::History(args) => history::run(kind, args, terminal),
        }
    }
}
