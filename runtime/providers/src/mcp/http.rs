//! A server at an address: one POST a message; the answer is JSON, or a stream of events that ends with it.

use flow_model::Patience;
use serde_json::Value;

use super::Broken;
use super::wire::{self, Message};
use crate::http::{Egress, HttpError, HttpRequest, Response, Trust, Verb};
use crate::secrets::SecretString;
use crate::sse::Parser;

pub(super) struct Session {
    egress: Egress,
    url: String,
    token: Option<SecretString>,
    /// As the server named it.
    id: Option<String>,
    last_id: u64,
    /// The server said that its tools changed.
    pub(super) changed: bool,
}

fn lost(error: HttpError) -> Broken {
    Broken::Lost(format!("cannot be reached: {}", error.message))
}

impl Session {
    pub(super) fn new(egress: Egress, url: &str, token: Option<SecretString>) -> Self {
        Self { egress, url: url.to_owned(), token, id: None, last_id: 0, changed: false }
    }

    pub(super) async fn request(
        &mut self,
        method: &str,
        params: Value,
        timeout_ms: u64,
    ) -> Result<Value, Broken> {
        self.last_id += 1;
        let id = self.last_id;
        let mut response = self.post(&wire::request(id, method, &params), timeout_ms).await?;
        if method == "initialize" {
            self.id = response.header("mcp-session-id").map(str::to_owned);
        }
        if response.content_type() == "text/event-stream" {
            return self.streamed(&mut response, id).await;
        }
        let body = response.body().await.map_err(lost)?;
        let message: Value = serde_json::from_slice(&body)
            .map_err(|_| Broken::Lost("answered something that is no JSON".to_owned()))?;
        match wire::read(&message, id) {
            Message::Answer(answer) => answer,
            Message::Question(_) | Message::Changed | Message::Other => {
                Err(Broken::Lost("answered another question".to_owned()))
            }
        }
    }

    pub(super) async fn notify(&mut self, method: &str, timeout_ms: u64) -> Result<(), Broken> {
        self.post(&wire::notification(method), timeout_ms).await.map(|_| ())
    }

    async fn post(&self, message: &Value, timeout_ms: u64) -> Result<Response, Broken> {
        let patience = Patience::of_attempt(timeout_ms);
        let mut request = HttpRequest::new(Verb::POST, &self.url, Trust::Literal, patience);
        request.json(message);
        request.header("accept", "application/json, text/event-stream").map_err(lost)?;
        request.header("mcp-protocol-version", wire::VERSION).map_err(lost)?;
        if let Some(id) = &self.id {
            request.header("mcp-session-id", id).map_err(lost)?;
        }
        if let Some(token) = &self.token {
            request.bearer(token).map_err(lost)?;
        }
        let response = self.egress.send(request).await.map_err(lost)?;
        match response.status {
            200..300 => Ok(response),
            status @ (401 | 403) => Err(Broken::Denied(format!("answered {status}: check its token"))),
            // The session is over: the next call starts another.
            404 if self.id.is_some() => Err(Broken::Lost("has forgotten the session".to_owned())),
            status @ (408 | 429 | 500..) => Err(Broken::Lost(format!("answered {status}"))),
            status => Err(Broken::Refused(format!("answered {status}"))),
        }
    }

    async fn streamed(&mut self, response: &mut Response, id: u64) -> Result<Value, Broken> {
        let mut parser = Parser::default();
        while let Some(piece) = response.chunk().await.map_err(lost)? {
            let events = parser.push(&piece).map_err(|error| Broken::Lost(error.to_string()))?;
            for event in events {
                let Ok(message) = serde_json::from_str(&event.data) else { continue };
                match wire::read(&message, id) {
                    Message::Answer(answer) => return answer,
                    Message::Changed => self.changed = true,
                    Message::Question(_) | Message::Other => {}
                }
            }
        }
        Err(Broken::Lost("ended the stream without an answer".to_owned()))
    }
}
