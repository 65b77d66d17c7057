//! Making a recording.

use std::sync::{Arc, Mutex, PoisonError};

use flow_ir::setup::{Model, Tool};
use flow_model::{ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ModelError, Patience};
use flow_providers::SecretString;
use flow_providers::tool::{ToolError, ToolReply};
use futures_util::future::BoxFuture;
use serde_json::Value as Json;

use super::format::{Cassette, Exchange, PromptAnswer, ToolAnswer};
use super::replay::Replay;
use crate::effects::outside::{Asked, Attempt, Outside};

/// Writes down what another world answers. With an earlier recording it asks only for what that does not hold.
pub struct Recorder {
    world: Arc<dyn Outside>,
    earlier: Option<Replay>,
    secrets: Vec<SecretString>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// Around a world. The secrets are taken out of everything that is written, should anyone have echoed them.
    #[must_use]
    pub fn new(world: Arc<dyn Outside>, earlier: Option<Replay>, secrets: Vec<SecretString>) -> Self {
        Self { world, earlier, secrets, exchanges: Mutex::default() }
    }

    /// The recording so far. Unused answers of an earlier recording are not in it.
    #[must_use]
    pub fn cassette(&self) -> Cassette {
        // Nothing that runs under the lock can panic half-way.
        let exchanges = self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let cassette = Cassette::new(exchanges);
        // A value that cannot be read back was not changed: then nothing was taken out of it.
        let Ok(mut json) = serde_json::to_value(&cassette) else { return cassette };
        self.clean(&mut json);
        serde_json::from_value(json).unwrap_or(Cassette::new(Vec::new()))
    }

    fn clean(&self, json: &mut Json) {
        match json {
            Json::String(text) => {
                for secret in &self.secrets {
                    flow_providers::scrub(text, secret);
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.clean(item)),
            Json::Object(fields) => fields.values_mut().for_each(|value| self.clean(value)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn keep(&self, exchange: Exchange) {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }

    fn keep_prompt(&self, asked: Asked<'_>, request: &ChatRequest, answer: PromptAnswer) {
        self.keep(Exchange::Prompt {
            name: asked.prompt.to_owned(),
            digest: Some(asked.digest.to_owned()),
            model: Some(asked.model.name.to_string()),
            request: Some(Box::new(request.clone())),
            answer,
        });
    }
}

impl Outside for Recorder {
    fn chat<'a>(
        &'a self,
        asked: Asked<'a>,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(async move {
            let earlier = self.earlier.as_ref().and_then(|earlier| earlier.prompt(asked, request).ok());
            let result = match earlier {
                Some(PromptAnswer::Reply(reply)) => Ok(*reply),
                Some(PromptAnswer::Error(error)) => Err(error),
                None => self.world.chat(asked, request, patience, sink).await,
            };
            let answer = match &result {
                Ok(reply) => PromptAnswer::Reply(Box::new(reply.clone())),
                Err(error) => PromptAnswer::Error(error.clone()),
            };
            self.keep_prompt(asked, request, answer);
            result
        })
    }

    fn embed<'a>(
        &'a self,
        model: &'a Model,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        // A replay makes vectors without a model, so what is searched here must be found by the same vectors.
        let _ = (model, patience);
        Box::pin(std::future::ready(Ok(crate::effects::outside::hashed(request))))
    }

    fn tool<'a>(
        &'a self,
        tool: &'a Tool,
        args: &'a Json,
        attempt: Attempt,
    ) -> BoxFuture<'a, Result<ToolReply, ToolError>> {
        Box::pin(async move {
            let earlier = self.earlier.as_ref().and_then(|earlier| earlier.answer_of_tool(&tool.name, args));
            let result = match earlier {
                Some(answer) => answer.into(),
                None => self.world.tool(tool, args, attempt).await,
            };
            let (name, args) = (tool.name.to_string(), Some(args.clone()));
            self.keep(Exchange::Tool { name, args, answer: ToolAnswer::from(result.clone()) });
            result
        })
    }
}
