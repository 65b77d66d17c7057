//! The walker: one token per run, a pure machine and the homes that drive it.
//!
//! [`protocol`] is what the machine and a home say to each other: read it first. [`port`] is what a home needs
//! from its surroundings: somebody who performs operations, a clock, somebody who watches.

pub mod clock;
pub mod effects;
#[cfg(test)]
mod fixtures;
pub mod home;
mod ids;
pub mod machine;
pub mod port;
pub mod program;
pub mod protocol;
pub mod replay;
pub mod task;

pub use ids::{IdempotencyKey, new_run_id, seed_of};
pub use machine::{Machine, Usage};
pub use program::Program;
