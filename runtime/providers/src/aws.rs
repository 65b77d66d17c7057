//! What AWS wants: Signature Version 4 and its event streams.
//!
//! Written here because the official crates bring some thirty others along for what are two hundred lines; both are
//! tested against what AWS publishes (`aws-signing-test-suite`).

mod answer;
pub(crate) mod event_stream;
mod kms;
mod s3;
mod sign;

pub use answer::{AwsError, AwsTrouble};
pub use kms::{Kms, WrappedKey};
pub use s3::{Got, PutNew, S3};
pub use sign::Credentials;
pub use sign::encode_segment;
pub(crate) use sign::sign;
