//! Columns in UTF-8, UTF-16 and UTF-32; tabs, line ends and characters of four bytes: every answer is of the same text.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::Client;

const ENCODINGS: [&str; 3] = ["utf-8", "utf-16", "utf-32"];

/// Tabs before names, words of one to four bytes before names, on lines that are asked about.
const TEXT: &str = "//! ä𝄞\n/// 𝄞 wants ä.\nenum Wish {\n\t/// 𝄞\n\tOffer(sum: money)\n\tSpam\n}\n\ntype Mail { id: text in 1..80  /* 𝄞 */ }\n\nfn shown(note: text, wish: Wish): text = \"𝄞ä\t{{note}} 𝄞 {{case wish { Spam => \"ä𝄞\"  _ => note }}}\"\n\nflow go(mail: text): text {\n\t-> say(\"𝄞\")\n\n\t// 𝄞𝄞\n\tnode say(word: text)\n\t\t-> return \"𝄞 {{shown(word, Spam)}} {{mail}}\" when word != \"𝄞𝄞\" and mail != word\n\t\t-> return missing\n}\n";

/// How an encoding counts a text.
fn units(encoding: &str, text: &str) -> usize {
    match encoding {
        "utf-8" => text.len(),
        "utf-16" => text.encode_utf16().count(),
        _ => text.chars().count(),
    }
}

/// The byte that a position stands for.
fn offset(encoding: &str, text: &str, place: &Value) -> usize {
    let row = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
    let column = usize::try_from(place["character"].as_u64().unwrap()).unwrap();
    let start: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
    let line = text[start..].split('\n').next().unwrap();
    let mut ends = (0..=line.len()).filter(|at| line.is_char_boundary(*at));
    let found = ends.find(|at| units(encoding, &line[..*at]) == column);
    start + found.unwrap_or_else(|| panic!("{encoding}: no character begins at {place} in {line:?}"))
}

/// An answer with every position as the byte that it stands for, and every length left out.
fn by_bytes(encoding: &str, text: &str, answer: &Value) -> Value {
    match answer {
        Value::Object(fields) if fields.contains_key("line") && fields.contains_key("character") => {
            json!(offset(encoding, text, answer))
        }
        Value::Object(fields) => {
            let inside = fields.iter().filter(|(name, _)| *name != "uri" && *name != "resultId");
            inside.map(|(name, value)| (name.clone(), by_bytes(encoding, text, value))).collect()
        }
        Value::Array(list) => list.iter().map(|value| by_bytes(encoding, text, value)).collect(),
        other => other.clone(),
    }
}

/// The tokens of a file as bytes.
fn tokens(encoding: &str, text: &str, answer: &Value) -> Vec<(usize, String)> {
    let numbers: Vec<u64> = answer["data"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    let (mut line, mut column) = (0, 0);
    let token = |five: &[u64]| {
        column = if five[0] == 0 { column + five[1] } else { five[1] };
        line += five[0];
        let start = offset(encoding, text, &json!({ "line": line, "character": column }));
        let end = offset(encoding, text, &json!({ "line": line, "character": column + five[2] }));
        (start, text[start..end].to_owned())
    };
    numbers.chunks(5).map(token).collect()
}

fn answers(encoding: &str, text: &str) -> String {
    let mut client = Client::with(&[], &json!({ "general": { "positionEncodings": [encoding] } }));
    client.open("a.flow", text);
    let mut out = String::new();
    let found = Value::Array(client.diagnostics("a.flow", 1));
    let mut said = by_bytes(encoding, text, &found);
    said.as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|one| drop(one.as_object_mut().unwrap().remove("codeDescription")));
    let _ = writeln!(out, "{said}");
    let document = json!({ "uri": client.uri("a.flow") });
    for (row, line) in text.lines().enumerate() {
        for (at, _) in line.char_indices() {
            let place = json!({ "line": row, "character": units(encoding, &line[..at]) });
            for method in
                ["hover", "definition", "references", "documentHighlight", "completion", "signatureHelp"]
            {
                let mut params = json!({ "textDocument": document, "position": place });
                if method == "references" {
                    params["context"] = json!({ "includeDeclaration": true });
                }
                let answer = client.ask(&format!("textDocument/{method}"), &params);
                let mut answer = by_bytes(encoding, text, &answer);
                if method == "completion" {
                    answer.as_array_mut().unwrap().truncate(3);
                }
                let _ = writeln!(out, "{row}:{at} {method} {answer}");
            }
        }
    }
    let whole = json!({ "textDocument": document });
    for method in ["documentSymbol", "foldingRange", "codeLens", "documentLink"] {
        let answer = client.ask(&format!("textDocument/{method}"), &whole);
        let _ = writeln!(out, "{method} {}", by_bytes(encoding, text, &answer));
    }
    let answer = client.ask("textDocument/semanticTokens/full", &whole);
    let _ = writeln!(out, "{:?}", tokens(encoding, text, &answer));
    out.replace(&client.uri("a.flow"), "a.flow")
}

#[test]
fn every_feature_counts_columns_as_the_client_does() {
    for text in [TEXT.to_owned(), TEXT.replace('\n', "\r\n")] {
        let all: Vec<String> = ENCODINGS.iter().map(|encoding| answers(encoding, &text)).collect();
        for (encoding, other) in ENCODINGS.iter().zip(&all) {
            for (a, b) in all[0].lines().zip(other.lines()) {
                assert_eq!(a, b, "utf-8 and {encoding}");
            }
            assert_eq!(all[0].lines().count(), other.lines().count());
        }
        assert!(all[0].lines().filter(|line| !line.ends_with("null") && !line.ends_with("[]")).count() > 200);
    }
}

/// The same edits, written in each encoding, make the same text.
#[test]
fn edits_count_columns_as_the_client_does() {
    let mut texts = Vec::new();
    for encoding in ENCODINGS {
        let mut client = Client::with(&[], &json!({ "general": { "positionEncodings": [encoding] } }));
        client.open("a.flow", TEXT);
        let row = TEXT.lines().position(|line| line.contains("return \"𝄞")).unwrap();
        let line = TEXT.lines().nth(row).unwrap();
        let column = |needle: &str| units(encoding, &line[..line.find(needle).unwrap()]);
        let at = |column: usize| json!({ "line": row, "character": column });
        let (start, end) = (column("shown"), column("(word"));
        client.change(
            "a.flow",
            2,
            &json!([{ "range": { "start": at(start), "end": at(end) }, "text": "𝄞ä" }]),
        );
        client.change("a.flow", 3, &json!([{ "range": { "start": at(start), "end": at(start + units(encoding, "𝄞ä")) }, "text": "shown" }]));
        let place = at(column("hown(word"));
        let hover = client.ask(
            "textDocument/hover",
            &json!({ "textDocument": { "uri": client.uri("a.flow") }, "position": place }),
        );
        texts.push(
            hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{encoding}: {hover}")).to_owned(),
        );
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    assert!(texts[0].contains("fn shown"));
}
