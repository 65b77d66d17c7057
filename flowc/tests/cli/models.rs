//! `flowc models`.

use flow_tests::provider::{Answer, Provider};
use serde_json::Value;

use crate::flowc::{Place, talk};

const PACKAGE: &str = "[package]\nname = \"desk\"\n";

#[test]
fn models_are_listed_with_provider_and_price() {
    let place = talk("http://x.test");
    let said = place.flowc(&["models", "list", "talk.flow"]);
    assert!(said.works().out.contains("quick  openai            gpt-5-mini"), "{}", said.out);
    assert!(said.out.contains("1 in, 2 out USD / 1M tokens"), "{}", said.out);
    let said = place.flowc(&["models", "list", "talk.flow", "--json"]);
    let json: Value = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(
        (&json["models"][0]["name"], &json["models"][0]["price_in_micro_usd"]),
        (&"quick".into(), &1_000_000.into())
    );
}

#[test]
fn one_model_is_shown_without_its_key() {
    let place = talk("http://x.test").env("OPENAI_API_KEY", "sk-very-secret");
    let said = place.flowc(&["models", "show", "quick", "talk.flow"]);
    assert!(said.works().out.contains("https://api.openai.com/v1"), "{}", said.out);
    assert!(said.out.contains("OPENAI_API_KEY (set)") && !said.out.contains("sk-very"), "{}", said.out);
    talk("http://x.test")
        .flowc(&["models", "show", "quik", "talk.flow"])
        .fails(2, &["no model `quik`", "it has: quick"]);
}

#[test]
fn every_model_is_asked_for_one_word() {
    let house = "model house = openai_compatible(\"ORIGIN/v1\", \"llama\") { can: [Json] }\n\n\
                 model gone = ollama(\"http://127.0.0.1:9\", \"llama\") { can: [Json] }\n";
    let server = Provider::start([Answer::ok("ready")]);
    let place =
        Place::new(&[("flow.toml", PACKAGE), ("main.flow", &house.replace("ORIGIN", &server.origin))]);
    let said = place.flowc(&["models", "check"]);
    said.fails(4, &[]);
    assert!(said.out.contains("ok     house  answers as m-1-2026, 11+7 tokens"), "{}", said.out);
    assert!(
        said.out.contains("failed gone   `gone` (llama at http://127.0.0.1:9): cannot connect"),
        "{}",
        said.out
    );
    assert_eq!(server.seen()[0].body["max_tokens"], 64);
    let server = Provider::start([Answer::ok("ready")]);
    let place =
        Place::new(&[("flow.toml", PACKAGE), ("main.flow", &house.replace("ORIGIN", &server.origin))]);
    let said = place.flowc(&["models", "check", "--model", "house", "--json"]);
    let json: Value = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(json["models"][0]["ok"], true);
}

#[test]
fn keys_come_from_files_and_commands() {
    let server = Provider::start([Answer::ok("ready"), Answer::ok("ready")]);
    let model = "model house = openai_compatible(\"ORIGIN/v1\", \"llama\") { auth: vault(\"house-key\") }\n";
    let files = [
        ("flow.toml", PACKAGE),
        ("main.flow", &*model.replace("ORIGIN", &server.origin)),
        ("key", "sk-file\n"),
    ];
    let path = |place: &Place| place.path().join("key").display().to_string();
    let place = Place::new(&files);
    let file = path(&place);
    place.env("HOUSE_KEY_FILE", &file).flowc(&["models", "check"]).works();
    Place::new(&files).env("HOUSE_KEY_COMMAND", "echo sk-command").flowc(&["models", "check"]).works();
    let sent: Vec<String> = server.seen().iter().map(|seen| seen.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer sk-file", "Bearer sk-command"]);
}

#[test]
fn what_a_protocol_has_no_words_for_is_refused() {
    let model = "model far = anthropic(\"claude\") { can: [Json, Logprobs] }\n";
    let place = Place::new(&[("flow.toml", PACKAGE), ("main.flow", model)]);
    place.flowc(&["check"]).fails(1, &["FL0024", "no model of `anthropic` can be asked for `Logprobs`"]);
}
