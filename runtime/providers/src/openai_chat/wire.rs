//! The JSON of the protocol. Fields that we do not use are ignored; enum values are texts.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Debug)]
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    pub(super) messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_format: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream_options: Option<Value>,
}

/// `chat.completion` and `chat.completion.chunk`.
#[derive(Deserialize, Debug)]
pub(super) struct Completion {
    #[serde(default)]
    pub(super) model: Option<String>,
    /// Absent in error bodies; empty in the usage chunk and in Azure's first chunk.
    #[serde(default)]
    pub(super) choices: Option<Vec<Choice>>,
    #[serde(default)]
    pub(super) usage: Option<Value>,
    /// Some servers send errors with status 200.
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Choice {
    /// `delta` in chunks.
    #[serde(default, alias = "delta")]
    pub(super) message: Option<Message>,
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
    #[serde(default)]
    pub(super) logprobs: Option<Logprobs>,
}

#[derive(Deserialize, Debug, Default)]
pub(super) struct Message {
    /// Text, or parts.
    #[serde(default)]
    pub(super) content: Option<Value>,
    #[serde(default)]
    pub(super) refusal: Option<String>,
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<Call>>,
    /// What the model thought, under the names that servers have for it.
    #[serde(default)]
    pub(super) reasoning_content: Option<Value>,
    #[serde(default)]
    pub(super) reasoning: Option<Value>,
    #[serde(default)]
    pub(super) reasoning_details: Option<Value>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Call {
    /// Missing on some servers.
    #[serde(default)]
    pub(super) index: Option<usize>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) function: Option<Function>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Function {
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Text; an object on some servers.
    #[serde(default)]
    pub(super) arguments: Option<Value>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Logprobs {
    #[serde(default)]
    pub(super) content: Option<Vec<Logprob>>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Logprob {
    pub(super) token: String,
    pub(super) logprob: f64,
}

impl Message {
    /// The reasoning fields that are there, by name.
    pub(super) fn take_reasoning(&mut self) -> impl Iterator<Item = (&'static str, Value)> + use<> {
        let fields = [
            ("reasoning_content", self.reasoning_content.take()),
            ("reasoning", self.reasoning.take()),
            ("reasoning_details", self.reasoning_details.take()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_null())?)))
    }
}
