//! From the file back to a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow_ir::setup::Callee;
use flow_store::runs::{Change, Error, OpenRun, Problem, QuestionState, RunNo, RunRow, Status};

use super::Host;
use super::keeper::Keeper;
use super::question::in_doubt;
use super::record::{RECORDS, Record, header_of};
use super::run::{Asked, Run};
use super::step::{due, is_unrepeatable};
use crate::machine::Machine;
use crate::program::Program;
use crate::protocol::{Command, Event, Invocation, OpId, RunHeader};

/// A run as its log tells it.
#[derive(Debug)]
pub struct Told {
    /// After every event.
    pub machine: Machine,
    /// What it said on the way, if it was watched.
    pub said: Vec<Command>,
    /// Records of the log.
    pub n_records: u32,
    /// Operations without an outcome.
    pub(super) pending: BTreeMap<OpId, Box<Invocation>>,
    /// Timers that have not fired, with their times.
    pub(super) timers: BTreeMap<OpId, i64>,
    /// Operations that must not be repeated and were about to start.
    pub(super) intents: BTreeSet<OpId>,
    /// How often operations were started.
    pub(super) starts: BTreeMap<OpId, u32>,
}

/// Why a log cannot be told.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Bytes that no version of ours wrote.
    #[error("record {0} of its log cannot be read")]
    Record(usize),
}

/// Tells a fresh machine what happened. With `watched`, what it said is kept too: that is the run's lineage.
///
/// # Errors
/// See [`Unreadable`].
pub fn read(
    program: &Arc<Program>,
    header: &Arc<RunHeader>,
    log: &[Vec<u8>],
    watched: bool,
) -> Result<Told, Unreadable> {
    let mut commands = Vec::new();
    let machine = Machine::start_into(Arc::clone(program), Arc::clone(header), watched, &mut commands);
    let mut told = Told {
        machine,
        said: Vec::new(),
        n_records: u32::try_from(log.len()).unwrap_or(u32::MAX),
        pending: BTreeMap::new(),
        timers: BTreeMap::new(),
        intents: BTreeSet::new(),
        starts: BTreeMap::new(),
    };
    told.note(commands, header.started_ms, watched);
    for (index, bytes) in log.iter().enumerate() {
        match Record::from_bytes(bytes).ok_or(Unreadable::Record(index + 1))? {
            Record::Event(event) => told.tell(event, watched),
            Record::Intent(op) => drop(told.intents.insert(op)),
            Record::Lost(op) => *told.starts.entry(op).or_default() += 1,
            Record::Untouched(op) => {
                let starts = told.starts.entry(op).or_default();
                *starts = starts.saturating_sub(1);
            }
        }
    }
    Ok(told)
}

impl Told {
    fn tell(&mut self, event: Event, watched: bool) {
        let now_ms = event.now_ms();
        match &event {
            Event::Resolved { op, .. } => drop(self.pending.remove(op)),
            Event::Fired { op, .. } => drop(self.timers.remove(op)),
            Event::Paused { .. } | Event::CancelRequested { .. } => {}
        }
        let mut commands = Vec::new();
        self.machine.apply_into(event, &mut commands);
        self.note(commands, now_ms, watched);
    }

    fn note(&mut self, commands: Vec<Command>, now_ms: i64, watched: bool) {
        for command in &commands {
            match command {
                Command::Invoke(invocation) => {
                    self.pending.insert(invocation.op, invocation.clone());
                    self.starts.insert(invocation.op, 1);
                }
                Command::Timer { op, after_ms } => {
                    self.timers.insert(*op, due(now_ms, *after_ms));
                }
                Command::Cancel { op } => {
                    self.pending.remove(op);
                    self.timers.remove(op);
                }
                // What is only compared is not made up for.
                Command::Record(_) | Command::Compare(_) | Command::Shadow(_) | Command::Finish(_) => {}
            }
        }
        if watched {
            self.said.extend(commands);
        }
    }
}

impl Keeper {
    /// At the start of the process: what was under way goes on, the rest is remembered.
    pub(super) fn take_up(&mut self) -> Result<(), Error> {
        if self.options.only_new {
            self.is_up = true;
            return Ok(());
        }
        let open = self.reader.open_runs()?;
        for run in &open {
            self.remember(run);
        }
        self.take_up_active(open.into_iter().filter(|run| run.status == Status::Active).collect())?;
        self.is_up = true;
        self.read_inbox()?;
        self.admit()
    }

    fn remember(&mut self, run: &OpenRun) {
        let lane = run.lane.as_deref();
        match run.status {
            Status::Queued => self.admission.enqueue(&run.tenant, lane, run.no),
            Status::Active => self.admission.occupy(&run.tenant, lane, run.no),
            Status::Waiting => {
                self.admission.occupy(&run.tenant, lane, run.no);
                self.sleeping.extend(run.wake_ms.map(|wake_ms| (wake_ms, run.no)));
            }
            Status::Parked | Status::Returned | Status::Failed | Status::Cancelled => {}
        }
    }

    /// A run that has begun and not ended: out of memory, or read from the file. It must be put back.
    pub(super) fn take_or_load(&mut self, no: RunNo) -> Result<Option<Box<Run>>, Error> {
        if let Some(run) = self.runs.remove(&no) {
            return Ok(Some(run));
        }
        let row = match self.reader.run_no(no) {
            Ok(row) => row.filter(|row| matches!(row.status, Status::Active | Status::Waiting)),
            Err(error) => return self.set_aside_damaged(no, error).map(|()| None),
        };
        let Some(row) = row else { return Ok(None) };
        let host = match self.host_of(&row.bundle)? {
            Ok(host) => host,
            Err(reason) => {
                self.pass_over(&row, &reason);
                return Ok(None);
            }
        };
        match self.told(&row, &host) {
            Ok((header, told)) => {
                self.numbers.insert(header.run.clone(), no);
                if let Some(wake_ms) = row.wake_ms {
                    self.sleeping.remove(&(wake_ms, no));
                }
                // A change to `waiting` may still be on its way to the disk.
                if self.is_up || row.status == Status::Waiting {
                    self.changes.push(Change::Wake(no));
                }
                self.go_on(&row, host, told).map(Some)
            }
            Err(Ok(reason)) => self.park(&row, reason).map(|()| None),
            Err(Err(error)) => self.set_aside_damaged(no, error).map(|()| None),
        }
    }

    fn told(&self, row: &RunRow, host: &Host) -> Result<(Arc<RunHeader>, Told), Result<String, Error>> {
        let header = header_of(&row.header).filter(|_| row.records == RECORDS);
        let header = header.ok_or_else(|| Ok(other_version(row.records)))?;
        let log = self.reader.log(row.no).map_err(Err)?;
        let told = read(&host.program, &header, &log, false);
        Ok((header, told.map_err(|unreadable| Ok(unreadable.to_string()))?))
    }

    /// The host of a bundle: introduced, or made of the one in the file.
    pub(super) fn host_of(&mut self, digest: &[u8; 32]) -> Result<Result<Arc<Host>, String>, Error> {
        if let Some(host) = self.hosts.get(digest) {
            return Ok(Ok(Arc::clone(host)));
        }
        let Some(row) = self.reader.bundle(digest)? else {
            return Ok(Err("the bundle that it is pinned to is not in the store".to_owned()));
        };
        let host = self.options.hosts.host(&row).map(Arc::new);
        if let Ok(host) = &host {
            self.hosts.insert(*digest, Arc::clone(host));
        }
        Ok(host)
    }

    /// Takes up what was in flight when the process ended.
    fn go_on(&mut self, row: &RunRow, host: Arc<Host>, told: Told) -> Result<Box<Run>, Error> {
        let Told { machine, n_records, pending, timers, intents, starts, .. } = told;
        let mut run = Box::new(Run { n_records, ..Run::new(row.no, host, machine, row.lane.clone()) });
        run.watch = self.watcher(row.no);
        run.machine.set_watched(run.watch.is_some());
        timers.into_iter().for_each(|(op, due_ms)| self.set_timer(&mut run, op, due_ms));
        run.lost = starts;
        let (doubtful, others): (Vec<_>, Vec<_>) =
            pending.into_values().partition(|invocation| intents.contains(&invocation.op));
        for invocation in others {
            self.take_up_operation(&mut run, invocation)?;
        }
        for invocation in doubtful {
            let outcome = in_doubt(&run, &invocation);
            let now_ms = self.options.clock.now_ms();
            self.tell(&mut run, Event::Resolved { op: invocation.op, outcome, now_ms });
        }
        Ok(run)
    }

    fn take_up_operation(&mut self, run: &mut Run, invocation: Box<Invocation>) -> Result<(), Error> {
        let op = invocation.op;
        if let Callee::Human(_) = invocation.callee {
            return self.take_up_question(run, invocation);
        }
        if is_unrepeatable(&run.host.program, invocation.callee) {
            self.append(run, &Record::Intent(op));
        } else if run.host.program.can_cost(invocation.callee, invocation.model) {
            self.append(run, &Record::Lost(op));
            return self.take_up_again(run, invocation);
        }
        run.lost.remove(&op);
        self.take_up_again(run, invocation)
    }

    fn take_up_again(&mut self, run: &mut Run, invocation: Box<Invocation>) -> Result<(), Error> {
        self.obey_when_kept(run, vec![Command::Invoke(invocation)]);
        Ok(())
    }

    /// A question that was kept stays open; one that was asked elsewhere is asked again.
    fn take_up_question(&mut self, run: &mut Run, invocation: Box<Invocation>) -> Result<(), Error> {
        let op = invocation.op;
        let cx = self.context(run, &invocation);
        let through_home = run.host.effects.question(&cx, &invocation).is_some();
        let id = format!("{}.{}", run.machine.header().run, op.0);
        let is_open = self.reader.question(&id)?.is_some_and(|row| row.state == QuestionState::Open);
        match (through_home, is_open) {
            (true, true) => {
                let by = self.reader.answers(run.no, op.0)?.into_iter().map(|answer| answer.by).collect();
                run.questions.insert(op, Asked { invocation, by });
            }
            (true, false) => {
                let now_ms = self.options.clock.now_ms();
                if let Some(outcome) = self.plan_question(run, &invocation, now_ms) {
                    self.tell(run, Event::Resolved { op, outcome, now_ms });
                }
            }
            (false, is_open) => {
                if is_open {
                    let state = QuestionState::Withdrawn;
                    self.changes.push(Change::Close { run: run.no, op: op.0, state });
                }
                self.obey_when_kept(run, vec![Command::Invoke(invocation)]);
            }
        }
        Ok(())
    }

    /// Damage of one run is no reason to stop the others; anything else is.
    fn set_aside_damaged(&mut self, no: RunNo, error: Error) -> Result<(), Error> {
        match &error.problem {
            Problem::Damaged(what) => {
                self.changes.push(Change::Park { run: no, reason: what.clone() });
                self.parked(no, what);
                Ok(())
            }
            _ => Err(error),
        }
    }
}

pub(super) fn other_version(records: i64) -> String {
    format!("its records have version {records}, this flowc reads {RECORDS}")
}
