//! Values at run time.

use std::sync::Arc;

use flow_ir::units::Currency;
use indexmap::IndexMap;
use smol_str::SmolStr;

/// A value. Cheap to clone: short texts are inline, the rest is shared.
///
/// Records and payloads are positional. A value has no type of its own; a function that needs one takes a
/// `TypeId` beside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The absent value of `T?`.
    None,
    /// The result of a call that returns nothing.
    Nothing,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `float`; never NaN or infinite.
    Float(f64),
    /// `text`.
    Text(SmolStr),
    /// `money`, in millionths of the currency's unit.
    Money(i64, Currency),
    /// `duration`, ms.
    Duration(i64),
    /// `tokens`.
    Tokens(u64),
    /// `bytes`.
    Bytes(u64),
    /// `date`: year, month, day.
    Date(i16, i8, i8),
    /// `time`: hour, minute, second.
    Time(i8, i8, i8),
    /// `json`.
    Json(Arc<serde_json::Value>),
    /// `list(T)`.
    List(Arc<[Value]>),
    /// `map(T)`, in order of insertion.
    Map(Arc<IndexMap<SmolStr, Value>>),
    /// A record's fields in the order declared; of `Partial(R)`, absent ones are `none`.
    Record(Arc<[Value]>),
    /// A variant's number and payload.
    Variant(u32, Arc<[Value]>),
    /// `image`, `audio`, `file`: a reference, never the bytes.
    Media(Arc<Media>),
}

/// A content-addressed reference to bytes outside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Which of the three types.
    pub kind: MediaKind,
    /// As in `image/png`.
    pub mime: SmolStr,
    /// BLAKE3 of the bytes, hex; or the URI as given at the boundary.
    pub reference: SmolStr,
    /// Size in bytes.
    pub size: u64,
}

/// The media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum MediaKind {
    Image,
    Audio,
    File,
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<SmolStr>) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// A record.
    pub fn record(fields: impl IntoIterator<Item = Self>) -> Self {
        Self::Record(fields.into_iter().collect())
    }

    /// A variant without payload.
    #[must_use]
    pub fn unit_variant(variant: u32) -> Self {
        Self::Variant(variant, Arc::from([]))
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The fields, if it is a record or a variant's payload.
    #[must_use]
    pub fn as_fields(&self) -> Option<&[Self]> {
        match self {
            Self::Record(fields) | Self::Variant(_, fields) => Some(fields),
            _ => None,
        }
    }
}
