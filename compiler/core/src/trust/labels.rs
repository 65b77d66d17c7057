//! What is known about who vouches for a value and who may see it.
//!
//! A value is untrusted unless somebody vouches for it, and it may hold `pii` or `secret`. Values with fields
//! are followed field by field as long as the analysis knows how they were made ([`Taint::Parts`]); all others have
//! one set of marks, and their fields add what their declarations say.

use std::sync::Arc;

use flow_ir::TypeId;

/// The name under which a label was declared: a row of [`super::shapes::Shapes`], sorted by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Origin(pub(crate) u32);

/// What is known about one value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Marks {
    /// Nobody vouches for it.
    pub(crate) untrusted: bool,
    /// It may hold personal data, declared there.
    pub(crate) pii: Option<Origin>,
    /// It may hold a secret, declared there.
    pub(crate) secret: Option<Origin>,
}

impl Marks {
    /// Trusted, and anybody may see it: a literal.
    pub(crate) const CLEAN: Self = Self { untrusted: false, pii: None, secret: None };
    /// From outside.
    pub(crate) const OUTSIDE: Self = Self { untrusted: true, pii: None, secret: None };

    /// What holds for a value made of both.
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            untrusted: self.untrusted || other.untrusted,
            pii: first(self.pii, other.pii),
            secret: first(self.secret, other.secret),
        }
    }

    /// Without what only concerns who may see it: what is left in a `bool`.
    pub(crate) const fn open(self) -> Self {
        Self { untrusted: self.untrusted, pii: None, secret: None }
    }

    /// The same labels, from outside.
    pub(crate) const fn outside(self) -> Self {
        Self { untrusted: true, ..self }
    }

    /// The same labels, vouched for.
    pub(crate) const fn vouched(self) -> Self {
        Self { untrusted: false, ..self }
    }
}

/// The one whose name sorts first, so that the answer does not depend on the order in which ways are looked at.
fn first(a: Option<Origin>, b: Option<Origin>) -> Option<Origin> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// What is known about a value and its fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Taint {
    /// The same about all of it; fields add what they declare.
    Whole(Marks),
    /// Of each field of a record of that type; declared labels are in it. Stands for lists and optional values
    /// of such records too.
    Parts(TypeId, Arc<[Taint]>),
}

impl Default for Taint {
    fn default() -> Self {
        Self::Whole(Marks::CLEAN)
    }
}

impl From<Marks> for Taint {
    fn from(marks: Marks) -> Self {
        Self::Whole(marks)
    }
}

impl Taint {
    /// The same with a change to every part.
    pub(crate) fn map(&self, change: &impl Fn(Marks) -> Marks) -> Self {
        match self {
            Self::Whole(marks) => Self::Whole(change(*marks)),
            Self::Parts(ty, parts) => Self::Parts(*ty, parts.iter().map(|part| part.map(change)).collect()),
        }
    }

    /// The same, as something that also depends on a value with these marks.
    pub(crate) fn add(&self, marks: Marks) -> Self {
        if marks == Marks::CLEAN { self.clone() } else { self.map(&|own| own.join(marks)) }
    }

    /// The same, vouched for.
    pub(crate) fn vouched(&self) -> Self {
        self.map(&Marks::vouched)
    }
}
