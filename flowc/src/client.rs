//! A flowc server, asked by a command: `--server URL`.

use flow_model::Patience;
use flow_providers::http::{Egress, HttpRequest, Trust, Verb};
use flow_providers::{HostSecrets, Secrets as _};
use serde_json::Value as Json;

use crate::commands::run::{block_on, world};
use crate::exit::Stop;

/// The secret with the key that the server wants.
const KEY: &str = "FLOWC_KEY";

/// How long an answer is waited for.
const PATIENCE: Patience = Patience::of_attempt(120_000);

/// A server.
pub(crate) struct Client {
    /// Without a slash at the end.
    base: String,
    egress: Egress,
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Json,
}

impl Client {
    /// The server at an address such as `http://127.0.0.1:7171`. `FLOWC_KEY` holds its key.
    ///
    /// # Errors
    /// When the system has no usable TLS.
    pub(crate) fn new(base: &str) -> Result<Self, Stop> {
        let base = if base.contains("://") { base.to_owned() } else { format!("http://{base}") };
        Ok(Self { base: base.trim_end_matches('/').to_owned(), egress: world::way_out(&[])? })
    }

    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks for something.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, Stop> {
        let pair = |(name, value): &(&str, String)| format!("{name}={}", flow_providers::encoded(value));
        let query: Vec<String> = query.iter().map(pair).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        self.send(HttpRequest::new(
            Verb::GET,
            format!("{}{path}{query}", self.base),
            Trust::Literal,
            PATIENCE,
        ))
    }

    /// Sends something.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) fn post(&self, path: &str, body: &Json) -> Result<Answer, Stop> {
        let mut request =
            HttpRequest::new(Verb::POST, format!("{}{path}", self.base), Trust::Literal, PATIENCE);
        request.json(body);
        self.send(request)
    }

    fn send(&self, mut request: HttpRequest) -> Result<Answer, Stop> {
        let failed = |error: flow_providers::http::HttpError| {
            Stop::usage(format!("the server does not answer: {error}"))
        };
        if let Some(key) = HostSecrets::default().secret(KEY) {
            request.bearer(&key).map_err(failed)?;
        }
        let exchange = async {
            let mut response = self.egress.send(request).await?;
            Ok((response.status, response.body().await?))
        };
        let (status, body) = block_on(exchange)?.map_err(failed)?;
        let json = if body.is_empty() { Ok(Json::Null) } else { serde_json::from_slice(&body) };
        let strange = |_| Stop::usage(format!("{} answered {status}, and no JSON", self.base));
        Ok(Answer { status, json: json.map_err(strange)? })
    }
}

impl Answer {
    /// What was asked for.
    ///
    /// # Errors
    /// What the server says is wrong.
    pub(crate) fn ok(self) -> Result<Json, Stop> {
        if (200..300).contains(&self.status) {
            return Ok(self.json);
        }
        let error = self.json.get("error");
        let message = error.and_then(|error| error.get("message")).and_then(Json::as_str);
        let stop = Stop::usage(match message {
            Some(message) => format!("the server says: {message}"),
            None => format!("the server answered {}", self.status),
        });
        Err(match self.status {
            401 => stop.help(format!("{KEY} holds the key; `flowc keys add` makes one where the server is")),
            _ => stop,
        })
    }
}
