//! `flowc runs list|show|why|tail|cancel|retry --store FILE`: what runs are there, and what they did.

mod cancel;
mod list;
mod retry;
mod show;
mod tail;
mod told;
mod why;

use std::path::PathBuf;

use crate::exit::Outcome;
use crate::terminal::Terminal;

/// `flowc runs …`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What about them.
    #[command(subcommand)]
    pub what: What,
}

/// What is asked about runs.
#[derive(clap::Subcommand, Debug)]
pub enum What {
    /// The newest runs
    List(list::Args),
    /// One run: its result, its steps, its open questions
    Show(One),
    /// How a run came to a node, or to its end: the chain backwards
    Why(why::Args),
    /// What a run does, from its start until it ends
    Tail(One),
    /// End a run
    Cancel(cancel::Args),
    /// Run a flow again with the arguments of a run that has ended
    Retry(retry::Args),
}

/// Which store, and how to print.
#[derive(clap::Args, Debug)]
pub struct Common {
    /// The file that `flowc run --store` or `flowc serve` keeps runs in.
    #[arg(long, value_name = "FILE")]
    pub store: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// One run of a store.
#[derive(clap::Args, Debug)]
pub struct One {
    /// Which run.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Answers.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    match &args.what {
        What::List(args) => list::run(args, terminal),
        What::Show(args) => show::run(args, terminal),
        What::Why(args) => why::run(args, terminal),
        What::Tail(args) => tail::run(args, terminal),
        What::Cancel(args) => cancel::run(args, terminal),
        What::Retry(args) => retry::run(args, terminal),
    }
}
