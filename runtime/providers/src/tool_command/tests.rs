#![cfg(unix)]

use flow_ir::units::ErrorClass;
use serde_json::{Value, json};

use super::{CommandCall, call};
use crate::secrets::SecretString;
use crate::tool::{ToolError, ToolReply};

fn shell(script: &str, timeout_ms: u64) -> CommandCall {
    CommandCall {
        tool: "count".to_owned(),
        program: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned()],
        input: json!({ "words": ["a", "b"] }),
        directory: std::env::temp_dir(),
        auth: Some(SecretString::from("tok-123".to_owned())),
        idempotency_key: None,
        timeout_ms,
    }
}

fn run(script: &str) -> Result<ToolReply, ToolError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(call(&shell(script, 20_000)))
}

fn fails(script: &str, class: ErrorClass, part: &str) {
    let error = run(script).unwrap_err();
    assert_eq!(error.class, class, "{error}");
    assert!(error.message.contains(part), "{error}");
    assert!(!error.message.contains("tok-123"), "{error}");
}

#[test]
fn input_and_output_are_json() {
    assert_eq!(run("cat").unwrap(), ToolReply::Json(json!({ "words": ["a", "b"] })));
    assert_eq!(run("true").unwrap(), ToolReply::Empty);
    assert_eq!(run("printf '\"%s\"' \"$FLOW_TOKEN\"").unwrap(), ToolReply::Json(json!("tok-123")));
}

#[test]
fn every_failure_has_its_class_and_no_secret() {
    fails("echo oops $FLOW_TOKEN >&2; exit 3", ErrorClass::Failed, "exit status: 3: oops [secret]");
    fails("echo hello", ErrorClass::Invalid, "wrote no JSON");
    let mut missing = shell("", 20_000);
    missing.program = "./no-such-program".to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(call(&missing)).unwrap_err();
    assert!(error.message.contains("cannot start `./no-such-program`"), "{error}");
}

#[test]
fn our_keys_are_not_in_its_environment() {
    let ToolReply::Json(Value::String(names)) =
        run("printf '\"'; env | cut -d= -f1 | tr '\\n' ' '; printf '\"'").unwrap()
    else {
        panic!("no text")
    };
    assert!(!names.contains("CARGO"), "{names}");
    assert!(names.contains("PATH"), "{names}");
}

/// The grandchild holds the pipe open: only killing the group ends the call.
#[test]
fn a_timeout_kills_the_whole_group() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(call(&shell("sleep 600 & wait", 50))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Timeout, "{error}");
    assert!(error.message.contains("did not end within 50 ms"), "{error}");
}
