//! A model that is no more than an address: JSON in, JSON out. Ray Serve, BentoML, a function behind a URL.
//!
//! ```text
//! POST <address>  {"model": …, "messages": [{"role": "user", "content": "…"}], "schema": …, "max_output": …}
//! 200             {"text": "…", …}                    free text, or a structured answer as a text
//!                 {"urgency": 2, …}                   the structured answer itself
//! 200             {"vectors": [[…], …]}               for {"texts": ["…", …]}
//! ```
//!
//! Fields beside `text` are ignored. Where the schema has a field `text` of its own, an object is the structured answer
//! itself.

use flow_model::{
    ChatReply, ChatRequest, EmbedReply, EmbedRequest, ErrorKind, Finish, ModelError, Output, Part, Role,
};
use serde_json::{Value, json};

use crate::client::{Assembler, Embedding, Prepared, Protocol, Whole, put};
use crate::failure::{Judge, Said};
use crate::framing::Framing;
use crate::media::cannot_send;
use crate::target::Target;

/// `POST <address>`.
pub(crate) struct HttpModel;

fn judge(_said: &Said, _wait: Option<u64>) -> Option<ErrorKind> {
    None
}

impl Protocol for HttpModel {
    fn noun(&self) -> &'static str {
        "answer of a model over plain HTTP"
    }

    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &ChatRequest, _stream: bool) -> Result<Prepared, ModelError> {
        if !request.tools.is_empty() {
            return Err(cannot_send(target, "tools", ": plain HTTP has no words for them"));
        }
        let messages: Result<Vec<Value>, ModelError> = request
            .messages
            .iter()
            .map(|message| {
                if message.content.iter().any(|part| !matches!(part, Part::Text(_))) {
                    return Err(cannot_send(target, "media", ": plain HTTP has no words for them"));
                }
                let role = match message.role {
                    Role::System => "system",
                    Role::User | Role::Tool => "user",
                    Role::Assistant => "assistant",
                };
                Ok(json!({ "role": role, "content": message.plain_text() }))
            })
            .collect();
        let mut body = json!({ "model": request.model, "messages": messages? });
        if let Output::Json { schema, .. } = &request.output {
            put(&mut body, "schema", schema.clone());
        }
        if let Some(max) = request.max_output {
            put(&mut body, "max_output", json!(max));
        }
        if let Some(temperature) = request.temperature {
            put(&mut body, "temperature", json!(temperature));
        }
        Ok(Prepared::new(target.base.clone(), body))
    }

    fn whole(&self, body: &[u8], asked: &Output) -> Whole<ChatReply> {
        Whole::parse(body, |json: Value| {
            if let Some(error) = json.get("error").filter(|error| !error.is_null()) {
                return Whole::Failed(error.clone());
            }
            let text = match &json {
                Value::Null => return Whole::Malformed("it is `null`".to_owned()),
                Value::String(text) => text.clone(),
                other => envelope(other, asked).unwrap_or_else(|| other.to_string()),
            };
            Whole::Reply(ChatReply { text, finish: Finish::Stop, ..ChatReply::default() })
        })
    }

    fn framing(&self) -> Framing {
        Framing::sse()
    }

    /// Plain HTTP has no stream that could say it is complete, so one is never an answer.
    fn assembler(&self) -> Box<dyn Assembler> {
        Box::new(Never)
    }
}

/// The text of `{"text": "…"}`, unless that is the answer itself.
fn envelope(json: &Value, asked: &Output) -> Option<String> {
    let is_own = match asked {
        Output::Text => false,
        Output::Json { schema, .. } => schema.pointer("/properties/text").is_some(),
    };
    json.get("text").filter(|_| !is_own)?.as_str().map(str::to_owned)
}

struct Never;

impl Assembler for Never {
    fn take(
        &mut self,
        _event: &crate::sse::Event,
        _sink: &mut Option<flow_model::DeltaSink<'_>>,
    ) -> crate::client::Step {
        crate::client::Step::Malformed
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        None
    }
}

impl Embedding for HttpModel {
    fn judge(&self) -> Judge {
        judge
    }

    fn prepare(&self, target: &Target, request: &EmbedRequest) -> Prepared {
        Prepared::new(target.base.clone(), json!({ "model": request.model, "texts": request.texts }))
    }

    fn whole(&self, body: &[u8], wanted: usize) -> Whole<EmbedReply> {
        crate::embeddings::bare_lists(body, "/vectors", wanted)
    }
}
