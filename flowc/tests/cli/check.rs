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
