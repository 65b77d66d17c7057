use serde_json::{Value, json};

use crate::flowc::{Place, talk};

fn count(args: &[&str]) -> crate::flowc::Said {
    let mut all = vec!["run", "talk.flow:count"];
    all.extend(args);
    talk("http://localhost").flowc(&all)
}

#[test]
fn a_flow_without_models_needs_no_key() {
    assert_eq!(count(&["--arg", "n=3", "--arg", "word=12"]).works().out, "3 12\n");
    assert_eq!(count(&["--input", r#"{"n": 3, "word": "cats"}"#]).works().out, "3 cats\n");
}

#[test]
fn input_comes_from_a_file_or_stdin_too() {
    let place = talk("http://localhost");
    place.write("in.json", r#"{"n": 1, "word": "x"}"#);
    assert_eq!(place.flowc(&["run", "talk.flow:count", "--input", "@in.json"]).works().out, "1 x\n");
    let said =
        place.flowc_with_input(&["run", "talk.flow:count", "--input", "-"], r#"{"n": 2, "word": "y"}"#);
    assert_eq!(said.works().out, "2 y\n");
}

#[test]
fn json_tells_the_result_and_the_path() {
    let said = count(&["--arg", "n=3", "--arg", "word=x", "--json"]);
    let json: Value = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(json["result"], "3 x");
    assert_eq!(json["path"][1]["node"], "said");
    assert_eq!(json["tokens"], json!({ "input": 0, "output": 0 }));
}

#[test]
fn a_trace_is_one_event_a_line() {
    let place = talk("http://localhost");
    let args = ["run", "talk.flow:count", "--arg", "n=3", "--arg", "word=x", "--trace", "t.jsonl"];
    place.flowc(&args).works();
    let trace = place.read("t.jsonl");
    let events: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"took"), "{kinds:?}");
    assert!(kinds.contains(&"entered") && kinds.contains(&"produced"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"returned"), "{kinds:?}");
}

#[test]
fn without_key_and_cassette_the_three_choices_are_told() {
    let place = talk("http://localhost");
    place
        .flowc(&["run", "talk.flow:chat", "--arg", "line=hi"])
        .fails(2, &["OPENAI_API_KEY is not set", "--cassette FILE", "OPENAI_BASE_URL", "--live"]);
}

const PERSON: &str = r#"
enum Verdict {
  Yes
  No(why: text in 1..20)
}

human decide(what: text): Verdict {
  role: boss
  title: "Do {{what}}?"
}

pub flow ask(what: text): Verdict {
  -> first

  node first = decide(what) within 1h
    -> second
    -> return No("late") on Expired

  node second = decide("{{what}} again") within 1h
    -> return second
    -> return No("late") on Expired
}
"#;

const ROLES: &str = "[package]\nname = \"p\"\nflow = \"0.1\"\n\n[roles]\nboss = { trusted = true }\n";

#[test]
fn people_answer_from_a_file_in_order() {
    let place = Place::new(&[("flow.toml", ROLES), ("main.flow", PERSON)]);
    let run = |answers: &str| {
        place.write("a.json", answers);
        place.flowc(&["run", ".", "--arg", "what=it", "--answers", "a.json"])
    };
    assert_eq!(
        run(r#"{"decide": ["Yes", {"No": {"why": "tired"}}]}"#).works().out,
        "{\"No\":{\"why\":\"tired\"}}\n"
    );
    assert_eq!(run(r#"{"decide": "Yes"}"#).works().out, "\"Yes\"\n");
    run(r#"{"decide": ["Yes"]}"#).fails(4, &["in `second`", "has only 1 answer for it"]);
    run(r#"{"decide": ["Yes", {"No": {}}]}"#).fails(2, &["a.json", "decide[1]", "why"]);
    run(r#"{"decied": []}"#).fails(2, &["nobody is called `decied`", "did you mean `decide`?"]);
    run("[]").fails(2, &["no JSON object"]);
}

#[test]
fn nobody_to_ask_is_told() {
    let place = Place::new(&[("flow.toml", ROLES), ("main.flow", PERSON)]);
    place.flowc(&["run", ".", "--arg", "what=it"]).fails(4, &["in `first`", "--answers FILE"]);
}
