//! Between `flow-model`'s types and the wire.

use flow_model::{ChatRequest, Finish, Message, ModelError, Output, Part, Role, ToolCall, ToolSpec};
use serde_json::{Map, Value, json};

use crate::client::put;
use crate::media::{Media, cannot_send};
use crate::target::Target;

/// The name under which turns are repeated.
pub(super) const WIRE: &str = "ollama";

pub(super) fn request(
    target: &Target,
    request: &ChatRequest,
    context: Option<u64>,
    stream: bool,
) -> Result<Value, ModelError> {
    let messages: Result<Vec<Value>, ModelError> =
        request.messages.iter().map(|one| message(target, one)).collect();
    let mut body = json!({ "model": request.model, "messages": messages?, "stream": stream });
    let mut options = Map::new();
    options.extend(context.map(|tokens| ("num_ctx".to_owned(), json!(tokens))));
    options.extend(request.max_output.map(|tokens| ("num_predict".to_owned(), json!(tokens))));
    options.extend(request.temperature.map(|value| ("temperature".to_owned(), json!(value))));
    if !options.is_empty() {
        put(&mut body, "options", Value::Object(options));
    }
    if let Output::Json { schema, .. } = &request.output {
        put(&mut body, "format", schema.clone());
    }
    if !request.tools.is_empty() {
        put(&mut body, "tools", request.tools.iter().map(tool).collect());
    }
    Ok(body)
}

fn message(target: &Target, message: &Message) -> Result<Value, ModelError> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut wire = json!({ "role": role, "content": message.plain_text() });
    let images: Result<Vec<&str>, ModelError> =
        message.content.iter().filter_map(|part| image(target, part).transpose()).collect();
    let images = images?;
    if !images.is_empty() {
        put(&mut wire, "images", json!(images));
    }
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            json!({ "function": { "name": call.name, "arguments": arguments } })
        };
        put(&mut wire, "tool_calls", message.tool_calls.iter().map(call).collect());
    }
    let own = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE);
    if let Some(own) = own {
        put(&mut wire, "thinking", own.content.clone());
    }
    Ok(wire)
}

fn image<'m>(target: &Target, part: &'m Part) -> Result<Option<&'m str>, ModelError> {
    match part {
        Part::Text(_) => Ok(None),
        Part::Image { uri } => match Media::of(uri) {
            Media::Inline { base64, .. } => Ok(Some(base64)),
            Media::Address(_) => Err(cannot_send(target, "image by its address", "; give it as `data:`")),
        },
        Part::Audio { .. } => Err(cannot_send(target, "audio", "; transcribe it first")),
        Part::File { .. } => Err(cannot_send(target, "document", "; give its text")),
    }
}

fn tool(tool: &ToolSpec) -> Value {
    let function =
        json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters });
    json!({ "type": "function", "function": function })
}

pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        other => Finish::Other(other.to_owned()),
    }
}
