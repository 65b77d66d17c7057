//! Between `flow-model`'s types and the wire.

use flow_model::{
    ChatReply, ChatRequest, Finish, Message, ModelError, Output, Part, Role, TokenProbability, ToolCall,
    ToolSpec, Usage, Verbatim,
};
use serde_json::{Map, Value, json};

use super::wire;
use crate::media::{Media, cannot_send, format_of};
use crate::target::Target;

/// The name under which turns are repeated.
const WIRE: &str = "openai_responses";

pub(super) fn request(target: &Target, request: &ChatRequest, stream: bool) -> Result<Value, ModelError> {
    let mut items = Vec::new();
    for message in &request.messages {
        items.extend(self::items(target, message)?);
    }
    // Nothing is kept there; what reasoning needs for the next turn comes with the answer, encrypted.
    let mut include = vec!["reasoning.encrypted_content"];
    if request.logprobs {
        include.push("message.output_text.logprobs");
    }
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(request.model));
    body.insert("input".to_owned(), Value::Array(items));
    body.insert("store".to_owned(), json!(false));
    body.insert("include".to_owned(), json!(include));
    body.extend(request.max_output.map(|max| ("max_output_tokens".to_owned(), json!(max))));
    body.extend(request.temperature.map(|value| ("temperature".to_owned(), json!(value))));
    if let Output::Json { name, schema, strict } = &request.output {
        let format = json!({ "type": "json_schema", "name": name, "strict": strict, "schema": schema });
        body.insert("text".to_owned(), json!({ "format": format }));
    }
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    if stream {
        body.insert("stream".to_owned(), json!(true));
    }
    Ok(Value::Object(body))
}

fn items(target: &Target, message: &Message) -> Result<Vec<Value>, ModelError> {
    if let Some(own) = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE) {
        return Ok(own.content.as_array().cloned().unwrap_or_default());
    }
    if let Some(id) = &message.answers {
        let output = message.plain_text();
        return Ok(vec![json!({ "type": "function_call_output", "call_id": id, "output": output })]);
    }
    let role = match message.role {
        Role::System => "system",
        Role::User | Role::Tool => "user",
        Role::Assistant => "assistant",
    };
    let mut items = Vec::new();
    if message.role == Role::Assistant {
        let text = message.plain_text();
        if !text.is_empty() {
            items.push(json!({ "role": role, "content": text }));
        }
    } else {
        let parts: Result<Vec<Value>, ModelError> =
            message.content.iter().map(|one| part(target, one)).collect();
        items.push(json!({ "role": role, "content": parts? }));
    }
    items.extend(message.tool_calls.iter().map(|call| {
        json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments })
    }));
    Ok(items)
}

fn part(target: &Target, part: &Part) -> Result<Value, ModelError> {
    match part {
        Part::Text(text) => Ok(json!({ "type": "input_text", "text": text })),
        Part::Image { uri } => Ok(json!({ "type": "input_image", "image_url": uri, "detail": "auto" })),
        Part::File { uri } => match Media::of(uri) {
            Media::Inline { mime, .. } => {
                let name = format!("document.{}", format_of(mime));
                Ok(json!({ "type": "input_file", "filename": name, "file_data": uri }))
            }
            Media::Address(url) => Ok(json!({ "type": "input_file", "file_url": url })),
        },
        Part::Audio { .. } => Err(cannot_send(target, "audio", " in this protocol; `openai` takes it")),
    }
}

/// Flat, unlike in the chat protocol.
fn tool(tool: &ToolSpec) -> Value {
    json!({
        "type": "function", "name": tool.name, "description": tool.description,
        "parameters": tool.parameters, "strict": true,
    })
}

pub(super) fn reply(response: wire::Response) -> ChatReply {
    let is = |item: &Value, kind: &str| item.get("type").and_then(Value::as_str) == Some(kind);
    let field =
        |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let calls = response.output.iter().filter(|item| is(item, "function_call"));
    let tool_calls: Vec<ToolCall> = calls
        .map(|item| ToolCall {
            id: field(item, "call_id"),
            name: field(item, "name"),
            arguments: field(item, "arguments"),
        })
        .collect();
    let messages = response.output.iter().filter(|item| is(item, "message"));
    let parts: Vec<&Value> = messages.filter_map(|item| item.get("content")?.as_array()).flatten().collect();
    let texts = parts.iter().filter(|part| is(part, "output_text"));
    let refusal: String =
        parts.iter().filter(|part| is(part, "refusal")).map(|part| field(part, "refusal")).collect();
    let finish = finish(&response, !tool_calls.is_empty());
    let repeats = response.output.iter().any(|item| !is(item, "message") && !is(item, "function_call"));
    ChatReply {
        text: texts.clone().map(|part| field(part, "text")).collect(),
        refusal: Some(refusal).filter(|refusal| !refusal.is_empty()),
        tool_calls,
        finish,
        usage: response.usage.as_ref().and_then(usage),
        model: response.model.unwrap_or_default(),
        tokens: texts.flat_map(|part| tokens(part)).collect(),
        verbatim: repeats.then(|| Verbatim { wire: WIRE.to_owned(), content: Value::Array(response.output) }),
        ..ChatReply::default()
    }
}

fn tokens(part: &Value) -> Vec<TokenProbability> {
    let all = part.get("logprobs").cloned().unwrap_or_default();
    let all = all.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let one = |token: &Value| {
        Some(TokenProbability {
            token: token.get("token")?.as_str()?.to_owned(),
            logprob: token.get("logprob")?.as_f64()?,
        })
    };
    all.filter_map(one).collect()
}

fn finish(response: &wire::Response, has_calls: bool) -> Finish {
    let reason = response.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
    match (response.status.as_str(), reason) {
        (_, Some("max_output_tokens")) => Finish::Length,
        (_, Some("content_filter")) => Finish::ContentFilter,
        ("completed", None) if has_calls => Finish::ToolCall,
        ("completed", None) => Finish::Stop,
        // Incomplete for a reason that is new: in any case not complete.
        _ => Finish::Error,
    }
}

fn usage(raw: &Value) -> Option<Usage> {
    raw.as_object()?;
    let count = |pointer: &str| raw.pointer(pointer).and_then(Value::as_u64);
    Some(Usage {
        input: count("/input_tokens"),
        cache_read: count("/input_tokens_details/cached_tokens"),
        cache_write: count("/input_tokens_details/cache_write_tokens"),
        output: count("/output_tokens"),
        reasoning: count("/output_tokens_details/reasoning_tokens"),
        estimated: false,
        raw: Some(raw.clone()),
    })
}
