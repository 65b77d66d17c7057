//! The JSON of the protocol. Items stay JSON: reasoning must go back as it came.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize, Debug)]
pub(super) struct Response {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) error: Option<Value>,
    #[serde(default)]
    pub(super) incomplete_details: Option<Incomplete>,
    #[serde(default)]
    pub(super) output: Vec<Value>,
    #[serde(default)]
    pub(super) usage: Option<Value>,
    #[serde(default)]
    pub(super) model: Option<String>,
}

#[derive(Deserialize, Debug)]
pub(super) struct Incomplete {
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// Any event of a stream.
#[derive(Deserialize, Debug)]
pub(super) struct StreamEvent {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) sequence_number: Option<u64>,
    #[serde(default)]
    pub(super) delta: Option<Value>,
    #[serde(default)]
    pub(super) response: Option<Value>,
}
