//! Diagnostics as text for people and machines.

pub mod json;
#[cfg(feature = "fancy")]
pub mod pretty;
