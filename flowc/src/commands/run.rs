//! `flowc run PATH[:flow]`.

mod input;
mod live;
mod streaming;
mod trace;

use std::path::PathBuf;

use crate::exit::{Exit, Outcome};
use crate::terminal::Terminal;

/// `flowc run PATH[:flow]`
///
/// On a terminal the path through the graph is shown while it is walked; in a pipe, the result alone is
/// printed.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file or a bundle, and which of its flows if it has several public ones.
    #[arg(value_name = "PATH[:flow]")]
    pub target: String,
    /// The flow's arguments as a JSON object; `@FILE` reads a file, `-` reads stdin.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub input: Option<String>,
    /// One argument: JSON, or text where the flow takes text. Repeatable.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub args: Vec<String>,
    /// Answer models and tools from recorded exchanges.
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    pub cassette: Option<PathBuf>,
    /// Ask real models and tools, whatever keys are set.
    #[arg(long)]
    pub live: bool,
    /// Answer for people: {"review": ["Approve"]}, in the order they are asked.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Keep memories, caches, indexes and queues in this directory.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Write the event log as JSON lines; without FILE to stderr. It holds the run's values.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub trace: Option<PathBuf>,
    /// Print one JSON object: result or error, run, cost, tokens, path.
    #[arg(long)]
    pub json: bool,
}

/// Runs a flow.
pub(crate) fn run(_args: &Args, _terminal: &Terminal) -> Outcome {
    Ok(Exit::Ok)
}
