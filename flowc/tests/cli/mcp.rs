//! `flowc mcp`, and tools of MCP servers: the two ends talk to each other.

use flow_tests::provider::{Answer, Provider};
use serde_json::{Value, json};

use crate::flowc::{Place, TALK, talk};

/// Messages in, messages out, by their ids.
fn conversation(place: &Place, args: &[&str], messages: &[Value]) -> Vec<Value> {
    let input: String = messages.iter().map(|message| format!("{message}\n")).collect();
    let said = place.flowc_with_input(args, &input);
    said.works();
    let mut answers: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    answers.sort_by_key(|answer| answer["id"].as_u64());
    answers
}

fn request(id: u64, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[test]
fn every_public_flow_is_a_tool() {
    let call =
        |id, name, arguments| request(id, "tools/call", json!({ "name": name, "arguments": arguments }));
    let messages = [
        request(1, "initialize", json!({ "protocolVersion": "2025-03-26", "capabilities": {} })),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        request(2, "tools/list", json!({})),
        call(3, "count", json!({ "n": 2, "word": "cats" })),
        call(4, "count", json!({ "n": 20, "word": "cats" })),
        call(5, "nothing", json!({})),
        request(6, "resources/list", json!({})),
        request(7, "ping", json!({})),
    ];
    let answers = conversation(&talk("http://x.test"), &["mcp", "talk.flow"], &messages);
    assert_eq!(answers.len(), 7, "a notification is not answered");
    assert_eq!(answers[0]["result"]["protocolVersion"], "2025-03-26");
    let tools = answers[1]["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["handle", "chat", "count"]);
    assert_eq!(tools[2]["inputSchema"]["required"], json!(["n", "word"]));
    assert_eq!(answers[2]["result"]["content"][0]["text"], "2 cats");
    assert_eq!(
        (&answers[3]["result"]["isError"], answers[4]["error"]["code"].as_i64()),
        (&json!(true), Some(-32602))
    );
    let why = answers[3]["result"]["content"][0]["text"].as_str().unwrap();
    assert!(why.contains("20 is above 9"), "{why}");
    assert_eq!((answers[5]["error"]["code"].as_i64(), &answers[6]["result"]), (Some(-32601), &json!({})));
}

const CLIENT: &str = r#"//! Calls a flow of another package over MCP.

tool said(n: int in 0..9, word: text): text = mcp("talk", "count") {
  effect: Read
}

pub flow ask(n: int in 0..9): text {
  -> asked

  node asked = said(n, "dogs")
    -> return asked
}
"#;

#[test]
fn a_tool_of_an_mcp_server_is_called() {
    let program = env!("CARGO_BIN_EXE_flowc");
    let toml = format!(
        "[package]\nname = \"asking\"\n\n[mcp.talk]\ncommand = [\"{program}\", \"mcp\", \"talk.flow\"]\n"
    );
    let place = Place::new(&[("flow.toml", &toml), ("main.flow", CLIENT)]);
    // Its server runs in the package, and needs a package of its own below it.
    place.write("other/flow.toml", "[package]\nname = \"other\"\n");
    place.write("other/talk.flow", TALK);
    let toml = toml.replace("\"talk.flow\"", "\"other\"");
    place.write("flow.toml", toml);
    let said = place.flowc(&["run", ".:ask", "--arg", "n=3", "--live"]);
    assert_eq!(said.works().out, "3 dogs\n");
    place.write("flow.toml", "[package]\nname = \"asking\"\n");
    place.flowc(&["run", ".:ask", "--arg", "n=3", "--live"]).fails(4, &["add `[mcp.talk]`"]);
    place.write("flow.toml", "[package]\nname = \"asking\"\n\n[mcp.talk]\nport = 3\n");
    place.flowc(&["check"]).fails(1, &["FL0025", "no key `port`", "needs either `command"]);
}

const ASKING: &str = r#"//! Calls a tool that `flowc add mcp` declared.

import talk.{count}

pub flow ask(n: int in 0..9): text {
  -> asked

  node asked = count(n, "dogs", none)
    -> return asked
}
"#;

/// A package, and below it another one whose flows are the tools.
fn two_packages() -> Place {
    let place = Place::new(&[("flow.toml", "[package]\nname = \"asking\"\n")]);
    place.write("other/flow.toml", "[package]\nname = \"other\"\n");
    place.write("other/talk.flow", TALK);
    place
}

#[test]
fn tools_are_declared_locked_called_and_refused_when_they_change() {
    let program = env!("CARGO_BIN_EXE_flowc");
    let place = two_packages();
    let added = place.flowc(&["add", "mcp", "--tool", "count", "talk", program, "mcp", "other"]);
    assert!(added.works().err.contains("every tool is `Sensitive`"), "{added:#?}");
    let declared = place.read("talk.flow");
    let expected = "pub tool count(n: int in 0..9, word: text, note: text?): text = mcp(\"talk\", \"count\") {\n  effect: Sensitive\n}\n";
    assert!(declared.ends_with(expected), "{declared}");
    let toml = place.read("flow.toml");
    assert!(
        toml.ends_with(&format!("\n[mcp.talk]\ncommand = [\"{program}\", \"mcp\", \"other\"]\n")),
        "{toml}"
    );
    assert!(place.read("flow.lock").contains("[mcp.talk.tools.count]"));

    place.write("talk.flow", declared.replace("Sensitive", "Read"));
    place.write("main.flow", ASKING);
    place.flowc(&["check", ".", "--locked"]).works();
    let run = ["run", ".:ask", "--arg", "n=3", "--live"];
    assert_eq!(place.flowc(&run).works().out, "3 dogs\n");

    // The server wants more than it was asked about.
    let changed = TALK
        .replace("word: text, note: text?", "word: text, owner: text")
        .replace("{{word}}", "{{word}} of {{owner}}");
    place.write("other/talk.flow", changed);
    place.flowc(&["check", "main.flow", "--locked"]).works();
    place.flowc(&run).fails(
        4,
        &["Failed", "changed `count` since it was locked", "it requires `owner`", "it takes no `note`"],
    );
    place.flowc(&["lock", "main.flow"]).works();
    place.flowc(&run).fails(4, &["changed `count` since it was locked"]);
    let locked = place.flowc(&["lock", "main.flow", "--update", "mcp:talk/count"]);
    assert!(locked.works().err.contains("mcp:talk/count: it requires `owner`"), "{locked:#?}");
    place
        .flowc(&["check", "main.flow"])
        .fails(1, &["FL0602", "talk.flow:3:10", "it requires `owner`", "it takes no `note`"]);
    place.flowc(&run).fails(1, &["FL0602"]);
    place.write("talk.flow", place.read("talk.flow").replace("note: text?", "owner: text"));
    place.write("main.flow", ASKING.replace("none", "\"Ann\""));
    assert_eq!(place.flowc(&run).works().out, "3 dogs of Ann\n");
}

#[test]
fn what_cannot_be_added_or_renewed_is_said() {
    let program = env!("CARGO_BIN_EXE_flowc");
    let place = two_packages();
    let add = |args: &[&str]| place.flowc(&[&["add", "mcp"], args].concat());
    add(&["talk"]).fails(2, &["flow.toml names no MCP server `talk`", "flowc add mcp talk https://"]);
    add(&["a.b", program]).fails(2, &["`a.b` cannot name a server"]);
    add(&["talk", "/does/not/exist"]).fails(4, &["the MCP server `talk` cannot be started"]);
    add(&["--tool", "cuont", "talk", program, "mcp", "other"])
        .fails(2, &["offers no tool `cuont`", "`count`"]);
    assert_eq!(place.read("flow.toml"), "[package]\nname = \"asking\"\n", "nothing was written");
    add(&["talk", program, "mcp", "other"]).works();
    add(&["talk"]).fails(2, &["`talk.flow` is there already", "--into"]);
    add(&["--into", "more.flow", "talk", "another"]).fails(2, &["flow.toml names another server `talk`"]);
    add(&["--into", "more.flow", "--tool", "chat", "talk"]).works();
    place.flowc(&["lock", "talk.flow", "--update", "mcp:crm"]).fails(2, &["declares no tool of `mcp:crm`"]);
    place.flowc(&["lock", "--update", "crm"]).fails(2, &["`mcp:NAME`"]);
    place.write("more.flow", "pub tool gone(a: text): text = mcp(\"talk\", \"gone\") {\n  effect: Read\n}\n");
    place.flowc(&["lock", "more.flow"]).fails(4, &["offers no tool `gone`", "`count`"]);
}

#[test]
fn a_server_at_an_address_is_added_with_its_token() {
    let answer =
        |id: u64, result: Value| Answer::json(200, &json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    let tools = json!({ "tools": [{
        "name": "createTask", "description": "Creates a task.",
        "inputSchema": {
            "type": "object", "required": ["dueDate"],
            "properties": { "dueDate": { "type": "string", "format": "date" } },
        },
    }] });
    let about = json!({ "serverInfo": { "name": "CRM", "version": "1.4.2" } });
    let provider = Provider::start([answer(1, about), Answer::json(202, &json!({})), answer(2, tools)]);
    let place = Place::new(&[("flow.toml", "[package]\nname = \"desk\"\n")]).env("CRM_TOKEN", "sk-crm-1");
    let url = format!("{}/mcp", provider.origin);
    let said = place.flowc(&["add", "mcp", "--auth", "crm-token", "crm", &url]);
    said.works();
    assert_eq!(
        place.read("crm.flow"),
        "//! Tools of the MCP server `crm` (CRM 1.4.2).\n\n/// Creates a task.\npub tool create_task(due_date \"dueDate\": date): text = mcp(\"crm\", \"createTask\") {\n  effect: Sensitive\n}\n"
    );
    let toml = place.read("flow.toml");
    assert!(toml.ends_with(&format!("[mcp.crm]\nurl = \"{url}\"\nauth = \"crm-token\"\n")), "{toml}");
    let seen = provider.seen();
    assert!(seen.iter().all(|request| request.headers["authorization"] == "Bearer sk-crm-1"));
    assert!(place.read("flow.lock").contains("server = \"CRM 1.4.2\""));
    place.flowc(&["check", ".", "--locked"]).works();
}
