//! AWS Bedrock's Converse protocol, the same for all models there.
//!
//! `wire` is the protocol, `map` turns it into `flow-model`'s types, `stream` puts a streamed answer together,
//! `client` says how it is asked. Signing and framing are in `aws`.

mod client;
mod map;
mod stream;
mod wire;

pub(crate) use client::Bedrock;
