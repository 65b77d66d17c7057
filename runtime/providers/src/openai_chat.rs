//! The chat protocol of OpenAI, and of the many servers that imitate it: Azure, vLLM, llama.cpp, SGLang, TGI,
//! gateways.
//!
//! `wire` is the protocol, `map` turns it into `flow-model`'s types, `stream` puts a streamed answer together,
//! `client` says how it is asked.

mod client;
mod map;
mod stream;
mod wire;

pub(crate) use client::{Dialect, OpenAiChat, judge};
pub(crate) use map::usage as usage_of;
