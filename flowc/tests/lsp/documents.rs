//! Documents: open, change, close; positions; diagnostics that come by themselves and on request.

use serde_json::{Value, json};

use crate::client::{Client, cursor};

const HALF: &str = "fn half(x: float): float = x / 2\n";

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

#[test]
fn diagnostics_follow_typing() {
    let mut client = Client::start(&[]);
    client.open("a.flow", HALF);
    assert_eq!(client.diagnostics("a.flow", 1), Vec::<Value>::new());
    let range = json!({ "start": { "line": 0, "character": 27 }, "end": { "line": 0, "character": 28 } });
    client.change("a.flow", 2, &json!([{ "range": range, "text": "y" }]));
    let found = client.diagnostics("a.flow", 2);
    assert_eq!(codes(&found), ["FL0005"]);
    assert_eq!(found[0]["range"], range);
    assert_eq!(found[0]["severity"], 1);
    assert!(found[0]["codeDescription"]["href"].as_str().unwrap().ends_with("/errors/FL0005.md"));
    client.change("a.flow", 3, &json!([{ "text": HALF }]));
    assert_eq!(client.diagnostics("a.flow", 3), Vec::<Value>::new());
    assert_eq!(client.stop(), 0);
}

#[test]
fn an_edit_of_one_file_is_seen_by_those_that_import_it() {
    let manifest = "[package]\nname = \"shop\"\n";
    let kinds = "pub enum Kind {\n  Ask\n  Spam\n}\n";
    let main = "import kinds.{Kind}\n\nfn is_spam(kind: Kind): bool = kind is Spam\n";
    let mut client = Client::start(&[("flow.toml", manifest), ("kinds.flow", kinds), ("main.flow", main)]);
    client.open("kinds.flow", kinds);
    client.open("main.flow", main);
    assert_eq!(client.diagnostics("main.flow", 1), Vec::<Value>::new());
    client.change("kinds.flow", 2, &json!([{ "text": kinds.replace("Spam", "Junk") }]));
    client.diagnostics("kinds.flow", 2);
    let uri = client.uri("main.flow");
    let found = client.find(&|message| {
        let params = &message["params"];
        params["uri"] == uri && params["diagnostics"].as_array().is_some_and(|list| !list.is_empty())
    });
    assert_eq!(codes(found["params"]["diagnostics"].as_array().unwrap()), ["FL0117"]);
}

#[test]
fn columns_count_as_the_client_asks() {
    let text = "fn f(a: text): text = \"ä𝄞\t{{b}}\"\r\n";
    for (encoding, column) in [("utf-8", 32), ("utf-16", 29), ("utf-32", 28)] {
        let capabilities = json!({ "general": { "positionEncodings": [encoding] } });
        let mut client = Client::with(&[], &capabilities);
        assert_eq!(client.capabilities["positionEncoding"], encoding);
        client.open("a.flow", text);
        let found = client.diagnostics("a.flow", 1);
        let start = &found.iter().find(|found| found["code"] == "FL0005").unwrap()["range"]["start"];
        assert_eq!(*start, json!({ "line": 0, "character": column }), "{encoding}");
    }
}

#[test]
fn a_repeated_or_older_change_is_left_out() {
    let mut client = Client::start(&[]);
    client.open("a.flow", HALF);
    let insert = |text: &str| json!([{ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": text }]);
    client.change("a.flow", 3, &insert("// one\n"));
    client.change("a.flow", 3, &insert("// one\n"));
    client.change("a.flow", 2, &insert("// zero\n"));
    client.change("never-opened.flow", 2, &insert("// none\n"));
    let params = json!({ "textDocument": { "uri": client.uri("a.flow") } });
    let symbols = client.ask("textDocument/documentSymbol", &params);
    assert_eq!(symbols[0]["range"]["start"]["line"], 1);
}

#[test]
fn two_thousand_edits_written_at_once_are_applied_in_order() {
    let mut client = Client::start(&[]);
    client.open("a.flow", "");
    let mut expected = String::new();
    for number in 0..2000 {
        let text = format!("fn f{number}(x: int): int = x\n");
        let at = json!({ "line": number, "character": 0 });
        client.change("a.flow", number + 2, &json!([{ "range": { "start": at, "end": at }, "text": text }]));
        expected.push_str(&text);
    }
    let place = client.at("a.flow", (1999, 4));
    let hover = client.ask("textDocument/hover", &place);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("fn f1999(x: int): int"), "{hover}");
    assert_eq!(client.diagnostics("a.flow", 2001), Vec::<Value>::new());
    let params = json!({ "textDocument": { "uri": client.uri("a.flow") } });
    assert_eq!(client.ask("textDocument/documentSymbol", &params).as_array().unwrap().len(), 2000);
}

#[test]
fn a_client_that_asks_for_diagnostics_is_not_told() {
    let capabilities = json!({ "textDocument": { "diagnostic": {} } });
    let mut client = Client::with(&[], &capabilities);
    assert_eq!(client.capabilities["diagnosticProvider"]["workspaceDiagnostics"], true);
    client.open("a.flow", &HALF.replace("x /", "y /"));
    let document = json!({ "uri": client.uri("a.flow") });
    let report = client.ask("textDocument/diagnostic", &json!({ "textDocument": document }));
    assert_eq!(report["kind"], "full");
    assert_eq!(codes(report["items"].as_array().unwrap()), ["FL0005"]);
    let params = json!({ "textDocument": document, "previousResultId": report["resultId"] });
    assert_eq!(client.ask("textDocument/diagnostic", &params)["kind"], "unchanged");
    let all = client.ask("workspace/diagnostic", &json!({ "previousResultIds": [] }));
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[test]
fn files_may_vanish_and_documents_need_no_file() {
    let manifest = "[package]\nname = \"shop\"\n";
    let main = "import kinds.{Kind}\n\nfn same(kind: Kind): Kind = kind\n";
    let kinds = "pub enum Kind {\n  Ask\n}\n";
    let mut client = Client::start(&[("flow.toml", manifest), ("kinds.flow", kinds), ("main.flow", main)]);
    client.open("main.flow", main);
    assert_eq!(client.diagnostics("main.flow", 1), Vec::<Value>::new());
    std::fs::remove_file(client.directory.path().join("kinds.flow")).unwrap();
    let gone = json!({ "changes": [{ "uri": client.uri("kinds.flow"), "type": 3 }] });
    client.tell("workspace/didChangeWatchedFiles", &gone);
    let found = client.diagnostics("main.flow", 1);
    assert_eq!(codes(&found), ["FL0017"]);
    let document = json!({ "uri": "untitled:Untitled-1", "languageId": "flow", "version": 1, "text": HALF });
    client.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    let hover = json!({ "textDocument": { "uri": "untitled:Untitled-1" }, "position": { "line": 0, "character": 4 } });
    assert!(
        client.ask("textDocument/hover", &hover)["contents"]["value"].as_str().unwrap().contains("fn half")
    );
    std::fs::remove_file(client.directory.path().join("main.flow")).unwrap();
    let close = json!({ "textDocument": { "uri": client.uri("main.flow") } });
    client.tell("textDocument/didClose", &close);
    assert_eq!(client.ask("workspace/symbol", &json!({ "query": "same" })), json!([]));
    assert_eq!(client.stop(), 0);
}

#[test]
fn several_folders_are_several_workspaces() {
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\n");
    let (one, two) = (manifest("one"), manifest("two"));
    let files = [
        ("one/flow.toml", one.as_str()),
        ("one/main.flow", "fn first(x: int): int = x\n"),
        ("two/flow.toml", two.as_str()),
        ("two/main.flow", "fn second(x: int): int = x\n"),
    ];
    let mut client = Client::start(&files);
    let all = client.ask("workspace/symbol", &json!({ "query": "" }));
    let names: Vec<&str> =
        all.as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["first", "second"]);
    let folder = json!({ "uri": client.uri("two"), "name": "two" });
    let event = json!({ "event": { "added": [], "removed": [folder] } });
    client.tell("workspace/didChangeWorkspaceFolders", &event);
    let left = client.ask("workspace/symbol", &json!({ "query": "" }));
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn the_cursor_of_these_tests_counts_columns() {
    assert_eq!(cursor("a\nä𝄞‸b"), ("a\nä𝄞b".to_owned(), (1, 3)));
}
