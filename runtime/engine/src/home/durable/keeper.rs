//! The one task that drives runs.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use flow_store::runs::{BundleRow, Change, Error, MessageKind, OpenRun, Owner, PauseRow, Reader, RunNo};
use futures_util::FutureExt as _;
use futures_util::future::{Aborted, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use tokio::sync::mpsc;

use super::admission::Admission;
use super::beside::ShadowFlight;
use super::guard::{Decision, Guards};
use super::order::{Answer, Home, Order, Reply};
use super::poison::Trial;
use super::run::Run;
use super::{Host, Hosts, Progress};
use crate::clock::Clock;
use crate::port::Watch;
use crate::protocol::{Command, Event, OpId, Outcome};

/// Things that are done between two looks at the disk.
const TURNS_PER_FLUSH: u32 = 512;

/// How often the inbox of other processes is looked at, ms.
const INBOX_MS: u64 = 250;

/// What a keeper needs.
pub struct KeeperOptions {
    /// Who performs operations of bundles that are not introduced.
    pub hosts: Arc<dyn Hosts>,
    /// Whose time counts.
    pub clock: Arc<dyn Clock>,
    /// Runs under way at once; more wait to begin. Runs that wait for people or timers do not count.
    pub running: usize,
    /// Runs of a tenant that may wait to begin; more are refused.
    pub queued: usize,
    /// Shadows under way at once; what there is no place for is left out. They take no place of a run.
    pub shadows: usize,
    /// Leaves alone what earlier processes began: only what is submitted here goes on.
    pub only_new: bool,
    /// How often in a row the process may end hard under a run that does not come on, before the run is set aside;
    /// usually [`HARD_ENDS`](super::HARD_ENDS).
    pub hard_ends: u32,
    /// Sees every run that nobody else sees.
    pub watch: Option<Arc<dyn Watch>>,
    /// Told of every arm that is paused or resumed.
    pub decided: Option<Decided>,
}

/// Called when an arm of a split is paused or resumed; must not block.
pub type Decided = Arc<dyn Fn(&PauseRow) + Send + Sync>;

impl std::fmt::Debug for KeeperOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeeperOptions").field("running", &self.running).finish_non_exhaustive()
    }
}

/// The future of an operation.
pub(super) type Flight = BoxFuture<'static, (RunNo, OpId, Result<Outcome, Aborted>)>;

/// Called when a flush is on the disk, or cannot be.
pub(super) type Then = Box<dyn FnOnce(Result<(), &Error>) + Send>;

/// What is to be done when a flush is on the disk.
#[derive(Default)]
pub(super) struct After {
    pub(super) commands: Vec<(RunNo, Vec<Command>)>,
    pub(super) replies: Vec<Then>,
    /// Runs that were accepted under a key.
    pub(super) once: Vec<(SmolStr, String)>,
    /// Runs that were accepted and must wait to begin.
    pub(super) queued: usize,
    /// Messages that were obeyed.
    taken: Vec<i64>,
}

/// Owns runs and drives them. See the module `durable`.
pub struct Keeper {
    pub(super) owner: Owner,
    pub(super) reader: Reader,
    pub(super) options: KeeperOptions,
    pub(super) hosts: FxHashMap<[u8; 32], Arc<Host>>,
    pub(super) runs: FxHashMap<RunNo, Box<Run>>,
    pub(super) numbers: FxHashMap<SmolStr, RunNo>,
    pub(super) last_no: RunNo,
    /// Runs by their key, until the file knows them.
    pub(super) once: FxHashMap<(SmolStr, String), SmolStr>,
    /// Queued runs that the file does not know yet.
    pub(super) queued_unkept: usize,
    /// Messages that were obeyed, until the file no longer holds them: it gives their numbers again.
    taken: BTreeSet<i64>,
    /// Whether what an earlier process left has been taken up.
    pub(super) is_up: bool,
    pub(super) admission: Admission,
    /// Changes since the last flush.
    pub(super) changes: Vec<Change>,
    pub(super) after: After,
    /// What waits for the disk, in the order sent.
    held: VecDeque<After>,
    acks: mpsc::UnboundedReceiver<Result<(), Error>>,
    acked: mpsc::UnboundedSender<Result<(), Error>>,
    orders: mpsc::UnboundedReceiver<Order>,
    pub(super) flights: FuturesUnordered<Flight>,
    pub(super) shadows: FuturesUnordered<ShadowFlight>,
    pub(super) guards: Guards,
    /// Of runs in memory.
    pub(super) timers: BTreeSet<(i64, RunNo, OpId)>,
    /// When runs that are not in memory must be taken up.
    pub(super) sleeping: BTreeSet<(i64, RunNo)>,
    pub(super) followers: FxHashMap<RunNo, Vec<Reply<Progress>>>,
    pub(super) watchers: FxHashMap<RunNo, Arc<dyn Watch>>,
    pub(super) draining: Vec<Reply<()>>,
    pub(super) is_draining: bool,
    /// Runs that may end the process, to be taken up one at a time.
    pub(super) suspects: VecDeque<OpenRun>,
    pub(super) trial: Option<Trial>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

impl Keeper {
    /// Reads which runs have not ended. Nothing goes on before [`Keeper::run`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open(owner: Owner, options: KeeperOptions) -> Result<(Home, Self), Error> {
        let reader = owner.reader()?;
        let last_no = reader.last_run()?;
        let guards = Guards::restored(reader.pauses()?);
        let (orders, given) = mpsc::unbounded_channel();
        let (acked, acks) = mpsc::unbounded_channel();
        let closed = Error { path: owner.path().to_owned(), problem: flow_store::runs::Problem::Closed };
        let keeper = Self {
            reader,
            owner,
            admission: Admission::new(options.running, options.queued),
            options,
            hosts: FxHashMap::default(),
            runs: FxHashMap::default(),
            numbers: FxHashMap::default(),
            last_no,
            once: FxHashMap::default(),
            queued_unkept: 0,
            taken: BTreeSet::new(),
            is_up: false,
            changes: Vec::new(),
            after: After::default(),
            held: VecDeque::new(),
            acks,
            acked,
            orders: given,
            flights: FuturesUnordered::new(),
            shadows: FuturesUnordered::new(),
            guards,
            timers: BTreeSet::new(),
            sleeping: BTreeSet::new(),
            followers: FxHashMap::default(),
            watchers: FxHashMap::default(),
            draining: Vec::new(),
            is_draining: false,
            suspects: VecDeque::new(),
            trial: None,
        };
        Ok((Home { orders, closed }, keeper))
    }

    /// Takes up what was under way, then drives runs until it is told to stop or every handle is gone.
    ///
    /// # Errors
    /// When something could not be kept: then nothing more happens, and the file holds what was kept before.
    ///
    /// # Cancel safety
    /// Dropping the future is a crash without the crash: what is in flight is cut off.
    pub async fn run(mut self) -> Result<(), Error> {
        self.take_up()?;
        let mut inbox = self.options.clock.sleep(INBOX_MS);
        loop {
            self.flush();
            let alarm = self.alarm();
            tokio::select! {
                biased;
                Some(acked) = self.acks.recv() => self.on_disk(acked)?,
                order = self.orders.recv() => match order {
                    Some(Order::Stop) | None => break,
                    Some(order) => self.obey(order)?,
                },
                Some(landed) = self.flights.next(), if !self.flights.is_empty() => self.land(landed),
                Some(compared) = self.shadows.next(), if !self.shadows.is_empty() => self.land_shadow(compared),
                () = alarm => self.fire()?,
                () = &mut inbox => {
                    self.read_inbox()?;
                    inbox = self.options.clock.sleep(INBOX_MS);
                }
            }
            if self.take_turns()? {
                break;
            }
        }
        self.end_in_order();
        self.flush();
        self.owner.writer().flush()
    }

    /// Everything that is ready, without waiting: what comes together shares a transaction. `true` to stop.
    fn take_turns(&mut self) -> Result<bool, Error> {
        for _ in 0..TURNS_PER_FLUSH {
            if let Ok(acked) = self.acks.try_recv() {
                self.on_disk(acked)?;
            } else if let Ok(order) = self.orders.try_recv() {
                if matches!(order, Order::Stop) {
                    return Ok(true);
                }
                self.obey(order)?;
            } else if let Some(Some(landed)) = self.flights.next().now_or_never() {
                self.land(landed);
            } else {
                break;
            }
        }
        self.try_suspects()?;
        self.drained();
        Ok(false)
    }

    /// Sends everything since the last flush to the disk.
    fn flush(&mut self) {
        if self.changes.is_empty() && self.after.commands.is_empty() && self.after.replies.is_empty() {
            return;
        }
        self.held.push_back(std::mem::take(&mut self.after));
        let acked = self.acked.clone();
        // Without a keeper nobody needs to know.
        let ack = Box::new(move |result| drop(acked.send(result)));
        self.owner.writer().send(std::mem::take(&mut self.changes), Some(ack));
    }

    /// The oldest flush is on the disk: now its commands are obeyed.
    fn on_disk(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        let After { commands, replies, once, queued, taken } = self.held.pop_front().unwrap_or_default();
        for reply in replies {
            reply(match &result {
                Ok(()) => Ok(()),
                Err(error) => Err(error),
            });
        }
        result?;
        once.iter().for_each(|key| drop(self.once.remove(key)));
        self.taken.retain(|id| !taken.contains(id));
        self.queued_unkept -= queued;
        for (no, commands) in commands {
            let Some(mut run) = self.runs.remove(&no) else { continue };
            run.uncommitted = run.uncommitted.saturating_sub(1);
            self.act(&mut run, commands);
            self.put_back(run);
        }
        if queued > 0 { self.admit() } else { Ok(()) }
    }

    fn obey(&mut self, order: Order) -> Result<(), Error> {
        match order {
            Order::Introduce(bundle, host, reply) => self.introduce(bundle, host, reply),
            Order::Submit(submission, reply) => self.submit(*submission, reply)?,
            Order::Cancel(run, reply) => {
                let cancelled = self.cancel(&run)?;
                self.then(move |kept| drop(reply.send(kept.map(|()| cancelled).map_err(Clone::clone))));
            }
            Order::Answer(answer, reply) => self.answer_and_reply(&answer, reply)?,
            Order::Follow(run, reply) => self.follow(&run, reply)?,
            Order::Wake(run) => {
                if let Some(no) = self.number(&run)?
                    && let Some(run) = self.take_or_load(no)?
                {
                    self.put_back(run);
                }
            }
            Order::Decide(decision, reply) => self.decide_and_reply(*decision, reply),
            Order::Watch(run, watch) => self.show(&run, watch)?,
            Order::Mark(name, value, reply) => {
                self.changes.push(Change::Mark { name, value });
                self.then(move |kept| drop(reply.send(kept.map_err(Clone::clone))));
            }
            Order::Drain(reply) => {
                self.is_draining = true;
                self.draining.push(reply);
            }
            Order::Stop => {}
        }
        Ok(())
    }

    fn introduce(&mut self, bundle: Box<BundleRow>, host: Host, reply: Reply<Result<(), Error>>) {
        // What no run in memory needs is made again from the file when one does.
        self.hosts.retain(|_, host| Arc::strong_count(host) > 1);
        self.hosts.insert(bundle.digest, Arc::new(host));
        self.changes.push(Change::Bundle(bundle));
        self.then(move |kept| drop(reply.send(kept.map_err(Clone::clone))));
    }

    /// Calls back when everything so far is on the disk.
    pub(super) fn then(&mut self, reply: impl FnOnce(Result<(), &Error>) + Send + 'static) {
        self.after.replies.push(Box::new(reply));
    }

    fn cancel(&mut self, id: &str) -> Result<bool, Error> {
        let Some(no) = self.number(id)? else { return Ok(false) };
        let Some(mut run) = self.take_or_load(no)? else { return Ok(self.cancel_still(no)) };
        let cancels = run.result.is_none();
        if cancels {
            let now_ms = self.options.clock.now_ms();
            self.tell(&mut run, Event::CancelRequested { now_ms });
        }
        self.put_back(run);
        Ok(cancels)
    }

    /// The number of a run that has not ended.
    pub(super) fn number(&self, id: &str) -> Result<Option<RunNo>, Error> {
        if let Some(no) = self.numbers.get(id) {
            return Ok(Some(*no));
        }
        Ok(self.reader.run(id)?.filter(|row| !row.status.has_ended()).map(|row| row.no))
    }

    fn land(&mut self, (no, op, outcome): (RunNo, OpId, Result<Outcome, Aborted>)) {
        let Some(mut run) = self.runs.remove(&no) else { return };
        run.landed(op);
        if let Ok(outcome) = outcome {
            let now_ms = self.options.clock.now_ms();
            self.tell(&mut run, Event::Resolved { op, outcome, now_ms });
        }
        self.put_back(run);
    }

    /// Until the next timer.
    fn alarm(&self) -> BoxFuture<'static, ()> {
        let timer = self.timers.first().map(|(due_ms, ..)| *due_ms);
        let sleeper = self.sleeping.first().map(|(due_ms, _)| *due_ms);
        match timer.into_iter().chain(sleeper).min().filter(|_| !self.is_draining) {
            Some(due_ms) => {
                let wait = due_ms.saturating_sub(self.options.clock.now_ms()).max(0).unsigned_abs();
                self.options.clock.sleep(wait)
            }
            None => Box::pin(std::future::pending()),
        }
    }

    /// Fires what is due, in the order of time, run and operation.
    fn fire(&mut self) -> Result<(), Error> {
        let now_ms = self.options.clock.now_ms();
        while let Some((due_ms, no)) = self.sleeping.first().copied().filter(|(due_ms, _)| *due_ms <= now_ms)
        {
            self.sleeping.remove(&(due_ms, no));
            if let Some(run) = self.take_or_load(no)? {
                self.put_back(run);
            }
        }
        while let Some((due_ms, no, op)) =
            self.timers.first().copied().filter(|(due_ms, ..)| *due_ms <= now_ms)
        {
            self.timers.remove(&(due_ms, no, op));
            let Some(mut run) = self.runs.remove(&no) else { continue };
            run.forget_timer(op);
            self.tell(&mut run, Event::Fired { op, now_ms });
            self.put_back(run);
        }
        Ok(())
    }

    /// What other processes asked for.
    pub(super) fn read_inbox(&mut self) -> Result<(), Error> {
        let (only_new, mine) = (self.options.only_new, &self.numbers);
        let unread = self.reader.messages()?.into_iter().filter(|message| !self.taken.contains(&message.id));
        let unread = unread.filter(|message| !only_new || mine.contains_key(message.run.as_str()));
        for message in unread.collect::<Vec<_>>() {
            self.taken.insert(message.id);
            self.after.taken.push(message.id);
            self.changes.push(Change::Taken(message.id));
            match message.kind {
                MessageKind::Cancel => drop(self.cancel(&message.run)?),
                MessageKind::Retry { new } => self.retry(&message.run, new.into())?,
                MessageKind::Arm { package, split, arm, paused, by, reason } => {
                    self.decide(Decision { package, split, arm, paused, by, reason });
                }
                MessageKind::Answer { op, by, value } => {
                    let question = format!("{}.{op}", message.run);
                    let answer = Answer { question, by: by.into(), roles: None, value };
                    if let Err(refused) = self.answer(&answer)? {
                        tracing::warn!(question = answer.question, %refused, "an answer came in vain");
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells who waits for the end of the work.
    fn drained(&mut self) {
        let lands = !self.flights.is_empty() || !self.shadows.is_empty();
        let quiet = !lands && self.held.is_empty() && self.changes.is_empty();
        if self.is_draining && quiet {
            for reply in self.draining.drain(..) {
                // Who asked has gone.
                let _ = reply.send(());
            }
        }
    }
}
