//! Leaves that say the right thing in the wrong form: `"3"` for 3, `OFFER` for `Offer`.

use flow_ir::types::{Enum, Field, Type, Variant};
use flow_ir::{Bundle, TypeId};
use serde_json::{Map, Number, Value as Json};

use super::tolerance::{Tolerance, Tolerances};

/// Corrects the leaves of a value where the type leaves no doubt.
pub(super) fn coerce(bundle: &Bundle, ty: TypeId, json: &mut Json, tolerances: &mut Tolerances) {
    match (bundle.ty(ty), json) {
        (_, Json::Null) => {}
        (Type::Optional { item }, json) => coerce(bundle, *item, json, tolerances),
        (Type::List { item, .. }, Json::Array(items)) => {
            items.iter_mut().for_each(|json| coerce(bundle, *item, json, tolerances));
        }
        (Type::Map { item, .. }, Json::Object(object)) => {
            object.values_mut().for_each(|json| coerce(bundle, *item, json, tolerances));
        }
        (Type::Record(record), Json::Object(object)) => fields(bundle, &record.fields, object, tolerances),
        (Type::Partial { record }, Json::Object(object)) => {
            if let Type::Record(record) = bundle.ty(*record) {
                fields(bundle, &record.fields, object, tolerances);
            }
        }
        (Type::Enum(it), json) => variant(bundle, it, json, tolerances),
        (ty, json) => leaf(ty, json, tolerances),
    }
}

fn fields(bundle: &Bundle, all: &[Field], object: &mut Map<String, Json>, tolerances: &mut Tolerances) {
    for field in all {
        if let Some(json) = object.get_mut(field.wire.as_str()) {
            coerce(bundle, field.ty, json, tolerances);
        }
    }
}

fn variant(bundle: &Bundle, it: &Enum, json: &mut Json, tolerances: &mut Tolerances) {
    match (&it.tag, json) {
        (None, Json::String(wire)) => {
            right_case(it, wire, tolerances);
        }
        (None, Json::Object(object)) if object.len() == 1 => {
            let Some((mut wire, mut payload)) = std::mem::take(object).into_iter().next() else { return };
            let variant = right_case(it, &mut wire, tolerances);
            if let (Some(variant), Json::Object(inner)) = (variant, &mut payload) {
                fields(bundle, &variant.fields, inner, tolerances);
            }
            object.insert(wire, payload);
        }
        (Some(tag), Json::Object(object)) => {
            let Some(Json::String(wire)) = object.get_mut(tag.as_str()) else { return };
            if let Some(variant) = right_case(it, wire, tolerances) {
                fields(bundle, &variant.fields, object, tolerances);
            }
        }
        _ => {}
    }
}

/// The variant that is meant; its name is corrected. Two variants that differ in nothing but case are both in doubt.
fn right_case<'a>(it: &'a Enum, wire: &mut String, tolerances: &mut Tolerances) -> Option<&'a Variant> {
    if let Some(exact) = it.variants.iter().find(|variant| variant.wire == wire.as_str()) {
        return Some(exact);
    }
    let plain = plain(wire);
    let mut alike = it.variants.iter().filter(|variant| self::plain(&variant.wire) == plain);
    let (Some(only), None) = (alike.next(), alike.next()) else { return None };
    *wire = only.wire.to_string();
    tolerances.note(Tolerance::EnumCase);
    Some(only)
}

/// Without case, blanks, `_` and `-`: what differs between `NotFound`, `not_found` and `NOT-FOUND`.
fn plain(name: &str) -> String {
    let letters = name.trim().chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

fn leaf(ty: &Type, json: &mut Json, tolerances: &mut Tolerances) {
    let Json::String(text) = &*json else { return };
    let (found, tolerance) = match ty {
        Type::Int { .. } | Type::Float { .. } | Type::Tokens | Type::Bytes | Type::Duration { .. } => {
            (number(text), Tolerance::NumberAsText)
        }
        Type::Bool => (truth(text), Tolerance::BoolAsText),
        _ => return,
    };
    if let Some(found) = found {
        *json = found;
        tolerances.note(tolerance);
    }
}

/// A number as JSON writes it. `1,200` and `42 %` could mean two things.
fn number(text: &str) -> Option<Json> {
    let number: Number = serde_json::from_str(text.trim()).ok()?;
    Some(Json::Number(number))
}

fn truth(text: &str) -> Option<Json> {
    match text.trim() {
        "true" | "True" | "TRUE" => Some(Json::Bool(true)),
        "false" | "False" | "FALSE" => Some(Json::Bool(false)),
        _ => None,
    }
}

/// Whether a value whose last objects have no closing brace can lack nothing: every field that its type has is
/// there. `depth` counts the open objects from the root inwards.
pub(super) fn is_whole(bundle: &Bundle, ty: TypeId, json: &Json, depth: usize) -> Result<(), String> {
    if depth == 0 {
        return Ok(());
    }
    let Json::Object(object) = json else { return Ok(()) };
    match bundle.ty(ty) {
        Type::Optional { item } => is_whole(bundle, *item, json, depth),
        Type::Record(record) => all_there(bundle, &record.fields, object, depth),
        Type::Partial { record } => match bundle.ty(*record) {
            Type::Record(record) => all_there(bundle, &record.fields, object, depth),
            _ => Ok(()),
        },
        Type::Enum(it) => variant_is_whole(bundle, it, object, depth),
        Type::Map { .. } | Type::Json => {
            Err("it ends without closing an object, and more could have followed".to_owned())
        }
        // Decoding wants every part of these.
        _ => Ok(()),
    }
}

fn all_there(bundle: &Bundle, all: &[Field], object: &Map<String, Json>, depth: usize) -> Result<(), String> {
    if let Some(missing) = all.iter().find(|field| !object.contains_key(field.wire.as_str())) {
        return Err(format!("it ends without closing an object, and `{}` is not in it", missing.wire));
    }
    let Some((last, json)) = object.iter().next_back() else { return Ok(()) };
    match all.iter().find(|field| field.wire == last.as_str()) {
        Some(field) => is_whole(bundle, field.ty, json, depth - 1),
        None => Ok(()),
    }
}

fn variant_is_whole(
    bundle: &Bundle,
    it: &Enum,
    object: &Map<String, Json>,
    depth: usize,
) -> Result<(), String> {
    let (wire, payload, depth) = match &it.tag {
        Some(tag) => (object.get(tag.as_str()).and_then(Json::as_str), Some(object), depth),
        None => {
            let only = object.iter().next();
            (only.map(|(wire, _)| wire.as_str()), only.and_then(|(_, json)| json.as_object()), depth - 1)
        }
    };
    let meant = wire.map(plain).unwrap_or_default();
    let variant = it.variants.iter().find(|variant| plain(&variant.wire) == meant);
    match (variant, payload) {
        (Some(variant), Some(payload)) if depth > 0 => all_there(bundle, &variant.fields, payload, depth),
        _ => Ok(()),
    }
}
