//! Google's Gemini.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire, set, sse, word};
use crate::said::Said;

pub struct Gemini(pub Provider);

fn reason(said: &Said) -> String {
    word(said, ["STOP", "MAX_TOKENS", "STOP", "SAFETY"])
}

fn answer(parts: Vec<Value>, reason: Option<String>, said: &Said) -> Value {
    let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
    if let Some(reason) = reason {
        set(&mut candidate, "finishReason", json!(reason));
    }
    let mut answer =
        json!({ "candidates": [candidate], "modelVersion": "m-1-2026", "responseId": "r-1", "new": 1 });
    if let Some(it) = said.counts {
        let usage = json!({ "promptTokenCount": it.input, "cachedContentTokenCount": it.cached,
            "candidatesTokenCount": it.output - it.reasoning, "thoughtsTokenCount": it.reasoning,
            "totalTokenCount": it.input + it.output });
        set(&mut answer, "usageMetadata", usage);
    }
    answer
}

fn thoughts(said: &Said) -> Vec<Value> {
    let thought = |thought| json!({ "text": thought, "thought": true, "thoughtSignature": "c2ln" });
    said.thought.map(thought).into_iter().collect()
}

fn calls(said: &Said) -> Vec<Value> {
    let one = |call: &crate::said::Call| {
        let args: Value = serde_json::from_str(&call.whole()).unwrap();
        json!({ "functionCall": { "name": call.name, "args": args }, "thoughtSignature": "Y2FsbA==" })
    };
    said.calls.iter().map(one).collect()
}

impl Wire for Gemini {
    fn provider(&self) -> Provider {
        self.0
    }

    fn base(&self) -> &'static str {
        "/v1beta"
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/v1beta/models/m-1:generateContent", "/v1beta/models/m-1:streamGenerateContent?alt=sse"]
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn answer(&self, said: &Said) -> Value {
        let mut parts = thoughts(said);
        parts.push(json!({ "text": said.whole_text() }));
        parts.extend(calls(said));
        answer(parts, Some(reason(said)), said)
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let mut parts = thoughts(said);
        parts.extend(said.text.iter().map(|piece| json!({ "text": piece })));
        parts.extend(calls(said));
        let mut events: Vec<Vec<u8>> =
            parts.into_iter().map(|part| sse("", &answer(vec![part], None, said))).collect();
        events.push(sse("", &answer(vec![json!({ "text": "" })], Some(reason(said)), said)));
        events
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        let error = |code: u16, status: &str, message: &str, details: Value| {
            (
                code,
                json!({ "error": { "code": code, "message": message, "status": status, "details": details } }),
            )
        };
        let quota = |id: &str| json!([{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": id }] }]);
        Some(match fault {
            Fault::RateLimit => error(429, "RESOURCE_EXHAUSTED", "no", quota("RequestsPerMinutePerProject")),
            Fault::Quota => {
                let (code, body) = error(429, "RESOURCE_EXHAUSTED", "no", quota("RequestsPerDayPerProject"));
                // Some surfaces put a list around it.
                (code, json!([body]))
            }
            Fault::Overload => error(503, "UNAVAILABLE", "no", json!([])),
            Fault::Auth => {
                error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", json!([]))
            }
            Fault::TooLong => {
                let message = "The input token count (9) exceeds the maximum number of tokens allowed (8).";
                error(400, "INVALID_ARGUMENT", message, json!([]))
            }
            Fault::Policy => (200, json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" } })),
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        sse("", &json!({ "error": { "code": 503, "message": "no", "status": "UNAVAILABLE" } }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "error": { "code": 503, "message": "no", "status": "UNAVAILABLE" } }))
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![
            sse("", &json!({ "candidates": [], "usageMetadata": { "promptTokenCount": 1 } })),
            sse("", &json!({ "candidates": [{ "index": 0, "content": { "role": "model" } }] })),
            sse("", &json!({ "somethingNew": true })),
        ]
    }

    fn odd_finish(&self) -> &'static str {
        "MOON_PHASE"
    }

    fn has_ids(&self) -> bool {
        false
    }

    fn proof(&self) -> (&'static str, &'static str) {
        if self.0 == Provider::Gemini { ("x-goog-api-key", "sk-") } else { ("authorization", "Bearer sk-") }
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image", "image by address", "document", "document by address", "audio"]
    }
}
