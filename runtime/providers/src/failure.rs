//! What a failure means. Decides by status and code; by the message only where servers give nothing else.

use flow_model::{ErrorKind, ModelError};
use jiff::Timestamp;
use serde_json::Value;

use crate::http::{HttpError, HttpErrorKind, Response, retry_after_ms};
use crate::secrets::redact;
use crate::target::{Proof, Target};

/// What a protocol knows better than the statuses of HTTP.
pub(crate) type Judge = fn(&Said, Option<u64>) -> Option<ErrorKind>;

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
pub(crate) fn from_status(target: &Target, response: &Response, body: &[u8], judge: Judge) -> ModelError {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let mut said = json.as_ref().map(Said::of).unwrap_or_default();
    if let Some(kind) = response.header("x-amzn-errortype") {
        kind.split([':', '#']).next().unwrap_or_default().clone_into(&mut said.code);
    }
    let wait = retry_after_ms(&response.headers, Timestamp::now()).or(said.wait_ms);
    let status = response.status;
    said.status = Some(status);
    let kind = judge(&said, wait).unwrap_or_else(|| kind_of(status, &said, wait));
    let words = match said.message.as_str() {
        "" if looks_like_html(response, body) => ", with a web page instead of JSON".to_owned(),
        "" => String::new(),
        message => format!(": {}", redact(message, target.secret())),
    };
    let message =
        format!("{} answered {status}{}{words}{}", target.named(), meaning(&kind), advice(target, &kind));
    ModelError {
        kind,
        message,
        status: Some(status),
        request_id: request_id(response),
        should_retry: match response.header("x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        },
    }
}

/// An error in a reply with status 200, whole or in the middle of a stream.
pub(crate) fn from_body(target: &Target, error: &Value, judge: Judge) -> ModelError {
    let said = Said::of(error);
    let status = said.status.unwrap_or(500);
    let kind = judge(&said, said.wait_ms).unwrap_or_else(|| kind_of(status, &said, said.wait_ms));
    let words = redact(&said.message, target.secret());
    ModelError::new(kind, format!("{} sent an error instead of an answer: {words}", target.named()))
}

/// A reply with status 200 that is not in the protocol.
pub(crate) fn malformed(
    target: &Target,
    response: &Response,
    bytes: &[u8],
    what: &str,
    why: &str,
) -> ModelError {
    let named = target.named();
    let message = if looks_like_html(response, bytes) {
        format!(
            "{named} answered with a web page instead of JSON; is the address the API's base, such as https://…/v1?"
        )
    } else {
        let kind = match response.content_type() {
            empty if empty.is_empty() => "no content type".to_owned(),
            given => given,
        };
        let size = bytes.len().max(usize::try_from(response.received()).unwrap_or(0));
        format!("{named} answered something that is no {what} ({kind}, {size} bytes): {why}")
    };
    ModelError {
        status: Some(response.status),
        request_id: request_id(response),
        ..ModelError::new(ErrorKind::MalformedResponse, message)
    }
}

/// The provider's id of a request, under the names that are around.
pub(crate) fn request_id(response: &Response) -> Option<String> {
    const NAMES: [&str; 5] =
        ["x-request-id", "request-id", "apim-request-id", "x-amzn-requestid", "x-goog-request-id"];
    NAMES.iter().find_map(|name| response.header(name)).map(str::to_owned)
}

fn looks_like_html(response: &Response, body: &[u8]) -> bool {
    response.content_type() == "text/html" || body.trim_ascii_start().first() == Some(&b'<')
}

/// Line and column, without the text: a reply never gets into a message.
pub(crate) fn place_of(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => "a field has another type than the protocol says".to_owned(),
        serde_json::error::Category::Eof => "the JSON is cut off".to_owned(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("no JSON at line {} column {}", error.line(), error.column())
        }
    }
}

/// What error bodies say, in all the shapes that are around.
#[derive(Clone, Default, Debug)]
pub(crate) struct Said {
    pub(crate) message: String,
    /// `code`, Google's `status`, AWS's `__type`.
    pub(crate) code: String,
    pub(crate) kind: String,
    /// Anthropic's `details.error_code`, Azure's `innererror.code`, Google's quotas.
    pub(crate) detail: String,
    pub(crate) status: Option<u16>,
    pub(crate) wait_ms: Option<u64>,
}

impl Said {
    /// Of `{"error": …}`, of a list around it (Google), and of bodies that are the error themselves (old vLLM,
    /// FastAPI, AWS).
    pub(crate) fn of(body: &Value) -> Self {
        let body = body.get(0).unwrap_or(body);
        let error = body.get("error").filter(|error| !error.is_null()).unwrap_or(body);
        match error.as_str() {
            Some(message) => Self { message: message.to_owned(), ..Self::default() },
            None => Self::fields(error),
        }
    }

    fn fields(error: &Value) -> Self {
        let text =
            |pointer: &str| error.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let first = |all: &[&str]| all.iter().find_map(|one| text(one)).unwrap_or_default().to_owned();
        let status = error.get("code").and_then(Value::as_u64).or_else(|| error.get("status")?.as_u64());
        let details = error.get("details").and_then(Value::as_array);
        let details = details.map(Vec::as_slice).unwrap_or_default();
        Self {
            message: first(&["/message", "/Message", "/detail", "/msg"]),
            code: first(&["/code", "/status", "/__type"]),
            kind: first(&["/type"]),
            detail: match first(&["/details/error_code", "/innererror/code"]) {
                none if none.is_empty() => quota_of(details).unwrap_or_default(),
                found => found,
            },
            status: status.and_then(|code| u16::try_from(code).ok()),
            wait_ms: details.iter().find_map(retry_delay_ms),
        }
    }

    pub(crate) fn says(&self, words: &[&str]) -> bool {
        let lower = self.message.to_ascii_lowercase();
        words.iter().any(|word| lower.contains(word))
    }
}

/// `{"retryDelay": "23s"}` of google.rpc.RetryInfo.
fn retry_delay_ms(detail: &Value) -> Option<u64> {
    let seconds: f64 = detail.get("retryDelay")?.as_str()?.strip_suffix('s')?.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1000.0).ceil() as u64)
}

/// The ids of google.rpc.QuotaFailure.
fn quota_of(details: &[Value]) -> Option<String> {
    let violations = details.iter().find_map(|detail| detail.get("violations")?.as_array())?;
    let ids: Vec<&str> = violations.iter().filter_map(|one| one.get("quotaId")?.as_str()).collect();
    Some(ids.join(" "))
}

fn kind_of(status: u16, said: &Said, wait: Option<u64>) -> ErrorKind {
    match status {
        401 => ErrorKind::Auth,
        402 => ErrorKind::QuotaExhausted,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 | 504 => ErrorKind::Timeout { phase: flow_model::Phase::Total },
        409 | 503 | 529 => ErrorKind::Overloaded { retry_after_ms: wait },
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::RateLimited { retry_after_ms: wait },
        500.. => ErrorKind::Upstream5xx { retry_after_ms: wait },
        _ if said.says(&[
            "context length",
            "context window",
            "maximum context",
            "too many tokens",
            "prompt is too long",
        ]) =>
        {
            ErrorKind::ContextTooLong
        }
        _ => ErrorKind::InvalidRequest,
    }
}

const fn meaning(kind: &ErrorKind) -> &'static str {
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
        ErrorKind::Auth if matches!(target.proof, Proof::None) => {
            format!("; no key was sent: set {}", target.key_name)
        }
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
