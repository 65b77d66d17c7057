//! Splits on real traffic: `flowc split report` over what a server and single runs kept.

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::flowc::Place;
use crate::server::{Server, until};

/// Half of the customers are sorted by a model, half by a rule; another model and a flow stand in the shadow.
const SORTING: &str = r#"//! Sorts letters in one of two ways.

type Sorted {
  team: text in 1..40
  sure: bool
}

model near = openai_compatible("NEAR/v1", "near") {
  can: [Json]
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  retry: 0
}

model far = openai_compatible("FAR/v1", "far") {
  can: [Json]
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  retry: 0
}

prompt sort(line: text in 1..200): Sorted {
  output: 50 tokens
  cache: Exact
  user: "{{line}}"
}

fn rule(line: text in 1..200): Sorted =
  Sorted("Billing", line.length > 3)

flow walked(line: text in 1..200): Sorted {
  -> ruled

  node ruled = rule(line)
    -> return ruled
}

split sorting(customer: text in 1..40, line: text in 1..200): Sorted {
  key: customer
  50%: sort(line) using near
  50%: rule(line)
  shadow 100%: sort(line) using far
  shadow 100%: walked(line)
}

pub flow handle(customer: text in 1..40, line: text in 1..200): text {
  -> sorted

  node sorted = sorting(customer, line)
    -> return sorted.team
}
"#;

const RUNS: usize = 24;

fn answer(team: &str) -> Answer {
    Answer::ok(&json!({ "team": team, "sure": true }).to_string())
}

fn place(near: &Provider, far: &Provider) -> Place {
    let text = SORTING.replace("NEAR", &near.origin).replace("FAR", &far.origin);
    Place::new(&[("sorting.flow", &text)])
}

fn report(place: &Place, more: &[&str]) -> Value {
    let args = [&["split", "report", "--store", "flow.db", "--json"], more].concat();
    serde_json::from_str(&place.flowc(&args).works().out).unwrap()
}

/// The entry with this label.
fn named<'a>(list: &'a Value, label: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|it| it["arm"] == label);
    found.unwrap_or_else(|| panic!("no {label} in {list:#}"))
}

#[test]
fn arms_and_shadows_of_a_server_are_compared() {
    let near = Provider::start((0..RUNS).map(|n| match n {
        0 => Answer::error(500, "boom", "server_error"),
        _ => answer("Billing"),
    }));
    let far = Provider::start((0..RUNS).map(|n| answer(if n < 2 { "Billing" } else { "Technical" })));
    let place = place(&near, &far);
    let server = Server::start(&place, &["sorting.flow"]);
    let mut failed = 0;
    for n in 0..RUNS {
        let input = json!({ "customer": format!("c{n}"), "line": format!("letter {n}") });
        let run = server.post("/v1/runs", &json!({ "flow": "handle", "input": input, "wait_ms": 60_000 }));
        let told = run.json();
        failed += usize::from(told["status"] == "failed");
        let feedback = format!("/v1/runs/{}/feedback", told["run"].as_str().unwrap());
        server.post(&feedback, &json!({ "node": "handle.sorted", "score": 0.5 })).is(201);
    }
    assert_eq!(failed, 1);
    // Shadows go on when their runs have ended.
    let found = until(|| {
        let split = report(&place, &[])["splits"][0].clone();
        let all = |label: &str| named(&split["shadows"], label)["calls"] == json!(RUNS);
        (all("sort using far") && all("walked")).then_some(split)
    });
    assert_eq!(far.seen().len(), RUNS, "a shadow asks no cache");

    let (asked, ruled) = (named(&found["arms"], "sort using near"), named(&found["arms"], "rule(line)"));
    assert_eq!(asked["calls"].as_u64().unwrap() + ruled["calls"].as_u64().unwrap(), RUNS as u64);
    assert_eq!(asked["calls"], json!(near.seen().len()));
    assert_eq!((&asked["share"], &asked["classes"]), (&json!(0.5), &json!({ "Overload": 1 })));
    assert!(asked["errors"]["low"].as_f64().unwrap() > 0.0, "{asked:#}");
    assert!(asked["cost"]["value"].as_f64().unwrap() > 0.0 && ruled["cost"]["value"] == 0.0);
    assert_eq!((&asked["score"]["value"], &asked["score"]["of"]), (&json!(0.5), &asked["calls"]));
    let against = &ruled["against"];
    assert_eq!(against["arm"], "sort using near");
    let cost = against["differences"].as_array().unwrap().iter().find(|it| it["measure"] == "cost").unwrap();
    assert!(cost["p"].as_f64().unwrap() < 0.05 && cost["high"].as_f64().unwrap() < 0.0, "{cost:#}");

    let shadow = named(&found["shadows"], "sort using far");
    let compared = RUNS - 1;
    assert_eq!((&shadow["pairs"], &shadow["agrees"]["of"]), (&json!(RUNS), &json!(compared)));
    let differing = shadow["disagreements"].as_array().unwrap();
    assert_eq!(shadow["differs"], json!({ "team": differing.len() }));
    assert!(differing.len() >= compared - 2, "{shadow:#}");
    assert_eq!(differing[0]["value"], json!({ "team": "Technical", "sure": true }));
    assert_eq!(differing[0]["node"], "sorted");
    assert_eq!(named(&found["shadows"], "walked")["agrees"]["value"], 1.0);

    let said = place.flowc(&["split", "report", "sorting", "--store", "flow.db"]);
    let out = &said.works().out;
    for word in [
        "sort using near",
        "50 %",
        "Overload 1",
        "rule(line) against sort using near",
        "agrees",
        "differs in team",
    ] {
        assert!(out.contains(word), "`{word}` in {out}");
    }
    place.flowc(&["split", "report", "sortin", "--store", "flow.db"]).fails(2, &["did you mean `sorting`"]);
    // Nothing ended that late, and nobody else has runs.
    assert_eq!(report(&place, &["--since", "0s"])["splits"], json!([]));
    assert_eq!(report(&place, &["--tenant", "nobody"])["splits"], json!([]));
}

#[test]
fn a_single_kept_run_waits_for_its_shadows_and_they_cost_it_nothing() {
    let near = Provider::start([]);
    let far = Provider::start([answer("Billing")]);
    let place = place(&near, &far);
    // A customer of the rule: the arm costs nothing, the shadow something.
    let customer = (0..).map(|n| format!("c{n}")).find(|name| is_ruled(&place, name)).unwrap();
    let arg = format!("customer={customer}");
    let args = ["run", "sorting.flow", "--arg", &arg, "--arg", "line=hello", "--store", "flow.db", "--json"];
    let ran: Value = serde_json::from_str(&place.flowc(&args).works().out).unwrap();
    assert_eq!((&ran["result"], &ran["cost"]), (&json!("Billing"), &json!(0.0)));
    let found = report(&place, &[]);
    let shadow = named(&found["splits"][0]["shadows"], "sort using far");
    assert_eq!((&shadow["calls"], &shadow["agrees"]["value"]), (&json!(1), &json!(1.0)));
    assert!(shadow["cost"]["value"].as_f64().unwrap() > 0.0, "{shadow:#}");
}

/// Tried without a model: whoever is on the arm that asks one fails.
fn is_ruled(place: &Place, customer: &str) -> bool {
    let text = place.read("sorting.flow");
    let quiet: Vec<&str> = text.lines().filter(|line| !line.contains("shadow 100%: sort")).collect();
    let alone = Place::new(&[("sorting.flow", &quiet.join("\n"))]);
    let arg = format!("customer={customer}");
    alone.flowc(&["run", "sorting.flow", "--arg", &arg, "--arg", "line=hello"]).code == 0
}

/// The arms of the only split, as `flowc split list` tells them.
fn arms(place: &Place) -> Vec<Value> {
    let said = place.flowc(&["split", "list", "--store", "flow.db", "--json"]);
    said.works().out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Starts a run for each of these customers; how often the model was asked.
fn sort_for(server: &Server, near: &Provider, customers: std::ops::Range<usize>) -> usize {
    let before = near.seen().len();
    for n in customers {
        let input = json!({ "customer": format!("c{n}"), "line": format!("letter {n}") });
        let body = json!({ "flow": "handle", "input": input, "wait_ms": 60_000 });
        server.post("/v1/runs", &body).json();
    }
    near.seen().len() - before
}

#[test]
fn a_canary_that_fails_is_paused_until_somebody_resumes_it() {
    const FAILURES: usize = 4;
    let near = Provider::start((0..200).map(|n| match n < FAILURES {
        true => Answer::error(400, "no", "invalid_request"),
        false => answer("Billing"),
    }));
    let far = Provider::start([]);
    let place = place(&near, &far);
    let text: String = place
        .read("sorting.flow")
        .lines()
        .filter(|line| !line.contains("shadow"))
        .map(|line| format!("{line}\n"))
        .collect();
    let text = text.replace("  50%: sort(line)", "  guard: Guard(errors: 20%, calls: 4)\n  40%: sort(line)");
    place.write("sorting.flow", text.replace("  50%: rule(line)", "  60%: rule(line)"));

    let server = Server::start(&place, &["sorting.flow"]);
    assert_eq!(sort_for(&server, &near, 0..40), FAILURES, "the others get the rule");
    let paused = &arms(&place)[0];
    assert_eq!((&paused["arm"], &paused["paused"]["by"]), (&json!("sort using near"), &json!("")));
    assert_eq!(paused["paused"]["reason"], "of its last 4 calls 4 failed");
    let figure = "flow_split_paused{package=\"sorting\",split=\"sorting\",arm=\"sort using near\"}";
    assert!(server.get("/metrics").text.contains(&format!("{figure} 1")), "{}", server.get("/metrics").text);
    server.kill();

    let server = Server::start(&place, &["sorting.flow"]);
    assert_eq!(sort_for(&server, &near, 40..60), 0, "a restart resumes nothing");
    let resume = ["split", "resume", "sorting", "1", "--store", "flow.db", "--actor", "ann"];
    place.flowc(&resume).fails(2, &["needs a reason"]);
    place.flowc(&[resume.as_slice(), &["--reason", "the prompt is mended"]].concat()).works();
    until(|| arms(&place)[0]["paused"].is_null().then_some(()));
    assert!(sort_for(&server, &near, 60..100) > 0);
    assert!(server.get("/metrics").text.contains(&format!("{figure} 0")));

    let pause = ["split", "pause", "sorting", "sort using near", "--store", "flow.db", "--actor", "ann"];
    place.flowc(&[pause.as_slice(), &["--reason", "by hand"]].concat()).works();
    until(|| (arms(&place)[0]["paused"]["by"] == "ann").then_some(()));
    let out = place.flowc(&["split", "report", "--store", "flow.db"]).works().out.clone();
    assert!(out.contains("paused") && out.contains("by ann: by hand"), "{out}");
    let wrong = [
        "split",
        "pause",
        "sorting",
        "sort using far",
        "--store",
        "flow.db",
        "--reason",
        "x",
        "--actor",
        "ann",
    ];
    place.flowc(&wrong).fails(2, &["has no arm", "did you mean `sort using near`"]);
}
