//! A streamed answer. The terminal event holds all of it, so the pieces are for watching only; their numbers tell
//! whether one is missing.

use flow_model::{ChatReply, Delta, DeltaSink};
use serde_json::Value;

use super::client::whole;
use super::wire;
use crate::client::{Assembler, Step, Whole};
use crate::sse::Event;

#[derive(Default)]
pub(super) struct Events {
    last: Option<u64>,
    reply: Option<ChatReply>,
}

impl Assembler for Events {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        // Some gateways close the stream as the chat protocol does.
        if event.data.trim() == "[DONE]" {
            return Step::Done;
        }
        let Ok(parsed) = serde_json::from_str::<wire::StreamEvent>(&event.data) else {
            return Step::Malformed;
        };
        if self.lacks_one_before(parsed.sequence_number) {
            return Step::Done;
        }
        match parsed.kind.as_str() {
            "response.output_text.delta" => {
                let text = parsed.delta.as_ref().and_then(Value::as_str).unwrap_or_default();
                if let Some(sink) = sink.as_mut().filter(|_| !text.is_empty()) {
                    sink(Delta::Text(text.to_owned()));
                }
                Step::Go
            }
            "error" => Step::Failed(serde_json::from_str(&event.data).unwrap_or_default()),
            "response.completed" | "response.incomplete" | "response.failed" => self.end(parsed.response),
            _ => Step::Go,
        }
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        self.reply
    }
}

impl Events {
    /// A gap in the numbers: a piece was lost on the way, and what follows is no answer.
    fn lacks_one_before(&mut self, number: Option<u64>) -> bool {
        let gap = matches!((self.last, number), (Some(last), Some(number)) if number != last + 1);
        self.last = number.or(self.last);
        gap
    }

    fn end(&mut self, response: Option<Value>) -> Step {
        let Some(Ok(response)) = response.map(serde_json::from_value::<wire::Response>) else {
            return Step::Malformed;
        };
        match whole(response) {
            Whole::Reply(reply) => {
                self.reply = Some(reply);
                Step::Done
            }
            Whole::Failed(error) => Step::Failed(error),
            Whole::Malformed(_) => Step::Malformed,
        }
    }
}
