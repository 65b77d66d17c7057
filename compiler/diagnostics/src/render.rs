//! Diagnostics as text for people and machines.

pub mod github;
pub mod json;
#[cfg(feature = "fancy")]
pub mod pretty;
pub mod sarif;
