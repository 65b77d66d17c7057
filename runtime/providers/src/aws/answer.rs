//! What a service of AWS answers when it does not do what it was asked.

use flow_model::Patience;

use crate::http::{HttpError, HttpErrorKind, Response};
use crate::redact;

/// How long one attempt may take.
pub(super) const PATIENCE: Patience = Patience { first_byte_ms: 10_000, idle_ms: 10_000, total_ms: 60_000 };

/// Bytes of an error that are read.
const LONGEST: usize = 16 << 10;

/// Why a service did not do it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct AwsError {
    /// What to make of it.
    pub trouble: AwsTrouble,
    /// For people. Holds no secret.
    pub message: String,
}

/// What to make of an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AwsTrouble {
    /// There is no such object, or no such version of it.
    Missing,
    /// Another key, or another context than the key was made for.
    Key,
    /// Not allowed, or asked wrongly: trying again does not help.
    Refused,
    /// Too much, too soon, or not well: trying again may help, after this many ms at the earliest.
    Busy(Option<u64>),
}

impl AwsError {
    pub(super) fn new(trouble: AwsTrouble, message: impl Into<String>) -> Self {
        Self { trouble, message: message.into() }
    }
}

impl From<HttpError> for AwsError {
    fn from(error: HttpError) -> Self {
        let trouble = match error.kind {
            HttpErrorKind::Connect | HttpErrorKind::Timeout(_) | HttpErrorKind::Broken(_) => {
                AwsTrouble::Busy(None)
            }
            HttpErrorKind::BadAddress
            | HttpErrorKind::Forbidden
            | HttpErrorKind::Redirect
            | HttpErrorKind::Tls
            | HttpErrorKind::TooLarge(_) => AwsTrouble::Refused,
        };
        Self::new(trouble, error.message)
    }
}

/// Reads an answer that is an error.
pub(super) async fn failed(mut response: Response) -> AwsError {
    let mut text = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        text.extend_from_slice(&piece);
        if text.len() > LONGEST {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let (code, message) = if text.trim_start().starts_with('{') { json(&text) } else { xml(&text) };
    let asked = crate::http::retry_after_ms(&response.headers, jiff::Timestamp::now());
    let trouble = trouble(response.status, &code, asked);
    let words = [code.as_str(), &redact(&message, None)].join(": ");
    let words = words.trim_matches([':', ' ']);
    AwsError::new(trouble, format!("{} answered {}: {words}", response.origin, response.status))
}

fn trouble(status: u16, code: &str, asked: Option<u64>) -> AwsTrouble {
    match (status, code) {
        (_, "InvalidCiphertextException" | "IncorrectKeyException") => AwsTrouble::Key,
        (_, "KMSInternalException" | "DependencyTimeoutException" | "RequestTimeout") => {
            AwsTrouble::Busy(asked)
        }
        (429 | 500..=599, _) => AwsTrouble::Busy(asked),
        (_, code) if code.starts_with("Throttl") || code == "SlowDown" => AwsTrouble::Busy(asked),
        (_, "NoSuchKey" | "NoSuchVersion") => AwsTrouble::Missing,
        (404, "") => AwsTrouble::Missing,
        _ => AwsTrouble::Refused,
    }
}

/// `{"__type": "com.amazonaws.kms#NotFoundException", "message": "…"}`.
fn json(text: &str) -> (String, String) {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| value.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let code = field("__type").unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    (code, field("message").or_else(|| field("Message")).unwrap_or_default())
}

/// `<Error><Code>NoSuchKey</Code><Message>…</Message></Error>`.
fn xml(text: &str) -> (String, String) {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(inside, _)| inside.to_owned())
    };
    (element("Code").unwrap_or_default(), element("Message").unwrap_or_default())
}
