//! Performing operations: prompts, tools, people, resources.
//!
//! [`Performer`] is the [`Effects`] of a real run. What leaves the process goes through one seam, [`Outside`]:
//! live providers, a recording, live models beside recorded tools, or a recorder around any. People stand behind [`People`]. For tests,
//! [`Scripted`] answers in place of callables. Read `prompt.rs` first: it is the richest.

mod cassette;
#[cfg(test)]
mod fixtures;
pub mod gates;
mod halves;
mod human;
mod live;
mod outside;
mod performer;
mod prompt;
mod resource;
mod scripted;
mod spent;
mod tool;
mod versions;

pub use cassette::{Cassette, CassetteError, Exchange, PromptAnswer, Recorder, Replay, ToolAnswer};
pub use gates::{BreakerState, GateStates, KeyState, Registry, StateError};
pub use halves::Halves;
pub use human::{Nobody, People, PersonAnswer, PersonError, Question, ThroughHome};
pub use live::Live;
pub use outside::{Asked, Attempt, Closed, Outside};
pub use performer::{Performer, Surroundings};
pub use scripted::{Script, Scripted};
pub use versions::{FoundVersion, VersionSource, Wanted};
