//! `flowc split report|list|pause|resume`: which arm of a split does better, and which gets calls.

mod arms;
mod decide;
mod list;
mod report;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc split …`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What about them.
    #[command(subcommand)]
    pub what: What,
}

/// What is asked about splits.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// How the arms of splits did, and how shadows compare with the arms that answered
    Report(report::Args),
    /// The arms of splits, and which of them are paused
    List(list::Args),
    /// Send no more calls to an arm
    Pause(decide::Args),
    /// Send an arm its share of calls again
    Resume(decide::Args),
}

/// Answers.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::Report(args) => report::run(args, terminal),
        What::List(args) => list::run(args, terminal),
        What::Pause(args) => decide::run(args, true, terminal),
        What::Resume(args) => decide::run(args, false, terminal),
    }
}
