//! Messages in an order that nobody should send them in, texts that nobody should write, files that go.

use serde_json::{Value, json};

use crate::client::Client;

const HALF: &str = "fn half(x: float): float = x / 2\n";

fn hovered(client: &mut Client, name: &str, place: (u32, u32)) -> String {
    let at = client.at(name, place);
    client.ask("textDocument/hover", &at)["contents"]["value"].as_str().unwrap_or("nothing").to_owned()
}

fn close(client: &mut Client, name: &str) {
    let document = json!({ "textDocument": { "uri": client.uri(name) } });
    client.tell("textDocument/didClose", &document);
}

#[test]
fn changes_and_closings_of_what_is_not_open_are_left_out() {
    let mut client = Client::start(&[("a.flow", HALF)]);
    client.change("a.flow", 5, &json!([{ "text": "fn other(): int = 1\n" }]));
    close(&mut client, "a.flow");
    close(&mut client, "never.flow");
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn half"));
    client.open("a.flow", HALF);
    close(&mut client, "a.flow");
    close(&mut client, "a.flow");
    client.change("a.flow", 2, &json!([{ "text": "fn other(): int = 1\n" }]));
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn half"));
    assert_eq!(client.stop(), 0);
}

#[test]
fn a_document_that_is_opened_again_has_the_new_text() {
    let mut client = Client::start(&[]);
    client.open("a.flow", HALF);
    client.change("a.flow", 9, &json!([{ "text": HALF.replace("half", "part") }]));
    client.open("a.flow", &HALF.replace("half", "third"));
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn third"));
    // Versions begin anew with it.
    client.change("a.flow", 2, &json!([{ "text": HALF.replace("half", "fourth") }]));
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn fourth"));
}

#[test]
fn beginnings_and_ends_may_be_repeated() {
    let mut client = Client::start(&[("flow.toml", "[package]\nname = \"a\"\n"), ("a.flow", HALF)]);
    client.tell("initialized", &json!({}));
    assert!(!client.refused("initialize", &json!({ "capabilities": {} })).is_empty());
    client.open("a.flow", HALF);
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn half"));
    client.ask("shutdown", &Value::Null);
    let at = client.at("a.flow", (0, 4));
    assert!(!client.refused("textDocument/hover", &at).is_empty());
    assert!(!client.refused("shutdown", &Value::Null).is_empty());
}

#[test]
fn edits_outside_of_the_text_touch_its_ends() {
    let mut client = Client::start(&[]);
    client.open("a.flow", HALF);
    let range = |a: (u32, u32), b: (u32, u32)| json!({ "start": { "line": a.0, "character": a.1 }, "end": { "line": b.0, "character": b.1 } });
    client.change(
        "a.flow",
        2,
        &json!([{ "range": range((900, 900), (901, 0)), "text": "fn more(): int = 1\n" }]),
    );
    client.change(
        "a.flow",
        3,
        &json!([{ "range": range((0, 4_000_000_000), (0, 4_000_000_000)), "text": " // end" }]),
    );
    // Ends before it starts.
    client.change("a.flow", 4, &json!([{ "range": range((0, 7), (0, 3)), "text": "part" }]));
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn part"));
    assert!(hovered(&mut client, "a.flow", (1, 4)).contains("fn more"));
    let params = json!({ "textDocument": { "uri": client.uri("a.flow") } });
    assert_eq!(client.ask("textDocument/documentSymbol", &params).as_array().unwrap().len(), 2);
    assert!(hovered(&mut client, "a.flow", (4_000_000_000, 4_000_000_000)).contains("nothing"));
}

#[test]
fn messages_that_are_none_are_left_out() {
    let mut client = Client::start(&[]);
    client.open("a.flow", HALF);
    for junk in [
        &b"\r\n\r\n"[..],
        b"garbage without a colon\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 4\r\n\r\nnull",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
        b"Content-Length: 8\r\n\r\n\"string\"",
        b"Content-Length: 46\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"shutdown\"}",
        b"Content-Length: 41\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":777,\"result\":null} ",
    ] {
        client.raw(junk);
    }
    client.tell("$/setTrace", &json!({ "value": "verbose" }));
    client.tell("$/unknown", &json!([1, 2]));
    assert!(hovered(&mut client, "a.flow", (0, 4)).contains("fn half"));
    assert_eq!(client.stop(), 0);
}

#[test]
fn huge_files_are_answered() {
    let mut client = Client::start(&[]);
    let mut text: String =
        (0..5_000).map(|number| format!("fn f{number}(x: int): int = x + {number}\n")).collect();
    text.push_str(&format!("fn long(): text = \"{}\"\n", "ä".repeat(500_000)));
    client.open("a.flow", &text);
    assert!(hovered(&mut client, "a.flow", (4_999, 4)).contains("fn f4999"));
    assert!(hovered(&mut client, "a.flow", (5_000, 400_000)).contains("text"));
    let at = json!({ "line": 0, "character": 0 });
    client.change("a.flow", 2, &json!([{ "range": { "start": at, "end": at }, "text": "// one\n" }]));
    assert_eq!(client.diagnostics("a.flow", 2), Vec::<Value>::new());
    assert_eq!(client.stop(), 0);
}

#[test]
fn a_directory_may_go_while_its_files_are_open() {
    let manifest = "[package]\nname = \"a\"\n";
    let files = [
        ("in/flow.toml", manifest),
        ("in/a.flow", HALF),
        ("in/b.flow", "import a.{half}\n\nfn f(x: float): float = half(x)\n"),
    ];
    let mut client = Client::start(&files);
    client.open("in/b.flow", files[2].1);
    client.diagnostics("in/b.flow", 1);
    std::fs::remove_dir_all(client.directory.path().join("in")).unwrap();
    let gone: Vec<Value> = ["in/flow.toml", "in/a.flow", "in/b.flow", "in"]
        .iter()
        .map(|name| json!({ "uri": client.uri(name), "type": 3 }))
        .collect();
    client.tell("workspace/didChangeWatchedFiles", &json!({ "changes": gone }));
    assert!(hovered(&mut client, "in/b.flow", (2, 4)).contains("fn f"));
    client.change("in/b.flow", 2, &json!([{ "text": "fn f(x: float): float = x\n" }]));
    assert_eq!(client.diagnostics("in/b.flow", 2), Vec::<Value>::new());
    let moved =
        json!({ "files": [{ "oldUri": client.uri("in/a.flow"), "newUri": client.uri("in/c.flow") }] });
    client.ask("workspace/willRenameFiles", &moved);
    close(&mut client, "in/b.flow");
    assert_eq!(hovered(&mut client, "in/b.flow", (0, 4)), "nothing");
    assert_eq!(client.stop(), 0);
}
