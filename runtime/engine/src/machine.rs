//! The walk itself, as a pure state machine.
//!
//! A [`Machine`] is one run. A home gives it [`Event`]s and obeys its [`Command`]s; equal events give equal
//! commands, whatever the clock, the model or the machine. There is no waiting in here, no clock, no chance and
//! no iteration without an order.
//!
//! One token stands at a node of a flow. Entering a node starts its work; when the work has ended, one edge is
//! taken. Flows that call flows form a tree of *activations* (frames), each with slots, counters and limits of
//! its own.
//!
//! # Errors
//!
//! An error of a node is: its call failed and no `else` answered; an argument, a condition of a normal edge or
//! an argument of the normal edge that was chosen has no value (`Invalid`); a limit is exceeded. It is offered
//! to the node's error edges in order. If none takes it, the flow ends with it, and so does the caller's call.
//! An error while an error edge's arguments are evaluated ends the flow at once: it is not offered to the same
//! edges again. So does an error in the flow's entry edges, and `fail`.
//!
//! # Limits
//!
//! The time of a call, of an `all` or `each`, and of a flow is one timer each. `else` answers for the errors of
//! its own call, the call's time and an empty pool included, but not for the time of the node or flow around it.
//! A limit of a flow stops binding
//! when one of the header's error edges was taken: the handlers run outside of it. Until then, a flow whose time
//! is over starts no further operation: each node raises `Timeout` instead.
//!
//! Start reading at [`Machine::apply`], then `walk`.

mod approval;
mod call;
mod cancel;
mod limits;
mod settle;
mod shadow;
pub(crate) mod snapshot;
pub(crate) mod state;
mod view;
mod walk;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::snapshot::SnapshotError;
use self::state::{State, Waiter};
use self::walk::Walk;
use crate::program::Program;
use crate::protocol::{Arm, Command, Event, OpId, Outcome, RunHeader, RunResult};

/// One run.
#[derive(Debug)]
pub struct Machine {
    program: Arc<Program>,
    state: State,
}

impl Machine {
    /// Starts a run and tells the first commands.
    #[must_use]
    pub fn start(program: Arc<Program>, header: Arc<RunHeader>) -> (Self, Vec<Command>) {
        let mut out = Vec::new();
        let machine = Self::start_into(program, header, true, &mut out);
        (machine, out)
    }

    /// Starts a run; the first commands go into `out`. [`Command::Record`]s are made only if `watched`.
    #[must_use]
    pub fn start_into(
        program: Arc<Program>,
        header: Arc<RunHeader>,
        watched: bool,
        out: &mut Vec<Command>,
    ) -> Self {
        let mut machine = Self { program, state: State::new(header) };
        machine.state.watched = watched;
        machine.walk(out).open_run();
        machine
    }

    /// Tells the machine what happened, and returns what to do.
    pub fn apply(&mut self, event: &Event) -> Vec<Command> {
        let mut out = Vec::new();
        self.apply_into(event.clone(), &mut out);
        out
    }

    /// Like [`Machine::apply`], into a vector that the caller uses again: what a home calls.
    ///
    /// An event about an operation that is not under way (cancelled, resolved before, never started) changes
    /// nothing, and so does any event after the run has ended.
    pub fn apply_into(&mut self, event: Event, out: &mut Vec<Command>) {
        if self.state.result.is_some() {
            return;
        }
        match event {
            Event::Resolved { op, outcome, now_ms } => self.on_resolved(op, outcome, now_ms, out),
            Event::Fired { op, now_ms } => self.on_fired(op, now_ms, out),
            Event::Paused { arms, now_ms } => {
                self.set_now(now_ms);
                self.state.paused = arms;
            }
            Event::CancelRequested { now_ms } => {
                self.set_now(now_ms);
                self.walk(out).end_run(RunResult::Cancelled);
            }
        }
    }

    /// The machine after these events: what a home does that kept the events and lost the machine.
    #[must_use]
    pub fn replay(
        program: Arc<Program>,
        header: Arc<RunHeader>,
        events: impl IntoIterator<Item = Event>,
    ) -> Self {
        let mut ignored = Vec::new();
        let mut machine = Self::start_into(program, header, false, &mut ignored);
        for event in events {
            ignored.clear();
            machine.apply_into(event, &mut ignored);
        }
        machine
    }

    /// BLAKE3 over the whole state. Equal for machines that heard the same events; comparable only between
    /// machines of one version of this crate.
    #[must_use]
    pub fn state_hash(&self) -> [u8; 32] {
        struct Sink(blake3::Hasher);
        impl std::fmt::Write for Sink {
            fn write_str(&mut self, text: &str) -> std::fmt::Result {
                self.0.update(text.as_bytes());
                Ok(())
            }
        }
        let mut sink = Sink(blake3::Hasher::new());
        // A hasher takes everything, so writing cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut sink, format_args!("{:?}", self.state.told()));
        *sink.0.finalize().as_bytes()
    }

    /// How the run ended, if it has.
    #[must_use]
    pub fn result(&self) -> Option<&RunResult> {
        self.state.result.as_ref()
    }

    /// What the run has used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let spent = &self.state.spent;
        Usage {
            cost: spent.cost,
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            elapsed_ms: self.state.now_ms.saturating_sub(self.state.header.started_ms).unsigned_abs(),
        }
    }

    /// The operations that are under way, timers included, in the order of their ids.
    pub fn pending(&self) -> impl Iterator<Item = OpId> {
        self.state.pending.iter().map(|(op, _)| *op)
    }

    /// Whether [`Command::Record`]s are made from now on.
    pub fn set_watched(&mut self, watched: bool) {
        self.state.watched = watched;
    }

    /// The arms of splits that get no calls, as far as the run knows.
    #[must_use]
    pub fn paused(&self) -> &[Arm] {
        &self.state.paused
    }

    /// What never changes about the run.
    #[must_use]
    pub fn header(&self) -> &Arc<RunHeader> {
        &self.state.header
    }

    fn on_resolved(&mut self, op: OpId, outcome: Outcome, now_ms: i64, out: &mut Vec<Command>) {
        let Some(Waiter::Call(at, branch)) = self.state.waiter(op) else { return };
        self.set_now(now_ms);
        self.state.forget(op);
        self.walk(out).resolved(at, branch, outcome);
    }

    fn on_fired(&mut self, op: OpId, now_ms: i64, out: &mut Vec<Command>) {
        match self.state.waiter(op) {
            None | Some(Waiter::Call(..)) => return,
            Some(_) => self.set_now(now_ms),
        }
        let waiter = self.state.waiter(op);
        self.state.forget(op);
        let mut walk = self.walk(out);
        match waiter {
            Some(Waiter::Sleep(at, branch)) => walk.woke(at, branch),
            Some(Waiter::CallLimit(at, branch)) => walk.call_expired(at, branch),
            Some(Waiter::NodeLimit(at)) => walk.node_expired(at),
            Some(Waiter::FlowLimit(at)) => walk.flow_expired(at),
            Some(Waiter::Call(..)) | None => {}
        }
    }

    /// Time never goes back, even if the home's clock was set back.
    fn set_now(&mut self, now_ms: i64) {
        self.state.now_ms = self.state.now_ms.max(now_ms);
    }

    fn walk<'a>(&'a mut self, out: &'a mut Vec<Command>) -> Walk<'a> {
        Walk { program: &self.program, state: &mut self.state, out }
    }
}

/// What a run has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Money.
    pub cost: flow_ir::units::Usd,
    /// Sent, cached ones included.
    pub input_tokens: u64,
    /// Received, reasoning included.
    pub output_tokens: u64,
    /// From the start to the last event, ms.
    pub elapsed_ms: u64,
}
