//! Runs that are kept in a file: `run --store`, `resume`, `runs`, `questions`.

use serde_json::{Value, json};

use crate::flowc::{Place, Said, repository};

const REVIEW: &str = r#"//! Asks a person, then says what they said.

enum Verdict {
  Yes
  No(why: text in 1..20)
}

human review(line: text in 1..40): Verdict {
  role: agent
  title: "Is {{line}} good?"
  approves: [Yes]
}

pub flow ask(line: text in 1..40): text {
  -> asked

  node asked = review(line) within 2h
    -> return "good" when asked is Yes
    -> return asked.why
    -> return "late" on Expired
}
"#;

fn place() -> Place {
    Place::new(&[("ask.flow", REVIEW)])
}

fn begun(place: &Place) -> Value {
    let said = place.flowc(&["run", "ask.flow", "--arg", "line=this", "--store", "runs.db", "--json"]);
    serde_json::from_str(&said.works().out).unwrap()
}

fn json_of(said: &Said) -> Value {
    serde_json::from_str(&said.works().out).unwrap()
}

#[test]
fn a_run_waits_for_a_person_and_goes_on_after_the_answer() {
    let place = place();
    let begun = begun(&place);
    assert_eq!(begun["status"], "waiting");
    let (run, question) = (begun["run"].as_str().unwrap(), begun["questions"][0].as_str().unwrap());

    let listed = json_of(&place.flowc(&["questions", "list", "--store", "runs.db", "--json"]));
    assert_eq!((&listed["question"], &listed["title"]), (&json!(question), &json!("Is this good?")));
    assert_eq!(listed["shown"], json!({ "line": "this" }));

    let wrong = ["questions", "answer", question, "Maybe", "--store", "runs.db"];
    place.flowc(&wrong).fails(2, &["the answer does not fit", "for example"]);
    let right = ["questions", "answer", question, r#"{"No":{"why":"too long"}}"#, "--as", "ann"];
    place.flowc(&[right.as_slice(), &["--store", "runs.db"]].concat()).works();

    let resumed = json_of(&place.flowc(&["resume", run, "--store", "runs.db", "--json"]));
    assert_eq!(resumed, json!({ "run": run, "status": "returned", "result": "too long" }));
    place.flowc(&["resume", run, "--store", "runs.db"]).fails(2, &["has ended: returned"]);
    place
        .flowc(&["questions", "answer", question, "Yes", "--store", "runs.db"])
        .fails(2, &["no longer open: answered"]);

    let shown = json_of(&place.flowc(&["runs", "show", run, "--store", "runs.db", "--json"]));
    assert_eq!(shown["path"][1]["node"], "asked");
    assert_eq!(shown["path"][1]["value"], json!({ "No": { "why": "too long" } }));
    let why = place.flowc(&["runs", "why", run, "asked", "--store", "runs.db"]);
    assert!(why.works().out.contains("by ann"), "{}", why.out);
    place.flowc(&["runs", "why", run, "askd", "--store", "runs.db"]).fails(2, &["did you mean `asked`"]);
}

#[test]
fn a_waiting_run_can_be_cancelled() {
    let place = place();
    let begun = begun(&place);
    let run = begun["run"].as_str().unwrap();
    place.flowc(&["runs", "cancel", run, "--store", "runs.db"]).works();
    let resumed = place.flowc(&["resume", run, "--store", "runs.db"]);
    assert_eq!(resumed.code, 4, "{resumed:?}");
    let listed = place.flowc(&["runs", "list", "--status", "cancelled", "--store", "runs.db"]);
    assert!(listed.works().out.contains(run), "{}", listed.out);
    place.flowc(&["runs", "cancel", run, "--store", "runs.db"]).fails(2, &["has ended: cancelled"]);
    place
        .flowc(&["runs", "list", "--status", "canceled", "--store", "runs.db"])
        .fails(2, &["did you mean `cancelled`"]);
}

#[test]
fn a_file_of_people_answers_a_kept_run_at_once() {
    let place = place();
    place.write("people.json", r#"{"review": ["Yes"]}"#);
    let args = ["run", "ask.flow", "--arg", "line=this", "--store", "runs.db", "--answers", "people.json"];
    assert_eq!(place.flowc(&args).works().out, "good\n");
    let listed = json_of(&place.flowc(&["runs", "list", "--store", "runs.db", "--json"]));
    assert_eq!((&listed["status"], &listed["flow"]), (&json!("returned"), &json!("ask")));
}

#[test]
fn what_is_no_store_is_told() {
    let place = place();
    place.write(
        "text.db",
        "a text that is long enough to be looked at as if it were the header of a database, and is none",
    );
    place.flowc(&["runs", "list", "--store", "none.db"]).fails(2, &["there is no such store", "make one"]);
    place.flowc(&["runs", "list", "--store", "text.db"]).fails(2, &["no store of flowc"]);
    place.flowc(&["resume", "--store", "none.db"]).fails(2, &["there is no such store"]);
    assert!(!place.path().join("none.db").exists(), "looking makes nothing");
    place
        .flowc(&["run", "ask.flow", "--arg", "line=x", "--store", "no/where/runs.db"])
        .fails(2, &["cannot use the store"]);
    place
        .flowc(&["run", "ask.flow", "--arg", "line=x", "--store", "runs.db", "--data", "d"])
        .fails(2, &["cannot be used with"]);
}

#[test]
fn the_example_of_the_readme_is_kept_too() {
    let place = Place::new(&[]);
    let estate = repository("examples/estate");
    let at = |name: &str| estate.join(name).display().to_string();
    let input = format!("@{}", at("input.json"));
    let (target, cassette) = (estate.display().to_string(), at("cassettes/run.json"));
    let args = ["run", &target, "--input", &input, "--cassette", &cassette, "--store", "runs.db", "--json"];
    let begun = json_of(&place.flowc(&args));
    let question = begun["questions"][0].as_str().unwrap();
    place.flowc(&["questions", "answer", question, "Approve", "--store", "runs.db"]).works();
    let resumed = place.flowc(&["resume", "--store", "runs.db", "--cassette", &cassette, "--json"]);
    assert_eq!(json_of(&resumed)["result"], json!({ "Sent": { "mail": "out-88123" } }));
}

#[test]
fn a_run_behind_one_that_waits_stays_queued_and_goes_on_after_it() {
    let place = place();
    place.write("ask.flow", REVIEW.to_owned() + "\non queue(\"jobs\", key: event.line) -> ask(event.line)\n");
    let server = crate::server::Server::start(&place, &["ask.flow"]);
    let job = json!({ "line": "this" });
    let first = server.post("/v1/queues/jobs", &job).is(202)["run"].as_str().unwrap().to_owned();
    let second = server.post("/v1/queues/jobs", &job).is(202)["run"].as_str().unwrap().to_owned();
    server.get(&format!("/v1/runs/{first}?wait_ms=5000")).is(200);
    server.kill();
    let lines = |said: &Said| -> Vec<Value> {
        said.works().out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = lines(&place.flowc(&["resume", "--store", "flow.db", "--json"]));
    let status = |run: &str| told.iter().find(|line| line["run"] == run).unwrap()["status"].clone();
    assert_eq!((status(&first), status(&second)), (json!("waiting"), json!("queued")));
    place.write("people.json", r#"{"review": "Yes"}"#);
    let told = lines(&place.flowc(&["resume", "--store", "flow.db", "--answers", "people.json", "--json"]));
    assert!(told.iter().all(|line| line["result"] == "good"), "{told:?}");
}
