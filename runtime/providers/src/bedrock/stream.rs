//! A streamed answer, put together from its blocks. Usage comes after `messageStop`, so `metadata` is the end.

use std::collections::BTreeMap;

use flow_model::{ChatReply, Delta, DeltaSink, Finish, Usage};
use serde_json::{Value, json};

use super::{map, wire};
use crate::client::{Assembler, Step};
use crate::sse::Event;

#[derive(Default)]
pub(super) struct Blocks {
    blocks: BTreeMap<usize, Block>,
    finish: Option<Finish>,
    usage: Option<Usage>,
}

#[derive(Default)]
struct Block {
    tool: Option<Value>,
    text: String,
    input: String,
    reasoning: String,
    signature: Option<String>,
    redacted: Option<String>,
}

impl Assembler for Blocks {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        if let Some(exception) = event.name.strip_prefix("exception:") {
            return Step::Failed(failure(exception, &event.data));
        }
        let Ok(payload) = serde_json::from_str::<wire::Payload>(&event.data) else {
            return Step::Malformed;
        };
        match event.name.as_str() {
            "contentBlockStart" => {
                let tool = payload.start.and_then(|start| start.get("toolUse").cloned());
                self.blocks.insert(payload.content_block_index, Block { tool, ..Block::default() });
            }
            "contentBlockDelta" => {
                let block = self.blocks.entry(payload.content_block_index).or_default();
                block.add(payload.delta.unwrap_or_default(), sink);
            }
            "messageStop" => self.finish = payload.stop_reason.as_deref().map(map::finish),
            "metadata" => {
                self.usage = payload.usage.as_ref().and_then(map::usage);
                return Step::Done;
            }
            // `messageStart`, `contentBlockStop`, and what may come one day.
            _ => {}
        }
        Step::Go
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        let finish = self.finish?;
        let blocks = self.blocks.into_values().map(Block::whole).collect();
        Some(map::of_blocks(blocks, finish, self.usage))
    }
}

/// An exception in the shape of an error body.
fn failure(exception: &str, data: &str) -> Value {
    let body: Value = serde_json::from_str(data).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("originalMessage")).unwrap_or_default();
    json!({ "message": message, "code": exception })
}

impl Block {
    fn add(&mut self, delta: wire::Delta, sink: &mut Option<DeltaSink<'_>>) {
        if let Some(text) = delta.text {
            self.text.push_str(&text);
            if let Some(sink) = sink.as_mut().filter(|_| !text.is_empty()) {
                sink(Delta::Text(text));
            }
        }
        self.input.push_str(&delta.tool_use.map(|piece| piece.input).unwrap_or_default());
        if let Some(reasoning) = delta.reasoning_content {
            self.reasoning.push_str(&reasoning.text.unwrap_or_default());
            self.signature = reasoning.signature.or(self.signature.take());
            self.redacted = reasoning.redacted_content.or(self.redacted.take());
        }
    }

    fn whole(self) -> Value {
        if let Some(mut tool) = self.tool {
            let input = match self.input.as_str() {
                "" => json!({}),
                // Input that is no JSON stays a text: whoever runs the tool says what is wrong with it.
                text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            };
            if let Some(fields) = tool.as_object_mut() {
                fields.insert("input".to_owned(), input);
            }
            return json!({ "toolUse": tool });
        }
        if let Some(redacted) = self.redacted {
            return json!({ "reasoningContent": { "redactedContent": redacted } });
        }
        if self.reasoning.is_empty() && self.signature.is_none() {
            return json!({ "text": self.text });
        }
        let mut reasoning = json!({ "text": self.reasoning });
        if let (Some(signature), Some(fields)) = (self.signature, reasoning.as_object_mut()) {
            fields.insert("signature".to_owned(), json!(signature));
        }
        json!({ "reasoningContent": { "reasoningText": reasoning } })
    }
}
