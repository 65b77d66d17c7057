//! `flowc keys revoke ID`.

use flow_runtime::clock::{Clock as _, SystemClock};
use serde_json::json;

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc keys revoke ID`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// As `flowc keys list` prints it.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Makes a key worthless, at once, also for a server that is running.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let store = durable::visit(&args.common.store)?;
    let revoked = store.revoke_key(&args.id, SystemClock.now_ms()).map_err(|error| durable::stop(&error))?;
    if !revoked {
        let store = args.common.store.display();
        return Err(Stop::usage(format!("no key `{}` is in use", args.id))
            .help(format!("flowc keys list --store {store}")));
    }
    if args.common.json {
        terminal.line(json!({ "id": args.id, "revoked": true }))?;
    } else {
        terminal.note(format!("key {} is worthless now", args.id));
    }
    Ok(Exit::Ok)
}
