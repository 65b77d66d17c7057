//! `flowc mcp`, and tools of MCP servers: the two ends talk to each other.

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
