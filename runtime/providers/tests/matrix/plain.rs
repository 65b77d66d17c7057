//! Plain HTTP: what is an answer, and what is only around it.

use flow_ir::setup::Provider;
use flow_model::{ChatRequest, ErrorKind, Output};
use serde_json::{Value, json};

use crate::server::{End, Script, Server};
use crate::wires::{EVERY, Wire};
use crate::{PATIENT, ask, client, request};

fn plain() -> &'static dyn Wire {
    EVERY.into_iter().find(|wire| wire.provider() == Provider::Http).unwrap()
}

fn answered(answer: &Value, output: Output) -> String {
    let server = Server::start([Script::json(200, answer)]);
    let request = ChatRequest { output, ..request() };
    ask(&*client(plain(), &server), &request, false, PATIENT).0.unwrap().text
}

#[test]
fn the_answer_is_the_text_or_the_json_itself() {
    let of = |fields: Value| Output::Json {
        name: "x".to_owned(),
        schema: json!({ "type": "object", "properties": fields }),
        strict: false,
    };
    let cases = [
        (json!("Hello"), Output::Text, "Hello"),
        (json!({ "text": "Hello" }), Output::Text, "Hello"),
        (json!({ "text": "Hello", "tokens": 3 }), Output::Text, "Hello"),
        (json!({ "text": "{\"a\":1}" }), of(json!({ "a": {} })), "{\"a\":1}"),
        (json!({ "a": 1 }), of(json!({ "a": {} })), "{\"a\":1}"),
        (
            json!({ "text": "Hello", "a": 1 }),
            of(json!({ "text": {}, "a": {} })),
            "{\"text\":\"Hello\",\"a\":1}",
        ),
        (json!({ "text": "Hello" }), of(json!({ "text": {} })), "{\"text\":\"Hello\"}"),
        (json!([1, 2]), of(json!({})), "[1,2]"),
        (json!({ "text": 7 }), Output::Text, "{\"text\":7}"),
    ];
    for (answer, output, text) in cases {
        let read = answered(&answer, output);
        let same =
            read == text || serde_json::from_str::<Value>(&read).ok() == serde_json::from_str(text).ok();
        assert!(same, "{answer}: {read} instead of {text}");
    }
}

/// A stream without a terminal event could end anywhere.
#[test]
fn a_stream_is_no_answer() {
    let pieces = vec![b"data: {\"text\": \"Hel\"}\n\n".to_vec(), b"data: {\"text\": \"lo\"}\n\n".to_vec()];
    let server = Server::start([Script::stream("text/event-stream", pieces, End::Proper)]);
    let error = ask(&*client(plain(), &server), &request(), true, PATIENT).0.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MalformedResponse, "{error}");
}

#[test]
fn the_request_is_what_the_book_says() {
    let server = Server::start([Script::json(200, &json!("a"))]);
    let output = Output::Json { name: "x".to_owned(), schema: json!({ "type": "object" }), strict: false };
    let request = ChatRequest { output, temperature: Some(0.5), ..request() };
    ask(&*client(plain(), &server), &request, false, PATIENT).0.unwrap();
    let messages = json!([{ "role": "system", "content": "Be kind." }, { "role": "user", "content": "Hi" }]);
    let body = json!({ "model": "m-1", "messages": messages, "schema": { "type": "object" },
        "max_output": 50, "temperature": 0.5 });
    assert_eq!(server.seen()[0].body, body);
}
