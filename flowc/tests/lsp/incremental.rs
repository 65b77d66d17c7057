//! What happens beside the text: the lock, settings, progress, versions, many importers.

use serde_json::{Value, json};

use crate::client::Client;

const MANIFEST: &str = "[package]\nname = \"shop\"\n";

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

const PROMPT: &str = "prompt hello(name: text in ..80): text in ..80 tokens {\n  version: \"1\"\n  output: 80 tokens\n  user: \"Say hello to {{name}}\"\n}\n";

/// What `flowc lock` writes about a package.
fn lock_of(client: &Client) -> String {
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_flowc"))
        .arg("lock")
        .arg(client.directory.path())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    std::fs::read_to_string(client.directory.path().join("flow.lock")).unwrap()
}

#[test]
fn what_the_lock_holds_otherwise_shows_and_follows_the_file() {
    let mut client = Client::start(&[("flow.toml", MANIFEST), ("main.flow", PROMPT)]);
    client.open("main.flow", PROMPT);
    assert_eq!(client.diagnostics("main.flow", 1), Vec::<Value>::new());
    let lock = lock_of(&client);
    let changed = |kind: u32| json!({ "changes": [{ "uri": client.uri("flow.lock"), "type": kind }] });
    let (created, gone) = (changed(1), changed(3));
    client.tell("workspace/didChangeWatchedFiles", &created);
    assert_eq!(client.diagnostics("main.flow", 1), Vec::<Value>::new());
    client.change("main.flow", 2, &json!([{ "text": PROMPT.replace("Say hello", "Shout") }]));
    assert_eq!(codes(&client.diagnostics("main.flow", 2)), ["FL0515"]);
    // A mistake elsewhere is said first.
    client.change(
        "main.flow",
        3,
        &json!([{ "text": PROMPT.replace("Say hello to {{name}}", "Shout at {{nam}}") }]),
    );
    let found = client.diagnostics("main.flow", 3);
    assert!(!found.is_empty() && !codes(&found).contains(&"FL0515"), "{found:?}");
    client.change("main.flow", 4, &json!([{ "text": PROMPT.replace("Say hello", "Shout") }]));
    assert_eq!(codes(&client.diagnostics("main.flow", 4)), ["FL0515"]);
    std::fs::remove_file(client.directory.path().join("flow.lock")).unwrap();
    client.tell("workspace/didChangeWatchedFiles", &gone);
    assert_eq!(client.diagnostics("main.flow", 4), Vec::<Value>::new());
    std::fs::write(client.directory.path().join("flow.lock"), lock.replace("version = 1", "version = 9"))
        .unwrap();
    client.tell("workspace/didChangeWatchedFiles", &created);
    let uri = client.uri("flow.lock");
    let found = client.find(&|message| message["params"]["uri"] == uri);
    assert_eq!(codes(found["params"]["diagnostics"].as_array().unwrap()), ["FL0805"]);
    assert_eq!(client.stop(), 0);
}

#[test]
fn a_tool_that_is_locked_otherwise_shows() {
    let main = "tool find(query: text in ..80): text = mcp(\"wiki\", \"find\") {\n  effect: Read\n  timeout: 3s\n}\n";
    let schema = r#"{"type":"object","properties":{"query":{"type":"integer"}},"required":["query"]}"#;
    let lock = format!(
        "version = 1\n\n[mcp.wiki]\nserver = \"wiki 1\"\n\n[mcp.wiki.tools.find]\ndescription = \"x\"\ninput = '{schema}'\n"
    );
    let manifest = format!("{MANIFEST}\n[mcp.wiki]\nurl = \"https://wiki.test/mcp\"\n");
    let files = [("flow.toml", manifest.as_str()), ("main.flow", main), ("flow.lock", lock.as_str())];
    let mut client = Client::start(&files);
    client.open("main.flow", main);
    let found = client.diagnostics("main.flow", 1);
    assert!(codes(&found).contains(&"FL0602"), "{found:?}");
}

#[test]
fn the_first_look_shows_how_it_goes_on() {
    let capabilities = json!({ "window": { "workDoneProgress": true } });
    let mut client = Client::with(&[("flow.toml", MANIFEST), ("main.flow", PROMPT)], &capabilities);
    let created = client.find(&|message| message["method"] == "window/workDoneProgress/create");
    let token = created["params"]["token"].clone();
    client.reply(&created["id"], &Value::Null);
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "end") {
        let step = client.find(&|message| message["method"] == "$/progress");
        assert_eq!(step["params"]["token"], token);
        kinds.push(step["params"]["value"]["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["begin", "report", "end"]);
    assert_eq!(client.stop(), 0);
}

#[test]
fn a_client_that_shows_no_progress_is_not_asked_to() {
    let mut client = Client::start(&[("flow.toml", MANIFEST), ("main.flow", PROMPT)]);
    client.open("main.flow", PROMPT);
    client.diagnostics("main.flow", 1);
    assert!(
        client
            .waiting(&|message| message["method"].as_str().is_some_and(|method| method.contains("rogress")))
            .is_empty()
    );
}

const PRICED: &str = "import std/models.{gpt_5_nano}\n\nprompt hello(name: text in ..80): text in ..80 tokens {\n  output: 80 tokens\n  user: \"Say hello to {{name}}\"\n}\n\npub flow greet(name: text in ..80): text within 1 USD {\n  -> say\n  -> end on Error\n\n  node say = hello(name) using gpt_5_nano\n    -> return say\n\n  node end\n    -> return \"hm\"\n}\n";

fn hints(client: &mut Client) -> Vec<String> {
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("main.flow") }, "range": whole });
    let found = client.ask("textDocument/inlayHint", &params);
    found.as_array().unwrap().iter().map(|hint| hint["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_kind_of_hint_can_be_off() {
    let mut client = Client::start(&[("flow.toml", MANIFEST), ("main.flow", PRICED)]);
    client.open("main.flow", PRICED);
    let all = hints(&mut client);
    assert_eq!(all.len(), 4, "{all:?}");
    for (off, gone) in [("types", ":"), ("errors", " ‹error"), ("bounds", " ‹≤")] {
        let settings = json!({ "settings": { "flow": { "inlayHints": { off: false } } } });
        client.tell("workspace/didChangeConfiguration", &settings);
        let left = hints(&mut client);
        let wanted: Vec<&String> = all.iter().filter(|hint| !hint.starts_with(gone)).collect();
        assert_eq!(left.iter().collect::<Vec<_>>(), wanted, "without {off}");
        assert!(left.len() < all.len());
    }
    client.tell("workspace/didChangeConfiguration", &json!({ "settings": null }));
    client.tell("workspace/didChangeConfiguration", &json!({ "settings": { "flow": { "inlayHints": 7 } } }));
    client.tell("workspace/didChangeConfiguration", &json!({ "settings": { "flow": { "inlayHints": {} } } }));
    assert_eq!(hints(&mut client), all);
}

#[test]
fn the_graph_needs_only_its_own_file_and_what_that_imports() {
    let files = [
        ("flow.toml", MANIFEST),
        ("main.flow", PRICED),
        ("other.flow", "fn half(x: float): float = y / 2\n"),
    ];
    let mut client = Client::start(&files);
    client.open("main.flow", PRICED);
    let params = json!({ "uri": client.uri("main.flow"), "flow": "greet" });
    let drawn = client.ask("flow/graph", &params);
    assert!(drawn["svg"].as_str().unwrap().contains("USD"), "{drawn}");
    // More than the limit is no reason to draw nothing.
    client.change("main.flow", 2, &json!([{ "text": PRICED.replace("1 USD", "0.00001 USD") }]));
    assert!(client.ask("flow/graph", &params)["svg"].is_string());
    client.change("main.flow", 3, &json!([{ "text": PRICED.replace("-> say\n", "-> sy\n") }]));
    assert_eq!(client.ask("flow/graph", &params)["svg"], Value::Null);
}

/// Every answer is about the version that it names, however quickly versions follow each other.
#[test]
fn what_is_published_is_about_the_version_that_it_names() {
    let mut client = Client::start(&[("flow.toml", MANIFEST)]);
    let text = |number: i32| {
        let name = if number % 2 == 0 { "x" } else { "y" };
        format!("// {number}\nfn half(x: float): float = {name} / 2\n")
    };
    client.open("a.flow", &text(1));
    for version in 2..=400 {
        client.change("a.flow", version, &json!([{ "text": text(version) }]));
    }
    let uri = client.uri("a.flow");
    let mut last = 0;
    while last < 400 {
        let found = client.find(&|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
        });
        let version = i32::try_from(found["params"]["version"].as_i64().unwrap()).unwrap();
        let is_wrong = !found["params"]["diagnostics"].as_array().unwrap().is_empty();
        assert!(version >= last, "version {version} behind {last}");
        assert_eq!(is_wrong, version % 2 == 1, "version {version}");
        last = version;
    }
}

/// A file that many import: its own diagnostics, then theirs; questions in between are answered.
#[test]
fn a_file_that_many_import_is_told_first_and_its_importers_after_it() {
    let hub = "pub type Stamp { by: text in ..80 }\n";
    let mut files =
        vec![("flow.toml".to_owned(), MANIFEST.to_owned()), ("hub.flow".to_owned(), hub.to_owned())];
    for number in 0..80 {
        let text = format!("import hub.{{Stamp}}\n\nfn f{number}(stamp: Stamp): text = stamp.by\n");
        files.push((format!("user_{number}.flow"), text));
    }
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut client = Client::start(&borrowed);
    client.open("hub.flow", hub);
    assert_eq!(client.diagnostics("hub.flow", 1), Vec::<Value>::new());
    client.change("hub.flow", 2, &json!([{ "text": hub.replace("by:", "from:") }]));
    let mut told = Vec::new();
    while told.iter().filter(|name: &&String| name.starts_with("user")).count() < 80 {
        let found = client.find(&|message| message["method"] == "textDocument/publishDiagnostics");
        let name = client.name(found["params"]["uri"].as_str().unwrap());
        let wrong = codes(found["params"]["diagnostics"].as_array().unwrap()).len();
        assert_eq!(wrong, usize::from(name.starts_with("user")), "{name}");
        told.push(name);
    }
    assert_eq!(told[0], "hub.flow");
    // Back again while nobody has waited: the last version counts.
    for version in 3..20 {
        let text = if version % 2 == 0 { hub.replace("by:", "from:") } else { hub.to_owned() };
        client.change("hub.flow", version, &json!([{ "text": text }]));
        let at = client.at("hub.flow", (0, 10));
        assert!(client.ask("textDocument/hover", &at).to_string().contains("Stamp"));
    }
    let all = client.ask("workspace/diagnostic", &json!({ "previousResultIds": [] }));
    for report in all["items"].as_array().unwrap() {
        assert_eq!(report["items"], json!([]), "{}", report["uri"]);
    }
    assert_eq!(client.stop(), 0);
}

/// A mistake in one file hides nothing of others once it is gone, though all were looked at together.
#[test]
fn what_a_mistake_elsewhere_hid_is_said_when_it_is_gone() {
    let dear = PRICED.replace("1 USD", "0.00001 USD");
    let mut files =
        vec![("flow.toml".to_owned(), MANIFEST.to_owned()), ("main.flow".to_owned(), dear.clone())];
    for number in 0..12 {
        files.push((format!("fn_{number}.flow"), format!("fn f{number}(x: float): float = x / 2\n")));
    }
    files.push(("wrong.flow".to_owned(), "fn g(x: float): float = y / 2\n".to_owned()));
    let borrowed: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut client = Client::start(&borrowed);
    client.open("main.flow", &dear);
    client.diagnostics("main.flow", 1);
    client.open("wrong.flow", "fn g(x: float): float = x / 2\n");
    assert_eq!(client.diagnostics("wrong.flow", 1), Vec::<Value>::new());
    let found = client.diagnostics("main.flow", 1);
    assert!(
        codes(&found).iter().any(|code| code.starts_with("FL050") || code.starts_with("FL04")),
        "{found:?}"
    );
}
