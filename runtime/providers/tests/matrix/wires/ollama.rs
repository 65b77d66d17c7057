//! Ollama.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire, set, word};
use crate::said::Said;

pub struct Ollama;

fn line(message: Value) -> Value {
    json!({ "model": "m-1-2026", "created_at": "2026-01-05T09:30:00Z", "message": message, "done": false, "new": 1 })
}

fn end(mut line: Value, said: &Said) -> Value {
    set(&mut line, "done", json!(true));
    set(&mut line, "done_reason", json!(word(said, ["stop", "length", "stop", "filtered"])));
    if let Some(it) = said.counts {
        set(&mut line, "prompt_eval_count", json!(it.input));
        set(&mut line, "eval_count", json!(it.output));
    }
    line
}

fn calls(said: &Said) -> Value {
    let one = |call: &crate::said::Call| {
        let arguments: Value = serde_json::from_str(&call.whole()).unwrap();
        json!({ "function": { "name": call.name, "arguments": arguments } })
    };
    said.calls.iter().map(one).collect()
}

fn written(line: &Value) -> Vec<u8> {
    format!("{line}\n").into_bytes()
}

impl Wire for Ollama {
    fn provider(&self) -> Provider {
        Provider::Ollama
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/api/chat"; 2]
    }

    fn content_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn answer(&self, said: &Said) -> Value {
        let mut message = json!({ "role": "assistant", "content": said.whole_text() });
        if let Some(thought) = said.thought {
            set(&mut message, "thinking", json!(thought));
        }
        if !said.calls.is_empty() {
            set(&mut message, "tool_calls", calls(said));
        }
        end(line(message), said)
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        lines.extend(
            said.thought.map(|it| line(json!({ "role": "assistant", "content": "", "thinking": it }))),
        );
        lines.extend(said.text.iter().map(|piece| line(json!({ "role": "assistant", "content": piece }))));
        if !said.calls.is_empty() {
            lines.push(line(json!({ "role": "assistant", "content": "", "tool_calls": calls(said) })));
        }
        lines.push(end(line(json!({ "role": "assistant", "content": "" })), said));
        lines.iter().map(written).collect()
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        let error = |text: &str| json!({ "error": text });
        Some(match fault {
            Fault::RateLimit => (429, error("no")),
            Fault::Overload => {
                (503, error("server busy, please try again.  maximum pending requests exceeded"))
            }
            Fault::Auth => (401, error("unauthorized")),
            Fault::TooLong => (400, error("the input exceeds the context window")),
            Fault::Quota | Fault::Policy => return None,
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        written(&json!({ "error": "server busy, please try again" }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "error": "server busy, please try again" }))
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![b"\n".to_vec(), written(&json!({ "model": "m-1", "new_thing": 1, "done": false }))]
    }

    fn lacks(&self, row: u8) -> Option<&'static str> {
        (row == 10).then_some("it asks for no money, so none is used up")
    }

    fn has_ids(&self) -> bool {
        false
    }

    fn counts(&self) -> (bool, bool) {
        (false, false)
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("authorization", "")
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image"]
    }
}
