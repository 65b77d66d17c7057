//! What a model answers.

use serde::{Deserialize, Serialize};

use crate::message::{ToolCall, Verbatim};

/// A complete answer. A stream becomes one only at the provider's terminal event.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatReply {
    /// The text; empty if there is none.
    pub text: String,
    /// The model declines, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Tools it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Why it stopped.
    #[serde(default)]
    pub finish: Finish,
    /// What it used; `None` if the provider does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The model as it names itself; empty if it does not.
    #[serde(default)]
    pub model: String,
    /// The provider's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The tokens of `text` in order, if they were asked for and the provider gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenProbability>,
    /// The turn as the provider wrote it, where a later request must repeat it: reasoning with its signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbatim: Option<Verbatim>,
    /// What the provider says it will still take. Known for live answers only.
    #[serde(skip)]
    pub limits: RateLimits,
}

/// What is left of a provider's limits, from the headers of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RateLimits {
    /// Requests until the reset.
    pub requests_left: Option<u64>,
    /// ms until the count of requests starts again.
    pub requests_reset_ms: Option<u64>,
    /// Tokens until the reset.
    pub tokens_left: Option<u64>,
    /// ms until the count of tokens starts again.
    pub tokens_reset_ms: Option<u64>,
}

/// Why a model stopped.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Finish {
    #[default]
    Stop,
    /// The cap on the answer was reached: it is incomplete.
    Length,
    ToolCall,
    ContentFilter,
    Refusal,
    StopSequence,
    /// The provider interrupted its own work; the turn is to be sent back to go on.
    Pause,
    ContextExceeded,
    Error,
    /// A reason that this version does not know, as the provider wrote it.
    Other(String),
}

impl Finish {
    /// Whether the answer stops before its end: its cap, the context, a pause or an error cut it off.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::Length | Self::ContextExceeded | Self::Pause | Self::Error)
    }

    /// For traces.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCall => "tool_call",
            Self::ContentFilter => "content_filter",
            Self::Refusal => "refusal",
            Self::StopSequence => "stop_sequence",
            Self::Pause => "pause",
            Self::ContextExceeded => "context_exceeded",
            Self::Error => "error",
            Self::Other(other) => other,
        }
    }
}

/// Tokens of one attempt. Absent is not zero.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Sent, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Part of `input` that was read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Part of `input` that was written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// Received, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// Part of `output` that is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Counted by us because the provider did not say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// As the provider wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<serde_json::Value>,
}

impl Usage {
    /// Tokens by size where the provider says nothing: three bytes a token, rounded up, so that a bill is
    /// rather too high than too low for the common scripts.
    #[must_use]
    pub fn estimate(sent_bytes: u64, received_bytes: u64) -> Self {
        let tokens = |bytes: u64| Some(bytes.div_ceil(3));
        Self { input: tokens(sent_bytes), output: tokens(received_bytes), estimated: true, ..Self::default() }
    }
}

/// One token of an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenProbability {
    /// Its text. A character cut between tokens shows as U+FFFD.
    pub token: String,
    /// Natural logarithm of its probability, at most 0.
    pub logprob: f64,
}
