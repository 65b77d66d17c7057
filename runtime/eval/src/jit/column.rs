//! What machine code reads of a value: one cell of two words per place.

use flow_ir::types::Type;
use flow_ir::units::Currency;
use flow_ir::{Bundle, LocalId, TypeId};

use crate::Value;

/// What a word means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
    Money(Currency),
    Duration,
    /// Which variant.
    Tag,
    /// Nothing but whether it is `none`.
    Presence,
}

/// A place, and what is read there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Column {
    pub(super) root: Root,
    pub(super) path: Vec<Step>,
    pub(super) kind: Kind,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Root {
    /// The lambda's parameter.
    Element,
    Slot(usize),
    /// A binder around the lambda.
    Local(LocalId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Field(u32),
    Payload(u32, u32),
}

/// There is nothing to compute with; code that needs it gives up.
pub(super) const UNREADABLE: u64 = 0;
/// There is a value, and the second word holds it.
pub(super) const PRESENT: u64 = 1;
/// There is `none`.
pub(super) const NONE: u64 = 2;

/// A state and a word.
pub(super) type Cell = [u64; 2];

impl Kind {
    /// Of a type's values, if they fit a word.
    pub(super) fn of(bundle: &Bundle, ty: TypeId) -> Option<Self> {
        match bundle.ty(ty) {
            Type::Bool => Some(Self::Bool),
            Type::Int { .. } => Some(Self::Int),
            Type::Float { .. } => Some(Self::Float),
            Type::Money { currency, .. } => currency.map(Self::Money),
            Type::Duration { .. } => Some(Self::Duration),
            Type::Optional { item } => Self::of(bundle, *item),
            _ => None,
        }
    }

    pub(super) fn value(self, bits: u64) -> Value {
        match self {
            Self::Bool => Value::Bool(bits != 0),
            Self::Int => Value::Int(bits.cast_signed()),
            Self::Float => Value::Float(f64::from_bits(bits)),
            Self::Money(currency) => Value::Money(bits.cast_signed(), currency),
            Self::Duration => Value::Duration(bits.cast_signed()),
            // No expression has these as its value.
            Self::Tag | Self::Presence => Value::None,
        }
    }
}

impl Column {
    pub(super) fn read(&self, root: Option<&Value>) -> Cell {
        let mut value = root;
        for step in &self.path {
            value = match (value, step) {
                (Some(Value::Record(fields)), Step::Field(at)) => fields.get(*at as usize),
                (Some(Value::Variant(found, fields)), Step::Payload(variant, at)) if found == variant => {
                    fields.get(*at as usize)
                }
                _ => None,
            };
        }
        match (value, self.kind) {
            (None, _) => [UNREADABLE, 0],
            (Some(Value::None), _) => [NONE, 0],
            (Some(_), Kind::Presence) => [PRESENT, 0],
            (Some(Value::Bool(it)), Kind::Bool) => [PRESENT, u64::from(*it)],
            (Some(Value::Int(it)), Kind::Int) => [PRESENT, it.cast_unsigned()],
            (Some(Value::Float(it)), Kind::Float) => [PRESENT, it.to_bits()],
            (Some(Value::Money(it, found)), Kind::Money(wanted)) if *found == wanted => {
                [PRESENT, it.cast_unsigned()]
            }
            (Some(Value::Duration(it)), Kind::Duration) => [PRESENT, it.cast_unsigned()],
            (Some(Value::Variant(tag, _)), Kind::Tag) => [PRESENT, u64::from(*tag)],
            (Some(_), _) => [UNREADABLE, 0],
        }
    }
}
