//! OpenAI's Responses protocol, without its memory: nothing is stored there, every turn is sent again.
//!
//! `wire` is the protocol, `map` turns it into `flow-model`'s types, `stream` follows a streamed answer, `client` says
//! how it is asked.

mod client;
mod map;
mod stream;
mod wire;

pub(crate) use client::Responses;
