//! `flowc prompt …`: prompts in the registry.

use flow_registry::Kind;

use super::versions::{Action, trying};
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc prompt …`
#[derive(clap::Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Of,
}

/// What can be done with prompts.
#[derive(clap::Subcommand, Debug)]
pub enum Of {
    /// What prompts share with models
    #[command(flatten)]
    Versions(Action),
    /// Send a version once, and show the answer
    Try(Box<trying::Args>),
}

/// Does what was typed.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.action {
        Of::Versions(action) => action.run(Kind::Prompt, terminal),
        Of::Try(args) => trying::run(args, terminal),
    }
}
