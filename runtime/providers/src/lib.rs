//! Wire protocols of models and tools: the one place where bytes leave the process.
//!
//! [`http`] is the only egress. Each protocol is a folder: `openai_chat`, `openai_responses`, `anthropic`, `gemini`,
//! `bedrock`, `ollama`, `kserve`, `http_model`, `embeddings`, `rerank`; `client` does what is equal for all of them.
//! [`tool_http`], [`tool_command`] and [`mcp`] reach tools; [`S3`] and [`Kms`] keep contents of the registry. Nothing here retries or routes: one call is one attempt, and the
//! caller decides what a failure means. Start at [`Providers`].

mod anthropic;
mod aws;
mod bedrock;
mod client;
mod embeddings;
mod failure;
mod framing;
mod gemini;
pub mod http;
mod http_model;
mod kserve;
mod limits;
pub mod mcp;
mod media;
mod ollama;
mod openai_chat;
mod openai_responses;
mod providers;
mod rerank;
mod schema;
mod secrets;
pub mod sse;
mod target;
pub mod tool;
pub mod tool_command;
pub mod tool_http;

pub use aws::encode_segment as encoded;
pub use aws::{AwsError, AwsTrouble, Credentials, Got, Kms, PutNew, S3, WrappedKey};
pub use providers::{Providers, Routing, default_key};
pub use secrets::{
    EnvironmentSecrets, FixedSecrets, HostSecrets, NoSecrets, SecretString, Secrets, redact, scrub,
    variable_of,
};
pub use target::{Proof, Target};
