//! `flowc store check`.

use serde_json::json;

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome};
use crate::terminal::{BAD, GOOD, Terminal, clean, count, paint};

/// `flowc store check`
///
/// The pages of the file, the checksum of every record, gaps in logs, and what belongs to nothing. A server may run
/// meanwhile. Damage is told and left as it is: exit code 4.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Reads everything.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    let damage = store.check().map_err(|error| durable::stop(&error))?;
    let exit = if damage.is_empty() { Exit::Ok } else { Exit::RunFailed };
    if args.common.json {
        terminal.line(json!({ "whole": damage.is_empty(), "damage": damage }))?;
        return Ok(exit);
    }
    for line in &damage {
        terminal.line(paint(BAD, clean(line)))?;
    }
    terminal.line(match damage.len() {
        0 => paint(GOOD, "whole"),
        n => count(n, "damage"),
    })?;
    Ok(exit)
}
