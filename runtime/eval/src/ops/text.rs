//! The library on texts.

use std::cell::RefCell;

use flow_ir::tokens;
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, StrExt};

use super::arith::{MAX_TEXT, too_large};
use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

pub(crate) fn text<'a>(what: &str, value: &'a Value) -> Outcome<&'a SmolStr> {
    match value {
        Value::Text(text) => Ok(text),
        other => Err(mismatch(what, other)),
    }
}

pub(crate) fn split(text: &SmolStr, separator: &str) -> Value {
    if separator.is_empty() {
        return Value::list([Value::Text(text.clone())]);
    }
    Value::list(text.split(separator).map(Value::text))
}

/// All occurrences; an empty `from` occurs nowhere.
pub(crate) fn replace(text: &SmolStr, from: &str, to: &str) -> Outcome<SmolStr> {
    if from.is_empty() {
        return Ok(text.clone());
    }
    let found = text.matches(from).count();
    if text.len().saturating_add(found.saturating_mul(to.len())) > MAX_TEXT {
        return Err(too_large("a text"));
    }
    Ok(text.replace_smolstr(from, to))
}

pub(crate) fn cut(text: &SmolStr, n: u64) -> SmolStr {
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    match text.char_indices().nth(n).and_then(|(end, _)| text.get(..end)) {
        Some(front) => front.into(),
        None => text.clone(),
    }
}

pub(crate) fn cut_tokens(text: &SmolStr, n: u64) -> SmolStr {
    let front = tokens::front(text, n);
    if front.len() == text.len() { text.clone() } else { front.into() }
}

pub(crate) fn lower(text: &SmolStr) -> SmolStr {
    text.to_lowercase_smolstr()
}

pub(crate) fn upper(text: &SmolStr) -> SmolStr {
    text.to_uppercase_smolstr()
}

pub(crate) fn trim(text: &SmolStr) -> SmolStr {
    let inner = text.trim();
    if inner.len() == text.len() { text.clone() } else { inner.into() }
}

/// Blanks around the number do not matter.
pub(crate) fn to_int(text: &str) -> Value {
    text.trim().parse().map_or(Value::None, Value::Int)
}

pub(crate) fn to_float(text: &str) -> Value {
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Float(number),
        _ => Value::None,
    }
}

/// The most memory of one compiled pattern.
const MAX_PATTERN: usize = 4 << 20;

pub(crate) fn pattern(source: &str) -> Outcome<Regex> {
    RegexBuilder::new(source)
        .size_limit(MAX_PATTERN)
        .build()
        .map_err(|_| Invalid::new(format!("`{source}` is no regular expression that I can use")))
}

thread_local! {
    /// The reference interpreter has no place to keep compiled patterns; closures keep their own.
    static PATTERNS: RefCell<FxHashMap<SmolStr, Regex>> = RefCell::default();
}

pub(crate) fn matches(text: &str, source: &SmolStr) -> Outcome<bool> {
    PATTERNS.with_borrow_mut(|known| {
        if let Some(regex) = known.get(source) {
            return Ok(regex.is_match(text));
        }
        let regex = pattern(source)?;
        let found = regex.is_match(text);
        if known.len() >= 64 {
            known.clear();
        }
        known.insert(source.clone(), regex);
        Ok(found)
    })
}
