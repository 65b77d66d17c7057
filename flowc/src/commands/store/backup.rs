//! `flowc store backup FILE`.

use std::path::PathBuf;

use serde_json::json;

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc store backup FILE`
///
/// A running server is not stopped, and does not wait. The copy is a store: `flowc serve --store FILE` goes on from that
/// moment, so never serve both.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Where the copy goes; there must be nothing yet.
    #[arg(value_name = "FILE")]
    pub to: PathBuf,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Copies.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    if args.to.exists() {
        return Err(Stop::usage(format!("`{}` is there already", args.to.display())));
    }
    store
        .backup(&args.to)
        .map_err(|error| Stop::run_failed(format!("the copy could not be made: {error}")))?;
    let bytes = std::fs::metadata(&args.to)?.len();
    if args.common.json {
        terminal.line(json!({ "copy": args.to.display().to_string(), "bytes": bytes }))?;
    } else {
        terminal.note(format!("{} holds {bytes} bytes", args.to.display()));
    }
    Ok(Exit::Ok)
}
