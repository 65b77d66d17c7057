//! Anthropic's Messages protocol.
//!
//! `wire` is the protocol, `map` turns it into `flow-model`'s types, `stream` puts a streamed answer together,
//! `client` says how it is asked.

mod client;
mod map;
mod stream;
mod wire;

pub(crate) use client::Anthropic;
