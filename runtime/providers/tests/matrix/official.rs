//! What is sent, read by code that the providers wrote.

use std::path::PathBuf;
use std::process::Command;

use async_openai::types::chat::CreateChatCompletionRequest;
use async_openai::types::embeddings::CreateEmbeddingRequest;
use async_openai::types::responses::CreateResponse;
use flow_ir::setup::Provider;
use flow_model::{ChatRequest, EmbedRequest, Finish, Message, Output, Part, Role};
use serde_json::{Value, json};

use crate::said::Said;
use crate::server::{Script, Server};
use crate::wires::{ALL, Wire};
use crate::{CALLS, PATIENT, ask, both, client, request, tool, wait};

/// Requests that use everything a protocol has, whole and streamed.
fn sent(wire: &dyn Wire) -> Vec<Value> {
    let said = Said {
        calls: CALLS.to_vec(),
        finish: Finish::ToolCall,
        thought: Some("Hm, what is L1?"),
        ..Said::text(&["Let me see."])
    };
    let [thinking, _] = both(wire, &said);
    let schema = json!({ "type": "object", "properties": { "urgency": { "type": "integer" } },
        "required": ["urgency"], "additionalProperties": false });
    let mut content = vec![Part::Text("Look:".to_owned())];
    if wire.takes().contains(&"image") {
        content.push(Part::Image { uri: "data:image/png;base64,AAAA".to_owned() });
    }
    if wire.takes().contains(&"document") {
        content.push(Part::File { uri: "data:application/pdf;base64,AAAA".to_owned() });
    }
    let mut messages = request().messages;
    messages.push(Message::of(Role::User, content));
    messages.push(Message {
        tool_calls: thinking.tool_calls.clone(),
        verbatim: thinking.verbatim,
        ..Message::text(Role::Assistant, thinking.text)
    });
    for call in &thinking.tool_calls {
        messages.push(Message { answers: Some(call.id.clone()), ..Message::text(Role::Tool, "{\"eur\":3}") });
    }
    let output = Output::Json { name: "triage".to_owned(), schema, strict: true };
    let tools = vec![tool("price"), tool("stock")];
    let full = ChatRequest { messages, tools, temperature: Some(0.5), ..request() };
    let structured = ChatRequest { output, ..request() };
    let answer = wire.answer(&Said::text(&["Done."]));
    let requests = [(&full, false), (&full, true), (&structured, false), (&request(), true)];
    let server = Server::start(requests.map(|_| Script::json(200, &answer)));
    let client = client(wire, &server);
    for (request, streamed) in requests {
        ask(&*client, request, streamed, PATIENT).0.unwrap();
    }
    server.seen().into_iter().map(|seen| seen.body).collect()
}

fn wires(providers: &'static [Provider]) -> impl Iterator<Item = &'static dyn Wire> {
    ALL.into_iter().filter(move |wire| providers.contains(&wire.provider()))
}

#[test]
fn requests_to_openai_are_read_by_a_library_of_its_types() {
    for wire in wires(&[Provider::Openai, Provider::OpenaiCompatible, Provider::Azure]) {
        for body in sent(wire) {
            let read: Result<CreateChatCompletionRequest, _> = serde_json::from_value(body.clone());
            assert!(read.is_ok(), "{:?}: {:?}\n{body}", wire.provider(), read.err());
        }
    }
    for wire in wires(&[Provider::OpenaiResponses]) {
        for body in sent(wire) {
            let read: Result<CreateResponse, _> = serde_json::from_value(body.clone());
            assert!(read.is_ok(), "{:?}\n{body}", read.err());
        }
    }
    let vectors = json!({ "data": [{ "index": 0, "embedding": [1.0] }], "model": "m", "usage": null });
    let server = Server::start([Script::json(200, &vectors)]);
    let texts = vec!["a".to_owned()];
    let embed = EmbedRequest { model: "m-1".to_owned(), texts };
    wait(client(ALL[0], &server).embed(&embed, PATIENT)).unwrap();
    let body = server.seen()[0].body.clone();
    let read: Result<CreateEmbeddingRequest, _> = serde_json::from_value(body.clone());
    assert!(read.is_ok(), "{:?}\n{body}", read.err());
}

/// A Python with the official libraries, or why there is none.
pub fn python() -> Option<PathBuf> {
    let own = std::env::var_os("FLOWC_PYTHON_BIN").map(|dir| PathBuf::from(dir).join("python3"));
    let python = own.unwrap_or_else(|| PathBuf::from("python3"));
    let imports = "import openai, anthropic, google.genai, boto3, botocore, pydantic";
    let has =
        Command::new(&python).args(["-c", imports]).output().is_ok_and(|output| output.status.success());
    if !has {
        assert!(std::env::var_os("FLOWC_PYTHON_BIN").is_none(), "the official libraries are not installed");
        eprintln!("skipped: pip install openai anthropic google-genai boto3");
    }
    has.then_some(python)
}

#[test]
fn requests_are_read_by_the_official_libraries() {
    let Some(python) = python() else { return };
    let official = [
        Provider::Openai,
        Provider::OpenaiResponses,
        Provider::Anthropic,
        Provider::Gemini,
        Provider::Bedrock,
    ];
    let mut cases = Vec::new();
    for wire in ALL.into_iter().filter(|wire| official.contains(&wire.provider())) {
        let name = format!("{:?}", wire.provider());
        cases.extend(sent(wire).into_iter().map(|body| json!({ "wire": name, "body": body })));
    }
    let file = std::env::temp_dir().join(format!("flowc-requests-{}.json", std::process::id()));
    std::fs::write(&file, Value::from(cases).to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix/official.py");
    let output = Command::new(python).arg(script).arg(&file).output().unwrap();
    let (told, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.is_empty(), "{told}\n{failed}");
    std::fs::remove_file(file).unwrap();
}
