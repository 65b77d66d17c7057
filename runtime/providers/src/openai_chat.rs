//! The chat protocol of OpenAI, and of the many servers that imitate it: vLLM, llama.cpp, SGLang, Ollama's `/v1`.
//!
//! `wire` is the protocol, `map` turns it into `flow-model`'s types, `stream` puts a streamed answer together,
//! `errors` classifies failures, `client` does the calls.

pub(crate) mod client;
pub(crate) mod errors;
mod map;
mod stream;
mod wire;

pub use client::{Dialect, OpenAiClient, Target};
pub(crate) use map::usage as usage_of;
