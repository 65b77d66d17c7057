//! From a declared model to a client.

use std::sync::Arc;

use flow_ir::setup::{Model, Provider};
use flow_model::{ErrorKind, ModelClient, ModelError};
use secrecy::SecretString;

use crate::http::Egress;
use crate::openai_chat::{Dialect, OpenAiClient, Target};
use crate::secrets::Secrets;

const OPENAI: &str = "https://api.openai.com/v1";

/// What the host decides about addresses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Routing {
    /// Stands for OpenAI's address (`OPENAI_BASE_URL`).
    pub openai_base: Option<String>,
    /// Whether `openai_base` stands for the address of every model, whatever protocol it declares.
    pub for_all: bool,
}

/// Clients for the models of a package.
#[derive(Clone)]
pub struct Providers {
    egress: Egress,
    secrets: Arc<dyn Secrets>,
    routing: Routing,
}

impl Providers {
    /// From the way out, the keys and the host's decisions.
    #[must_use]
    pub fn new(egress: Egress, secrets: Arc<dyn Secrets>, routing: Routing) -> Self {
        Self { egress, secrets, routing }
    }

    /// The client of a model. Nothing is sent yet.
    ///
    /// # Errors
    /// A protocol that this build does not speak, or no key.
    pub fn client(&self, model: &Model) -> Result<Arc<dyn ModelClient>, ModelError> {
        let target = self.target(model)?;
        Ok(Arc::new(OpenAiClient::new(self.egress.clone(), target)))
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

    fn target(&self, model: &Model) -> Result<Target, ModelError> {
        if let Some(base) = self.routing.openai_base.as_deref().filter(|_| self.routing.for_all) {
            // A key that was declared for another provider must not go to the address that replaces it.
            return Ok(self.openai(model, base, "OPENAI_API_KEY", Dialect::OpenAi));
        }
        let key = model.auth.as_deref().unwrap_or("OPENAI_API_KEY");
        match model.provider {
            Provider::Openai => {
                let base = model.address.as_deref().or(self.routing.openai_base.as_deref());
                let target = self.openai(model, base.unwrap_or(OPENAI), key, Dialect::OpenAi);
                if target.key.is_none() && target.base == OPENAI { Err(no_key(&target)) } else { Ok(target) }
            }
            Provider::OpenaiCompatible => self.compatible(model),
            Provider::Anthropic => Err(cannot_speak(model, "anthropic")),
            Provider::Bedrock => Err(cannot_speak(model, "bedrock")),
            Provider::Vertex => Err(cannot_speak(model, "vertex")),
            Provider::Gemini => Err(cannot_speak(model, "gemini")),
            Provider::Registry => Err(cannot_speak(model, "registry")),
        }
    }

    fn compatible(&self, model: &Model) -> Result<Target, ModelError> {
        let Some(address) = model.address.as_deref() else {
            let message = format!(
                "model `{}` has no address: write the base, such as `http://127.0.0.1:8080/v1`",
                model.name
            );
            return Err(ModelError::new(ErrorKind::Unsupported, message));
        };
        match &model.auth {
            Some(key) => {
                let target = self.openai(model, address, key, Dialect::Compatible);
                if target.key.is_none() { Err(no_key(&target)) } else { Ok(target) }
            }
            // OpenAI's key is not for others: without `auth` nothing is sent.
            None => {
                let target = self.openai(model, address, "", Dialect::Compatible);
                Ok(Target { key_name: format!("`auth` of model `{}`", model.name), ..target })
            }
        }
    }

    fn openai(&self, model: &Model, base: &str, key: &str, dialect: Dialect) -> Target {
        Target {
            name: model.name.to_string(),
            id: model.id.to_string(),
            base: base.trim_end_matches('/').to_owned(),
            key: self.key(key),
            key_name: crate::secrets::variable_of(key),
            dialect,
        }
    }

    fn key(&self, name: &str) -> Option<SecretString> {
        if name.is_empty() { None } else { self.secrets.secret(name) }
    }
}

fn no_key(target: &Target) -> ModelError {
    let message = format!(
        "{} needs a key: set {}, or use recorded answers with --cassette",
        target.named(),
        target.key_name
    );
    ModelError::new(ErrorKind::Auth, message)
}

fn cannot_speak(model: &Model, protocol: &str) -> ModelError {
    let message = format!(
        "model `{}` speaks {protocol}, which this build cannot yet; use --cassette or an openai_compatible address",
        model.name
    );
    ModelError::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests;
