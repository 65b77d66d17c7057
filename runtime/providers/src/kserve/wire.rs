//! The JSON of the protocol.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `GET /v2/models/{model}`.
#[derive(Deserialize, Debug)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) inputs: Option<Vec<TensorSpec>>,
    #[serde(default)]
    pub(super) outputs: Option<Vec<TensorSpec>>,
}

#[derive(Deserialize, Debug, Clone)]
pub(super) struct TensorSpec {
    pub(super) name: String,
    pub(super) datatype: String,
    #[serde(default)]
    pub(super) shape: Vec<i64>,
}

#[derive(Serialize, Debug)]
pub(super) struct InferRequest<'a> {
    pub(super) inputs: Vec<InputTensor<'a>>,
    pub(super) outputs: Vec<OutputName<'a>>,
}

#[derive(Serialize, Debug)]
pub(super) struct InputTensor<'a> {
    pub(super) name: &'a str,
    pub(super) shape: Vec<usize>,
    pub(super) datatype: &'a str,
    pub(super) data: Vec<&'a str>,
}

#[derive(Serialize, Debug)]
pub(super) struct OutputName<'a> {
    pub(super) name: &'a str,
}

#[derive(Deserialize, Debug)]
pub(super) struct InferReply {
    #[serde(default)]
    pub(super) model_name: String,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) outputs: Vec<OutputTensor>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Deserialize, Debug)]
pub(super) struct OutputTensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) datatype: String,
    pub(super) data: Value,
}
