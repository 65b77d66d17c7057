//! Repository chores: `cargo xtask layers|tidy|corpus|pictures`.
//!
//! What a compiler cannot say about our own house is checked here and run by CI.

mod layers;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "Repository chores")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Who may import whom: the table of docs/src/design/architecture.md, checked on cargo's metadata.
    Layers,
    /// Sizes of files and functions, forbidden words, docs that list every page.
    Tidy,
    /// The table of defects that the compiler must find, and whether it does.
    Corpus,
    /// Draws the messages of the book anew.
    Pictures,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Layers => layers::violations().and_then(|found| report("layers", &found)),
        Chore::Tidy => tidy::violations().and_then(|found| report("tidy", &found)),
        Chore::Corpus => cargo(&["run", "--quiet", "--package", "flow-tests", "--bin", "corpus"]),
        Chore::Pictures => cargo(&["run", "--quiet", "--package", "flow-tests", "--bin", "pictures"]),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Runs what needs the compiler itself, which this program does not link.
fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    let status = std::process::Command::new("cargo").args(arguments).status()?;
    anyhow::ensure!(status.success(), "`cargo {}` failed", arguments.join(" "));
    Ok(())
}

/// Prints what is wrong, one line each, and fails if there is anything.
#[expect(clippy::print_stdout, reason = "a command line speaks on standard output")]
fn report(chore: &str, violations: &[String]) -> anyhow::Result<()> {
    for violation in violations {
        println!("{violation}");
    }
    anyhow::ensure!(violations.is_empty(), "{chore}: {} violations", violations.len());
    println!("{chore}: ok");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a command line complains on standard error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
