//! Types as JSON Schema.
//!
//! Two dialects: what structured output of models takes ([`structured`]), and plain JSON Schema for tools and
//! OpenAPI ([`plain`]). A schema helps its reader; what decides is always the strict decoding of the answer.

use serde_json::{Map, Value as Json, json};

use crate::profile::{Mode, Profile};
use crate::types::{Enum, Field, ListSize, Type, Variant};
use crate::{Bundle, TypeId, units};

/// A schema for a model's answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Structured {
    /// Its root is an object.
    pub schema: Json,
    /// The type is no object, so the answer is `{"value": …}`: take it out before decoding.
    pub wrapped: bool,
    /// Whether the strict profile can express the type; `map` and `json` are beyond it.
    pub strict: bool,
}

/// The field that holds an answer whose type is no object.
pub const WRAPPER: &str = "value";

/// In the strict profile: every field required, `T?` as a union with `null`, no other fields, variants tagged
/// from outside. An enum with a tag of its own keeps it, since that is how it is decoded.
#[must_use]
pub fn structured(bundle: &Bundle, ty: TypeId) -> Structured {
    let (schema, wrapped) = rooted(&Writer { bundle, dialect: Dialect::Strict, profile: None }, ty);
    Structured { schema, wrapped, strict: is_strict(bundle, ty) }
}

/// [`structured`] in the words that a provider takes. A constraint that it does not take is told in the
/// description, and checked when the answer has come.
#[must_use]
pub fn wire(bundle: &Bundle, ty: TypeId, profile: &Profile) -> Structured {
    let writer = Writer { bundle, dialect: Dialect::Strict, profile: Some(profile) };
    let (schema, wrapped) = rooted(&writer, ty);
    Structured { schema, wrapped, strict: profile.mode == Mode::Enforced && is_strict(bundle, ty) }
}

/// The root is an object, and whether the type had to be wrapped for that.
fn rooted(writer: &Writer<'_>, ty: TypeId) -> (Json, bool) {
    match writer.bundle.ty(ty) {
        Type::Record(_) | Type::Partial { .. } => (writer.schema(ty), false),
        _ => (object([(WRAPPER, writer.schema(ty))], [WRAPPER]), true),
    }
}

/// As the decoder reads it: `T?` may be left out.
#[must_use]
pub fn plain(bundle: &Bundle, ty: TypeId) -> Json {
    Writer { bundle, dialect: Dialect::Plain, profile: None }.schema(ty)
}

/// An object with a property per parameter: what a model fills in to call a tool.
#[must_use]
pub fn parameters(bundle: &Bundle, params: &[Field]) -> Json {
    Json::Object(Writer { bundle, dialect: Dialect::Plain, profile: None }.fields(params))
}

/// [`parameters`] in the strict profile.
#[must_use]
pub fn structured_parameters(bundle: &Bundle, params: &[Field]) -> Json {
    Json::Object(Writer { bundle, dialect: Dialect::Strict, profile: None }.fields(params))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Strict,
    Plain,
}

struct Writer<'a> {
    bundle: &'a Bundle,
    dialect: Dialect,
    /// `None` takes every word.
    profile: Option<&'a Profile>,
}

/// Whether the strict profile has words for every part: it knows no objects with free keys.
fn is_strict(bundle: &Bundle, ty: TypeId) -> bool {
    let all = |fields: &[Field]| fields.iter().all(|field| is_strict(bundle, field.ty));
    match bundle.ty(ty) {
        Type::Map { .. } | Type::Json => false,
        Type::Optional { item } | Type::List { item, .. } => is_strict(bundle, *item),
        Type::Partial { record } => is_strict(bundle, *record),
        Type::Record(record) => all(&record.fields),
        Type::Enum(it) => it.variants.iter().all(|variant| all(&variant.fields)),
        Type::Nothing | Type::Text { .. } | Type::Int { .. } | Type::Float { .. } | Type::Bool => true,
        Type::Date | Type::Time | Type::Duration { .. } | Type::Money { .. } | Type::Tokens => true,
        Type::Bytes | Type::Price | Type::Image | Type::Audio | Type::File => true,
    }
}

impl Writer<'_> {
    fn schema(&self, ty: TypeId) -> Json {
        match self.bundle.ty(ty) {
            Type::Optional { item } => self.nullable(*item),
            Type::List { item, size } => self.list(*item, *size),
            Type::Map { item, size } => {
                let mut map = Map::from_iter([("type".to_owned(), json!("object"))]);
                map.insert("additionalProperties".to_owned(), self.schema(*item));
                let min = (size.min > 0).then_some(size.min);
                self.bounds(&mut map, [("minProperties", min), ("maxProperties", size.max)]);
                Json::Object(map)
            }
            Type::Record(record) => described(self.fields(&record.fields), &record.doc),
            Type::Partial { record } => self.partial(*record),
            Type::Enum(it) => described(self.variants(it), &it.doc),
            scalar => Json::Object(self.scalar(scalar)),
        }
    }

    /// A union with `null`. Unions are not nested: some providers refuse a union inside of a union.
    fn nullable(&self, item: TypeId) -> Json {
        match self.schema(item) {
            Json::Object(mut schema) => match schema.get_mut("anyOf").and_then(Json::as_array_mut) {
                Some(arms) => {
                    arms.push(json!({"type": "null"}));
                    Json::Object(schema)
                }
                None => json!({"anyOf": [schema, {"type": "null"}]}),
            },
            other => other,
        }
    }

    fn list(&self, item: TypeId, size: ListSize) -> Json {
        let mut list = Map::from_iter([("type".to_owned(), json!("array"))]);
        list.insert("items".to_owned(), self.schema(item));
        let min = (size.min > 0).then_some(size.min);
        self.bounds(&mut list, [("minItems", min), ("maxItems", size.max)]);
        if let Some(max) = size.max_tokens {
            list = described_map(list, &format!("At most {max} tokens together."));
        }
        Json::Object(list)
    }

    fn partial(&self, record: TypeId) -> Json {
        let Type::Record(record) = self.bundle.ty(record) else {
            return json!({});
        };
        let properties: Vec<_> =
            record.fields.iter().map(|field| (field, self.partial_field(field))).collect();
        let required = match self.dialect {
            Dialect::Strict => record.fields.iter().map(|field| field.wire.as_str()).collect(),
            Dialect::Plain => Vec::new(),
        };
        let properties = properties.iter().map(|(field, schema)| (field.wire.as_str(), schema.clone()));
        match object(properties, required) {
            Json::Object(schema) => described(schema, &record.doc),
            other => other,
        }
    }

    /// Every field may be missing or `null`.
    fn partial_field(&self, field: &Field) -> Json {
        let schema = match self.bundle.ty(field.ty) {
            Type::Optional { .. } => self.schema(field.ty),
            _ => self.nullable(field.ty),
        };
        with_doc(schema, &field.doc)
    }

    fn fields(&self, fields: &[Field]) -> Map<String, Json> {
        let is_optional = |field: &&Field| matches!(self.bundle.ty(field.ty), Type::Optional { .. });
        let is_required = |field: &&Field| self.dialect == Dialect::Strict || !is_optional(field);
        let properties =
            fields.iter().map(|field| (field.wire.as_str(), with_doc(self.schema(field.ty), &field.doc)));
        let required = fields.iter().filter(is_required).map(|field| field.wire.as_str());
        match object(properties, required) {
            Json::Object(schema) => schema,
            _ => Map::new(),
        }
    }

    fn variants(&self, it: &Enum) -> Map<String, Json> {
        if let Some(tag) = &it.tag {
            let arms = it.variants.iter().map(|variant| self.tagged(tag, variant));
            return Map::from_iter([("anyOf".to_owned(), Json::Array(arms.collect()))]);
        }
        let (bare, loaded): (Vec<_>, Vec<_>) =
            it.variants.iter().partition(|variant| variant.fields.is_empty());
        let mut arms: Vec<Json> = Vec::new();
        if !bare.is_empty() {
            arms.push(Json::Object(names(&bare)));
        }
        arms.extend(loaded.iter().map(|variant| {
            let payload = Json::Object(self.fields(&variant.fields));
            with_doc(object([(variant.wire.as_str(), payload)], [variant.wire.as_str()]), &variant.doc)
        }));
        match <[Json; 1]>::try_from(arms) {
            Ok([Json::Object(only)]) => only,
            Ok([only]) => Map::from_iter([("anyOf".to_owned(), json!([only]))]),
            Err(arms) => Map::from_iter([("anyOf".to_owned(), Json::Array(arms))]),
        }
    }

    fn tagged(&self, tag: &str, variant: &Variant) -> Json {
        let mut schema = self.fields(&variant.fields);
        if let Some(Json::Object(properties)) = schema.get_mut("properties") {
            properties.shift_insert(0, tag.to_owned(), json!({"type": "string", "enum": [variant.wire]}));
        }
        if let Some(Json::Array(required)) = schema.get_mut("required") {
            required.insert(0, json!(tag));
        }
        described(schema, &variant.doc)
    }

    /// Writes the bounds that the profile takes, and tells the others in words.
    fn bounds<T>(&self, schema: &mut Map<String, Json>, pair: [(&str, Option<T>); 2])
    where
        T: Into<Json> + Copy + std::fmt::Display,
    {
        let mut told = Vec::new();
        for ((word, value), more) in pair.into_iter().zip(["at least", "at most"]) {
            let Some(value) = value else { continue };
            if self.takes(word, value) {
                schema.insert(word.to_owned(), value.into());
            } else {
                told.push(format!("{more} {value}"));
            }
        }
        if let Some(text) = sentence(&told, schema.get("type") == Some(&json!("string"))) {
            *schema = described_map(std::mem::take(schema), &text);
        }
    }

    fn takes<T: std::fmt::Display>(&self, word: &str, value: T) -> bool {
        let number = value.to_string().parse().unwrap_or(0);
        self.profile.is_none_or(|profile| profile.takes(word, number))
    }

    fn scalar(&self, ty: &Type) -> Map<String, Json> {
        let mut schema = Map::new();
        let mut kind = |name: &str| drop(schema.insert("type".to_owned(), json!(name)));
        match ty {
            Type::Nothing => kind("null"),
            Type::Text { size } => {
                kind("string");
                if let Some(size) = size.filter(|size| !size.in_tokens) {
                    let min = (size.min > 0).then_some(size.min);
                    self.bounds(&mut schema, [("minLength", min), ("maxLength", size.max)]);
                } else if let Some(max) = size.and_then(|size| size.max) {
                    schema.insert("description".to_owned(), json!(format!("At most {max} tokens.")));
                }
            }
            Type::Int { min, max } => {
                kind("integer");
                self.bounds(&mut schema, [("minimum", *min), ("maximum", *max)]);
            }
            Type::Float { min, max } => {
                kind("number");
                self.bounds(&mut schema, [("minimum", *min), ("maximum", *max)]);
            }
            Type::Bool => kind("boolean"),
            Type::Date => {
                kind("string");
                match self.profile.is_none_or(|profile| profile.formats.contains(&"date")) {
                    true => drop(schema.insert("format".to_owned(), json!("date"))),
                    false => schema = described_map(schema, "A day like 2026-01-05."),
                }
            }
            Type::Time => {
                kind("string");
                schema.insert("description".to_owned(), json!("A time of day like 09:30:00."));
            }
            Type::Duration { min, max } => {
                kind("integer");
                self.bounds(&mut schema, [("minimum", *min), ("maximum", *max)]);
                schema = described_map(schema, "In milliseconds.");
            }
            Type::Money { currency, min, max } => {
                let currencies =
                    currency.map_or_else(|| json!(["USD", "EUR", "GBP"]), |it| json!([it.code()]));
                let amount = json!({"type": "string", "description": amount_doc(*min, *max)});
                let currency = json!({"type": "string", "enum": currencies});
                return into_map(object(
                    [("amount", amount), ("currency", currency)],
                    ["amount", "currency"],
                ));
            }
            Type::Tokens | Type::Bytes => {
                kind("integer");
                self.bounds(&mut schema, [("minimum", Some(0)), ("maximum", None)]);
            }
            Type::Image | Type::Audio | Type::File => {
                kind("string");
                schema.insert("description".to_owned(), json!("A URI."));
            }
            // Everything is allowed; composed types are written by `schema`.
            Type::Json | Type::Price | Type::Optional { .. } | Type::List { .. } | Type::Map { .. } => {}
            Type::Record(_) | Type::Enum(_) | Type::Partial { .. } => {}
        };
        schema
    }
}

/// The payload-free variants as one text, their docs as its description.
fn names(variants: &[&Variant]) -> Map<String, Json> {
    let wires: Vec<&str> = variants.iter().map(|variant| variant.wire.as_str()).collect();
    let docs = variants.iter().filter(|variant| !variant.doc.is_empty());
    let docs: Vec<String> = docs.map(|variant| format!("{}: {}", variant.wire, variant.doc)).collect();
    described_map(into_map(json!({"type": "string", "enum": wires})), &docs.join("\n"))
}

fn amount_doc(min: Option<i64>, max: Option<i64>) -> String {
    let bound = |word, micros: Option<i64>| micros.map(|it| format!(" {word} {}.", units::amount(it)));
    let (least, most) = (bound("At least", min), bound("At most", max));
    format!("A decimal like 12.50.{}{}", least.unwrap_or_default(), most.unwrap_or_default())
}

fn object<'a>(
    properties: impl IntoIterator<Item = (&'a str, Json)>,
    required: impl IntoIterator<Item = &'a str>,
) -> Json {
    let properties: Map<String, Json> =
        properties.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    let required: Vec<&str> = required.into_iter().collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn into_map(schema: Json) -> Map<String, Json> {
    match schema {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// `At least 1, at most 5.`
fn sentence(told: &[String], is_text: bool) -> Option<String> {
    let text = told.join(", ");
    let first = text.get(..1)?.to_uppercase();
    let unit = if is_text { " characters" } else { "" };
    Some(format!("{first}{}{unit}.", text.get(1..)?))
}

fn described(schema: Map<String, Json>, doc: &str) -> Json {
    Json::Object(described_map(schema, doc))
}

fn with_doc(schema: Json, doc: &str) -> Json {
    described(into_map(schema), doc)
}

/// The nearer doc comes first: a field says more about its value than the type does.
fn described_map(mut schema: Map<String, Json>, doc: &str) -> Map<String, Json> {
    if doc.is_empty() {
        return schema;
    }
    let text = match schema.get("description").and_then(Json::as_str) {
        Some(inner) => format!("{doc}\n{inner}"),
        None => doc.to_owned(),
    };
    schema.insert("description".to_owned(), Json::String(text));
    schema
}
