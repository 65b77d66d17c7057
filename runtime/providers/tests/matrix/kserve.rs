//! Tensors: what a model says it takes, what is sent, and shapes that do not fit.

use flow_ir::setup::Provider;
use flow_model::{EmbedRequest, ErrorKind, ModelError};
use serde_json::{Value, json};

use crate::server::{Script, Server};
use crate::wires::{EVERY, Wire};
use crate::{PATIENT, ask, client, model, providers, request, wait};

fn kserve() -> &'static dyn Wire {
    EVERY.into_iter().find(|wire| wire.provider() == Provider::Kserve).unwrap()
}

fn tensor(name: &str, datatype: &str, shape: Value) -> Value {
    json!({ "name": name, "datatype": datatype, "shape": shape })
}

fn describing(inputs: &[Value], outputs: &[Value]) -> Script {
    Script::json(200, &json!({ "name": "m-1", "inputs": inputs, "outputs": outputs }))
}

fn text() -> Script {
    describing(&[tensor("prompt", "BYTES", json!([-1]))], &[tensor("answer", "BYTES", json!([1]))])
}

/// Answers its metadata, then these.
fn asked(scripts: impl IntoIterator<Item = Script>) -> (Result<String, ModelError>, Server) {
    let server = Server::start(scripts);
    let reply = ask(&*client(kserve(), &server), &request(), false, PATIENT).0;
    (reply.map(|reply| reply.text), server)
}

#[test]
fn the_model_is_asked_what_it_takes_once_and_gets_one_text() {
    let answer = |text: &str| {
        let output = json!({ "name": "answer", "datatype": "BYTES", "shape": [1], "data": [text] });
        Script::json(200, &json!({ "model_name": "m-1", "outputs": [output] }))
    };
    let server = Server::start([text(), answer("one"), answer("two")]);
    let providers = providers();
    for expect in ["one", "two"] {
        // A client is made for every call.
        let client = providers.client(&model(kserve(), &server)).unwrap();
        assert_eq!(ask(&*client, &request(), false, PATIENT).0.unwrap().text, expect);
    }
    let seen = server.seen();
    let paths: Vec<(&str, &str)> = seen.iter().map(|one| (one.verb.as_str(), one.path.as_str())).collect();
    let infer = ("POST", "/v2/models/m-1/infer");
    assert_eq!(paths, [("GET", "/v2/models/m-1"), infer, infer]);
    let input = json!({ "name": "prompt", "shape": [1], "datatype": "BYTES", "data": ["Be kind.\n\nHi"] });
    assert_eq!(seen[1].body, json!({ "inputs": [input], "outputs": [{ "name": "answer" }] }));
}

#[test]
fn rows_are_sent_where_the_model_wants_rows() {
    let metadata = describing(
        &[tensor("prompt", "BYTES", json!([-1, 1]))],
        &[tensor("answer", "BYTES", json!([-1, 1]))],
    );
    let output = json!({ "name": "answer", "datatype": "BYTES", "shape": [1, 1], "data": [["Hello"]] });
    let (reply, server) = asked([metadata, Script::json(200, &json!({ "outputs": [output] }))]);
    assert_eq!(reply.unwrap(), "Hello");
    assert_eq!(server.seen()[1].body["inputs"][0]["shape"], json!([1, 1]));
}

#[test]
fn a_model_that_takes_something_else_is_not_asked() {
    let bytes = |name: &str| tensor(name, "BYTES", json!([-1]));
    let numbers = tensor("vectors", "FP32", json!([-1, 2]));
    let cases = [
        (vec![], vec![bytes("answer")], "exactly one input of datatype BYTES"),
        (vec![bytes("a"), bytes("b")], vec![bytes("answer")], "a BYTES, b BYTES"),
        (vec![bytes("a")], vec![numbers], "vectors FP32"),
        (vec![bytes("a")], vec![], "it has: none"),
    ];
    for (inputs, outputs, part) in cases {
        let (reply, server) = asked([describing(&inputs, &outputs)]);
        let error = reply.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(error.message.contains(part), "{error}");
        assert_eq!(server.seen().len(), 1, "nothing is sent");
    }
}

/// A failure of the question before the question is the call's failure, and is forgotten: the next call asks again.
#[test]
fn metadata_may_fail_like_anything_else() {
    let output = json!({ "name": "answer", "datatype": "BYTES", "shape": [1], "data": ["Hello"] });
    let loading = Script::json(503, &json!({ "error": "loading" }));
    let gone = Script::json(404, &json!({ "error": "Model m-1 not found" }));
    let page = Script {
        headers: vec![("content-type", b"text/html".to_vec())],
        ..Script::json(200, &json!("<html>"))
    };
    let server =
        Server::start([loading, gone, page, text(), Script::json(200, &json!({ "outputs": [output] }))]);
    let client = client(kserve(), &server);
    let expected =
        [ErrorKind::Overloaded { retry_after_ms: None }, ErrorKind::NotFound, ErrorKind::MalformedResponse];
    for expect in expected {
        assert_eq!(ask(&*client, &request(), false, PATIENT).0.unwrap_err().kind, expect);
    }
    assert_eq!(ask(&*client, &request(), false, PATIENT).0.unwrap().text, "Hello");
}

#[test]
fn a_model_that_was_exchanged_is_asked_again_what_it_takes() {
    let renamed = describing(&[tensor("text", "BYTES", json!([-1]))], &[tensor("said", "BYTES", json!([1]))]);
    let output = |name: &str| {
        let output = json!({ "name": name, "datatype": "BYTES", "shape": [1], "data": ["Hello"] });
        Script::json(200, &json!({ "outputs": [output] }))
    };
    let refused = Script::json(400, &json!({ "error": "unexpected input `prompt`" }));
    let server = Server::start([text(), output("answer"), refused, renamed, output("said")]);
    let client = client(kserve(), &server);
    let ask = || ask(&*client, &request(), false, PATIENT).0;
    assert_eq!(ask().unwrap().text, "Hello");
    assert_eq!(ask().unwrap_err().kind, ErrorKind::InvalidRequest);
    assert_eq!(ask().unwrap().text, "Hello");
    assert_eq!(server.seen()[4].body["inputs"][0]["name"], json!("text"));
}

#[test]
fn an_answer_of_another_shape_is_no_answer() {
    let one = |name: &str, datatype: &str, shape: Value, data: Value| json!({ "name": name, "datatype": datatype, "shape": shape, "data": data });
    let cases = [
        one("answer", "BYTES", json!([2]), json!(["a"])),
        one("answer", "BYTES", json!([2]), json!(["a", "b"])),
        one("answer", "BYTES", json!([0]), json!([])),
        one("answer", "BYTES", json!([1]), json!([7])),
        one("answer", "FP32", json!([1]), json!(["a"])),
        one("other", "BYTES", json!([1]), json!(["a"])),
        one("answer", "BYTES", json!([u64::MAX, u64::MAX]), json!(["a"])),
    ];
    for output in cases {
        let (reply, _) = asked([text(), Script::json(200, &json!({ "outputs": [output] }))]);
        assert_eq!(reply.unwrap_err().kind, ErrorKind::MalformedResponse, "{output}");
    }
}

#[test]
fn vectors_have_a_row_for_every_text() {
    let metadata =
        || describing(&[tensor("texts", "BYTES", json!([-1]))], &[tensor("vectors", "FP32", json!([-1, 2]))]);
    let embedded = |shape: Value, data: Value| {
        let output = json!({ "name": "vectors", "datatype": "FP32", "shape": shape, "data": data });
        let server = Server::start([metadata(), Script::json(200, &json!({ "outputs": [output] }))]);
        let texts = vec!["a".to_owned(), "b".to_owned()];
        let request = EmbedRequest { model: "m-1".to_owned(), texts };
        let reply = wait(client(kserve(), &server).embed(&request, PATIENT));
        (reply.map(|reply| reply.vectors), server)
    };
    let rows = vec![vec![1.0, 2.0], vec![3.0, 4.5]];
    let (flat, server) = embedded(json!([2, 2]), json!([1, 2, 3, 4.5]));
    assert_eq!(flat.unwrap(), rows);
    let input = json!({ "name": "texts", "shape": [2], "datatype": "BYTES", "data": ["a", "b"] });
    assert_eq!(server.seen()[1].body["inputs"], json!([input]));
    assert_eq!(embedded(json!([2, 2]), json!([[1, 2], [3, 4.5]])).0.unwrap(), rows);
    let bad = [
        (json!([1, 2]), json!([1, 2])),
        (json!([2, 2]), json!([1, 2, 3])),
        (json!([2, 2]), json!([1, 2, 3, "x"])),
        (json!([2, 2]), json!([1, 2, 3, 1e300])),
        (json!([2, 0]), json!([])),
        (json!([]), json!([1])),
        (json!([3, 2]), json!([1, 2, 3, 4, 5, 6])),
    ];
    for (shape, data) in bad {
        let error = embedded(shape.clone(), data.clone()).0.unwrap_err();
        assert_eq!(error.kind, ErrorKind::MalformedResponse, "{shape} {data}");
    }
}
