//! What a step changes. The changes of one step are kept together or not at all.

use super::reader::ArmRow;
use super::rows::{AnswerRow, BundleRow, PauseRow, QuestionRow, QuestionState, RunNo, SpentRow, Status};

/// A change of the file.
#[derive(Clone, Debug)]
pub enum Change {
    /// A bundle is used; one that is known stays as it is.
    Bundle(Box<BundleRow>),
    /// A run is accepted.
    Run(Box<NewRun>),
    /// A queued run begins.
    Begin {
        /// Which.
        run: RunNo,
        /// With the time it began.
        header: Vec<u8>,
        /// ms since the Unix epoch.
        started_ms: i64,
    },
    /// Something happened to a run.
    Append {
        /// Which.
        run: RunNo,
        /// Dense, from 1.
        seq: u32,
        /// Packed by the engine.
        body: Vec<u8>,
    },
    /// A run waits and leaves the memory.
    Rest {
        /// Which.
        run: RunNo,
        /// When its earliest timer is due.
        wake_ms: Option<i64>,
        /// What it has used so far.
        used: Used,
    },
    /// A run is taken up after the process ended hard.
    Crashed(RunNo),
    /// A run that was taken up has come on.
    Calm(RunNo),
    /// A waiting run goes on.
    Wake(RunNo),
    /// A run is set aside.
    Park {
        /// Which.
        run: RunNo,
        /// For people.
        reason: String,
    },
    /// A run has ended.
    End(Box<RunEnd>),
    /// A person is asked.
    Ask(Box<QuestionRow>),
    /// A person has answered.
    Answer {
        /// Of which run.
        run: RunNo,
        /// Which operation.
        op: u32,
        /// Position among its answers.
        n: u32,
        /// The answer.
        answer: AnswerRow,
    },
    /// A question is no longer open.
    Close {
        /// Of which run.
        run: RunNo,
        /// Which operation.
        op: u32,
        /// What has become of it.
        state: QuestionState,
    },
    /// A call through a split has ended.
    Arm(Box<ArmRow>),
    /// A message of the inbox was obeyed.
    Taken(i64),
    /// A resource was changed.
    Resource(String),
    /// All resources are these changes from now on.
    Resources(Vec<String>),
    /// An arm of a split was paused, or goes on.
    Pause(Box<PauseRow>),
    /// A tenant may have spent so much of a day.
    Spent(SpentRow),
    /// A schedule was looked at, or a trigger has read so far.
    Mark {
        /// Which.
        name: String,
        /// How far.
        value: i64,
    },
}

/// A run that is accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRun {
    /// In this file.
    pub no: RunNo,
    /// For everybody.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// The flow's name.
    pub flow: String,
    /// What it is pinned to.
    pub bundle: [u8; 32],
    /// The version of its records.
    pub records: i64,
    /// [`Status::Active`] or [`Status::Queued`].
    pub status: Status,
    /// ms since the Unix epoch.
    pub started_ms: i64,
    /// Runs of one lane go one after another.
    pub lane: Option<String>,
    /// No second run of the tenant has this.
    pub once: Option<String>,
    /// Packed by the engine.
    pub header: Vec<u8>,
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunEnd {
    /// Which.
    pub run: RunNo,
    /// One of the ended ones.
    pub status: Status,
    /// ms since the Unix epoch.
    pub ended_ms: i64,
    /// Packed by the engine.
    pub result: Vec<u8>,
    /// What it used.
    pub used: Used,
}

/// What a run has used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Micro-dollars.
    pub cost: i64,
    /// Sent.
    pub input_tokens: i64,
    /// Received.
    pub output_tokens: i64,
}
