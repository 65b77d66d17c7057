use std::process::Command;

use serde_json::Value;

use crate::flowc::{Place, repository, talk};

/// A draft is judged and rewritten `max` times.
fn package(max: u32) -> String {
    format!(
        r#"model quick = openai("gpt-5-mini") {{
  context: 8k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 10 USD / 1M tokens
  latency: Latency(p50: 500ms, p95: 2s)
  timeout: 5s
  retry: 1
}}

prompt write(question: text in ..300 tokens): text in ..100 tokens {{
  user: "Answer: {{{{question}}}}"
}}

check short(draft: text in ..100 tokens): text in ..100 tokens {{
  need draft.length < 200 else "too long"
}}

pub flow reply(question: text in ..300 tokens): text in ..100 tokens within 1 USD {{
  -> draft
  -> return "too dear" on Budget

  node draft = write(question) using quick
    -> judge(draft)

  node judge(text: text in ..100 tokens) = short(text)
    -> return judge
    -> rewrite on Invalid max {max}
    -> return "no answer" on Invalid

  node rewrite = write(question) using quick
    -> judge(rewrite)
}}
"#
    )
}

fn git(place: &Place, args: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(place.path()).args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(args);
    assert!(command.output().unwrap().status.success(), "{args:?}");
}

fn json(said: &crate::flowc::Said) -> Value {
    serde_json::from_str(&said.works().out).unwrap()
}

#[test]
fn the_worst_case_is_spelled_out() {
    let place = Place::new(&[("a.flow", &package(2))]);
    let said = place.flowc(&["cost", "a.flow"]);
    let out = &said.works().out;
    for part in ["reply", "proved", "draft → judge ×3 → rewrite ×2", "rewrite ×2", "95 % of them within 2.0s"]
    {
        assert!(out.contains(part), "`{part}` in {out}");
    }
}

/// One attempt: 300 tokens and what surrounds them times 1.35, and 100 tokens of answer.
#[test]
fn figures_are_those_of_the_attempts() {
    let place = Place::new(&[("a.flow", &package(2))]);
    let told = json(&place.flowc(&["cost", "a.flow", "--json"]));
    let flow = &told["flows"][0];
    let usual = flow["usual"]["cost"].as_u64().unwrap();
    assert!((1_400..1_500).contains(&usual), "{flow:#}");
    assert_eq!(flow["worst"]["cost"].as_u64().unwrap(), usual * 6, "three visits, two attempts each");
    assert_eq!(flow["worst"]["calls"], 6);
    assert_eq!(flow["limit"], 1_000_000);
    assert_eq!(flow["method"], "walk");
    assert_eq!(flow["path"][2]["name"], "rewrite");
    assert_eq!(flow["path"][2]["times"], 2);
}

#[test]
fn a_revision_is_compared_and_the_reason_named() {
    let place =
        Place::new(&[("flow.toml", "[package]\nname = \"a\"\nflow = \"0.1\"\n"), ("main.flow", &package(2))]);
    git(&place, &["init", "-q"]);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-q", "-m", "first"]);
    place.write("main.flow", package(20));
    let said = place.flowc(&["cost", ".", "--against", "HEAD"]);
    let out = &said.works().out;
    for part in ["→", "because", "`judge -> rewrite max 2 → 20`", "as before"] {
        assert!(out.contains(part), "`{part}` in {out}");
    }
    let told = json(&place.flowc(&["cost", ".", "--json", "--against", "HEAD"]));
    let against = &told["flows"][0]["against"];
    let (old, new) = (&against["worst"]["cost"], &told["flows"][0]["worst"]["cost"]);
    let effect = against["because"][0]["cost"].as_i64().unwrap();
    assert_eq!(new.as_i64().unwrap() - old.as_i64().unwrap(), effect);
    place.flowc(&["cost", ".", "--against", "nowhere"]).fails(2, &["neither a file nor a git revision"]);
    place.flowc(&["cost", ".", "--against=--help"]).fails(2, &["neither a file nor a git revision"]);
}

#[test]
fn a_bundle_is_compared_and_its_own_costs_are_told() {
    let place = Place::new(&[("a.flow", &package(2))]);
    place.flowc(&["build", "a.flow", "-o", "old.bundle"]).works();
    let bundled = json(&place.flowc(&["cost", "old.bundle", "--json"]));
    let source = json(&place.flowc(&["cost", "a.flow", "--json"]));
    assert_eq!(bundled["flows"], source["flows"]);
    place.write("a.flow", package(2).replace("price_out: 10 USD", "price_out: 20 USD"));
    let said = place.flowc(&["cost", "a.flow", "--against", "old.bundle"]);
    let out = &said.works().out;
    assert!(out.contains("`quick.price_out 10.00 USD/1M → 20.00 USD/1M`"), "{out}");
}

#[test]
fn a_limit_that_is_exceeded_is_shown_not_hidden() {
    let text = package(2)
        .replace("within 1 USD", "within 0.005 USD")
        .replace("  -> return \"too dear\" on Budget\n", "");
    let place = Place::new(&[("a.flow", &text)]);
    place.flowc(&["check", "a.flow"]).fails(1, &["FL0402"]);
    let said = place.flowc(&["cost", "a.flow"]);
    assert!(said.works().out.contains("may raise Budget"), "{said:?}");
}

#[test]
fn other_mistakes_are_told_instead() {
    let place = Place::new(&[("a.flow", &package(2).replace("-> draft\n", "-> drft\n"))]);
    place.flowc(&["cost", "a.flow"]).fails(1, &["FL0202"]);
    let place = Place::new(&[("a.flow", &package(2))]);
    place
        .flowc(&["cost", "a.flow", "--flow", "replay"])
        .fails(2, &["there is no flow `replay`", "did you mean `reply`?"]);
}

#[test]
fn every_example_keeps_its_limit() {
    let place = talk("http://localhost");
    for name in ["chatbot", "estate", "onboarding", "rag", "support", "underwriting"] {
        let example = repository(&format!("examples/{name}"));
        let told = json(&place.flowc(&["cost", example.to_str().unwrap(), "--json"]));
        for flow in told["flows"].as_array().unwrap() {
            let worst = flow["worst"]["cost"].as_u64().unwrap();
            let limit = flow["limit"].as_u64().unwrap_or(u64::MAX);
            assert!(worst <= limit, "{name}: {worst} > {limit}");
        }
    }
}
