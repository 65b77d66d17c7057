//! Against a real HTTP server: what is sent, and what is said when it answers badly.

use flow_tests::provider::{Answer, End, Provider, chunk};
use serde_json::json;

use crate::flowc::{Place, Said, talk};

const KEY: &str = "sk-very-secret-0123456789";

fn place(provider: &Provider) -> Place {
    talk(&provider.origin).env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", &provider.base())
}

/// The run, and the server it talked to. Nothing that is printed may hold the key.
fn live(flow: &str, answers: Vec<Answer>) -> (Said, Provider) {
    let provider = Provider::start(answers);
    let target = format!("talk.flow:{flow}");
    let args = ["run", &target, "--arg", "line=hello", "--live", "-vvv"];
    let said = place(&provider).flowc(&args);
    assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "{said:#?}");
    (said, provider)
}

#[test]
fn a_run_asks_model_and_tool_and_prints_the_result() {
    let (said, provider) =
        live("handle", vec![Answer::ok(r#"{"team": "a b"}"#), Answer::json(200, &json!("found"))]);
    assert_eq!(said.works().out, "found\n");
    let seen = provider.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen[0].headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(seen[0].body["model"], "gpt-5-mini");
    assert_eq!(seen[1].path, "/look/a%20b");
    assert!(!seen[1].headers.contains_key("authorization"), "a tool without `auth` gets no key");
}

#[test]
fn a_key_is_enough_without_live() {
    let provider = Provider::start([Answer::ok("hi there")]);
    let said = place(&provider).flowc(&["run", "talk.flow:chat", "--arg", "line=hello"]);
    assert_eq!(said.works().out, "hi there\n");
}

#[test]
fn a_model_that_fails_is_told_with_its_node() {
    let check = |answers: Vec<Answer>, words: &[&str]| {
        let (said, _) = live("chat", answers);
        let mut all = vec!["the run failed in `write` (asks `answer` using `quick`)", "help:"];
        all.extend(words);
        said.fails(4, &all);
        assert_eq!(said.out, "");
    };
    check(vec![Answer::error(500, "boom", "server_error")], &["Overload", "500"]);
    check(
        vec![Answer::error(401, "no such key", "invalid_api_key")],
        &["Refused", "401", "check OPENAI_API_KEY"],
    );
    check(vec![Answer::Hang], &["Timeout"]);
    check(vec![Answer::html(200)], &["a web page instead of JSON"]);
}

#[test]
fn a_reply_that_does_not_fit_is_invalid() {
    for text in ["no json", r#"{"team": ""}"#, r#"{"team": 5}"#] {
        let (said, _) = live("handle", vec![Answer::ok(text)]);
        said.fails(4, &["in `sorted` (asks `sort` using `quick`)", "Invalid"]);
    }
}

#[test]
fn a_stream_that_breaks_off_is_an_error() {
    let events = vec![chunk(json!({ "content": "half an ans" }), None)];
    for end in [End::Closed, End::Broken, End::Hanging] {
        let (said, _) = live("chat", vec![Answer::Stream(events.clone(), end)]);
        said.fails(4, &["in `write`"]);
        assert_eq!(said.out, "", "half an answer is none");
    }
}

#[test]
fn a_tool_that_answers_html_is_told() {
    let (said, _) = live("handle", vec![Answer::ok(r#"{"team": "x"}"#), Answer::html(200)]);
    said.fails(4, &["in `looked` (asks `look`)", "text/html"]);
}

#[test]
fn an_endpoint_that_nobody_serves_is_told() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let place = talk(&origin).env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", &format!("{origin}/v1"));
    let said = place.flowc(&["run", "talk.flow:chat", "--arg", "line=hello"]);
    said.fails(4, &["in `write`", &origin]);
}

#[test]
fn a_json_error_names_class_and_node() {
    let provider = Provider::start([Answer::error(500, "boom", "server_error")]);
    let said = place(&provider).flowc(&["run", "talk.flow:chat", "--arg", "line=x", "--json"]);
    assert_eq!(said.code, 4);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["error"]["node"], "write");
    assert_eq!(json["error"]["class"], "Overload");
}

#[cfg(unix)]
#[test]
fn an_interrupt_cancels_cleanly() {
    use std::process::{Command, Stdio};
    let provider = Provider::start([Answer::Hang]);
    let place = place(&provider);
    let text = place.read("talk.flow").replace("500ms", "600s");
    place.write("talk.flow", text);
    let mut command = place.command(&["run", "talk.flow:chat", "--arg", "line=x"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while provider.seen().is_empty() {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let said = Said::from(child.wait_with_output().unwrap());
    said.fails(4, &["cancelling", "cancelled"]);
}
