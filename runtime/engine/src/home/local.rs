//! Runs in memory, many on one task.
//!
//! A [`Driver`] owns its runs, the operations under way and the timers, and advances all of them from one place:
//! [`Driver::next`]. It spawns nothing. A waiting run is a machine and, at most, a future; an operation that is
//! answered at once costs no task and no allocation here. A process with several cores has several drivers.
//!
//! What is not here: runs that outlive the process.

mod beside;
mod run;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::future::{AbortHandle, Abortable, Aborted, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use self::beside::Beside;
use self::run::{Run, Under};
use crate::clock::Clock;
use crate::machine::Usage;
use crate::port::{Deltas, Effects, InvokeContext, Reply, Watch};
use crate::program::Program;
use crate::protocol::{ArmEnd, Command, Event, Invocation, OpId, Outcome, RunHeader, RunResult, ShadowCall};

/// Turns of runs between two looks at the outside, so that busy runs keep neither timers nor a caller waiting.
const TURNS_PER_POLL: u32 = 128;

/// What runs need.
#[derive(Clone)]
pub struct Runner {
    /// What is walked.
    pub program: Arc<Program>,
    /// Who performs operations.
    pub effects: Arc<dyn Effects>,
    /// Whose time counts.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("package", &self.program.bundle().package).finish_non_exhaustive()
    }
}

/// A run that has ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// Which, as [`Driver::start`] named it.
    pub key: RunKey,
    /// What never changed about it.
    pub header: Arc<RunHeader>,
    /// How it ended.
    pub result: RunResult,
    /// What it used.
    pub usage: Usage,
}

/// Names a run of one driver. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunKey {
    place: u32,
    id: u32,
}

impl Runner {
    /// Walks one run to its end, then waits for writes and shadows that are still in flight.
    ///
    /// A cancelled token ends the run as [`RunResult::Cancelled`]: prompts and reads are aborted, writes in
    /// flight are awaited.
    ///
    /// # Cancel safety
    /// Dropping the future aborts everything, writes in flight included; use the token instead.
    pub async fn run(
        &self,
        header: Arc<RunHeader>,
        watch: Option<Arc<dyn Watch>>,
        cancel: &CancellationToken,
    ) -> Ended {
        let mut driver = Driver::new(self.clone());
        let key = driver.start(Arc::clone(&header), watch);
        let mut cancelled = pin!(cancel.cancelled());
        let mut asked = false;
        let mut ended = None;
        let last = poll_fn(|cx| {
            if !asked && cancelled.as_mut().poll(cx).is_ready() {
                asked = true;
                driver.cancel(key);
            }
            while let Some(now_ended) = std::task::ready!(driver.poll_next(cx)) {
                ended = Some(now_ended);
            }
            Poll::Ready(ended.take())
        });
        let none = || Ended { key, header, result: RunResult::Cancelled, usage: Usage::default() };
        last.await.unwrap_or_else(none)
    }

    /// Makes the call of a shadow beside a run that is driven elsewhere. `None` if there is no such shadow.
    ///
    /// # Cancel safety
    /// Dropping the future aborts the call, which writes nothing.
    pub async fn beside(&self, header: Arc<RunHeader>, shadow: Box<ShadowCall>) -> Option<ArmEnd> {
        let caught = Arc::new(Caught::default());
        let mut driver = Driver::new(self.clone());
        let watch = Arc::clone(&caught) as Arc<dyn Watch>;
        driver.start_beside(Beside::new(None, header, Some(watch), shadow));
        while driver.next().await.is_some() {}
        // An assignment cannot panic half-way.
        caught.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Waits for the end of a shadow.
#[derive(Default)]
struct Caught(Mutex<Option<ArmEnd>>);

impl Watch for Caught {
    fn command(&self, _: &RunHeader, command: &Command) {
        if let Command::Compare(end) = command {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((**end).clone());
        }
    }
}

/// The future of an operation.
type Flight = BoxFuture<'static, (RunKey, OpId, Result<Outcome, Aborted>)>;

/// Owns runs and drives them. See the module.
pub struct Driver {
    runner: Runner,
    runs: Vec<Option<Box<Run>>>,
    /// Empty places among `runs`.
    free: Vec<u32>,
    next_id: u32,
    /// Runs that have been told something.
    ready: VecDeque<RunKey>,
    flights: FuturesUnordered<Flight>,
    timers: BTreeSet<(i64, RunKey, OpId)>,
    /// The wait for the earliest timer.
    alarm: Option<(i64, BoxFuture<'static, ()>)>,
    ended: VecDeque<Ended>,
    /// Used again for every event.
    commands: Vec<Command>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("runs", &self.len()).field("flights", &self.flights.len()).finish()
    }
}

impl Driver {
    /// Without runs.
    #[must_use]
    pub fn new(runner: Runner) -> Self {
        Self {
            runner,
            runs: Vec::new(),
            free: Vec::new(),
            next_id: 0,
            ready: VecDeque::new(),
            flights: FuturesUnordered::new(),
            timers: BTreeSet::new(),
            alarm: None,
            ended: VecDeque::new(),
            commands: Vec::new(),
        }
    }

    /// Runs that it still keeps: those that have not ended, and ended ones with an operation in flight.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len() - self.free.len()
    }

    /// Whether it keeps no run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts a run: walks it to its first wait.
    pub fn start(&mut self, header: Arc<RunHeader>, watch: Option<Arc<dyn Watch>>) -> RunKey {
        let program = Arc::clone(&self.runner.program);
        self.start_of(program, header, watch, None)
    }

    fn start_beside(&mut self, beside: Beside) {
        let Some((program, flow)) = self.runner.program.beside(beside.shadow.call.arm) else { return };
        let header = beside.own_header(flow, self.runner.clock.now_ms());
        self.start_of(program, header, None, Some(Box::new(beside)));
    }

    fn start_of(
        &mut self,
        program: Arc<Program>,
        header: Arc<RunHeader>,
        watch: Option<Arc<dyn Watch>>,
        beside: Option<Box<Beside>>,
    ) -> RunKey {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let place = self.free.pop().unwrap_or_else(|| {
            self.runs.push(None);
            self.runs.len() as u32 - 1
        });
        let key = RunKey { place, id };
        let mut commands = std::mem::take(&mut self.commands);
        let mut run = Box::new(Run::start(key, program, header, watch, &mut commands));
        run.machine.set_watched(run.watch.is_some() || beside.is_some());
        run.beside = beside;
        self.obey(&mut run, &mut commands);
        self.commands = commands;
        self.advance(&mut run);
        self.put_back(run);
        key
    }

    /// Asks a run to end. One that has ended stays as it is.
    pub fn cancel(&mut self, key: RunKey) {
        let now_ms = self.runner.clock.now_ms();
        self.tell(key, Event::CancelRequested { now_ms });
    }

    /// Waits until a run has ended; `None` when there is no run left.
    ///
    /// # Cancel safety
    /// Nothing is lost: the driver keeps everything, and the next call goes on.
    pub async fn next(&mut self) -> Option<Ended> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// [`Driver::next`], for callers who wait for something else at the same time.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        let mut turns = 0;
        loop {
            if let Some(ended) = self.ended.pop_front() {
                return Poll::Ready(Some(ended));
            }
            if turns == TURNS_PER_POLL {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            turns += 1;
            if self.take_turn() || self.land(cx) || self.fire() {
                continue;
            }
            if self.is_empty() {
                return Poll::Ready(None);
            }
            if self.ring(cx) || self.runner.clock.advance() {
                continue;
            }
            return Poll::Pending;
        }
    }

    /// Lets the run go on that has waited longest.
    fn take_turn(&mut self) -> bool {
        let Some(key) = self.ready.pop_front() else { return false };
        if let Some(mut run) = self.take_out(key) {
            run.queued = false;
            self.advance(&mut run);
            self.put_back(run);
        }
        true
    }

    /// Takes the outcome of an operation.
    fn land(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Some((key, op, outcome))) = self.flights.poll_next_unpin(cx) else { return false };
        let Some(run) = self.run_mut(key) else { return true };
        run.landed(op);
        if let Ok(outcome) = outcome {
            let now_ms = self.runner.clock.now_ms();
            self.tell(key, Event::Resolved { op, outcome, now_ms });
        }
        if let Some(run) = self.take_out(key) {
            self.put_back(run);
        }
        true
    }

    /// Fires the earliest timer if it is due.
    fn fire(&mut self) -> bool {
        let Some((due_ms, key, op)) = self.timers.first().copied() else { return false };
        let now_ms = self.runner.clock.now_ms();
        if due_ms > now_ms {
            return false;
        }
        self.timers.pop_first();
        if let Some(run) = self.run_mut(key) {
            run.forget_timer(op);
        }
        self.tell(key, Event::Fired { op, now_ms });
        true
    }

    /// Waits for the earliest timer; true if it may be due.
    fn ring(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((due_ms, _, _)) = self.timers.first().copied() else {
            self.alarm = None;
            return false;
        };
        if self.alarm.as_ref().is_none_or(|(set_for, _)| *set_for != due_ms) {
            let wait = due_ms.saturating_sub(self.runner.clock.now_ms()).max(0).unsigned_abs();
            self.alarm = Some((due_ms, self.runner.clock.sleep(wait)));
        }
        let rings = self.alarm.as_mut().is_some_and(|(_, alarm)| alarm.as_mut().poll(cx).is_ready());
        if rings {
            self.alarm = None;
        }
        rings
    }

    fn tell(&mut self, key: RunKey, event: Event) {
        let Some(run) = self.run_mut(key) else { return };
        run.inbox.push_back(event);
        if !std::mem::replace(&mut run.queued, true) {
            self.ready.push_back(key);
        }
    }

    /// Applies what a run was told, and what its immediate operations answer, in order.
    fn advance(&mut self, run: &mut Run) {
        let mut commands = std::mem::take(&mut self.commands);
        while let Some(event) = run.inbox.pop_front() {
            run.apply(event, &mut commands);
            self.obey(run, &mut commands);
        }
        self.commands = commands;
    }

    fn obey(&mut self, run: &mut Run, commands: &mut Vec<Command>) {
        for command in commands.drain(..) {
            run.show(&command);
            match command {
                Command::Invoke(invocation) => self.invoke(run, invocation),
                Command::Timer { op, after_ms } => self.set_timer(run, op, after_ms),
                Command::Cancel { op } => self.cancel_op(run, op),
                Command::Record(record) => run.note(&record),
                Command::Compare(_) => {}
                Command::Shadow(shadow) => self.shadow(run, shadow),
                Command::Finish(result) => self.finished(run, result),
            }
        }
    }

    /// A shadow has no shadows.
    fn shadow(&mut self, run: &Run, shadow: Box<ShadowCall>) {
        if run.beside.is_none() {
            let header = Arc::clone(run.machine.header());
            self.start_beside(Beside::new(Some(run.key), header, run.watch.clone(), shadow));
        }
    }

    /// The machine has ended. Nobody compares the shadows of a cancelled run.
    fn finished(&mut self, run: &mut Run, result: RunResult) {
        if result == RunResult::Cancelled {
            let parent = |other: &Run| other.beside.as_ref().and_then(|beside| beside.parent);
            let all = self.runs.iter().flatten();
            let shadows: Vec<RunKey> =
                all.filter(|other| parent(other) == Some(run.key)).map(|other| other.key).collect();
            shadows.into_iter().for_each(|shadow| self.cancel(shadow));
        }
        run.finished(result);
    }

    fn invoke(&mut self, run: &mut Run, mut invocation: Box<Invocation>) {
        let op = invocation.op;
        invocation.shadow = run.beside.is_some();
        if invocation.shadow
            && let Some(outcome) = beside::refusal(&self.runner.program, invocation.callee)
        {
            let now_ms = self.runner.clock.now_ms();
            run.inbox.push_back(Event::Resolved { op, outcome, now_ms });
            return;
        }
        run.purse = run.purse.with_pools(&invocation.pools);
        let header = Arc::clone(run.machine.header());
        let cx = InvokeContext {
            now_ms: self.runner.clock.now_ms(),
            clock: Arc::clone(&self.runner.clock),
            purse: run.purse.clone(),
            deltas: Deltas::new(run.watch.clone(), Arc::clone(&header), op),
            header,
        };
        let is_write = self.runner.program.is_write(invocation.callee);
        match self.runner.effects.invoke(&cx, invocation) {
            Reply::Now(outcome) => run.inbox.push_back(Event::Resolved { op, outcome, now_ms: cx.now_ms }),
            Reply::Later(future) => {
                let (abort, registration) = AbortHandle::new_pair();
                let abort = (!is_write).then_some(abort);
                run.under_way.push(Under { op, abort, is_write });
                let key = run.key;
                let flight = Abortable::new(future, registration);
                self.flights.push(Box::pin(async move { (key, op, flight.await) }));
            }
        }
    }

    fn set_timer(&mut self, run: &mut Run, op: OpId, after_ms: u64) {
        let after = i64::try_from(after_ms).unwrap_or(i64::MAX);
        let due_ms = self.runner.clock.now_ms().saturating_add(after);
        run.timers.push((op, due_ms));
        self.timers.insert((due_ms, run.key, op));
    }

    fn cancel_op(&mut self, run: &mut Run, op: OpId) {
        match run.forget_timer(op) {
            Some(due_ms) => {
                self.timers.remove(&(due_ms, run.key, op));
            }
            None => run.abort(op),
        }
    }

    fn run_mut(&mut self, key: RunKey) -> Option<&mut Run> {
        let run = self.runs.get_mut(key.place as usize)?.as_deref_mut()?;
        Some(run).filter(|run| run.key == key)
    }

    fn take_out(&mut self, key: RunKey) -> Option<Box<Run>> {
        self.run_mut(key)?;
        self.runs.get_mut(key.place as usize)?.take()
    }

    /// Keeps the run, tells its end, or forgets it.
    fn put_back(&mut self, mut run: Box<Run>) {
        if let Some(result) = run.end() {
            self.tell_end(&mut run, result);
        }
        let place = run.key.place;
        if run.is_over() {
            self.free.push(place);
        } else if let Some(slot) = self.runs.get_mut(place as usize) {
            *slot = Some(run);
        }
    }

    fn tell_end(&mut self, run: &mut Run, result: RunResult) {
        let usage = run.machine.usage();
        if let Some(beside) = run.beside.take() {
            return beside.tell(&self.runner.program, result, usage, self.runner.clock.now_ms());
        }
        let header = Arc::clone(run.machine.header());
        self.ended.push_back(Ended { key: run.key, header, result, usage });
    }
}
