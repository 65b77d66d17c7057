//! Rough handling: broken messages, cancelled requests, huge and half-typed texts. Never a crash.

use serde_json::{Value, json};

use crate::client::Client;

#[test]
fn broken_messages_do_not_end_the_conversation() {
    let mut client = Client::start(&[]);
    client.raw(b"Content-Length: 12\r\n\r\n{not json!!}");
    client.raw(b"Content-Length: 2\r\n\r\n[]");
    client.raw(b"Content-Length: 29\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":42}");
    client.tell("no/such/notification", &json!({ "a": 1 }));
    client.tell("textDocument/didOpen", &json!({ "wrong": true }));
    assert!(!client.refused("no/such/request", &json!({})).is_empty());
    assert!(!client.refused("textDocument/hover", &json!({ "textDocument": 7 })).is_empty());
    client.open("a.flow", "fn f(x: int): int = x\n");
    let place = client.at("a.flow", (0, 3));
    assert!(client.ask("textDocument/hover", &place)["contents"]["value"].as_str().unwrap().contains("fn f"));
    assert_eq!(client.stop(), 0);
}

#[test]
fn a_cancelled_request_is_answered_as_such_or_at_all() {
    let mut client = Client::start(&[]);
    let text: String =
        (0..3000).map(|number| format!("fn f{number}(x: int): int = x + {number}\n")).collect();
    client.open("a.flow", &text);
    let mut place = client.at("a.flow", (0, 3));
    place["context"] = json!({ "includeDeclaration": true });
    let ids: Vec<i64> = (0..50).map(|_| client.begin("textDocument/references", &place)).collect();
    for id in &ids {
        client.tell("$/cancelRequest", &json!({ "id": id }));
    }
    for id in ids {
        let answer = client.answer(id);
        let code = answer["error"]["code"].as_i64();
        assert!(answer.get("result").is_some() || code == Some(-32800), "{answer}");
    }
    client.tell("$/cancelRequest", &json!({ "id": 99_999 }));
    assert_eq!(client.stop(), 0);
}

#[test]
fn an_open_request_does_not_keep_the_server() {
    let mut client = Client::start(&[]);
    client.open("a.flow", "fn f(x: int): int = x\n");
    client.begin("shutdown", &Value::Null);
    client.tell("exit", &Value::Null);
    drop(client);
}

/// Every feature at many places of texts that are half there.
#[test]
fn every_feature_answers_in_half_typed_texts() {
    let main = include_str!("../../../examples/estate/main.flow");
    let models = include_str!("../../../examples/estate/models.flow");
    let manifest = include_str!("../../../examples/estate/flow.toml");
    let mut client = Client::start(&[("flow.toml", manifest), ("main.flow", main), ("models.flow", models)]);
    client.open("main.flow", main);
    let mut version = 1;
    let mut seed = 7_u64;
    for _ in 0..25 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let cut = usize::try_from(seed >> 33).unwrap() % main.len();
        let cut = (0..=cut).rev().find(|at| main.is_char_boundary(*at)).unwrap();
        version += 1;
        client.change("main.flow", version, &json!([{ "text": main[..cut] }]));
        let line = u32::try_from(main[..cut].matches('\n').count()).unwrap();
        let character =
            u32::try_from(main[..cut].rsplit('\n').next().unwrap().encode_utf16().count()).unwrap();
        ask_everything(&mut client, "main.flow", (line, character));
    }
    assert_eq!(client.stop(), 0);
}

fn ask_everything(client: &mut Client, name: &str, (line, character): (u32, u32)) {
    let place = client.at(name, (line, character));
    let whole =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": line + 9, "character": 0 } });
    let document = place["textDocument"].clone();
    let with = |more: Value| {
        let mut all = place.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let requests = [
        ("textDocument/hover", place.clone()),
        ("textDocument/completion", place.clone()),
        ("textDocument/signatureHelp", place.clone()),
        ("textDocument/definition", place.clone()),
        ("textDocument/typeDefinition", place.clone()),
        ("textDocument/implementation", place.clone()),
        ("textDocument/references", with(json!({ "context": { "includeDeclaration": true } }))),
        ("textDocument/documentHighlight", place.clone()),
        ("textDocument/documentSymbol", json!({ "textDocument": document })),
        ("textDocument/foldingRange", json!({ "textDocument": document })),
        (
            "textDocument/selectionRange",
            json!({ "textDocument": document, "positions": [place["position"]] }),
        ),
        ("textDocument/semanticTokens/full", json!({ "textDocument": document })),
        ("textDocument/inlayHint", json!({ "textDocument": document, "range": whole })),
        ("textDocument/codeLens", json!({ "textDocument": document })),
        ("textDocument/documentLink", json!({ "textDocument": document })),
        ("textDocument/prepareCallHierarchy", place.clone()),
        ("textDocument/formatting", json!({ "textDocument": document, "options": options })),
        (
            "textDocument/rangeFormatting",
            json!({ "textDocument": document, "range": whole, "options": options }),
        ),
        ("textDocument/onTypeFormatting", with(json!({ "ch": "}", "options": options }))),
        (
            "textDocument/codeAction",
            json!({ "textDocument": document, "range": whole, "context": { "diagnostics": [] } }),
        ),
        ("workspace/symbol", json!({ "query": "a" })),
        ("flow/graph", json!({ "uri": document["uri"], "position": place["position"] })),
    ];
    for (method, params) in requests {
        client.ask(method, &params);
    }
    // These may be refused, with words.
    for (method, params) in [
        ("textDocument/prepareRename", place.clone()),
        ("textDocument/rename", with(json!({ "newName": "something_else" }))),
    ] {
        let id = client.begin(method, &params);
        let answer = client.answer(id);
        assert!(answer.get("result").is_some() || answer["error"]["code"] == -32803, "{method}: {answer}");
    }
}
