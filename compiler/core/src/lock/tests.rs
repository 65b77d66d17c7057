use crate::{Checked, Workspace};

const PROMPT: &str = "prompt triage(mail: text in ..9 tokens): text in ..40 = registry(\"desk/triage@prod\") {\n  output: 40 tokens\n}\n";

fn locked(main: &str, lock: Option<&str>) -> Checked {
    let mut workspace = Workspace::default();
    workspace.set_file("main.flow", &["main".to_owned()], main);
    workspace.set_lock(lock.map(|text| ("flow.lock".to_owned(), text.to_owned())));
    workspace.require_lock();
    workspace.check()
}

fn codes(checked: &Checked) -> Vec<(&str, String)> {
    checked.diagnostics.iter().map(|found| (found.code.number, found.message.clone())).collect()
}

fn lock_of(main: &str) -> String {
    let mut workspace = Workspace::default();
    workspace.set_file("main.flow", &["main".to_owned()], main);
    workspace.check().output.map(|output| output.lock.to_text()).unwrap_or_default()
}

#[test]
fn a_package_that_agrees_with_its_lock_is_clean() {
    let main = format!(
        "import std/models.{{gpt_5_mini}}\n\n{PROMPT}\nflow f(mail: text in ..9 tokens): text in ..40 {{\n  -> n\n\n  node n = triage(mail) using gpt_5_mini\n    -> return n\n}}\n"
    );
    let lock = lock_of(&main);
    assert!(lock.contains("\"std/models\" = \""), "{lock}");
    assert!(lock.contains("\"desk/triage@prod\" = \""), "{lock}");
    assert_eq!(codes(&locked(&main, Some(&lock))), Vec::new());
}

#[test]
fn without_a_file_one_thing_is_said() {
    let found = locked(PROMPT, None);
    let message = "there is no `flow.lock`, and the package depends on `desk/triage@prod`".to_owned();
    assert_eq!(codes(&found), [("FL0805", message)]);
    assert!(found.output.is_none());
    assert_eq!(codes(&locked("fn one(): int = 1\n", None)), Vec::new());
}

#[test]
fn another_contract_is_said_where_the_pointer_stands() {
    let lock = lock_of(PROMPT);
    for changed in
        ["..9 tokens", "..40 =", "output: 40"].into_iter().zip(["..8 tokens", "..41 =", "output: 39"])
    {
        let main = PROMPT.replace(changed.0, changed.1);
        let message = "`desk/triage@prod` is not what `flow.lock` says".to_owned();
        assert_eq!(codes(&locked(&main, Some(&lock))), [("FL0805", message)], "{main}");
    }
}

#[test]
fn what_is_missing_left_over_or_unreadable_is_said() {
    let lock = lock_of(PROMPT);
    let missing = "`desk/triage@prod` is not in `flow.lock`".to_owned();
    assert_eq!(codes(&locked(PROMPT, Some("version = 1\n"))), [("FL0805", missing)]);
    let left = "`flow.lock` holds `desk/triage@prod`, which the package does not use".to_owned();
    assert_eq!(codes(&locked("fn one(): int = 1\n", Some(&lock))), [("FL0805", left)]);
    for text in ["version = 2\n", "prompts = 1\n", "[prompts\n"] {
        let found = locked("fn one(): int = 1\n", Some(text));
        let said: Vec<&str> = found.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(matches!(said.as_slice(), [only] if only.contains("cannot be read")), "{text}: {said:?}");
    }
}
