//! What each feature answers, as text: `‸` is the cursor of the request above its answer.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::{Client, cursor};

const MANIFEST: &str = "[package]\nname = \"shop\"\n\n[roles]\nagent = {}\n";

const KINDS: &str = r#"/// What a customer wants.
pub enum Intent {
  Offer(amount: money)
  Complaint
  /// Not for us.
  Spam
}

/// A letter.
pub type Mail {
  id: text in 1..80
  sender: pii text in 3..200
  body: text in ..300 tokens
}

pub type Triage {
  intent: Intent
  note: text in ..80 tokens
}
"#;

const MAIN: &str = r#"import kinds.{Intent, Mail, Triage}
import std/models.{gpt_5_nano}

/// Sorts a mail.
prompt triage(mail: Mail): Triage {
  output: 200 tokens
  user: "Sort: {{mail.body}}"
}

tool look(topic: text): text? = http.get("https://x.test/{{topic}}") {
  effect: Read
  timeout: 3s
}

fn short(note: text): text = note.cut(9)

pub flow handle(mail: Mail): text? within 1 USD {
  -> sort
  -> give_up on Error

  /// What is it about?
  node sort = triage(mail) using gpt_5_nano
    -> find(sort.note) when sort.intent is Complaint
    -> return none when sort.intent is Spam
    -> give_up

  node find(topic: text) = look(short(topic))
    -> say(find) when find is not none
    -> return none

  node say(found: text)
    -> return found

  node give_up
    -> return none
}

on http.post("/mail", key: event.id) -> handle(event)

test "spam is dropped" {
  given triage = Triage(intent: Spam, note: "x")
  when handle(Mail("1", "a@b", "buy"))
  need visited(sort)
  need not visited(find)
}
"#;

fn shop() -> Client {
    let mut client = Client::start(&[("flow.toml", MANIFEST), ("kinds.flow", KINDS), ("main.flow", MAIN)]);
    client.open("main.flow", MAIN);
    client.open("kinds.flow", KINDS);
    client
}

/// The place of the first character behind `before`, in the first line that holds it.
fn place(text: &str, before: &str) -> (u32, u32) {
    let at = text.find(before).unwrap_or_else(|| panic!("`{before}` is not there")) + before.len();
    cursor(&format!("{}‸{}", &text[..at], &text[at..])).1
}

/// The line of a place with the cursor in it.
fn shown(text: &str, (line, character): (u32, u32)) -> String {
    let text = text.lines().nth(line as usize).unwrap();
    let at = text.char_indices().nth(character as usize).map_or(text.len(), |(at, _)| at);
    format!("{}‸{}", &text[..at], &text[at..])
}

fn range(value: &Value) -> String {
    let point = |point: &Value| format!("{}:{}", point["line"], point["character"]);
    format!("{}-{}", point(&value["start"]), point(&value["end"]))
}

fn location(client: &Client, value: &Value) -> String {
    let uri = client.name(value["uri"].as_str().unwrap());
    let uri = uri.rsplit_once("/std/").map_or(uri.clone(), |(_, rest)| format!("<library>/std/{rest}"));
    format!("{uri} {}", range(&value["range"]))
}

/// Asks about places of `main.flow`, and writes what `write` makes of the answers.
fn ask_at(method: &str, places: &[&str], write: &dyn Fn(&Client, &Value) -> String) -> String {
    let mut client = shop();
    let mut out = String::new();
    for before in places {
        let at = place(MAIN, before);
        let mut params = client.at("main.flow", at);
        if method.ends_with("references") {
            params["context"] = json!({ "includeDeclaration": true });
        }
        let answer = client.ask(method, &params);
        let _ = writeln!(out, "{}\n{}\n", shown(MAIN, at), write(&client, &answer));
    }
    out
}

fn lines(client: &Client, answer: &Value, line: &dyn Fn(&Client, &Value) -> String) -> String {
    let list = answer.as_array().cloned().unwrap_or_default();
    list.iter().map(|value| format!("  {}", line(client, value))).collect::<Vec<_>>().join("\n")
}

#[test]
fn hover() {
    let places = [
        "import ki",
        "kinds.{In",
        "gpt_5_n",
        "prompt tri",
        "outp",
        "{{ma",
        "mail.bo",
        "note.c",
        "flow han",
        "-> so",
        "node so",
        "sort.in",
        "find(sort.no",
        "is Compl",
        "look(sh",
        "say(fi",
        "return fo",
        "given tri",
        "visited(so",
        "(event",
    ];
    let text =
        ask_at("textDocument/hover", &places, &|_, answer| match answer["contents"]["value"].as_str() {
            Some(text) => format!("{} {text}", range(&answer["range"])),
            None => "nothing".to_owned(),
        });
    insta::assert_snapshot!(text);
}

#[test]
fn definition() {
    let places = [
        "import ki",
        "kinds.{In",
        "gpt_5_n",
        "mail.bo",
        "using gpt",
        "-> fi",
        "sort.in",
        "is Compl",
        "Triage(int",
        "visited(so",
        "http.po",
    ];
    let text = ask_at("textDocument/definition", &places, &|client, answer| {
        if answer.is_null() { "nothing".to_owned() } else { location(client, answer) }
    });
    insta::assert_snapshot!(text);
}

#[test]
fn type_definition() {
    let text = ask_at(
        "textDocument/typeDefinition",
        &["handle(ma", "node so", "sort.in", "(mail) us"],
        &|client, answer| {
            if answer.is_null() { "nothing".to_owned() } else { location(client, answer) }
        },
    );
    insta::assert_snapshot!(text);
}

#[test]
fn references() {
    let text = ask_at(
        "textDocument/references",
        &["node so", "find(to", "kinds.{In", "mail.bo", "is Compl"],
        &|client, answer| lines(client, answer, &location),
    );
    insta::assert_snapshot!(text);
}

#[test]
fn signature_help() {
    let text = ask_at(
        "textDocument/signatureHelp",
        &["= triage(", "look(short(", "find(sort", "Mail(\"1\", "],
        &|_, answer| {
            let signature = &answer["signatures"][0];
            format!("  {} {} #{}", signature["label"], signature["parameters"], answer["activeParameter"])
        },
    );
    insta::assert_snapshot!(text);
}

#[test]
fn renames_go_through_files_holes_and_tests_or_are_refused() {
    let mut client = shop();
    let mut out = String::new();
    for (before, name) in [
        ("node so", "order"),
        ("node so", "find"),
        ("node so", "Order"),
        ("node so", "when"),
        ("handle(ma", "letter"),
        ("kinds.{Int", "Wish"),
        ("is Compl", "Anger"),
        ("is Compl", "Spam"),
        ("mail.bo", "content"),
        ("gpt_5_n", "nano"),
        ("import ki", "sorts"),
        ("prompt tri", "look"),
    ] {
        let at = place(MAIN, before);
        let mut params = client.at("main.flow", at);
        params["newName"] = json!(name);
        let id = client.begin("textDocument/rename", &params);
        let answer = client.answer(id);
        let _ = writeln!(out, "{} => {name}", shown(MAIN, at));
        if let Some(refusal) = answer["error"]["message"].as_str() {
            let _ = writeln!(
                out,
                "  refused: {}\n",
                refusal.replace(&format!("{}/", client.directory.path().display()), "")
            );
            continue;
        }
        let changes = answer["result"]["changes"].as_object().unwrap();
        let mut files: Vec<_> = changes.iter().collect();
        files.sort_by_key(|(uri, _)| uri.as_str());
        for (uri, edits) in files {
            let edits: Vec<String> =
                edits.as_array().unwrap().iter().map(|edit| range(&edit["range"])).collect();
            let _ = writeln!(out, "  {}: {}", client.name(uri), edits.join(", "));
        }
        out.push('\n');
    }
    insta::assert_snapshot!(out);
}

/// Completes in `MAIN` with a part replaced: the labels in order, best first.
fn completed(client: &mut Client, version: i32, old: &str, new: &str) -> String {
    let (text, at) = cursor(&MAIN.replacen(old, new, 1));
    client.change("main.flow", version, &json!([{ "text": text }]));
    let params = client.at("main.flow", at);
    let answer = client.ask("textDocument/completion", &params);
    let mut items: Vec<&Value> = answer.as_array().unwrap().iter().collect();
    items.sort_by_key(|item| item["sortText"].as_str().unwrap());
    let label = |item: &&Value| {
        let rank = &item["sortText"].as_str().unwrap()[..1];
        let detail = item["detail"].as_str().map(|detail| format!(" ({detail})")).unwrap_or_default();
        format!("{rank} {}{detail}", item["label"].as_str().unwrap())
    };
    let labels: Vec<String> = items.iter().take(14).map(label).collect();
    format!("{}\n  {}\n", shown(&text, at), labels.join("\n  "))
}

#[test]
fn completion() {
    let mut client = shop();
    let cases = [
        ("-> give_up\n\n  node find", "-> ‸\n\n  node find"),
        ("is Complaint", "is ‸"),
        ("when sort.intent is Spam", "when sort.intent is ‸"),
        ("using gpt_5_nano", "using ‸"),
        ("on Error", "on ‸"),
        ("{{mail.body}}", "{{‸}}"),
        ("{{mail.body}}", "{{mail.‸}}"),
        ("find(sort.note)", "find(sort.‸)"),
        ("find(sort.note)", "find(‸)"),
        ("-> return found", "-> return ‸"),
        ("  timeout: 3s", "  ‸"),
        ("timeout: 3s", "timeout: 3‸"),
        ("kinds.{Intent, Mail, Triage}", "kinds.{‸}"),
        ("import std/models", "import ‸"),
        ("look(topic: text)", "look(topic: ‸)"),
        ("fn short", "‸\nfn short"),
        ("note.cut(9)", "note.‸"),
        ("  need visited(sort)", "  ‸"),
        ("within 1 USD {", "within 1 USD { // a comment ‸"),
        ("Sort: ", "Sort‸: "),
    ];
    let text: Vec<String> = cases
        .iter()
        .zip(2..)
        .map(|((old, new), version)| completed(&mut client, version, old, new))
        .collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn the_shape_of_a_file() {
    let mut client = shop();
    let document = json!({ "textDocument": { "uri": client.uri("main.flow") } });
    let mut out = String::new();
    let symbols = client.ask("textDocument/documentSymbol", &document);
    for symbol in symbols.as_array().unwrap() {
        let _ = writeln!(out, "{} {} {}", symbol["name"], symbol["detail"], range(&symbol["range"]));
        for child in symbol["children"].as_array().unwrap() {
            let _ = writeln!(out, "  {} {} {}", child["name"], child["detail"], range(&child["range"]));
        }
    }
    let folds = client.ask("textDocument/foldingRange", &document);
    let fold = |fold: &Value| format!("{}-{} {}", fold["startLine"], fold["endLine"], fold["kind"]);
    let folds: Vec<String> = folds.as_array().unwrap().iter().map(fold).collect();
    let _ = writeln!(out, "\nfolds: {}", folds.join(", "));
    let lenses = client.ask("textDocument/codeLens", &document);
    let lens =
        |lens: &Value| format!("{} {}", range(&lens["range"]), lens["command"]["title"].as_str().unwrap());
    let lenses: Vec<String> = lenses.as_array().unwrap().iter().map(lens).collect();
    let _ = writeln!(out, "\nlenses:\n  {}", lenses.join("\n  "));
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints = client
        .ask("textDocument/inlayHint", &json!({ "textDocument": document["textDocument"], "range": whole }));
    let hint = |hint: &Value| {
        format!("{}:{} {}", hint["position"]["line"], hint["position"]["character"], hint["label"])
    };
    let hints: Vec<String> = hints.as_array().unwrap().iter().map(hint).collect();
    let _ = writeln!(out, "\nhints:\n  {}", hints.join("\n  "));
    let at = place(MAIN, "find(sort.no");
    let position = json!({ "line": at.0, "character": at.1 });
    let params = json!({ "textDocument": document["textDocument"], "positions": [position] });
    let mut selection = client.ask("textDocument/selectionRange", &params)[0].clone();
    let mut grown = Vec::new();
    while !selection.is_null() {
        grown.push(range(&selection["range"]));
        selection = selection["parent"].clone();
    }
    let _ = writeln!(out, "\nselections: {}", grown.join(" < "));
    insta::assert_snapshot!(out);
}

#[test]
fn semantic_tokens_show_whom_a_value_may_be_shown_to() {
    let mut client = shop();
    let params = json!({ "textDocument": { "uri": client.uri("kinds.flow") } });
    let tokens = client.ask("textDocument/semanticTokens/full", &params);
    let legend = &client.capabilities["semanticTokensProvider"]["legend"];
    let data: Vec<u64> =
        tokens["data"].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect();
    let (mut line, mut column) = (0, 0);
    let mut out = String::new();
    for token in data.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let text = KINDS.lines().nth(line as usize).unwrap();
        let word = &text[column as usize..(column + token[2]) as usize];
        let kind = legend["tokenTypes"][token[3] as usize].as_str().unwrap();
        let names = legend["tokenModifiers"].as_array().unwrap().iter().enumerate();
        let set: Vec<&str> = names
            .filter(|(bit, _)| token[4] & (1 << bit) != 0)
            .map(|(_, name)| name.as_str().unwrap())
            .collect();
        let _ = writeln!(out, "{line}:{column} {word} {kind} {}", set.join(" "));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn the_call_hierarchy_is_the_graph() {
    let mut client = shop();
    let mut out = String::new();
    for before in ["flow han", "prompt tri", "fn sho"] {
        let params = client.at("main.flow", place(MAIN, before));
        let items = client.ask("textDocument/prepareCallHierarchy", &params);
        let item = json!({ "item": items[0] });
        let _ = writeln!(out, "{}", items[0]["name"]);
        for (method, who) in [("callHierarchy/incomingCalls", "from"), ("callHierarchy/outgoingCalls", "to")]
        {
            let calls = client.ask(method, &item);
            let call = |call: &Value| {
                let ranges: Vec<String> = call["fromRanges"].as_array().unwrap().iter().map(range).collect();
                format!("{} {}", call[who]["name"], ranges.join(" "))
            };
            let calls: Vec<String> = calls.as_array().unwrap().iter().map(call).collect();
            let _ = writeln!(out, "  {who}: {}", calls.join(", "));
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn links_lead_to_files() {
    let mut client = shop();
    let params = json!({ "textDocument": { "uri": client.uri("main.flow") } });
    let links = client.ask("textDocument/documentLink", &params);
    let text = lines(&client, &links, &|client, link| {
        location(client, &json!({ "uri": link["target"], "range": link["range"] }))
    });
    insta::assert_snapshot!(text);
}

#[test]
fn a_file_that_moves_takes_its_imports_along() {
    let mut client = shop();
    let moved =
        json!({ "files": [{ "oldUri": client.uri("kinds.flow"), "newUri": client.uri("shop/sorts.flow") }] });
    let edit = client.ask("workspace/willRenameFiles", &moved);
    let edits = &edit["changes"][client.uri("main.flow")];
    assert_eq!(edits[0]["newText"], "shop/sorts");
    assert_eq!(range(&edits[0]["range"]), "0:7-0:12");
}

/// The texts of the code actions on the first place of each diagnostic, and what the first one makes of the file.
fn acted(client: &mut Client, version: i32, old: &str, new: &str) -> String {
    let text = MAIN.replacen(old, new, 1);
    client.change("main.flow", version, &json!([{ "text": text }]));
    let found = client.diagnostics("main.flow", version);
    let mut out = format!("{old:?} is {new:?}\n");
    for diagnostic in &found {
        let _ = writeln!(
            out,
            "  {} {}",
            diagnostic["code"].as_str().unwrap(),
            diagnostic["message"].as_str().unwrap().lines().next().unwrap()
        );
    }
    let Some(first) = found.first() else { return out };
    let params = json!({
        "textDocument": { "uri": client.uri("main.flow") },
        "range": first["range"],
        "context": { "diagnostics": [first] },
    });
    let actions = client.ask("textDocument/codeAction", &params);
    for action in actions.as_array().unwrap() {
        let edits =
            action["edit"]["changes"][client.uri("main.flow")].as_array().cloned().unwrap_or_default();
        let edit = |edit: &Value| format!("{} {}", range(&edit["range"]), edit["newText"]);
        let edits: Vec<String> = edits.iter().map(edit).collect();
        let _ = writeln!(
            out,
            "  [{}] {}: {}",
            action["kind"].as_str().unwrap(),
            action["title"].as_str().unwrap(),
            edits.join(", ")
        );
    }
    out
}

#[test]
fn code_actions() {
    let mut client = shop();
    let cases = [
        ("sort.intent is Spam", "sort.intent is Spm"),
        ("timeout: 3s", "timout: 3s"),
        ("-> find(sort.note)", "-> fnd(sort.note)"),
        ("    -> give_up\n\n  node find", "\n  node find"),
        ("-> return found", "-> return short(found)"),
        ("-> return none\n\n  node say", "-> sort\n\n  node say"),
        ("import std/models", "import kinds\nimport std/models"),
        ("note: text)", "note: text, more: text)"),
    ];
    let text: Vec<String> =
        cases.iter().zip(2..).map(|((old, new), version)| acted(&mut client, version, old, new)).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn code_changes_shape() {
    let mut client = shop();
    let text = MAIN.replace("-> return found", "-> return short(found)");
    client.change("main.flow", 2, &json!([{ "text": text }]));
    let mut out = String::new();
    for before in ["return sho", "flow han"] {
        let (line, character) = place(&text, before);
        let point = json!({ "line": line, "character": character });
        let params = json!({
            "textDocument": { "uri": client.uri("main.flow") },
            "range": { "start": point, "end": point },
            "context": { "diagnostics": [], "only": ["refactor"] },
        });
        let actions = client.ask("textDocument/codeAction", &params);
        for action in actions.as_array().unwrap() {
            let _ = writeln!(out, "{} {}", action["kind"], action["title"]);
            for edit in action["edit"]["changes"][client.uri("main.flow")].as_array().unwrap() {
                let _ = writeln!(out, "{} {}", range(&edit["range"]), edit["newText"].as_str().unwrap());
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn formatting_edits_the_lines_that_are_wrong() {
    for end in ["\n", "\r\n"] {
        let mut client = Client::start(&[]);
        let text = "fn  f(x:int):int=x\n// ä𝄞\n\n\nfn g(x: int): int = x\n".replace('\n', end);
        client.open("a.flow", &text);
        let options = json!({ "tabSize": 4, "insertSpaces": false });
        let params = json!({ "textDocument": { "uri": client.uri("a.flow") }, "options": options });
        let edits = client.ask("textDocument/formatting", &params);
        let first = &edits[0];
        assert_eq!(range(&first["range"]), "0:0-1:0", "{edits}");
        assert!(
            first["newText"].as_str().unwrap().starts_with(&format!("fn f(x: int): int ={end}  x{end}")),
            "{edits}"
        );
        let last = json!({ "start": { "line": 4, "character": 0 }, "end": { "line": 4, "character": 3 } });
        let mut params = params.clone();
        params["range"] = last;
        let edits = client.ask("textDocument/rangeFormatting", &params);
        assert!(edits.as_array().unwrap().iter().all(|edit| edit["range"]["start"]["line"] != 0), "{edits}");
    }
}

#[test]
fn the_graph_is_drawn_while_the_text_is_right() {
    let mut client = shop();
    let at = place(MAIN, "node fi");
    let params = json!({ "uri": client.uri("main.flow"), "position": { "line": at.0, "character": at.1 } });
    let drawn = client.ask("flow/graph", &params);
    assert_eq!(drawn["flow"], "handle");
    assert!(drawn["svg"].as_str().unwrap().starts_with("<svg"), "{drawn}");
    assert_eq!(drawn["nodes"][1]["name"], "find");
    assert_eq!(range(&drawn["nodes"][1]["range"]), format!("{}:7-{}:11", at.0, at.0));
    client.change("main.flow", 2, &json!([{ "text": MAIN.replace("-> sort\n", "-> srt\n") }]));
    let drawn = client.ask("flow/graph", &params);
    assert_eq!(drawn["svg"], Value::Null);
}
