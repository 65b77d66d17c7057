//! `flowc split list`.

use serde_json::{Value as Json, json};

use super::arms::{Known, known};
use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome};
use crate::registry::store::time;
use crate::terminal::{BAD, DIM, NAME, Terminal, clean, paint};

/// `flowc split list`
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Lists arms.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let arms = known(&durable::visit(&args.common.store)?)?;
    if args.common.json {
        for arm in &arms {
            terminal.line(to_json(arm))?;
        }
        return Ok(Exit::Ok);
    }
    if arms.is_empty() {
        terminal.note("no splits");
    }
    let mut last = String::new();
    for arm in &arms {
        if arm.split != last {
            terminal.line(paint(NAME, clean(&arm.split)))?;
            last.clone_from(&arm.split);
        }
        terminal.line(line(arm))?;
    }
    Ok(Exit::Ok)
}

fn line(arm: &Known) -> String {
    let share = format!("{} %", f64::from(arm.share) / 100.0);
    let text = clean(&format!("  {}  {share:<7} {}", arm.number, arm.arm));
    match &arm.paused {
        None => text,
        Some(row) => {
            let by = if row.by.is_empty() { "its guard" } else { &row.by };
            let why = clean(&format!("since {} by {by}: {}", time(row.at_ms), row.reason));
            format!("{text}  {} {}", paint(BAD, "paused"), paint(DIM, why))
        }
    }
}

fn to_json(arm: &Known) -> Json {
    let paused =
        arm.paused.as_ref().map(|row| json!({ "since_ms": row.at_ms, "by": row.by, "reason": row.reason }));
    json!({
        "package": arm.package,
        "split": arm.split,
        "number": arm.number,
        "arm": arm.arm,
        "share": f64::from(arm.share) / 10_000.0,
        "paused": paused,
    })
}
