//! The `flowc` command line: it reads files, terminals and the environment, and glues the compiler to the
//! runtime. It decides nothing about the language.
//!
//! Start reading at [`cli`] (what can be typed), then `commands` (one file a command), [`load`] (paths to
//! packages) and [`terminal`] (everything that is printed).

pub mod audit;
mod bug;
pub mod cli;
mod client;
pub mod commands;
mod compile;
mod durable;
mod editor;
pub mod exit;
pub mod graph;
mod journal;
pub mod load;
mod logs;
mod people;
mod registry;
mod servers;
mod span;
mod statistics;
pub mod terminal;
mod trial;

use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command line of this process.
///
/// Exit codes: 0 ok, 1 diagnostics or failed tests, 2 usage, 3 our bug, 4 the run failed.
#[must_use]
pub fn main() -> ExitCode {
    bug::install();
    // Every TLS connection of the process uses this provider; a second install is refused and harmless.
    drop(rustls::crypto::ring::default_provider().install_default());
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::explain_usage(&error),
    };
    let exit = bug::contain(move || run(cli));
    exit.into()
}

fn run(cli: cli::Cli) -> exit::Exit {
    let terminal = terminal::Terminal::new(cli.global.color, cli.global.quiet);
    logs::install(cli.global.verbose, cli.global.quiet, terminal.color());
    match commands::run(cli.command, &terminal) {
        Ok(exit) => exit,
        Err(stop) => terminal.stop(&stop),
    }
}
