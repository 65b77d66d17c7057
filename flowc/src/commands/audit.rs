//! `flowc audit PATH [--json]`, and the registry's log.

pub mod trail;

use std::path::PathBuf;

use crate::audit::{Audit, text};
use crate::compile;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Package;
use crate::terminal::Terminal;

/// `flowc audit PATH [--json]`
///
/// One page for a security reviewer: who may start a run, who vouches for what, which sensitive effects are behind
/// which approval, where personal data and secrets go, where models run, what is reached outside.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// A package, or a file of its own.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Of the registry.
    #[command(subcommand)]
    pub trail: Option<trail::Action>,
}

/// Prints the report.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    if let Some(action) = &args.trail {
        return trail::run(action, terminal);
    }
    let package = Package::at(&args.path)?;
    let Some(output) = compile::output(&package, terminal) else {
        return Ok(Exit::Diagnostics);
    };
    let audit = Audit::of(&output);
    if args.json {
        let json = serde_json::to_string_pretty(&audit)
            .map_err(|error| Stop::usage(format!("the report cannot be written: {error}")))?;
        terminal.print(&format!("{json}\n"))?;
    } else {
        terminal.print(&text::write(&audit))?;
    }
    Ok(Exit::Ok)
}
