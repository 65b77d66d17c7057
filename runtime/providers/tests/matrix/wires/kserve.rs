//! The Open Inference Protocol: one text in, one text out.

use flow_ir::setup::Provider;
use serde_json::{Value, json};

use super::{Fault, Wire};
use crate::said::Said;

pub struct KServe;

impl Wire for KServe {
    fn provider(&self) -> Provider {
        Provider::Kserve
    }

    fn base(&self) -> &'static str {
        ""
    }

    fn paths(&self) -> [&'static str; 2] {
        ["/v2/models/m-1/infer"; 2]
    }

    fn metadata(&self) -> Option<Value> {
        let tensor =
            |name: &str, datatype: &str| json!({ "name": name, "datatype": datatype, "shape": [-1] });
        Some(json!({
            "name": "m-1", "versions": ["1"], "platform": "python", "something_new": 1,
            "inputs": [tensor("prompt", "BYTES")],
            "outputs": [tensor("answer", "BYTES"), tensor("vectors", "FP32")],
        }))
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn answer(&self, said: &Said) -> Value {
        let answer = json!({ "name": "answer", "shape": [1], "datatype": "BYTES", "data": [said.whole_text()],
            "parameters": { "content_type": "str" }, "new": 1 });
        let other = json!({ "name": "noise", "shape": [2], "datatype": "INT64", "data": [1, 2] });
        json!({ "model_name": "m-1-2026", "model_version": "1", "id": "i-1", "parameters": {},
            "outputs": [other, answer] })
    }

    fn fault(&self, fault: Fault) -> Option<(u16, Value)> {
        super::bare_fault(fault)
    }

    fn fault_in_200(&self) -> Option<Value> {
        Some(json!({ "error": "inference failed" }))
    }

    fn proof(&self) -> (&'static str, &'static str) {
        ("authorization", "")
    }

    fn takes(&self) -> &'static [&'static str] {
        &[]
    }

    fn lacks(&self, row: u8) -> Option<&'static str> {
        super::lacks_of_whole_answers(row, "tensors")
    }
}
