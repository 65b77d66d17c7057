//! Runs that end the process: found, set aside, and no longer in the way of the others.
//!
//! A run that is under way when the process ends hard is taken up again like all others. One that has not come on since
//! the process ended hard before is a suspect: suspects are taken up one at a time, each on trial until it comes on or
//! [`TRIAL_MS`] have passed. If the process ends hard a third time ([`HARD_ENDS`]), the run that was on trial did it.

use flow_store::runs::{Change, Error, OpenRun, RunNo, RunRow};

use super::keeper::Keeper;

/// Kept when the process ends as it should.
const IN_ORDER: &str = "ended in order";

/// Kept while a suspect is taken up: its number, or 0.
const ON_TRIAL: &str = "on trial";

/// How often in a row the process ends hard under a run before the run is set aside: the first time it may be anybody's
/// fault, the second makes it a suspect, the third was its trial.
pub const HARD_ENDS: u32 = 3;

/// A suspect that has not ended the process in this time did not do it, ms.
const TRIAL_MS: i64 = 10_000;

/// The run that is on trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    run: RunNo,
    until_ms: i64,
}

impl Keeper {
    /// Takes up what was under way.
    pub(super) fn take_up_active(&mut self, active: Vec<OpenRun>) -> Result<(), Error> {
        let was_hard = self.reader.mark(IN_ORDER)? != Some(1);
        let tried = self.reader.mark(ON_TRIAL)?.filter(|no| *no != 0 && was_hard).map(RunNo);
        self.mark(IN_ORDER, 0);
        self.mark(ON_TRIAL, 0);
        for run in active {
            if was_hard && tried == Some(run.no) && run.crashes.saturating_add(1) >= self.options.hard_ends {
                self.quarantine(&run)?;
            } else if was_hard && tried.is_none() && run.crashes > 0 {
                self.suspects.push_back(run);
            } else {
                self.take_up_one(&run, was_hard)?;
            }
        }
        Ok(())
    }

    fn take_up_one(&mut self, run: &OpenRun, was_hard: bool) -> Result<(), Error> {
        if was_hard {
            self.changes.push(Change::Crashed(run.no));
        }
        if let Some(mut taken) = self.take_or_load(run.no)? {
            taken.is_suspect = was_hard;
            self.put_back(taken);
        }
        Ok(())
    }

    fn quarantine(&mut self, run: &OpenRun) -> Result<(), Error> {
        let Some(row): Option<RunRow> = self.reader.run_no(run.no)? else { return Ok(()) };
        let times = run.crashes.saturating_add(1);
        self.park(&row, format!("quarantined: the process ended hard {times} times while it was under way"))
    }

    /// Takes the next suspect up when the one before has come on. The trial is on the disk before it begins.
    pub(super) fn try_suspects(&mut self) -> Result<(), Error> {
        if let Some(trial) = self.trial {
            let comes_on = self.runs.get(&trial.run).is_none_or(|run| !run.is_suspect);
            if !comes_on && self.options.clock.now_ms() < trial.until_ms {
                return Ok(());
            }
            self.trial = None;
            self.mark(ON_TRIAL, 0);
        }
        let Some(run) = self.suspects.pop_front().filter(|_| !self.is_draining) else { return Ok(()) };
        self.mark(ON_TRIAL, run.no.0);
        self.owner.writer().send(std::mem::take(&mut self.changes), None);
        self.owner.writer().flush()?;
        self.trial = Some(Trial { run: run.no, until_ms: self.options.clock.now_ms() + TRIAL_MS });
        self.take_up_one(&run, true)
    }

    /// The process ends as it should: what is under way is no suspect.
    pub(super) fn end_in_order(&mut self) {
        if self.options.only_new {
            return;
        }
        self.mark(IN_ORDER, 1);
        self.mark(ON_TRIAL, 0);
    }

    fn mark(&mut self, name: &str, value: i64) {
        self.changes.push(Change::Mark { name: name.to_owned(), value });
    }
}
