use std::sync::Arc;

use flow_ir::tool_schema::ToolSchema;
use flow_ir::units::ErrorClass;
use serde_json::{Value, json};

use super::{McpCall, McpPlace, McpServer, McpServers};
use crate::http::{Egress, EgressOptions};
use crate::secrets::FixedSecrets;
use crate::tool::{ToolError, ToolReply};

/// A server in a shell: it answers by what is asked, and logs on its output as some do.
const SERVER: &str = r#"
echo "starting up"
FIRST='{"name":"fits","description":"Finds it.","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object","properties":{"ref":{"type":"string"}}}}'
SECOND='{"name":"changes","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}}'
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-03-26","capabilities":{"tools":{}},"serverInfo":{"name":"t","version":"1"}}}';;
    *notifications/initialized*) ;;
    *'"fits"'*) echo '{"jsonrpc":"2.0","id":99,"method":"ping"}'; read -r pong
       echo '{"jsonrpc":"2.0","method":"notifications/message","params":{}}'
       echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"x"}],"structuredContent":{"pong":'"$pong"',"token":"'$CRM_TOKEN'"}}}';;
    *'"wrapped"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[],"structuredContent":{"result":[1,2]}}}';;
    *'"words"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"hello"},{"type":"text","text":"there"}]}}';;
    *'"fails"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"isError":true,"content":[{"type":"text","text":"no such ref, sk-1"}]}}';;
    *'"unknown"'*) echo '{"jsonrpc":"2.0","id":'$id',"error":{"code":-32602,"message":"Unknown tool"}}';;
    *'"tools/list"'*'"page-2"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"tools":['$SECOND']}}';;
    *'"tools/list"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"tools":['$FIRST'],"nextCursor":"page-2"}}';;
    *'"changes"'*) FIRST='{"name":"fits","inputSchema":{"type":"object","required":["ref","owner"],"properties":{"ref":{"type":"string"},"owner":{"type":"string"}}}}'
       echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
       echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"x"}],"structuredContent":{}}}';;
    *'"dies"'*) exit 1;;
    *'"hangs"'*) sleep 60;;
  esac
done
"#;

fn servers(place: McpPlace) -> McpServers {
    let server = McpServer { name: "crm".to_owned(), place, auth: Some("crm-token".to_owned()) };
    let secrets = FixedSecrets::new([("CRM_TOKEN".to_owned(), "sk-1".to_owned())]);
    let egress = Egress::new(EgressOptions::default()).unwrap();
    McpServers::new(vec![server], std::env::temp_dir(), egress, Arc::new(secrets))
}

fn call(name: &str) -> McpCall {
    McpCall {
        tool: "find".to_owned(),
        server: "crm".to_owned(),
        name: name.to_owned(),
        arguments: json!({ "ref": "L1" }),
        text: false,
        object: true,
        locked: None,
        idempotency_key: None,
        timeout_ms: 20_000,
    }
}

fn in_a_shell() -> McpServers {
    servers(McpPlace::Command(["sh", "-c", SERVER].map(str::to_owned).to_vec()))
}

#[tokio::test]
async fn a_program_answers_in_every_form() {
    let servers = in_a_shell();
    let pong = json!({ "jsonrpc": "2.0", "id": 99, "result": {} });
    let fits = servers.call(&call("fits")).await.unwrap();
    assert_eq!(fits, ToolReply::Json(json!({ "pong": pong, "token": "sk-1" })));
    let wrapped = McpCall { object: false, ..call("wrapped") };
    assert_eq!(servers.call(&wrapped).await.unwrap(), ToolReply::Json(json!([1, 2])));
    let words = McpCall { text: true, object: false, ..call("words") };
    assert_eq!(servers.call(&words).await.unwrap(), ToolReply::Json(json!("hello\nthere")));
    assert_eq!(servers.call(&call("words")).await.unwrap_err().class, ErrorClass::Invalid);
}

#[tokio::test]
async fn every_failure_of_a_program_has_its_class_and_the_next_call_works() {
    let servers = in_a_shell();
    let failed = |error: ToolError| (error.class, error.message);
    let (class, message) = failed(servers.call(&call("fails")).await.unwrap_err());
    assert_eq!(
        (class, message.as_str()),
        (ErrorClass::Failed, "`find`: the MCP server `crm` failed: no such ref, [secret]")
    );
    let (class, message) = failed(servers.call(&call("unknown")).await.unwrap_err());
    assert!(class == ErrorClass::Failed && message.contains("refuses (-32602): Unknown tool"), "{message}");
    let (class, message) = failed(servers.call(&call("dies")).await.unwrap_err());
    assert!(class == ErrorClass::Overload && message.contains("ended without an answer"), "{message}");
    let hanging = McpCall { timeout_ms: 100, ..call("hangs") };
    assert_eq!(servers.call(&hanging).await.unwrap_err().class, ErrorClass::Timeout);
    assert!(servers.call(&call("fits")).await.is_ok(), "a new program was started");
    let stranger = McpCall { server: "erp".to_owned(), ..call("fits") };
    let (class, message) = failed(servers.call(&stranger).await.unwrap_err());
    assert!(class == ErrorClass::Denied && message.contains("add `[mcp.erp]`"), "{message}");
    let gone = self::servers(McpPlace::Command(vec!["/does/not/exist".to_owned()]));
    assert!(gone.call(&call("fits")).await.unwrap_err().message.contains("cannot be started"));
}

#[tokio::test]
async fn a_server_lists_its_tools_page_by_page() {
    let listing = in_a_shell().list("crm", 20_000).await.unwrap();
    assert_eq!(listing.about, "t 1");
    let [fits, changes] = listing.tools.as_slice() else { panic!("{listing:?}") };
    assert_eq!((fits.name.as_str(), fits.description.as_str(), fits.reads), ("fits", "Finds it.", true));
    assert_eq!((changes.reads, changes.output.as_ref()), (false, Some(&json!({ "type": "object" }))));
    let error = servers(McpPlace::Command(vec!["/does/not/exist".to_owned()])).list("crm", 20_000).await;
    assert!(error.unwrap_err().message.starts_with("the MCP server `crm` cannot be started"));
}

fn locked(name: &str, properties: Value) -> McpCall {
    let schema = json!({ "type": "object", "properties": properties });
    McpCall { locked: Some(Arc::new(ToolSchema::new(&schema, None))), ..call(name) }
}

#[tokio::test]
async fn a_tool_that_changed_since_it_was_locked_is_not_called() {
    let servers = in_a_shell();
    let text = json!({ "type": "string" });
    let fits = locked("fits", json!({ "ref": text }));
    assert!(servers.call(&fits).await.is_ok());
    let less = locked("fits", json!({}));
    assert!(servers.call(&less).await.is_ok(), "what it takes besides is no obstacle");
    let other = locked("fits", json!({ "ref": text, "due": text }));
    let error = servers.call(&other).await.unwrap_err();
    let expected = "`find`: the MCP server `crm` changed `fits` since it was locked: it takes no `due`; \
                    `flowc lock --update mcp:crm`, then adapt `find`";
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Failed, expected));
    let gone = servers.call(&locked("words", json!({}))).await.unwrap_err();
    assert!(gone.message.contains("since it was locked: it is gone"), "{gone}");
}

#[tokio::test]
async fn a_server_that_says_that_it_changed_is_asked_again() {
    let servers = in_a_shell();
    let fits = locked("fits", json!({ "ref": { "type": "string" } }));
    assert!(servers.call(&fits).await.is_ok());
    assert!(servers.call(&call("changes")).await.is_ok());
    let error = servers.call(&fits).await.unwrap_err();
    assert!(error.message.contains("it requires `owner`"), "{error}");
}

/// An HTTP server that counts sessions, answers in both forms, and forgets once.
async fn at_an_address() -> String {
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::IntoResponse;
    let forgotten = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let answer = move |headers: HeaderMap, axum::Json(message): axum::Json<Value>| {
        let forgotten = Arc::clone(&forgotten);
        async move {
            let header =
                |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if header("authorization") != "Bearer sk-1" {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let method = message["method"].as_str().unwrap_or_default();
            let result = |result: Value| json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
            match (method, message["params"]["name"].as_str().unwrap_or_default()) {
                ("initialize", _) => {
                    ([("mcp-session-id", "s-1")], axum::Json(result(json!({})))).into_response()
                }
                _ if header("mcp-session-id") != "s-1" => StatusCode::BAD_REQUEST.into_response(),
                ("tools/list", _) => {
                    let schema = json!({ "type": "object", "properties": { "ref": { "type": "integer" } } });
                    let tools = json!({ "tools": [{ "name": "plain", "inputSchema": schema }] });
                    let text = format!("event: message\ndata: {}\n\n", result(tools));
                    ([("content-type", "text/event-stream")], text).into_response()
                }
                ("tools/call", "streamed") => {
                    let done = result(json!({ "structuredContent": { "a": 1 } }));
                    let text =
                        format!("event: message\ndata: {}\n\ndata: {done}\n\n", json!({ "method": "x" }));
                    ([("content-type", "text/event-stream")], text).into_response()
                }
                ("tools/call", "forgets") if !forgotten.swap(true, std::sync::atomic::Ordering::SeqCst) => {
                    StatusCode::NOT_FOUND.into_response()
                }
                ("tools/call", "broken") => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                ("tools/call", _) => {
                    axum::Json(result(json!({ "structuredContent": { "a": 2 } }))).into_response()
                }
                _ => StatusCode::ACCEPTED.into_response(),
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/mcp", listener.local_addr().unwrap());
    let app = axum::Router::new().route("/mcp", axum::routing::post(answer));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn an_address_answers_in_both_forms() {
    let servers = servers(McpPlace::Address(at_an_address().await));
    assert_eq!(servers.call(&call("plain")).await.unwrap(), ToolReply::Json(json!({ "a": 2 })));
    assert_eq!(servers.call(&call("streamed")).await.unwrap(), ToolReply::Json(json!({ "a": 1 })));
    assert_eq!(servers.list("crm", 20_000).await.unwrap().tools.len(), 1);
    let changed = locked("plain", json!({ "ref": { "type": "string" } }));
    let error = servers.call(&changed).await.unwrap_err();
    assert!(error.message.contains("`ref` is text, and it takes a whole number"), "{error}");
    let error = servers.call(&call("forgets")).await.unwrap_err();
    assert!(
        error.class == ErrorClass::Overload && error.message.contains("forgotten the session"),
        "{error}"
    );
    assert!(servers.call(&call("forgets")).await.is_ok(), "a new session was begun");
    assert_eq!(servers.call(&call("broken")).await.unwrap_err().class, ErrorClass::Overload);
}
