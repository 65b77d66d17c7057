use crate::flowc::Place;

const RUN: &[&str] = &[
    "run",
    "desk",
    "--input",
    "@desk/samples/ticket.json",
    "--cassette",
    "desk/cassettes/run.json",
    "--answers",
    "desk/answers.json",
];

#[test]
fn a_new_package_checks_formats_tests_and_runs() {
    let place = Place::new(&[]);
    place.flowc(&["new", "desk"]).works();
    let checked = place.flowc(&["check", "desk", "--deny", "warnings"]);
    assert!(checked.works().err.contains("nothing is wrong"), "{checked:?}");
    place.flowc(&["fmt", "--check", "desk"]).works();
    let tested = place.flowc(&["test", "desk", "--coverage"]);
    assert!(tested.works().err.contains("all passed, 10 of 10 edges taken"), "{tested:?}");
    let ran = place.flowc(RUN);
    assert_eq!(ran.works().out, "{\"Sent\":{\"id\":\"r-1\"}}\n");
    assert_eq!(ran.err, "", "in a pipe there is the result alone");
}

#[test]
fn nothing_is_written_over() {
    let place = Place::new(&[("desk/notes.txt", "mine")]);
    place.flowc(&["new", "desk"]).fails(2, &["`desk` is there already", "nothing was changed"]);
    assert_eq!(place.read("desk/notes.txt"), "mine");
}

#[test]
fn a_name_must_be_one_of_the_language() {
    let place = Place::new(&[]);
    place.flowc(&["new", "My-Desk"]).fails(2, &["`My-Desk` cannot name a package", "`my_desk` would do"]);
}

#[test]
fn a_bundle_runs_like_its_package() {
    let place = Place::new(&[]);
    place.flowc(&["new", "desk"]).works();
    let built = place.flowc(&["build", "desk", "-o", "desk.bundle"]);
    assert!(built.works().err.contains("1 flow"), "{built:?}");
    let mut args = RUN.to_vec();
    args[1] = "desk.bundle";
    assert_eq!(place.flowc(&args).works().out, "{\"Sent\":{\"id\":\"r-1\"}}\n");
    let again = place.flowc(&["build", "desk", "-o", "-"]);
    assert_eq!(again.works().out, place.read("desk.bundle"), "equal packages give equal bytes");
    place.write(
        "desk.bundle",
        place.read("desk.bundle").replace("unplug", "break").replace("three times", "4 times"),
    );
    place.flowc(&args).fails(2, &["the bundle was changed"]);
}
