//! A value for a type, for tests that give none.

use std::sync::Arc;

use flow_ir::types::{Field, ListSize, TextSize, Type};
use flow_ir::units::Currency;
use flow_ir::{Bundle, TypeId};
use smol_str::format_smolstr;

use crate::ops::print;
use crate::{Media, MediaKind, Value};

/// A value that fits every refinement of the type: always the same one, with optional parts present and the
/// first variant of every enum.
#[must_use]
pub fn sample(bundle: &Bundle, ty: TypeId) -> Value {
    match bundle.ty(ty) {
        Type::Nothing | Type::Price => Value::Nothing,
        Type::Text { size } => Value::text(text(*size)),
        Type::Int { min, max } => Value::Int(within(1, *min, *max)),
        Type::Float { min, max } => Value::Float(within(0.5, *min, *max)),
        Type::Bool => Value::Bool(true),
        Type::Date => Value::Date(2026, 1, 5),
        Type::Time => Value::Time(9, 30, 0),
        Type::Duration { min, max } => Value::Duration(within(1_000, *min, *max)),
        Type::Money { currency, min, max } => {
            Value::Money(within(1_000_000, *min, *max), currency.unwrap_or(Currency::Usd))
        }
        Type::Tokens => Value::Tokens(1_000),
        Type::Bytes => Value::Bytes(1_000),
        Type::Json => Value::Json(Arc::new(serde_json::json!({}))),
        Type::Image => media(MediaKind::Image, "image/png"),
        Type::Audio => media(MediaKind::Audio, "audio/wav"),
        Type::File => media(MediaKind::File, "application/pdf"),
        Type::Optional { item } => sample(bundle, *item),
        Type::List { item, size } => {
            let item = (*item, sample(bundle, *item));
            Value::list(vec![item.1.clone(); length(bundle, &item, *size)])
        }
        Type::Map { item, size } => {
            let item = (*item, sample(bundle, *item));
            let keys =
                (1..=length(bundle, &item, *size)).map(|n| (format_smolstr!("key{n}"), item.1.clone()));
            Value::Map(Arc::new(keys.collect()))
        }
        Type::Record(record) => Value::record(fields(bundle, &record.fields)),
        Type::Partial { record } => sample(bundle, *record),
        Type::Enum(it) => {
            let payload = it.variants.first().map(|variant| fields(bundle, &variant.fields));
            Value::Variant(0, payload.unwrap_or_default().into())
        }
    }
}

fn fields(bundle: &Bundle, fields: &[Field]) -> Vec<Value> {
    fields.iter().map(|field| sample(bundle, field.ty)).collect()
}

fn media(kind: MediaKind, mime: &str) -> Value {
    Value::Media(Arc::new(Media { kind, mime: mime.into(), reference: "sample:1".into(), size: 1_000 }))
}

fn within<T: PartialOrd>(usual: T, min: Option<T>, max: Option<T>) -> T {
    match (min, max) {
        (Some(min), _) if usual < min => min,
        (_, Some(max)) if usual > max => max,
        _ => usual,
    }
}

/// One element, unless the bounds say more or fewer.
fn length(bundle: &Bundle, (ty, item): &(TypeId, Value), size: ListSize) -> usize {
    let room = match size.max_tokens {
        Some(max) => max / print::tokens(bundle, *ty, item).max(1),
        None => u64::MAX,
    };
    1_u64.min(size.max.unwrap_or(1)).min(room).max(size.min) as usize
}

fn text(size: Option<TextSize>) -> String {
    let Some(size) = size else {
        return "sample".to_owned();
    };
    let mut text = "sample".to_owned();
    let mut lacking = size.min.saturating_sub(measure(&text, size));
    while lacking > 0 {
        // A word is seven characters and at least one token.
        let words = if size.in_tokens { lacking } else { lacking.div_ceil(7) };
        text.push_str(&" sample".repeat(usize::try_from(words).unwrap_or(0)));
        lacking = size.min.saturating_sub(measure(&text, size));
    }
    while measure(&text, size) > size.max.unwrap_or(u64::MAX) {
        text.pop();
    }
    text
}

fn measure(text: &str, size: TextSize) -> u64 {
    if size.in_tokens { flow_ir::tokens::count(text) } else { text.chars().count() as u64 }
}
