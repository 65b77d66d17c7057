//! `flowc runs list`.

use flow_ir::units::Usd;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::{RunFilter, RunRow, Status};
use serde_json::{Value as Json, json};

use super::Common;
use crate::commands::explain::closest;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{Terminal, clean};

/// `flowc runs list`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
    /// Only these: queued, active, waiting, parked, returned, failed, cancelled. Repeatable.
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Only runs of this flow.
    #[arg(long, value_name = "NAME")]
    pub flow: Option<String>,
    /// Only runs of this tenant.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// At most so many, newest first.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: u32,
}

/// Lists runs.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let status: Result<Vec<Status>, Stop> = args.status.iter().map(|name| status(name)).collect();
    let filter = RunFilter {
        tenant: args.tenant.clone(),
        flow: args.flow.clone(),
        status: status?,
        before: None,
        limit: args.limit,
    };
    let runs = durable::visit(&args.common.store)?.runs(&filter).map_err(|error| durable::stop(&error))?;
    if args.common.json {
        for run in &runs {
            terminal.line(row_json(run))?;
        }
        return Ok(Exit::Ok);
    }
    if runs.is_empty() {
        terminal.note("no runs");
    }
    for run in &runs {
        terminal.line(line(run))?;
    }
    Ok(Exit::Ok)
}

fn status(name: &str) -> Result<Status, Stop> {
    let names = || Status::ALL.iter().map(|status| status.name());
    Status::named(name).ok_or_else(|| {
        let stop = Stop::usage(format!("no run has the status `{name}`"));
        match closest(name, names()) {
            Some(near) => stop.help(format!("did you mean `{near}`?")),
            None => stop.help(format!("one of {}", names().collect::<Vec<_>>().join(", "))),
        }
    })
}

fn line(run: &RunRow) -> String {
    let until = run.ended_ms.unwrap_or_else(|| SystemClock.now_ms());
    let took = flow_eval::print::duration(until.saturating_sub(run.started_ms));
    let cost = if run.is_summed_up() { Usd(run.cost).to_string() } else { "…".to_owned() };
    clean(&format!("{}  {:<10} {:<24} {took:>12}  {cost}", run.id, run.status.name(), run.flow))
}

/// A run without its values. What it used is `null` until it waits or has ended.
pub(super) fn row_json(run: &RunRow) -> Json {
    let is_known = run.is_summed_up();
    let tokens = || json!({ "input": run.input_tokens, "output": run.output_tokens });
    json!({
        "run": run.id,
        "flow": run.flow,
        "tenant": run.tenant,
        "status": run.status.name(),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "wake_ms": run.wake_ms,
        "cost": is_known.then(|| crate::journal::usd(Usd(run.cost))),
        "tokens": is_known.then(tokens),
        "bundle": flow_ir::Digest(run.bundle).to_string(),
        "reason": run.reason,
    })
}
