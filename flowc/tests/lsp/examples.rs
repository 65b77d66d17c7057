//! What is answered about every name of the examples, as text: hundreds of places, one line each.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Client;

/// The examples with the most of the language in them.
const EXAMPLES: [&str; 3] = ["estate", "onboarding", "support"];

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples").join(name)
}

/// A server that looks at a copy of an example, with the text of its `main.flow`, which is open.
pub(crate) fn opened(name: &str) -> (Client, String) {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory(name)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut client = Client::start(&borrowed);
    let text = files.iter().find(|(name, _)| name == "main.flow").unwrap().1.clone();
    client.open("main.flow", &text);
    (client, text)
}

/// Where each word of a text stands first, in order. Comments hold none.
fn words(text: &str) -> Vec<(u32, u32, String)> {
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for (row, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        let mut rest = 0;
        while let Some(start) = code[rest..].find(|c: char| c.is_ascii_alphabetic()) {
            let start = rest + start;
            let length = code[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let end = length.map_or(code.len(), |length| start + length);
            let word = &code[start..end];
            if known.insert(word.to_owned()) {
                let column = code[..start].encode_utf16().count();
                found.push((u32::try_from(row).unwrap(), u32::try_from(column).unwrap(), word.to_owned()));
            }
            rest = end;
        }
    }
    found
}

/// One line for each word about which something is answered.
fn told(method: &str, line: &dyn Fn(&Client, &Value) -> String) -> String {
    let mut out = String::new();
    for name in EXAMPLES {
        let (mut client, text) = opened(name);
        let _ = writeln!(out, "# {name}");
        for (row, column, word) in words(&text) {
            let mut params = client.at("main.flow", (row, column));
            params["context"] = json!({ "includeDeclaration": true });
            let answer = client.ask(method, &params);
            if !answer.is_null() && answer != json!([]) {
                let _ = writeln!(out, "{}:{} {word}: {}", row + 1, column + 1, line(&client, &answer));
            }
        }
    }
    out
}

fn point(place: &Value) -> String {
    format!("{}:{}", place["line"].as_u64().unwrap() + 1, place["character"].as_u64().unwrap() + 1)
}

fn location(client: &Client, value: &Value) -> String {
    let uri = client.name(value["uri"].as_str().unwrap());
    let uri = uri.rsplit_once("/std/").map_or(uri.clone(), |(_, rest)| format!("<library>/std/{rest}"));
    format!("{uri} {}", point(&value["range"]["start"]))
}

#[test]
fn hover_over_every_name() {
    let text = told("textDocument/hover", &|_, answer| {
        let text = answer["contents"]["value"].as_str().unwrap();
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("```") && !line.is_empty()).collect();
        lines.join(" / ")
    });
    insta::assert_snapshot!(text);
}

#[test]
fn definition_of_every_name() {
    insta::assert_snapshot!(told("textDocument/definition", &location));
}

#[test]
fn type_of_every_name() {
    insta::assert_snapshot!(told("textDocument/typeDefinition", &location));
}

#[test]
fn references_of_every_name() {
    let text = told("textDocument/references", &|client, answer| {
        let mut by_file: Vec<(String, Vec<String>)> = Vec::new();
        for found in answer.as_array().unwrap() {
            let uri = client.name(found["uri"].as_str().unwrap());
            let at = point(&found["range"]["start"]);
            match by_file.iter_mut().find(|(other, _)| *other == uri) {
                Some((_, places)) => places.push(at),
                None => by_file.push((uri, vec![at])),
            }
        }
        let files = by_file.iter().filter(|(uri, _)| !uri.contains("/std/"));
        files.map(|(uri, places)| format!("{uri} {}", places.join(" "))).collect::<Vec<_>>().join("; ")
    });
    insta::assert_snapshot!(text);
}

/// What is offered behind words that ask for something.
#[test]
fn completion_behind_what_asks_for_something() {
    let mut out = String::new();
    for name in EXAMPLES {
        let (mut client, text) = opened(name);
        let _ = writeln!(out, "# {name}");
        for asks in ["-> ", "when ", " is ", "using ", " on ", "{{", "return ", ": ", ".", "given ", "need "]
        {
            for (at, _) in text.match_indices(asks).step_by(5).take(5) {
                let before = &text[..at + asks.len()];
                let row = before.matches('\n').count();
                let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
                let place = (u32::try_from(row).unwrap(), u32::try_from(column).unwrap());
                let answer = client.ask("textDocument/completion", &client.at("main.flow", place));
                let mut items: Vec<&Value> = answer.as_array().unwrap().iter().collect();
                items.sort_by_key(|item| item["sortText"].as_str().unwrap());
                let labels: Vec<&str> =
                    items.iter().take(8).map(|item| item["label"].as_str().unwrap()).collect();
                let line = text.lines().nth(row).unwrap();
                let line = &line[..line.len().min(before.rsplit('\n').next().unwrap().len())];
                let _ = writeln!(out, "{}: {}‸ {}", row + 1, line.trim_start(), labels.join(" · "));
            }
        }
    }
    insta::assert_snapshot!(out);
}

/// Hints, lenses, symbols, folds, links and colours of every example.
#[test]
fn the_shape_of_every_example() {
    let mut out = String::new();
    for name in EXAMPLES {
        let (mut client, text) = opened(name);
        let document = json!({ "uri": client.uri("main.flow") });
        let of = json!({ "textDocument": document });
        let _ = writeln!(out, "# {name}");
        let end = json!({ "line": text.lines().count(), "character": 0 });
        let whole = json!({ "start": { "line": 0, "character": 0 }, "end": end });
        let hints =
            client.ask("textDocument/inlayHint", &json!({ "textDocument": document, "range": whole }));
        for hint in hints.as_array().unwrap() {
            let _ = writeln!(out, "hint {} {}", point(&hint["position"]), hint["label"].as_str().unwrap());
        }
        for lens in client.ask("textDocument/codeLens", &of).as_array().unwrap() {
            let at = point(&lens["range"]["start"]);
            let _ = writeln!(out, "lens {at} {}", lens["command"]["title"].as_str().unwrap());
        }
        for symbol in client.ask("textDocument/documentSymbol", &of).as_array().unwrap() {
            let at = point(&symbol["range"]["start"]);
            let inside = symbol["children"].as_array().map_or(0, Vec::len);
            let _ = writeln!(out, "symbol {at} {} {} {inside}", symbol["detail"], symbol["name"]);
        }
        let folds = client.ask("textDocument/foldingRange", &of);
        let fold = |fold: &Value| format!("{}-{}", fold["startLine"], fold["endLine"]);
        let folds: Vec<String> = folds.as_array().unwrap().iter().map(fold).collect();
        let _ = writeln!(out, "folds {}", folds.join(" "));
        for link in client.ask("textDocument/documentLink", &of).as_array().unwrap() {
            let target = client.name(link["target"].as_str().unwrap());
            let target =
                target.rsplit_once("/std/").map_or(target.clone(), |(_, rest)| format!("std/{rest}"));
            let _ = writeln!(out, "link {} {target}", point(&link["range"]["start"]));
        }
    }
    insta::assert_snapshot!(out);
}

/// What can be done on every node and every edge.
#[test]
fn actions_on_every_line_of_a_flow() {
    let mut out = String::new();
    for name in EXAMPLES {
        let (mut client, text) = opened(name);
        let _ = writeln!(out, "# {name}");
        for (row, line) in text.lines().enumerate() {
            let is_asked = line.trim_start().starts_with("-> ") || line.trim_start().starts_with("node ");
            if !is_asked && !line.starts_with("pub flow") {
                continue;
            }
            let place = json!({ "line": row, "character": line.len() - line.trim_start().len() + 2 });
            let params = json!({
                "textDocument": { "uri": client.uri("main.flow") },
                "range": { "start": place, "end": place },
                "context": { "diagnostics": [] },
            });
            let actions = client.ask("textDocument/codeAction", &params);
            for action in actions.as_array().unwrap() {
                let _ = writeln!(out, "{}: {} [{}]", row + 1, line.trim(), action["title"].as_str().unwrap());
            }
        }
    }
    insta::assert_snapshot!(out);
}
