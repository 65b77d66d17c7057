//! What is said: JSON-RPC 2.0, and the flows of a package as tools.

use flow_eval::schema::{parameters, plain};
use flow_ir::Bundle;
use flow_ir::flow::Flow;
use flow_ir::types::Type;
use serde_json::{Value as Json, json};

pub(super) const NO_JSON: i32 = -32700;
pub(super) const NO_METHOD: i32 = -32601;
pub(super) const BAD_PARAMS: i32 = -32602;

/// The revisions that are equal for what is offered here, newest first.
const VERSIONS: [&str; 3] = ["2025-06-18", "2025-03-26", "2024-11-05"];

pub(super) fn result(id: &Json, result: Json) -> Json {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

pub(super) fn refusal(id: &Json, code: i32, message: &str) -> Json {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// The client's revision if it is known, else the newest of ours.
pub(super) fn initialized(params: &Json) -> Json {
    let [newest, ..] = VERSIONS;
    let asked = params.get("protocolVersion").and_then(Json::as_str);
    let version = VERSIONS.into_iter().find(|version| Some(*version) == asked).unwrap_or(newest);
    let server = json!({ "name": "flowc", "version": env!("CARGO_PKG_VERSION") });
    json!({ "protocolVersion": version, "capabilities": { "tools": { "listChanged": false } }, "serverInfo": server })
}

/// Of a flow, in the letters that clients take.
pub(super) fn name(flow: &Flow) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    flow.name.chars().map(letter).take(64).collect()
}

/// Every public flow.
pub(super) fn tools(bundle: &Bundle) -> Json {
    let one = |flow: &Flow| {
        let mut tool = json!({
            "name": name(flow),
            "description": flow.doc,
            "inputSchema": parameters(bundle, &flow.params),
        });
        if let (true, Some(fields)) = (is_object(bundle, flow), tool.as_object_mut()) {
            fields.insert("outputSchema".to_owned(), plain(bundle, flow.ret));
        }
        tool
    };
    let tools: Vec<Json> = bundle.flows.iter().filter(|flow| flow.public).map(one).collect();
    json!({ "tools": tools })
}

/// Structured results are objects in this protocol.
fn is_object(bundle: &Bundle, flow: &Flow) -> bool {
    matches!(bundle.ty(flow.ret), Type::Record(_) | Type::Partial { .. } | Type::Map { .. })
}

/// The result, as text for models and structured for programs.
pub(super) fn returned(bundle: &Bundle, flow: &Flow, value: &Json) -> Json {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut result = json!({ "content": [{ "type": "text", "text": text }], "isError": false });
    if let (true, Some(fields)) = (is_object(bundle, flow), result.as_object_mut()) {
        fields.insert("structuredContent".to_owned(), value.clone());
    }
    result
}

/// What went wrong, as the model that called may read it.
pub(super) fn failed(message: &str) -> Json {
    json!({ "content": [{ "type": "text", "text": message }], "isError": true })
}
