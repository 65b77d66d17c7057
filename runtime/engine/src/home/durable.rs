//! Runs that outlive the process, in one SQLite file.
//!
//! A [`Home`] is a handle; the [`Keeper`] behind it owns the runs that are under way and drives all of them from
//! one task. Whatever happens to a run (an outcome, a timer, an answer, a cancellation) is a *step*:
//!
//! 1. the machine is told, and says what to do;
//! 2. the event and everything that follows from it (a question, the run's end, the intent to write) become one
//!    transaction, shared with the steps of other runs;
//! 3. when it is on the disk, and not before, the commands are obeyed and callers are answered.
//!
//! So a finished step never runs again, and nobody ever sees a step that could be lost. A crash leaves a prefix of
//! the steps; the state of a run is its header and its log, told to a fresh machine.
//!
//! # What a crash leaves in flight
//!
//! | operation | taken up again |
//! |---|---|
//! | prompts, `Read` tools, resources | yes; the lost attempt is charged its worst case |
//! | `once: true` | yes, with the same idempotency key |
//! | other writes, `Sensitive` | never: the intent was kept before the call, so it raises `Failed`, in doubt |
//! | people, timers | they never left the file |
//!
//! A run that waits for a person or a timer alone is not in memory at all.
//!
//! What is not here: what the file looks like (`flow_store::runs`), who may do what (a server's business).

mod admission;
mod answer;
mod beside;
mod guard;
mod invoke;
mod keeper;
mod load;
mod order;
mod poison;
mod question;
mod record;
mod rest;
mod run;
mod step;
mod submit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use flow_eval::Value;
use flow_ir::FlowId;
use flow_store::runs::{BundleRow, Error};
use smol_str::SmolStr;

use crate::machine::Usage;
use crate::port::{Effects, Watch};
use crate::program::Program;
use crate::protocol::{RunHeader, RunResult};

pub use self::answer::AnswerError;
pub use self::guard::{Decision, arm_name};
pub use self::keeper::{Decided, Keeper, KeeperOptions};
pub use self::load::{Told, Unreadable, read};
pub use self::order::{Answer, Home};
pub use self::poison::HARD_ENDS;
pub use self::record::{RECORDS, Record, header_of, result_of};

/// A bundle that can be walked, and who performs its operations.
#[derive(Clone)]
pub struct Host {
    /// What is walked.
    pub program: Arc<Program>,
    /// Who performs operations.
    pub effects: Arc<dyn Effects>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("package", &self.program.bundle().package).finish_non_exhaustive()
    }
}

/// Makes hosts of the bundles that runs are pinned to.
pub trait Hosts: Send + Sync {
    /// Of this bundle.
    ///
    /// # Errors
    /// In words for people; runs of the bundle stay in the file as they are.
    fn host(&self, bundle: &BundleRow) -> Result<Host, String>;
}

/// A run that is to be accepted.
#[derive(Clone)]
pub struct Submission {
    /// Its name; `None` gives it one. Never one that was used before.
    pub run: Option<SmolStr>,
    /// Whose it is.
    pub tenant: SmolStr,
    /// Who starts it; empty if nobody is known.
    pub user: SmolStr,
    /// What it is pinned to; must have been introduced.
    pub bundle: [u8; 32],
    /// Which flow of the bundle.
    pub flow: FlowId,
    /// Its arguments, decoded and validated.
    pub args: Vec<Value>,
    /// Runs of one tenant and lane go one after another.
    pub lane: Option<String>,
    /// A second submission of the tenant with this gets the first one's run.
    pub once: Option<String>,
    /// Sees everything from the start.
    pub watch: Option<Arc<dyn Watch>>,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("tenant", &self.tenant)
            .field("flow", &self.flow)
            .finish_non_exhaustive()
    }
}

/// A run that was accepted; this is on the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Its name.
    pub run: SmolStr,
    /// Whether it was accepted earlier, under the same `once`.
    pub existing: bool,
}

/// Why a run is not accepted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// Too many wait already.
    #[error("too many runs are waiting to begin")]
    Full,
    /// The process is about to end.
    #[error("the process is about to end")]
    Draining,
    /// The bundle is not known, or cannot be used here.
    #[error("{0}")]
    Bundle(String),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A run that has ended; this is on the disk.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    /// What never changed about it.
    pub header: Arc<RunHeader>,
    /// How it ended.
    pub result: RunResult,
    /// What it used.
    pub usage: Usage,
}

/// Where a run has come to.
#[derive(Clone, PartialEq, Debug)]
pub enum Progress {
    /// Its end.
    Ended(Box<Ended>),
    /// It waits for people: the names of its open questions.
    Asks(Vec<String>),
    /// It has not begun: others are before it. Told by who looks into the file, never by a home.
    Queued,
    /// It was set aside.
    Parked(String),
    /// There is no such run.
    Unknown,
}
