//! `flowc runs cancel RUN`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::MessageKind;
use serde_json::json;

use super::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc runs cancel RUN`
///
/// The process that drives the store ends it; without one, `flowc resume` does.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Asks for its end.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    let row = store.run(&args.run).map_err(|error| durable::stop(&error))?;
    let Some(row) = row else {
        return Err(Stop::usage(format!(
            "there is no run {} in `{}`",
            args.run,
            args.common.store.display()
        )));
    };
    if row.status.has_ended() {
        return Err(Stop::usage(format!("run {} has ended: {}", args.run, row.status.name())));
    }
    let left = store.leave_message(&args.run, &MessageKind::Cancel, SystemClock.now_ms());
    left.map_err(|error| durable::stop(&error))?;
    if args.common.json {
        terminal.line(json!({ "run": args.run, "cancel": "requested" }))?;
    } else {
        terminal.note(format!("run {} will end", args.run));
    }
    Ok(Exit::Ok)
}
