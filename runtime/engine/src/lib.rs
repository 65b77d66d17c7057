//! The walker: one token per run, a pure machine and the homes that drive it.
//!
//! [`protocol`] is what the machine and a home say to each other: read it first.

pub mod protocol;
