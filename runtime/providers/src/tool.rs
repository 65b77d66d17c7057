//! What tools have in common: how one attempt ends.

use flow_ir::units::ErrorClass;
use serde_json::Value;

/// A failed attempt. The message names the tool and what to do; it holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ToolError {
    /// What flows route on.
    pub class: ErrorClass,
    /// For people.
    pub message: String,
    /// Whether time alone may heal it.
    pub retryable: bool,
    /// ms to wait, if the server says so.
    pub retry_after_ms: Option<u64>,
}

impl ToolError {
    pub(crate) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        let retryable = matches!(class, ErrorClass::Timeout | ErrorClass::Overload);
        Self { class, message: message.into(), retryable, retry_after_ms: None }
    }
}

/// What a tool answers.
#[derive(Clone, PartialEq, Debug)]
pub enum ToolReply {
    /// JSON, to be decoded into the tool's return type.
    Json(Value),
    /// A success without content.
    Empty,
    /// There is no such thing (404): `none` of an optional return type.
    Absent,
}
