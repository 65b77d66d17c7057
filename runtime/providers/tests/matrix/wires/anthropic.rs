//! Anthropic's Messages.

use flow_ir::setup::Provider;
use flow_model::Finish;
use serde_json::{Value, json};

use super::{Fault, Wire, sse, word};
use crate::said::Said;

pub struct Anthropic;

fn reason(said: &Said) -> String {
    if said.refusal.is_some() {
        return "refusal".to_owned();
    }
    match said.finish {
        Finish::ContentFilter => "refusal".to_owned(),
        _ => word(said, ["end_turn", "max_tokens", "tool_use", "refusal"]),
    }
}

fn usage(said: &Said) -> Value {
    said.counts.map_or(json!({}), |it| {
        json!({ "input_tokens": it.input - it.cached, "cache_read_input_tokens": it.cached,
            "cache_creation_input_tokens": 0, "output_tokens": it.output,
            "output_tokens_details": { "thinking_tokens": it.reasoning }, "service_tier": "moon" })
    })
}

fn text(said: &Said) -> String {
    said.refusal.map_or_else(|| said.whole_text(), str::to_owned)
}

impl Wire for Anthropic {
    fn provider(&self) -> Provider {
        Provider::Anthropic
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/v1/messages"; 2]
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    fn answer(&self, said: &Said) -> Value {
        let mut content = Vec::new();
        if let Some(thought) = said.thought {
            content.push(json!({ "type": "thinking", "thinking": thought, "signature": "c2ln" }));
            content.push(json!({ "type": "redacted_thinking", "data": "opaque" }));
        }
        content.push(json!({ "type": "text", "text": text(said) }));
        content.extend(said.calls.iter().map(|call| {
            let input: Value = serde_json::from_str(&call.whole()).unwrap();
            json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
        }));
        json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1-2026", "content": content,
            "stop_reason": reason(said), "stop_sequence": null, "usage": usage(said), "container": null })
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut usage = usage(said);
        let output = usage.as_object_mut().unwrap().shift_remove("output_tokens");
        let begun = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1-2026", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": usage });
        let mut events = vec![sse("message_start", &json!({ "type": "message_start", "message": begun }))];
        let mut index = 0;
        let mut block = |start: Value, deltas: Vec<Value>| {
            let first = json!({ "type": "content_block_start", "index": index, "content_block": start });
            events.push(sse("content_block_start", &first));
            for delta in deltas {
                let data = json!({ "type": "content_block_delta", "index": index, "delta": delta });
                events.push(sse("content_block_delta", &data));
            }
            events.push(sse("content_block_stop", &json!({ "type": "content_block_stop", "index": index })));
            index += 1;
        };
        if let Some(thought) = said.thought {
            let (left, right) = thought.split_at(1);
            let deltas = vec![
                json!({ "type": "thinking_delta", "thinking": left }),
                json!({ "type": "thinking_delta", "thinking": right }),
                json!({ "type": "signature_delta", "signature": "c2ln" }),
            ];
            block(json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas);
            block(json!({ "type": "redacted_thinking", "data": "opaque" }), Vec::new());
        }
        let pieces = if said.refusal.is_some() {
            vec![text(said)]
        } else {
            said.text.iter().map(|it| (*it).to_owned()).collect()
        };
        let deltas = pieces.iter().map(|piece| json!({ "type": "text_delta", "text": piece })).collect();
        block(json!({ "type": "text", "text": "" }), deltas);
        for call in &said.calls {
            let start = json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} });
            let deltas =
                call.arguments.map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }));
            block(start, deltas.to_vec());
        }
        let usage = output.map_or(json!({}), |output| json!({ "output_tokens": output }));
        let delta = json!({ "stop_reason": reason(said), "stop_sequence": null });
        events
            .push(sse("message_delta", &json!({ "type": "message_delta", "delta": delta, "usage": usage })));
        events.push(sse("message_stop", &json!({ "type": "message_stop" })));
        events
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        let error = |kind: &str, message: &str| json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" });
        Some(match fault {
            Fault::RateLimit => (429, error("rate_limit_error", "no")),
            Fault::Quota => {
                let mut body = error("rate_limit_error", "no");
                body["error"]["details"] = json!({ "error_code": "enforced_spend_limit_reached" });
                (429, body)
            }
            Fault::Overload => (529, error("overloaded_error", "no")),
            Fault::Auth => (401, error("authentication_error", "no")),
            Fault::TooLong => {
                (400, error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"))
            }
            Fault::Policy => return None,
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        sse("error", &json!({ "type": "error", "error": { "type": "overloaded_error", "message": "no" } }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "type": "error", "error": { "type": "api_error", "message": "no" } }))
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![
            sse("ping", &json!({ "type": "ping" })),
            sse("new_thing", &json!({ "type": "new_thing", "index": 9, "delta": { "type": "new_delta" } })),
        ]
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("x-api-key", "sk-")
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image", "image by address", "document", "document by address"]
    }
}
