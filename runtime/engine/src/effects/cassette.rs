//! Recordings of what models and tools answered.
//!
//! The format is documented in `docs/src/cassettes.md`. [`Replay`] answers from a recording, [`Recorder`] makes
//! one while it asks somebody else. Both are an [`Outside`]: retries, decoding, repair and budgets are walked for
//! real.

mod format;
mod record;
mod replay;

pub use format::{Cassette, CassetteError, Exchange, PromptAnswer, ToolAnswer};
pub use record::Recorder;
pub use replay::Replay;

#[cfg(test)]
mod tests;
