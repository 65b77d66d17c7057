//! A streamed answer, put together.
//!
//! It is complete only after a chunk with a finish reason *and* `[DONE]`. Whatever ends earlier is a
//! `PartialStream`, however good it looks.

use std::collections::BTreeMap;

use flow_model::{ChatReply, Delta, DeltaSink, Finish, TokenProbability, ToolCall, Usage};
use serde_json::{Map, Value};

use super::{map, wire};
use crate::client::{Assembler, Step};
use crate::sse::Event;

#[derive(Default)]
pub(super) struct Chunks {
    text: String,
    refusal: String,
    calls: BTreeMap<usize, ToolCall>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    model: String,
    tokens: Vec<TokenProbability>,
    reasoning: Map<String, Value>,
}

impl Assembler for Chunks {
    fn take(&mut self, event: &Event, sink: &mut Option<DeltaSink<'_>>) -> Step {
        let data = event.data.as_str();
        if data.trim() == "[DONE]" {
            return Step::Done;
        }
        let Ok(chunk) = serde_json::from_str::<wire::Completion>(data) else {
            return Step::Malformed;
        };
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Step::Failed(error);
        }
        if let Some(usage) = chunk.usage.as_ref().and_then(map::usage) {
            self.usage = Some(usage);
        }
        if let Some(model) = chunk.model {
            self.model = model;
        }
        // Only one answer is asked for, so there is at most one choice.
        if let Some(choice) = chunk.choices.unwrap_or_default().into_iter().next() {
            self.take_choice(choice, sink);
        }
        Step::Go
    }

    fn finish(self: Box<Self>) -> Option<ChatReply> {
        let finish = self.finish?;
        let named = |(position, call): (usize, ToolCall)| match call.id.is_empty() {
            true => ToolCall { id: format!("call_{position}"), ..call },
            false => call,
        };
        Some(ChatReply {
            text: self.text,
            refusal: Some(self.refusal).filter(|refusal| !refusal.is_empty()),
            tool_calls: self.calls.into_iter().map(named).collect(),
            finish,
            usage: self.usage,
            model: self.model,
            tokens: self.tokens,
            verbatim: map::verbatim(self.reasoning),
            ..ChatReply::default()
        })
    }
}

impl Chunks {
    fn take_choice(&mut self, choice: wire::Choice, sink: &mut Option<DeltaSink<'_>>) {
        if let Some(reason) = choice.finish_reason {
            self.finish = Some(map::finish(&reason));
        }
        self.tokens.extend(choice.logprobs.map(map::tokens).unwrap_or_default());
        let Some(mut delta) = choice.message else { return };
        for (name, piece) in delta.take_reasoning() {
            add(&mut self.reasoning, name, piece);
        }
        let piece = map::text_of(delta.content.as_ref());
        if !piece.is_empty() {
            self.text.push_str(&piece);
            if let Some(sink) = sink {
                sink(Delta::Text(piece));
            }
        }
        self.refusal.push_str(&delta.refusal.unwrap_or_default());
        for call in delta.tool_calls.unwrap_or_default() {
            self.take_call(call);
        }
    }

    /// Without an index, a piece with an id starts a new call and one without continues the last.
    fn take_call(&mut self, call: wire::Call) {
        let last = self.calls.keys().next_back().copied();
        let starts = call.id.as_ref().is_some_and(|id| !id.is_empty());
        let position = match (call.index, last) {
            (Some(index), _) => index,
            (None, None) => 0,
            (None, Some(last)) if starts => last + 1,
            (None, Some(last)) => last,
        };
        let empty = || ToolCall { id: String::new(), name: String::new(), arguments: String::new() };
        let entry = self.calls.entry(position).or_insert_with(empty);
        if let Some(id) = call.id.filter(|id| !id.is_empty()) {
            entry.id = id;
        }
        if let Some(function) = call.function {
            entry.name.push_str(&function.name.unwrap_or_default());
            entry.arguments.push_str(&map::arguments_of(function.arguments.as_ref()));
        }
    }
}

/// Texts are pieces of one text; lists are pieces of one list.
fn add(all: &mut Map<String, Value>, name: &str, piece: Value) {
    match (all.get_mut(name), piece) {
        (Some(Value::String(text)), Value::String(more)) => text.push_str(&more),
        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
        (Some(known), piece) => *known = piece,
        (None, piece) => {
            all.insert(name.to_owned(), piece);
        }
    }
}
