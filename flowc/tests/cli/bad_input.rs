//! Whatever is typed: a clear error that names the place and what to do, and the right exit code.

use crate::flowc::{Place, talk};

#[test]
fn usage_mistakes_exit_with_two() {
    let place = talk("http://localhost");
    let check = |args: &[&str], words: &[&str]| {
        place.flowc(args).fails(2, words);
    };
    check(&["chekc"], &["unrecognized subcommand 'chekc'", "check"]);
    check(&["check", "--formt", "json"], &["unexpected argument '--formt'", "--format"]);
    check(&["check", "--format", "xml"], &["invalid value 'xml'", "human, json"]);
    check(&["run"], &["<PATH[:flow]>"]);
    check(&["check", "nope"], &["there is no `nope`"]);
    check(&["fmt", "nope.flow"], &["there is no file `nope.flow`"]);
    check(&["run", "nope.flow"], &["there is no `nope.flow`"]);
    check(&["run", "talk.flow:nope"], &["there is no flow `nope`", "`handle`"]);
    check(
        &["run", "talk.flow:chat", "--arg", "line=x", "--cassette", "no.json"],
        &["there is no file `no.json`"],
    );
    check(
        &["run", "talk.flow:chat", "--arg", "line=x", "--live", "--answers", "no.json"],
        &["there is no file `no.json`"],
    );
}

#[test]
fn input_that_does_not_fit_names_the_place() {
    let place = talk("http://localhost");
    let check = |args: &[&str], words: &[&str]| {
        let mut all = vec!["run", "talk.flow:count"];
        all.extend(args);
        place.flowc(&all).fails(2, words);
    };
    check(&["--input", "{\"n\": 1,"], &["the input is not JSON", "line 1"]);
    check(&["--input", "@no.json"], &["there is no file `no.json`"]);
    check(&["--input", r#"{"n": "one", "word": "x"}"#], &["at `n`", "int in 0..9"]);
    check(&["--input", r#"{"n": 12, "word": "x"}"#], &["at `n`"]);
    check(&["--input", r#"{"n": 1}"#], &["needs `word`: text", "for example --input"]);
    check(&["--input", r#"{"n": 1, "wrod": "x"}"#], &["takes no `wrod`", "did you mean `word`?"]);
    check(&["--input", "7"], &["must be a JSON object"]);
    check(&["--arg", "n"], &["`n` is no argument", "NAME=VALUE"]);
    place.write("in.json", "{}");
    check(&["--input", "in.json"], &["is not JSON", "--input @in.json"]);
}

#[test]
fn files_that_are_something_else_are_told_apart() {
    let place = talk("http://localhost");
    place.write("x.bundle", "no bundle");
    place.flowc(&["run", "x.bundle"]).fails(2, &["x.bundle", "this is no bundle"]);
    place.write("x.json", "[]");
    let args = ["run", "talk.flow:chat", "--arg", "line=x", "--cassette", "x.json"];
    place.flowc(&args).fails(2, &["is no cassette"]);
    place.write("bad.json", b"\xff\xff");
    place.flowc(&["run", "talk.flow:count", "--input", "@bad.json"]).fails(2, &["is not UTF-8"]);
}

#[test]
fn an_empty_directory_is_no_package() {
    Place::new(&[]).flowc(&["check"]).fails(2, &["there is no package", "flowc new NAME"]);
}

#[test]
fn a_package_with_errors_does_not_run() {
    let place = Place::new(&[("a.flow", "pub flow f(): int {\n  -> nowhere\n}\n")]);
    let said = place.flowc(&["run", "a.flow"]);
    said.fails(1, &["FL0202"]);
    assert_eq!(said.out, "");
    place.flowc(&["test", "a.flow"]).fails(1, &["FL0202"]);
    place.flowc(&["build", "a.flow"]).fails(1, &["FL0202"]);
}
