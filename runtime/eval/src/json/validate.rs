//! Whether a value fits a type, and the value as another type.

use std::sync::Arc;

use flow_ir::types::{Field, Type};
use flow_ir::units::Currency;
use flow_ir::{Bundle, TypeId};

use super::error::{DecodeError, Path};
use super::{encode, refine};
use crate::invalid::{Invalid, Outcome};
use crate::ops::{kind, print};
use crate::{MediaKind, Value};

/// Whether a value fits a type, refinements included.
///
/// # Errors
/// The first place that does not.
pub fn validate(bundle: &Bundle, ty: TypeId, value: &Value) -> Result<(), DecodeError> {
    fits(bundle, ty, value, &Path::Root)
}

fn fits(bundle: &Bundle, ty: TypeId, value: &Value, at: &Path<'_>) -> Result<(), DecodeError> {
    match (bundle.ty(ty), value) {
        (Type::Optional { .. }, Value::None) => Ok(()),
        (Type::Optional { item }, _) => fits(bundle, *item, value, at),
        (Type::List { item, size }, Value::List(items)) => {
            refine::length(items.len(), *size).map_err(|why| at.error(why))?;
            if size.max_tokens.is_some() {
                let total = items.iter().map(|it| print::tokens(bundle, *item, it)).sum();
                refine::total_tokens(total, *size).map_err(|why| at.error(why))?;
            }
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, it)| fits(bundle, *item, it, &Path::Index(at, index)))
        }
        (Type::Map { item, size }, Value::Map(map)) => {
            refine::length(map.len(), *size).map_err(|why| at.error(why))?;
            map.iter().try_for_each(|(key, it)| fits(bundle, *item, it, &Path::Field(at, key)))
        }
        (Type::Record(record), Value::Record(values)) => fields(bundle, &record.fields, values, at),
        (Type::Partial { record }, Value::Record(values)) => match bundle.ty(*record) {
            Type::Record(record) => partial(bundle, &record.fields, values, at),
            _ => Err(at.error("this type is no record")),
        },
        (Type::Enum(it), Value::Variant(variant, values)) => match it.variants.get(*variant as usize) {
            Some(variant) => fields(bundle, &variant.fields, values, &Path::Field(at, &variant.wire)),
            None => Err(at.error(format!("`{}` has no such variant", it.name))),
        },
        (ty, value) => leaf(ty, value).map_err(|why| at.error(why)),
    }
}

fn fields(bundle: &Bundle, fields: &[Field], values: &[Value], at: &Path<'_>) -> Result<(), DecodeError> {
    if fields.len() != values.len() {
        return Err(at.error(format!("{} fields are wanted here, there are {}", fields.len(), values.len())));
    }
    let mut pairs = fields.iter().zip(values);
    pairs.try_for_each(|(field, value)| fits(bundle, field.ty, value, &Path::Field(at, &field.wire)))
}

fn partial(bundle: &Bundle, all: &[Field], values: &[Value], at: &Path<'_>) -> Result<(), DecodeError> {
    if all.len() != values.len() {
        return fields(bundle, all, values, at);
    }
    let mut present = all.iter().zip(values).filter(|(_, value)| !matches!(value, Value::None));
    present.try_for_each(|(field, value)| fits(bundle, field.ty, value, &Path::Field(at, &field.wire)))
}

fn leaf(ty: &Type, value: &Value) -> Result<(), String> {
    match (ty, value) {
        (Type::Text { size }, Value::Text(text)) => refine::text(text, *size),
        (Type::Int { min, max }, Value::Int(it)) => refine::int(*it, *min, *max),
        (Type::Float { min, max }, Value::Float(it)) => refine::float(*it, *min, *max),
        (Type::Duration { min, max }, Value::Duration(ms)) => {
            refine::bounds(*ms, *min, *max, print::duration)
        }
        (Type::Money { currency, min, max }, Value::Money(micros, found)) => {
            money(*micros, *found, *currency, *min, *max)
        }
        (Type::Nothing, Value::Nothing) | (Type::Bool, Value::Bool(_)) => Ok(()),
        (Type::Date, Value::Date(..)) | (Type::Time, Value::Time(..)) => Ok(()),
        (Type::Tokens, Value::Tokens(_)) | (Type::Bytes, Value::Bytes(_)) => Ok(()),
        (Type::Json, Value::Json(_)) => Ok(()),
        (Type::Image, Value::Media(media)) if media.kind == MediaKind::Image => Ok(()),
        (Type::Audio, Value::Media(media)) if media.kind == MediaKind::Audio => Ok(()),
        (Type::File, Value::Media(media)) if media.kind == MediaKind::File => Ok(()),
        (ty, value) => Err(format!("{} is wanted here, this is {}", wanted(ty), kind(value))),
    }
}

pub(super) fn money(
    micros: i64,
    found: Currency,
    currency: Option<Currency>,
    min: Option<i64>,
    max: Option<i64>,
) -> Result<(), String> {
    match currency {
        Some(wanted) if wanted != found => {
            Err(format!("{} is wanted here, this is {}", wanted.code(), found.code()))
        }
        _ => refine::bounds(micros, min, max, |it| print::money(it, found)),
    }
}

fn wanted(ty: &Type) -> String {
    let name = match ty {
        Type::Nothing => "nothing",
        Type::Text { .. } => "a text",
        Type::Int { .. } => "an int",
        Type::Float { .. } => "a float",
        Type::Bool => "a bool",
        Type::Date => "a date",
        Type::Time => "a time",
        Type::Duration { .. } => "a duration",
        Type::Money { .. } => "money",
        Type::Tokens => "a number of tokens",
        Type::Bytes => "a size",
        Type::Price => "a price",
        Type::Json => "json",
        Type::Image => "an image",
        Type::Audio => "an audio",
        Type::File => "a file",
        Type::Optional { .. } => "an optional value",
        Type::List { .. } => "a list",
        Type::Map { .. } => "a map",
        Type::Record(record) => return format!("`{}`", record.name),
        Type::Enum(it) => return format!("`{}`", it.name),
        Type::Partial { .. } => "a partial record",
    };
    name.to_owned()
}

/// A value of one type as another: ints become floats, anything becomes `json`, everything else is validated.
pub(crate) fn converted(bundle: &Bundle, from: TypeId, to: TypeId, value: &Value) -> Outcome {
    let value = widened(bundle, from, to, value);
    validate(bundle, to, &value).map_err(|why| Invalid::new(why.to_string()))?;
    Ok(value)
}

fn widened(bundle: &Bundle, from: TypeId, to: TypeId, value: &Value) -> Value {
    match (bundle.ty(to), value) {
        (Type::Optional { item }, value) if !matches!(value, Value::None) => {
            widened(bundle, inner(bundle, from), *item, value)
        }
        (Type::Float { .. }, Value::Int(it)) => Value::Float(*it as f64),
        (Type::Json, Value::Json(_)) => value.clone(),
        (Type::Json, value) => Value::Json(Arc::new(encode(bundle, from, value))),
        (Type::List { item, .. }, Value::List(items)) if from != to => {
            let source = match bundle.ty(inner(bundle, from)) {
                Type::List { item, .. } => *item,
                _ => from,
            };
            Value::list(items.iter().map(|it| widened(bundle, source, *item, it)))
        }
        _ => value.clone(),
    }
}

/// `T` of `T?`.
fn inner(bundle: &Bundle, ty: TypeId) -> TypeId {
    match bundle.ty(ty) {
        Type::Optional { item } => *item,
        _ => ty,
    }
}
