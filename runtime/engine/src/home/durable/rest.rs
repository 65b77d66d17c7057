//! Where a run goes after a step: on, out of memory, or to its end.

use std::sync::Arc;

use flow_store::runs::{Change, Error, QuestionFilter, RunEnd, RunNo, RunRow, Status, Used};
use smol_str::SmolStr;

use super::keeper::Keeper;
use super::order::Reply;
use super::record::{header_of, result_bytes, result_of};
use super::run::Run;
use super::step::used;
use super::{Ended, Progress};
use crate::machine::Usage;
use crate::port::Watch;
use crate::protocol::RunResult;
use flow_ir::units::Usd;

/// A run whose next timer is due sooner stays in memory.
const SHORT_MS: i64 = 5_000;

impl Keeper {
    /// Keeps a run in memory, lets it rest in the file, or tells its end.
    pub(super) fn put_back(&mut self, run: Box<Run>) {
        if run.is_over() {
            return self.tell_end(run);
        }
        match self.may_rest(&run) {
            true => self.rest(run),
            false => self.put_back_as_it_is(run),
        }
    }

    pub(super) fn put_back_as_it_is(&mut self, run: Box<Run>) {
        self.runs.insert(run.no, run);
    }

    /// Only people and timers can move it on, and all of it is on the disk.
    fn may_rest(&self, run: &Run) -> bool {
        let is_still = run.uncommitted == 0 && run.under_way.is_empty() && run.result.is_none();
        let waits = run.machine.pending().count() == run.questions.len() + run.timers.len();
        let next_ms = run.timers.iter().map(|(_, due_ms)| *due_ms).min();
        let soon = next_ms.is_some_and(|due_ms| due_ms < self.options.clock.now_ms() + SHORT_MS);
        is_still && waits && !soon
    }

    fn rest(&mut self, run: Box<Run>) {
        let wake_ms = run.timers.iter().map(|(_, due_ms)| *due_ms).min();
        self.changes.push(Change::Rest { run: run.no, wake_ms, used: used(&run) });
        for (op, due_ms) in &run.timers {
            self.timers.remove(&(*due_ms, run.no, *op));
        }
        self.sleeping.extend(wake_ms.map(|wake_ms| (wake_ms, run.no)));
        self.numbers.remove(&run.machine.header().run);
        if !run.questions.is_empty() {
            let id = |op: &crate::protocol::OpId| format!("{}.{}", run.machine.header().run, op.0);
            let asks = Progress::Asks(run.questions.keys().map(id).collect());
            self.report_when_kept(run.no, asks);
        }
        self.make_room();
    }

    fn tell_end(&mut self, mut run: Box<Run>) {
        let Some(result) = run.result.take() else { return };
        run.abort_all();
        let header = Arc::clone(run.machine.header());
        self.numbers.remove(&header.run);
        self.watchers.remove(&run.no);
        self.admission.release(&header.tenant, run.lane.as_deref(), run.no);
        let usage = run.machine.usage();
        self.report(run.no, &Progress::Ended(Box::new(Ended { header, result, usage })));
        self.make_room();
    }

    /// Something has left the memory: the next one may begin.
    fn make_room(&mut self) {
        if let Err(error) = self.admit() {
            tracing::error!(%error, "a queued run could not be read");
        }
    }

    /// Told when the file says so too.
    fn report_when_kept(&mut self, no: RunNo, progress: Progress) {
        for reply in self.followers.remove(&no).into_iter().flatten() {
            let progress = progress.clone();
            // Who asked has gone.
            self.then(move |_| drop(reply.send(progress)));
        }
    }

    fn report(&mut self, no: RunNo, progress: &Progress) {
        for reply in self.followers.remove(&no).into_iter().flatten() {
            // Who asked has gone.
            drop(reply.send(progress.clone()));
        }
    }

    /// Sets a run aside: it is never taken up by itself.
    pub(super) fn park(&mut self, row: &RunRow, reason: String) -> Result<(), Error> {
        tracing::error!(run = row.id, reason, "a run is set aside");
        self.admission.release(&row.tenant, row.lane.as_deref(), row.no);
        self.parked(row.no, &reason);
        self.changes.push(Change::Park { run: row.no, reason });
        Ok(())
    }

    /// A run that cannot be walked here stays in the file as it is, for a process that can.
    pub(super) fn pass_over(&mut self, row: &RunRow, reason: &str) {
        tracing::error!(run = row.id, reason, "a run is left in the store");
        self.parked(row.no, reason);
    }

    pub(super) fn parked(&mut self, no: RunNo, reason: &str) {
        self.report(no, &Progress::Parked(reason.to_owned()));
    }

    /// Ends a run that never began.
    pub(super) fn end_unbegun(&mut self, row: &RunRow) {
        let result = RunResult::Cancelled;
        self.changes.push(Change::End(Box::new(RunEnd {
            run: row.no,
            status: Status::Cancelled,
            ended_ms: self.options.clock.now_ms(),
            result: result_bytes(&result),
            used: Used::default(),
        })));
        self.numbers.remove(row.id.as_str());
        if let Some(header) = header_of(&row.header) {
            let ended = Ended { header, result, usage: Usage::default() };
            self.report(row.no, &Progress::Ended(Box::new(ended)));
        }
    }

    /// Replies at once if the run is where it can be reported, else when it is.
    pub(super) fn follow(&mut self, id: &SmolStr, reply: Reply<Progress>) -> Result<(), Error> {
        if let Some(no) = self.numbers.get(id).copied() {
            self.add_follower(no, reply);
            return Ok(());
        }
        let Some(row) = self.reader.run(id)? else {
            drop(reply.send(Progress::Unknown));
            return Ok(());
        };
        match self.progress(&row)? {
            Some(progress) => self.then(move |_| drop(reply.send(progress))),
            None => self.add_follower(row.no, reply),
        }
        Ok(())
    }

    fn add_follower(&mut self, no: RunNo, reply: Reply<Progress>) {
        let followers = self.followers.entry(no).or_default();
        // Callers that ask again and again leave their earlier questions behind.
        followers.retain(|follower| !follower.is_closed());
        followers.push(reply);
    }

    fn progress(&self, row: &RunRow) -> Result<Option<Progress>, Error> {
        if let Some(ended) = ended(row) {
            return Ok(Some(Progress::Ended(Box::new(ended))));
        }
        if row.status == Status::Parked {
            return Ok(Some(Progress::Parked(row.reason.clone().unwrap_or_default())));
        }
        let filter = QuestionFilter { run: Some(row.id.clone()), limit: 1_000, ..QuestionFilter::default() };
        let open: Vec<String> = self.reader.questions(&filter)?.iter().map(|row| row.id()).collect();
        Ok(if open.is_empty() { None } else { Some(Progress::Asks(open)) })
    }

    /// Who sees a run.
    pub(super) fn watcher(&self, no: RunNo) -> Option<Arc<dyn Watch>> {
        self.watchers.get(&no).or(self.options.watch.as_ref()).cloned()
    }

    pub(super) fn show(&mut self, id: &SmolStr, watch: Arc<dyn Watch>) -> Result<(), Error> {
        let Some(no) = self.number(id)? else { return Ok(()) };
        if let Some(run) = self.runs.get_mut(&no) {
            run.machine.set_watched(true);
            run.watch = Some(Arc::clone(&watch));
        }
        self.watchers.insert(no, watch);
        Ok(())
    }
}

/// The end of a run, as the file tells it.
pub(super) fn ended(row: &RunRow) -> Option<Ended> {
    let result = result_of(row.result.as_ref()?)?;
    let header = header_of(&row.header)?;
    let tokens = |tokens: i64| u64::try_from(tokens).unwrap_or(0);
    let usage = Usage {
        cost: Usd(row.cost),
        input_tokens: tokens(row.input_tokens),
        output_tokens: tokens(row.output_tokens),
        elapsed_ms: row
            .ended_ms
            .unwrap_or(row.started_ms)
            .saturating_sub(row.started_ms)
            .max(0)
            .unsigned_abs(),
    };
    Some(Ended { header, result, usage })
}
