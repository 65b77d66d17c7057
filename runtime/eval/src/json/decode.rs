//! JSON to values.

use std::sync::Arc;

use flow_ir::types::{Enum, Field, Type, Variant};
use flow_ir::units::Currency;
use flow_ir::{Bundle, TypeId};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::error::{DecodeError, Path};
use super::{refine, scalar};
use crate::ops::print;
use crate::{Media, MediaKind, Value};

/// What to do about fields that the type does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnknownFields {
    /// They are errors: our own boundary, and what models write.
    Refuse,
    /// They are skipped: foreign APIs add fields at any time.
    Ignore,
}

/// How strict decoding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeOptions {
    /// What to do about fields that the type does not have.
    pub unknown_fields: UnknownFields,
}

/// A value of a type, out of JSON; unknown fields are errors.
///
/// # Errors
/// The first place that does not fit the type, refinements included.
pub fn decode(bundle: &Bundle, ty: TypeId, json: &Json) -> Result<Value, DecodeError> {
    decode_with(bundle, ty, json, DecodeOptions { unknown_fields: UnknownFields::Refuse })
}

/// A value of a type, out of JSON.
///
/// # Errors
/// The first place that does not fit the type, refinements included.
pub fn decode_with(
    bundle: &Bundle,
    ty: TypeId,
    json: &Json,
    options: DecodeOptions,
) -> Result<Value, DecodeError> {
    Decoder { bundle, options }.value(ty, json, &Path::Root)
}

struct Decoder<'a> {
    bundle: &'a Bundle,
    options: DecodeOptions,
}

type Decoded<T = Value> = Result<T, DecodeError>;

impl Decoder<'_> {
    fn value(&self, ty: TypeId, json: &Json, at: &Path<'_>) -> Decoded {
        match self.bundle.ty(ty) {
            Type::Optional { .. } if json.is_null() => Ok(Value::None),
            Type::Optional { item } => self.value(*item, json, at),
            Type::List { item, size } => {
                let items = self.list(*item, json, at)?;
                self.check(refine::length(items.len(), *size), at)?;
                if size.max_tokens.is_some() {
                    let total = items.iter().map(|it| print::tokens(self.bundle, *item, it)).sum();
                    self.check(refine::total_tokens(total, *size), at)?;
                }
                Ok(Value::list(items))
            }
            Type::Map { item, size } => {
                let object = self.object("a map", json, at)?;
                self.check(refine::length(object.len(), *size), at)?;
                let entry = |(key, json): (&String, &Json)| {
                    Ok((SmolStr::new(key), self.value(*item, json, &Path::Field(at, key))?))
                };
                object.iter().map(entry).collect::<Decoded<_>>().map(|map| Value::Map(Arc::new(map)))
            }
            Type::Record(record) => {
                let object = self.object(&format!("`{}`", record.name), json, at)?;
                self.fields(&record.fields, object, None, at).map(Value::record)
            }
            Type::Partial { record } => self.partial(*record, json, at),
            Type::Enum(it) => self.variant(it, json, at),
            Type::Nothing if self.options.unknown_fields == UnknownFields::Ignore => Ok(Value::Nothing),
            scalar => leaf(scalar, json).map_err(|message| at.error(message)),
        }
    }

    fn check(&self, refinement: Result<(), String>, at: &Path<'_>) -> Decoded<()> {
        refinement.map_err(|message| at.error(message))
    }

    fn list(&self, item: TypeId, json: &Json, at: &Path<'_>) -> Decoded<Vec<Value>> {
        let Json::Array(items) = json else {
            return Err(at.error(unexpected("a list", json)));
        };
        items
            .iter()
            .enumerate()
            .map(|(index, json)| self.value(item, json, &Path::Index(at, index)))
            .collect()
    }

    fn object<'j>(&self, what: &str, json: &'j Json, at: &Path<'_>) -> Decoded<&'j Map<String, Json>> {
        json.as_object().ok_or_else(|| at.error(unexpected(&format!("{what} (an object)"), json)))
    }

    /// All fields in order. `tag` is a field that belongs to the enum, not to the payload.
    fn fields(
        &self,
        fields: &[Field],
        object: &Map<String, Json>,
        tag: Option<&str>,
        at: &Path<'_>,
    ) -> Decoded<Vec<Value>> {
        self.no_others(fields, object, tag, at)?;
        let one = |field: &Field| match object.get(field.wire.as_str()) {
            Some(json) => self.value(field.ty, json, &Path::Field(at, &field.wire)),
            None if matches!(self.bundle.ty(field.ty), Type::Optional { .. }) => Ok(Value::None),
            None => Err(at.error(format!("`{}` is missing", field.wire))),
        };
        fields.iter().map(one).collect()
    }

    fn partial(&self, record: TypeId, json: &Json, at: &Path<'_>) -> Decoded {
        let Type::Record(record) = self.bundle.ty(record) else {
            return Err(at.error("this type is no record"));
        };
        let object = self.object(&format!("`{}`", record.name), json, at)?;
        self.no_others(&record.fields, object, None, at)?;
        let one = |field: &Field| match object.get(field.wire.as_str()) {
            None | Some(Json::Null) => Ok(Value::None),
            Some(json) => self.value(field.ty, json, &Path::Field(at, &field.wire)),
        };
        record.fields.iter().map(one).collect::<Decoded<Vec<_>>>().map(Value::record)
    }

    fn no_others(
        &self,
        fields: &[Field],
        object: &Map<String, Json>,
        tag: Option<&str>,
        at: &Path<'_>,
    ) -> Decoded<()> {
        if self.options.unknown_fields == UnknownFields::Ignore {
            return Ok(());
        }
        let is_known = |key: &str| tag == Some(key) || fields.iter().any(|field| field.wire == key);
        match object.keys().find(|key| !is_known(key)) {
            Some(key) => {
                let hint = near(key, fields.iter().map(|field| field.wire.as_str()));
                Err(at.error(format!("there is no field `{key}`{hint}")))
            }
            None => Ok(()),
        }
    }

    fn variant(&self, it: &Enum, json: &Json, at: &Path<'_>) -> Decoded {
        match (&it.tag, json) {
            (Some(tag), Json::Object(object)) => self.tagged(it, tag, object, at),
            (None, Json::String(wire)) => {
                let (index, variant) = find(it, wire, at)?;
                self.payload(index, variant, &Map::new(), None, &Path::Field(at, wire))
            }
            (None, Json::Object(object)) if object.len() == 1 => self.external(it, object, at),
            (None, _) => Err(at.error(unexpected(&format!("`{}` ({})", it.name, forms(it)), json))),
            (Some(_), _) => Err(at.error(unexpected(&format!("`{}` (an object)", it.name), json))),
        }
    }

    /// `{"Offer": {…}}`.
    fn external(&self, it: &Enum, object: &Map<String, Json>, at: &Path<'_>) -> Decoded {
        let Some((wire, json)) = object.iter().next() else {
            return Err(at.error(format!("`{}` needs one field, the variant", it.name)));
        };
        let (index, variant) = find(it, wire, at)?;
        let at = Path::Field(at, wire);
        match json {
            Json::Null if variant.fields.is_empty() => Ok(Value::unit_variant(index)),
            json => self.payload(index, variant, self.object("the payload", json, &at)?, None, &at),
        }
    }

    /// `{"kind": "Offer", …}`.
    fn tagged(&self, it: &Enum, tag: &str, object: &Map<String, Json>, at: &Path<'_>) -> Decoded {
        let here = Path::Field(at, tag);
        match object.get(tag) {
            Some(Json::String(wire)) => {
                let (index, variant) = find(it, wire, &here)?;
                self.payload(index, variant, object, Some(tag), at)
            }
            Some(json) => Err(here.error(unexpected("a text", json))),
            None => Err(at.error(format!("`{tag}` is missing, which says what `{}` this is", it.name))),
        }
    }

    fn payload(
        &self,
        index: u32,
        variant: &Variant,
        object: &Map<String, Json>,
        tag: Option<&str>,
        at: &Path<'_>,
    ) -> Decoded {
        let values = self.fields(&variant.fields, object, tag, at)?;
        Ok(Value::Variant(index, values.into()))
    }
}

fn find<'a>(it: &'a Enum, wire: &str, at: &Path<'_>) -> Decoded<(u32, &'a Variant)> {
    match it.variants.iter().enumerate().find(|(_, variant)| variant.wire == wire) {
        Some((index, variant)) => Ok((index as u32, variant)),
        None => {
            let hint = near(wire, it.variants.iter().map(|variant| variant.wire.as_str()));
            let all = if hint.is_empty() { format!("; there are {}", names(it)) } else { hint };
            Err(at.error(format!("`{}` has no variant `{}`{all}", it.name, shortened(wire))))
        }
    }
}

fn names(it: &Enum) -> String {
    it.variants.iter().map(|variant| format!("`{}`", variant.wire)).collect::<Vec<_>>().join(", ")
}

fn forms(it: &Enum) -> &'static str {
    match it.variants.iter().all(|variant| variant.fields.is_empty()) {
        true => "a text",
        false => "a text or an object with one field",
    }
}

/// Data may be long and private; a name is neither.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// `; did you mean …`, if something is near.
fn near<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let distance = |name: &str| strsim::osa_distance(&wrong.to_lowercase(), &name.to_lowercase());
    let best = known.map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance);
    match best {
        Some((distance, name)) if distance <= name.chars().count().div_ceil(3) => {
            format!("; did you mean `{name}`?")
        }
        _ => String::new(),
    }
}

fn unexpected(wanted: &str, json: &Json) -> String {
    let found = match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    format!("{wanted} is wanted here, this is {found}")
}

/// Types without parts.
fn leaf(ty: &Type, json: &Json) -> Result<Value, String> {
    match ty {
        Type::Nothing => json.is_null().then_some(Value::Nothing).ok_or_else(|| unexpected("null", json)),
        Type::Text { size } => {
            let text = json.as_str().ok_or_else(|| unexpected("a text", json))?;
            refine::text(text, *size).map(|()| Value::text(text))
        }
        Type::Int { min, max } => {
            let value = whole("a whole number", json)?;
            refine::int(value, *min, *max).map(|()| Value::Int(value))
        }
        Type::Float { min, max } => {
            let value = json.as_f64().ok_or_else(|| unexpected("a number", json))?;
            refine::float(value, *min, *max).map(|()| Value::Float(value))
        }
        Type::Bool => json.as_bool().map(Value::Bool).ok_or_else(|| unexpected("true or false", json)),
        Type::Date => {
            let date = json.as_str().and_then(scalar::parse_date);
            date.map(|(y, m, d)| Value::Date(y, m, d))
                .ok_or_else(|| "a day like \"2026-01-05\" is wanted here".to_owned())
        }
        Type::Time => {
            let time = json.as_str().and_then(scalar::parse_time);
            time.map(|(h, m, s)| Value::Time(h, m, s))
                .ok_or_else(|| "a time like \"09:30\" is wanted here".to_owned())
        }
        Type::Duration { min, max } => {
            let ms = duration(json)?;
            refine::bounds(ms, *min, *max, print::duration).map(|()| Value::Duration(ms))
        }
        Type::Money { currency, min, max } => {
            let (micros, found) = money(json)?;
            super::validate::money(micros, found, *currency, *min, *max).map(|()| Value::Money(micros, found))
        }
        Type::Tokens => natural("a number of tokens", json).map(Value::Tokens),
        Type::Bytes => natural("a number of bytes", json).map(Value::Bytes),
        Type::Json => Ok(Value::Json(Arc::new(json.clone()))),
        Type::Image => media(MediaKind::Image, json),
        Type::Audio => media(MediaKind::Audio, json),
        Type::File => media(MediaKind::File, json),
        Type::Price => Err("a price cannot be data".to_owned()),
        Type::Optional { .. } | Type::List { .. } | Type::Map { .. } => Err(unexpected("another form", json)),
        Type::Record(_) | Type::Enum(_) | Type::Partial { .. } => Err(unexpected("another form", json)),
    }
}

/// JSON has one kind of numbers: `3.0` is the whole number 3.
fn whole(what: &str, json: &Json) -> Result<i64, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(value) = json.as_i64() {
        return Ok(value);
    }
    if let Some(value) = json.as_u64() {
        return Err(format!("{value} is too large"));
    }
    match json.as_f64() {
        Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => Ok(value as i64),
        Some(value) if value.fract() == 0.0 => Err(format!("{} is too large", print::float(value))),
        Some(value) => Err(format!("{what} is wanted here, this is {}", print::float(value))),
        None => Err(unexpected(what, json)),
    }
}

fn natural(what: &str, json: &Json) -> Result<u64, String> {
    match json.as_u64() {
        Some(value) => Ok(value),
        None => {
            let value = whole(what, json)?;
            u64::try_from(value).map_err(|_| format!("{value} is below 0, the least allowed"))
        }
    }
}

fn duration(json: &Json) -> Result<i64, String> {
    match json {
        Json::Number(_) => whole("a number of ms", json),
        Json::String(text) => scalar::parse_duration(text)
            .ok_or_else(|| "this is no duration; write a number of ms, or \"8s\"".to_owned()),
        other => Err(unexpected("a duration", other)),
    }
}

fn money(json: &Json) -> Result<(i64, Currency), String> {
    const FORM: &str =
        "an amount like {\"amount\": \"12.50\", \"currency\": \"EUR\"} or \"12.50 EUR\" is wanted here";
    let found = match json {
        Json::String(text) => scalar::parse_money(text),
        Json::Object(object) if object.len() == 2 => {
            let part = |key| object.get(key).and_then(Json::as_str);
            let micros = part("amount").and_then(scalar::parse_amount);
            micros.zip(part("currency").and_then(scalar::parse_currency))
        }
        _ => None,
    };
    found.ok_or_else(|| FORM.to_owned())
}

fn media(kind: MediaKind, json: &Json) -> Result<Value, String> {
    let form = || "a URI, or {\"reference\": …, \"mime\": …, \"size\": …} is wanted here".to_owned();
    let media = match json {
        Json::String(uri) if uri.contains(':') => {
            let mime = uri.strip_prefix("data:").and_then(|rest| rest.split([';', ',']).next());
            Media { kind, mime: mime.unwrap_or_default().into(), reference: uri.into(), size: 0 }
        }
        Json::Object(object) => {
            let text = |key| object.get(key).and_then(Json::as_str).ok_or_else(form);
            let size = object.get("size").map_or(Some(0), Json::as_u64).ok_or_else(form)?;
            Media { kind, mime: text("mime")?.into(), reference: text("reference")?.into(), size }
        }
        _ => return Err(form()),
    };
    Ok(Value::Media(Arc::new(media)))
}
