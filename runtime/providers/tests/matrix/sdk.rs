//! The same calls, made by the official libraries and by us, are the same requests: where they go, what they hold,
//! how they prove who sends them.

use std::path::Path;
use std::process::Command;

use flow_ir::setup::Provider;
use flow_model::{ChatRequest, Message, Output, Role, ToolCall, ToolSpec};
use serde_json::{Value, json};

use crate::official::python;
use crate::said::Said;
use crate::server::{End, Script, Seen, Server};
use crate::wires::{ALL, Wire};
use crate::{KEY, PATIENT, ask, client, request, tool};

/// The calls of `sdk.py`, and whether they are streamed.
fn calls() -> Vec<(ChatRequest, bool)> {
    let schema = json!({ "type": "object", "properties": { "urgency": { "type": "integer" } },
        "required": ["urgency"], "additionalProperties": false });
    let output = Output::Json { name: "triage".to_owned(), schema, strict: true };
    let call =
        ToolCall { id: "t1".to_owned(), name: "price".to_owned(), arguments: "{\"ref\":\"L1\"}".to_owned() };
    let mut messages = request().messages;
    messages.push(Message { tool_calls: vec![call], ..Message::text(Role::Assistant, "Let me see.") });
    messages.push(Message { answers: Some("t1".to_owned()), ..Message::text(Role::Tool, "{\"eur\":3}") });
    let parameters = json!({ "type": "object", "properties": { "ref": { "type": "string" } },
        "required": ["ref"], "additionalProperties": false });
    let tool = ToolSpec { parameters, ..tool("price") };
    let tools = ChatRequest { messages, tools: vec![tool], temperature: Some(0.5), ..request() };
    vec![(request(), false), (request(), true), (ChatRequest { output, ..request() }, false), (tools, false)]
}

fn scripts(wire: &dyn Wire, count: usize) -> Vec<Script> {
    let said = Said::text(&["{\"urgency\":2}"]);
    let stream = Script::stream(wire.content_type(), wire.events(&said), End::Proper);
    let whole = || Script::json(200, &wire.answer(&said));
    [whole(), stream, whole(), whole()].into_iter().take(count).collect()
}

/// What a library sends: its own headers are its own business, those of the protocol are not.
fn shape(seen: &Seen) -> (String, Value, String, Vec<&str>) {
    // Anthropic takes a key in either header: the library writes one, we the other.
    let proof = seen.headers.get("x-api-key").map(|key| format!("Bearer {key}"));
    let proof = proof.or_else(|| seen.headers.get("authorization").cloned()).unwrap_or_default();
    // A signature covers the time, and the headers that somebody chose to sign; who signs is the same.
    let proof = proof.split_once(", SignedHeaders").map_or(proof.as_str(), |(scope, _)| scope).to_owned();
    // Which version is spoken is chosen here on purpose: a library follows the newest.
    let names = ["anthropic-version", "content-type"];
    let names = names.into_iter().filter(|name| seen.headers.contains_key(*name)).collect();
    (seen.path.clone(), seen.body.clone(), proof, names)
}

fn made_by_the_library(python: &Path, wire: &dyn Wire, count: usize) -> Vec<Seen> {
    let server = Server::start(scripts(wire, count));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix/sdk.py");
    let mut command = Command::new(python);
    let name = format!("{:?}", wire.provider());
    command.args([script, &name, &server.origin, KEY]).env("NO_PROXY", "127.0.0.1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    server.seen()
}

fn made_by_us(wire: &dyn Wire, count: usize) -> Vec<Seen> {
    let server = Server::start(scripts(wire, count));
    let client = client(wire, &server);
    for (request, streamed) in calls().iter().take(count) {
        ask(&*client, request, *streamed, PATIENT).0.unwrap();
    }
    server.seen()
}

#[test]
fn the_same_calls_are_the_same_requests() {
    let Some(python) = python() else { return };
    let libraries = [
        (Provider::Openai, 4),
        (Provider::OpenaiResponses, 4),
        (Provider::Anthropic, 4),
        (Provider::Bedrock, 2),
    ];
    for (provider, count) in libraries {
        let wire = ALL.into_iter().find(|wire| wire.provider() == provider).unwrap();
        let theirs = made_by_the_library(&python, wire, count);
        let ours = made_by_us(wire, count);
        assert_eq!((theirs.len(), ours.len()), (count, count), "{provider:?}");
        for (theirs, ours) in theirs.iter().zip(&ours) {
            assert_eq!(shape(theirs), shape(ours), "{provider:?}: theirs, ours");
        }
    }
}

/// AWS's own library signs our request as we did.
#[test]
fn our_signature_is_the_one_of_botocore() {
    let Some(python) = python() else { return };
    let wire = ALL.into_iter().find(|wire| wire.provider() == Provider::Bedrock).unwrap();
    let server = Server::start([Script::json(200, &wire.answer(&Said::text(&["a"])))]);
    // The colon is what everybody gets wrong: it is encoded once in the address and twice in what is signed.
    let request = ChatRequest { model: "eu.anthropic.claude-x:0".to_owned(), ..request() };
    ask(&*client(wire, &server), &request, false, PATIENT).0.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.path, "/model/eu.anthropic.claude-x%3A0/converse");
    let case = json!({ "url": format!("{}{}", server.origin, seen.path), "headers": seen.headers, "body": seen.text,
        "key": KEY, "region": "eu-central-1" });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix/signature.py");
    let output = Command::new(python).args([script, &case.to_string()]).output().unwrap();
    let signature = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sent = seen.headers["authorization"].split_once("Signature=").unwrap().1;
    assert_eq!(sent, signature.trim());
}
