//! What AWS wants: Signature Version 4 and its event streams.
//!
//! Written here because the official crates bring some thirty others along for what are two hundred lines; both are
//! tested against what AWS publishes (`aws-signing-test-suite`).

pub(crate) mod event_stream;
mod sign;

pub use sign::Credentials;
pub(crate) use sign::{encode_segment, sign};
