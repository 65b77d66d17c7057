//! Ollama's own protocol: a stream is lines of JSON, tool calls come whole and without ids.
//!
//! `map` turns it into `flow-model`'s types, `stream` reads lines (a whole answer is one), `client` says how it is
//! asked.

mod client;
mod map;
mod stream;

pub(crate) use client::Ollama;
