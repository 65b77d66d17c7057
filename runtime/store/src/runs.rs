//! Runs that outlive the process: one SQLite file.
//!
//! The file holds the log of every run, the questions that people are asked, what resources hold, and the bundles
//! that runs are pinned to. What a record *means* is the engine's business: here it is bytes with a checksum.
//!
//! One thread writes ([`Writer`]): whatever is waiting when it is free becomes one transaction, so that many runs
//! share an fsync. Readers have connections of their own ([`Reader`]). One process may drive the runs of a file
//! ([`Owner`]); others may read it, and leave a word in its inbox.

mod body;
mod change;
mod commit;
mod connect;
mod error;
mod owner;
mod reader;
mod rows;
mod schema;
mod upkeep;
mod writer;

#[cfg(test)]
mod tests;

pub use change::{Change, NewRun, RunEnd, Used};
pub use error::{Error, Problem};
pub use owner::Owner;
pub use reader::{
    ArmFilter, ArmKind, ArmOfRun, ArmRow, FeedbackRow, KeyRow, QuestionFilter, Reader, RunFilter, Score,
};
pub use rows::{
    AnswerRow, BundleRow, Message, MessageKind, OpenRun, PauseRow, QuestionRow, QuestionState, RunNo, RunRow,
    SpentRow, Status,
};
pub use upkeep::{Purge, Purged};
pub use writer::{Ack, Moment, Probe, Writer};

/// Bodies above this many bytes are kept once, under their digest.
pub const INLINE_BYTES: usize = 64 * 1024;
