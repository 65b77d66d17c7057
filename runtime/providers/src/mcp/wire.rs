//! What is said: JSON-RPC 2.0 and the two methods that calling a tool takes.

use flow_ir::units::ErrorClass;
use serde_json::{Value, json};

use super::{Broken, McpCall};
use crate::tool::ToolReply;

/// The revision that is spoken; a server may answer with an older one, which is equal for tools.
pub(super) const VERSION: &str = "2025-06-18";

/// Bytes of one message; more is an attack or a bug.
pub(super) const LONGEST: u64 = 32 << 20;

pub(super) fn initialize() -> Value {
    let client = json!({ "name": "flowc", "version": env!("CARGO_PKG_VERSION") });
    json!({ "protocolVersion": VERSION, "capabilities": {}, "clientInfo": client })
}

pub(super) fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub(super) fn notification(method: &str) -> Value {
    json!({ "jsonrpc": "2.0", "method": method })
}

/// What a message from a server is.
pub(super) enum Message {
    /// The answer to our request.
    Answer(Result<Value, Broken>),
    /// It asks us: this is to be sent back.
    Question(Value),
    /// Its tools are others now.
    Changed,
    /// Nothing for us.
    Other,
}

pub(super) fn read(message: &Value, id: u64) -> Message {
    let is_request = message.get("method").is_some();
    match (is_request, message.get("id")) {
        (true, Some(theirs)) => {
            let ping = message.get("method").and_then(Value::as_str) == Some("ping");
            let mut answer = json!({ "jsonrpc": "2.0", "id": theirs });
            let none = json!({ "code": -32601, "message": "this client offers nothing" });
            let (name, value) = if ping { ("result", json!({})) } else { ("error", none) };
            crate::client::put(&mut answer, name, value);
            Message::Question(answer)
        }
        (false, Some(ours)) if ours.as_u64() == Some(id) => {
            Message::Answer(match (message.get("result"), message.get("error")) {
                (Some(result), None) => Ok(result.clone()),
                (_, Some(error)) => Err(refused(error)),
                (None, None) => Err(Broken::Lost("answered with neither result nor error".to_owned())),
            })
        }
        (true, None) if is_change(message) => Message::Changed,
        _ => Message::Other,
    }
}

fn is_change(message: &Value) -> bool {
    message.get("method").and_then(Value::as_str) == Some("notifications/tools/list_changed")
}

fn refused(error: &Value) -> Broken {
    let said = error.get("message").and_then(Value::as_str).unwrap_or("no reason");
    let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
    Broken::Refused(format!("refuses ({code}): {said}"))
}

/// The result of `tools/call` as the tool's answer.
pub(super) fn reply(call: &McpCall, result: &Value) -> Result<ToolReply, (ErrorClass, String)> {
    let text = texts(result);
    if result.get("isError").and_then(Value::as_bool) == Some(true) {
        return Err((ErrorClass::Failed, format!("failed: {text}")));
    }
    if let Some(structured) = result.get("structuredContent").filter(|value| !value.is_null()) {
        // What is no object is wrapped by the servers' libraries.
        let inner = structured.get("result").filter(|_| !call.object);
        return Ok(ToolReply::Json(inner.unwrap_or(structured).clone()));
    }
    match (text.as_str(), call.text) {
        ("", _) => Ok(ToolReply::Empty),
        (text, true) => Ok(ToolReply::Json(Value::String(text.to_owned()))),
        (text, false) => serde_json::from_str(text).map(ToolReply::Json).map_err(|_| {
            let why = "answered with text that is no JSON, and the return type is not text";
            (ErrorClass::Invalid, why.to_owned())
        }),
    }
}

fn texts(result: &Value) -> String {
    let content = result.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    content.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
}
