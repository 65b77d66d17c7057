//! A streamed answer, put together from its blocks. Complete only after `message_stop`.

use std::collections::BTreeMap;

use flow_model::{ChatReply, Delta, DeltaSink, Finish};
use serde_json::{Map, Value, json};

use super::{map, wire};
use crate::client::{Assembler, Step};
use crate::sse::Event;

#[derive(Default)]
pub(super) struct Blocks {
    blocks: BTreeMap<usize, Block>,
    finish: Option<Finish>,
    usage: Map<String, Value>,
    model: String,
}

/// A block as it began, and the pieces of its texts.
#[derive(Default)]
struct Block {
    json: Value,
    text: String,
    thinking: String,
    signature: String,
    input: String,
}

impl Assembler for Blocks {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        let Ok(event) = serde_json::from_str::<wire::StreamEvent>(&event.data) else {
            return Step::Malformed;
        };
        match event.kind.as_str() {
            "error" => return Step::Failed(event.error.unwrap_or_default()),
            "message_stop" => return Step::Done,
            "message_start" => {
                let message = event.message.unwrap_or_default();
                self.model = message.model.unwrap_or_default();
                self.count(message.usage);
            }
            "content_block_start" => {
                let json = event.content_block.unwrap_or_default();
                self.blocks.insert(event.index.unwrap_or(0), Block { json, ..Block::default() });
            }
            "content_block_delta" => {
                self.piece(event.index.unwrap_or(0), event.delta.unwrap_or_default(), sink)
            }
            "message_delta" => {
                self.count(event.usage);
                let reason = event.delta.and_then(|delta| delta.stop_reason);
                self.finish = reason.as_deref().map(map::finish).or(self.finish.take());
            }
            // `ping`, `content_block_stop`, and what may come one day.
            _ => {}
        }
        Step::Go
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        let finish = self.finish?;
        let blocks = self.blocks.into_values().map(Block::whole).collect();
        let usage = map::usage(&Value::Object(self.usage.clone())).filter(|_| !self.usage.is_empty());
        Some(map::of_blocks(blocks, finish, usage, self.model))
    }
}

impl Blocks {
    /// Counts are of everything so far: the later one replaces the earlier.
    fn count(&mut self, usage: Option<Value>) {
        if let Some(Value::Object(usage)) = usage {
            self.usage.extend(usage.into_iter().filter(|(_, count)| !count.is_null()));
        }
    }

    fn piece(&mut self, index: usize, delta: wire::Delta, sink: &mut Option<DeltaSink<'_>>) {
        let Some(block) = self.blocks.get_mut(&index) else { return };
        match delta.kind.as_str() {
            "text_delta" => {
                let text = delta.text.unwrap_or_default();
                block.text.push_str(&text);
                if let Some(sink) = sink.as_mut().filter(|_| !text.is_empty()) {
                    sink(Delta::Text(text));
                }
            }
            "input_json_delta" => block.input.push_str(&delta.partial_json.unwrap_or_default()),
            "thinking_delta" => block.thinking.push_str(&delta.thinking.unwrap_or_default()),
            "signature_delta" => block.signature.push_str(&delta.signature.unwrap_or_default()),
            "citations_delta" => block.cite(delta.citation),
            _ => {}
        }
    }
}

impl Block {
    fn cite(&mut self, citation: Option<Value>) {
        if let (Some(citation), Some(fields)) = (citation, self.json.as_object_mut()) {
            let all = fields.entry("citations").or_insert_with(|| json!([]));
            match all.as_array_mut() {
                Some(all) => all.push(citation),
                None => *all = json!([citation]),
            }
        }
    }

    fn whole(mut self) -> Value {
        let Some(fields) = self.json.as_object_mut() else { return self.json };
        for (name, pieces) in
            [("text", self.text), ("thinking", self.thinking), ("signature", self.signature)]
        {
            if !pieces.is_empty() {
                let begun = fields.get(name).and_then(Value::as_str).unwrap_or_default();
                fields.insert(name.to_owned(), Value::String(format!("{begun}{pieces}")));
            }
        }
        if !self.input.is_empty() {
            // Input that is no JSON stays a text: whoever runs the tool says what is wrong with it.
            let input = serde_json::from_str(&self.input).unwrap_or(Value::String(self.input));
            fields.insert("input".to_owned(), input);
        }
        self.json
    }
}
