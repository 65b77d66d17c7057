//! Values to JSON.

use flow_ir::types::{Enum, Field, Type};
use flow_ir::{Bundle, TypeId};
use serde_json::{Map, Number, Value as Json, json};

use crate::Value;
use crate::ops::print;

/// A value of a type as JSON, in wire names. A value that does not fit the type is written as well as it can
/// be; [`super::validate`] tells.
#[must_use]
pub fn encode(bundle: &Bundle, ty: TypeId, value: &Value) -> Json {
    match (bundle.ty(ty), value) {
        (_, Value::None) => Json::Null,
        (Type::Optional { item }, _) => encode(bundle, *item, value),
        (Type::List { item, .. }, Value::List(items)) => {
            Json::Array(items.iter().map(|value| encode(bundle, *item, value)).collect())
        }
        (Type::Map { item, .. }, Value::Map(map)) => Json::Object(
            map.iter().map(|(key, value)| (key.to_string(), encode(bundle, *item, value))).collect(),
        ),
        (Type::Record(record), Value::Record(values)) => Json::Object(fields(bundle, &record.fields, values)),
        (Type::Partial { record }, Value::Record(_)) => encode(bundle, *record, value),
        (Type::Enum(it), Value::Variant(variant, values)) => variant_json(bundle, it, *variant, values),
        _ => scalar(value),
    }
}

fn fields(bundle: &Bundle, fields: &[Field], values: &[Value]) -> Map<String, Json> {
    let present = fields.iter().zip(values).filter(|(_, value)| !matches!(value, Value::None));
    present.map(|(field, value)| (field.wire.to_string(), encode(bundle, field.ty, value))).collect()
}

fn variant_json(bundle: &Bundle, it: &Enum, variant: u32, values: &[Value]) -> Json {
    let Some(variant) = it.variants.get(variant as usize) else {
        return Json::Null;
    };
    let payload = fields(bundle, &variant.fields, values);
    let wire = variant.wire.to_string();
    match &it.tag {
        Some(tag) => {
            let mut object = Map::from_iter([(tag.to_string(), Json::String(wire))]);
            object.extend(payload);
            Json::Object(object)
        }
        None if variant.fields.is_empty() => Json::String(wire),
        None => Json::Object(Map::from_iter([(wire, Json::Object(payload))])),
    }
}

/// What needs no type, and the best that can be done for the rest.
fn scalar(value: &Value) -> Json {
    match value {
        Value::None | Value::Nothing => Json::Null,
        Value::Bool(it) => Json::Bool(*it),
        Value::Int(it) | Value::Duration(it) => json!(it),
        Value::Float(it) => Number::from_f64(*it).map_or(Json::Null, Json::Number),
        Value::Text(it) => Json::String(it.to_string()),
        Value::Money(micros, currency) => {
            json!({"amount": print::amount(*micros), "currency": currency.code()})
        }
        Value::Tokens(it) | Value::Bytes(it) => json!(it),
        Value::Date(year, month, day) => Json::String(print::date(*year, *month, *day)),
        Value::Time(hour, minute, second) => Json::String(print::time(*hour, *minute, *second)),
        Value::Json(it) => it.as_ref().clone(),
        Value::List(items) | Value::Record(items) => Json::Array(items.iter().map(scalar).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(key, it)| (key.to_string(), scalar(it))).collect()),
        Value::Variant(variant, fields) => json!([variant, fields.iter().map(scalar).collect::<Vec<_>>()]),
        Value::Media(media) => {
            json!({"reference": media.reference, "mime": media.mime, "size": media.size})
        }
    }
}
