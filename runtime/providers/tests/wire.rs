//! Models and tools over real HTTP, against a server that answers badly on purpose.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../tests/src/provider.rs"]
#[allow(unreachable_pub, dead_code, reason = "the whole module belongs to the workspace's tests")]
mod provider;

use std::future::Future;
use std::sync::Arc;

use flow_ir::setup::{HttpMethod, Model, Provider as Protocol};
use flow_ir::units::ErrorClass;
use flow_model::{
    ChatReply, ChatRequest, Delta, EmbedRequest, ErrorKind, Finish, Message, ModelError, Output, Patience,
    Phase, Role, ToolSpec,
};
use flow_providers::http::{Allowed, Egress, EgressOptions, Trust};
use flow_providers::tool::{ToolError, ToolReply};
use flow_providers::tool_http::{HttpCall, call};
use flow_providers::{FixedSecrets, Providers, Routing, SecretString};
use provider::{Answer, End, Provider, chunk, completion};
use serde_json::{Value, json};

const KEY: &str = "sk-very-secret";

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn egress() -> Egress {
    Egress::new(EgressOptions::default()).unwrap()
}

fn model(protocol: Protocol, address: Option<&str>) -> Model {
    Model { address: address.map(Into::into), ..Model::new("fast", protocol, "m-1") }
}

fn providers(server: &Provider) -> Providers {
    let secrets = FixedSecrets::new([("OPENAI_API_KEY".to_owned(), KEY.to_owned())]);
    let routing = Routing { openai_base: Some(server.base()), ..Routing::default() };
    Providers::new(egress(), Arc::new(secrets), routing)
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

const PATIENT: Patience = Patience::of_attempt(20_000);

fn ask(server: &Provider, patience: Patience) -> Result<ChatReply, ModelError> {
    wait(async {
        let client = providers(server).client(&model(Protocol::Openai, None)).unwrap();
        client.chat(&request(), patience, None).await
    })
}

fn ask_streamed(server: &Provider, patience: Patience) -> (Result<ChatReply, ModelError>, String) {
    let mut shown = String::new();
    let mut sink = |delta: Delta| match delta {
        Delta::Text(text) => shown.push_str(&text),
    };
    let reply = wait(async {
        let client = providers(server).client(&model(Protocol::Openai, None)).unwrap();
        client.chat(&request(), patience, Some(&mut sink)).await
    });
    (reply, shown)
}

#[test]
fn the_request_is_exactly_what_the_protocol_says() {
    let server = Provider::start([Answer::ok("Hello!").with("x-request-id", "req-9")]);
    let reply = ask(&server, PATIENT).unwrap();
    assert_eq!(
        (reply.text.as_str(), reply.model.as_str(), &reply.finish),
        ("Hello!", "m-1-2026", &Finish::Stop)
    );
    assert_eq!(reply.request_id.as_deref(), Some("req-9"));
    let usage = reply.usage.unwrap();
    assert_eq!(
        (usage.input, usage.output, usage.cache_read, usage.reasoning),
        (Some(11), Some(7), Some(3), None)
    );
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen[0].headers["authorization"], format!("Bearer {KEY}"));
    let messages = json!([{ "role": "system", "content": "Be kind." }, { "role": "user", "content": "Hi" }]);
    assert_eq!(seen[0].body, json!({ "model": "m-1", "messages": messages, "max_completion_tokens": 50 }));
}

#[test]
fn schema_tools_and_logprobs_are_sent_and_read() {
    let tool_calls = json!([{ "id": "t1", "type": "function", "function": { "name": "price", "arguments": "{\"a\":1}" } }]);
    let mut answer = completion(json!("{}"), "tool_calls");
    answer["choices"][0]["message"]["tool_calls"] = tool_calls;
    answer["choices"][0]["logprobs"] =
        json!({ "content": [{ "token": "{}", "logprob": -0.5, "bytes": null }] });
    let server = Provider::start([Answer::json(200, &answer)]);
    let schema = json!({ "type": "object" });
    let request = ChatRequest {
        output: Output::Json { name: "triage".to_owned(), schema: schema.clone(), strict: true },
        tools: vec![ToolSpec {
            name: "price".to_owned(),
            description: "d".to_owned(),
            parameters: schema.clone(),
        }],
        logprobs: true,
        ..request()
    };
    let client = providers(&server).client(&model(Protocol::OpenaiCompatible, Some(&server.base()))).unwrap();
    let reply = wait(client.chat(&request, PATIENT, None)).unwrap();
    assert_eq!(
        (reply.tool_calls[0].name.as_str(), reply.tool_calls[0].arguments.as_str()),
        ("price", "{\"a\":1}")
    );
    assert_eq!((reply.finish, reply.tokens.len()), (Finish::ToolCall, 1));
    let seen = &server.seen()[0];
    assert_eq!(seen.headers.get("authorization"), None, "OpenAI's key is not for others");
    assert_eq!(seen.body["max_tokens"], json!(50));
    assert_eq!(
        seen.body["response_format"]["json_schema"],
        json!({ "name": "triage", "strict": true, "schema": schema })
    );
    assert_eq!(seen.body["tools"][0]["function"]["name"], json!("price"));
    assert_eq!(seen.body["logprobs"], json!(true));
}

#[test]
fn every_bad_answer_has_its_kind_and_says_what_to_do() {
    let wait = |ms| Some(ms);
    let cases: Vec<(Answer, ErrorKind, &str)> = vec![
        (
            Answer::error(500, "boom", ""),
            ErrorKind::Upstream5xx { retry_after_ms: None },
            "answered 500: boom",
        ),
        (
            Answer::error(429, "slow down", "").with("retry-after", "2"),
            ErrorKind::RateLimited { retry_after_ms: wait(2_000) },
            "it asks to wait 2000 ms",
        ),
        (
            Answer::error(429, "no money", "insufficient_quota"),
            ErrorKind::QuotaExhausted,
            "credit is used up",
        ),
        (Answer::error(503, "", ""), ErrorKind::Overloaded { retry_after_ms: None }, "no capacity"),
        (
            Answer::error(401, &format!("bad key {KEY}"), ""),
            ErrorKind::Auth,
            "bad key [secret]; check OPENAI_API_KEY",
        ),
        (Answer::error(404, "no such model", ""), ErrorKind::NotFound, "does it serve `m-1`"),
        (
            Answer::error(400, "x", "context_length_exceeded"),
            ErrorKind::ContextTooLong,
            "does not fit the model",
        ),
        (Answer::error(400, "blocked", "content_filter"), ErrorKind::ContentPolicy, "content filter refuses"),
        (Answer::error(400, "bad field", ""), ErrorKind::InvalidRequest, "bad field"),
        (
            Answer::json(200, &json!({ "error": { "message": "dead", "code": 503 } })),
            ErrorKind::Overloaded { retry_after_ms: None },
            "instead of an answer: dead",
        ),
        (Answer::html(200), ErrorKind::MalformedResponse, "a web page instead of JSON"),
        (Answer::html(502), ErrorKind::Upstream5xx { retry_after_ms: None }, "answered 502, with a web page"),
        (Answer::Plain(200, Vec::new(), "hello".to_owned()), ErrorKind::MalformedResponse, "no content type"),
        (Answer::json(200, &json!({ "choices": [] })), ErrorKind::MalformedResponse, "it holds no choice"),
        (Answer::json(200, &json!({ "choices": 7 })), ErrorKind::MalformedResponse, "another type"),
        (
            Answer::Plain(
                200,
                vec![("content-type", "application/json".to_owned())],
                "{\"choices\": [".to_owned(),
            ),
            ErrorKind::MalformedResponse,
            "the JSON is cut off",
        ),
        (
            Answer::json(302, &json!({})).with("location", "/elsewhere"),
            ErrorKind::InvalidRequest,
            "write the final address",
        ),
    ];
    for (answer, kind, part) in cases {
        let server = Provider::start([answer.clone()]);
        let error = ask(&server, PATIENT).unwrap_err();
        assert_eq!(error.kind, kind, "{answer:?}: {error}");
        assert!(error.message.contains(part), "{answer:?}: {error}");
        assert!(error.message.contains("`fast`"), "{error}");
        assert!(!error.message.contains(KEY), "{error}");
        assert!(!error.message.contains("Be kind"), "{error}");
    }
}

#[test]
fn a_server_that_hangs_is_a_timeout_that_says_which() {
    let hanging = |patience: Patience, streamed: bool, answer: Answer| {
        let server = Provider::start([answer]);
        if streamed { ask_streamed(&server, patience).0 } else { ask(&server, patience) }.unwrap_err()
    };
    let first = Patience { first_byte_ms: 60, idle_ms: 9_000, total_ms: 9_000 };
    let error = hanging(first, false, Answer::Hang);
    assert_eq!(error.kind, ErrorKind::Timeout { phase: Phase::FirstByte }, "{error}");
    assert!(error.message.contains("no first byte from http://127.0.0.1"), "{error}");
    let total = Patience { first_byte_ms: 9_000, idle_ms: 9_000, total_ms: 60 };
    assert_eq!(hanging(total, false, Answer::Hang).kind, ErrorKind::Timeout { phase: Phase::Total });
    let idle = Patience { first_byte_ms: 9_000, idle_ms: 60, total_ms: 9_000 };
    let begun = Answer::Stream(vec![chunk(json!({ "content": "He" }), None)], End::Hanging);
    assert_eq!(hanging(idle, true, begun).kind, ErrorKind::Timeout { phase: Phase::Idle });
}

#[test]
fn nobody_listens() {
    let mut dead = Provider::start([]);
    dead.origin = "http://127.0.0.1:1".to_owned();
    let error = ask(&dead, PATIENT).unwrap_err();
    assert_eq!((&error.kind, error.class()), (&ErrorKind::Connect, ErrorClass::Overload), "{error}");
    assert!(error.message.contains("is the server running"), "{error}");
}

#[test]
fn a_stream_is_put_together_and_shown_as_it_comes() {
    let server = Provider::start([Answer::stream(&["Hel", "lo ", "𝄞!"])]);
    let (reply, shown) = ask_streamed(&server, PATIENT);
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), shown.as_str()), ("Hello 𝄞!", "Hello 𝄞!"));
    assert_eq!((reply.finish, reply.usage.unwrap().input), (Finish::Stop, Some(11)));
    assert_eq!(reply.request_id.as_deref(), Some("req-1"));
    let body = &server.seen()[0].body;
    assert_eq!((&body["stream"], &body["stream_options"]), (&json!(true), &json!({ "include_usage": true })));
}

#[test]
fn a_stream_without_its_end_is_never_an_answer() {
    let done = "[DONE]".to_owned();
    let (text, stop) = (chunk(json!({ "content": "Hello" }), None), chunk(json!({}), Some("stop")));
    let cases = [
        (vec![text.clone()], End::Closed),
        (vec![text.clone(), stop.clone()], End::Closed),
        (vec![text.clone(), done.clone()], End::Closed),
        (vec![], End::Closed),
        (vec![text.clone(), stop.clone()], End::Broken),
        (vec![text.clone()], End::Broken),
    ];
    for (events, end) in cases {
        let server = Provider::start([Answer::Stream(events.clone(), end)]);
        let error = ask_streamed(&server, PATIENT).0.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::PartialStream { .. }), "{events:?} {end:?}: {error}");
        assert!(!error.message.contains("Hello"), "{error}");
    }
}

#[test]
fn errors_inside_of_a_stream_are_classified() {
    let text = chunk(json!({ "content": "Hello" }), None);
    let cases = [
        (
            json!({ "error": { "message": "x", "code": "rate_limit_exceeded" } }).to_string(),
            ErrorKind::RateLimited { retry_after_ms: None },
        ),
        ("not json".to_owned(), ErrorKind::MalformedResponse),
    ];
    for (event, kind) in cases {
        let server = Provider::start([Answer::Stream(vec![text.clone(), event], End::Closed)]);
        assert_eq!(ask_streamed(&server, PATIENT).0.unwrap_err().kind, kind);
    }
    let server = Provider::start([Answer::html(200)]);
    assert_eq!(ask_streamed(&server, PATIENT).0.unwrap_err().kind, ErrorKind::MalformedResponse);
}

#[test]
fn imitators_are_tolerated() {
    let call = |piece: Value| chunk(json!({ "tool_calls": [piece], "reasoning_content": "hm" }), None);
    let events = vec![
        call(json!({ "id": "a", "function": { "name": "one", "arguments": "{\"x\"" } })),
        call(json!({ "function": { "arguments": ": 1}" } })),
        call(json!({ "id": "b", "function": { "name": "two", "arguments": { "y": 2 } } })),
        json!({ "choices": [], "prompt_filter_results": [] }).to_string(),
        chunk(json!({}), Some("made_up_reason")),
        "[DONE]".to_owned(),
    ];
    let server = Provider::start([Answer::Stream(events, End::Closed), Answer::ok("whole")]);
    let reply = ask_streamed(&server, PATIENT).0.unwrap();
    let calls: Vec<(&str, &str)> =
        reply.tool_calls.iter().map(|call| (call.name.as_str(), call.arguments.as_str())).collect();
    assert_eq!(calls, [("one", "{\"x\": 1}"), ("two", "{\"y\":2}")]);
    assert_eq!((reply.finish, reply.usage), (Finish::Other("made_up_reason".to_owned()), None));
    assert_eq!(ask_streamed(&server, PATIENT).0.unwrap().text, "whole", "`stream` was ignored");
}

#[test]
fn vectors_come_as_base64_or_numbers_and_in_order() {
    let answer = json!({ "data": [
        { "index": 1, "embedding": [0.5, -1.0] },
        { "index": 0, "embedding": "AACAPwAAAEA=" },
    ], "model": "e-1", "usage": { "prompt_tokens": 4, "total_tokens": 4 } });
    let short = json!({ "data": [{ "index": 0, "embedding": [1.0] }] });
    let server = Provider::start([Answer::json(200, &answer), Answer::json(200, &short)]);
    let request = EmbedRequest { model: "e-1".to_owned(), texts: vec!["a".to_owned(), "b".to_owned()] };
    let client = providers(&server).client(&model(Protocol::Openai, None)).unwrap();
    let reply = wait(client.embed(&request, PATIENT)).unwrap();
    assert_eq!(reply.vectors, [[1.0, 2.0], [0.5, -1.0]]);
    assert_eq!(
        server.seen()[0].body,
        json!({ "model": "e-1", "input": ["a", "b"], "encoding_format": "base64" })
    );
    let error = wait(client.embed(&request, PATIENT)).unwrap_err();
    assert!(error.message.contains("1 vectors for 2 texts"), "{error}");
}

#[test]
fn one_address_may_stand_for_all_and_takes_no_other_key() {
    let server = Provider::start([Answer::ok("Hi")]);
    let claude = Model { auth: Some("CLAUDE_KEY".into()), ..model(Protocol::Anthropic, None) };
    let secrets = FixedSecrets::new([("CLAUDE_KEY".to_owned(), "sk-other".to_owned())]);
    let routing = Routing { openai_base: Some(server.base()), for_all: true, ..Routing::default() };
    let all = Providers::new(egress(), Arc::new(secrets), routing);
    wait(all.client(&claude).unwrap().chat(&request(), PATIENT, None)).unwrap();
    assert_eq!(server.seen()[0].headers.get("authorization"), None, "another provider's key stays at home");
    let keyless = Providers::new(egress(), Arc::new(FixedSecrets::default()), Routing::default());
    let error = keyless.client(&model(Protocol::Openai, None)).err().unwrap();
    assert!(error.message.contains("set OPENAI_API_KEY"), "{error}");
    let named = keyless.client(&model(Protocol::Registry, None)).err().unwrap();
    assert!(named.message.contains("named by the registry (`m-1`)"), "{named}");
}

// ---- tools

fn http(server: &Provider, path: &str) -> HttpCall {
    HttpCall {
        tool: "find".to_owned(),
        method: HttpMethod::Post,
        url: format!("{}{path}", server.origin),
        trust: Trust::Literal,
        headers: vec![("x-source".to_owned(), "flow".to_owned())],
        body: Some(json!({ "q": 1 })),
        auth: Some(SecretString::from(KEY.to_owned())),
        idempotency_key: Some("run-1/2".to_owned()),
        optional: false,
        text: false,
        discard: false,
        timeout_ms: 20_000,
    }
}

fn run(call_: &HttpCall) -> Result<ToolReply, ToolError> {
    wait(call(&egress(), call_))
}

#[test]
fn a_tool_sends_exactly_what_it_declares() {
    let server = Provider::start([Answer::json(200, &json!({ "ref": "L1" }))]);
    assert_eq!(run(&http(&server, "/listings?q=4%20Elm")).unwrap(), ToolReply::Json(json!({ "ref": "L1" })));
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/listings?q=4%20Elm"));
    assert_eq!(seen.body, json!({ "q": 1 }));
    let headers = ["authorization", "idempotency-key", "x-source", "content-type", "accept"];
    let sent: Vec<&str> = headers.iter().map(|name| seen.headers[*name].as_str()).collect();
    assert_eq!(
        sent,
        [format!("Bearer {KEY}").as_str(), "run-1/2", "flow", "application/json", "application/json"]
    );
}

#[test]
fn every_status_of_a_tool_has_its_class() {
    let said = json!({ "message": format!("no {KEY}") });
    let cases = [
        (Answer::json(401, &said), ErrorClass::Denied, false, "check the token"),
        (Answer::json(403, &said), ErrorClass::Denied, false, "answered 403: no [secret]"),
        (Answer::json(404, &said), ErrorClass::Failed, false, "return `T?`"),
        (Answer::json(422, &said), ErrorClass::Failed, false, "answered 422"),
        (Answer::json(429, &said).with("retry-after", "3"), ErrorClass::Overload, true, "answered 429"),
        (Answer::json(500, &said), ErrorClass::Overload, true, "answered 500"),
        (Answer::html(200), ErrorClass::Invalid, false, "answered 200 with `text/html`, not JSON"),
        (Answer::json(200, &json!({})).with("content-encoding", "identity"), ErrorClass::Failed, false, ""),
    ];
    for (answer, class, retryable, part) in cases {
        let server = Provider::start([answer.clone()]);
        let Err(error) = run(&http(&server, "/x")) else {
            assert_eq!(part, "", "{answer:?}");
            continue;
        };
        assert_eq!((error.class, error.retryable), (class, retryable), "{error}");
        assert!(error.message.contains(part), "{error}");
        assert!(error.message.starts_with("`find`: http://127.0.0.1"), "{error}");
        assert!(!error.message.contains(KEY), "{error}");
        let waits = error.message.contains("answered 429");
        assert_eq!(error.retry_after_ms, waits.then_some(3_000), "{error}");
    }
}

#[test]
fn answers_without_json_are_answers_where_the_type_says_so() {
    let text = || Answer::Plain(200, vec![("content-type", "text/plain".to_owned())], "m-1".to_owned());
    let server = Provider::start([
        text(),
        text(),
        Answer::json(404, &json!({})),
        Answer::Plain(204, Vec::new(), String::new()),
        Answer::html(200),
        Answer::html(200),
    ]);
    let base = http(&server, "/x");
    assert_eq!(run(&HttpCall { text: true, ..base.clone() }).unwrap(), ToolReply::Json(json!("m-1")));
    assert_eq!(run(&base).unwrap_err().class, ErrorClass::Invalid);
    assert_eq!(run(&HttpCall { optional: true, ..base.clone() }).unwrap(), ToolReply::Absent);
    assert_eq!(run(&base).unwrap(), ToolReply::Empty);
    assert_eq!(run(&HttpCall { discard: true, ..base.clone() }).unwrap(), ToolReply::Empty);
    assert_eq!(
        run(&HttpCall { text: true, ..base }).unwrap_err().class,
        ErrorClass::Invalid,
        "HTML is never text"
    );
}

#[test]
fn a_tool_that_hangs_breaks_off_or_sends_too_much_is_an_error() {
    let server = Provider::start([Answer::Hang, Answer::Stream(vec!["{}".to_owned()], End::Broken)]);
    let impatient = HttpCall { timeout_ms: 60, ..http(&server, "/x") };
    assert_eq!(run(&impatient).unwrap_err().class, ErrorClass::Timeout);
    let error = run(&http(&server, "/x")).unwrap_err();
    assert_eq!(error.class, ErrorClass::Overload);
    assert!(error.message.contains("closed the connection after"), "{error}");
    let server = Provider::start([Answer::Plain(200, Vec::new(), "x".repeat(5_000))]);
    let small = Egress::new(EgressOptions { max_reply: 1_000, ..EgressOptions::default() }).unwrap();
    let error = wait(call(&small, &http(&server, "/x"))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(error.message.contains("more than 1000 bytes"), "{error}");
}

#[test]
fn a_computed_address_must_not_lead_into_the_private_network() {
    let server = Provider::start([Answer::json(200, &json!(1)), Answer::json(200, &json!(2))]);
    let computed = HttpCall { trust: Trust::Computed, ..http(&server, "/x") };
    let named = HttpCall { url: computed.url.replace("127.0.0.1", "localhost"), ..computed.clone() };
    for call in [&computed, &named] {
        let error = run(call).unwrap_err();
        assert_eq!(error.class, ErrorClass::Denied, "{error}");
        assert!(error.message.contains("is not a public address"), "{error}");
    }
    assert!(server.seen().is_empty(), "nothing was sent");
    let allow = vec![Allowed::parse("127.0.0.0/8").unwrap(), Allowed::parse("localhost").unwrap()];
    let open = Egress::new(EgressOptions { allow, ..EgressOptions::default() }).unwrap();
    assert_eq!(wait(call(&open, &computed)).unwrap(), ToolReply::Json(json!(1)));
    assert_eq!(wait(call(&open, &named)).unwrap(), ToolReply::Json(json!(2)));
}

#[test]
fn redirects_carry_no_credentials_elsewhere() {
    let get = |server: &Provider| HttpCall { method: HttpMethod::Get, body: None, ..http(server, "/a") };
    let there = Provider::start([Answer::json(200, &json!(1))]);
    let moved = |to: String| Answer::json(302, &json!({})).with("location", &to);
    // On one origin: followed with everything.
    let here = Provider::start([moved("/b".to_owned()), Answer::json(200, &json!(0))]);
    assert_eq!(run(&get(&here)).unwrap(), ToolReply::Json(json!(0)));
    assert_eq!(here.seen()[1].headers["authorization"], format!("Bearer {KEY}"));
    // To another origin: a private one is refused, an allowed one gets no credential.
    let here = Provider::start([moved(format!("{}/b", there.origin)), moved(format!("{}/b", there.origin))]);
    assert_eq!(run(&get(&here)).unwrap_err().class, ErrorClass::Denied);
    let allow = vec![Allowed::parse("127.0.0.1").unwrap()];
    let open = Egress::new(EgressOptions { allow, ..EgressOptions::default() }).unwrap();
    assert_eq!(wait(call(&open, &get(&here))).unwrap(), ToolReply::Json(json!(1)));
    let seen = &there.seen()[0];
    assert_eq!((seen.headers.get("authorization"), seen.headers.get("x-source")), (None, None));
    // A write is never sent twice.
    let here = Provider::start([moved("/b".to_owned())]);
    let error = run(&http(&here, "/a")).unwrap_err();
    assert!(error.message.contains("write the final address"), "{error}");
}
