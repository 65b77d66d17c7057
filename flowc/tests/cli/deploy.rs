//! Deploys and rollbacks into a server that runs: the real binary, real sockets, a real registry.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::flowc::Place;
use crate::server::{Server, until};

const MANIFEST: &str = "[package]\nname = \"desk\"\nflow = \"0.1\"\n\n[roles]\nagent = { trusted = true }\n";

const DESK: &str = r#"//! Says its version, now or when somebody has answered.

enum Verdict {
  Yes
  No
}

human review(line: text in 1..40): Verdict {
  role: agent
  title: "VERSION: is {{line}} good?"
  approves: [Yes]
}

pub flow say(line: text in 1..200): text {
  -> return "VERSION {{line}}"
}

pub flow ask(line: text in 1..40): text {
  -> asked

  node asked = review(line) within 2h
    -> return "VERSION yes" when asked is Yes
    -> return "VERSION no"
    -> return "VERSION late" on Expired
}

on http.post("/say", key: none, once: event.id) -> say(event.line)
on http.post("/ask", key: none) -> ask(event.line)
"#;

fn place() -> Place {
    let place = Place::new(&[("flow.toml", MANIFEST)]).env("FLOWC_ACTOR", "ann");
    place.write("main.flow", text("one"));
    place
}

fn text(version: &str) -> String {
    DESK.replace("VERSION", version)
}

fn deploy(place: &Place, version: &str) {
    place.write("main.flow", text(version));
    place.flowc(&["deploy", ".", "--reason", version]).works();
}

fn say(server: &Server, id: &str) -> Value {
    server.post("/say", &json!({ "id": id, "line": "hi" })).is(200)
}

/// Until the server says so.
fn serves(server: &Server, version: &str) {
    until(|| server.said().contains(version).then_some(()));
}

#[test]
fn a_deploy_reaches_a_running_server_and_runs_stay_on_theirs() {
    let place = place();
    let server = Server::start(&place, &["."]);
    assert_eq!(say(&server, "a"), "one hi", "what is not deployed is served as it is");
    let early = server.post("/ask", &json!({ "line": "this" })).is(202);
    deploy(&place, "one");
    serves(&server, "desk@prod v1");
    deploy(&place, "two");
    serves(&server, "desk@prod v2, before v1");
    assert_eq!((say(&server, "b"), say(&server, "a")), (json!("two hi"), json!("one hi")), "a repeat");
    let late = server.post("/ask", &json!({ "line": "this" })).is(202);
    let titles: Vec<Value> = server.get("/v1/questions").is(200)["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|question| question["title"].clone())
        .collect();
    assert_eq!(titles, ["one: is this good?", "two: is this good?"]);
    let answered = |waiting: &Value| {
        let question = waiting["questions"][0].as_str().unwrap();
        server.post(&format!("/v1/questions/{question}/answer"), &json!("Yes")).is(200);
        let url = format!("{}?wait_ms=10000", waiting["url"].as_str().unwrap());
        server.get(&url).is(200)["result"].clone()
    };
    assert_eq!((answered(&early), answered(&late)), (json!("one yes"), json!("two yes")));

    place.flowc(&["rollback", ".", "--reason", "no better"]).works();
    serves(&server, "desk@prod v1, before v2");
    assert_eq!(say(&server, "c"), "one hi");
    until(|| {
        let log = place.flowc(&["audit", "log"]).works().out.clone();
        let served: Vec<&str> = log.lines().filter(|line| line.contains(" serve ")).collect();
        (served.len() == 3).then(|| {
            assert!(served[1].contains("bundle desk@prod  v1 → v2"), "{log}");
            assert!(served[2].contains(&format!("flowc serve {}", server.address())), "{log}");
        })
    });
    place.flowc(&["audit", "verify"]).works();
}

#[test]
fn a_server_begins_with_what_is_deployed() {
    let place = place();
    deploy(&place, "one");
    place.write("main.flow", text("two"));
    let server = Server::start(&place, &["."]);
    assert_eq!(say(&server, "a"), "one hi");
    serves(&server, "`flowc deploy . --reason …` publishes it");
    assert_eq!(server.end(), Some(0));
    let bare = Server::start(&place, &["desk@prod", "--registry", ".flowc/registry.db"]);
    assert_eq!(say(&bare, "b"), "one hi", "without its source");
    deploy(&place, "two");
    serves(&bare, "desk@prod v2");
    assert_eq!(say(&bare, "c"), "two hi");
    drop(bare);
    place
        .flowc(&["serve", "desk@canary", "--listen", "127.0.0.1:0"])
        .fails(2, &["nothing is deployed as `desk@canary`"]);
}

#[test]
fn what_cannot_be_served_changes_nothing() {
    let place = place();
    deploy(&place, "one");
    let server = Server::start(&place, &["."]);
    let wrong = text("two") + "\non cron(\"0 1 * * *\", zone: \"Europe/Nowhere\") -> say(\"tick\")\n";
    place.write("main.flow", wrong);
    place.flowc(&["deploy", ".", "--reason", "a clock"]).works();
    serves(&server, "desk@prod v2 cannot be served");
    assert_eq!(say(&server, "a"), "one hi");
    deploy(&place, "three");
    serves(&server, "serving desk@prod v3, before v1");
    assert_eq!(say(&server, "b"), "three hi");
}

#[test]
fn not_one_request_is_dropped_while_bundles_change() {
    let place = place();
    deploy(&place, "one");
    let server = Server::start(&place, &["."]);
    let (stop, server) = (AtomicBool::new(false), &server);
    let ask = |client: usize| {
        let mut said: Vec<String> = Vec::new();
        loop {
            // Once more after the end: everybody asks the last version.
            let is_over = stop.load(Ordering::SeqCst);
            let id = format!("{client}-{}", said.len());
            said.push(say(server, &id).as_str().unwrap().to_owned());
            if is_over {
                return said;
            }
        }
    };
    let said: Vec<Vec<String>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|client| scope.spawn(move || ask(client))).collect();
        deploy(&place, "two");
        serves(server, "desk@prod v2, before v1");
        place.flowc(&["rollback", ".", "--reason", "no better"]).works();
        serves(server, "desk@prod v1, before v2");
        deploy(&place, "three");
        serves(server, "desk@prod v3, before v1");
        until(|| (say(server, "last") == "three hi").then_some(()));
        stop.store(true, Ordering::SeqCst);
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for version in ["one hi", "two hi", "three hi"] {
        assert!(said.iter().flatten().any(|line| line == version), "{version} in {said:?}");
    }
    let total: usize = said.iter().map(Vec::len).sum();
    let runs = server.get("/v1/runs?limit=500&status=returned").is(200)["runs"].as_array().unwrap().len();
    assert!(runs > total.min(499), "each is a run that returned");
}
