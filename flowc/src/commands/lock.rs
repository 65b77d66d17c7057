//! `flowc lock [PATH…] [--update mcp:NAME]`.

use std::path::PathBuf;

use flow_compiler::lock::Lock;

use crate::compile::{self, Built};
use crate::exit::{Exit, Outcome, Stop};
use crate::load::{self, Package};
use crate::servers::{Renewal, Servers, lock_tools};
use crate::terminal::{BOLD, Terminal, count, paint};

/// `flowc lock [PATH…] [--update mcp:NAME]`
///
/// Writes `flow.lock`: digests of everything a package depends on that is not its own text, and the schemas of the
/// tools of MCP servers. A server is asked once, when its tool is first locked, and again with `--update`. `flowc check
/// --locked` then refuses a package under which something changed.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Packages, or directories of packages.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Ask an MCP server again: `mcp:NAME`, or `mcp:NAME/TOOL` for one tool.
    #[arg(long, value_name = "WHAT")]
    pub update: Vec<Renewal>,
}

/// Writes the locks of packages; those without anything to lock get none.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let mut exit = Exit::Ok;
    for package in Package::all(&args.paths)? {
        match compile::to_be_locked(&package, terminal) {
            Some(built) => {
                let mut servers = Servers::new(&built.egress, &built.mcp, built.root.clone())?;
                write(&package, built, &args.update, &mut servers, terminal)?;
            }
            None => exit = Exit::Diagnostics,
        }
    }
    Ok(exit)
}

/// Writes the lock of a package.
///
/// # Errors
/// When an MCP server cannot be asked, or the file cannot be written.
pub(crate) fn write(
    package: &Package,
    built: Built,
    renewals: &[Renewal],
    servers: &mut Servers,
    terminal: &Terminal,
) -> Result<(), Stop> {
    // A file that cannot be read is written anew.
    let before = package.lock.as_deref().and_then(|text| Lock::parse(text).ok()).unwrap_or_default();
    let mut lock = built.lock;
    lock_tools(&mut lock, &built.bundle, (&before, renewals), servers, terminal)?;
    let path = package.root.join(load::LOCK);
    let shown = load::shown(&path);
    if lock.is_empty() && !path.exists() {
        terminal.note(format!("{}: nothing to lock", package.shown));
        return Ok(());
    }
    std::fs::write(&path, lock.to_text())
        .map_err(|error| Stop::usage(format!("cannot write `{shown}`: {error}")))?;
    terminal.note(format!("{} {}", paint(BOLD, shown), count(lock.len(), "row")));
    Ok(())
}
