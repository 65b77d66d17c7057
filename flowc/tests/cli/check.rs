use serde_json::Value;

use crate::flowc::{Place, TALK, talk};

#[test]
fn errors_are_shown_with_their_place_and_fail() {
    let place = Place::new(&[("a.flow", &TALK.replace("-> looked", "-> loked"))]);
    place.flowc(&["check", "a.flow"]).fails(1, &["FL0202", "a.flow:37", "did you mean `looked`?", "error"]);
}

#[test]
fn json_is_one_object_a_line() {
    let place = Place::new(&[("a.flow", &TALK.replace("-> looked", "-> loked"))]);
    let said = place.flowc(&["check", "a.flow", "--format", "json"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.err, "");
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = lines.iter().find(|line| line["code"] == "FL0202").unwrap();
    assert_eq!(first["at"]["place"]["start"]["line"], 37);
    assert_eq!(first["severity"], "error");
}

/// A package with an error that has a fix, an error in two files, a warning and a hint, and a strange name.
fn with_all_severities() -> Place {
    Place::new(&[
        ("flow.toml", "[package]\nname = \"desk\"\nflow = \"0.1\"\n"),
        ("my flows/a b.flow", &TALK.replace("-> looked", "-> loked")),
        ("models.flow", "model slow = openai(\"x\") {\n  timeout: 1s\n}\n"),
        ("c.flow", "import models.{slow}\n\npub flow f(unused: text): int {\n  -> return 1\n}\n"),
    ])
}

/// OASIS' schema of SARIF 2.1.0, as the crate `serde-sarif` ships it.
fn sarif_validator() -> jsonschema::Validator {
    let text = include_str!("../../../tests/schemas/sarif-2.1.0.json");
    // Its pattern of language codes has a `]` without a `[`, which Unicode-aware readers of patterns refuse.
    let text = text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn sarif_is_what_its_schema_says() {
    let validator = sarif_validator();
    let place = with_all_severities();
    let said = place.flowc(&["check", "--format", "sarif"]);
    assert_eq!(said.code, 1, "{said:?}");
    let log: Value = serde_json::from_str(&said.out).unwrap();
    let wrong: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{log:#}");
    // The validator does find mistakes.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let one = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap();
    let place = &one("FL0202")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "my%20flows/a%20b.flow");
    assert_eq!(place["region"]["startLine"], 37);
    assert_eq!(
        one("FL0202")["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "looked"
    );
    assert_eq!(
        one("FL0018")["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "models.flow"
    );
    assert_eq!(one("FL0305")["level"], "warning");
}

#[test]
fn a_clean_package_is_a_valid_empty_log() {
    let said =
        Place::new(&[("a.flow", "fn one(): int = 1\n")]).flowc(&["check", "a.flow", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&said.works().out).unwrap();
    assert!(sarif_validator().is_valid(&log), "{log:#}");
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn github_shows_an_annotation_for_each() {
    let said = with_all_severities().flowc(&["check", "--format", "github"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    let has = |start: &str| said.out.lines().any(|line| line.starts_with(start));
    assert!(has("::error file=my flows/a b.flow,line=37,col="), "{}", said.out);
    assert!(has(
        "::warning file=c.flow,line=3,col=12,endLine=3,endColumn=18,title=FL0305 unused-parameter::"
    ));
    assert!(said.out.contains("%0Ahelp: did you mean `looked`?"), "{}", said.out);
}

#[test]
fn a_package_decides_how_bad_a_warning_is() {
    let flow = "pub flow f(unused: text): int {\n  -> return 1\n}\n";
    let with = |level: &str| {
        let manifest = format!("[package]\nname = \"a\"\n\n[lints]\nunused-parameter = \"{level}\"\n");
        Place::new(&[("flow.toml", &manifest), ("a.flow", flow)]).flowc(&["check"])
    };
    with("deny").fails(1, &["FL0305", "1 error"]);
    assert!(with("hint").works().err.contains("1 hint"));
    assert!(with("allow").works().err.contains("nothing is wrong"));
    with("loud").fails(1, &["FL0025", "`unused-parameter` is one of"]);
}

#[test]
fn a_locked_package_is_refused_when_something_changed_under_it() {
    let main = "prompt sort(mail: text in ..9 tokens): text in ..40 = registry(\"desk/sort@prod\") {\n  output: 40 tokens\n}\n";
    let place = Place::new(&[("flow.toml", "[package]\nname = \"desk\"\n"), ("main.flow", main)]);
    place.flowc(&["check", "--locked"]).fails(1, &["FL0805", "there is no `flow.lock`", "flowc lock"]);
    assert!(place.flowc(&["lock"]).works().err.contains("1 row"));
    place.flowc(&["check", "--locked"]).works();
    let first = place.read("flow.lock");
    place.flowc(&["lock"]).works();
    assert_eq!(place.read("flow.lock"), first);
    place.write("main.flow", main.replace("..9 tokens", "..8 tokens"));
    place.flowc(&["check"]).works();
    place
        .flowc(&["check", "--locked"])
        .fails(1, &["FL0805", "`desk/sort@prod` is not what `flow.lock` says"]);
    place.write("flow.lock", "version = 9\n");
    place.flowc(&["check", "--locked"]).fails(1, &["FL0805", "flow.lock:1:1"]);
}

#[test]
fn a_package_without_pointers_needs_no_lock() {
    let place =
        Place::new(&[("flow.toml", "[package]\nname = \"desk\"\n"), ("main.flow", "fn one(): int = 1\n")]);
    assert!(place.flowc(&["lock"]).works().err.contains("nothing to lock"));
    place.flowc(&["check", "--locked"]).works();
}

#[test]
fn warnings_fail_only_when_denied() {
    let place = Place::new(&[("a.flow", "pub flow f(unused: text): int {\n  -> return 1\n}\n")]);
    place.flowc(&["check", "a.flow"]).works();
    place.flowc(&["check", "a.flow", "--deny", "warnings"]).fails(1, &["FL0305"]);
}

#[test]
fn nothing_but_results_and_errors_when_quiet() {
    let place = talk("http://localhost");
    let said = place.flowc(&["check", "talk.flow", "-q"]);
    assert_eq!((said.works().out.as_str(), said.err.as_str()), ("", ""));
}

#[test]
fn bytes_that_are_no_text_are_a_diagnostic() {
    let place = Place::new(&[]);
    place.write("a.flow", b"fn f(x: int): int = x\n\xff\xfe\x00\n");
    place.flowc(&["check", "a.flow"]).fails(1, &["FL0012"]);
    place.flowc(&["fmt", "a.flow"]).fails(2, &["is not UTF-8", "nothing was changed"]);
}

#[test]
fn a_diagnostic_is_explained_by_number_and_by_name() {
    let place = Place::new(&[]);
    let by_number = place.flowc(&["explain", "fl0203"]);
    let by_name = place.flowc(&["explain", "unreachable-node"]);
    assert!(by_number.works().out.contains("FL0203"), "{by_number:?}");
    assert_eq!(by_number.out, by_name.out);
    place.flowc(&["explain", "unreachable-nod"]).fails(2, &["did you mean `unreachable-node`?"]);
    place.flowc(&["explain", "FL9999"]).fails(2, &["there is no diagnostic `FL9999`"]);
}

#[test]
fn every_code_is_explained_without_a_network() {
    let place = Place::new(&[]);
    for code in flow_diagnostics::index::ALL {
        let said = place.flowc(&["explain", code.number]);
        let page = &said.works().out;
        assert!(page.contains(code.number) && page.contains(code.name), "{said:?}");
        assert!(page.lines().count() > 4, "{} has no page: {page}", code.number);
    }
}

#[test]
fn a_declaration_is_explained_with_its_text() {
    let place = Place::new(&[]);
    place.flowc(&["new", "desk"]).works();
    let said = place.flowc(&["explain", "answer", "--package", "desk"]);
    assert!(said.works().out.starts_with("flow answer  at desk/main.flow:"), "{said:?}");
    assert!(said.out.contains("Read it like a flowchart"), "{said:?}");
    place.flowc(&["explain", "answer.rewrite", "--package", "desk"]).works();
    place.flowc(&["explain", "answr", "--package", "desk"]).fails(2, &["did you mean `answer`?"]);
}

#[test]
fn completions_exist_for_every_shell() {
    let place = Place::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(place.flowc(&["completions", shell]).works().out.contains("flowc"), "{shell}");
    }
}
