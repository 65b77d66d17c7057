//! From a declared model to a client.

mod credentials;

pub use credentials::default_key;

use std::path::PathBuf;
use std::sync::Arc;

use flow_ir::setup::{Model, Provider};
use flow_model::{ErrorKind, ModelClient, ModelError};

use crate::anthropic::Anthropic;
use crate::bedrock::Bedrock;
use crate::client::{Client, Embedding, Protocol, Reranking, Wire};
use crate::embeddings::{CohereEmbed, GeminiEmbed, OllamaEmbed, OpenAiEmbed, TeiEmbed, VoyageEmbed};
use crate::gemini::Gemini;
use crate::http::Egress;
use crate::http_model::HttpModel;
use crate::kserve::{KServe, Known};
use crate::mcp::{McpServer, McpServers};
use crate::ollama::Ollama;
use crate::openai_chat::{Dialect, OpenAiChat};
use crate::openai_responses::Responses;
use crate::rerank::Rerank;
use crate::secrets::Secrets;
use crate::target::{Proof, Target};

/// What the host decides about addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routing {
    /// Stands for OpenAI's address (`OPENAI_BASE_URL`).
    pub openai_base: Option<String>,
    /// Whether `openai_base` stands for the address of every model, whatever protocol it declares.
    pub for_all: bool,
    /// Stand for the addresses of other providers (`ANTHROPIC_BASE_URL`, `OLLAMA_HOST`).
    pub bases: Vec<(Provider, String)>,
}

/// Clients for the models of a package.
#[derive(Clone)]
pub struct Providers {
    egress: Egress,
    secrets: Arc<dyn Secrets>,
    routing: Routing,
    tensors: Known,
}

impl Providers {
    /// From the way out, the keys and the host's decisions.
    #[must_use]
    pub fn new(egress: Egress, secrets: Arc<dyn Secrets>, routing: Routing) -> Self {
        Self { egress, secrets, routing, tensors: Known::default() }
    }

    /// The client of a model. Nothing is sent yet.
    ///
    /// # Errors
    /// No key, no address, or a model that the registry would have to name.
    pub fn client(&self, model: &Model) -> Result<Arc<dyn ModelClient>, ModelError> {
        let target = self.target(model)?;
        let wire = Wire { egress: self.egress.clone(), target };
        if self.for_all().is_some() {
            return Ok(Arc::new(openai(wire, Dialect::OpenAi)));
        }
        if model.provider == Provider::Kserve {
            return Ok(Arc::new(KServe::new(wire, self.tensors.clone())));
        }
        let (chat, embed, rerank) = protocols(model);
        Ok(Arc::new(Client { wire, chat, embed, rerank }))
    }

    /// Where a model is asked and with whose key. Nothing is sent.
    ///
    /// # Errors
    /// As [`Providers::client`].
    pub fn target(&self, model: &Model) -> Result<Target, ModelError> {
        credentials::target(self, model)
    }

    /// The way out, for tools.
    #[must_use]
    pub const fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The keys, for tools.
    #[must_use]
    pub fn secrets(&self) -> &dyn Secrets {
        &*self.secrets
    }

    /// The MCP servers of a package. None is started yet.
    #[must_use]
    pub fn mcp(&self, servers: Vec<McpServer>, directory: PathBuf) -> McpServers {
        McpServers::new(servers, directory, self.egress.clone(), Arc::clone(&self.secrets))
    }

    /// The address that stands for all.
    fn for_all(&self) -> Option<&str> {
        self.routing.openai_base.as_deref().filter(|_| self.routing.for_all)
    }
}

fn openai(wire: Wire, dialect: Dialect) -> Client {
    Client {
        wire,
        chat: Some(Box::new(OpenAiChat { dialect })),
        embed: Some(Box::new(OpenAiEmbed::OPENAI)),
        rerank: None,
    }
}

type Protocols = (Option<Box<dyn Protocol>>, Option<Box<dyn Embedding>>, Option<Box<dyn Reranking>>);

/// What each provider's wire can do.
fn protocols(model: &Model) -> Protocols {
    let chat = |dialect| Some(Box::new(OpenAiChat { dialect }) as Box<dyn Protocol>);
    let openai_embed = || Some(Box::new(OpenAiEmbed::OPENAI) as Box<dyn Embedding>);
    match model.provider {
        Provider::Openai | Provider::Azure => (chat(Dialect::OpenAi), openai_embed(), None),
        // vLLM and llama.cpp put texts in order as Jina does.
        Provider::OpenaiCompatible => {
            (chat(Dialect::Compatible), openai_embed(), Some(Box::new(Rerank::Compatible)))
        }
        Provider::OpenaiResponses => (Some(Box::new(Responses)), openai_embed(), None),
        Provider::Anthropic => (Some(Box::new(Anthropic)), None, None),
        Provider::Gemini => (Some(Box::new(Gemini)), Some(Box::new(GeminiEmbed)), None),
        Provider::Vertex => (Some(Box::new(Gemini)), None, None),
        Provider::Bedrock => (Some(Box::new(Bedrock)), None, None),
        Provider::Ollama => {
            (Some(Box::new(Ollama { context: model.context })), Some(Box::new(OllamaEmbed)), None)
        }
        Provider::Http => (Some(Box::new(HttpModel)), Some(Box::new(HttpModel)), None),
        Provider::Cohere => (None, Some(Box::new(CohereEmbed)), Some(Box::new(Rerank::Cohere))),
        Provider::Voyage => (None, Some(Box::new(VoyageEmbed)), Some(Box::new(Rerank::Voyage))),
        Provider::Jina => (None, Some(Box::new(OpenAiEmbed::JINA)), Some(Box::new(Rerank::Jina))),
        Provider::Tei => (None, Some(Box::new(TeiEmbed)), Some(Box::new(Rerank::Tei))),
        Provider::Kserve | Provider::Registry => (None, None, None),
    }
}

/// A name that only the registry could turn into a model.
fn needs_registry(model: &Model) -> ModelError {
    let message = format!(
        "model `{}` is named by the registry (`{}`), which this build cannot reach; name a provider, or use --cassette",
        model.name, model.id
    );
    ModelError::new(ErrorKind::Unsupported, message)
}

fn no_key(target: &Target) -> ModelError {
    let message = format!(
        "{} needs a key: set {}, or use recorded answers with --cassette",
        target.named(),
        target.key_name
    );
    ModelError::new(ErrorKind::Auth, message)
}

fn no_address(model: &Model, example: &str) -> ModelError {
    let message = format!("model `{}` has no address: write the base, such as `{example}`", model.name);
    ModelError::new(ErrorKind::Unsupported, message)
}

/// A target without a proof.
fn bare(model: &Model, base: &str, key_name: String) -> Target {
    Target {
        name: model.name.to_string(),
        id: model.id.to_string(),
        base: base.trim_end_matches('/').to_owned(),
        proof: Proof::None,
        key_name,
    }
}

#[cfg(test)]
mod tests;
