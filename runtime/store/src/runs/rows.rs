//! What the tables hold.

use serde_json::Value as Json;

/// The number of a run in its file: dense, never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RunNo(pub i64);

/// How a run is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    /// Accepted, not begun.
    Queued,
    /// Under way: must be taken up again after a crash.
    Active,
    /// For a person or a timer; nothing of it is in memory.
    Waiting,
    /// Set aside with a reason: it is not taken up by itself.
    Parked,
    /// Ended with a result.
    Returned,
    /// Ended with an error.
    Failed,
    /// Ended because somebody wanted it.
    Cancelled,
}

impl Status {
    /// Every status; the position is its number in the file, so the order never changes.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Active,
        Self::Waiting,
        Self::Parked,
        Self::Returned,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As written in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Parked => "parked",
            Self::Returned => "returned",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Returned | Self::Failed | Self::Cancelled)
    }

    pub(super) fn number(self) -> i64 {
        Self::ALL.iter().position(|other| *other == self).map_or(0, |at| at as i64)
    }

    pub(super) fn of(number: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// A run as listed.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// In this file.
    pub no: RunNo,
    /// For everybody.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// The flow's name.
    pub flow: String,
    /// Digest of the bundle that it is pinned to.
    pub bundle: [u8; 32],
    /// The version of the records.
    pub records: i64,
    /// How it is.
    pub status: Status,
    /// ms since the Unix epoch.
    pub started_ms: i64,
    /// ms since the Unix epoch.
    pub ended_ms: Option<i64>,
    /// When a timer of a waiting run is due.
    pub wake_ms: Option<i64>,
    /// Runs of one lane go one after another.
    pub lane: Option<String>,
    /// What never changes about it, packed by the engine.
    pub header: Vec<u8>,
    /// How it ended, packed by the engine.
    pub result: Option<Vec<u8>>,
    /// Micro-dollars.
    pub cost: i64,
    /// Sent.
    pub input_tokens: i64,
    /// Received.
    pub output_tokens: i64,
    /// Why it was set aside.
    pub reason: Option<String>,
}

impl RunRow {
    /// Whether what it has used is known: until it waits or has ended, a zero would be a lie.
    #[must_use]
    pub const fn is_summed_up(&self) -> bool {
        self.status.has_ended() || matches!(self.status, Status::Waiting)
    }
}

/// A run that has not ended, as read at the start of a process.
#[derive(Clone, Debug)]
pub struct OpenRun {
    /// In this file.
    pub no: RunNo,
    /// For everybody.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// How it is.
    pub status: Status,
    /// When a timer of a waiting run is due.
    pub wake_ms: Option<i64>,
    /// Runs of one lane go one after another.
    pub lane: Option<String>,
    /// How often the process ended hard since it last came on.
    pub crashes: u32,
}

/// An arm of a split was paused, or goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PauseRow {
    /// Of this package.
    pub package: String,
    /// Of this split.
    pub split: String,
    /// Which arm.
    pub arm: String,
    /// Whether it gets no calls from now on.
    pub paused: bool,
    /// Who; empty for the guard of the split.
    pub by: String,
    /// Why.
    pub reason: String,
    /// ms since the Unix epoch.
    pub at_ms: i64,
}

/// What a tenant has spent of a day, or a little more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpentRow {
    /// Whose.
    pub tenant: String,
    /// Days since 1970-01-01.
    pub day: i64,
    /// Micro-dollars.
    pub micros: i64,
}

/// A bundle that runs are pinned to, and where it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BundleRow {
    /// Its name.
    pub digest: [u8; 32],
    /// The file that `flowc build` writes.
    pub file: Vec<u8>,
    /// Where its commands run.
    pub root: String,
    /// `egress` of flow.toml.
    pub egress: Vec<String>,
    /// When it was first used, ms since the Unix epoch.
    pub added_ms: i64,
}

/// What has become of a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuestionState {
    /// Somebody may answer.
    Open,
    /// Answered by as many as were needed.
    Answered,
    /// The run went on without an answer.
    Withdrawn,
}

impl QuestionState {
    /// Every state; the position is its number in the file.
    pub const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Withdrawn];

    /// As written in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub(super) fn number(self) -> i64 {
        Self::ALL.iter().position(|other| *other == self).map_or(0, |at| at as i64)
    }

    pub(super) fn of(number: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// A question to people.
#[derive(Clone, PartialEq, Debug)]
pub struct QuestionRow {
    /// Of the run in this file.
    pub run: RunNo,
    /// Of the run, for everybody.
    pub run_id: String,
    /// Which operation of it.
    pub op: u32,
    /// Whose it is.
    pub tenant: String,
    /// The flow's name.
    pub flow: String,
    /// As declared.
    pub human: String,
    /// Who may answer.
    pub role: Option<String>,
    /// The one principal who may answer.
    pub who: Option<String>,
    /// One line.
    pub title: Option<String>,
    /// What is shown: name and value.
    pub shown: Json,
    /// JSON Schema of the answer.
    pub answer: Json,
    /// Different people needed.
    pub quorum: u32,
    /// ms since the Unix epoch.
    pub asked_ms: i64,
    /// When it expires.
    pub due_ms: Option<i64>,
    /// What has become of it.
    pub state: QuestionState,
}

impl QuestionRow {
    /// How it is called everywhere: `RUN.OPERATION`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.run_id, self.op)
    }
}

/// One person's answer.
#[derive(Clone, PartialEq, Debug)]
pub struct AnswerRow {
    /// Who.
    pub by: String,
    /// What.
    pub value: Json,
    /// ms since the Unix epoch.
    pub at_ms: i64,
}

/// What another process asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Message {
    /// In the order given.
    pub id: i64,
    /// Which run, for everybody.
    pub run: String,
    /// What.
    pub kind: MessageKind,
}

/// What is asked for.
#[derive(Clone, PartialEq, Debug)]
pub enum MessageKind {
    /// That it ends.
    Cancel,
    /// That its flow is run again with its arguments, on its bundle.
    Retry {
        /// The name of the new run.
        new: String,
    },
    /// That an arm of a split is paused or goes on; of no run.
    Arm {
        /// Of this package.
        package: String,
        /// Of this split.
        split: String,
        /// Which arm.
        arm: String,
        /// Whether it gets no calls from then on.
        paused: bool,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// That a question of it is answered.
    Answer {
        /// Which operation.
        op: u32,
        /// By whom.
        by: String,
        /// What.
        value: Json,
    },
}
