//! `flowc runs cancel RUN`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::MessageKind;
use serde_json::json;

use super::One;
use crate::durable::{self, kept::run_row};
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc runs cancel RUN`
///
/// The process that drives the store ends it; without one, `flowc resume` does.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run.
    #[command(flatten)]
    pub one: One,
}

/// Asks for its end.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let One { run, common } = &args.one;
    let store = durable::visit(&common.store)?;
    let row = run_row(&store, &common.store, run)?;
    if row.status.has_ended() {
        return Err(Stop::usage(format!("run {run} has ended: {}", row.status.name())));
    }
    let left = store.leave_message(run, &MessageKind::Cancel, SystemClock.now_ms());
    left.map_err(|error| durable::stop(&error))?;
    if common.json {
        terminal.line(json!({ "run": run, "cancel": "requested" }))?;
    } else {
        terminal.note(format!("run {run} will end"));
    }
    Ok(Exit::Ok)
}
