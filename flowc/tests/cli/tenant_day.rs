//! What a tenant may spend in a day, over the restarts of a server.

use flow_tests::provider::{Answer, Provider, completion};
use serde_json::{Value, json};

use crate::flowc::Place;
use crate::server::Server;

const TALK: &str = r#"//! Asks a model.

model quick = openai_compatible("ORIGIN/v1", "quick") {
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  retry: 0
}

prompt answer(line: text in 1..200): text in ..100 tokens {
  output: 50 tokens
  user: "{{line}}"
}

pub flow chat(line: text in 1..200): text {
  -> said

  node said = answer(line) using quick
    -> return said
}
"#;

/// A provider that never says what it used: every answer costs its worst case.
fn silent() -> Provider {
    Provider::start((0..64).map(|_| {
        let mut body = completion(json!("hi"), "stop");
        body.as_object_mut().unwrap().remove("usage");
        Answer::json(200, &body)
    }))
}

/// A time zone in which it is noon, so that no day ends while the test runs.
fn noon() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let ahead = i64::try_from(since.as_secs() / 3_600 % 24).unwrap() - 12;
    // Their signs are the other way round.
    format!("Etc/GMT{}{}", if ahead < 0 { '-' } else { '+' }, ahead.abs())
}

fn manifest(zone: &str, day: &str) -> String {
    format!("[package]\nname = \"talk\"\nflow = \"0.1\"\n\n[tenant]\nday = \"{day}\"\nzone = \"{zone}\"\n")
}

fn ask(server: &Server) -> Value {
    let body = json!({ "flow": "chat", "input": { "line": "hello" }, "wait_ms": 60_000 });
    server.post("/v1/runs", &body).json()
}

#[test]
fn a_day_is_spent_once_however_often_the_server_is_started() {
    let (provider, zone) = (silent(), noon());
    let text = TALK.replace("ORIGIN", &provider.origin);
    let place = Place::new(&[("main.flow", &text), ("flow.toml", &manifest(&zone, "0.005 USD"))]);
    let is_spent = |told: &Value| told["error"]["class"] == "Budget";

    let server = Server::start(&place, &["."]);
    let mut answered = 0;
    let last = loop {
        let told = ask(&server);
        if told["status"] != "returned" {
            break told;
        }
        answered += 1;
        assert!(answered < 64, "the day never ends");
    };
    assert!(is_spent(&last) && answered > 0, "{last:#}");
    assert_eq!(provider.seen().len(), answered, "what is refused is not asked");
    server.kill();

    let server = Server::start(&place, &["."]);
    assert!(is_spent(&ask(&server)), "a crash gives nothing back");
    assert_eq!(server.end(), Some(0));
    let server = Server::start(&place, &["."]);
    assert!(is_spent(&ask(&server)), "nor does an end in order");
    assert_eq!(provider.seen().len(), answered);
    drop(server);

    place.write("flow.toml", manifest(&zone, "1 USD"));
    let server = Server::start(&place, &["."]);
    assert_eq!(ask(&server)["status"], "returned", "another limit counts from the next start on");
}

#[test]
fn mistakes_in_the_limits_are_told() {
    let text = TALK.replace("ORIGIN", "http://127.0.0.1:1");
    let place = Place::new(&[("main.flow", &text), ("flow.toml", &manifest("Europe/Berlin", "20 dollars"))]);
    place.flowc(&["check"]).fails(1, &["`day` is an amount in quotes: `\"20 USD\"`"]);
    place.write("flow.toml", manifest("Europe/Bern", "20 USD"));
    place.flowc(&["serve", ".", "--listen", "127.0.0.1:0"]).fails(2, &["no time zone `Europe/Bern`"]);
}
