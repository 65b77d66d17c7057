//! The seam between a run and the world: everything that leaves the process passes here.

use flow_ir::setup::{Model, Tool};
use flow_model::{
    ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ErrorKind, ModelError, Patience, Usage,
};
use flow_providers::mcp::McpCall;
use flow_providers::tool::{ToolError, ToolReply};
use flow_providers::tool_command::CommandCall;
use flow_providers::tool_http::HttpCall;
use flow_store::hashing_vector;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

/// On whose behalf a model is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The prompt, as declared.
    pub prompt: &'a str,
    /// What the prompt says and returns, as a digest: a recorded answer belongs to it.
    pub digest: &'a str,
    /// Who is asked.
    pub model: &'a Model,
}

/// One attempt of a tool, with everything evaluated. Secrets are not in it: only a live outside knows them.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// HTTP.
    Http(HttpCall),
    /// A program.
    Command(CommandCall),
    /// An MCP server.
    Mcp(McpCall),
}

/// The world. One call is one attempt: retries and fallbacks are the caller's.
///
/// # Cancel safety
/// Dropping a returned future gives up the attempt.
pub trait Outside: Send + Sync {
    /// Asks a model.
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>>;

    /// Turns texts into vectors. Without a real model: vectors that see common words, equal on every machine.
    fn embed<'a>(
        &'a self,
        model: &'a Model,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        let _ = (model, patience);
        Box::pin(std::future::ready(Ok(hashed(request))))
    }

    /// Asks a tool. `args` are its arguments as a JSON object.
    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>>;
}

pub(crate) fn hashed(request: &EmbedRequest) -> EmbedReply {
    EmbedReply {
        vectors: request.texts.iter().map(|text| hashing_vector(text)).collect(),
        // It costs nothing, which is not the same as not saying what it costs.
        usage: Some(Usage { input: Some(0), ..Usage::default() }),
        model: "hashing".to_owned(),
    }
}

/// No world: every attempt is refused. For tests and checks that must not reach anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed;

impl Outside for Closed {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        _request: &'a ChatRequest,
        _patience: Patience,
        _sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        let message = format!("`{}` would ask a real model; use --live or --cassette", asked.prompt);
        Box::pin(std::future::ready(Err(ModelError::new(ErrorKind::Unsupported, message))))
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        _args: &'a Json,
        _attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        let message = format!("`{}` would reach a real system; use --live or --cassette", tool.name);
        let error = ToolError {
            class: flow_ir::units::ErrorClass::Failed,
            message,
            retryable: false,
            retry_after_ms: None,
        };
        Box::pin(std::future::ready(Err(error)))
    }
}
