//! `flowc registry …`: the registry itself.

pub mod bodies;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc registry …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with a registry.
#[derive(clap::Subcommand, Debug)]
pub enum Action {
    /// Where contents of versions are kept: in the file, in a folder, or in a bucket
    Bodies(bodies::Args),
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Action::Bodies(args) => bodies::run(args, terminal),
    }
}
