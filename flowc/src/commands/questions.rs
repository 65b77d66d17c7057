//! `flowc questions list|answer --store FILE`: what people are asked.

mod answer;
mod list;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc questions …`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What about them.
    #[command(subcommand)]
    pub what: What,
}

/// What is done with questions.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// The open questions, oldest first
    List(list::Args),
    /// Answer one
    Answer(answer::Args),
}

/// Lists or answers.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::List(args) => list::run(args, terminal),
        What::Answer(args) => answer::run(args, terminal),
    }
}
