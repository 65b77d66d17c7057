//! What a pointer's target must keep when the pointer moves: the contract, as a digest.

use flow_ir::Digest;
use flow_ir::setup::{Model, Prompt};
use flow_ir::shape::Shapes;
use serde_json::json;

/// Of a prompt: parameters, result, and every setting that a bound rests on.
pub(super) fn prompt(prompt: &Prompt, shapes: &mut Shapes<'_>) -> String {
    let mut contract = json!({
        "params": shapes.of_fields(&prompt.params).to_string(),
        "result": shapes.of(prompt.ret).to_string(),
        "output": prompt.output,
        "confidence": prompt.confidence,
        "repair": prompt.repair,
        "rounds": prompt.rounds,
        "tools": prompt.tools.len(),
    });
    // Only where it is said, so that contracts without it stay what they were.
    if let (Some(input), Some(fields)) = (prompt.input, contract.as_object_mut()) {
        fields.insert("input".to_owned(), input.into());
    }
    Digest::of(contract.to_string().as_bytes()).to_string()
}

/// Of a model: capabilities, window, prices, region.
pub(super) fn model(model: &Model) -> String {
    let mut can = model.can.clone();
    can.sort_unstable();
    let contract = json!({
        "can": can,
        "context": model.context,
        "output": model.output,
        "price_in": model.price_in,
        "price_out": model.price_out,
        "region": model.region,
    });
    Digest::of(contract.to_string().as_bytes()).to_string()
}
