//! Between `flow-model`'s types and the wire.

use std::collections::BTreeMap;

use flow_model::{ChatRequest, Finish, Message, ModelError, Output, Part, Role, ToolSpec, Usage};
use serde_json::{Map, Value, json};

use crate::client::put;
use crate::media::Media;
use crate::schema::{Profile, fitted};
use crate::target::Target;

/// The name under which turns are repeated.
pub(super) const WIRE: &str = "gemini";

pub(super) fn request(_target: &Target, request: &ChatRequest) -> Result<Value, ModelError> {
    let mut body = Map::new();
    body.insert("contents".to_owned(), Value::Array(contents(&request.messages)));
    let of_system = request.messages.iter().filter(|message| message.role == Role::System);
    let system: Vec<Value> = of_system.map(|message| json!({ "text": message.plain_text() })).collect();
    if !system.is_empty() {
        body.insert("systemInstruction".to_owned(), json!({ "parts": system }));
    }
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("tools".to_owned(), json!([{ "functionDeclarations": tools }]));
    }
    let config = config(request);
    if !config.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(config));
    }
    Ok(Value::Object(body))
}

fn config(request: &ChatRequest) -> Map<String, Value> {
    let mut config = Map::new();
    if let Some(max) = request.max_output {
        config.insert("maxOutputTokens".to_owned(), json!(max));
    }
    if let Some(temperature) = request.temperature {
        config.insert("temperature".to_owned(), json!(temperature));
    }
    // Asking for JSON excludes tools; the schema is told then.
    if let (Output::Json { schema, .. }, true) = (&request.output, request.tools.is_empty()) {
        config.insert("responseMimeType".to_owned(), json!("application/json"));
        config.insert("responseJsonSchema".to_owned(), fitted(schema, Profile::Gemini));
    }
    if request.logprobs {
        config.insert("responseLogprobs".to_owned(), json!(true));
    }
    config
}

fn contents(messages: &[Message]) -> Vec<Value> {
    // Answers name the function, calls are known by their id.
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
    for message in messages.iter().filter(|message| message.role != Role::System) {
        names.extend(message.tool_calls.iter().map(|call| (call.id.as_str(), call.name.as_str())));
        let role = if message.role == Role::Assistant { "model" } else { "user" };
        let parts = parts(message, &names);
        match turns.last_mut() {
            Some((last, known)) if *last == role => known.extend(parts),
            _ => turns.push((role, parts)),
        }
    }
    turns.into_iter().map(|(role, parts)| json!({ "role": role, "parts": parts })).collect()
}

fn parts(message: &Message, names: &BTreeMap<&str, &str>) -> Vec<Value> {
    if let Some(own) = message.verbatim.as_ref().filter(|verbatim| verbatim.wire == WIRE) {
        return own.content.as_array().cloned().unwrap_or_default();
    }
    if let Some(id) = &message.answers {
        let name = names.get(id.as_str()).copied().unwrap_or_default();
        let text = message.plain_text();
        let result: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let response = if result.is_object() { result } else { json!({ "result": result }) };
        let mut answer = json!({ "name": name, "response": response });
        if !id.starts_with(MADE_UP) {
            put(&mut answer, "id", json!(id));
        }
        return vec![json!({ "functionResponse": answer })];
    }
    let calls = message.tool_calls.iter().map(|call| {
        let args: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
        json!({ "functionCall": { "name": call.name, "args": args } })
    });
    message.content.iter().map(part).chain(calls).collect()
}

/// Ids that are ours, because the protocol may give none.
pub(super) const MADE_UP: &str = "call_";

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({ "text": text }),
        Part::Image { uri } | Part::Audio { uri } | Part::File { uri } => match Media::of(uri) {
            Media::Inline { mime, base64 } => json!({ "inlineData": { "mimeType": mime, "data": base64 } }),
            Media::Address(uri) => json!({ "fileData": { "fileUri": uri } }),
        },
    }
}

fn tool(tool: &ToolSpec) -> Value {
    let schema = fitted(&tool.parameters, Profile::Gemini);
    json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": schema })
}

/// Reasons that name a fault of the answer are errors: such an answer is not complete.
pub(super) fn finish(reason: &str) -> Finish {
    match reason {
        "STOP" => Finish::Stop,
        "MAX_TOKENS" => Finish::Length,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR"
        | "LANGUAGE" => Finish::ContentFilter,
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MALFORMED_RESPONSE"
        | "MISSING_THOUGHT_SIGNATURE" => Finish::Error,
        "CONTINUATION" => Finish::Pause,
        other => Finish::Other(other.to_owned()),
    }
}

/// Thoughts stand beside the answer here, and count as output everywhere else.
pub(super) fn usage(raw: &Value) -> Option<Usage> {
    raw.as_object()?;
    let count = |name: &str| raw.get(name).and_then(Value::as_u64);
    let (shown, thoughts) = (count("candidatesTokenCount"), count("thoughtsTokenCount"));
    let output = match (shown, thoughts) {
        (None, None) => None,
        (shown, thoughts) => Some(shown.unwrap_or(0) + thoughts.unwrap_or(0)),
    };
    let tools = count("toolUsePromptTokenCount").unwrap_or(0);
    Some(Usage {
        input: count("promptTokenCount").map(|prompt| prompt + tools),
        cache_read: count("cachedContentTokenCount"),
        cache_write: None,
        output,
        reasoning: thoughts,
        estimated: false,
        raw: Some(raw.clone()),
    })
}
