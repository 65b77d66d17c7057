//! `flowc runs retry RUN`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::new_run_id;
use flow_store::runs::MessageKind;
use serde_json::json;

use super::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc runs retry RUN`
///
/// Begins another run of the same flow, with the same arguments, on the same bundle; what the first one did is done
/// again. The process that drives the store begins it; without one, `flowc resume` does.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run; it must have ended.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Asks for another run.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    let row = store.run(&args.run).map_err(|error| durable::stop(&error))?;
    let place = args.common.store.display();
    let row = row.ok_or_else(|| {
        Stop::usage(format!("there is no run {} in `{place}`", args.run))
            .help(format!("flowc runs list --store {place}"))
    })?;
    if !row.status.has_ended() {
        let status = row.status.name();
        return Err(Stop::usage(format!("run {} has not ended: {status}", args.run))
            .help(format!("flowc runs cancel {} --store {place}", args.run)));
    }
    let new = new_run_id().to_string();
    let left = store.leave_message(&args.run, &MessageKind::Retry { new: new.clone() }, SystemClock.now_ms());
    left.map_err(|error| durable::stop(&error))?;
    if args.common.json {
        terminal.line(json!({ "run": new, "retry_of": args.run }))?;
    } else {
        terminal.line(new)?;
    }
    Ok(Exit::Ok)
}
