//! Changes of shape: what an action makes of a file is applied, and checked again.

use serde_json::{Value, json};

use crate::client::Client;

const MANIFEST: &str = "[package]\nname = \"shop\"\n\n[roles]\nagent = { trusted = true }\n";

const SENDS: &str = r#"import world.{send, write}
import std/models.{gpt_5_nano}

pub flow answer(question: text in ..300 tokens): text within 2d {
  -> draft
  -> return error.message on Error

  node draft = write(question) using gpt_5_nano
    -> put(draft)

  /// It leaves the house.
  node put(letter: text in ..200 tokens) = send(letter)
    -> return put
}
"#;

const WORLD: &str = r#"/// Writes a letter.
pub prompt write(question: text in ..300 tokens): text in ..200 tokens {
  output: 200 tokens
  user: "Answer {{question}}"
}

pub tool send(letter: text in ..200 tokens): text = http.post("https://mail.test/") {
  effect: Sensitive
  timeout: 3s
}

pub tool look(topic: text): text? = http.get("https://x.test/{{topic}}") {
  effect: Read
  timeout: 3s
}

pub tool note(line: text): text = http.post("https://x.test/") {
  effect: Write
  once: true
  timeout: 3s
}
"#;

const LONG: &str = r#"import world.{look, note}

pub flow handle(id: text in 1..80, hint: text?): text {
  -> find
  -> give_up on Error

  node find = look(id)
    -> again when find is none
    -> found(find)

  /// Once more, with the hint.
  node again
    -> hinted(hint) when hint is not none
    -> give_up

  node hinted(word: text) = look("{{word}} {{id}}")
    -> found(hinted) when hinted is not none
    -> give_up

  node found(line: text) = note(line)
    -> keep

  node keep = note("{{found}} of {{id}}")
    -> last

  node last = "{{keep}}!"
    -> return last

  node give_up
    -> return "nothing"
}
"#;

fn start(name: &str, text: &str) -> Client {
    let mut client = Client::start(&[("flow.toml", MANIFEST), ("world.flow", WORLD), (name, text)]);
    client.open(name, text);
    client
}

/// What an answer of the server makes of a text.
fn edited(text: &str, edits: &Value) -> String {
    let offset = |place: &Value| {
        let line = place["line"].as_u64().unwrap() as usize;
        let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        before + place["character"].as_u64().unwrap() as usize
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    edits.sort_unstable();
    let mut out = text.to_owned();
    edits.iter().rev().for_each(|(start, end, new)| out.replace_range(*start..*end, new));
    out
}

/// The place of the first letter of `needle`.
fn place(text: &str, needle: &str) -> Value {
    let at = text.find(needle).unwrap();
    let before = &text[..at];
    let column = before.rsplit('\n').next().unwrap().len();
    json!({ "line": before.matches('\n').count(), "character": column })
}

/// Takes the action whose title begins so, and gives the text and what is still wrong with it.
fn taken(client: &mut Client, name: &str, text: &str, range: &Value, title: &str) -> (String, Vec<String>) {
    let params = json!({
        "textDocument": { "uri": client.uri(name) },
        "range": range,
        "context": { "diagnostics": [] },
    });
    let actions = client.ask("textDocument/codeAction", &params);
    let action = actions
        .as_array()
        .unwrap()
        .iter()
        .find(|action| action["title"].as_str().unwrap().starts_with(title));
    let action = action.unwrap_or_else(|| panic!("{title}: {actions:#}"));
    let text = edited(text, &action["edit"]["changes"][client.uri(name)]);
    client.change(name, 2, &json!([{ "text": text }]));
    let found = client.diagnostics(name, 2);
    let line =
        |found: &Value| format!("{} {}", found["code"].as_str().unwrap(), found["message"].as_str().unwrap());
    (text, found.iter().map(line).collect())
}

fn point(text: &str, needle: &str) -> Value {
    let at = place(text, needle);
    json!({ "start": at, "end": at })
}

#[test]
fn an_approval_is_put_before_what_is_sensitive() {
    let mut client = start("main.flow", SENDS);
    let before = client.diagnostics("main.flow", 1);
    assert_eq!(before[0]["code"], "FL0701", "{before:?}");
    let range = point(SENDS, "put(letter");
    let (text, wrong) = taken(&mut client, "main.flow", SENDS, &range, "Ask a person before `put`");
    assert_eq!(wrong, Vec::<String>::new(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_person_who_is_shown_the_same_already_is_asked() {
    let human = "\nenum Verdict {\n  Fine\n  Bad\n}\n\nhuman review(line: text in ..200 tokens): Verdict {\n  role: agent\n  title: \"?\"\n  approves: [Fine]\n}\n";
    let text = format!("{SENDS}{human}");
    let mut client = start("main.flow", &text);
    client.diagnostics("main.flow", 1);
    let range = point(&text, "put(letter");
    let (text, wrong) = taken(&mut client, "main.flow", &text, &range, "Ask a person before `put`: `review`");
    assert_eq!(wrong, Vec::<String>::new(), "{text}");
    assert!(
        text.contains("= review(letter_to_put) within 1h\n    -> put(letter_to_put) when ask_put is Fine"),
        "{text}"
    );
}

#[test]
fn selected_nodes_become_a_flow() {
    let mut client = start("main.flow", LONG);
    let clean = client.diagnostics("main.flow", 1);
    assert_eq!(clean, Vec::<Value>::new());
    let range = json!({ "start": place(LONG, "node found"), "end": place(LONG, "  node last") });
    let (text, wrong) = taken(&mut client, "main.flow", LONG, &range, "Extract 2 nodes into a flow");
    assert_eq!(wrong, Vec::<String>::new(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn selected_nodes_that_end_the_flow_return_what_it_returns() {
    let mut client = start("main.flow", LONG);
    client.diagnostics("main.flow", 1);
    let range = json!({ "start": place(LONG, "node found"), "end": place(LONG, "  node give_up") });
    let (text, wrong) = taken(&mut client, "main.flow", LONG, &range, "Extract 3 nodes into a flow");
    assert_eq!(wrong, Vec::<String>::new(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn nodes_with_two_ways_in_stay_where_they_are() {
    let mut client = start("main.flow", LONG);
    client.diagnostics("main.flow", 1);
    let range = json!({ "start": place(LONG, "node again"), "end": place(LONG, "  node keep") });
    let params = json!({
        "textDocument": { "uri": client.uri("main.flow") },
        "range": range,
        "context": { "diagnostics": [] },
    });
    let actions = client.ask("textDocument/codeAction", &params);
    let titles: Vec<&str> =
        actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert!(!titles.iter().any(|title| title.contains("into a flow")), "{titles:?}");
}
