//! OpenAI's Responses.

use flow_ir::setup::Provider;
use flow_model::Finish;
use serde_json::{Value, json};

use super::{Fault, Wire, set, sse};
use crate::said::Said;

pub struct Responses;

fn response(said: &Said) -> Value {
    let mut output = Vec::new();
    if let Some(thought) = said.thought {
        output
            .push(json!({ "type": "reasoning", "id": "rs_1", "encrypted_content": thought, "summary": [] }));
    }
    let content = match said.refusal {
        Some(refusal) => json!([{ "type": "refusal", "refusal": refusal }]),
        None => json!([{ "type": "output_text", "text": said.whole_text(), "annotations": [] }]),
    };
    output.push(json!({ "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content }));
    output.extend(said.calls.iter().map(|call| {
        json!({ "type": "function_call", "id": "fc_1", "call_id": call.id, "name": call.name,
            "arguments": call.whole(), "status": "completed" })
    }));
    let usage = said.counts.map(|it| {
        json!({ "input_tokens": it.input, "output_tokens": it.output, "total_tokens": it.input + it.output,
            "input_tokens_details": { "cached_tokens": it.cached },
            "output_tokens_details": { "reasoning_tokens": it.reasoning } })
    });
    let reason = match &said.finish {
        Finish::Stop | Finish::ToolCall => None,
        Finish::Length => Some("max_output_tokens".to_owned()),
        other => Some(other.name().to_owned()),
    };
    let status = if reason.is_some() { "incomplete" } else { "completed" };
    json!({ "id": "resp_1", "object": "response", "status": status, "error": null, "model": "m-1-2026",
        "incomplete_details": reason.map(|reason| json!({ "reason": reason })), "output": output, "usage": usage })
}

fn numbered(events: Vec<(&str, Value)>) -> Vec<Vec<u8>> {
    let numbered = events.into_iter().enumerate().map(|(number, (kind, mut data))| {
        set(&mut data, "type", json!(kind));
        set(&mut data, "sequence_number", json!(number));
        sse(kind, &data)
    });
    numbered.collect()
}

impl Wire for Responses {
    fn provider(&self) -> Provider {
        Provider::OpenaiResponses
    }

    fn base(&self) -> &'static str {
        "/v1"
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/v1/responses"; 2]
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn answer(&self, said: &Said) -> Value {
        response(said)
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let begun = json!({ "response": { "id": "resp_1", "status": "in_progress", "output": [] } });
        let mut events = vec![("response.created", begun.clone()), ("response.in_progress", begun)];
        let text =
            |piece: &&str| ("response.output_text.delta", json!({ "output_index": 0, "delta": piece }));
        events.extend(said.text.iter().map(text));
        for call in &said.calls {
            let piece = |piece: &str| ("response.function_call_arguments.delta", json!({ "delta": piece }));
            events.extend(call.arguments.map(piece));
        }
        let end =
            if matches!(said.finish, Finish::Stop | Finish::ToolCall) { "completed" } else { "incomplete" };
        let end = if end == "completed" { "response.completed" } else { "response.incomplete" };
        events.push((end, json!({ "response": response(said) })));
        numbered(events)
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
            Fault::Policy => (400, error("invalid_prompt")),
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        sse("error", &json!({ "type": "error", "code": "server_error", "message": "no", "param": null }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        let error = json!({ "code": "server_error", "message": "no" });
        Some(json!({ "id": "r", "object": "response", "status": "failed", "error": error, "output": [] }))
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![
            b": ping\n\n".to_vec(),
            sse("response.new_thing", &json!({ "type": "response.new_thing", "delta": { "a": 1 } })),
        ]
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer sk-")
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image", "image by address", "document", "document by address"]
    }
}
