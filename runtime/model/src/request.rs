//! What is asked of a model.

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// One chat call, complete: equal requests ask the same thing. Holds no credential and no address.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// The provider's name of the model.
    pub model: String,
    /// In the order sent.
    pub messages: Vec<Message>,
    /// What the answer must look like.
    pub output: Output,
    /// Most tokens of the answer; a hard cap at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// As the provider understands it; `None` is its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Tools that the model may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    /// Whether the probability of every token of the answer is wanted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub logprobs: bool,
    /// The messages at the front that are equal in every call of the prompt.
    #[serde(skip)]
    pub prefix: Prefix,
}

/// How much of a request is worth keeping in the provider's own cache: so many messages at its front, and the
/// tools with them. A wire that has markers sets one behind them; one that caches by itself needs none.
///
/// A hint: two requests that differ in it ask the same thing, so all are equal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prefix(pub usize);

impl PartialEq for Prefix {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Prefix {}

/// What an answer must look like.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Output {
    /// Free text.
    Text,
    /// JSON that fits a schema.
    Json {
        /// At most 64 of `A-Z a-z 0-9 _ -`.
        name: String,
        /// JSON Schema; the root is an object.
        schema: serde_json::Value,
        /// Whether the provider is to enforce it; a schema beyond its strict profile is only a hint.
        strict: bool,
    },
}

/// A tool as the model sees it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolSpec {
    /// At most 64 of `A-Z a-z 0-9 _ -`.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of the arguments; the root is an object.
    pub parameters: serde_json::Value,
}

impl ChatRequest {
    /// Bytes of everything that is text in it: what an estimate of tokens starts from.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        let messages: usize = self.messages.iter().map(|message| message.plain_text().len() + 8).sum();
        let schema = match &self.output {
            Output::Text => 0,
            Output::Json { schema, .. } => schema.to_string().len(),
        };
        let tools: usize = self.tools.iter().map(|tool| tool.parameters.to_string().len()).sum();
        (messages + schema + tools) as u64
    }
}
