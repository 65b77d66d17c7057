use serde_json::json;

use super::{plain, structured};
use crate::testing::Types;

fn mail(reply_to_required: bool) -> serde_json::Value {
    let reply_to = json!({"anyOf": [{"type": "string"}, {"type": "null"}], "description": "Who to answer."});
    let note = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    let amount = json!({
        "type": "object",
        "properties": {
            "amount": {"type": "string", "description": "A decimal like 12.50. At least 0.00."},
            "currency": {"type": "string", "enum": ["EUR"]},
        },
        "required": ["amount", "currency"],
        "additionalProperties": false,
    });
    let with_optional = |mut required: Vec<&'static str>, last: &'static str| {
        if reply_to_required {
            required.push(last);
        }
        required
    };
    let offer = json!({
        "type": "object",
        "properties": {"amount": amount, "note": note},
        "required": with_optional(vec!["amount"], "note"),
        "additionalProperties": false,
    });
    let intent = json!({"anyOf": [
        {"type": "string", "enum": ["Spam"]},
        {
            "type": "object",
            "properties": {"Offer": offer},
            "required": ["Offer"],
            "additionalProperties": false,
            "description": "A bid.",
        },
    ]});
    json!({
        "type": "object",
        "properties": {
            "subject": {"type": "string", "minLength": 1, "maxLength": 40},
            "urgency": {"type": "integer", "minimum": 1, "maximum": 5},
            "intent": intent,
            "replyTo": reply_to,
        },
        "required": with_optional(vec!["subject", "urgency", "intent"], "replyTo"),
        "additionalProperties": false,
        "description": "One e-mail.",
    })
}

#[test]
fn strict_requires_every_field_and_plain_leaves_optional_ones_out() {
    let types = Types::new();
    let strict = structured(&types.bundle, types.mail);
    assert_eq!((strict.schema, strict.wrapped, strict.strict), (mail(true), false, true));
    assert_eq!(plain(&types.bundle, types.mail), mail(false));
}

#[test]
fn a_root_that_is_no_object_is_wrapped() {
    let types = Types::new();
    let voice = structured(&types.bundle, types.voice);
    assert!(voice.wrapped);
    let wanted = json!({
        "type": "object",
        "properties": {"value": {
            "type": "string", "enum": ["Calm", "Warm"], "description": "Calm: Short sentences.",
        }},
        "required": ["value"],
        "additionalProperties": false,
    });
    assert_eq!(voice.schema, wanted);
}

#[test]
fn maps_are_beyond_the_strict_profile() {
    let types = Types::new();
    assert!(!structured(&types.bundle, types.weights).strict);
}

#[test]
fn a_tag_is_a_field_of_every_variant() {
    let types = Types::new();
    let arm = |name: &str, rest: serde_json::Value, required: serde_json::Value| {
        let mut properties = json!({"kind": {"type": "string", "enum": [name]}});
        properties.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    };
    let wanted = json!({"anyOf": [
        arm("Stay", json!({}), json!(["kind"])),
        arm("Move", json!({"x": {"type": "integer"}}), json!(["kind", "x"])),
    ]});
    assert_eq!(plain(&types.bundle, types.act), wanted);
}
