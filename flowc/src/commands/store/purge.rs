//! `flowc store purge --older-than SPAN`.

use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::{Owner, Problem, Purge, Purged};
use serde_json::json;

use crate::commands::runs::Common;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::span::span_ms;
use crate::terminal::{Terminal, count};

/// `flowc store purge --older-than SPAN`
///
/// Deletes runs that have ended, with their logs, questions, answers and feedback, and overwrites the pages that they
/// were on. What waits or is under way stays, whatever its age. A server may run meanwhile.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Runs that ended longer ago: `90d`, `12h`, `2w`.
    #[arg(long, value_name = "SPAN")]
    pub older_than: String,
    /// Runs of this tenant alone.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Say how many, and delete none.
    #[arg(long)]
    pub dry_run: bool,
    /// Which store, and how to print.
    #[command(flatten)]
    pub common: Common,
}

/// Deletes.
pub(super) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let before_ms = SystemClock.now_ms().saturating_sub(span_ms(&args.older_than)?);
    let what = Purge { tenant: args.tenant.clone(), before_ms };
    let failed = |error: flow_store::runs::Error| durable::stop(&error);
    let mut store = durable::visit(&args.common.store)?;
    let purged = if args.dry_run {
        Purged { runs: store.purgeable(&what).map_err(failed)?, ..Purged::default() }
    } else {
        let purged = store.purge(&what).map_err(failed)?;
        Purged { bundles: bundles(args)?, ..purged }
    };
    if args.common.json {
        let Purged { runs, bodies, bundles } = purged;
        let done = !args.dry_run;
        terminal.line(json!({ "deleted": done, "runs": runs, "bodies": bodies, "bundles": bundles }))?;
    } else {
        let runs = count(usize::try_from(purged.runs).unwrap_or(usize::MAX), "run");
        terminal.note(if args.dry_run { format!("{runs} would go") } else { format!("{runs} deleted") });
    }
    Ok(Exit::Ok)
}

/// A server may be about to use a bundle that no run has yet, so they go only when none is there.
fn bundles(args: &Args) -> Result<u64, Stop> {
    match Owner::open(&args.common.store) {
        Ok(owner) => owner.purge_bundles().map_err(|error| durable::stop(&error)),
        Err(error) if matches!(error.problem, Problem::InUse) => Ok(0),
        Err(error) => Err(durable::stop(&error)),
    }
}
