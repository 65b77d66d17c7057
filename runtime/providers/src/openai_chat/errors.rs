//! What a failure means. Decides by status and code; by the message only where servers give nothing else.

use flow_model::{ErrorKind, ModelError, Phase};
use jiff::Timestamp;
use serde_json::Value;

use super::client::Target;
use crate::http::{HttpError, HttpErrorKind, Response, retry_after_ms};
use crate::secrets::redact;

/// No reply came.
pub(crate) fn from_transport(target: &Target, error: HttpError, events: u64) -> ModelError {
    let kind = match error.kind {
        HttpErrorKind::BadAddress | HttpErrorKind::Forbidden | HttpErrorKind::Redirect => {
            ErrorKind::InvalidRequest
        }
        HttpErrorKind::Connect => ErrorKind::Connect,
        HttpErrorKind::Tls => ErrorKind::Tls,
        HttpErrorKind::Timeout(phase) => ErrorKind::Timeout { phase },
        HttpErrorKind::Broken(bytes) => ErrorKind::PartialStream { bytes, events },
        HttpErrorKind::TooLarge(_) => ErrorKind::TooLarge,
    };
    let hint = match error.kind {
        HttpErrorKind::Connect => "; is the server running, and is the address right?",
        _ => "",
    };
    ModelError::new(kind, format!("{}: {}{hint}", target.named(), error.message))
}

/// A reply with an error status.
pub(crate) fn from_status(target: &Target, response: &Response, body: &[u8]) -> ModelError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let fields = Fields::of(json.as_ref());
    let wait = retry_after_ms(&response.headers, Timestamp::now());
    let status = response.status;
    let kind = kind_of(status, &fields, wait);
    let said = match fields.message {
        "" if looks_like_html(response, body) => ", with a web page instead of JSON".to_owned(),
        "" => String::new(),
        message => format!(": {}", redact(message, target.key.as_ref())),
    };
    let message =
        format!("{} answered {status}{}{said}{}", target.named(), meaning(&kind), advice(target, &kind));
    ModelError {
        kind,
        message,
        status: Some(status),
        request_id: response.header("x-request-id").map(str::to_owned),
        should_retry: match response.header("x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        },
    }
}

/// An error in a reply with status 200, whole or in the middle of a stream.
pub(crate) fn from_body(target: &Target, error: &Value) -> ModelError {
    let fields = Fields::inner(error);
    let status = fields.status.unwrap_or(500);
    let kind = kind_of(status, &fields, None);
    let said = redact(fields.message, target.key.as_ref());
    ModelError::new(kind, format!("{} sent an error instead of an answer: {said}", target.named()))
}

/// A reply with status 200 that is not in the protocol.
pub(crate) fn malformed(target: &Target, response: &Response, body: &[u8], why: &str) -> ModelError {
    let named = target.named();
    let message = if looks_like_html(response, body) {
        format!(
            "{named} answered with a web page instead of JSON; is the address the API's base, such as https://…/v1?"
        )
    } else {
        let kind = match response.content_type() {
            empty if empty.is_empty() => "no content type".to_owned(),
            given => given,
        };
        format!("{named} answered something that is no chat completion ({kind}, {} bytes): {why}", body.len())
    };
    ModelError { status: Some(response.status), ..ModelError::new(ErrorKind::MalformedResponse, message) }
}

fn looks_like_html(response: &Response, body: &[u8]) -> bool {
    response.content_type() == "text/html" || body.trim_ascii_start().first() == Some(&b'<')
}

/// What error bodies say, in all the shapes that are around.
#[derive(Default)]
struct Fields<'a> {
    message: &'a str,
    code: &'a str,
    kind: &'a str,
    status: Option<u16>,
}

impl<'a> Fields<'a> {
    /// Of `{"error": …}`, and of bodies that are the error themselves (old vLLM, FastAPI).
    fn of(body: Option<&'a Value>) -> Self {
        match body {
            Some(body) => Self::inner(body.get("error").unwrap_or(body)),
            None => Self::default(),
        }
    }

    fn inner(error: &'a Value) -> Self {
        if let Some(message) = error.as_str() {
            return Self { message, ..Self::default() };
        }
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let message = match text("message") {
            "" => text("detail"),
            message => message,
        };
        let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        Self { message, code: text("code"), kind: text("type"), status }
    }

    fn says(&self, words: &[&str]) -> bool {
        let lower = self.message.to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word))
    }
}

fn kind_of(status: u16, fields: &Fields<'_>, wait: Option<u64>) -> ErrorKind {
    if let Some(kind) = kind_by_code(fields, wait) {
        return kind;
    }
    match status {
        401 => ErrorKind::Auth,
        402 => ErrorKind::QuotaExhausted,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout { phase: Phase::Total },
        409 | 503 | 529 => ErrorKind::Overloaded { retry_after_ms: wait },
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited { retry_after_ms: wait },
        500.. => ErrorKind::Upstream5xx { retry_after_ms: wait },
        _ if fields.says(&["context length", "context window", "maximum context"]) => {
            ErrorKind::ContextTooLong
        }
        _ => ErrorKind::InvalidRequest,
    }
}

fn kind_by_code(fields: &Fields<'_>, wait: Option<u64>) -> Option<ErrorKind> {
    let kind = match (fields.code, fields.kind) {
        ("insufficient_quota" | "billing_hard_limit_reached" | "credit_balance_exhausted", _)
        | (_, "insufficient_quota") => ErrorKind::QuotaExhausted,
        ("context_length_exceeded", _) => ErrorKind::ContextTooLong,
        ("content_filter" | "content_policy_violation", _) => ErrorKind::ContentPolicy,
        ("rate_limit_exceeded", _) => ErrorKind::RateLimited { retry_after_ms: wait },
        ("invalid_api_key", _) => ErrorKind::Auth,
        ("model_not_found", _) => ErrorKind::NotFound,
        _ => return None,
    };
    Some(kind)
}

fn meaning(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited { .. } => " (too many requests)",
        ErrorKind::QuotaExhausted => " (the quota or the credit is used up)",
        ErrorKind::Overloaded { .. } => " (no capacity)",
        ErrorKind::ContextTooLong => " (the request does not fit the model)",
        ErrorKind::ContentPolicy => " (its content filter refuses)",
        _ => "",
    }
}

fn advice(target: &Target, kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Auth if target.key.is_none() => format!("; no key was sent: set {}", target.key_name),
        ErrorKind::Auth | ErrorKind::Permission => format!("; check {}", target.key_name),
        ErrorKind::NotFound => {
            format!("; does it serve `{}`, and is the address its base (…/v1)?", target.id)
        }
        ErrorKind::RateLimited { retry_after_ms: Some(ms) }
        | ErrorKind::Overloaded { retry_after_ms: Some(ms) } => {
            format!("; it asks to wait {ms} ms")
        }
        _ => String::new(),
    }
}
