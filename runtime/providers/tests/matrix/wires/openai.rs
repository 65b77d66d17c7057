//! Chat completions: OpenAI, Azure, and imitators.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire, set, sse, word};
use crate::said::Said;

pub struct OpenAi(pub Provider);

fn usage(said: &Said) -> Value {
    said.counts.map_or(Value::Null, |it| {
        json!({
            "prompt_tokens": it.input, "completion_tokens": it.output, "total_tokens": it.input + it.output,
            "prompt_tokens_details": { "cached_tokens": it.cached },
            "completion_tokens_details": { "reasoning_tokens": it.reasoning },
            "something_new": { "a": 1 },
        })
    })
}

fn reason(said: &Said) -> String {
    word(said, ["stop", "length", "tool_calls", "content_filter"])
}

fn chunk(delta: Value, reason: Option<&str>) -> Vec<u8> {
    sse(
        "",
        &json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1-2026",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": reason, "logprobs": null }], "new_field": [1] }),
    )
}

impl Wire for OpenAi {
    fn provider(&self) -> Provider {
        self.0
    }

    fn base(&self) -> &'static str {
        if self.0 == Provider::Azure { "" } else { "/v1" }
    }

    fn paths(&self) -> [&'static str; 2] {
        match self.0 {
            Provider::Azure => ["/openai/v1/chat/completions"; 2],
            _ => ["/v1/chat/completions"; 2],
        }
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    fn answer(&self, said: &Said) -> Value {
        let mut message =
            json!({ "role": "assistant", "content": said.whole_text(), "refusal": said.refusal });
        if !said.calls.is_empty() {
            let calls = said.calls.iter().map(|call| {
                json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.whole() } })
            });
            set(&mut message, "tool_calls", calls.collect());
        }
        if let Some(thought) = said.thought {
            set(&mut message, "reasoning_content", json!(thought));
        }
        let choice =
            json!({ "index": 0, "message": message, "finish_reason": reason(said), "logprobs": null });
        json!({ "id": "c", "object": "chat.completion", "created": 1, "model": "m-1-2026",
            "choices": [choice], "usage": usage(said), "service_tier": "moon" })
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
        events.extend(said.thought.map(|thought| chunk(json!({ "reasoning_content": thought }), None)));
        events.extend(said.text.iter().map(|piece| chunk(json!({ "content": piece }), None)));
        events.extend(said.refusal.map(|refusal| chunk(json!({ "refusal": refusal }), None)));
        for (index, call) in said.calls.iter().enumerate() {
            let [first, second] = call.arguments;
            let head = json!({ "index": index, "id": call.id, "type": "function",
                "function": { "name": call.name, "arguments": first } });
            events.push(chunk(json!({ "tool_calls": [head] }), None));
            let tail = json!({ "index": index, "function": { "arguments": second } });
            events.push(chunk(json!({ "tool_calls": [tail] }), None));
        }
        events.push(chunk(json!({}), Some(&reason(said))));
        if said.counts.is_some() {
            events.push(sse("", &json!({ "model": "m-1-2026", "choices": [], "usage": usage(said) })));
        }
        events.push(b"data: [DONE]\n\n".to_vec());
        events
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        let error =
            |code: &str| json!({ "error": { "message": "no", "type": "x", "param": null, "code": code } });
        Some(match fault {
            Fault::RateLimit => (429, error("rate_limit_exceeded")),
            Fault::Quota => (429, error("insufficient_quota")),
            Fault::Overload => (503, error("")),
            Fault::Auth => (401, error("invalid_api_key")),
            Fault::TooLong => (400, error("context_length_exceeded")),
            Fault::Policy if self.0 == Provider::Azure => {
                let inner = json!({ "code": "ResponsibleAIPolicyViolation", "content_filter_result": {} });
                (400, json!({ "error": { "message": "no", "code": "content_filter", "innererror": inner } }))
            }
            Fault::Policy => (400, error("content_policy_violation")),
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        // An imitator's: a status as its code.
        sse("", &json!({ "error": { "message": "no", "type": "x", "code": 503 } }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "object": "error", "error": { "message": "no", "code": 503 } }))
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![
            b": ping\n\n".to_vec(),
            // Azure's first chunk, and an obfuscated one.
            sse("", &json!({ "choices": [], "prompt_filter_results": [{ "prompt_index": 0 }] })),
            sse("", &json!({ "object": "new.thing", "obfuscation": "xyz" })),
        ]
    }

    fn proof(&self) -> (&'static str, &'static str) {
        match self.0 {
            Provider::Azure => ("api-key", "sk-"),
            // A server of one's own gets no key that it is not declared for.
            Provider::OpenaiCompatible => ("authorization", ""),
            _ => ("authorization", "Bearer sk-"),
        }
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image", "image by address", "document", "audio"]
    }
}
