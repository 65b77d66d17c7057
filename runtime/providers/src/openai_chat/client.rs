//! The calls.

use flow_model::{
    ChatReply, ChatRequest, DeltaSink, EmbedReply, EmbedRequest, ErrorKind, ModelClient, ModelError, Patience,
};
use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::stream::{Assembler, Step};
use super::{errors, map, wire};
use crate::http::{Egress, HttpRequest, Response, Trust, Verb};
use crate::sse::Parser;

/// Where the protocol differs between OpenAI and its imitators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// `max_completion_tokens`.
    OpenAi,
    /// `max_tokens`.
    Compatible,
}

/// Who is asked, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// As declared in the package.
    pub name: String,
    /// The provider's name of the model.
    pub id: String,
    /// Address without a slash at its end, such as `https://api.openai.com/v1`.
    pub base: String,
    /// Sent as a bearer token.
    pub key: Option<SecretString>,
    /// Where the key comes from, for messages.
    pub key_name: String,
    /// See [`Dialect`].
    pub dialect: Dialect,
}

impl Target {
    /// As in `` `fast` (gpt-5-mini at https://api.openai.com/v1) ``.
    #[must_use]
    pub fn named(&self) -> String {
        format!("`{}` ({} at {})", self.name, self.id, self.base)
    }
}

/// A model behind the protocol.
#[derive(Clone, Debug)]
pub struct OpenAiClient {
    pub(crate) egress: Egress,
    pub(crate) target: Target,
}

impl OpenAiClient {
    /// A client; connections are shared through the egress.
    #[must_use]
    pub const fn new(egress: Egress, target: Target) -> Self {
        Self { egress, target }
    }

    /// Sends a JSON body and checks the status of the reply.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        patience: Patience,
    ) -> Result<Response, ModelError> {
        let transport = |error| errors::from_transport(&self.target, error, 0);
        let url = format!("{}/{path}", self.target.base);
        let mut request = HttpRequest::new(Verb::POST, url, Trust::Literal, patience);
        request.json(body);
        if let Some(key) = &self.target.key {
            request.bearer(key).map_err(transport)?;
        }
        let mut response = self.egress.send(request).await.map_err(transport)?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        // An error whose body breaks off is still that error.
        let body = response.body().await.unwrap_or_default();
        Err(errors::from_status(&self.target, &response, &body))
    }

    async fn unary(&self, request: &ChatRequest, patience: Patience) -> Result<ChatReply, ModelError> {
        let mut response = self.post("chat/completions", &self.body(request, false)?, patience).await?;
        let body = response.body().await.map_err(|error| errors::from_transport(&self.target, error, 0))?;
        let completion: wire::Completion = serde_json::from_slice(&body)
            .map_err(|error| errors::malformed(&self.target, &response, &body, &place_of(&error)))?;
        if let Some(error) = completion.error.as_ref().filter(|error| !error.is_null()) {
            return Err(errors::from_body(&self.target, error));
        }
        let id = request_id(&response);
        map::reply(completion, id)
            .ok_or_else(|| errors::malformed(&self.target, &response, &body, "it holds no choice"))
    }

    async fn streamed(
        &self,
        request: &ChatRequest,
        patience: Patience,
        sink: DeltaSink<'_>,
    ) -> Result<ChatReply, ModelError> {
        let mut response = self.post("chat/completions", &self.body(request, true)?, patience).await?;
        if response.content_type() != "text/event-stream" {
            return self.not_a_stream(response).await;
        }
        let mut sink = Some(sink);
        let (mut parser, mut answer) = (Parser::default(), Assembler::default());
        loop {
            let piece = response.chunk().await;
            let piece = piece.map_err(|error| errors::from_transport(&self.target, error, answer.events))?;
            let Some(piece) = piece else { return Err(self.partial(&response, &answer)) };
            let events = parser
                .push(&piece)
                .map_err(|error| errors::malformed(&self.target, &response, &[], &error.to_string()))?;
            for event in events {
                match answer.take(&event.data, &mut sink) {
                    Step::Go => {}
                    Step::Failed(error) => return Err(errors::from_body(&self.target, &error)),
                    Step::Malformed => {
                        let why = "an event of the stream is no JSON chunk";
                        return Err(errors::malformed(&self.target, &response, &[], why));
                    }
                    Step::Done => {
                        let partial = self.partial(&response, &answer);
                        return answer.finish(request_id(&response)).ok_or(partial);
                    }
                }
            }
        }
    }

    /// A server that ignores `stream: true` may still answer whole; that is fine, it only comes late.
    async fn not_a_stream(&self, mut response: Response) -> Result<ChatReply, ModelError> {
        let body = response.body().await.map_err(|error| errors::from_transport(&self.target, error, 0))?;
        let malformed = |why: &str| errors::malformed(&self.target, &response, &body, why);
        let completion: wire::Completion =
            serde_json::from_slice(&body).map_err(|error| malformed(&place_of(&error)))?;
        if let Some(error) = completion.error.as_ref().filter(|error| !error.is_null()) {
            return Err(errors::from_body(&self.target, error));
        }
        map::reply(completion, request_id(&response))
            .ok_or_else(|| malformed("it is no stream and holds no choice"))
    }

    fn partial(&self, response: &Response, answer: &Assembler) -> ModelError {
        let (bytes, events) = (response.received(), answer.events);
        let message = format!(
            "{}: the stream ended after {events} events without saying that it is complete, so the answer is not used",
            self.target.named()
        );
        ModelError {
            request_id: request_id(response),
            ..ModelError::new(ErrorKind::PartialStream { bytes, events }, message)
        }
    }

    fn body(&self, request: &ChatRequest, stream: bool) -> Result<serde_json::Value, ModelError> {
        let wire = map::request(request, self.target.dialect, stream);
        serde_json::to_value(wire)
            .map_err(|error| ModelError::new(ErrorKind::InvalidRequest, error.to_string()))
    }
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

fn request_id(response: &Response) -> Option<String> {
    response.header("x-request-id").map(str::to_owned)
}

impl ModelClient for OpenAiClient {
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(async move {
            match sink {
                Some(sink) => self.streamed(request, patience, sink).await,
                None => self.unary(request, patience).await,
            }
        })
    }

    fn embed<'a>(
        &'a self,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        Box::pin(crate::embeddings::embed(self, request, patience))
    }
}
