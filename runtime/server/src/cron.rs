//! `on cron(…)`: schedules with time zones.
//!
//! A minute that the zone skips (summer time begins) is run when the clock has jumped; one that happens twice is
//! run the first time. What was due while no server ran is run once, however often it was due: the mark in the
//! store says how far a schedule has come, and the run's key makes a second start of the same minute none.

mod line;
mod next;

use std::sync::Arc;
use std::time::Duration;

use flow_ir::Bundle;
use flow_ir::flow::{Trigger, TriggerSource};
use flow_runtime::clock::{Clock as _, SystemClock};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use tokio_util::sync::CancellationToken;

pub use line::{BadLine, Line};
pub use next::next_after;

use crate::access::Principal;
use crate::app::App;
use crate::served::Served;
use crate::trigger::{self, Target};
use crate::{Error, problem::Problem};

/// A clock that was set is noticed after this time at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// A schedule of a bundle.
pub(crate) struct Schedule {
    trigger: Trigger,
    name: String,
    line: Line,
    zone: TimeZone,
}

/// The schedules of a bundle.
pub(crate) fn schedules(bundle: &Bundle) -> Result<Vec<Schedule>, Error> {
    let of = |trigger: &Trigger| {
        let TriggerSource::Cron(text, zone) = &trigger.source else { return None };
        let bad = |why: BadLine| Error::Schedule { line: text.to_string(), why };
        let zone = TimeZone::get(zone).map_err(|_| bad(BadLine::Zone(zone.to_string())));
        Some(zone.and_then(|zone| {
            let line = Line::parse(text).map_err(bad)?;
            Ok(Schedule { trigger: trigger.clone(), name: trigger::name(bundle, trigger), line, zone })
        }))
    };
    bundle.triggers.iter().filter_map(of).collect()
}

/// Starts what is due of whatever is served, until it is stopped.
pub(crate) async fn tick(app: Arc<App>, stop: CancellationToken) {
    let mut changes = app.changes();
    while !stop.is_cancelled() {
        let served = Arc::clone(&changes.borrow_and_update());
        let until = stop.child_token();
        let each = served.schedules().iter().map(|schedule| keep_time(&app, &served, schedule, &until));
        let changed = async {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = changes.changed() => {}
            }
            until.cancel();
        };
        tokio::join!(futures_util::future::join_all(each), changed);
    }
}

async fn keep_time(app: &App, served: &Served, schedule: &Schedule, stop: &CancellationToken) {
    let mark = schedule.name.clone();
    let seen = app.read(move |reader| reader.mark(&mark)).await.ok().flatten();
    let mut seen = seen.unwrap_or_else(|| SystemClock.now_ms());
    loop {
        let now_ms = SystemClock.now_ms();
        if let Some(due_ms) = last_due(schedule, seen, now_ms) {
            match start(app, served, schedule, due_ms).await {
                Ok(()) => seen = due_ms,
                // Tried again at the next look: it stays due until it was accepted.
                Err(problem) => {
                    tracing::error!(schedule = schedule.name, why = problem.message, "not started")
                }
            }
        }
        let wait = schedule.next(seen.max(now_ms)).map_or(LONGEST_SLEEP, |next_ms| {
            Duration::from_millis(next_ms.saturating_sub(SystemClock.now_ms()).max(20).unsigned_abs())
        });
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait.min(LONGEST_SLEEP)) => {}
        }
    }
}

impl Schedule {
    fn next(&self, after_ms: i64) -> Option<i64> {
        let after = Timestamp::from_millisecond(after_ms).ok()?;
        next_after(&self.line, &self.zone, after).map(Timestamp::as_millisecond)
    }
}

/// The newest minute that is due: earlier ones that were missed are one with it.
fn last_due(schedule: &Schedule, seen_ms: i64, now_ms: i64) -> Option<i64> {
    let mut due = None;
    let mut at = seen_ms;
    while let Some(next_ms) = schedule.next(at).filter(|next_ms| *next_ms <= now_ms) {
        (due, at) = (Some(next_ms), next_ms);
    }
    due
}

async fn start(app: &App, served: &Served, schedule: &Schedule, due_ms: i64) -> Result<(), Problem> {
    let who = Principal::operator();
    match trigger::target(served.bundle(), &schedule.trigger, &json!({}))? {
        Target::Run(start) => {
            let once = Some(format!("{} {due_ms}", schedule.name));
            app.start(served, &who, crate::app::Start { once, ..start }).await?;
        }
        Target::Write(write) => trigger::write(app, served, &who, *write).await?,
    }
    app.home.mark(&schedule.name, due_ms).await.map_err(Problem::from)
}
