//! AWS Bedrock's Converse.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire, set, word};
use crate::said::Said;

pub struct Bedrock;

/// A frame of an event stream.
fn frame(kind: &str, name: &str, payload: &Value) -> Vec<u8> {
    let type_name = if kind == "event" { ":event-type" } else { ":exception-type" };
    let headers = [(":message-type", kind), (type_name, name), (":content-type", "application/json")];
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(7);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let payload = payload.to_string().into_bytes();
    let mut all = ((16 + head.len() + payload.len()) as u32).to_be_bytes().to_vec();
    all.extend_from_slice(&(head.len() as u32).to_be_bytes());
    all.extend_from_slice(&crc(&all).to_be_bytes());
    all.extend_from_slice(&head);
    all.extend_from_slice(&payload);
    all.extend_from_slice(&crc(&all).to_be_bytes());
    all
}

/// CRC-32 bit by bit: other code than the product's.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

fn reason(said: &Said) -> String {
    word(said, ["end_turn", "max_tokens", "tool_use", "content_filtered"])
}

fn usage(said: &Said) -> Option<Value> {
    said.counts.map(|it| {
        json!({ "inputTokens": it.input - it.cached, "outputTokens": it.output, "totalTokens": it.input + it.output,
            "cacheReadInputTokens": it.cached, "cacheWriteInputTokens": 0 })
    })
}

impl Wire for Bedrock {
    fn provider(&self) -> Provider {
        Provider::Bedrock
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/model/m-1/converse", "/model/m-1/converse-stream"]
    }

    fn content_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    fn answer(&self, said: &Said) -> Value {
        let mut content = Vec::new();
        if let Some(thought) = said.thought {
            let text = json!({ "text": thought, "signature": "c2ln" });
            content.push(json!({ "reasoningContent": { "reasoningText": text } }));
            content.push(json!({ "reasoningContent": { "redactedContent": "b3BhcXVl" } }));
        }
        content.push(json!({ "text": said.whole_text() }));
        content.extend(said.calls.iter().map(|call| {
            let input: Value = serde_json::from_str(&call.whole()).unwrap();
            json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": input } })
        }));
        let message = json!({ "role": "assistant", "content": content });
        let mut answer = json!({ "output": { "message": message }, "stopReason": reason(said), "metrics": { "latencyMs": 1 } });
        if let Some(usage) = usage(said) {
            set(&mut answer, "usage", usage);
        }
        answer
    }

    fn events(&self, said: &Said) -> Vec<Vec<u8>> {
        let event = |name: &str, payload: Value| frame("event", name, &payload);
        let mut events = vec![event("messageStart", json!({ "role": "assistant", "p": "abc" }))];
        let mut index = 0;
        let mut block = |start: Option<Value>, deltas: Vec<Value>| {
            if let Some(start) = start {
                events
                    .push(event("contentBlockStart", json!({ "contentBlockIndex": index, "start": start })));
            }
            for delta in deltas {
                events
                    .push(event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta })));
            }
            events.push(event("contentBlockStop", json!({ "contentBlockIndex": index })));
            index += 1;
        };
        if let Some(thought) = said.thought {
            let (left, right) = thought.split_at(1);
            let deltas = [json!({ "text": left }), json!({ "text": right }), json!({ "signature": "c2ln" })];
            block(None, deltas.map(|delta| json!({ "reasoningContent": delta })).to_vec());
            block(None, vec![json!({ "reasoningContent": { "redactedContent": "b3BhcXVl" } })]);
        }
        block(None, said.text.iter().map(|piece| json!({ "text": piece })).collect());
        for call in &said.calls {
            let start = json!({ "toolUse": { "toolUseId": call.id, "name": call.name } });
            block(Some(start), call.arguments.map(|piece| json!({ "toolUse": { "input": piece } })).to_vec());
        }
        events.push(event("messageStop", json!({ "stopReason": reason(said) })));
        let mut metadata = json!({ "metrics": { "latencyMs": 1 } });
        if let Some(usage) = usage(said) {
            set(&mut metadata, "usage", usage);
        }
        events.push(event("metadata", metadata));
        events
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        let message = |text: &str| json!({ "message": text });
        Some(match fault {
            Fault::RateLimit => (429, message("no")),
            Fault::Quota => (400, message("no")),
            Fault::Overload => (503, message("no")),
            Fault::Auth => (403, message("no")),
            Fault::TooLong => (400, message("Input is too long for requested model.")),
            Fault::Policy => return None,
        })
    }

    fn fault_header(&self, fault: Fault) -> Option<&'static str> {
        Some(match fault {
            Fault::RateLimit => "ThrottlingException:http://internal.amazon.com/coral/",
            Fault::Quota => "ServiceQuotaExceededException",
            Fault::Overload => "ServiceUnavailableException",
            Fault::Auth => "UnrecognizedClientException",
            Fault::TooLong | Fault::Policy => "ValidationException",
        })
    }

    fn fault_event(&self) -> Vec<u8> {
        frame("exception", "serviceUnavailableException", &json!({ "message": "no" }))
    }

    fn fault_in_200(&self) -> Option<Value> {
        None
    }

    fn odd_events(&self) -> Vec<Vec<u8>> {
        vec![
            frame("event", "newThing", &json!({ "a": 1 })),
            frame(
                "event",
                "contentBlockDelta",
                &json!({ "contentBlockIndex": 0, "delta": { "citation": {} } }),
            ),
        ]
    }

    fn lacks(&self, row: u8) -> Option<&'static str> {
        (row == 17).then_some("frames of bytes: there are no lines")
    }

    fn counts(&self) -> (bool, bool) {
        (true, false)
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("authorization", "AWS4-HMAC-SHA256 Credential=sk-very-secret/")
    }

    fn takes(&self) -> &'static [&'static str] {
        &["image", "document", "audio"]
    }
}
