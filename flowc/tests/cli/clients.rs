//! A server through software that we did not write: OpenAI's libraries, and a generator of requests.
//!
//! `.ci/peers` installs it into `target/peers`. Where it is not installed the tests say so and pass; where `CI` is set
//! they fail instead.

use std::path::PathBuf;
use std::process::Command;

use flow_tests::provider::{Answer, Provider};
use serde_json::Value;

use crate::flowc::{Place, TALK, repository};
use crate::server::Server;

/// Something that `.ci/peers` installed, or why there is none.
pub(crate) fn peer(path: &str) -> Option<PathBuf> {
    let found = repository(".").join("target/peers").join(path);
    if !found.exists() {
        let must = ["CI", "FLOWC_PYTHON_BIN"].iter().any(|name| std::env::var_os(name).is_some());
        assert!(!must, "{} is not installed", found.display());
        eprintln!("skipped: {} is not installed; .ci/peers does it", found.display());
    }
    found.exists().then_some(found)
}

pub(crate) fn script(name: &str) -> String {
    std::fs::read_to_string(repository("flowc/tests/clients").join(name)).unwrap()
}

fn key(place: &Place, args: &[&str]) -> String {
    let said = place.flowc(&[&["keys", "add", "client", "--store", "flow.db", "--json"], args].concat());
    let said: Value = serde_json::from_str(&said.works().out).unwrap();
    said["key"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_ok(mut command: Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}\n{}\n{}", said[0], said[1]);
}

/// A flow that asks a model, one that does not, and one that fails.
fn talking(provider: &Provider) -> Place {
    let flows = r#"
pub flow shout(line: text in 1..200): text {
  -> return "{{line}}!"
}

pub flow broken(line: text in 1..40): text {
  -> return "fine" when line == "fine"
  -> fail "it is {{line}}"
}
"#;
    let talk = TALK.replace("ORIGIN", "http://localhost").replace("pub flow handle", "flow handle");
    let talk = talk.replace("pub flow count", "flow count") + flows;
    let manifest = "[package]\nname = \"desk\"\nflow = \"0.1\"\n";
    let place = Place::new(&[("flow.toml", manifest), ("talk.flow", &talk)]);
    place.env("OPENAI_API_KEY", "sk-x").env("OPENAI_BASE_URL", &provider.base())
}

fn talk_through(command: impl FnOnce(&Place) -> Command) {
    let answers = (0..3).map(|_| Answer::stream(&["Hel", "lo ä", "𝄞"]));
    let provider = Provider::start([Answer::ok("Hello ä𝄞")].into_iter().chain(answers));
    let place = talking(&provider);
    let key = key(&place, &["--scope", "start", "--scope", "read"]);
    let server = Server::start(&place, &["."]);
    let mut command = command(&place);
    command.arg(format!("http://{}", server.address())).arg(key);
    is_ok(command);
}

#[test]
fn the_chat_face_speaks_with_the_python_library_of_openai() {
    let Some(python) = peer("clients/bin/python3") else { return };
    talk_through(|place| {
        let mut command = place.program(python.to_str().unwrap(), &["-c", &script("chat.py")]);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    });
}

#[test]
fn the_chat_face_speaks_with_the_javascript_library_of_openai() {
    let Some(modules) = peer("npm/node_modules") else { return };
    talk_through(|place| {
        place.write("chat.mjs", script("chat.mjs"));
        std::os::unix::fs::symlink(&modules, place.path().join("node_modules")).unwrap();
        place.program("node", &["chat.mjs"])
    });
}

const FACES: &str = r#"//! What strangers ask.

enum Verdict {
  Yes
  No(why: text in 1..20)
}

enum Size {
  Small
  Large "xl"
}

type Item {
  name: text in 1..20
  size: Size
  tags: list(text in 1..10) in 0..3
  price: float in 0.5..100.0
}

type Order {
  id: text in 1..20
  items: list(Item) in 1..3
  note: text? in 1..20
  n "count": int in 1..9
  due: date?
}

human review(line: text in 1..40): Verdict {
  role: agent
  title: "Is {{line}} good?"
  approves: [Yes]
}

resource calls: Events(text in 1..40)
resource desk: Topic(text)

pub flow shout(line: text in 1..200): text {
  -> return "{{line}}!"
}

pub flow order(order: Order): Order {
  -> return order
}

pub flow find(name: text in 1..20, n: int? in 0..9): text? {
  -> return none when name == "nobody"
  -> return "{{name}} {{n}}" when n is not none
  -> return name
}

pub flow ask(line: text in 1..40): text {
  -> asked

  node asked = review(line) within 2h
    -> return "good" when asked is Yes
    -> return asked.why
    -> return "late" on Expired
}

on http.post("/orders", key: none) -> order(event)
on http.put("/orders", key: none, once: event.id) -> order(event)
on http.get("/find") -> find(event.name, event.n)
on http.post("/ask", key: none) -> ask(event.line)
on http.post("/notes", key: none) -> desk.emit(event.note)
on http.post("/shout", key: none) -> shout(event.line)
on queue("jobs", key: event.id, once: event.id) -> order(event)
"#;

/// Examples, edges and random requests from `/openapi.json`, and what follows from answers to earlier ones: no 5xx,
/// nothing that the document does not say, nothing accepted that it forbids.
#[test]
fn requests_made_from_the_document_get_what_it_says() {
    let Some(generator) = peer("clients/bin/schemathesis") else { return };
    let place = Place::new(&[("faces.flow", FACES)]).env("FLOWC_REGISTRY", "registry.db");
    place.write(
        "versions/one.flow",
        "prompt say(line: text in 1..40): text in 1..40 {\n  user: \"{{line}}\"\n}\n",
    );
    place.flowc(&["prompt", "publish", "desk/say", "versions/one.flow", "--actor", "ann"]).works();
    let scopes = ["start", "read", "answer", "cancel", "metrics", "feedback"].map(|scope| ["--scope", scope]);
    let grants = ["--grant", "read:*"];
    let key = key(&place, &[&["--role", "agent"], scopes.as_flattened(), &grants].concat());
    let key_of_metrics = format!("Authorization: Bearer {key}");
    let server = Server::start(&place, &["faces.flow"]);
    let document = format!("http://{}/openapi.json", server.address());
    let args = ["run", &document, "--header", &key_of_metrics, "--checks", "all", "--seed", "7"];
    // What a bundle is, no schema says.
    let but = ["--exclude-operation-id", "registry_change"];
    let more = ["--max-examples", "40", "--workers", "2", "--no-color", "--suppress-health-check", "all"];
    is_ok(place.program(generator.to_str().unwrap(), &[args.as_slice(), &more, &but].concat()));
}
