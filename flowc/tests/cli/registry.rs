//! The registry through the command line: publish, move, run, roll back, and who did what.

use flow_tests::provider::{Answer, Provider};
use serde_json::Value as Json;

use crate::flowc::{Place, Said, repository};

const PACKAGE: &str = r#"//! Sorts mail.

type Sorted {
  team: text in 1..20
  urgent: bool
}

prompt sort(mail: text in ..400 tokens): Sorted = registry("desk/sort@prod") {
  output: 40 tokens
}

model quick = openai("gpt-5-mini") {
  can: [Json]
  context: 2k tokens
  output: 100 tokens
  price_in: 1 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  timeout: 5s
  retry: 0
}

pub flow handle(mail: text in ..400 tokens): text within 0.01 USD {
  -> sorted

  node sorted = sort(mail) using quick
    -> return sorted.team
}
"#;

/// A version that says this before the mail, with these further fields.
fn version(front: &str, params: &str, fields: &str) -> String {
    format!(
        "type Sorted {{\n  team: text in 1..20\n{fields}}}\n\nprompt sort(mail: text in ..400 tokens{params}): Sorted {{\n  user: \"{front} {{{{mail}}}}\"\n}}\n"
    )
}

fn good(front: &str) -> String {
    version(front, "", "  urgent: bool\n")
}

/// A package that takes its prompt from the registry, with two versions in files.
fn place() -> Place {
    let place =
        Place::new(&[("flow.toml", "[package]\nname = \"desk\"\nflow = \"0.1\"\n"), ("main.flow", PACKAGE)]);
    let place = place.env("FLOWC_ACTOR", "ann").env("OPENAI_API_KEY", "none");
    // Beside the package, not in it: they are no modules of it.
    place.write("versions/flow.toml", "[package]\nname = \"versions\"\nflow = \"0.1\"\n");
    place.write("versions/one.flow", good("Sort this:"));
    place.write("versions/two.flow", good("Please sort this:"));
    place
}

impl Place {
    fn publish(&self, file: &str) -> Said {
        self.flowc(&["prompt", "publish", "desk/sort", &format!("versions/{file}.flow")])
    }

    fn move_to(&self, to: &str, reason: &str) -> Said {
        self.flowc(&["prompt", "move", "desk/sort@prod", to, "--reason", reason])
    }

    /// v1 is in force, and the package is deployed.
    fn deployed(self) -> Self {
        self.publish("one").works();
        self.move_to("v1", "first").works();
        self.flowc(&["deploy", ".", "--reason", "first"]).works();
        self
    }
}

fn json(said: &Said) -> Json {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:#?}"))
}

#[test]
fn a_version_is_published_once_and_shown() {
    let place = place();
    assert!(place.publish("one").works().out.starts_with("desk/sort v1  "));
    assert!(place.publish("two").works().out.starts_with("desk/sort v2  "));
    assert!(place.publish("one").works().out.contains("was published before"));
    let shown = place.flowc(&["prompt", "show", "desk/sort@v2"]);
    assert!(shown.works().out.contains("user: \"Please sort this: {{mail}}\""), "{shown:#?}");
    let differs = place.flowc(&["prompt", "diff", "desk/sort@v1", "desk/sort@v2"]);
    assert_eq!(differs.code, 1);
    assert!(differs.out.contains("+  user: \"Please sort this: {{mail}}\""), "{differs:#?}");
    assert!(place.flowc(&["prompt", "list"]).works().out.contains("newest v2"));
    let listed = json(&place.flowc(&["prompt", "list", "desk/sort", "--json"]));
    assert_eq!(listed["versions"].as_array().unwrap().len(), 2);
    assert_eq!(place.read(".flowc/.gitignore"), "*\n");
}

#[test]
fn a_run_uses_what_the_pointer_names_and_says_so() {
    let place = place().deployed();
    place.publish("two").works();
    let ask = |front: &str, number: u32| {
        let provider = Provider::start([Answer::ok(r#"{"team": "sales", "urgent": false}"#)]);
        let mut command =
            place.command(&["run", ".", "--arg", "mail=hello", "--live", "--trace", "log.jsonl"]);
        command.env("OPENAI_BASE_URL", provider.base());
        let said = Said::from(command.output().unwrap());
        assert_eq!(said.works().out, "sales\n");
        let messages = provider.seen()[0].body["messages"].clone();
        assert_eq!(messages[0]["content"], format!("{front} hello"));
        let log = place.read("log.jsonl");
        assert!(log.contains(&format!("\"versions\":\"desk/sort@prod = v{number}\"")), "{log}");
    };
    ask("Sort this:", 1);
    place.move_to("v2", "politer").works();
    ask("Please sort this:", 2);
    place.flowc(&["prompt", "rollback", "desk/sort@prod", "--reason", "no better"]).works();
    ask("Sort this:", 1);
    // The registry goes away; what was verified last serves.
    for name in ["registry.db", "registry.db-wal", "registry.db-shm"] {
        drop(std::fs::remove_file(place.path().join(".flowc").join(name)));
    }
    ask("Sort this:", 1);
}

#[test]
fn a_version_is_tried_without_moving_anything() {
    let place = place().deployed();
    place.publish("two").works();
    let provider = Provider::start((0..2).map(|_| Answer::ok(r#"{"team": "sales", "urgent": true}"#)));
    let place = place.env("OPENAI_BASE_URL", &provider.base());
    let said = place.flowc(&["prompt", "try", "desk/sort@v2", "--arg", "mail=hello"]);
    let answer: Json = serde_json::from_str(&said.works().out).unwrap();
    assert_eq!(answer, serde_json::json!({ "team": "sales", "urgent": true }));
    assert_eq!(provider.seen()[0].body["messages"][0]["content"], "Please sort this: hello");
    let input = r#"{"mail": "hi"}"#;
    let args = ["prompt", "try", "desk/sort@prod", "--input", input, "--using", "quick", "--json"];
    let told = json(&place.flowc(&args));
    assert_eq!((&told["answer"]["team"], &told["tokens"]["input"]), (&Json::from("sales"), &Json::from(11)));
    assert_eq!(provider.seen()[1].body["messages"][0]["content"], "Sort this: hi");
    let said = place.flowc(&["prompt", "try", "desk/sort@v2", "--arg", "letter=hello"]);
    said.fails(2, &["`letter`"]);
    let said = place.flowc(&["prompt", "try", "desk/sort@v2", "--arg", "mail=x", "--using", "slow"]);
    said.fails(2, &["declares no model `slow`", "it declares quick"]);
}

const LIMITED: &str = "  input: 420 tokens\n  output: 40 tokens\n";

#[test]
fn a_version_with_which_a_flow_costs_too_much_is_refused() {
    let place = place();
    // 420 tokens in at 1 USD, 40 out at 2 USD a million, and what the type of the answer takes: just within.
    let package = PACKAGE.replace("  output: 40 tokens\n", LIMITED).replace("0.01 USD", "0.0008 USD");
    place.write("main.flow", package);
    let place = place.deployed();
    place.write("versions/long.flow", good(&"a word and another ".repeat(100)));
    place.publish("long").works();
    let refused = place.move_to("v2", "longer");
    refused.fails(
        1,
        &["FL0402", "flow `handle`", "0.0008", "FL0804", "`input` is up to", "the package allows 420"],
    );
    place.publish("two").works();
    place.move_to("v3", "a word more").works();
}

#[test]
fn who_did_what_when_and_why_can_be_read_and_proved() {
    let place = place().deployed();
    place.publish("two").works();
    place.move_to("v2", "politer").works();
    place.flowc(&["prompt", "rollback", "desk/sort@prod", "--reason", "no better"]).works();
    let history = json(&place.flowc(&["prompt", "history", "desk/sort@prod", "--json"]));
    let told: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|moved| (moved["to"].as_u64().unwrap(), moved["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(1, "first"), (2, "politer"), (1, "no better")]);
    let log = place.flowc(&["audit", "log", "desk/sort@prod"]);
    assert!(log.works().out.contains("ann  rollback prompt desk/sort@prod  v2 → v1: no better"), "{log:#?}");
    let verified = json(&place.flowc(&["audit", "verify", "--json"]));
    assert_eq!((&verified["whole"], &verified["events"]), (&Json::Bool(true), &Json::from(7)));
    let head = verified["head"].as_str().unwrap().to_owned();
    place.move_to("v2", "again").works();
    place.flowc(&["audit", "verify", "--head", &head]).works();
    let exported = place.flowc(&["audit", "export"]);
    assert_eq!(exported.works().out.lines().count(), 8);
    let foreign = "0".repeat(64);
    place.flowc(&["audit", "verify", "--head", &foreign]).fails(1, &["not in the log"]);
}

#[test]
fn a_version_that_does_not_fit_what_is_deployed_is_refused() {
    let place = place().deployed();
    let long = "word ".repeat(4_000);
    let cases = [
        (version("Sort", ", tone: text in ..20 tokens", "  urgent: bool\n"), "FL0804", "`tone`"),
        (version("Sort", "", ""), "FL0804", "`result.urgent`"),
        (good("Sort").replace("mail: text", "mail: pii text"), "FL0804", "`mail` is without label"),
        (good("Sort").replace("1..20", "1..21"), "FL0804", "`result.team`"),
        (good("Sort").replace("  user:", "  output: 41 tokens\n  user:"), "FL0804", "`output`"),
        (good(&long), "FL0505", "quick"),
    ];
    for (number, (text, code, words)) in (2..).zip(cases) {
        // A parameter that no message looks at is only a warning.
        place.write("versions/next.flow", &text);
        place.publish("next").works();
        let to = format!("v{number}");
        let said = place.move_to(&to, "try");
        said.fails(1, &[code, words, "desk v1 (@prod)", "nothing was moved"]);
        let told =
            json(&place.flowc(&["prompt", "move", "desk/sort@prod", &to, "--reason", "try", "--json"]));
        assert_eq!(told["refused"][0]["diagnostics"][0]["code"], code);
    }
    let shown = json(&place.flowc(&["prompt", "show", "desk/sort@prod", "--json"]));
    assert_eq!(shown["version"]["number"], 1);
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let place = place().deployed();
    place.publish("two").works();
    let tried = place.flowc(&["prompt", "move", "desk/sort@prod", "v2", "--dry-run"]);
    let out = &tried.works().out;
    assert!(out.contains("would move: desk/sort@prod v1 → v2"), "{out}");
    assert!(out.contains("used by desk v1: handle"), "{out}");
    // 11 tokens for "Sort this:", 4 for a message, and so on: v2 says one word more.
    assert!(out.contains("    handle: usual ") && out.contains(" USD → "), "{out}");
    place.flowc(&["run", ".", "--arg", "mail=x", "--live", "--store", "runs.db"]);
    let args = ["prompt", "move", "desk/sort@prod", "v2", "--dry-run", "--runs", "runs.db", "--json"];
    let told = json(&place.flowc(&args));
    let change = &told["touches"][0]["changes"][0];
    assert_eq!((&change["flow"], &change["runs"]), (&Json::from("handle"), &Json::from(0)));
    assert!(
        change["before"]["worst"].as_f64().unwrap() < change["after"]["worst"].as_f64().unwrap(),
        "{told}"
    );
    let shown = json(&place.flowc(&["prompt", "show", "desk/sort@prod", "--json"]));
    assert_eq!(shown["version"]["number"], 1);
    assert_eq!(json(&place.flowc(&["audit", "verify", "--json"]))["events"], 5);
}

#[test]
fn a_package_is_deployed_only_with_what_it_needs() {
    let place = place();
    place.publish("one").works();
    let said = place.flowc(&["deploy", ".", "--reason", "first"]);
    said.fails(2, &["prompt `desk/sort` has no pointer `prod`"]);
    place.write("versions/bad.flow", version("Sort", "", ""));
    place.publish("bad").works();
    place.move_to("v2", "first").works();
    place.flowc(&["deploy", ".", "--reason", "first"]).fails(1, &["FL0804", "`result.urgent`"]);
    assert_eq!(json(&place.flowc(&["bundle", "list", "--json"]))["pointers"], serde_json::json!([]));
    place.move_to("v1", "that was wrong").works();
    place.flowc(&["deploy", ".", "--reason", "first"]).works();
    let check = place.flowc(&["check", ".", "--registry", ".flowc/registry.db"]);
    check.works();
    place.write("main.flow", PACKAGE.replace("desk/sort@prod", "desk/sort@v2"));
    let check = place.flowc(&["check", ".", "--registry", ".flowc/registry.db"]);
    check.fails(1, &["FL0804", "`result.urgent`"]);
}

#[test]
fn a_release_moves_prompt_and_model_as_one() {
    let place = place().deployed();
    place.publish("two").works();
    place.write("versions/model.flow", "model any = openai(\"gpt-5\") {\n  context: 9k tokens\n}\n");
    place.flowc(&["model", "publish", "fast", "versions/model.flow"]).works();
    let moves = ["prompt:desk/sort@prod=v2", "model:fast@prod=v1"];
    let apply = |last: &str| place.flowc(&["release", "apply", "week", moves[0], last, "--reason", "monday"]);
    apply("model:fast@prod=v9").fails(2, &["no version v9"]);
    apply(moves[1]).works();
    let at = |kind: &str, reference: &str| {
        json(&place.flowc(&[kind, "show", reference, "--json"]))["version"]["number"].clone()
    };
    assert_eq!((at("prompt", "desk/sort@prod"), at("model", "fast@prod")), (2.into(), 1.into()));
    let first = place.flowc(&["release", "rollback", "week", "--reason", "tuesday"]);
    first.fails(2, &["`fast@prod` has no earlier version"]);
    assert_eq!(at("prompt", "desk/sort@prod"), 2, "all or nothing");
    place.flowc(&["audit", "verify"]).works();
}

#[test]
fn mistakes_are_told_with_what_to_type() {
    let place = place();
    place.flowc(&["prompt", "list"]).fails(2, &["there is no registry", "flowc prompt publish"]);
    place.publish("one").works();
    place.move_to("v1", "").fails(2, &["needs a reason", "--reason"]);
    place.move_to("v7", "try").fails(2, &["no version v7", "flowc prompt list desk/sort"]);
    place.move_to("prod", "try").fails(2, &["`prod` is no version"]);
    let said = place.flowc(&["prompt", "move", "desk/sort@v1", "v1", "--reason", "x"]);
    said.fails(2, &["versions never move"]);
    place.flowc(&["prompt", "show", "desk/sort"]).fails(2, &["a name and a pointer or version"]);
    place.flowc(&["prompt", "show", "Desk@prod"]).fails(2, &["is no name"]);
    place.flowc(&["prompt", "publish", "a", "main.flow"]).fails(2, &["a version"]);
    place.write("versions/tools.flow", good("Sort").replace("  user:", "  repair: 1\n  user:"));
    place.publish("tools").fails(2, &["`repair` is decided by the package"]);
    place.write("versions/wrong.flow", "prompt sort(mail: txt): text {\n  user: \"{{mail}}\"\n}\n");
    place.publish("wrong").fails(1, &["FL0114"]);
    let said = place.flowc(&["run", ".", "--arg", "mail=x", "--live", "--registry", "none.db"]);
    said.fails(2, &["`desk/sort@prod` from the registry", "no registry at `none.db`"]);
}

/// `docs/src/registry.md`, typed by somebody who follows it.
#[cfg(unix)]
#[test]
fn the_page_about_the_registry_works_as_typed() {
    let provider = Provider::start([Answer::ok(r#"{"team": "billing", "urgent": false}"#)]);
    assert_eq!(typed("docs/src/registry.md", &provider), 13);
    assert_eq!(provider.seen().len(), 1);
}

/// `docs/src/gates.md`: the first text sorts every mail well, the second two in five.
#[cfg(unix)]
#[test]
fn the_page_about_gates_works_as_typed() {
    let right = ["billing", "support", "sales", "billing", "support"];
    let worse = ["billing", "support", "support", "sales", "sales"];
    let answer = |team: &&str| Answer::ok(&format!("{{\"team\": \"{team}\"}}"));
    let provider = Provider::start([right, worse, right, worse].iter().flatten().map(answer));
    assert_eq!(typed("docs/src/gates.md", &provider), 13);
    assert_eq!(provider.seen().len(), 20);
}

/// Writes the files of a page and types its lines; how many there were.
#[cfg(unix)]
fn typed(page: &str, provider: &Provider) -> usize {
    let page = std::fs::read_to_string(repository(page)).unwrap();
    let place = Place::new(&[("flow.toml", "[package]\nname = \"desk\"\nflow = \"0.1\"\n")]);
    // Beside the package, not in it.
    place.write("versions/flow.toml", "[package]\nname = \"versions\"\nflow = \"0.1\"\n");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_flowc")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let place = place.env("FLOWC_ACTOR", "ann").env("OPENAI_API_KEY", "none").env("PATH", &path);
    let place = place.env("OPENAI_BASE_URL", &provider.base());
    let mut typed = 0;
    let mut before = "";
    for (at, block) in page.split("```").enumerate() {
        if at % 2 == 0 {
            before = block;
        } else if let Some(text) = block.strip_prefix("flow\n").or(block.strip_prefix("json\n")) {
            let paragraph = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
            let mut names = paragraph.split('`');
            let name = names.find(|word| word.ends_with(".flow") || word.ends_with(".jsonl"));
            name.into_iter().for_each(|name| place.write(name, text));
        } else if let Some(text) = block.strip_prefix("console\n") {
            for step in text.split("$ ").skip(1) {
                let (line, expected) = step.split_once('\n').unwrap();
                type_in(&place, line, expected);
                typed += 1;
            }
        }
    }
    typed
}

/// Runs a line in a shell, and compares what it prints; `…` stands for anything within a line.
#[cfg(unix)]
fn type_in(place: &Place, line: &str, expected: &str) {
    let said = Said::from(place.program("sh", &["-c", line]).output().unwrap());
    // What a run tells beside its result differs from run to run.
    let err = if line.starts_with("flowc run") { "" } else { said.err.as_str() };
    let printed = format!("{}{err}", said.out);
    let (printed, expected): (Vec<_>, Vec<_>) = (printed.lines().collect(), expected.lines().collect());
    assert_eq!(printed.len(), expected.len(), "{line}: {said:#?}");
    for (printed, expected) in printed.iter().zip(&expected) {
        let mut rest = *printed;
        for part in expected.split('…') {
            let found = rest.find(part);
            assert!(found.is_some(), "{line}\nprints   {printed}\nexpected {expected}");
            rest = &rest[found.unwrap_or(0) + part.len()..];
        }
    }
}

#[test]
fn a_contract_is_a_file_that_a_version_can_begin_with() {
    let place = place();
    let said = place.flowc(&["contract", "desk/sort@prod"]);
    assert!(said.works().out.contains("prompt sort(mail: text in ..400 tokens): Sorted {"), "{said:#?}");
    assert!(said.out.contains("// at most 40 tokens: the answer"), "{said:#?}");
    assert!(said.err.contains("is not in the registry"), "{said:#?}");
    place.write("versions/begun.flow", &said.out);
    assert!(place.publish("begun").works().out.starts_with("desk/sort v1  "));
    place.move_to("v1", "begun").works();
    assert!(place.flowc(&["contract", "sort"]).works().err.contains("desk/sort@prod is v1"));
    place.write("versions/three.flow", version("No:", ", tone: text in ..9", "  urgent: bool\n"));
    place.publish("three").works();
    place.flowc(&["contract", "desk/sort@v2"]).fails(1, &["error[FL0804]", "tone"]);
    let told = json(&place.flowc(&["contract", "desk/sort@v2", "--json"]));
    assert_eq!((&told["fits"], &told["version"]), (&Json::from(false), &Json::from(2)));
    place.flowc(&["contract", "desk/sotr@prod"]).fails(2, &["did you mean `desk/sort@prod`?"]);
}

#[test]
fn old_contents_go_unless_something_reaches_them() {
    let place = place().deployed();
    place.publish("two").works();
    place.write("versions/three.flow", good("Third:"));
    place.publish("three").works();
    place.write("pins/flow.toml", "[package]\nname = \"pins\"\nflow = \"0.1\"\n");
    place.write("pins/main.flow", PACKAGE.replace("@prod", "@v3"));
    let prune = |more: &[&str]| {
        let args = ["registry", "prune", "--older-than", "0s", "--keep", "pins", "--reason", "tidy"];
        place.flowc(&[&args, more].concat())
    };
    let tried = prune(&["--dry-run"]);
    assert!(
        tried.works().out.starts_with("prompt desk/sort v2  ") && tried.out.lines().count() == 1,
        "{tried:#?}"
    );
    assert!(tried.err.contains("1 version would go"), "{tried:#?}");
    place.flowc(&["prompt", "show", "desk/sort@v2"]).works();
    prune(&[]).works();
    place.flowc(&["prompt", "show", "desk/sort@v2"]).fails(2, &["v2 of prompt `desk/sort` was deleted"]);
    for version in ["desk/sort@v1", "desk/sort@v3"] {
        place.flowc(&["prompt", "show", version]).works();
    }
    place.flowc(&["audit", "verify"]).works();
    assert!(place.publish("two").works().out.contains("v2"), "published again under its number");
    place.flowc(&["prompt", "show", "desk/sort@v2"]).works();
}
