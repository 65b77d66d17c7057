//! Plain HTTP, as a deployment of Ray Serve answers.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire};
use crate::said::Said;

pub struct Plain;

impl Wire for Plain {
    fn provider(&self) -> Provider {
        Provider::Http
    }

    fn base(&self) -> &'static str {
        "/answer"
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/answer"; 2]
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn answer(&self, said: &Said) -> Value {
        json!({ "text": said.whole_text(), "took_ms": 12, "something_new": { "a": 1 } })
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        super::bare_fault(fault)
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "error": { "message": "no", "code": 503 } }))
    }

    /// Any other JSON may be the structured answer itself.
    fn no_answers(&self) -> Vec<Value> {
        vec![Value::Null]
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("authorization", "")
    }

    fn takes(&self) -> &'static [&'static str] {
        &[]
    }

    fn lacks(&self, row: u8) -> Option<&'static str> {
        super::lacks_of_whole_answers(row, "plain HTTP")
    }
}
