//! `tool f(a: T): R = http.post("https://…")`: one attempt.

use flow_ir::setup::HttpMethod;
use flow_ir::units::ErrorClass;
use flow_model::Patience;
use jiff::Timestamp;
use serde_json::Value;

use crate::http::{Egress, HttpError, HttpErrorKind, HttpRequest, Response, Trust, Verb, retry_after_ms};
use crate::secrets::{SecretString, redact};
use crate::tool::{ToolError, ToolReply};

/// A call with everything evaluated.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// As declared, for messages.
    pub tool: String,
    /// The verb.
    pub method: HttpMethod,
    /// With holes filled and percent-encoded.
    pub url: String,
    /// Who decided the host.
    pub trust: Trust,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Sent as JSON.
    pub body: Option<Value>,
    /// Sent as a bearer token.
    pub auth: Option<SecretString>,
    /// Sent as `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Whether 404 is an answer.
    pub optional: bool,
    /// Whether plain text is an answer.
    pub text: bool,
    /// Whether only the status counts.
    pub discard: bool,
    /// Of this attempt.
    pub timeout_ms: u64,
}

/// Makes one attempt.
///
/// # Errors
/// Each way of failing with its class: see [`ToolError`].
///
/// # Cancel safety
/// Dropping the future closes the connection; the server may have done its work already.
pub async fn call(egress: &Egress, call: &HttpCall) -> Result<ToolReply, ToolError> {
    let failed = |error: HttpError| from_transport(call, &error);
    let request = request_of(call).map_err(failed)?;
    let mut response = egress.send(request).await.map_err(failed)?;
    let body = response.body().await.map_err(failed)?;
    match response.status {
        200..300 => answer(call, &response, &body),
        404 if call.optional => Ok(ToolReply::Absent),
        _ => Err(from_status(call, &response, &body)),
    }
}

fn request_of(call: &HttpCall) -> Result<HttpRequest, HttpError> {
    let verb = match call.method {
        HttpMethod::Get => Verb::GET,
        HttpMethod::Post => Verb::POST,
        HttpMethod::Put => Verb::PUT,
        HttpMethod::Patch => Verb::PATCH,
        HttpMethod::Delete => Verb::DELETE,
    };
    let mut request = HttpRequest::new(verb, &call.url, call.trust, Patience::of_attempt(call.timeout_ms));
    request.header(
        "accept",
        if call.text { "application/json, text/plain;q=0.9" } else { "application/json" },
    )?;
    if let Some(body) = &call.body {
        request.json(body);
    }
    if let Some(key) = &call.idempotency_key {
        request.header("idempotency-key", key)?;
    }
    for (name, value) in &call.headers {
        request.header(name, value)?;
    }
    if let Some(secret) = &call.auth {
        request.bearer(secret)?;
    }
    Ok(request)
}

fn answer(call: &HttpCall, response: &Response, body: &[u8]) -> Result<ToolReply, ToolError> {
    if call.discard || body.trim_ascii().is_empty() {
        return Ok(ToolReply::Empty);
    }
    let kind = response.content_type();
    if call.text && kind == "text/plain" {
        return Ok(ToolReply::Json(Value::String(String::from_utf8_lossy(body).into_owned())));
    }
    serde_json::from_slice(body).map(ToolReply::Json).map_err(|error| {
        let (tool, origin) = (&call.tool, &response.origin);
        let given = if kind.is_empty() { "no content type".to_owned() } else { format!("`{kind}`") };
        let why = match kind.contains("json") {
            true => format!(", but it breaks at line {} column {}", error.line(), error.column()),
            false => ", not JSON".to_owned(),
        };
        ToolError::new(
            ErrorClass::Invalid,
            format!("`{tool}`: {origin} answered {} with {given}{why}", response.status),
        )
    })
}

fn from_status(call: &HttpCall, response: &Response, body: &[u8]) -> ToolError {
    let (tool, origin, status) = (&call.tool, &response.origin, response.status);
    let class = match status {
        401 | 403 => ErrorClass::Denied,
        408 | 504 => ErrorClass::Timeout,
        429 | 500.. => ErrorClass::Overload,
        _ => ErrorClass::Failed,
    };
    let advice = match (status, &call.auth) {
        (401, None) => "; the tool sends no token: set `auth: vault(\"…\")`",
        (401 | 403, Some(_)) => "; check the token of its `auth`",
        (404, _) => "; return `T?` if there may be none",
        _ => "",
    };
    let said = said(body).map(|said| format!(": {}", redact(&said, call.auth.as_ref()))).unwrap_or_default();
    ToolError {
        retry_after_ms: retry_after_ms(&response.headers, Timestamp::now()),
        ..ToolError::new(class, format!("`{tool}`: {origin} answered {status}{said}{advice}"))
    }
}

/// The message of an error body, where it is in one of the usual places; nothing else of the body is shown.
fn said(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let places = ["/error/message", "/message", "/detail", "/title", "/error"];
    places.iter().find_map(|place| json.pointer(place)?.as_str()).map(str::to_owned)
}

fn from_transport(call: &HttpCall, error: &HttpError) -> ToolError {
    let class = match error.kind {
        HttpErrorKind::Forbidden => ErrorClass::Denied,
        HttpErrorKind::BadAddress | HttpErrorKind::Redirect => ErrorClass::Failed,
        HttpErrorKind::Timeout(_) => ErrorClass::Timeout,
        HttpErrorKind::Connect | HttpErrorKind::Tls | HttpErrorKind::Broken(_) => ErrorClass::Overload,
        HttpErrorKind::TooLarge(_) => ErrorClass::Invalid,
    };
    let distrust = error.kind == HttpErrorKind::Tls;
    let base = ToolError::new(class, format!("`{}`: {}", call.tool, error.message));
    ToolError { retryable: base.retryable && !distrust, ..base }
}
