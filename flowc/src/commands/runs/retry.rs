//! `flowc runs retry RUN`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::new_run_id;
use flow_store::runs::MessageKind;
use serde_json::json;

use super::One;
use crate::durable::{self, kept::run_row};
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc runs retry RUN`
///
/// Begins another run of the same flow, with the same arguments, on the same bundle; what the first one did is done
/// again. The process that drives the store begins it; without one, `flowc resume` does.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run; it must have ended.
    #[command(flatten)]
    pub one: One,
}

/// Asks for another run.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let One { run, common } = &args.one;
    let store = durable::visit(&common.store)?;
    let row = run_row(&store, &common.store, run)?;
    if !row.status.has_ended() {
        let status = row.status.name();
        return Err(Stop::usage(format!("run {run} has not ended: {status}"))
            .help(format!("flowc runs cancel {run} --store {}", common.store.display())));
    }
    let new = new_run_id().to_string();
    let left = store.leave_message(run, &MessageKind::Retry { new: new.clone() }, SystemClock.now_ms());
    left.map_err(|error| durable::stop(&error))?;
    if common.json {
        terminal.line(json!({ "run": new, "retry_of": run }))?;
    } else {
        terminal.line(new)?;
    }
    Ok(Exit::Ok)
}
