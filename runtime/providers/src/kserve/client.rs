//! The calls: what the model takes, then the inference.

use flow_model::{
    ChatReply, ChatRequest, Delta, DeltaSink, EmbedReply, EmbedRequest, ErrorKind, Finish, Message,
    ModelClient, ModelError, Output, Part, Patience,
};
use futures_util::future::BoxFuture;

use super::known::{Known, Use};
use super::map::{self, Names};
use super::wire::{InferReply, InferRequest, InputTensor, Metadata, OutputName};
use crate::aws::encode_segment;
use crate::client::{Prepared, Whole, Wire};
use crate::failure;
use crate::media::cannot_send;

/// A model behind the protocol.
pub(crate) struct KServe {
    wire: Wire,
    known: Known,
}

const NOUN: &str = "answer of the Open Inference Protocol";

impl KServe {
    pub(crate) const fn new(wire: Wire, known: Known) -> Self {
        Self { wire, known }
    }

    fn model_url(&self, model: &str) -> String {
        format!("{}/v2/models/{}", self.wire.target.base, encode_segment(model))
    }

    /// What it takes.
    async fn names(&self, model: &str, patience: Patience, of: Use) -> Result<Names, ModelError> {
        let url = self.model_url(model);
        if let Some(names) = self.known.get(&url, of) {
            return Ok(names);
        }
        let mut response = self.wire.get(&url, patience).await?;
        let parse = |body: &[u8]| Whole::parse(body, |metadata: Metadata| Whole::Reply(metadata));
        let metadata = self.wire.whole(&mut response, "metadata of a model", |_, _| None, parse).await?;
        let picked = match of {
            Use::Text => map::text_names(metadata),
            Use::Vectors => map::vector_names(metadata),
        };
        let names = picked.map_err(|why| {
            let message = format!("{} cannot be used so: {why}", self.wire.target.named());
            ModelError::new(ErrorKind::Unsupported, message)
        })?;
        self.known.keep(url, of, names.clone());
        Ok(names)
    }

    /// A model that was exchanged may take something else.
    fn doubt(&self, model: &str, error: &ModelError) {
        let says_so = matches!(
            error.kind,
            ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::MalformedResponse
        );
        if says_so {
            self.known.forget(&self.model_url(model));
        }
    }

    async fn infer(
        &self,
        model: &str,
        names: &Names,
        texts: Vec<&str>,
        patience: Patience,
    ) -> Result<(InferReply, Option<String>), ModelError> {
        let shape = map::input_shape(&names.input, texts.len());
        let input = InputTensor { name: &names.input.name, shape, datatype: "BYTES", data: texts };
        let outputs = vec![OutputName { name: &names.output.name }];
        let body = serde_json::to_value(InferRequest { inputs: vec![input], outputs })
            .map_err(|error| ModelError::new(ErrorKind::InvalidRequest, error.to_string()))?;
        let prepared = Prepared::new(format!("{}/infer", self.model_url(model)), body);
        let mut response = self.wire.post(&prepared, patience, |_, _| None).await?;
        let parse = |body: &[u8]| {
            Whole::parse(body, |reply: InferReply| match reply.error.clone() {
                Some(error) => Whole::Failed(error),
                None => Whole::Reply(reply),
            })
        };
        let reply = self.wire.whole(&mut response, NOUN, |_, _| None, parse).await?;
        let request_id = failure::request_id(&response).or_else(|| reply.id.clone());
        Ok((reply, request_id))
    }

    fn malformed(&self, why: &str) -> ModelError {
        let message = format!("{} answered something that is no {NOUN}: {why}", self.wire.target.named());
        ModelError::new(ErrorKind::MalformedResponse, message)
    }

    async fn ask(
        &self,
        request: &ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'_>>,
    ) -> Result<ChatReply, ModelError> {
        let text = prompt(self, request)?;
        let names = self.names(&request.model, patience, Use::Text).await?;
        let asked = self.infer(&request.model, &names, vec![&text], patience).await;
        let read = asked.and_then(|(reply, request_id)| {
            let text = map::text(&reply, &names).map_err(|why| self.malformed(&why))?;
            Ok((text, reply.model_name, request_id))
        });
        let (text, model, request_id) = read.inspect_err(|error| self.doubt(&request.model, error))?;
        if let Some(sink) = sink {
            sink(Delta::Text(text.clone()));
        }
        Ok(ChatReply { text, finish: Finish::Stop, model, request_id, ..ChatReply::default() })
    }
}

/// A tensor holds one text: all messages, one after another.
fn prompt(kserve: &KServe, request: &ChatRequest) -> Result<String, ModelError> {
    let target = &kserve.wire.target;
    if !request.tools.is_empty() {
        return Err(cannot_send(target, "tools", ": tensors have no words for them"));
    }
    let is_media = |message: &Message| message.content.iter().any(|part| !matches!(part, Part::Text(_)));
    if request.messages.iter().any(is_media) {
        return Err(cannot_send(target, "media", ": it takes one text"));
    }
    let mut texts: Vec<String> = request.messages.iter().map(Message::plain_text).collect();
    if let Output::Json { schema, .. } = &request.output {
        texts.push(crate::schema::told(schema));
    }
    Ok(texts.join("\n\n"))
}

impl ModelClient for KServe {
    /// Whole answers only: the sink is told everything at the end.
    fn chat<'a>(
        &'a self,
        request: &'a ChatRequest,
        patience: Patience,
        sink: Option<DeltaSink<'a>>,
    ) -> BoxFuture<'a, Result<ChatReply, ModelError>> {
        Box::pin(self.ask(request, patience, sink))
    }

    fn embed<'a>(
        &'a self,
        request: &'a EmbedRequest,
        patience: Patience,
    ) -> BoxFuture<'a, Result<EmbedReply, ModelError>> {
        Box::pin(async move {
            let names = self.names(&request.model, patience, Use::Vectors).await?;
            let texts = request.texts.iter().map(String::as_str).collect();
            let asked = self.infer(&request.model, &names, texts, patience).await;
            let read = asked.and_then(|(reply, _)| {
                let vectors = map::vectors(&reply, &names, request.texts.len());
                let vectors = vectors.map_err(|why| self.malformed(&why))?;
                Ok(EmbedReply { vectors, usage: None, model: reply.model_name })
            });
            read.inspect_err(|error| self.doubt(&request.model, error))
        })
    }
}
