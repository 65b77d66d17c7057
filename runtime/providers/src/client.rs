//! One client for all protocols: send, check, put together.
//!
//! A protocol says how a request is written and what the pieces of a reply mean ([`Protocol`], [`Assembler`]); this
//! file does what is equal for all of them, so that none can forget it: statuses, errors inside of a reply with
//! status 200, deadlines, and above all that an answer without its end is never an answer.

use flow_model::{
    ChatReply, ChatRequest, Delta, DeltaSink, EmbedReply, EmbedRequest, ErrorKind, ModelClient, ModelError,
    Output, Patience, RerankReply, RerankRequest,
};
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::failure::{self, Judge};
use crate::framing::Framing;
use crate::http::{Egress, HttpRequest, Response, Trust, Verb};
use crate::limits::limits_of;
use crate::sse::Event;
use crate::target::{Proof, Target};

/// A request of a protocol, without credentials.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Prepared {
    /// Absolute.
    pub(crate) url: String,
    /// Beside the content type.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Prepared {
    pub(crate) const fn new(url: String, body: Value) -> Self {
        Self { url, headers: Vec::new(), body }
    }
}

/// Sets a field of an object.
pub(crate) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// A whole reply.
pub(crate) enum Whole<T> {
    Reply(T),
    /// An error with status 200.
    Failed(Value),
    /// Not in the protocol, and why.
    Malformed(String),
}

impl<T> Whole<T> {
    /// What `serde` says about a body.
    pub(crate) fn parse<W: serde::de::DeserializeOwned>(body: &[u8], map: impl FnOnce(W) -> Self) -> Self {
        match serde_json::from_slice(body) {
            Ok(wire) => map(wire),
            Err(error) => Self::Malformed(failure::place_of(&error)),
        }
    }
}

/// What one event of a stream says.
pub(crate) enum Step {
    /// More will come.
    Go,
    /// The terminal event.
    Done,
    /// An error inside of the stream.
    Failed(Value),
    /// Not in the protocol.
    Malformed,
}

/// A streamed answer while it comes.
pub(crate) trait Assembler: Send {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step;

    /// Whether the end of the body may be the end of the answer: protocols without a terminal event.
    fn may_end(&self) -> bool {
        false
    }

    /// The answer, if the stream said why the model stopped.
    fn finish(self: Box<Self>) -> Option<ChatReply>;
}

/// How one provider is asked.
pub(crate) trait Protocol: Send + Sync {
    /// As in `something that is no chat completion`.
    fn noun(&self) -> &'static str;
    fn judge(&self) -> Judge;
    fn prepare(&self, target: &Target, request: &ChatRequest, stream: bool) -> Result<Prepared, ModelError>;
    /// Reads a whole answer to a request for this output.
    fn whole(&self, body: &[u8], asked: &Output) -> Whole<ChatReply>;
    fn framing(&self) -> Framing;
    fn assembler(&self) -> Box<dyn Assembler>;
}

/// Texts to vectors.
pub(crate) trait Embedding: Send + Sync {
    fn judge(&self) -> Judge;
    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared;
    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply>;
}

/// Texts in order.
pub(crate) trait Reranking: Send + Sync {
    fn prepare(&self, target: &Target, request: &RerankRequest) -> Prepared;
    fn whole(&self, body: &[u8], wanted: usize) -> Whole<RerankReply>;
}

/// Where bytes go.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) egress: Egress,
    pub(crate) target: Target,
}

impl Wire {
    /// Sends JSON and checks the status of the reply.
    pub(crate) async fn post(
        &self,
        prepared: &Prepared,
        patience: Patience,
        judge: Judge,
    ) -> Result<Response, ModelError> {
        let mut request = HttpRequest::new(Verb::POST, &prepared.url, Trust::Literal, patience);
        request.json(&prepared.body);
        self.send(request, &prepared.headers, judge).await
    }

    /// Asks for something without sending anything.
    pub(crate) async fn get(&self, url: &str, patience: Patience) -> Result<Response, ModelError> {
        let request = HttpRequest::new(Verb::GET, url, Trust::Literal, patience);
        self.send(request, &[], |_, _| None).await
    }

    async fn send(
        &self,
        mut request: HttpRequest,
        headers: &[(&'static str, String)],
        judge: Judge,
    ) -> Result<Response, ModelError> {
        let transport = |error| failure::from_transport(&self.target, error, 0);
        for (name, value) in headers {
            request.header(name, value).map_err(transport)?;
        }
        match &self.target.proof {
            Proof::None => {}
            Proof::Bearer(key) => request.bearer(key).map_err(transport)?,
            Proof::Header(name, key) => request.secret(name, key).map_err(transport)?,
            Proof::Aws(credentials) => {
                crate::aws::sign(credentials, &mut request, jiff::Timestamp::now()).map_err(transport)?;
            }
        }
        let mut response = self.egress.send(request).await.map_err(transport)?;
        if (200..300).contains(&response.status) {
            return Ok(response);
        }
        // An error whose body breaks off is still that error.
        let body = response.body().await.unwrap_or_default();
        Err(failure::from_status(&self.target, &response, &body, judge))
    }

    /// Reads a whole body in a protocol.
    pub(crate) async fn whole<T>(
        &self,
        response: &mut Response,
        noun: &str,
        judge: Judge,
        read: impl FnOnce(&[u8]) -> Whole<T>,
    ) -> Result<T, ModelError> {
        let body = response.body().await.map_err(|error| failure::from_transport(&self.target, error, 0))?;
        match read(&body) {
            Whole::Reply(reply) => Ok(reply),
            Whole::Failed(error) => Err(failure::from_body(&self.target, &error, judge)),
            Whole::Malformed(why) => Err(match error_in(&body) {
                Some(error) => failure::from_body(&self.target, &error, judge),
                None => failure::malformed(&self.target, response, &body, noun, &why),
            }),
        }
    }

    fn partial(&self, response: &Response, events: u64) -> ModelError {
        let bytes = response.received();
        let message = format!(
            "{}: the stream ended after {events} events without saying that it is complete, so the answer is not used",
            self.target.named()
        );
        ModelError {
            request_id: failure::request_id(response),
            ..ModelError::new(ErrorKind::PartialStream { bytes, events }, message)
        }
    }
}

/// What is no answer may still say why: `{"error": …}` with status 200.
fn error_in(body: &[u8]) -> Option<Value> {
    let json: Value = serde_json::from_slice(body).ok()?;
    json.get("error").filter(|error| error.is_string() || error.is_object()).cloned()
}

/// A model behind any protocol.
pub(crate) struct Client {
    pub(crate) wire: Wire,
    pub(crate) chat: Option<Box<dyn Protocol>>,
    pub(crate) embed: Option<Box<dyn Embedding>>,
    pub(crate) rerank: Option<Box<dyn Reranking>>,
}

impl Client {
    fn cannot(&self, what: &str) -> ModelError {
        let message = format!("{} cannot {what}", self.wire.target.named());
        ModelError::new(ErrorKind::Unsupported, message)
    }

    async fn unary(
        &self,
        chat: &dyn Protocol,
        request: &ChatRequest,
        patience: Patience,
    ) -> Result<ChatReply, ModelError> {
        let prepared = chat.prepare(&self.wire.target, request, false)?;
        let mut response = self.wire.post(&prepared, patience, chat.judge()).await?;
        self.read_whole(chat, request, &mut response).await
    }

    async fn read_whole(
        &self,
        chat: &dyn Protocol,
        request: &ChatRequest,
        response: &mut Response,
    ) -> Result<ChatReply, ModelError> {
        let read = |body: &[u8]| chat.whole(body, &request.output);
        let reply = self.wire.whole(response, chat.noun(), chat.judge(), read).await?;
        Ok(with_head(reply, response))
    }

    async fn streamed(
        &self,
        chat: &dyn Protocol,
        request: &ChatRequest,
        patience: Patience,
        sink: DeltaSink<'_>,
    ) -> Result<ChatReply, ModelError> {
        let prepared = chat.prepare(&self.wire.target, request, true)?;
        let mut response = self.wire.post(&prepared, patience, chat.judge()).await?;
        let framing = chat.framing();
        // A server that ignores the wish for a stream may still answer whole; that is fine, it only comes late.
        if !framing.fits(&response.content_type()) {
            let reply = self.read_whole(chat, request, &mut response).await?;
            if !reply.text.is_empty() {
                sink(Delta::Text(reply.text.clone()));
            }
            return Ok(reply);
        }
        let reply = self.assemble(chat, framing, &mut response, Some(sink)).await?;
        Ok(with_head(reply, &response))
    }

    async fn assemble(
        &self,
        chat: &dyn Protocol,
        mut framing: Framing,
        response: &mut Response,
        mut sink: Option<DeltaSink<'_>>,
    ) -> Result<ChatReply, ModelError> {
        let target = &self.wire.target;
        let mut answer = chat.assembler();
        let mut count = 0;
        loop {
            let piece = response.chunk().await;
            let piece = piece.map_err(|error| failure::from_transport(target, error, count))?;
            let Some(piece) = piece else {
                let partial = self.wire.partial(response, count);
                return if answer.may_end() { answer.finish().ok_or(partial) } else { Err(partial) };
            };
            let events = framing
                .push(&piece)
                .map_err(|why| failure::malformed(target, response, &[], chat.noun(), &why))?;
            for event in events {
                count += 1;
                match answer.take(&event, &mut sink) {
                    Step::Go => {}
                    Step::Failed(error) => return Err(failure::from_body(target, &error, chat.judge())),
                    Step::Malformed => {
                        let why = "an event of the stream is no JSON chunk";
                        return Err(failure::malformed(target, response, &[], chat.noun(), why));
                    }
                    Step::Done => {
                        let partial = self.wire.partial(response, count);
                        return answer.finish().ok_or(partial);
                    }
                }
            }
        }
    }
}

fn with_head(reply: ChatReply, response: &Response) -> ChatReply {
    let request_id = failure::request_id(response).or(reply.request_id);
    ChatReply { request_id, limits: limits_of(response), ..reply }
}

impl ModelClient for Client {
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(async move {
            let chat = self.chat.as_deref().ok_or_else(|| self.cannot("answer prompts"))?;
            match sink {
                Some(sink) => self.streamed(chat, request, patience, sink).await,
                None => self.unary(chat, request, patience).await,
            }
        })
    }

    fn embed<'a>(
        &'a self,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        Box::pin(async move {
            let embed = self.embed.as_deref().ok_or_else(|| self.cannot("turn texts into vectors"))?;
            let prepared = embed.prepare(&self.wire.target, request);
            let mut response = self.wire.post(&prepared, patience, embed.judge()).await?;
            let wanted = request.texts.len();
            let read = |body: &[u8]| embed.whole(body, wanted);
            self.wire.whole(&mut response, "list of vectors", embed.judge(), read).await
        })
    }

    fn rerank<'a>(
        &'a self,
        request: &'a RerankRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<RerankReply, ModelError>> {
        Box::pin(async move {
            let rerank = self.rerank.as_deref().ok_or_else(|| self.cannot("put texts in order"))?;
            let prepared = rerank.prepare(&self.wire.target, request);
            let mut response = self.wire.post(&prepared, patience, |_, _| None).await?;
            let wanted = request.texts.len();
            let read = |body: &[u8]| rerank.whole(body, wanted);
            self.wire.whole(&mut response, "ranking", |_, _| None, read).await
        })
    }
}
