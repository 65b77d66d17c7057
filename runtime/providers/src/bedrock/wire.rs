//! The JSON of the protocol. Blocks stay JSON: reasoning must go back as it came.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) output: Option<Output>,
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
    #[serde(default)]
    pub(super) usage: Option<Value>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Output {
    pub(super) message: Message,
}

#[derive(Deserialize, Debug)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Vec<Value>,
}

/// The payload of any event.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    #[serde(default)]
    pub(super) content_block_index: usize,
    #[serde(default)]
    pub(super) start: Option<Value>,
    #[serde(default)]
    pub(super) delta: Option<Delta>,
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
    #[serde(default)]
    pub(super) usage: Option<Value>,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delta {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) tool_use: Option<Input>,
    #[serde(default)]
    pub(super) reasoning_content: Option<Reasoning>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Input {
    #[serde(default)]
    pub(super) input: String,
}

#[derive(Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reasoning {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) signature: Option<String>,
    #[serde(default)]
    pub(super) redacted_content: Option<String>,
}
