//! Between `flow-model`'s types and the wire.

use flow_model::{
    ChatReply, ChatRequest, Finish, Message, ModelError, Output, Part, Role, ToolCall, ToolSpec, Usage,
    Verbatim,
};
use serde_json::{Map, Value, json};

use crate::client::put;
use crate::media::{Media, cannot_send, format_of};
use crate::schema::{Profile, fitted};
use crate::target::Target;

/// The name under which turns are repeated.
const WIRE: &str = "bedrock";

pub(super) fn request(target: &Target, request: &ChatRequest) -> Result<Value, ModelError> {
    let mut body = Map::new();
    body.insert("messages".to_owned(), Value::Array(turns(target, &request.messages)?));
    let of_system = request.messages.iter().filter(|message| message.role == Role::System);
    let mut system: Vec<Value> = of_system.map(|message| json!({ "text": message.plain_text() })).collect();
    match &request.output {
        Output::Json { name, schema, strict: true } => {
            // The schema travels as a text here.
            let schema = fitted(schema, Profile::Anthropic).to_string();
            let structure = json!({ "jsonSchema": { "name": name, "schema": schema } });
            let format = json!({ "type": "json_schema", "structure": structure });
            body.insert("outputConfig".to_owned(), json!({ "textFormat": format }));
        }
        Output::Json { schema, .. } => system.push(json!({ "text": crate::schema::told(schema) })),
        Output::Text => {}
    }
    if !system.is_empty() {
        body.insert("system".to_owned(), Value::Array(system));
    }
    let mut config = Map::new();
    config.extend(request.max_output.map(|max| ("maxTokens".to_owned(), json!(max))));
    config.extend(request.temperature.map(|it| ("temperature".to_owned(), json!(it.min(1.0)))));
    if !config.is_empty() {
        body.insert("inferenceConfig".to_owned(), Value::Object(config));
    }
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("toolConfig".to_owned(), json!({ "tools": tools }));
    }
    Ok(Value::Object(body))
}

/// Answers of tools belong to the user, and neighbours of one role become one turn.
fn turns(target: &Target, messages: &[Message]) -> Result<Vec<Value>, ModelError> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut documents = 0;
    for message in messages.iter().filter(|message| message.role != Role::System) {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        let blocks = blocks(target, message, &mut documents)?;
        match turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Ok(turns.map(|(role, blocks)| json!({ "role": role, "content": blocks })).collect())
}

fn blocks(target: &Target, message: &Message, documents: &mut u32) -> Result<Vec<Value>, ModelError> {
    if let Some(own) = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE) {
        return Ok(own.content.as_array().cloned().unwrap_or_default());
    }
    if let Some(id) = &message.answers {
        let text = message.plain_text();
        let content = match serde_json::from_str::<Value>(&text) {
            Ok(json) if json.is_object() => json!({ "json": json }),
            _ => json!({ "text": text }),
        };
        return Ok(vec![json!({ "toolResult": { "toolUseId": id, "content": [content] } })]);
    }
    let mut blocks = Vec::new();
    for part in message.content.iter().filter(|part| !matches!(part, Part::Text(text) if text.is_empty())) {
        blocks.push(self::part(target, part, documents)?);
    }
    blocks.extend(message.tool_calls.iter().map(|call| {
        let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": input } })
    }));
    Ok(blocks)
}

/// Bytes only: the service fetches nothing but its own buckets.
fn part(target: &Target, part: &Part, documents: &mut u32) -> Result<Value, ModelError> {
    let (kind, uri) = match part {
        Part::Text(text) => return Ok(json!({ "text": text })),
        Part::Image { uri } => ("image", uri),
        Part::Audio { uri } => ("audio", uri),
        Part::File { uri } => ("document", uri),
    };
    let Media::Inline { mime, base64 } = Media::of(uri) else {
        return Err(cannot_send(target, &format!("{kind} by its address"), "; give it as `data:`"));
    };
    let mut block = json!({ "format": format_of(mime), "source": { "bytes": base64 } });
    if kind == "document" {
        *documents += 1;
        put(&mut block, "name", json!(format!("document {documents}")));
    }
    Ok(json!({ kind: block }))
}

fn tool(tool: &ToolSpec) -> Value {
    let schema = json!({ "json": fitted(&tool.parameters, Profile::Anthropic) });
    // A description may not be empty here.
    let description = if tool.description.is_empty() { &tool.name } else { &tool.description };
    json!({ "toolSpec": { "name": tool.name, "description": description, "inputSchema": schema } })
}

/// A turn out of its blocks.
pub(super) fn of_blocks(blocks: Vec<Value>, finish: Finish, usage: Option<Usage>) -> ChatReply {
    let text: String = blocks.iter().filter_map(|block| block.get("text")?.as_str()).collect();
    let uses = blocks.iter().filter_map(|block| block.get("toolUse"));
    let field =
        |call: &Value, name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tool_calls: Vec<ToolCall> = uses
        .map(|call| ToolCall {
            id: field(call, "toolUseId"),
            name: field(call, "name"),
            arguments: call.get("input").map(Value::to_string).unwrap_or_default(),
        })
        .collect();
    let repeats = blocks.iter().any(|block| block.get("text").is_none() && block.get("toolUse").is_none());
    ChatReply {
        text,
        tool_calls,
        finish,
        usage,
        verbatim: repeats.then(|| Verbatim { wire: WIRE.to_owned(), content: Value::Array(blocks) }),
        ..ChatReply::default()
    }
}

pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "end_turn" => Finish::Stop,
        "max_tokens" => Finish::Length,
        "stop_sequence" => Finish::StopSequence,
        "tool_use" => Finish::ToolCall,
        "guardrail_intervened" | "content_filtered" => Finish::ContentFilter,
        "malformed_model_output" | "malformed_tool_use" => Finish::Error,
        "model_context_window_exceeded" => Finish::ContextExceeded,
        other => Finish::Other(other.to_owned()),
    }
}

/// What was cached stands beside the input.
pub(super) fn usage(raw: &Value) -> Option<Usage> {
    raw.as_object()?;
    let count = |name: &str| raw.get(name).and_then(Value::as_u64);
    let (read, write) = (count("cacheReadInputTokens"), count("cacheWriteInputTokens"));
    Some(Usage {
        input: count("inputTokens").map(|fresh| fresh + read.unwrap_or(0) + write.unwrap_or(0)),
        cache_read: read,
        cache_write: write,
        output: count("outputTokens"),
        reasoning: None,
        estimated: false,
        raw: Some(raw.clone()),
    })
}
