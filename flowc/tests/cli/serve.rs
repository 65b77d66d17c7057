//! `flowc serve`: the real binary, real sockets, a real file.

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::flowc::{Place, TALK, repository};
use crate::server::{Server, until};

const DESK: &str = r#"//! What the tests serve.

enum Verdict {
  Yes
  No(why: text in 1..20)
}

type Order {
  id: text in 1..20
  customer: text in 1..20
  n: int in 1..9
}

human review(line: text in 1..40): Verdict {
  role: agent
  title: "Is {{line}} good?"
  approves: [Yes]
}

resource calls: Events(text in 1..40)
resource desk: Topic(text)

/// Says it louder.
pub flow shout(line: text in 1..200): text {
  -> said

  node said = "{{line}}!"
    -> return said
}

pub flow recall(turns: list(Message)): text {
  -> said

  node said = "{{turns.length}} turns"
    -> return said
}

pub flow order(order: Order): text {
  -> return "{{order.n}} for {{order.customer}}"
}

pub flow find(name: text in 1..20, n: int?): text? {
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

pub flow call(key: text in 1..20): text {
  -> waited

  node waited = calls.wait(key) within 1h
    -> return waited
    -> return "nobody called" on Expired
}

pub flow broken(line: text in 1..40): text {
  -> return "fine" when line == "fine"
  -> fail "it is {{line}}"
}

on http.post("/orders", key: event.customer, once: event.id) -> order(event)
on http.get("/find") -> find(event.name, event.n)
on http.post("/ask", key: none) -> ask(event.line)
on http.post("/secret", key: none, allow: [boss]) -> shout(event.line)
on http.post("/notes", key: none) -> desk.emit(event.note)
on http.post("/broken", key: none) -> broken(event.line)
on queue("jobs", key: event.customer, once: event.id) -> order(event)
"#;

fn place() -> Place {
    Place::new(&[("desk.flow", DESK)])
}

#[test]
fn triggers_answer_by_the_table() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let order = json!({ "id": "o1", "customer": "ann", "n": 3 });
    assert_eq!(server.post("/orders", &order).is(200), "3 for ann");
    let again = json!({ "id": "o1", "customer": "ann", "n": 4 });
    assert_eq!(server.post("/orders", &again).is(200), "3 for ann", "a repeat gets the first result");
    let wrong = server.post("/orders", &json!({ "id": "o2", "customer": "ann", "n": 12 })).is(422);
    assert_eq!((&wrong["error"]["class"], &wrong["error"]["at"]), (&json!("Invalid"), &json!("$.n")));
    assert_eq!(server.get("/find?name=bob&n=2").is(200), "bob 2");
    server.get("/find?name=nobody").is(404);
    server.get("/find?name=bob&m=2").is(422);
    server.post("/notes", &json!({ "note": "hi" })).is(204);
    let failed = server.post("/broken", &json!({ "line": "late" })).is(500);
    assert_eq!(failed["error"]["message"], "it is late");
    let allowed = server.get("/orders");
    assert!(allowed.head.to_lowercase().contains("allow: post"), "{allowed:?}");
    allowed.is(405);
    server.get("/nowhere").is(404);
    let waiting = server.post("/ask", &json!({ "line": "this" }));
    let told = waiting.is(202);
    assert!(waiting.head.contains(told["url"].as_str().unwrap()), "{waiting:?}");
    assert_eq!(told["status"], "waiting");
}

#[test]
fn a_person_answers_and_the_run_goes_on() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let run = server.post("/ask", &json!({ "line": "this" })).is(202)["run"].as_str().unwrap().to_owned();
    let questions = server.get("/v1/questions").is(200);
    let question = &questions["questions"][0];
    assert_eq!((&question["title"], &question["yours"]), (&json!("Is this good?"), &json!(true)));
    let url = format!("{}/answer", question["url"].as_str().unwrap());
    server.post(&url, &json!("Maybe")).is(422);
    server.post(&url, &json!({ "No": { "why": "too long" } })).is(200);
    server.post(&url, &json!("Yes")).is(409);
    let ended = server.get(&format!("/v1/runs/{run}?wait_ms=5000")).is(200);
    assert_eq!((&ended["status"], &ended["result"]), (&json!("returned"), &json!("too long")));
    let lineage = server.get(&format!("/v1/runs/{run}/lineage")).is(200);
    let produced: Vec<&Value> =
        lineage["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "produced").collect();
    assert_eq!(produced[0]["value"], json!({ "No": { "why": "too long" } }));
}

#[test]
fn runs_are_started_listed_followed_and_cancelled() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let begin = json!({ "flow": "shout", "input": { "line": "hi" }, "wait_ms": 5000 });
    let ended = server.post("/v1/runs", &begin).is(200);
    assert_eq!(ended["result"], "hi!");
    server.post("/v1/runs", &json!({ "flow": "shout", "input": { "lin": "hi" } })).is(422);
    server.post("/v1/runs", &json!({ "flow": "nope", "input": {} })).is(404);
    let begin = json!({ "flow": "ask", "input": { "line": "hi" }, "wait_ms": 5000 });
    let waiting = server.post("/v1/runs", &begin).is(202);
    assert_eq!(waiting["status"], "waiting");
    let run = waiting["run"].as_str().unwrap();
    assert_eq!(server.post(&format!("/v1/runs/{run}/cancel"), &json!({})).is(200)["cancelled"], true);
    let list =
        |query: &str| server.get(&format!("/v1/runs{query}")).is(200)["runs"].as_array().unwrap().len();
    assert_eq!((list(""), list("?status=cancelled"), list("?flow=shout"), list("?limit=1")), (2, 1, 1, 1));
    assert_eq!(list(&format!("?before={run}")), 1);
    server.get("/v1/runs?status=wrong").is(400);
    server.get("/v1/runs/none").is(404);
}

#[test]
fn a_killed_server_loses_nothing() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let jobs: Vec<Value> = (0..20)
        .map(|n| {
            server
                .post("/v1/queues/jobs", &json!({ "id": format!("j{n}"), "customer": "ann", "n": 1 }))
                .is(202)
        })
        .collect();
    let waiting = server.post("/ask", &json!({ "line": "this" })).is(202);
    let called = server.post("/v1/runs", &json!({ "flow": "call", "input": { "key": "k" } })).is(202);
    server.kill();
    let server = Server::start(&place, &["desk.flow"]);
    for job in &jobs {
        let run = server.get(&format!("{}?wait_ms=5000", job["url"].as_str().unwrap())).is(200);
        assert_eq!(run["result"], "1 for ann");
    }
    let question = waiting["questions"][0].as_str().unwrap();
    server.post(&format!("/v1/questions/{question}/answer"), &json!("Yes")).is(200);
    server.post("/v1/events/calls", &json!({ "key": "k", "value": "it is me" })).is(204);
    let result = |run: &Value| {
        server.get(&format!("/v1/runs/{}?wait_ms=5000", run["run"].as_str().unwrap())).is(200)["result"]
            .clone()
    };
    assert_eq!((result(&waiting), result(&called)), (json!("good"), json!("it is me")));
    assert_eq!(server.end(), Some(0), "an ordered end");
}

#[test]
fn the_command_line_answers_for_a_running_server() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let waiting = server.post("/ask", &json!({ "line": "this" })).is(202);
    let question = waiting["questions"][0].as_str().unwrap();
    place.flowc(&["questions", "answer", question, "Yes", "--store", "flow.db"]).works();
    let run = waiting["url"].as_str().unwrap();
    let ended = until(|| {
        let run = server.get(run).is(200);
        (run["status"] == "returned").then_some(run)
    });
    assert_eq!(ended["result"], "good");
    place.flowc(&["resume", "--store", "flow.db"]).fails(2, &["another process is running its runs"]);
}

#[test]
fn a_flow_that_talks_is_a_model() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let models = server.get("/v1/models").is(200);
    let names: Vec<&str> =
        models["data"].as_array().unwrap().iter().filter_map(|m| m["id"].as_str()).collect();
    assert_eq!(names, ["shout", "recall", "ask", "call", "broken"]);
    let hi = json!([{ "role": "system", "content": "be kind" }, { "role": "user", "content": "hi" }]);
    let chat = |body: Value| server.post("/v1/chat/completions", &body);
    let whole = chat(json!({ "model": "shout", "messages": hi, "temperature": 0.5 })).is(200);
    assert_eq!(
        whole["choices"][0]["message"],
        json!({ "role": "assistant", "content": "hi!", "refusal": null })
    );
    let recalled = chat(json!({ "model": "recall", "messages": hi })).is(200);
    assert_eq!(recalled["choices"][0]["message"]["content"], "2 turns");
    let parts = json!([{ "role": "user", "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }]);
    let joined = chat(json!({ "model": "shout", "messages": parts })).is(200);
    assert_eq!(joined["choices"][0]["message"]["content"], "ab!");

    let stream = chat(
        json!({ "model": "shout", "messages": hi, "stream": true, "stream_options": { "include_usage": true } }),
    );
    assert_eq!(stream.status, 200);
    let events = stream.events();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> = events.iter().filter_map(|data| serde_json::from_str(data).ok()).collect();
    let text: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "hi!");
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[chunks.len() - 1]["usage"]["total_tokens"], 0);

    let error = |body: Value, status: u16| chat(body).is(status)["error"]["type"].clone();
    assert_eq!(error(json!({ "model": "gpt", "messages": hi }), 404), "invalid_request_error");
    assert_eq!(error(json!({ "model": "shout", "messages": [] }), 400), "invalid_request_error");
    assert_eq!(error(json!({ "model": "broken", "messages": hi }), 500), "server_error");
    assert_eq!(error(json!({ "model": "ask", "messages": hi }), 409), "invalid_request_error");
}

#[test]
fn a_trigger_may_stream() {
    let provider = Provider::start(vec![Answer::stream(&["Hel", "lo"]), Answer::stream(&["Hel", "lo"])]);
    let trigger = "\non http.post(\"/chat\", key: none, stream: true) -> chat(event.line)\n";
    let talk = TALK.replace("ORIGIN", "http://localhost") + trigger;
    let place = Place::new(&[("talk.flow", &talk)]);
    let place = place.env("OPENAI_API_KEY", "sk-x").env("OPENAI_BASE_URL", &provider.base());
    let server = Server::start(&place, &["talk.flow"]);
    let reply = server.post("/chat", &json!({ "line": "hi" }));
    assert!(reply.head.to_lowercase().contains("text/event-stream"), "{reply:?}");
    let events: Vec<Value> = reply.events().iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let texts: Vec<&str> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!((texts, &events[events.len() - 1]["result"]), (vec!["Hel", "lo"], &json!("Hello")));

    let hi = json!([{ "role": "user", "content": "hi" }]);
    let body = json!({ "model": "chat", "messages": hi, "stream": true });
    let stream = server.post("/v1/chat/completions", &body);
    let chunks = stream.events().into_iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let pieces: Vec<String> = chunks
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(pieces, ["", "Hel", "lo"], "as it is written, and nothing twice");
}

#[test]
fn tenants_see_nothing_of_each_other() {
    let place = place();
    let key = |args: &[&str]| {
        let mut all = vec!["keys", "add"];
        all.extend(args);
        all.extend(["--store", "flow.db", "--json"]);
        let said: Value = serde_json::from_str(&place.flowc(&all).works().out).unwrap();
        (said["key"].as_str().unwrap().to_owned(), said["id"].as_str().unwrap().to_owned())
    };
    let (ann, _) = key(&["ann", "--tenant", "acme", "--role", "agent", "--role", "boss"]);
    let (eve, _) = key(&["eve", "--tenant", "evil", "--role", "agent"]);
    let (bot, _) = key(&["bot", "--tenant", "acme", "--scope", "start"]);
    let (old, id) = key(&["old", "--tenant", "acme"]);
    let server = Server::start(&place, &["desk.flow"]);
    let (ann, eve, bot) = (server.with_key(&ann), server.with_key(&eve), server.with_key(&bot));
    let ask = r#"{"line":"this"}"#;
    let waiting = bot.ask("POST", "/ask", Some(ask)).is(202);
    let (run, question) = (waiting["run"].as_str().unwrap(), waiting["questions"][0].as_str().unwrap());
    server.get("/v1/runs").is(401);
    assert_eq!(server.get("/v1/models").is(401)["error"]["type"], "authentication_error");
    server.with_key("fk_wrong").ask("GET", "/v1/runs", None).is(401);
    server.get("/health").is(200);
    server.get("/ready").is(200);

    for path in ["", "/lineage", "/events", "/feedback"] {
        eve.ask("GET", &format!("/v1/runs/{run}{path}"), None).is(404);
    }
    eve.ask("POST", &format!("/v1/runs/{run}/retry"), Some("{}")).is(404);
    eve.ask("POST", &format!("/v1/runs/{run}/feedback"), Some(r#"{"score":1}"#)).is(403);
    eve.ask("GET", &format!("/v1/questions/{question}"), None).is(404);
    eve.ask("POST", &format!("/v1/questions/{question}/answer"), Some("\"Yes\"")).is(404);
    eve.ask("GET", &format!("/v1/runs?before={run}"), None).is(404);
    assert_eq!(eve.ask("GET", "/v1/runs", None).is(200)["runs"], json!([]));
    assert_eq!(eve.ask("GET", "/v1/questions", None).is(200)["questions"], json!([]));
    let order = r#"{"id":"o1","customer":"x","n":1}"#;
    let mine = ann.ask("POST", "/v1/queues/jobs", Some(order)).is(202);
    let theirs = eve.ask("POST", "/v1/queues/jobs", Some(order)).is(202);
    assert_ne!(mine["run"], theirs["run"], "`once` belongs to a tenant");

    bot.ask("GET", "/v1/runs", None).is(403);
    bot.ask("POST", &format!("/v1/questions/{question}/answer"), Some("\"Yes\"")).is(403);
    ann.ask("POST", &format!("/v1/runs/{run}/cancel"), Some("{}")).is(403);
    ann.ask("GET", "/metrics", None).is(403);
    bot.ask("POST", "/secret", Some(ask)).is(403);
    assert_eq!(ann.ask("POST", "/secret", Some(ask)).is(200), "this!");
    ann.ask("POST", &format!("/v1/questions/{question}/answer"), Some("\"Yes\"")).is(200);
    let ended = ann.ask("GET", &format!("/v1/runs/{run}?wait_ms=5000"), None).is(200);
    assert_eq!(ended["result"], "good");

    server.with_key(&old).ask("GET", "/v1/runs", None).is(200);
    place.flowc(&["keys", "revoke", &id, "--store", "flow.db"]).works();
    server.with_key(&old).ask("GET", "/v1/runs", None).is(401);
    let file = std::fs::read(place.path().join("flow.db")).unwrap();
    let wal = std::fs::read(place.path().join("flow.db-wal")).unwrap_or_default();
    let secret = old.as_bytes();
    assert!(![file, wal].iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret)));
}

#[test]
fn strangers_are_answered_or_cut_off() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let post = |body: &[u8], headers: &str| {
        let head = format!(
            "POST /orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        server.raw(&[head.as_bytes(), body].concat())
    };
    post(b"{", "").is(400);
    post(b"\"\xff\xfe\"", "").is(400);
    post("[".repeat(100_000).as_bytes(), "").is(400);
    post(&vec![b' '; 5 * 1024 * 1024], "").is(413);
    let from = |host: &str, origin: &str| {
        let request = format!("GET /v1/runs HTTP/1.1\r\nhost: {host}\r\n{origin}connection: close\r\n\r\n");
        server.raw(request.as_bytes()).status
    };
    assert_eq!(
        (from("127.0.0.1:7171", ""), from("evil.example", "")),
        (200, 403),
        "a name that was made to lead here"
    );
    let origins =
        ["origin: http://evil.example\r\n", "origin: null\r\n", "origin: http://localhost:3000\r\n"];
    assert_eq!(origins.map(|origin| from("localhost", origin)), [403, 403, 200], "a page of somebody else");
    let bomb: String = (0..300).map(|n| format!("x-{n}: {n}\r\n")).collect();
    assert!([0, 400, 431].contains(&post(b"{}", &bomb).status));
    let long = format!("x: {}\r\n", "y".repeat(200_000));
    assert!([0, 400, 431].contains(&post(b"{}", &long).status));
    assert!([0, 400].contains(&server.raw(b"\x16\x03\x01\x02\x00\r\n\r\n").status));
    server.get("/health").is(200);
}

#[test]
fn the_document_and_the_figures_tell_what_is_there() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let document = server.get("/openapi.json").is(200);
    assert_eq!(document["openapi"], "3.1.0");
    let body = &document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["required"], json!(["id", "customer", "n"]));
    assert_eq!(document["paths"]["/find"]["get"]["parameters"][0]["name"], "name");
    server.post("/orders", &json!({ "id": "o1", "customer": "ann", "n": 3 })).is(200);
    server.post("/ask", &json!({ "line": "this" })).is(202);
    let figures = server.get("/metrics");
    let has = |line: &str| assert!(figures.text.contains(line), "`{line}` in {}", figures.text);
    has("flow_http_requests_total{route=\"/orders\",method=\"POST\",status=\"200\"} 1");
    has("flow_runs_ended{status=\"returned\"} 1");
    has("flow_runs_open{status=\"waiting\"} 1");
    has("# EOF");
}

#[test]
fn too_much_is_refused_with_a_time_to_try_again() {
    let place = place();
    let server = Server::start(&place, &["desk.flow", "--running", "1", "--queued", "1"]);
    let call = |key: &str| server.post("/v1/runs", &json!({ "flow": "call", "input": { "key": key } }));
    call("a").is(202);
    call("b").is(202);
    let refused = call("c");
    assert!(refused.head.to_lowercase().contains("retry-after: 1"), "{refused:?}");
    assert_eq!(refused.is(429)["error"]["class"], "Overload");
    server.post("/v1/events/calls", &json!({ "key": "a", "value": "hi" })).is(204);
    until(|| (call("c").status == 202).then_some(()));
}

#[test]
fn the_network_is_served_with_keys_only() {
    let place = place();
    let args = ["serve", "desk.flow", "--listen", "0.0.0.0:0", "--store", "flow.db"];
    place.flowc(&args).fails(2, &["has no API key", "flowc keys add"]);
    place
        .flowc(&["keys", "add", "x", "--scope", "red", "--store", "flow.db"])
        .fails(2, &["did you mean `read`"]);
}

#[test]
fn the_estate_example_is_served() {
    let place = Place::new(&[]);
    let estate = repository("examples/estate");
    let (target, cassette) =
        (estate.display().to_string(), estate.join("cassettes/run.json").display().to_string());
    let server = Server::start(&place, &[&target, "--cassette", &cassette]);
    let mail: Value =
        serde_json::from_str(&std::fs::read_to_string(estate.join("input.json")).unwrap()).unwrap();
    let accepted = server.post("/v1/queues/inbound-mail", &mail["mail"]).is(202);
    let question =
        until(|| server.get("/v1/questions").is(200)["questions"][0]["question"].as_str().map(str::to_owned));
    server.post(&format!("/v1/questions/{question}/answer"), &json!("Approve")).is(200);
    let url = accepted["url"].as_str().unwrap();
    let ended = server.get(&format!("{url}?wait_ms=10000")).is(200);
    assert_eq!(ended["result"], json!({ "Sent": { "mail": "out-88123" } }));
}

#[test]
fn people_say_how_good_a_run_was() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let begin = json!({ "flow": "shout", "input": { "line": "hi" }, "wait_ms": 5000 });
    let run = server.post("/v1/runs", &begin).is(200)["run"].as_str().unwrap().to_owned();
    let url = format!("/v1/runs/{run}/feedback");
    server.post(&url, &json!({ "score": 0.5, "note": "a bit loud" })).is(201);
    server.post(&url, &json!({ "node": "said", "label": "wrong", "correction": "hi" })).is(201);
    let said = server.get(&url).is(200)["feedback"].clone();
    assert_eq!((&said[0]["score"], &said[0]["note"]), (&json!(0.5), &json!("a bit loud")));
    assert_eq!((&said[1]["node"], &said[1]["correction"]), (&json!("said"), &json!("hi")));
    server.post(&url, &json!({})).is(400);
    server.post(&url, &json!({ "node": "sad", "score": 1 })).is(404);
    server.post(&url, &json!({ "score": null })).is(400);
    let wrong = server.post(&url, &json!({ "correction": 7 })).is(409);
    assert_eq!(wrong["error"]["at"], "$.correction");
    server.post("/v1/runs/none/feedback", &json!({ "score": 1 })).is(404);
}

#[test]
fn a_run_is_begun_again_over_http() {
    let place = place();
    let server = Server::start(&place, &["desk.flow"]);
    let begin = json!({ "flow": "shout", "input": { "line": "hi" }, "wait_ms": 5000 });
    let run = server.post("/v1/runs", &begin).is(200)["run"].as_str().unwrap().to_owned();
    let again = server.post(&format!("/v1/runs/{run}/retry"), &json!({})).is(202);
    let url = format!("{}?wait_ms=5000", again["url"].as_str().unwrap());
    assert_eq!(server.get(&url).is(200)["result"], "hi!");
    let waiting = server.post("/ask", &json!({ "line": "this" })).is(202);
    server.post(&format!("{}/retry", waiting["url"].as_str().unwrap()), &json!({})).is(409);
}
