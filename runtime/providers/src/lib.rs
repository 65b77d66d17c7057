//! Wire protocols of models and tools: the one place where bytes leave the process.
//!
//! [`http`] is the only egress; [`openai_chat`] and [`embeddings`] speak the protocol of OpenAI and of the many
//! servers that imitate it; [`tool_http`] and [`tool_command`] reach tools. Nothing here retries or routes: one
//! call is one attempt, and the caller decides what a failure means. Start at [`Providers`].

mod embeddings;
pub mod http;
pub mod openai_chat;
mod providers;
mod secrets;
pub mod sse;
pub mod tool;
pub mod tool_command;
pub mod tool_http;

pub use providers::{Providers, Routing};
pub use secrets::{
    EnvironmentSecrets, FixedSecrets, NoSecrets, SecretString, Secrets, redact, scrub, variable_of,
};
