//! An answer out of its pieces; a whole one is one piece. There is no terminal event: the answer is complete when a
//! candidate says why it stopped and the body ends properly.

use flow_model::{ChatReply, Delta, DeltaSink, Finish, ToolCall, Usage, Verbatim};
use serde_json::{Value, json};

use super::{map, wire};
use crate::client::{Assembler, Step};
use crate::sse::Event;

#[derive(Default)]
pub(super) struct Candidates {
    parts: Vec<Value>,
    text: String,
    calls: Vec<ToolCall>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    model: String,
    id: Option<String>,
    block: Option<String>,
}

impl Candidates {
    pub(super) fn add(&mut self, answer: wire::Answer, sink: &mut Option<DeltaSink<'_>>) {
        self.usage = answer.usage_metadata.as_ref().and_then(map::usage).or(self.usage.take());
        self.model = answer.model_version.unwrap_or(std::mem::take(&mut self.model));
        self.id = answer.response_id.or(self.id.take());
        self.block = answer.prompt_feedback.and_then(|feedback| feedback.block_reason).or(self.block.take());
        let Some(candidate) = answer.candidates.into_iter().next() else { return };
        if let Some(reason) = candidate.finish_reason {
            self.finish = Some(map::finish(&reason));
        }
        for part in candidate.content.map(|content| content.parts).unwrap_or_default() {
            self.part(part, sink);
        }
    }

    fn part(&mut self, part: Value, sink: &mut Option<DeltaSink<'_>>) {
        let is_thought = part.get("thought").and_then(Value::as_bool) == Some(true);
        if let (Some(text), false) = (part.get("text").and_then(Value::as_str), is_thought) {
            self.text.push_str(text);
            if let Some(sink) = sink.as_mut().filter(|_| !text.is_empty()) {
                sink(Delta::Text(text.to_owned()));
            }
        }
        if let Some(call) = part.get("functionCall") {
            let text = |name: &str| call.get(name).and_then(Value::as_str).map(str::to_owned);
            let id = text("id").unwrap_or_else(|| format!("{}{}", map::MADE_UP, self.calls.len()));
            let arguments = call.get("args").map_or_else(|| "{}".to_owned(), Value::to_string);
            self.calls.push(ToolCall { id, name: text("name").unwrap_or_default(), arguments });
        }
        // The last piece is often an empty text.
        let is_empty =
            part.get("text").and_then(Value::as_str) == Some("") && part.get("thoughtSignature").is_none();
        if !is_empty {
            self.parts.push(part);
        }
    }

    /// A request that was turned away comes with status 200 and no candidate.
    pub(super) fn blocked(&self) -> Option<Value> {
        let reason = self.block.as_deref().filter(|_| self.finish.is_none())?;
        Some(
            json!({ "message": format!("the request was blocked: {reason}"), "status": "BLOCKED", "code": 400 }),
        )
    }

    /// The answer, if it says why the model stopped.
    pub(super) fn reply(self) -> Option<ChatReply> {
        let finish = match self.finish? {
            Finish::Stop if !self.calls.is_empty() => Finish::ToolCall,
            finish => finish,
        };
        // Signatures must go back with the parts that they stand on.
        let repeats = self
            .parts
            .iter()
            .any(|part| part.get("thoughtSignature").is_some() || part.get("thought").is_some());
        Some(ChatReply {
            text: self.text,
            tool_calls: self.calls,
            finish,
            usage: self.usage,
            model: self.model,
            request_id: self.id,
            verbatim: repeats
                .then(|| Verbatim { wire: map::WIRE.to_owned(), content: Value::Array(self.parts) }),
            ..ChatReply::default()
        })
    }
}

impl Assembler for Candidates {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        let Ok(answer) = serde_json::from_str::<wire::Answer>(&event.data) else {
            return Step::Malformed;
        };
        if let Some(error) = answer.error {
            return Step::Failed(error);
        }
        self.add(answer, sink);
        self.blocked().map_or(Step::Go, Step::Failed)
    }

    fn may_end(&self) -> bool {
        true
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        self.reply()
    }
}
