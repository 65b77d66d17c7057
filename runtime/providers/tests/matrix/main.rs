//! Every protocol through one table of what providers really do, over real sockets.
//!
//! `wires` writes each protocol as its servers do, `server` sends it byte by byte, and each test is a row: it runs for
//! all protocols that can have it. `wires::table` shows which have which, with the reasons of those that cannot; what
//! vectors, rankings, tensors and plain HTTP need beside the rows is in the files of their names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(unreachable_pub, missing_docs, clippy::print_stderr, reason = "a test's own modules")]

mod kserve;
mod official;
mod plain;
mod ranking;
mod said;
mod sdk;
mod server;
mod vectors;
mod wires;

use std::future::Future;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use flow_ir::setup::Model;
use flow_model::{
    ChatReply, ChatRequest, Delta, ErrorKind, Finish, Message, ModelClient, ModelError, Output, Part,
    Patience, Phase, Role, ToolSpec,
};
use flow_providers::http::{Egress, EgressOptions};
use flow_providers::{FixedSecrets, Providers, Routing};
use said::{Call, Said};
use serde_json::{Value, json};
use server::{Body, End, Script, Server};
use tokio::runtime::Runtime;
use wires::{ALL, EVERY, Fault, Wire, having};

const KEY: &str = "sk-very-secret";
const PATIENT: Patience = Patience::of_attempt(20_000);

/// Connections live as long as the runtime that made them, so there is one for all tests of a process.
fn wait<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    });
    RUNTIME.block_on(future)
}

/// Reading the system's certificates takes long without optimisation.
fn egress() -> Egress {
    static EGRESS: LazyLock<Egress> = LazyLock::new(|| Egress::new(EgressOptions::default()).unwrap());
    EGRESS.clone()
}

async fn until(state: impl Fn() -> bool) {
    while !state() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn model(wire: &dyn Wire, server: &Server) -> Model {
    Model {
        address: Some(format!("{}{}", server.origin, wire.base()).into()),
        region: Some("eu-central-1".into()),
        context: Some(8_192),
        ..Model::new("fast", wire.provider(), "m-1")
    }
}

fn providers() -> Providers {
    let names = [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
        "VERTEX_ACCESS_TOKEN",
        "AZURE_OPENAI_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ];
    let secrets = FixedSecrets::new(names.map(|name| (name.to_owned(), KEY.to_owned())));
    Providers::new(egress(), Arc::new(secrets), Routing::default())
}

fn client(wire: &dyn Wire, server: &Server) -> Arc<dyn ModelClient> {
    providers().client(&model(wire, server)).unwrap()
}

fn request() -> ChatRequest {
    ChatRequest {
        model: "m-1".to_owned(),
        messages: vec![Message::text(Role::System, "Be kind."), Message::text(Role::User, "Hi")],
        output: Output::Text,
        max_output: Some(50),
        temperature: None,
        tools: Vec::new(),
        logprobs: false,
        prefix: Default::default(),
    }
}

/// Asks once: whole, or streamed with what was shown on the way.
fn ask(
    client: &dyn ModelClient,
    request: &ChatRequest,
    streamed: bool,
    patience: Patience,
) -> (Result<ChatReply, ModelError>, String) {
    let mut shown = String::new();
    let mut sink = |delta: Delta| match delta {
        Delta::Text(text) => shown.push_str(&text),
    };
    let sink = streamed.then_some(&mut sink as &mut (dyn FnMut(Delta) + Send));
    let reply = wait(client.chat(request, patience, sink));
    (reply, shown)
}

fn server(wire: &dyn Wire, scripts: impl IntoIterator<Item = Script>) -> Server {
    Server::describing(wire.metadata(), scripts)
}

fn streamed(wire: &dyn Wire, pieces: Vec<Vec<u8>>, end: End) -> (Result<ChatReply, ModelError>, String) {
    let server = server(wire, [Script::stream(wire.content_type(), pieces, end)]);
    ask(&*client(wire, &server), &request(), true, PATIENT)
}

fn whole(wire: &dyn Wire, script: Script) -> Result<ChatReply, ModelError> {
    let server = server(wire, [script]);
    ask(&*client(wire, &server), &request(), false, PATIENT).0
}

/// The whole of an answer as it is sent to somebody who wants to see it come, and the pieces that it has.
fn coming(wire: &dyn Wire, said: &Said) -> Vec<Vec<u8>> {
    match wire.lacks(2) {
        None => wire.events(said),
        Some(_) => {
            let body = wire.answer(said).to_string().into_bytes();
            body.chunks(body.len().div_ceil(4)).map(<[u8]>::to_vec).collect()
        }
    }
}

/// The reply to an answer, both ways.
fn both(wire: &dyn Wire, said: &Said) -> [ChatReply; 2] {
    let one = whole(wire, Script::json(200, &wire.answer(said))).unwrap();
    let (other, shown) = streamed(wire, coming(wire, said), End::Proper);
    let other = other.unwrap();
    assert_eq!(shown, other.text, "{:?}", wire.provider());
    [one, other]
}

#[test]
fn row_1_and_2_whole_and_streamed_answers_are_equal() {
    let said = Said::text(&["Hel", "lo ", "ä𝄞!"]);
    for wire in EVERY {
        for reply in both(wire, &said) {
            let name = wire.provider();
            assert_eq!(reply.text, "Hello ä𝄞!", "{name:?}");
            assert_eq!((reply.finish.clone(), reply.refusal.clone()), (Finish::Stop, None), "{name:?}");
            let usage = reply.usage.map(|usage| (usage.input, usage.output, usage.estimated));
            let told = wire.lacks(7).is_none().then_some((Some(11), Some(7), false));
            assert_eq!(usage, told, "{name:?}");
        }
    }
}

#[test]
fn the_table_says_who_lacks_which_row_and_why() {
    insta::assert_snapshot!(wires::table());
}

/// Row 3. An answer that is cut off is never an answer, wherever it is cut, and nothing panics.
fn cut_everywhere(wire: &dyn Wire) {
    let said = match wire.lacks(5) {
        None => Said { calls: vec![CALLS[0]], finish: Finish::ToolCall, ..Said::text(&["ä𝄞"]) },
        Some(_) => Said::text(&["ä𝄞"]),
    };
    if wire.lacks(2).is_none() {
        stream_cut_everywhere(wire, &said);
    }
    let server = server(wire, []);
    let client = client(wire, &server);
    let body = wire.answer(&said).to_string().into_bytes();
    for cut in 0..body.len() {
        let pieces = || vec![body[..cut].to_vec()];
        for end in [End::Cut, End::Proper] {
            for streamed in [false, true] {
                server.push(Script::stream("application/json", pieces(), end));
                let (reply, shown) = ask(&*client, &request(), streamed, PATIENT);
                assert!(reply.is_err(), "{:?}: body cut after {cut}, {end:?}: {reply:?}", wire.provider());
                assert_eq!(shown, "", "nothing of a whole answer is shown before its end");
            }
        }
        // With a length that is never reached.
        let headers = vec![("content-type", b"application/json".to_vec())];
        let short = Body::Short(body[..cut].to_vec(), body.len());
        server.push(Script { headers, body: short, ..Script::json(200, &Value::Null) });
        let error = ask(&*client, &request(), false, PATIENT).0.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::PartialStream { .. }), "{:?}: {error:?}", wire.provider());
    }
}

fn stream_cut_everywhere(wire: &dyn Wire, said: &Said) {
    let events = wire.events(said);
    let all: Vec<u8> = events.concat();
    let server = server(wire, []);
    let client = client(wire, &server);
    // The blank line that ends the last event is needed to know that it is complete, its second half is not.
    for cut in 0..all.len() - 1 {
        server.push(Script::stream(wire.content_type(), vec![all[..cut].to_vec()], End::Cut));
        let error = ask(&*client, &request(), true, PATIENT).0.expect_err(&format!("cut after {cut} bytes"));
        assert!(
            matches!(error.kind, ErrorKind::PartialStream { .. } | ErrorKind::Connect),
            "{:?} cut after {cut}: {error:?}",
            wire.provider()
        );
        assert!(!error.message.contains('𝄞'), "{error}");
    }
    // Also where the body ends properly, and the protocol alone knows better.
    for cut in 0..all.len() - events.last().unwrap().len() {
        server.push(Script::stream(wire.content_type(), vec![all[..cut].to_vec()], End::Proper));
        let error =
            ask(&*client, &request(), true, PATIENT).0.expect_err(&format!("ended after {cut} bytes"));
        assert!(
            matches!(error.kind, ErrorKind::PartialStream { .. }),
            "{:?} ended after {cut}: {error:?}",
            wire.provider()
        );
    }
}

macro_rules! cut_everywhere {
    ($($name:ident: $index:literal)*) => {$(
        #[test]
        fn $name() {
            cut_everywhere(EVERY[$index]);
        }
    )*};
}

cut_everywhere! {
    row_3_openai_cut_after_every_byte: 0
    row_3_compatible_cut_after_every_byte: 1
    row_3_azure_cut_after_every_byte: 2
    row_3_responses_cut_after_every_byte: 3
    row_3_anthropic_cut_after_every_byte: 4
    row_3_gemini_cut_after_every_byte: 5
    row_3_vertex_cut_after_every_byte: 6
    row_3_bedrock_cut_after_every_byte: 7
    row_3_ollama_cut_after_every_byte: 8
    row_3_kserve_cut_after_every_byte: 9
    row_3_plain_http_cut_after_every_byte: 10
}

#[test]
fn row_4_characters_may_be_split_anywhere() {
    let said = Said::text(&["ä𝄞", "한"]);
    for wire in EVERY {
        let bytes: Vec<Vec<u8>> = coming(wire, &said).concat().into_iter().map(|byte| vec![byte]).collect();
        let (reply, shown) = streamed(wire, bytes, End::Proper);
        assert_eq!((reply.unwrap().text.as_str(), shown.as_str()), ("ä𝄞한", "ä𝄞한"), "{:?}", wire.provider());
    }
}

const CALLS: [Call; 2] = [
    Call { id: "t1", name: "price", arguments: ["{\"ref\":", "\"L1\"}"] },
    Call { id: "t2", name: "stock", arguments: ["{\"n\":", "2}"] },
];

fn tool(name: &str) -> ToolSpec {
    let parameters = json!({ "type": "object", "properties": { "ref": { "type": "string", "maxLength": 9 } },
        "required": ["ref"], "additionalProperties": false });
    ToolSpec { name: name.to_owned(), description: "Looks up.".to_owned(), parameters }
}

#[test]
fn row_5_tool_calls_alone_side_by_side_and_in_pieces() {
    let said = Said { calls: CALLS.to_vec(), finish: Finish::ToolCall, ..Said::text(&["Let me see."]) };
    for wire in having(5) {
        for reply in both(wire, &said) {
            assert_eq!(reply.finish, Finish::ToolCall, "{:?}", wire.provider());
            let calls: Vec<(&str, Value)> = reply
                .tool_calls
                .iter()
                .map(|call| (call.name.as_str(), serde_json::from_str(&call.arguments).unwrap()))
                .collect();
            assert_eq!(calls, [("price", json!({ "ref": "L1" })), ("stock", json!({ "n": 2 }))]);
            let ids: Vec<&str> = reply.tool_calls.iter().map(|call| call.id.as_str()).collect();
            assert_eq!(ids, if wire.has_ids() { ["t1", "t2"] } else { ["call_0", "call_1"] });
        }
    }
}

#[test]
fn row_5_tools_are_refused_where_there_are_no_words_for_them() {
    for wire in EVERY.into_iter().filter(|wire| wire.lacks(5).is_some()) {
        let server = server(wire, []);
        let request = ChatRequest { tools: vec![tool("price")], ..request() };
        let error = ask(&*client(wire, &server), &request, false, PATIENT).0.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(server.seen().is_empty(), "{:?}", wire.provider());
    }
}

#[test]
fn reasoning_goes_back_as_it_came() {
    let said = Said {
        calls: CALLS.to_vec(),
        finish: Finish::ToolCall,
        thought: Some("Hm, what is L1?"),
        ..Said::text(&["Let me see."])
    };
    for wire in ALL {
        let [one, other] = both(wire, &said);
        let name = wire.provider();
        assert_eq!(one.verbatim, other.verbatim, "{name:?}: streamed and whole");
        assert!(!one.text.contains("Hm"), "{name:?}: thoughts are no answer");
        let server = Server::start([Script::json(200, &wire.answer(&Said::text(&["Done."])))]);
        let calls = one.tool_calls.clone();
        let mut messages = request().messages;
        messages.push(Message {
            tool_calls: one.tool_calls,
            verbatim: one.verbatim.clone(),
            ..Message::text(Role::Assistant, one.text)
        });
        for call in &calls {
            messages
                .push(Message { answers: Some(call.id.clone()), ..Message::text(Role::Tool, "{\"eur\":3}") });
        }
        let request = ChatRequest { messages, tools: vec![tool("price"), tool("stock")], ..request() };
        ask(&*client(wire, &server), &request, false, PATIENT).0.unwrap();
        let sent = server.seen()[0].body.to_string();
        assert!(sent.contains("Hm, what is L1?"), "{name:?}: {sent}");
        for part in signed_parts(&one.verbatim.unwrap().content) {
            assert!(sent.contains(&part), "{name:?} lacks {part}: {sent}");
        }
        assert!(sent.contains("eur"), "{name:?}: {sent}");
    }
}

/// The parts of a turn that must be sent to the letter.
fn signed_parts(content: &Value) -> Vec<String> {
    let parts = content.as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().map(Value::to_string).collect()
}

#[test]
fn row_6_refused_and_truncated_answers_say_so() {
    for wire in having(6) {
        let name = wire.provider();
        let cut = Said { finish: Finish::Length, ..Said::text(&["{\"urgency\": "]) };
        let filtered = Said { finish: Finish::ContentFilter, ..Said::text(&[""]) };
        for reply in both(wire, &cut) {
            assert!(reply.finish.is_cut(), "{name:?}: {:?}", reply.finish);
        }
        let bad =
            |finish: &Finish| matches!(finish, Finish::ContentFilter | Finish::Refusal | Finish::Other(_));
        for reply in both(wire, &filtered) {
            assert!(bad(&reply.finish), "{name:?}: {:?}", reply.finish);
        }
    }
    for wire in [ALL[0], ALL[3], ALL[4]] {
        let refused = Said { refusal: Some("I will not."), ..Said::text(&[]) };
        let one = whole(wire, Script::json(200, &wire.answer(&refused))).unwrap();
        let (other, _) = streamed(wire, wire.events(&refused), End::Proper);
        for reply in [one, other.unwrap()] {
            assert_eq!(reply.refusal.as_deref(), Some("I will not."), "{:?}", wire.provider());
        }
    }
}

#[test]
fn row_6_structured_output_is_asked_for_in_the_words_of_the_protocol() {
    let schema = json!({ "type": "object", "properties": { "urgency": { "type": "integer" } },
        "required": ["urgency"], "additionalProperties": false });
    let places = [
        "/response_format/json_schema/schema",
        "/response_format/json_schema/schema",
        "/response_format/json_schema/schema",
        "/text/format/schema",
        "/output_config/format/schema",
        "/generationConfig/responseJsonSchema",
        "/generationConfig/responseJsonSchema",
        "/outputConfig/textFormat/structure/jsonSchema/schema",
        "/format",
        // Tensors hold texts, and the schema is one of them.
        "",
        "/schema",
    ];
    for (wire, place) in EVERY.into_iter().zip(places) {
        let server = server(wire, [Script::json(200, &wire.answer(&Said::text(&["{\"urgency\":2}"])))]);
        let output = Output::Json { name: "triage".to_owned(), schema: schema.clone(), strict: true };
        let request = ChatRequest { output, ..request() };
        let reply = ask(&*client(wire, &server), &request, false, PATIENT).0.unwrap();
        assert_eq!(reply.text, "{\"urgency\":2}");
        if place.is_empty() {
            assert!(server.seen()[0].body.to_string().contains("urgency"), "{:?}", wire.provider());
            continue;
        }
        let sent = server.seen()[0].body.pointer(place).cloned().unwrap_or_default();
        // Bedrock takes it as a text.
        let sent = sent.as_str().map_or(sent.clone(), |text| serde_json::from_str(text).unwrap());
        assert_eq!(sent, schema, "{:?}", wire.provider());
    }
}

#[test]
fn row_7_usage_may_be_absent_zero_or_cached() {
    let with = |counts| Said { counts, ..Said::text(&["a"]) };
    let zero = said::Counts { input: 0, cached: 0, output: 0, reasoning: 0 };
    for wire in having(7) {
        let name = wire.provider();
        for reply in both(wire, &with(None)) {
            assert!(
                reply.usage.as_ref().is_none_or(|usage| usage.output.is_none()),
                "{name:?}: {:?}",
                reply.usage
            );
        }
        for reply in both(wire, &with(Some(zero))) {
            let usage = reply.usage.unwrap();
            assert_eq!((usage.input, usage.output), (Some(0), Some(0)), "{name:?}");
        }
        let (cached, reasoning) = wire.counts();
        for reply in both(wire, &Said::text(&["a"])) {
            let usage = reply.usage.unwrap();
            assert_eq!(usage.cache_read, cached.then_some(3), "{name:?}");
            assert_eq!(usage.reasoning, reasoning.then_some(2), "{name:?}");
            assert!(usage.raw.is_some(), "{name:?}");
        }
    }
}

fn failed(wire: &dyn Wire, fault: Fault, headers: &[(&'static str, &str)]) -> Option<ModelError> {
    let (status, body) = wire.fault(fault)?;
    let mut script = Script::json(status, &body).with("x-request-id", b"req-7");
    for (name, value) in headers {
        script = script.with(name, value.as_bytes());
    }
    if let Some(name) = wire.fault_header(fault) {
        script = script.with("x-amzn-errortype", name.as_bytes());
    }
    let error = whole(wire, script).unwrap_err();
    assert!(error.message.contains("`fast`") && !error.message.contains(KEY), "{error}");
    Some(error)
}

#[test]
fn row_8_every_form_of_waiting_is_read() {
    let forms: [(&'static str, &str, u64); 3] =
        [("retry-after-ms", "250", 250), ("retry-after", "2", 2_000), ("retry-after", "0.5", 500)];
    for wire in EVERY {
        for (name, value, ms) in forms {
            let error = failed(wire, Fault::RateLimit, &[(name, value)]).unwrap();
            assert_eq!(
                error.kind,
                ErrorKind::RateLimited { retry_after_ms: Some(ms) },
                "{:?}",
                wire.provider()
            );
            assert_eq!(error.request_id.as_deref(), Some("req-7"));
        }
        let error =
            failed(wire, Fault::RateLimit, &[("retry-after", "Mon, 05 Jan 2015 09:30:07 GMT")]).unwrap();
        assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(0) }, "{:?}", wire.provider());
        let error = failed(wire, Fault::RateLimit, &[("x-should-retry", "false")]).unwrap();
        assert_eq!(
            (error.kind.retry_after_ms(), error.is_retryable()),
            (None, false),
            "{:?}",
            wire.provider()
        );
    }
    // Google has no header for it.
    let (_, mut body) = ALL[5].fault(Fault::RateLimit).unwrap();
    body["error"]["details"].as_array_mut().unwrap().push(json!({ "retryDelay": "23.5s" }));
    let error = whole(ALL[5], Script::json(429, &body)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(23_500) });
}

#[test]
fn row_9_and_10_overload_and_quota_are_told_apart() {
    for wire in EVERY {
        let name = wire.provider();
        let error = failed(wire, Fault::Overload, &[]).unwrap();
        assert_eq!(error.kind, ErrorKind::Overloaded { retry_after_ms: None }, "{name:?}");
        let error = failed(wire, Fault::Auth, &[]).unwrap();
        assert_eq!(error.kind, ErrorKind::Auth, "{name:?}: {error}");
        let error = failed(wire, Fault::TooLong, &[]).unwrap();
        assert_eq!(error.kind, ErrorKind::ContextTooLong, "{name:?}: {error}");
        if let Some(error) = failed(wire, Fault::Quota, &[("retry-after", "9")]) {
            assert_eq!(
                (error.kind.clone(), error.is_retryable()),
                (ErrorKind::QuotaExhausted, false),
                "{name:?}"
            );
        }
        if let Some(error) = failed(wire, Fault::Policy, &[]) {
            assert_eq!(error.kind, ErrorKind::ContentPolicy, "{name:?}: {error}");
        }
    }
}

#[test]
fn row_11_an_error_with_status_200_is_an_error() {
    for wire in EVERY {
        let Some(body) = wire.fault_in_200() else { continue };
        let error = whole(wire, Script::json(200, &body)).unwrap_err();
        let kind = matches!(error.kind, ErrorKind::Overloaded { .. } | ErrorKind::Upstream5xx { .. });
        assert!(kind, "{:?}: {error:?}", wire.provider());
    }
    for wire in EVERY {
        for body in wire.no_answers() {
            let error = whole(wire, Script::json(200, &body)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::MalformedResponse, "{:?}: {body}", wire.provider());
        }
        let page = Script {
            headers: vec![("content-type", b"text/html".to_vec())],
            body: Body::Whole(b"<!doctype html>".to_vec()),
            ..Script::json(200, &Value::Null)
        };
        let error = whole(wire, page).unwrap_err();
        assert!(error.message.contains("a web page instead of JSON"), "{error}");
    }
}

#[test]
fn row_12_an_error_in_the_middle_of_a_stream_is_classified() {
    for wire in having(12) {
        let mut events = wire.events(&Said::text(&["Hel", "lo"]));
        // Behind it the stream goes on as if nothing had happened.
        events.insert(2, wire.fault_event());
        let error = streamed(wire, events, End::Proper).0.unwrap_err();
        let kind = matches!(error.kind, ErrorKind::Overloaded { .. } | ErrorKind::Upstream5xx { .. });
        assert!(kind, "{:?}: {error:?}", wire.provider());
    }
}

#[test]
fn row_14_unknown_fields_change_nothing() {
    for wire in EVERY {
        let mut answer = wire.answer(&Said::text(&["Hello"]));
        wires::set(&mut answer, "of_another_day", json!({ "text": "no", "error_rate": [1] }));
        assert_eq!(whole(wire, Script::json(200, &answer)).unwrap().text, "Hello", "{:?}", wire.provider());
    }
}

#[test]
fn row_13_and_14_what_is_unknown_changes_nothing() {
    for wire in having(13) {
        let name = wire.provider();
        let mut events = wire.events(&Said::text(&["Hel", "lo"]));
        for (at, odd) in wire.odd_events().into_iter().enumerate() {
            events.insert(at + 1, odd);
        }
        let (reply, shown) = streamed(wire, events, End::Proper);
        assert_eq!((reply.unwrap().text.as_str(), shown.as_str()), ("Hello", "Hello"), "{name:?}");
        let odd = Said { finish: Finish::Other(wire.odd_finish().to_owned()), ..Said::text(&["Hello"]) };
        for reply in both(wire, &odd) {
            let kept = reply.finish == Finish::Other(wire.odd_finish().to_owned());
            assert!(kept || reply.finish == Finish::Error, "{name:?}: {:?}", reply.finish);
        }
    }
}

#[test]
fn row_15_silence_is_a_timeout_that_says_which() {
    for wire in EVERY {
        let pieces = coming(wire, &Said::text(&["Hel", "lo"]));
        let begun = Script::stream(wire.content_type(), pieces[..1].to_vec(), End::Silence);
        let silent = Script { silent: true, ..begun.clone() };
        let server = server(wire, [silent, begun]);
        let client = client(wire, &server);
        let patience = Patience { first_byte_ms: 60, idle_ms: 60, total_ms: 9_000 };
        for phase in [Phase::FirstByte, Phase::Idle] {
            let error = ask(&*client, &request(), true, patience).0.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Timeout { phase }, "{:?}", wire.provider());
        }
    }
}

#[test]
fn row_16_compressed_bodies_are_read() {
    use std::io::Write;
    let said = Said::text(&["Hel", "lo"]);
    let zipped = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for wire in EVERY {
        let body = zipped(wire.answer(&said).to_string().as_bytes());
        let script = Script { body: Body::Whole(body), ..Script::json(200, &Value::Null) };
        assert_eq!(whole(wire, script.with("content-encoding", b"gzip")).unwrap().text, "Hello");
        let pieces = zipped(&coming(wire, &said).concat()).chunks(7).map(<[u8]>::to_vec).collect();
        let script =
            Script::stream(wire.content_type(), pieces, End::Proper).with("content-encoding", b"gzip");
        let server = server(wire, [script]);
        let reply = ask(&*client(wire, &server), &request(), true, PATIENT).0.unwrap();
        assert_eq!(reply.text, "Hello", "{:?}", wire.provider());
    }
}

#[test]
fn row_17_lines_may_end_in_any_way() {
    let said = Said::text(&["Hel", "lo"]);
    for wire in having(17) {
        let text = String::from_utf8(wire.events(&said).concat()).unwrap();
        let mut ends = vec!["\r\n"];
        if wire.content_type().starts_with("text/event-stream") {
            ends.push("\r");
        }
        for end in ends {
            let bytes = text.replace('\n', end).into_bytes();
            let pieces = bytes.into_iter().map(|byte| vec![byte]).collect();
            let reply = streamed(wire, pieces, End::Proper).0.unwrap();
            assert_eq!(reply.text, "Hello", "{:?} with {end:?}", wire.provider());
        }
    }
}

#[test]
fn row_18_headers_may_hold_any_bytes() {
    for wire in EVERY {
        let script = Script::json(200, &wire.answer(&Said::text(&["Hello"])));
        let script = script.with("x-request-id", b"caf\xe9").with("x-note", "𝄞".as_bytes());
        let reply = whole(wire, script).unwrap();
        assert_eq!(
            (reply.text.as_str(), reply.request_id.as_deref().unwrap_or_default().contains("caf")),
            ("Hello", false)
        );
        let (status, body) = wire.fault(Fault::Overload).unwrap();
        let error = whole(wire, Script::json(status, &body).with("retry-after", b"\xff")).unwrap_err();
        assert_eq!(error.kind.retry_after_ms(), None);
    }
}

#[test]
fn row_19_giving_up_closes_the_connection() {
    for wire in EVERY {
        let pieces = coming(wire, &Said::text(&["Hel", "lo"]));
        let begun = Script::stream(wire.content_type(), pieces[..2].to_vec(), End::Silence);
        let server = server(wire, [begun]);
        let client = client(wire, &server);
        wait(async {
            let mut sink = |_: Delta| {};
            let request = request();
            let chat = client.chat(&request, PATIENT, Some(&mut sink));
            tokio::select! {
                reply = chat => panic!("{reply:?}"),
                () = until(|| !server.seen().is_empty()) => {}
            }
        });
        assert!(server.was_closed_by_the_client(), "{:?}", wire.provider());
    }
}

#[test]
fn row_20_large_answers_fit_and_larger_ones_are_refused() {
    let piece: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
    let said = Said::text(&[piece; 11]);
    for wire in EVERY {
        for reply in both(wire, &said) {
            assert_eq!(reply.text.len(), 11 << 20, "{:?}", wire.provider());
        }
    }
    let wire = ALL[0];
    let server = Server::start([Script::json(200, &wire.answer(&said))]);
    let small = Egress::new(EgressOptions { max_reply: 1 << 20, ..EgressOptions::default() }).unwrap();
    let secrets = FixedSecrets::new([("OPENAI_API_KEY".to_owned(), KEY.to_owned())]);
    let providers = Providers::new(small, Arc::new(secrets), Routing::default());
    let client = providers.client(&model(wire, &server)).unwrap();
    assert_eq!(ask(&*client, &request(), false, PATIENT).0.unwrap_err().kind, ErrorKind::TooLarge);
}

#[test]
fn row_21_a_connection_closed_between_requests_is_not_noticed() {
    for wire in EVERY {
        let answer = || Script::json(200, &wire.answer(&Said::text(&["Hello"])));
        let server = server(wire, (0..5).map(|_| Script { hangs_up: true, ..answer() }));
        let client = client(wire, &server);
        for _ in 0..5 {
            let reply = ask(&*client, &request(), false, PATIENT).0.unwrap();
            assert_eq!(reply.text, "Hello");
            // The client has seen the close, or it is a race and not this case.
            assert!(server.was_closed_by_the_client());
        }
        assert_eq!(server.seen().len(), 5, "{:?}: nothing is asked twice", wire.provider());
    }
}

#[test]
fn requests_go_where_they_should_with_the_right_proof() {
    for wire in EVERY {
        let scripts = [
            Script::json(200, &wire.answer(&Said::text(&["a"]))),
            Script::stream(wire.content_type(), coming(wire, &Said::text(&["a"])), End::Proper),
        ];
        let server = server(wire, scripts);
        let client = client(wire, &server);
        ask(&*client, &request(), false, PATIENT).0.unwrap();
        ask(&*client, &request(), true, PATIENT).0.unwrap();
        let seen = server.seen();
        let paths: Vec<&str> = seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(paths, wire.paths(), "{:?}", wire.provider());
        for seen in &seen {
            let (name, value) = wire.proof();
            let sent = seen.headers.get(name).map(String::as_str).unwrap_or_default();
            assert!(sent.starts_with(value), "{:?}: {name}: {sent}", wire.provider());
            assert_eq!(
                (seen.verb.as_str(), seen.headers["content-type"].as_str()),
                ("POST", "application/json")
            );
        }
    }
}

#[test]
fn media_are_sent_where_the_protocol_has_words_for_them() {
    let data = |mime: &str| format!("data:{mime};base64,AAAA");
    let parts = [
        ("image", Part::Image { uri: data("image/png") }),
        ("image by address", Part::Image { uri: "https://x.test/a.png".to_owned() }),
        ("document", Part::File { uri: data("application/pdf") }),
        ("document by address", Part::File { uri: "https://x.test/a.pdf".to_owned() }),
        ("audio", Part::Audio { uri: data("audio/wav") }),
    ];
    for wire in EVERY {
        for (what, part) in &parts {
            let server = server(wire, [Script::json(200, &wire.answer(&Said::text(&["a"])))]);
            let content = vec![Part::Text("Look:".to_owned()), part.clone()];
            let request = ChatRequest { messages: vec![Message::of(Role::User, content)], ..request() };
            let reply = ask(&*client(wire, &server), &request, false, PATIENT).0;
            match (wire.takes().contains(what), reply) {
                (true, Ok(_)) => {
                    let sent = server.seen()[0].body.to_string();
                    assert!(sent.contains("AAAA") || sent.contains("https://x.test/a."), "{what}: {sent}");
                }
                (false, Err(error)) => {
                    assert_eq!(error.kind, ErrorKind::Unsupported, "{what}: {error}");
                    assert!(server.seen().is_empty(), "{what}: nothing is sent in part");
                }
                (takes, reply) => panic!("{:?}, {what}: takes {takes}, {reply:?}", wire.provider()),
            }
        }
    }
}
