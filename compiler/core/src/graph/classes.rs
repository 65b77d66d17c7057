//! Sets of error classes.

use flow_ir::units::ErrorClass;

/// A set of [`ErrorClass`]es, as one byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClassSet(u8);

impl ClassSet {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class: what `Error` stands for.
    pub const ALL: Self = Self(u8::MAX);

    /// The set of one class.
    #[must_use]
    pub const fn of(class: ErrorClass) -> Self {
        Self(1 << class as u8)
    }

    /// What an edge that says `on name` takes. `None` if `name` is no class.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "Error" {
            return Some(Self::ALL);
        }
        ErrorClass::ALL.into_iter().find(|class| class.name() == name).map(Self::of)
    }

    /// Classes of either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Classes of both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Classes of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `class` is in it.
    #[must_use]
    pub const fn contains(self, class: ErrorClass) -> bool {
        self.0 & Self::of(class).0 != 0
    }

    /// The classes in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = ErrorClass> {
        ErrorClass::ALL.into_iter().filter(move |class| self.contains(*class))
    }
}

impl FromIterator<ErrorClass> for ClassSet {
    fn from_iter<I: IntoIterator<Item = ErrorClass>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, |set, class| set.and(Self::of(class)))
    }
}

impl std::fmt::Debug for ClassSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
