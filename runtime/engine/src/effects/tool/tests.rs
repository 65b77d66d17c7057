use flow_eval::Value;
use flow_ir::expr::Encoding;
use flow_ir::setup::{Callee, Effect, HttpMethod, Transport};
use flow_ir::units::{ErrorClass, Usd};
use flow_providers::http::Trust;
use flow_providers::tool::{ToolError, ToolReply};
use serde_json::json;

use super::has_literal_host;
use crate::effects::Attempt;
use crate::effects::fixtures::*;

fn find() -> Box<crate::protocol::Invocation> {
    invocation(Callee::Tool(FIND), vec![Value::text("4 Elm & Oak")])
}

fn failure(class: ErrorClass, retry_after_ms: Option<u64>) -> Result<ToolReply, ToolError> {
    let retryable = matches!(class, ErrorClass::Overload | ErrorClass::Timeout);
    Err(ToolError { class, message: "`find`: no".to_owned(), retryable, retry_after_ms })
}

#[test]
fn a_reply_is_decoded_and_404_is_none() {
    let world = World::does([Ok(ToolReply::Json(json!("L1"))), Ok(ToolReply::Absent)]);
    let performer = performer(bundle(), &world);
    let (found, facts) = value(outcome(&performer, &context(None), find()));
    assert_eq!((found, facts.cost, facts.attempts), (Value::text("L1"), Usd(5), 1));
    assert_eq!(value(outcome(&performer, &context(None), find())).0, Value::None);
    let Attempt::Http(call) = world.attempts.lock().unwrap()[0].clone() else { panic!("no HTTP") };
    assert_eq!(call.url, "https://crm.internal/listings?q=4%20Elm%20%26%20Oak");
    assert_eq!((call.trust, call.body, call.idempotency_key), (Trust::Literal, None, None));
}

#[test]
fn reads_are_retried_and_wait_as_long_as_the_server_says() {
    let busy = || failure(ErrorClass::Overload, Some(4_000));
    let world = World::does([busy(), busy(), Ok(ToolReply::Json(json!("L1")))]);
    let cx = context(None);
    let (_, facts) = value(outcome(&performer(bundle(), &world), &cx, find()));
    assert_eq!(facts.attempts, 3);
    assert!(facts.latency_ms >= 8_000, "{}", facts.latency_ms);
    let world = World::does([busy(), busy(), busy()]);
    let (class, message, _) = raised(outcome(&performer(bundle(), &world), &context(None), find()));
    assert_eq!((class, message.as_str()), (ErrorClass::Overload, "`find`: no (3 attempts)"));
}

#[test]
fn writes_are_repeated_only_under_a_key() {
    for (once, attempts) in [(false, 1), (true, 2)] {
        let mut bundle = bundle();
        let tool = &mut bundle.tools[0];
        (tool.effect, tool.once) = (Effect::Write, once);
        let world = World::does([failure(ErrorClass::Timeout, None), failure(ErrorClass::Failed, None)]);
        let call = find();
        let key = call.idempotency_key.to_string();
        let (_, message, facts) = raised(outcome(&performer(bundle, &world), &context(None), call));
        assert_eq!(facts.attempts, attempts, "{message}");
        assert_eq!(message.contains("whether it was done is not known"), !once, "{message}");
        for attempt in world.attempts.lock().unwrap().iter() {
            let Attempt::Http(call) = attempt else { panic!("no HTTP") };
            assert_eq!(call.idempotency_key.as_deref(), once.then_some(key.as_str()));
        }
    }
}

#[test]
fn a_reply_that_does_not_fit_names_the_tool_and_the_place() {
    let world = World::does([Ok(ToolReply::Json(json!(7)))]);
    let (class, message, _) = raised(outcome(&performer(bundle(), &world), &context(None), find()));
    assert_eq!(class, ErrorClass::Invalid);
    assert!(message.starts_with("`find` answered something that does not fit: "), "{message}");
}

#[test]
fn a_tool_that_costs_more_than_is_left_is_not_called() {
    let world = World::does([]);
    let (class, _, _) = raised(outcome(&performer(bundle(), &world), &context(Some(Usd(4))), find()));
    assert_eq!((class, world.attempts.lock().unwrap().len()), (ErrorClass::Budget, 0));
}

#[test]
fn transports_that_are_not_there_say_so() {
    let mut bundle = bundle();
    bundle.tools[0].transport = Transport::Wasm { file: "a.wasm".into(), export: "t".into() };
    let (class, message, _) = raised(outcome(&performer(bundle, &World::does([])), &context(None), find()));
    assert_eq!(class, ErrorClass::Failed);
    assert!(message.contains("WebAssembly"), "{message}");
}

#[test]
fn an_mcp_server_gets_the_arguments_as_an_object() {
    let mut bundle = bundle();
    bundle.tools[0].transport =
        Transport::Mcp { server: "crm".into(), tool: "find_listing".into(), locked: None };
    let world = World::does([Ok(ToolReply::Json(serde_json::json!("L1")))]);
    value(outcome(&performer(bundle, &world), &context(None), find()));
    let Attempt::Mcp(call) = world.attempts.lock().unwrap()[0].clone() else { panic!("no MCP") };
    assert_eq!(
        (call.server.as_str(), call.name.as_str(), call.text, call.object),
        ("crm", "find_listing", true, false)
    );
    assert_eq!(call.arguments.as_object().map(|fields| fields.len()), Some(1));
    assert_eq!((call.idempotency_key, call.timeout_ms), (None, 1_000));
}

#[test]
fn arguments_are_the_body_of_a_post() {
    let mut bundle = bundle();
    bundle.tools[0].transport = Transport::Http {
        method: HttpMethod::Post,
        url: text("https://a.b"),
        headers: Vec::new(),
        body: None,
    };
    let world = World::does([]);
    value(outcome(&performer(bundle, &world), &context(None), find()));
    let Attempt::Http(call) = world.attempts.lock().unwrap()[0].clone() else { panic!("no HTTP") };
    assert_eq!(call.body, Some(json!({ "address": "4 Elm & Oak" })));
}

#[test]
fn a_host_is_literal_only_if_no_value_can_extend_it() {
    let cases = [
        ("https://crm.internal/x?q=", true),
        ("https://crm.internal/", true),
        ("https://crm.internal", false),
        ("https://crm.internal:", false),
        ("https://", false),
        ("", false),
    ];
    for (front, expect) in cases {
        assert_eq!(has_literal_host(&template(front, Encoding::Url)), expect, "{front}");
    }
    assert!(has_literal_host(&text("https://crm.internal")));
    assert!(!has_literal_host(&slot(0)));
}
