//! What runs say while they go on, for whoever listens.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use flow_ir::{FlowId, NodeId};
use flow_runtime::port::{Delta, Watch};
use flow_runtime::protocol::{Command, Event, OpId, Outcome, Record, RunHeader, RunResult};
use flow_store::runs::PauseRow;
use smol_str::SmolStr;
use tokio::sync::{broadcast, mpsc};

/// Notes kept for a slow listener; one who is slower is told that there is a gap.
const KEPT: usize = 1_024;

/// Something that a run said.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Note {
    /// A step.
    Record(Record),
    /// An operation of the run's own flow was started.
    Invoked { op: OpId, frame: u32, flow: FlowId, node: NodeId },
    /// Further text of an operation.
    Text { op: OpId, attempt: u32, text: SmolStr },
    /// `tell(line)`.
    Line(SmolStr),
    /// A call of it was one too many of its arm's: the arm is paused.
    Paused { split: String, arm: String, reason: String },
    /// Its end.
    Finished(RunResult),
}

/// Passes on what runs say. One per home.
#[derive(Debug, Default)]
pub struct Hub {
    listeners: RwLock<HashMap<SmolStr, broadcast::Sender<Note>>>,
    tally: Mutex<Tally>,
    ended: OnceLock<mpsc::Sender<SmolStr>>,
}

/// What all runs did since the process began.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) returned: u64,
    pub(crate) failed: u64,
    pub(crate) cancelled: u64,
    pub(crate) operations: u64,
    pub(crate) operation_errors: u64,
    pub(crate) cost_micros: i64,
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// Ends that [`Hub::ended`] had no room for.
    pub(crate) unheard: u64,
}

impl Hub {
    /// Listens to a run from now on. Nothing is kept for later.
    pub(crate) fn listen(&self, run: &str) -> broadcast::Receiver<Note> {
        let mut listeners = self.listeners.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever has gone is forgotten here, so that the table does not grow.
        listeners.retain(|_, sender| sender.receiver_count() > 0);
        listeners.entry(run.into()).or_insert_with(|| broadcast::channel(KEPT).0).subscribe()
    }

    /// The names of runs that end from now on; they are on the disk. `None` if somebody listens already. Whoever is
    /// more than `room` behind misses some.
    #[must_use]
    pub fn ended(&self, room: usize) -> Option<mpsc::Receiver<SmolStr>> {
        let (sender, receiver) = mpsc::channel(room);
        self.ended.set(sender).ok().map(|()| receiver)
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, run: &RunHeader, note: impl FnOnce() -> Note) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = listeners.get(&run.run) {
            // The last listener may have gone just now.
            drop(sender.send(note()));
        }
    }

    fn count(&self, act: impl FnOnce(&mut Tally)) {
        act(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watch for Hub {
    fn event(&self, _: &RunHeader, event: &Event) {
        let Event::Resolved { outcome, .. } = event else { return };
        let (Outcome::Ok { facts, .. } | Outcome::Err { facts, .. }) = outcome;
        self.count(|tally| {
            tally.operations += 1;
            tally.operation_errors += u64::from(matches!(outcome, Outcome::Err { .. }));
            tally.cost_micros = tally.cost_micros.saturating_add(facts.cost.0);
            tally.input_tokens = tally.input_tokens.saturating_add(facts.input_tokens);
            tally.output_tokens = tally.output_tokens.saturating_add(facts.output_tokens);
        });
    }

    fn command(&self, run: &RunHeader, command: &Command) {
        match command {
            Command::Record(record) => self.tell(run, || Note::Record(record.clone())),
            Command::Invoke(invocation) => self.tell(run, || Note::Invoked {
                op: invocation.op,
                frame: invocation.frame,
                flow: invocation.flow,
                node: invocation.node,
            }),
            Command::Finish(result) => {
                self.count(|tally| match result {
                    RunResult::Returned(_) => tally.returned += 1,
                    RunResult::Failed(_) => tally.failed += 1,
                    RunResult::Cancelled => tally.cancelled += 1,
                });
                if let Some(ended) = self.ended.get()
                    && ended.try_send(run.run.clone()).is_err()
                {
                    self.count(|tally| tally.unheard += 1);
                }
                self.tell(run, || Note::Finished(result.clone()));
            }
            Command::Timer { .. } | Command::Cancel { .. } | Command::Compare(_) | Command::Shadow(_) => {}
        }
    }

    fn paused(&self, run: &RunHeader, pause: &PauseRow) {
        let PauseRow { split, arm, reason, .. } = pause.clone();
        self.tell(run, || Note::Paused { split, arm, reason });
    }

    fn delta(&self, run: &RunHeader, op: OpId, delta: &Delta) {
        self.tell(run, || match delta {
            Delta::Text { attempt, text } => Note::Text { op, attempt: *attempt, text: text.clone() },
            Delta::Line(line) => Note::Line(line.clone()),
        });
    }

    fn wants_deltas(&self, run: &RunHeader) -> bool {
        self.listeners.read().unwrap_or_else(PoisonError::into_inner).contains_key(&run.run)
    }
}
