//! Why a call of a model failed, and what follows from it.

use flow_ir::units::ErrorClass;
use serde::{Deserialize, Serialize};

/// A failed attempt. The message names the model or the address and what to do; it holds no secret, no prompt
/// and no reply.
#[derive(Clone, PartialEq, Debug, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
#[serde(deny_unknown_fields)]
pub struct ModelError {
    /// Only this decides what happens next.
    pub kind: ErrorKind,
    /// For people.
    pub message: String,
    /// The HTTP status, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The provider's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The provider's own word on repeating (`x-should-retry`); it wins over the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub should_retry: Option<bool>,
}

/// The kinds of failures, equal for all providers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The provider does not accept the request as it is.
    InvalidRequest,
    /// No key, or a wrong one.
    Auth,
    /// The key may not do this.
    Permission,
    /// No such model or address.
    NotFound,
    /// The request does not fit the model.
    ContextTooLong,
    /// The provider's filter refuses.
    ContentPolicy,
    /// The request or the reply is too large for the transport.
    TooLarge,
    /// Too many requests for now.
    RateLimited {
        /// ms to wait, if the provider says so.
        retry_after_ms: Option<u64>,
    },
    /// No money or quota left; waiting does not help.
    QuotaExhausted,
    /// No capacity for now.
    Overloaded {
        /// ms to wait, if the provider says so.
        retry_after_ms: Option<u64>,
    },
    /// A deadline has passed.
    Timeout {
        /// Which.
        phase: Phase,
    },
    /// The provider failed.
    Upstream5xx {
        /// ms to wait, if the provider says so.
        retry_after_ms: Option<u64>,
    },
    /// No connection.
    Connect,
    /// A connection, but no trust.
    Tls,
    /// The reply broke off.
    PartialStream {
        /// Received.
        bytes: u64,
        /// Received.
        events: u64,
    },
    /// The reply is not in the protocol: HTML, no JSON, a missing field.
    MalformedResponse,
    /// The answer does not fit its type.
    SchemaMismatch,
    /// Nobody waits for it any more.
    Cancelled,
    /// This build cannot make the call at all.
    Unsupported,
}

/// Which deadline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Until the connection stood.
    Connect,
    /// Until the first byte.
    FirstByte,
    /// Between two pieces.
    Idle,
    /// Of the attempt as a whole.
    Total,
}

impl Phase {
    /// As in `no connection within 5000 ms`.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no first byte",
            Self::Idle => "silence in the middle of the reply",
            Self::Total => "no complete reply",
        }
    }
}

impl ModelError {
    /// Without status and id.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None, request_id: None, should_retry: None }
    }

    /// What flows route on.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        self.kind.class()
    }

    /// Whether the same call may succeed on the same target.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.should_retry.unwrap_or_else(|| self.kind.is_transient())
    }
}

impl ErrorKind {
    /// What flows route on: prompts raise only `Timeout`, `Overload`, `Refused`, `Invalid` and `Budget`.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Timeout { .. } => ErrorClass::Timeout,
            Self::RateLimited { .. }
            | Self::QuotaExhausted
            | Self::Overloaded { .. }
            | Self::Upstream5xx { .. }
            | Self::Connect
            | Self::Tls
            | Self::PartialStream { .. }
            | Self::Cancelled => ErrorClass::Overload,
            Self::Auth | Self::Permission | Self::NotFound | Self::ContentPolicy | Self::Unsupported => {
                ErrorClass::Refused
            }
            Self::InvalidRequest
            | Self::ContextTooLong
            | Self::TooLarge
            | Self::MalformedResponse
            | Self::SchemaMismatch => ErrorClass::Invalid,
        }
    }

    /// Whether time alone may heal it.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::Overloaded { .. }
            | Self::Timeout { .. }
            | Self::Upstream5xx { .. }
            | Self::Connect
            | Self::PartialStream { .. }
            | Self::MalformedResponse => true,
            Self::InvalidRequest
            | Self::Auth
            | Self::Permission
            | Self::NotFound
            | Self::ContextTooLong
            | Self::ContentPolicy
            | Self::TooLarge
            | Self::QuotaExhausted
            | Self::Tls
            | Self::SchemaMismatch
            | Self::Cancelled
            | Self::Unsupported => false,
        }
    }

    /// Whether another model may be asked instead. A refusal is an answer, so nobody else is asked.
    #[must_use]
    pub const fn may_fall_back(&self) -> bool {
        !matches!(self, Self::ContentPolicy | Self::Cancelled)
    }

    /// How long the provider wants us to wait, ms.
    #[must_use]
    pub const fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms }
            | Self::Overloaded { retry_after_ms }
            | Self::Upstream5xx { retry_after_ms } => *retry_after_ms,
            _ => None,
        }
    }
}
