//! The file.

use flow_ir::units::ErrorClass;
use flow_model::{ChatReply, ChatRequest, ModelError};
use flow_providers::tool::{ToolError, ToolReply};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The format that this version reads and writes.
const FORMAT: &str = "flow-cassette/1";

/// A recording: exchanges in the order in which they ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    format: String,
    /// In order; those of one callable answer its calls in this order.
    pub exchanges: Vec<Exchange>,
}

/// One attempt and how it ended. Written by hand, only the name and the answer are needed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Exchange {
    /// A model was asked.
    Prompt {
        /// As declared.
        name: String,
        /// Of the prompt when it was recorded; without it, the answer fits every version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        /// As declared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// What was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Box<ChatRequest>>,
        /// What came back.
        answer: PromptAnswer,
    },
    /// A tool was called.
    Tool {
        /// As declared.
        name: String,
        /// Its arguments; without them, the answer fits every call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        args: Option<Json>,
        /// What came back.
        answer: ToolAnswer,
    },
}

/// What a model answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum PromptAnswer {
    Reply(Box<ChatReply>),
    Error(ModelError),
}

/// What a tool answered.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolAnswer {
    /// JSON.
    Json(Json),
    /// A success without content.
    Empty,
    /// There is no such thing.
    Absent,
    /// It failed.
    Error {
        /// What flows route on.
        class: ErrorClass,
        /// For people.
        message: String,
        /// Whether it may be tried again.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retryable: bool,
        /// ms to wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

/// Why a text is no recording.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CassetteError {
    /// No JSON, or of another shape.
    #[error("this is no cassette: {0}")]
    Malformed(String),
    /// Another version wrote it.
    #[error(
        "this cassette is `{0}`, this version reads `{FORMAT}`; record it again with `flowc test --record`"
    )]
    Format(String),
}

impl Cassette {
    /// Of these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self { format: FORMAT.to_owned(), exchanges }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// See [`CassetteError`].
    pub fn parse(text: &str) -> Result<Self, CassetteError> {
        let json: Json =
            serde_json::from_str(text).map_err(|error| CassetteError::Malformed(error.to_string()))?;
        match json.get("format").and_then(Json::as_str) {
            Some(FORMAT) => {}
            Some(other) => return Err(CassetteError::Format(other.to_owned())),
            None => {
                return Err(CassetteError::Malformed(format!("it does not say `\"format\": \"{FORMAT}\"`")));
            }
        }
        serde_json::from_value(json).map_err(|error| CassetteError::Malformed(error.to_string()))
    }

    /// The file's text; people read and review it, so it has lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Every map of it has keys of text.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl From<Result<ToolReply, ToolError>> for ToolAnswer {
    fn from(result: Result<ToolReply, ToolError>) -> Self {
        match result {
            Ok(ToolReply::Json(json)) => Self::Json(json),
            Ok(ToolReply::Empty) => Self::Empty,
            Ok(ToolReply::Absent) => Self::Absent,
            Err(ToolError { class, message, retryable, retry_after_ms }) => {
                Self::Error { class, message, retryable, retry_after_ms }
            }
        }
    }
}

impl From<ToolAnswer> for Result<ToolReply, ToolError> {
    fn from(answer: ToolAnswer) -> Self {
        match answer {
            ToolAnswer::Json(json) => Ok(ToolReply::Json(json)),
            ToolAnswer::Empty => Ok(ToolReply::Empty),
            ToolAnswer::Absent => Ok(ToolReply::Absent),
            ToolAnswer::Error { class, message, retryable, retry_after_ms } => {
                Err(ToolError { class, message, retryable, retry_after_ms })
            }
        }
    }
}
