//! Types of values, as the runtime needs them: to decode, to validate, to write JSON schemas.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::ids::TypeId;
use crate::units::Currency;

/// A type. Types are interned: equal types have equal ids. They never contain themselves.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Type {
    /// The result of a call that returns nothing.
    Nothing,
    /// Unicode text.
    Text {
        /// Its size, if it is bounded.
        size: Option<TextSize>,
    },
    /// 64-bit signed.
    Int {
        /// Inclusive.
        min: Option<i64>,
        /// Inclusive.
        max: Option<i64>,
    },
    /// 64-bit IEEE; never NaN or infinite.
    Float {
        /// Inclusive.
        min: Option<f64>,
        /// Inclusive.
        max: Option<f64>,
    },
    /// `true` or `false`.
    Bool,
    /// A calendar day; JSON `"2026-01-05"`.
    Date,
    /// A time of day; JSON `"09:30:00"`.
    Time,
    /// A span of time in ms; JSON: a number of ms, or `"8s"`.
    Duration {
        /// Inclusive, ms.
        min: Option<i64>,
        /// Inclusive, ms.
        max: Option<i64>,
    },
    /// An amount in a currency; JSON `{"amount": "12.50", "currency": "EUR"}`, or `"12.50 EUR"` on input.
    Money {
        /// The only currency allowed, when the range says one.
        currency: Option<Currency>,
        /// Inclusive, millionths.
        min: Option<i64>,
        /// Inclusive, millionths.
        max: Option<i64>,
    },
    /// A number of tokens.
    Tokens,
    /// A size in bytes.
    Bytes,
    /// Money per token; only in settings of models.
    Price,
    /// Any JSON.
    Json,
    /// A content-addressed picture.
    Image,
    /// A content-addressed recording.
    Audio,
    /// A content-addressed file.
    File,
    /// `T?`.
    Optional {
        /// What it is when it is not `none`.
        item: TypeId,
    },
    /// `list(T)`.
    List {
        /// Of the elements.
        item: TypeId,
        /// Of the list.
        size: ListSize,
    },
    /// `map(T)`, with text keys in order of insertion.
    Map {
        /// Of the values.
        item: TypeId,
        /// Number of entries.
        size: ListSize,
    },
    /// A record, declared, from the prelude, or the result of an `all` node.
    Record(Record),
    /// An enum.
    Enum(Enum),
    /// `Partial(R)`: the record with every field optional.
    Partial {
        /// The record.
        record: TypeId,
    },
}

/// The bounds of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSize {
    /// In tokens if true, else in Unicode scalar values.
    pub in_tokens: bool,
    /// Inclusive.
    pub min: u64,
    /// Inclusive.
    pub max: Option<u64>,
}

/// The bounds of a list or map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSize {
    /// Fewest elements.
    pub min: u64,
    /// Most elements.
    pub max: Option<u64>,
    /// Most tokens of all elements together.
    pub max_tokens: Option<u64>,
}

impl Type {
    /// The numbers of the types that it is directly made of, in order.
    pub fn parts_mut(&mut self) -> Vec<&mut TypeId> {
        match self {
            Self::Optional { item } | Self::List { item, .. } | Self::Map { item, .. } => vec![item],
            Self::Partial { record } => vec![record],
            Self::Record(record) => record.fields.iter_mut().map(|field| &mut field.ty).collect(),
            Self::Enum(of) => {
                let fields = of.variants.iter_mut().flat_map(|variant| &mut variant.fields);
                fields.map(|field| &mut field.ty).collect()
            }
            Self::Nothing
            | Self::Text { .. }
            | Self::Int { .. }
            | Self::Float { .. }
            | Self::Bool
            | Self::Date
            | Self::Time
            | Self::Duration { .. }
            | Self::Money { .. }
            | Self::Tokens
            | Self::Bytes
            | Self::Price
            | Self::Json
            | Self::Image
            | Self::Audio
            | Self::File => Vec::new(),
        }
    }
}

/// A record: fields in the order declared, which is the order of values at run time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// As declared, for messages and schemas. Results of `all` are named after their node.
    pub name: SmolStr,
    /// The `///` lines, for schemas.
    pub doc: SmolStr,
    /// In order.
    pub fields: Vec<Field>,
}

/// A field of a record, a payload field of a variant, or a parameter.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// As declared.
    pub name: SmolStr,
    /// In JSON.
    pub wire: SmolStr,
    /// The `///` lines, for schemas.
    pub doc: SmolStr,
    /// Its type.
    pub ty: TypeId,
    /// What may see it.
    pub labels: Labels,
}

/// An enum.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// As declared.
    pub name: SmolStr,
    /// The `///` lines, for schemas.
    pub doc: SmolStr,
    /// The JSON field that tells variants apart. `None`: `"Spam"` or `{"Offer": {…}}`.
    pub tag: Option<SmolStr>,
    /// In order.
    pub variants: Vec<Variant>,
}

/// One alternative of an enum.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// As declared.
    pub name: SmolStr,
    /// In JSON.
    pub wire: SmolStr,
    /// The `///` lines, for schemas and `{{x.doc}}`.
    pub doc: SmolStr,
    /// The payload in order.
    pub fields: Vec<Field>,
}

/// What may see a value, and who vouches for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Labels {
    /// Earned by a check or a person, or declared at a boundary.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trusted: bool,
    /// About a person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pii: bool,
    /// Only settings may hold it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}

impl Labels {
    /// Whether there is no label.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
