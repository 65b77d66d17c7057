//! `flowc replay`, `flowc runs tail|retry` and `flowc store`, on kept runs.

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::flowc::{Place, Said, TALK};
use crate::server::{Server, until};

const MANIFEST: &str = "[package]\nname = \"desk\"\nflow = \"0.1\"\n";

/// Another text of the prompt `answer` of [`TALK`].
const KINDER: &str = r#"prompt answer(line: text in 1..200): text in ..100 tokens {
  user: "Kindly answer this: {{line}}"
}
"#;

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.works().out).unwrap()
}

fn place(provider: &Provider) -> Place {
    let place = Place::new(&[
        ("flow.toml", MANIFEST),
        ("main.flow", &TALK.replace("ORIGIN", "http://localhost")),
        ("versions/kinder.flow", KINDER),
        ("versions/flow.toml", MANIFEST),
    ]);
    let place = place.env("OPENAI_API_KEY", "sk-x").env("OPENAI_BASE_URL", &provider.base());
    place.env("FLOWC_ACTOR", "ann")
}

/// A run of `chat` that ended; its name.
fn chatted(place: &Place) -> String {
    let said = place.flowc(&["run", ".:chat", "--arg", "line=hi", "--live", "--store", "runs.db", "--json"]);
    json_of(&said)["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_kept_run_walks_the_same_way_again() {
    let provider = Provider::start([Answer::ok("Hello")]);
    let place = place(&provider);
    let run = chatted(&place);
    let again = json_of(&place.flowc(&["replay", &run, "--store", "runs.db", "--json"]));
    assert_eq!((&again["same"], &again["again"]["result"]), (&json!(true), &json!("Hello")));
    let said = place.flowc(&["replay", &run, "--store", "runs.db"]);
    assert!(said.works().out.contains("the same: 1 step, 1 event"), "{said:?}");
    assert_eq!(provider.seen().len(), 1, "nobody was asked again");
    place.flowc(&["replay", "none", "--store", "runs.db"]).fails(2, &["there is no run none"]);
}

#[test]
fn another_version_of_a_prompt_shows_what_would_have_been_different() {
    let provider = Provider::start(["Hello", "Dear friend", "Hello", "Hello"].map(Answer::ok));
    let place = place(&provider);
    let run = chatted(&place);
    place.flowc(&["prompt", "publish", "answer", "versions/kinder.flow"]).works();
    let kinder = ["replay", &run, "--store", "runs.db", "--with-prompt", "answer@v1"];
    let told = json_of(&place.flowc(&[kinder.as_slice(), &["--json"]].concat()));
    assert_eq!((&told["same"], &told["asked"]), (&json!(false), &json!(1)));
    assert_eq!(
        (&told["before"]["result"], &told["after"]["result"]),
        (&json!("Hello"), &json!("Dear friend"))
    );
    assert!(told["after"]["path"][1]["versions"].as_str().unwrap().contains("answer@v1 = v1"), "{told:#}");
    let asked = provider.seen()[1].body.to_string();
    assert!(asked.contains("Kindly answer this: hi"), "{asked}");

    let said = place.flowc(&["replay", &run, "--store", "runs.db", "--from", "write"]);
    assert!(said.works().out.contains("the same: 1 asked anew"), "{said:?}");
    let usage = |args: &[&str], words: &[&str]| {
        place.flowc(&[&["replay", run.as_str(), "--store", "runs.db"], args].concat()).fails(2, words);
    };
    usage(&["--from", "wrte"], &["there is no node `wrte`", "did you mean `write`"]);
    usage(&["--from", "sorted"], &["was never at `sorted`"]);
    usage(&["--from", "write:2"], &["was not 2 times at `write`"]);
    usage(&["--with-prompt", "anser@v1"], &["no prompt `anser`", "did you mean `answer`"]);
    usage(&["--with-prompt", "sort@v1"], &["never called sort@v1"]);
}

const DESK: &str = r#"//! Asks a person, then tells a system.

enum Verdict {
  Yes
  No
}

human review(line: text in 1..40): Verdict {
  role: agent
  title: "Is {{line}} good?"
  approves: [Yes]
}

tool note(line: text): text = http.post("http://127.0.0.1:9/notes") {
  effect: Write
  once: true
}

pub flow ask(line: text in 1..40): text {
  -> asked

  node asked = review(line) within 2h
    -> return "good" when asked is Yes
    -> noted
    -> return "late" on Expired

  node noted = note(line)
    -> return noted
    -> return "not noted" on Error
}
"#;

#[test]
fn a_run_is_followed_and_begun_again() {
    let place = Place::new(&[("desk.flow", DESK)]);
    let server = Server::start(&place, &["desk.flow"]);
    let begin = json!({ "flow": "ask", "input": { "line": "this" }, "wait_ms": 9000 });
    let waiting = server.post("/v1/runs", &begin).is(202);
    let run = waiting["run"].as_str().unwrap();
    assert_eq!(waiting["cost_usd"], json!(0.0), "what waits has been summed up");
    let store = ["--store", "flow.db"];
    place.flowc(&[["runs", "retry", run].as_slice(), &store].concat()).fails(2, &["has not ended: waiting"]);
    let tail = place
        .command(&[["runs", "tail", run].as_slice(), &store].concat())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let answer = |question: &Value| {
        place
            .flowc(&["questions", "answer", question.as_str().unwrap(), "Yes", "--store", "flow.db"])
            .works();
    };
    answer(&waiting["questions"][0]);
    let output = tail.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    for word in ["asked", "return", "returned", "\"good\""] {
        assert!(told.contains(word), "`{word}` in {told}");
    }

    let new =
        place.flowc(&[["runs", "retry", run].as_slice(), &store].concat()).works().out.trim().to_owned();
    let begun = until(|| {
        let reply = server.get(&format!("/v1/runs/{new}"));
        (reply.status == 200 && reply.json()["status"] == "waiting").then(|| reply.json())
    });
    assert_eq!(begun["flow"], "ask");
    answer(&begun["questions"][0]);
    let ended = until(|| {
        let run = server.get(&format!("/v1/runs/{new}")).is(200);
        (run["status"] == "returned").then_some(run)
    });
    assert_eq!(ended["result"], "good");
}

#[test]
fn a_store_is_copied_checked_and_cleaned_up_while_it_is_used() {
    let place = Place::new(&[("desk.flow", DESK)]);
    let server = Server::start(&place, &["desk.flow"]);
    let begin = |line: &str| {
        let begin = json!({ "flow": "ask", "input": { "line": line }, "wait_ms": 9000 });
        server.post("/v1/runs", &begin).is(202)
    };
    let (first, second) = (begin("one"), begin("two"));
    let run = first["run"].as_str().unwrap();
    server.post(&format!("/v1/runs/{run}/cancel"), &json!({})).is(200);
    let store = |args: &[&str]| place.flowc(&[&["store"], args, &["--store", "flow.db", "--json"]].concat());
    assert_eq!(json_of(&store(&["check"])), json!({ "whole": true, "damage": [] }));
    store(&["backup", "copy.db"]).works();
    store(&["backup", "copy.db"]).fails(2, &["is there already"]);
    store(&["purge", "--older-than", "soon"]).fails(2, &["is no span of time"]);
    assert_eq!(json_of(&store(&["purge", "--older-than", "30d"]))["runs"], 0);
    assert_eq!(json_of(&store(&["purge", "--older-than", "0s", "--dry-run"]))["runs"], 1);
    assert_eq!(json_of(&store(&["purge", "--older-than", "0s"]))["runs"], 1);
    server.get(&format!("/v1/runs/{run}")).is(404);
    let question = second["questions"][0].as_str().unwrap();
    server.post(&format!("/v1/questions/{question}/answer"), &json!("Yes")).is(200);
    let url = format!("{}?wait_ms=9000", second["url"].as_str().unwrap());
    assert_eq!(server.get(&url).is(200)["result"], "good", "what waits is not touched");
    assert_eq!(server.end(), Some(0));

    let copied = place.flowc(&["runs", "show", run, "--store", "copy.db", "--json"]);
    assert_eq!(json_of(&copied)["status"], "cancelled");
    let mut bytes = std::fs::read(place.path().join("copy.db")).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    place.write("copy.db", bytes);
    let said = place.flowc(&["store", "check", "--store", "copy.db"]);
    assert_eq!(said.code, 4, "{said:?}");
}
