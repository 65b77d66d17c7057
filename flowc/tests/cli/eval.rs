//! `flowc eval`: rows, aggregates, verdicts, and what is kept.

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value as Json, json};

use crate::flowc::{Place, Said};

const PACKAGE: &str = r#"//! Sorts mail.

enum Team {
  Sales
  Support
}

type Sorted {
  team: Team
}

type Labelled {
  mail: text in ..400 tokens
  team: Team
}

resource labels: Dataset(Labelled)

model quick = openai("gpt-5-mini") {
  can: [Json]
  context: 2k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  timeout: 20s
  retry: 0
}

prompt sort(mail: text in ..400 tokens): Sorted {
  output: 40 tokens
  user: "{{mail}}"
}

tool note(team: text): text = http.post("https://desk.internal/notes") {
  effect: Write
  timeout: 1s
}

pub flow handle(mail: text in ..400 tokens): Team within 0.01 USD {
  -> sorted

  node sorted = sort(mail) using quick
    -> noted

  node noted = note("sorted")
    -> return sorted.team
}

/// Puts a row into the dataset.
pub flow learn(mail: text in ..400 tokens): int {
  -> kept

  node kept = labels.add([Labelled(mail, Sales)])
    -> return kept.count
}

EVALS
"#;

/// The package with these evals, and five labelled mails.
fn place(evals: &str) -> Place {
    let place = Place::new(&[
        ("flow.toml", "[package]\nname = \"desk\"\nflow = \"0.1\"\n"),
        ("main.flow", &PACKAGE.replace("EVALS", evals)),
    ]);
    place.write("datasets/labels.jsonl", rows(5));
    place.env("FLOWC_ACTOR", "ann")
}

/// `mail 0` is for support, the others are for sales.
fn rows(count: usize) -> String {
    let team = |at: usize| if at == 0 { "Support" } else { "Sales" };
    (0..count).map(|at| format!("{}\n", json!({ "mail": format!("mail {at}"), "team": team(at) }))).collect()
}

fn json_of(said: &Said) -> Json {
    let all: Json = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:#?}"));
    all["evals"][0].clone()
}

/// Sales answers everything.
const GIVEN: &str = r#"
eval "mail is sorted" {
  given row in labels
  given sort = Sorted(Sales)
  when handle(row.mail)
  need mean(result == row.team) >= 80%
  need count(visited(noted) and calls(note).length == 1) == 5
  need p95(run.elapsed) <= 1s and p100(run.cost) == 0 USD
}
"#;

#[test]
fn rows_are_run_and_all_of_them_are_judged() {
    let place = place(GIVEN);
    let said = place.flowc(&["eval", "."]);
    let out = &said.works().out;
    assert!(out.starts_with("✓ mail is sorted (desk, 5 rows, given)\n"), "{out}");
    assert!(out.contains("  ✓ need mean(result == row.team) >= 0.8\n"), "{out}");
    assert!(out.contains("80.0 %  37.6 %–96.4 %"), "Wilson's interval of 4 in 5: {out}");
    let told = json_of(&place.flowc(&["eval", ".", "--json"]));
    assert_eq!((&told["passed"], &told["complete"]), (&json!(true), &json!(true)));
    assert_eq!(told["figures"][0]["value"], 0.8);
    assert_eq!(told["each"][0]["measures"]["mean(result == row.team)"], false);
    assert_eq!(told["each"][4]["measures"]["mean(result == row.team)"], true);
    assert!(told["each"][4]["row"].as_str().unwrap().ends_with("datasets/labels.jsonl:5"));
}

#[test]
fn a_need_that_does_not_hold_fails_the_eval() {
    let place = place(&GIVEN.replace(">= 80%", ">= 81% else \"too many went to the wrong team\""));
    let said = place.flowc(&["eval", "."]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(
        said.out.contains("✗ need mean(result == row.team) >= 0.81: too many went to the wrong team"),
        "{said:#?}"
    );
}

#[test]
fn a_row_whose_run_fails_does_not_hold_and_is_told() {
    let place = place(&GIVEN.replace("given sort = Sorted(Sales)", "given sort = fails(Timeout)"));
    let said = place.flowc(&["eval", "."]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.out.contains("0.0 %  0.0 %–43.4 %"), "{said:#?}");
    assert!(said.out.contains("failed 5 rows: Timeout: "), "{said:#?}");
}

#[test]
fn a_person_without_an_answer_makes_the_figures_worthless() {
    let evals = r#"
human ask(mail: text in ..400 tokens): Team {
  who: "lead"
}

pub flow by_hand(mail: text in ..400 tokens): Team {
  -> asked
  -> return Sales on Error

  node asked = ask(mail) within 1h
    -> return asked
    -> return Sales on Expired
}

eval "asked" {
  given row in labels
  when by_hand(row.mail)
  need mean(result == row.team) >= 50%
}
"#;
    let place = place(evals);
    let said = place.flowc(&["eval", "."]);
    assert_eq!(said.code, 1, "the flow handles the error, and the eval is worthless all the same: {said:#?}");
    assert!(said.out.contains("problem an eval asks no people, and nothing answers for `ask`"), "{said:#?}");
}

const ASKS: &str = r#"
eval "mail is sorted" {
  given row in labels
  when handle(row.mail)
  need mean(result == row.team) >= 80%
  need mean(run.cost) <= 0.001 USD
}
"#;

fn sales() -> Answer {
    Answer::ok(r#"{"team": "Sales"}"#)
}

#[test]
fn real_models_are_asked_and_what_they_cost_is_counted() {
    let place = place(ASKS);
    place.flowc(&["eval", "."]).fails(2, &["model `quick` needs a key"]);
    let provider = Provider::start((0..5).map(|_| sales()));
    let place = place.env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", &provider.base());
    let told = json_of(place.flowc(&["eval", ".", "--json"]).works());
    assert_eq!(told["world"], "live");
    assert_eq!(told["each"][0]["input_tokens"], 11);
    // 11 tokens at 1 USD and 7 at 2 USD a million, five times.
    assert!((told["cost"].as_f64().unwrap() - 0.000_125).abs() < 1e-9, "{told}");
    assert_eq!(provider.seen().len(), 5, "the tool that writes was not called");
}

#[test]
fn the_sample_is_the_same_for_a_seed() {
    let place = place(&GIVEN.replace("  given row", "  sample: 3\n  given row").replace(" == 5", " == 3"));
    place.write("datasets/labels.jsonl", rows(40));
    let places = |seed: &str| {
        let told = json_of(&place.flowc(&["eval", ".", "--json", "--seed", seed]));
        assert_eq!(told["rows"], json!({ "run": 3, "chosen": 3, "in_dataset": 40 }));
        told["each"].as_array().unwrap().iter().map(|row| row["row"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(places("1"), places("1"));
    assert_ne!(places("1"), places("2"));
}

#[test]
fn rows_that_runs_have_added_count_too() {
    let place = place(&GIVEN.replace(" == 5", " == 6"));
    place.flowc(&["run", ".:learn", "--arg", "mail=hello", "--data", "kept"]).works();
    let said = place.flowc(&["eval", ".", "--data", "kept"]);
    assert!(said.works().out.contains("6 rows"), "{said:#?}");
    place.flowc(&["run", ".:learn", "--arg", "mail=hello", "--store", "runs.db"]).works();
    let said = place.flowc(&["eval", ".", "--store", "runs.db"]);
    assert!(said.works().out.contains("6 rows"), "{said:#?}");
}

#[test]
fn rows_that_cannot_be_read_are_told_with_their_place() {
    let place = place(GIVEN);
    place.write("datasets/labels.jsonl", rows(1) + "\n{\"mail\": \"x\", \"team\": \"Legal\"}\n");
    place.flowc(&["eval", "."]).fails(2, &["labels.jsonl:3` does not fit `labels`", "Legal"]);
    place.write("datasets/labels.jsonl", "{\"mail\"\n");
    place.flowc(&["eval", "."]).fails(2, &["labels.jsonl:1` is no JSON"]);
    place.write("datasets/labels.jsonl", "\n");
    place.flowc(&["eval", "."]).fails(2, &["`labels` has no rows", "datasets/labels.jsonl"]);
    place.flowc(&["eval", ".", "--filter", "nothing"]).fails(2, &["no eval has `nothing`"]);
    place.flowc(&["eval", ".", "--with", "v2"]).fails(2, &["`mail is sorted` gates nothing"]);
}

#[test]
fn recorded_answers_serve_without_a_key() {
    let place = place(&ASKS.replace("  when", "  given sort = cassette(\"cassettes/sort.json\")\n  when"));
    let answers: Vec<Json> = (0..5)
        .map(|_| json!({ "kind": "prompt", "name": "sort", "answer": { "reply": { "text": "{\"team\": \"Sales\"}" } } }))
        .collect();
    place.write(
        "cassettes/sort.json",
        json!({ "format": "flow-cassette/1", "exchanges": answers }).to_string(),
    );
    let told = json_of(place.flowc(&["eval", ".", "--json"]).works());
    assert_eq!((&told["world"], &told["passed"]), (&json!("recorded"), &json!(true)));
    place.write("datasets/labels.jsonl", rows(6));
    let said = place.flowc(&["eval", "."]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.out.contains("holds no further answer for prompt `sort`"), "{said:#?}");
}

/// The first two rows are answered, the third never is; then somebody presses Ctrl-C.
#[cfg(unix)]
#[test]
fn ctrl_c_keeps_the_rows_that_are_done() {
    use std::io::Read as _;
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    let place = place(&ASKS.replace("  given row", "  parallel: 1\n  given row"));
    let provider = Provider::start([sales(), sales(), Answer::Hang]);
    let place = place.env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", &provider.base());
    let mut command = place.command(&["eval", ".", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while provider.seen().len() < 3 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let told: Json = serde_json::from_str(&out).unwrap();
    let told = &told["evals"][0];
    assert_eq!((&told["complete"], &told["passed"]), (&json!(false), &json!(false)));
    assert_eq!(told["rows"]["run"], 2, "{told}");
    assert_eq!(told["each"].as_array().unwrap().len(), 2);
}

const REGISTRY: &str = r#"
prompt choose(mail: text in ..400 tokens): Sorted = registry("desk/choose@prod") {
  output: 40 tokens
}

pub flow pick(mail: text in ..400 tokens): Team within 0.01 USD {
  -> chosen

  node chosen = choose(mail) using quick
    -> return chosen.team
}

eval "mail is chosen well" {
  gate: "desk/choose@prod"
  parallel: 1
  given row in labels
  when pick(row.mail)
  need mean(result == row.team) >= 80%
}
"#;

impl Place {
    fn publish_choice(&self, front: &str) {
        let text = format!(
            "enum Team {{\n  Sales\n  Support\n}}\n\ntype Sorted {{\n  team: Team\n}}\n\nprompt choose(mail: text in ..400 tokens): Sorted {{\n  user: \"{front} {{{{mail}}}}\"\n}}\n"
        );
        self.write("versions/flow.toml", "[package]\nname = \"versions\"\nflow = \"0.1\"\n");
        self.write("versions/next.flow", text);
        self.flowc(&["prompt", "publish", "desk/choose", "versions/next.flow"]).works();
    }

    fn choose(&self, to: &str) -> Said {
        self.flowc(&["prompt", "move", "desk/choose@prod", to, "--reason", "try"])
    }
}

/// v1 is in force, v2 is published, nothing was judged.
fn gated(answers: impl IntoIterator<Item = Answer>) -> (Place, Provider) {
    let provider = Provider::start(answers);
    let place = place(REGISTRY).env("OPENAI_API_KEY", "none").env("OPENAI_BASE_URL", &provider.base());
    place.publish_choice("Choose:");
    place.choose("v1").works();
    place.flowc(&["deploy", ".", "--reason", "first"]).works();
    place.publish_choice("Please choose:");
    (place, provider)
}

fn support() -> Answer {
    Answer::ok(r#"{"team": "Support"}"#)
}

#[test]
fn a_gate_holds_a_pointer_until_the_eval_has_passed() {
    // v2 fails once, then passes.
    let answers = (0..5).map(|_| support()).chain((0..5).map(|_| sales()));
    let (place, provider) = gated(answers);
    place
        .choose("v2")
        .fails(1, &["FL0809", "v2 was not run with `mail is chosen well`", "--with desk/choose@prod=v2"]);
    let said = place.flowc(&["eval", ".", "--with", "v2"]);
    assert_eq!(said.code, 1, "{said:#?}");
    assert!(said.out.contains("with desk/choose@prod = v2"), "{said:#?}");
    assert!(
        said.out.contains("kept with desk/choose v2: `desk/choose@prod` does not move to it"),
        "{said:#?}"
    );
    let asked = provider.seen()[0].body["messages"][0]["content"].clone();
    assert_eq!(asked, "Please choose: mail 0");
    let refused = place.choose("v2");
    refused.fails(
        1,
        &["FL0809", "mean(result == row.team) is 20.0 % (3.6 %–62.4 %), 5 rows", "desk v1 (@prod)"],
    );
    let moves = ["prompt:desk/choose@prod=v2", "--reason", "x"];
    place.flowc(&[&["release", "apply", "week"], moves.as_slice()].concat()).fails(1, &["FL0809"]);
    place.flowc(&["eval", ".", "--with", "desk/choose@prod=v2"]).works();
    place.choose("v2").works();
    // What was in force before needs no eval.
    place.flowc(&["prompt", "rollback", "desk/choose@prod", "--reason", "back"]).works();
    let log = place.flowc(&["audit", "log", "desk/choose"]);
    assert!(log.works().out.contains("ann  eval prompt desk/choose v2"), "{log:#?}");
    assert!(log.out.contains("failed `mail is chosen well`"), "{log:#?}");
    place.flowc(&["audit", "verify"]).works();
    // An eval that says something else is another eval.
    place.write("main.flow", place.read("main.flow").replace(">= 80%", ">= 79%"));
    place.flowc(&["deploy", ".", "--reason", "easier"]).works();
    place.choose("v2").fails(1, &["FL0809", "was not run"]);
}

#[test]
fn two_versions_are_compared_row_by_row() {
    // v1 is right four times, v2 once.
    let (place, _provider) = gated((0..5).map(|_| sales()).chain((0..5).map(|_| support())));
    let said = place.flowc(&["eval", ".", "--compare", "v1", "v2", "--json"]);
    let told: Json = serde_json::from_str(&said.works().out).unwrap();
    let line = &told["comparisons"][0]["lines"][0];
    assert_eq!((&line["wins"], &line["losses"], &line["ties"]), (&json!(1), &json!(4), &json!(0)));
    assert_eq!(line["means"], json!([0.8, 0.2]));
    assert!((line["p"].as_f64().unwrap() - 0.375).abs() < 1e-9, "{line}");
    assert_eq!(line["measure"], "result == row.team");
    assert_eq!(told["comparisons"][0]["passed"], json!([true, false]));
    let cost = &told["comparisons"][0]["lines"][1];
    assert_eq!((&cost["measure"], &cost["ties"]), (&json!("cost"), &json!(5)));
}
