//! Types as the compiler reasons about them: with bounds, `none` and poison.
//!
//! [`Ty`] is cheap to clone and to hash. It differs from the Bundle's type in three ways: declared types are
//! named by their [`DefId`], literals keep their exact bounds, and [`Ty::Poison`] stands for whatever could
//! not be made out, which fits everything so that one mistake is reported once. Labels are kept where they
//! are declared, on fields and parameters. Start reading at [`Ty`], then `fit`.

mod bounds;
mod defs;
mod display;
mod fit;
mod intern;
mod resolve;

use std::sync::Arc;

use flow_ir::units::Currency;
use smol_str::SmolStr;

pub(crate) use bounds::{Bounds, Size, TextSize};
pub(crate) use defs::{Def, DefBody, DefId, EnumDef, FieldDef, VariantDef};
pub(crate) use display::money_text;
pub(crate) use fit::{Fit, fit};
pub(crate) use intern::Interner;
pub(crate) use resolve::{label_text, labels_of, resolve_ty, unit_ms};

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Ty {
    /// Not known because of a mistake that is already reported.
    Poison,
    /// The element of `[]` and the inside of `none`: fits every type.
    Never,
    /// The result of a call that returns nothing.
    Nothing,
    /// Text with its size.
    Text(TextSize),
    /// In units.
    Int(Bounds),
    /// In millionths.
    Float(Bounds),
    Bool,
    Date,
    Time,
    /// In ms.
    Duration(Bounds),
    /// The one currency allowed, if any, and bounds in millionths.
    Money(Option<Currency>, Bounds),
    Tokens,
    Bytes,
    Price,
    Json,
    Image,
    Audio,
    File,
    Optional(Arc<Ty>),
    List(Arc<Ty>, Size),
    Map(Arc<Ty>, Size),
    /// A declared record or enum, with its name for messages.
    Named(DefId, SmolStr),
    /// A record that nobody declared: the result of `all`, of `zip`, of some methods.
    Anon(Arc<Anon>),
    /// `Partial(R)`.
    Partial(DefId, SmolStr),
}

/// A record that nobody declared.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Anon {
    /// What messages call it.
    pub(crate) name: SmolStr,
    /// In order.
    pub(crate) fields: Vec<(SmolStr, Ty)>,
}

impl Ty {
    /// Text without bounds.
    pub(crate) const TEXT: Self = Self::Text(TextSize::ANY);
    /// A whole number without bounds.
    pub(crate) const INT: Self = Self::Int(Bounds::ANY);
    /// A number without bounds.
    pub(crate) const FLOAT: Self = Self::Float(Bounds::ANY);
    /// A span of time without bounds.
    pub(crate) const DURATION: Self = Self::Duration(Bounds::ANY);
    /// Money in dollars.
    pub(crate) const USD: Self = Self::Money(Some(Currency::Usd), Bounds::ANY);

    /// `T?`; `T??` is `T?`.
    pub(crate) fn optional(self) -> Self {
        match self {
            Self::Optional(_) | Self::Poison => self,
            other => Self::Optional(Arc::new(other)),
        }
    }

    /// `list(T) in size`.
    pub(crate) fn list(self, size: Size) -> Self {
        Self::List(Arc::new(self), size)
    }

    /// A record with these fields.
    pub(crate) fn record(name: impl Into<SmolStr>, fields: Vec<(SmolStr, Self)>) -> Self {
        Self::Anon(Arc::new(Anon { name: name.into(), fields }))
    }

    /// The type of the literal `none`.
    pub(crate) fn none() -> Self {
        Self::Optional(Arc::new(Self::Never))
    }

    /// What it is when it is not `none`.
    pub(crate) fn present(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            other => other,
        }
    }

    /// Whether nothing may be reported about it.
    pub(crate) fn is_poison(&self) -> bool {
        match self {
            Self::Poison => true,
            Self::Optional(inner) | Self::List(inner, _) | Self::Map(inner, _) => inner.is_poison(),
            _ => false,
        }
    }

    /// Whether it is plain text of any size.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The type without the exact bounds that literals and arithmetic carry.
    pub(crate) fn shape(&self) -> Self {
        match self {
            Self::Text(_) => Self::TEXT,
            Self::Int(_) => Self::INT,
            Self::Float(_) => Self::FLOAT,
            Self::Duration(_) => Self::DURATION,
            Self::Money(_, _) => Self::Money(None, Bounds::ANY),
            Self::Optional(inner) => inner.shape().optional(),
            Self::List(item, _) => item.shape().list(Size::ANY),
            Self::Map(item, _) => Self::Map(Arc::new(item.shape()), Size::ANY),
            other => other.clone(),
        }
    }

    /// The smallest type that both fit, if there is one.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Poison, _) | (_, Self::Poison) => Some(Self::Poison),
            (Self::Never, it) | (it, Self::Never) => Some(it.clone()),
            (Self::Optional(a), b) | (b, Self::Optional(a)) => a.join(b.present()).map(Self::optional),
            (Self::Text(a), Self::Text(b)) => Some(Self::Text(a.hull(*b))),
            (Self::Int(a), Self::Int(b)) => Some(Self::Int(a.hull(*b))),
            (Self::Float(a), Self::Float(b)) => Some(Self::Float(a.hull(*b))),
            (Self::Int(a), Self::Float(b)) | (Self::Float(b), Self::Int(a)) => {
                Some(Self::Float(a.to_micros().hull(*b)))
            }
            (Self::Duration(a), Self::Duration(b)) => Some(Self::Duration(a.hull(*b))),
            (Self::Money(ca, a), Self::Money(cb, b)) => {
                Some(Self::Money(if ca == cb { *ca } else { None }, a.hull(*b)))
            }
            (Self::List(a, sa), Self::List(b, sb)) => Some(a.join(b)?.list(sa.hull(*sb))),
            (Self::Map(a, sa), Self::Map(b, sb)) => Some(Self::Map(Arc::new(a.join(b)?), sa.hull(*sb))),
            (a, b) if a == b => Some(a.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
