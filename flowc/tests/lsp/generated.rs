//! Tests that are written for an edge: they compile, they pass, and they take the edge.

use std::process::Command;

use serde_json::{Value, json};

use crate::client::Client;
use crate::examples::opened;

/// Applies edits of one document, the last first.
fn applied(text: &str, edits: &[Value]) -> String {
    let offset = |place: &Value| {
        let row = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let column = usize::try_from(place["character"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(row).map(str::len).sum();
        let line = text[start..].split('\n').next().unwrap();
        let units = |at: usize| line[..at].encode_utf16().count();
        start
            + (0..=line.len())
                .filter(|at| line.is_char_boundary(*at))
                .find(|at| units(*at) == column)
                .unwrap()
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_unstable();
    let mut new = text.to_owned();
    edits.iter().rev().for_each(|(start, end, with)| new.replace_range(start..end, with));
    new
}

/// The action on a line that writes a test for its edge.
fn written(client: &mut Client, row: usize, column: usize) -> Option<Vec<Value>> {
    let place = json!({ "line": row, "character": column });
    let params = json!({
        "textDocument": { "uri": client.uri("main.flow") },
        "range": { "start": place, "end": place },
        "context": { "diagnostics": [], "only": ["refactor"] },
    });
    let actions = client.ask("textDocument/codeAction", &params);
    let wanted = |action: &&Value| action["title"].as_str().unwrap().starts_with("Write a test that takes");
    let action = actions.as_array().unwrap().iter().find(wanted).cloned()?;
    Some(action["edit"]["changes"][client.uri("main.flow")].as_array().unwrap().clone())
}

/// What `flowc test` says of a package with only one test.
fn verdict(client: &Client, name: &str, text: &str) -> Value {
    let main = client.directory.path().join("main.flow");
    std::fs::write(&main, text).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_flowc"))
        .args(["test", "--json", "--coverage", "--filter", name])
        .arg(client.directory.path())
        .output()
        .unwrap();
    serde_json::from_slice(&out.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{text}", String::from_utf8_lossy(&out.stderr)))
}

#[test]
fn a_test_for_an_edge_compiles_passes_and_takes_it() {
    let mut made = String::new();
    for name in ["estate", "support", "underwriting", "rag"] {
        let (mut client, text) = opened(name);
        let rows: Vec<(usize, &str)> = text.lines().enumerate().collect();
        for (row, line) in rows {
            let is_edge = line.starts_with("    -> ");
            let Some(edits) = is_edge.then(|| written(&mut client, row, 5)).flatten() else { continue };
            let test = edits
                .iter()
                .map(|edit| edit["newText"].as_str().unwrap())
                .find(|new| new.contains("\ntest "));
            let title = test.unwrap().split('"').nth(1).unwrap().to_owned();
            let new = applied(&text, &edits);
            let verdict = verdict(&client, &title, &new);
            let tests = verdict["packages"][0]["tests"].as_array().unwrap();
            assert_eq!(tests.len(), 1, "{name}: {title}");
            assert_eq!(tests[0]["passed"], true, "{name}: {line}\n{}\n{verdict}", test.unwrap());
            let above =
                edits.iter().filter(|edit| edit["range"]["start"]["line"].as_u64().unwrap() < row as u64);
            let shift: usize =
                above.map(|edit| edit["newText"].as_str().unwrap().matches('\n').count()).sum();
            let place = format!(":{}", row + shift + 1);
            let untested = verdict["packages"][0]["coverage"].to_string();
            assert!(
                !untested.contains(&format!("{place}\"")),
                "{name}: {line} is not taken\n{}",
                test.unwrap()
            );
            made.push_str(&format!("{name}: {}\n{}\n\n", line.trim(), test.unwrap().trim()));
        }
        std::fs::write(client.directory.path().join("main.flow"), &text).unwrap();
    }
    insta::assert_snapshot!(made);
}
