//! Every example is formatted, says nothing when it is checked, tests all its arrows, and runs from its recording.

use serde_json::{Value, json};

use crate::flowc::{Place, Said, repository};

/// In the repository's root, where the READMEs write their commands.
fn at_root(args: &[&str]) -> Said {
    Said::from(Place::new(&[]).command(args).current_dir(repository(".")).output().unwrap())
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(repository("examples")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn all_are_formatted_and_check_with_nothing_to_say() {
    assert_eq!(names().len(), 6);
    at_root(&["fmt", "--check", "examples"]).works();
    let said = at_root(&["check", "examples", "--deny", "warnings"]);
    assert!(said.works().err.contains("6 packages checked, nothing is wrong"), "{said:?}");
}

#[test]
fn all_take_every_arrow_in_their_tests() {
    for name in names() {
        let said = at_root(&["test", &format!("examples/{name}"), "--coverage", "--json"]);
        let json: Value = serde_json::from_str(&said.works().out).unwrap();
        assert_eq!(json["failed"], 0, "{name}");
        for package in json["packages"].as_array().unwrap() {
            for flow in package["coverage"].as_array().unwrap() {
                assert_eq!(flow["untested"], json!([]), "{name}: {flow}");
            }
            for test in package["tests"].as_array().unwrap() {
                assert_eq!(test["unasked"], json!([]), "{name}: {test}");
            }
        }
    }
}

/// Runs the command of an example's README, in a shell with this `flowc`.
#[cfg(unix)]
fn as_the_readme_says(name: &str) -> Said {
    let text = std::fs::read_to_string(repository("examples").join(name).join("README.md")).unwrap();
    let script = text.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let place = Place::new(&[]);
    // What is written to `/tmp` there must not meet what another run wrote.
    let script = script.replace("/tmp/", &format!("{}/", place.path().display()));
    let binary = place.command(&[]).get_program().to_owned();
    let script = format!("flowc() {{ \"$FLOWC\" \"$@\"; }}\n{script}");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-euc", &script]).env("FLOWC", binary).env_remove("OPENAI_API_KEY");
    Said::from(shell.current_dir(repository(".")).output().unwrap())
}

#[cfg(unix)]
#[test]
fn all_run_from_their_recordings_as_their_readmes_say() {
    let ends = [
        ("chatbot", "Hi Ann, nice to meet you!"),
        ("estate", r#"{"Sent":{"mail":"out-88123"}}"#),
        ("onboarding", r#"{"Done":{"customer":"c-4417"}}"#),
        ("rag", r#""sources":["router-reset"]"#),
        ("support", r#"{"Answered":{"body":"A red light means"#),
        ("underwriting", r#""Granted""#),
    ];
    assert_eq!(ends.map(|(name, _)| name.to_owned()).to_vec(), names());
    for (name, end) in ends {
        let said = as_the_readme_says(name);
        assert!(said.works().out.contains(end), "{name}: {said:?}");
    }
}
