//! What a home needs from its surroundings: somebody who performs operations, and somebody who watches.
//!
//! Deliberately not here: how an operation is performed (see `effects`) and how a run is kept (see `home`).

pub mod purse;
pub mod treasury;

use std::sync::Arc;

use flow_store::runs::PauseRow;
use futures_util::future::BoxFuture;
use smol_str::SmolStr;

use crate::clock::Clock;
use crate::effects::Question;
use crate::protocol::{Command, Event, Invocation, OpId, Outcome, RunHeader};

pub use purse::{Purse, Reservation, Shortage};
pub use treasury::{DayLimits, DaySum, Till, Treasury};

/// Performs operations.
///
/// At least once: after a crash a home may perform an operation again, with an equal
/// [`Invocation::idempotency_key`].
pub trait Effects: Send + Sync {
    /// Performs one operation. Must not block: what takes time goes into the future.
    ///
    /// # Cancel safety
    /// The future of a prompt or a read is dropped when its outcome no longer matters. The future of a write
    /// is always run to its end.
    fn invoke(&self, cx: &InvokeContext, invocation: Box<Invocation>) -> Reply;

    /// What a person is asked, where a home keeps questions and answers itself. `None` leaves it to
    /// [`Effects::invoke`], which waits for the answer; an outcome ends the operation at once.
    fn question(&self, cx: &InvokeContext, invocation: &Invocation) -> Option<Result<Question, Outcome>> {
        let _ = (cx, invocation);
        None
    }
}

/// How an operation is answered.
pub enum Reply {
    /// At once: a stub, a cache hit, a write in memory. Costs no task.
    Now(Outcome),
    /// Later.
    Later(BoxFuture<'static, Outcome>),
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now(outcome) => f.debug_tuple("Now").field(outcome).finish(),
            Self::Later(_) => f.debug_tuple("Later").finish_non_exhaustive(),
        }
    }
}

/// What surrounds one operation. Cheap to clone.
#[derive(Clone)]
pub struct InvokeContext {
    /// Of the run.
    pub header: Arc<RunHeader>,
    /// When the operation was started, ms since the Unix epoch.
    pub now_ms: i64,
    /// For retries and timeouts: waiting on any other clock would hang a test.
    pub clock: Arc<dyn Clock>,
    /// The limits of the call.
    pub purse: Purse,
    /// Where unfinished text and lines of `tell` go.
    pub deltas: Deltas,
}

impl std::fmt::Debug for InvokeContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvokeContext").field("run", &self.header.run).finish_non_exhaustive()
    }
}

/// Something that is worth showing before an operation has ended. Never recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delta {
    /// Further text of an answer.
    Text {
        /// Which attempt of the operation writes it, from 1. A higher number voids what lower ones wrote.
        attempt: u32,
        /// To be appended.
        text: SmolStr,
    },
    /// `tell(line)`.
    Line(SmolStr),
}

/// The way of an operation's deltas to the watcher.
#[derive(Clone)]
pub struct Deltas {
    watch: Option<Arc<dyn Watch>>,
    header: Arc<RunHeader>,
    op: OpId,
}

impl Deltas {
    /// Of this operation, to this watcher; without one, deltas are dropped.
    #[must_use]
    pub fn new(watch: Option<Arc<dyn Watch>>, header: Arc<RunHeader>, op: OpId) -> Self {
        Self { watch, header, op }
    }

    /// Whether anybody would see them: without a reader, nothing needs to be streamed.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.wants_deltas(&self.header))
    }

    /// Whether text that was shown can still be taken back: then an answer that broke off may begin again.
    #[must_use]
    pub fn can_restart(&self) -> bool {
        self.watch.as_ref().is_none_or(|watch| watch.can_restart())
    }

    /// Shows one.
    pub fn send(&self, delta: Delta) {
        if let Some(watch) = &self.watch {
            watch.delta(&self.header, self.op, &delta);
        }
    }
}

impl std::fmt::Debug for Deltas {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deltas").field("op", &self.op).finish_non_exhaustive()
    }
}

/// Sees everything that a run says and hears, in its total order: live view, trace, lineage.
///
/// Called between two steps of the walk, so it must be quick and must not block.
pub trait Watch: Send + Sync {
    /// Before the machine is told.
    fn event(&self, run: &RunHeader, event: &Event) {
        let _ = (run, event);
    }

    /// Before the home obeys.
    fn command(&self, run: &RunHeader, command: &Command) {
        let _ = (run, command);
    }

    /// Whether text of a lower attempt can be taken back when a higher one begins. A watcher that has passed text
    /// on to somebody who keeps it says `false`: then an answer that breaks off fails rather than begin again.
    fn can_restart(&self) -> bool {
        true
    }

    /// While an operation is under way.
    fn delta(&self, run: &RunHeader, op: OpId, delta: &Delta) {
        let _ = (run, op, delta);
    }

    /// A call of this run was one too many of its arm's: the arm is paused, for all runs.
    fn paused(&self, run: &RunHeader, pause: &PauseRow) {
        let _ = (run, pause);
    }

    /// Whether anybody looks at the deltas of a run now: without a reader, nothing needs to be streamed.
    fn wants_deltas(&self, run: &RunHeader) -> bool {
        let _ = run;
        true
    }
}
