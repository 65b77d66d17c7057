use serde_json::Value;

use crate::flowc::{Place, TALK, repository};

const PACKAGE: &str = r#"check small(n: int): int {
  need n < 9 else "too big"
}

tool look(word: text): text = http.get("https://example.com/{{word}}") {
  effect: Read
  timeout: 1s
}

pub flow f(word: text): text {
  -> looked
  -> return "sorry" on Error

  node looked = look(word)
    -> return looked when looked.length > 3
    -> return "short"
}

test "long words come back" {
  given look = "long word"
  when f("x")
  need result == "long word"
  need calls(look).first.word == "x"
}

test "this one fails" {
  given look = "abc"
  when f("x")
  need result == "abc" else "it is too short"
  need visits(looked) == 2
}

test "a check can be tested by itself" {
  when small(10)
  need error is Invalid
}
"#;

#[test]
fn a_failing_need_shows_both_sides_and_the_path() {
    let place = Place::new(&[("a.flow", PACKAGE)]);
    let said = place.flowc(&["test", "a.flow"]);
    said.fails(1, &["3 tests, 1 failed"]);
    for words in [
        "✓ long words come back (1 step)",
        "✗ this one fails",
        "need result == \"abc\"",
        "it is too short",
        "result is \"short\"",
        "visits(looked) is 1",
        "path: f → looked → return \"short\"",
        "at a.flow:26",
    ] {
        assert!(said.out.contains(words), "{words} in {}", said.out);
    }
}

#[test]
fn a_filter_chooses_by_title() {
    let place = Place::new(&[("a.flow", PACKAGE)]);
    let said = place.flowc(&["test", "a.flow", "--filter", "come back"]);
    assert!(said.works().err.contains("1 test, all passed"), "{said:?}");
}

#[test]
fn coverage_names_the_edges_that_no_test_takes() {
    let place = Place::new(&[("a.flow", PACKAGE)]);
    let said = place.flowc(&["test", "a.flow", "--coverage", "--filter", "long"]);
    assert!(said.works().out.contains("f 2 of 4 edges"), "{said:?}");
    assert!(said.out.contains("FL0904 no test takes `looked -> return \"short\"` at a.flow:16"), "{said:?}");
    assert!(said.out.contains("on an error` at a.flow:12"), "{said:?}");
}

#[test]
fn json_tells_everything() {
    let place = Place::new(&[("a.flow", PACKAGE)]);
    let said = place.flowc(&["test", "a.flow", "--json", "--coverage"]);
    assert_eq!(said.code, 1);
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&2.into(), &1.into()));
    let failed = &json["packages"][0]["tests"][1];
    assert_eq!(failed["failures"][0]["values"][0]["value"], "\"short\"");
    assert_eq!(json["packages"][0]["coverage"][0]["edges"], 4);
}

#[test]
fn a_missing_sample_or_cassette_fails_its_test_only() {
    let text = PACKAGE
        .replace("when f(\"x\")\n  need result == \"long", "when f(sample(\"no\"))\n  need result == \"long");
    let place = Place::new(&[("a.flow", &text)]);
    let said = place.flowc(&["test", "a.flow"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("sample `no`: there is no file `samples/no.json`"), "{said:?}");
    let text = PACKAGE.replacen("given look = \"long word\"", "given look = cassette(\"no.json\")", 1);
    let said = Place::new(&[("a.flow", &text)]).flowc(&["test", "a.flow"]);
    assert!(said.out.contains("there is no cassette `no.json`; `flowc test --record` makes it"), "{said:?}");
}

#[test]
fn recording_writes_a_cassette_that_answers() {
    use flow_tests::provider::{Answer, Provider};
    let provider = Provider::start([Answer::json(200, &"recorded".into())]);
    let text = PACKAGE
        .replacen("given look = \"long word\"", "given look = cassette(\"c/look.json\")", 1)
        .replace("https://example.com", &provider.origin)
        .replace("== \"long word\"", "== \"recorded\"");
    let place = Place::new(&[("a.flow", &text)]);
    place.flowc(&["test", "a.flow", "--record"]).works();
    assert!(place.read("c/look.json").contains("recorded"));
    let said = place.flowc(&["test", "a.flow", "--filter", "long"]);
    assert!(said.works().err.contains("1 test, all passed"), "{said:?}");
    assert_eq!(provider.seen().len(), 1, "the replay asks nobody");
}

/// A prompt whose answer is recorded.
const RECORDED: &str = r#"
test "it answers" {
  given answer = cassette("answer.json")
  when chat("hi")
  need result == "hello"
}
"#;

#[test]
fn a_recording_of_another_prompt_proves_nothing() {
    use flow_tests::provider::{Answer, Provider};
    let provider = Provider::start([Answer::ok("hello")]);
    let text = format!("{TALK}{RECORDED}");
    let place = Place::new(&[("a.flow", &text)])
        .env("OPENAI_API_KEY", "k")
        .env("OPENAI_BASE_URL", &format!("{}/v1", provider.origin));
    place.flowc(&["test", "a.flow", "--record"]).works();
    place.flowc(&["test", "a.flow"]).works();
    let changed = [
        (
            "answer(line: text in 1..200): text in ..100 tokens {\n  output: 50 tokens",
            "output: 50",
            "output: 60",
        ),
        (
            "answer(line: text in 1..200): text in ..100 tokens {\n  output: 50 tokens\n  user: \"{{line}}\"",
            "{{line}}",
            "Say: {{line}}",
        ),
        (
            "answer(line: text in 1..200): text in ..100 tokens {",
            "..100 tokens {",
            "..100 tokens {\n  temperature: 0.5",
        ),
    ];
    for (whole, from, to) in changed {
        assert!(text.contains(whole), "{whole}");
        place.write("a.flow", text.replace(whole, &whole.replace(from, to)));
        let said = place.flowc(&["test", "a.flow"]);
        assert_eq!(said.code, 1, "{to}: {said:?}");
        assert!(said.out.contains("FL0903: answer.json was recorded for prompt `answer#"), "{to}: {said:?}");
        assert!(said.out.contains("flowc test --record"), "{said:?}");
    }
    // What the prompt does not say is no part of it.
    place.write("a.flow", text.replace("timeout: 500ms", "timeout: 400ms"));
    place.flowc(&["test", "a.flow"]).works();
}

#[test]
fn a_package_decides_about_untested_edges() {
    let with = |level: &str| {
        let manifest = format!("[package]\nname = \"a\"\n\n[lints]\nuntested-edge = \"{level}\"\n");
        let place = Place::new(&[("flow.toml", &manifest), ("a.flow", PACKAGE)]);
        place.flowc(&["test", "--coverage", "--filter", "long"])
    };
    assert!(with("warn").works().out.contains("FL0904"));
    let allowed = with("allow");
    assert!(!allowed.works().out.contains("FL0904"), "{allowed:?}");
    assert!(allowed.out.contains("f 2 of 4 edges"), "{allowed:?}");
    let denied = with("deny");
    assert_eq!(denied.code, 1, "{denied:?}");
    assert!(
        denied.out.contains("FL0904 no test takes `looked -> return \"short\"` at a.flow:16"),
        "{denied:?}"
    );
}

#[test]
fn the_estate_example_takes_every_edge() {
    let place = Place::new(&[]);
    let path = repository("examples/estate").display().to_string();
    let said = place.flowc(&["test", &path, "--coverage"]);
    assert!(said.works().err.contains("all passed"), "{said:?}");
    assert!(!said.out.contains("FL0904"), "{said:?}");
}
