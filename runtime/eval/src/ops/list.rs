//! The library on lists and maps.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use flow_ir::{Bundle, TypeId};
use rustc_hash::{FxHashMap, FxHasher};
use smol_str::SmolStr;

use super::arith::{MAX_TEXT, too_large};
use super::compare::{order, same};
use super::print;
use crate::Value;
use crate::invalid::{Outcome, mismatch};

pub(crate) fn items<'a>(what: &str, value: &'a Value) -> Outcome<&'a Arc<[Value]>> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(mismatch(what, other)),
    }
}

pub(crate) fn length(value: &Value) -> Outcome {
    match value {
        Value::List(items) => Ok(Value::Int(items.len() as i64)),
        Value::Text(text) => Ok(Value::Int(text.chars().count() as i64)),
        Value::Map(map) => Ok(Value::Int(map.len() as i64)),
        other => Err(mismatch("`.length`", other)),
    }
}

/// A front or back of a list; the list itself if that is all of it.
fn part(items: &Arc<[Value]>, range: std::ops::Range<usize>) -> Value {
    if range.len() == items.len() {
        return Value::List(items.clone());
    }
    Value::List(items.get(range).unwrap_or_default().into())
}

pub(crate) fn take(items: &Arc<[Value]>, n: u64) -> Value {
    part(items, 0..at_most(n, items.len()))
}

pub(crate) fn take_last(items: &Arc<[Value]>, n: u64) -> Value {
    part(items, items.len() - at_most(n, items.len())..items.len())
}

pub(crate) fn skip(items: &Arc<[Value]>, n: u64) -> Value {
    part(items, at_most(n, items.len())..items.len())
}

fn at_most(n: u64, length: usize) -> usize {
    usize::try_from(n).map_or(length, |n| n.min(length))
}

/// Whole items from the front while they fit.
pub(crate) fn take_tokens(bundle: &Bundle, item: TypeId, items: &Arc<[Value]>, max: u64) -> Outcome {
    let kept = fitting(bundle, item, items.iter(), max)?;
    Ok(part(items, 0..kept))
}

/// Whole items from the back while they fit.
pub(crate) fn take_last_tokens(bundle: &Bundle, item: TypeId, items: &Arc<[Value]>, max: u64) -> Outcome {
    let kept = fitting(bundle, item, items.iter().rev(), max)?;
    Ok(part(items, items.len() - kept..items.len()))
}

fn fitting<'a>(
    bundle: &Bundle,
    item: TypeId,
    items: impl Iterator<Item = &'a Value>,
    max: u64,
) -> Outcome<usize> {
    let (mut total, mut kept) = (0_u64, 0);
    for value in items {
        total = total.saturating_add(print::tokens(bundle, item, value));
        if total > max {
            break;
        }
        kept += 1;
    }
    Ok(kept)
}

/// First of equals, order kept.
pub(crate) fn unique(items: &[Value]) -> Value {
    let mut seen: FxHashMap<u64, Vec<&Value>> = FxHashMap::default();
    Value::list(
        items
            .iter()
            .filter(|item| {
                let twins = seen.entry(hash(item)).or_default();
                let is_new = !twins.iter().any(|twin| same(twin, item));
                if is_new {
                    twins.push(item);
                }
                is_new
            })
            .cloned(),
    )
}

/// Equal values have equal hashes.
fn hash(value: &Value) -> u64 {
    let mut hasher = FxHasher::default();
    feed(value, &mut hasher);
    hasher.finish()
}

fn feed(value: &Value, into: &mut FxHasher) {
    match value {
        Value::None | Value::Nothing => 0_u8.hash(into),
        Value::Bool(it) => it.hash(into),
        // An int equals the float of its number, and `-0.0` equals `0.0`.
        Value::Int(it) => (*it as f64 + 0.0).to_bits().hash(into),
        Value::Float(it) => (it + 0.0).to_bits().hash(into),
        Value::Text(it) => it.hash(into),
        Value::Money(it, _) | Value::Duration(it) => it.hash(into),
        Value::Tokens(it) | Value::Bytes(it) => it.hash(into),
        Value::Date(year, month, day) => (year, month, day).hash(into),
        Value::Time(hour, minute, second) => (hour, minute, second).hash(into),
        // Equal whatever the order of their keys.
        Value::Json(_) => 1_u8.hash(into),
        Value::Map(map) => map.len().hash(into),
        Value::List(items) | Value::Record(items) => items.iter().for_each(|item| feed(item, into)),
        Value::Variant(variant, fields) => {
            variant.hash(into);
            fields.iter().for_each(|field| feed(field, into));
        }
        Value::Media(media) => media.reference.hash(into),
    }
}

pub(crate) fn join(items: &[Value], separator: &str) -> Outcome {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(super::text::text("`.join`", item)?);
        if text.len() > MAX_TEXT {
            return Err(too_large("a text"));
        }
    }
    Ok(Value::text(text))
}

/// Stable, ascending. `keys` has the length of `items`.
pub(crate) fn sort_by(items: &[Value], keys: &[Value]) -> Outcome {
    let mut failure = None;
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| {
        order(a, b).unwrap_or_else(|why| {
            failure.get_or_insert(why);
            Ordering::Equal
        })
    });
    match failure {
        Some(why) => Err(why),
        None => Ok(Value::list(pairs.into_iter().map(|(_, item)| item.clone()))),
    }
}

pub(crate) fn zip(left: &[Value], right: &[Value]) -> Value {
    Value::list(left.iter().zip(right).map(|(a, b)| Value::record([a.clone(), b.clone()])))
}

pub(crate) fn present(items: &[Value]) -> Value {
    Value::list(items.iter().filter(|item| !matches!(item, Value::None)).cloned())
}

pub(crate) fn contains(value: &Value, wanted: &Value) -> Outcome<bool> {
    match (value, wanted) {
        (Value::List(items), _) => Ok(items.iter().any(|item| same(item, wanted))),
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(part.as_str())),
        (Value::Map(map), Value::Text(key)) => Ok(map.contains_key(key)),
        _ => Err(mismatch("`.contains`", value)),
    }
}

pub(crate) fn at(items: &[Value], index: &Value) -> Outcome {
    match index {
        Value::Int(index) => {
            let found = usize::try_from(*index).ok().and_then(|index| items.get(index));
            Ok(found.cloned().unwrap_or(Value::None))
        }
        other => Err(mismatch("`.at`", other)),
    }
}

pub(crate) fn flat(lists: &[Value]) -> Outcome {
    let mut all = Vec::new();
    for list in lists {
        all.extend_from_slice(items("`.flat`", list)?);
    }
    Ok(Value::list(all))
}

/// The first of the smallest (`Less`) or largest (`Greater`).
pub(crate) fn extreme(items: &[Value], wanted: Ordering) -> Outcome {
    let Some((first, rest)) = items.split_first() else {
        return Ok(Value::None);
    };
    let mut best = first;
    for item in rest {
        if order(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

pub(crate) fn get(map: &Value, key: &SmolStr) -> Outcome {
    match map {
        Value::Map(map) => Ok(map.get(key).cloned().unwrap_or(Value::None)),
        other => Err(mismatch("`.get`", other)),
    }
}

pub(crate) fn keys(map: &Value) -> Outcome {
    match map {
        Value::Map(map) => Ok(Value::list(map.keys().cloned().map(Value::Text))),
        other => Err(mismatch("`.keys`", other)),
    }
}

pub(crate) fn values(map: &Value) -> Outcome {
    match map {
        Value::Map(map) => Ok(Value::list(map.values().cloned())),
        other => Err(mismatch("`.values`", other)),
    }
}
