//! Between `flow-model`'s types and the wire.

use flow_model::{
    ChatReply, ChatRequest, Finish, Message, ModelError, Output, Part, Role, ToolCall, ToolSpec, Usage,
    Verbatim,
};
use serde_json::{Map, Value, json};

use super::wire;
use crate::media::{Media, cannot_send};
use crate::schema::{Profile, fitted};
use crate::target::Target;

/// The name under which turns are repeated.
const WIRE: &str = "anthropic";

/// The protocol wants a cap. Where neither prompt nor model has one, this is it.
const MAX_TOKENS: u64 = 4_096;

/// Less than 1024 tokens is never cached; a token is about four bytes.
const CACHED_BYTES: usize = 4_096;

pub(super) fn request(target: &Target, request: &ChatRequest, stream: bool) -> Result<Value, ModelError> {
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(request.model));
    body.insert("max_tokens".to_owned(), json!(request.max_output.unwrap_or(MAX_TOKENS)));
    let system = system(request);
    if !system.is_empty() {
        body.insert("system".to_owned(), marked(request, system));
    }
    body.insert("messages".to_owned(), Value::Array(turns(target, &request.messages)?));
    if let Some(temperature) = request.temperature {
        // Its scale ends at 1.
        body.insert("temperature".to_owned(), json!(temperature.min(1.0)));
    }
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    if let Output::Json { schema, strict: true, .. } = &request.output {
        let format = json!({ "type": "json_schema", "schema": fitted(schema, Profile::Anthropic) });
        body.insert("output_config".to_owned(), json!({ "format": format }));
    }
    if stream {
        body.insert("stream".to_owned(), json!(true));
    }
    Ok(Value::Object(body))
}

/// Messages of the system are beside the conversation here. A schema that the protocol cannot enforce is told.
fn system(request: &ChatRequest) -> String {
    let of_system = request.messages.iter().filter(|message| message.role == Role::System);
    let mut texts: Vec<String> = of_system.map(Message::plain_text).collect();
    if let Output::Json { schema, strict: false, .. } = &request.output {
        texts.push(crate::schema::told(schema));
    }
    texts.join("\n\n")
}

/// Tools and system are kept in the provider's cache where they are equal in every call and long enough for it.
fn marked(request: &ChatRequest, system: String) -> Value {
    let is_equal = |(at, message): (usize, &Message)| message.role != Role::System || at < request.prefix.0;
    if system.len() < CACHED_BYTES || !request.messages.iter().enumerate().all(is_equal) {
        return json!(system);
    }
    json!([{ "type": "text", "text": system, "cache_control": { "type": "ephemeral" } }])
}

/// Answers of tools belong to the user, and neighbours of one role become one turn.
fn turns(target: &Target, messages: &[Message]) -> Result<Vec<Value>, ModelError> {
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages.iter().filter(|message| message.role != Role::System) {
        let role = if message.role == Role::Assistant { "assistant" } else { "user" };
        let blocks = blocks(target, message)?;
        match turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(blocks),
            _ => turns.push((role, blocks)),
        }
    }
    let turns = turns.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    Ok(turns.map(|(role, blocks)| json!({ "role": role, "content": blocks })).collect())
}

fn blocks(target: &Target, message: &Message) -> Result<Vec<Value>, ModelError> {
    if let Some(own) = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE) {
        return Ok(own.content.as_array().cloned().unwrap_or_default());
    }
    if let Some(id) = &message.answers {
        let text = message.plain_text();
        return Ok(vec![json!({ "type": "tool_result", "tool_use_id": id, "content": text })]);
    }
    let parts: Result<Vec<Value>, ModelError> = message
        .content
        .iter()
        // An empty text block is refused.
        .filter(|part| !matches!(part, Part::Text(text) if text.is_empty()))
        .map(|one| part(target, one))
        .collect();
    let calls = message.tool_calls.iter().map(|call| {
        let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
    });
    Ok(parts?.into_iter().chain(calls).collect())
}

fn part(target: &Target, part: &Part) -> Result<Value, ModelError> {
    let source = |uri: &str| match Media::of(uri) {
        Media::Inline { mime: "text/plain", base64 } => text_source(base64),
        Media::Inline { mime, base64 } => json!({ "type": "base64", "media_type": mime, "data": base64 }),
        Media::Address(url) => json!({ "type": "url", "url": url }),
    };
    match part {
        Part::Text(text) => Ok(json!({ "type": "text", "text": text })),
        Part::Image { uri } => Ok(json!({ "type": "image", "source": source(uri) })),
        Part::File { uri } => Ok(json!({ "type": "document", "source": source(uri) })),
        Part::Audio { .. } => Err(cannot_send(target, "audio", "; transcribe it first")),
    }
}

/// Plain text is the one document that does not go as base64.
fn text_source(base64: &str) -> Value {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap_or_default();
    json!({ "type": "text", "media_type": "text/plain", "data": String::from_utf8_lossy(&bytes) })
}

fn tool(tool: &ToolSpec) -> Value {
    let schema = fitted(&tool.parameters, Profile::Anthropic);
    json!({ "name": tool.name, "description": tool.description, "input_schema": schema })
}

pub(super) fn reply(message: wire::Message) -> ChatReply {
    let usage = message.usage.as_ref().and_then(usage);
    let finish = message.stop_reason.as_deref().map_or(Finish::Other("none".to_owned()), finish);
    of_blocks(message.content, finish, usage, message.model.unwrap_or_default())
}

/// A turn out of its blocks.
pub(super) fn of_blocks(
    blocks: Vec<Value>,
    finish: Finish,
    usage: Option<Usage>,
    model: String,
) -> ChatReply {
    let is = |block: &Value, kind: &str| block.get("type").and_then(Value::as_str) == Some(kind);
    let text =
        |block: &Value, name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let texts: String =
        blocks.iter().filter(|block| is(block, "text")).map(|block| text(block, "text")).collect();
    let calls = blocks.iter().filter(|block| is(block, "tool_use")).map(|block| ToolCall {
        id: text(block, "id"),
        name: text(block, "name"),
        arguments: block.get("input").map(Value::to_string).unwrap_or_default(),
    });
    let tool_calls: Vec<ToolCall> = calls.collect();
    // Only thinking has to be repeated to the letter, but then all of the turn, in its order.
    let repeats = blocks.iter().any(|block| !is(block, "text") && !is(block, "tool_use"));
    ChatReply {
        refusal: (finish == Finish::Refusal).then(|| texts.clone()),
        text: texts,
        tool_calls,
        finish,
        usage,
        model,
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
        "pause_turn" => Finish::Pause,
        "refusal" => Finish::Refusal,
        "model_context_window_exceeded" => Finish::ContextExceeded,
        other => Finish::Other(other.to_owned()),
    }
}

/// `input_tokens` leaves out what was cached: the sum is what was sent.
pub(super) fn usage(raw: &Value) -> Option<Usage> {
    raw.as_object()?;
    let count = |name: &str| raw.get(name).and_then(Value::as_u64);
    let (fresh, read) = (count("input_tokens"), count("cache_read_input_tokens"));
    let write = count("cache_creation_input_tokens");
    let reasoning = raw.pointer("/output_tokens_details/thinking_tokens").and_then(Value::as_u64);
    Some(Usage {
        input: fresh.map(|fresh| fresh + read.unwrap_or(0) + write.unwrap_or(0)),
        cache_read: read,
        cache_write: write,
        output: count("output_tokens"),
        reasoning,
        estimated: false,
        raw: Some(raw.clone()),
    })
}

#[cfg(test)]
mod tests {
    use flow_model::Prefix;

    use super::*;

    #[test]
    fn a_long_system_that_never_changes_is_marked_for_the_cache() {
        let ask = |system: &str, prefix: usize| ChatRequest {
            model: "m".to_owned(),
            messages: vec![Message::text(Role::System, system), Message::text(Role::User, "Hi")],
            output: Output::Text,
            max_output: None,
            temperature: None,
            tools: Vec::new(),
            logprobs: false,
            prefix: Prefix(prefix),
        };
        let long = "rule ".repeat(1_000);
        let of = |request: &ChatRequest| marked(request, system(request));
        assert_eq!(of(&ask(&long, 1))[0]["cache_control"], json!({ "type": "ephemeral" }));
        assert_eq!(of(&ask(&long, 0)), json!(long), "it has holes");
        assert_eq!(of(&ask("Be kind.", 1)), json!("Be kind."), "too short for the provider's cache");
    }
}
