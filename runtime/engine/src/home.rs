//! Homes: what keeps runs and drives their machines.

pub mod durable;
pub mod local;
