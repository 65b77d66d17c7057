//! What a model is to the runtime: messages, usage, finish reasons, error classes and the client trait.
//!
//! Provider-neutral and free of IO. Every wire protocol maps to these types; the engine, the cassettes and the
//! tests know only them. Start at [`ModelClient`].

mod client;
mod cost;
mod embed;
mod error;
mod message;
mod reply;
mod request;

pub use client::{Delta, DeltaSink, ModelClient, Patience};
pub use cost::{Prices, cost_of};
pub use embed::{EmbedReply, EmbedRequest, Ranked, RerankReply, RerankRequest};
pub use error::{ErrorKind, ModelError, Phase};
pub use message::{Message, Part, Role, ToolCall, Verbatim};
pub use reply::{ChatReply, Finish, RateLimits, TokenProbability, Usage};
pub use request::{ChatRequest, Output, Prefix, ToolSpec};
