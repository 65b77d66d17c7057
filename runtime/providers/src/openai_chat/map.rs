//! Between `flow-model`'s types and the wire.

use flow_model::{
    ChatReply, ChatRequest, Finish, Message, ModelError, Output, Part, Role, TokenProbability, ToolCall,
    Usage, Verbatim,
};
use serde_json::{Value, json};

use super::client::Dialect;
use super::wire;
use crate::media::{Media, cannot_send, format_of};
use crate::target::Target;

/// The name under which turns are repeated.
pub(super) const WIRE: &str = "openai_chat";

pub(super) fn request<'r>(
    target: &Target,
    request: &'r ChatRequest,
    dialect: Dialect,
    stream: bool,
) -> Result<wire::Request<'r>, ModelError> {
    let messages: Result<Vec<Value>, ModelError> =
        request.messages.iter().map(|one| message(target, one)).collect();
    let (new, old) = match dialect {
        Dialect::OpenAi => (request.max_output, None),
        Dialect::Compatible => (None, request.max_output),
    };
    Ok(wire::Request {
        model: &request.model,
        messages: messages?,
        max_completion_tokens: new,
        max_tokens: old,
        temperature: request.temperature,
        response_format: response_format(&request.output),
        tools: request.tools.iter().map(tool).collect(),
        logprobs: request.logprobs.then_some(true),
        stream,
        stream_options: stream.then(|| json!({ "include_usage": true })),
    })
}

fn tool(tool: &flow_model::ToolSpec) -> Value {
    let function = json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": true });
    json!({ "type": "function", "function": function })
}

fn response_format(output: &Output) -> Option<Value> {
    match output {
        Output::Text => None,
        Output::Json { name, schema, strict } => Some(json!({
            "type": "json_schema",
            "json_schema": { "name": name, "strict": strict, "schema": schema },
        })),
    }
}

fn message(target: &Target, message: &Message) -> Result<Value, ModelError> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut wire = serde_json::Map::new();
    wire.insert("role".into(), json!(role));
    wire.insert("content".into(), content(target, &message.content)?);
    if !message.tool_calls.is_empty() {
        wire.insert("tool_calls".into(), message.tool_calls.iter().map(call).collect());
        // Servers that reason want to see what they thought before they asked for a tool.
        let own = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE);
        if let Some(Value::Object(reasoning)) = own.map(|verbatim| &verbatim.content) {
            wire.extend(reasoning.clone());
        }
    }
    if let Some(id) = &message.answers {
        wire.insert("tool_call_id".into(), json!(id));
    }
    Ok(Value::Object(wire))
}

fn call(call: &ToolCall) -> Value {
    let function = json!({ "name": call.name, "arguments": call.arguments });
    json!({ "id": call.id, "type": "function", "function": function })
}

fn content(target: &Target, parts: &[Part]) -> Result<Value, ModelError> {
    match parts {
        [] => Ok(json!("")),
        [Part::Text(text)] => Ok(json!(text)),
        parts => parts.iter().map(|one| part(target, one)).collect(),
    }
}

fn part(target: &Target, part: &Part) -> Result<Value, ModelError> {
    match part {
        Part::Text(text) => Ok(json!({ "type": "text", "text": text })),
        Part::Image { uri } => Ok(json!({ "type": "image_url", "image_url": { "url": uri } })),
        Part::Audio { uri } => match Media::of(uri) {
            Media::Inline { mime, base64 } => {
                let audio = json!({ "data": base64, "format": format_of(mime) });
                Ok(json!({ "type": "input_audio", "input_audio": audio }))
            }
            Media::Address(_) => Err(cannot_send(target, "audio by its address", "; give it as `data:`")),
        },
        Part::File { uri } => match Media::of(uri) {
            Media::Inline { mime, .. } => {
                let name = format!("document.{}", format_of(mime));
                Ok(json!({ "type": "file", "file": { "filename": name, "file_data": uri } }))
            }
            Media::Address(_) => Err(cannot_send(target, "document by its address", "; give it as `data:`")),
        },
    }
}

/// A whole answer; `None` if there is no choice in it.
pub(super) fn reply(completion: wire::Completion) -> Option<ChatReply> {
    let choice = completion.choices.unwrap_or_default().into_iter().next()?;
    let mut message = choice.message?;
    let reasoning = message.take_reasoning().map(|(name, value)| (name.to_owned(), value)).collect();
    let calls = message.tool_calls.unwrap_or_default();
    Some(ChatReply {
        text: text_of(message.content.as_ref()),
        refusal: message.refusal.filter(|refusal| !refusal.is_empty()),
        tool_calls: calls.into_iter().enumerate().map(|(position, call)| tool_call(position, call)).collect(),
        finish: finish(choice.finish_reason.as_deref().unwrap_or("none")),
        usage: completion.usage.as_ref().and_then(usage),
        model: completion.model.unwrap_or_default(),
        tokens: choice.logprobs.map(tokens).unwrap_or_default(),
        verbatim: verbatim(reasoning),
        ..ChatReply::default()
    })
}

/// The reasoning of a turn, to be sent back with it.
pub(super) fn verbatim(reasoning: serde_json::Map<String, Value>) -> Option<Verbatim> {
    (!reasoning.is_empty()).then(|| Verbatim { wire: WIRE.to_owned(), content: Value::Object(reasoning) })
}

/// Texts and parts of texts; other parts hold no answer.
pub(super) fn text_of(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

fn tool_call(position: usize, call: wire::Call) -> ToolCall {
    let function = call.function.unwrap_or(wire::Function { name: None, arguments: None });
    ToolCall {
        id: call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{position}")),
        name: function.name.unwrap_or_default(),
        arguments: arguments_of(function.arguments.as_ref()),
    }
}

pub(super) fn arguments_of(arguments: Option<&Value>) -> String {
    match arguments {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

pub(super) fn tokens(logprobs: wire::Logprobs) -> Vec<TokenProbability> {
    let all = logprobs.content.unwrap_or_default().into_iter();
    all.map(|one| TokenProbability { token: one.token, logprob: one.logprob }).collect()
}

pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "stop" => Finish::Stop,
        "length" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCall,
        "content_filter" => Finish::ContentFilter,
        other => Finish::Other(other.to_owned()),
    }
}

/// `None` for `null` and for anything that is no object.
pub(crate) fn usage(raw: &Value) -> Option<Usage> {
    raw.as_object()?;
    let count = |pointer: &str| raw.pointer(pointer).and_then(Value::as_u64);
    Some(Usage {
        input: count("/prompt_tokens"),
        cache_read: count("/prompt_tokens_details/cached_tokens"),
        cache_write: count("/prompt_tokens_details/cache_write_tokens"),
        output: count("/completion_tokens"),
        reasoning: count("/completion_tokens_details/reasoning_tokens"),
        estimated: false,
        raw: Some(raw.clone()),
    })
}
