//! One file a command.

pub mod build;
pub mod check;
pub mod completions;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod new;
pub mod run;
pub mod test;

use crate::cli::Command;
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// Does what was typed.
pub(crate) fn run(command: Command, terminal: &Terminal) -> Outcome {
    match command {
        Command::Graph(args) => graph::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Completions(args) => completions::run(&args, terminal),
    }
}
