//! Killing a process before and after every commit and every effect, and looking at what it left.
//!
//! [`child`] is the process that dies; [`Scene`] starts it, kills it and checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a part of tests: a panic is a failed test"
)]

mod child;
mod scene;

pub use child::child;
pub use scene::{Left, Scene};
