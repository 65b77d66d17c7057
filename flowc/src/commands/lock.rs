//! `flowc lock [PATH…]`.

use std::path::PathBuf;

use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::{self, Package};
use crate::terminal::{BOLD, Terminal, count, paint};

/// `flowc lock [PATH…]`
///
/// Writes `flow.lock`: digests of everything a package depends on that is not its own text. `flowc check --locked`
/// then refuses a package under which something changed.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Packages, or directories of packages.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
}

/// Writes the locks of packages; those without anything to lock get none.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut exit = Exit::Ok;
    for package in Package::all(&args.paths)? {
        match compile::build(&package, terminal) {
            Some(built) => write(&package, &built.lock, terminal)?,
            None => exit = Exit::Diagnostics,
        }
    }
    Ok(exit)
}

fn write(package: &Package, lock: &flow_compiler::lock::Lock, terminal: &Terminal) -> Result<(), Stop> {
    let path = package.root.join(load::LOCK);
    let shown = load::shown(&path);
    if lock.is_empty() && !path.exists() {
        terminal.note(format!("{}: nothing to lock", package.shown));
        return Ok(());
    }
    std::fs::write(&path, lock.to_text())
        .map_err(|error| Stop::usage(format!("cannot write `{shown}`: {error}")))?;
    terminal.note(format!("{} {}", paint(BOLD, shown), count(lock.len(), "digest")));
    Ok(())
}
