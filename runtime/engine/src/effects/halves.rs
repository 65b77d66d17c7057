//! A world of two halves.

use std::sync::Arc;

use flow_ir::setup::{Model, Tool};
use flow_model::{ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ModelError, Patience};
use flow_providers::tool::{ToolError, ToolReply};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::outside::{Asked, Attempt, Outside};

/// Models are asked in one world and tools in another: real models are tried while what they would read and change
/// answers from a recording.
pub struct Halves {
    models: Arc<dyn Outside>,
    tools: Arc<dyn Outside>,
}

impl Halves {
    /// `models` answers prompts and makes vectors, `tools` answers tools.
    #[must_use]
    pub fn new(models: Arc<dyn Outside>, tools: Arc<dyn Outside>) -> Self {
        Self { models, tools }
    }
}

impl Outside for Halves {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        self.models.chat(asked, request, patience, sink)
    }

    fn embed<'a>(
        &'a self,
        model: &'a Model,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        self.models.embed(model, request, patience)
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        self.tools.tool(tool, args, attempt)
    }
}
