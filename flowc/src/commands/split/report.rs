//! `flowc split report [SPLIT] --store FILE`.

mod figures;
mod gather;
mod print;

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::ArmFilter;
use serde_json::json;

use crate::commands::explain::closest;
use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::span::span_ms;
use crate::terminal::Terminal;

use gather::Gathered;

/// `flowc split report [SPLIT]`
///
/// Errors, cost, time, confidence and scores of every arm, with intervals of 95 %; each arm against the one with the
/// largest share; each shadow against the arm that answered the same call. Calls of all bundles in the store count
/// together where split and arm have the same name.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only this split.
    #[arg(value_name = "SPLIT")]
    pub split: Option<String>,
    /// Only calls that ended within this time: `90d`, `12h`, `2w`.
    #[arg(long, value_name = "SPAN")]
    pub since: Option<String>,
    /// Only runs of this tenant.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Of each arm and shadow, the newest so many calls.
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    pub last: usize,
    /// Draws for intervals: the same seed, the same answer.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Reports.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let since_ms = match &args.since {
        Some(span) => SystemClock.now_ms().saturating_sub(span_ms(span)?),
        None => i64::MIN,
    };
    let reader = durable::visit(&args.common.store)?;
    let filter = ArmFilter { tenant: args.tenant.clone(), since_ms };
    let mut splits = Gathered::of(&reader, &filter, args.last)?;
    if let Some(wanted) = &args.split {
        let names: Vec<String> = splits.iter().map(|split| split.name.clone()).collect();
        splits.retain(|split| split.name == *wanted);
        if splits.is_empty() {
            return Err(none(wanted, &names));
        }
    }
    if args.common.json {
        let splits: Vec<_> = splits.iter().map(|split| print::json(split, args.seed)).collect();
        terminal.line(format!("{:#}", json!({ "splits": splits })))?;
        return Ok(Exit::Ok);
    }
    if splits.is_empty() {
        terminal.note("no call went through a split");
    }
    for split in &splits {
        terminal.print(&print::text(split, args.seed))?;
    }
    Ok(Exit::Ok)
}

fn none(wanted: &str, names: &[String]) -> Stop {
    let stop = Stop::usage(format!("no call went through a split `{wanted}`"));
    match closest(wanted, names.iter().map(String::as_str)) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => stop,
        None => stop.help(format!("there are {}", names.join(", "))),
    }
}
