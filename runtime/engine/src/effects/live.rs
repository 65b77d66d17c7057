//! The real world.

use std::path::PathBuf;

use flow_ir::setup::{Model, Tool};
use flow_ir::units::ErrorClass;
use flow_model::{ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ModelError, Patience};
use flow_providers::mcp::{McpServer, McpServers};
use flow_providers::tool::{ToolError, ToolReply};
use flow_providers::{Providers, SecretString, tool_command, tool_http, variable_of};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::outside::{Asked, Attempt, Outside};

/// Providers and tools as they are.
pub struct Live {
    providers: Providers,
    directory: PathBuf,
    mcp: McpServers,
}

impl Live {
    /// Commands and MCP servers run in this directory: the package's.
    #[must_use]
    pub fn new(providers: Providers, directory: PathBuf, servers: Vec<McpServer>) -> Self {
        let mcp = providers.mcp(servers, directory.clone());
        Self { providers, directory, mcp }
    }

    /// The token that a tool declares; a declared token that is not there is an error, not an anonymous call.
    fn token(&self, tool: &Tool) -> Result<Option<SecretString>, ToolError> {
        let Some(name) = tool.auth.as_deref() else { return Ok(None) };
        let found = self.providers.secrets().secret(name);
        found.map(Some).ok_or_else(|| ToolError {
            class: ErrorClass::Denied,
            message: format!(
                "`{}` needs the token `{name}`, and there is none: set {}",
                tool.name,
                variable_of(name)
            ),
            retryable: false,
            retry_after_ms: None,
        })
    }

    async fn perform(&self, tool: &Tool, attempt: Attempt) -> Result<ToolReply, ToolError> {
        let auth = self.token(tool)?;
        match attempt {
            Attempt::Http(call) => {
                tool_http::call(self.providers.egress(), &tool_http::HttpCall { auth, ..call }).await
            }
            Attempt::Command(call) => {
                let directory = self.directory.clone();
                tool_command::call(&tool_command::CommandCall { auth, directory, ..call }).await
            }
            // Its token is the server's, not the tool's.
            Attempt::Mcp(call) => self.mcp.call(&call).await,
        }
    }
}

impl Outside for Live {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(async move {
            let client = self.providers.client(asked.model)?;
            // The sink is lent again for as long as the client lives.
            let sink = sink.map(|sink| &mut *sink as DeltaSink<'_>);
            client.chat(request, patience, sink).await
        })
    }

    fn embed<'a>(
        &'a self,
        model: &'a Model,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        Box::pin(async move {
            let client = self.providers.client(model)?;
            client.embed(request, patience).await
        })
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        _args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        Box::pin(self.perform(tool, attempt))
    }
}
