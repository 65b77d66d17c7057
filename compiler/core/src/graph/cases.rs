//! What a value can still be: a set of cases, or all but a set.

use smol_str::SmolStr;

/// The cases a value can have, as far as the way to a place says.
///
/// A case is the name of a variant, `none`, `true` or `false`. Sorted, without repeats.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cases {
    /// One of these. Empty: the place cannot be reached.
    In(Vec<SmolStr>),
    /// Anything but these.
    NotIn(Vec<SmolStr>),
}

impl Cases {
    /// Exactly this case.
    #[must_use]
    pub fn only(case: impl Into<SmolStr>) -> Self {
        Self::In(vec![case.into()])
    }

    /// Any case but this.
    #[must_use]
    pub fn except(case: impl Into<SmolStr>) -> Self {
        Self::NotIn(vec![case.into()])
    }

    /// What it is if it is none of these.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::In(cases) => Self::NotIn(cases),
            Self::NotIn(cases) => Self::In(cases),
        }
    }

    /// Both are known.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::In(a), Self::In(b)) => Self::In(common(a, b)),
            (Self::In(a), Self::NotIn(b)) | (Self::NotIn(b), Self::In(a)) => Self::In(without(a, b)),
            (Self::NotIn(a), Self::NotIn(b)) => Self::NotIn(either(a, b)),
        }
    }

    /// One of the two is known: what two ways that meet agree on.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::In(a), Self::In(b)) => Self::In(either(a, b)),
            (Self::In(a), Self::NotIn(b)) | (Self::NotIn(b), Self::In(a)) => Self::NotIn(without(b, a)),
            (Self::NotIn(a), Self::NotIn(b)) => Self::NotIn(common(a, b)),
        }
    }

    /// Whether the value can be this case.
    #[must_use]
    pub fn allows(&self, case: &str) -> bool {
        match self {
            Self::In(cases) => cases.iter().any(|other| other == case),
            Self::NotIn(cases) => !cases.iter().any(|other| other == case),
        }
    }

    /// Whether the value is surely this case, given all that it could be by its type.
    #[must_use]
    pub fn is_surely(&self, case: &str, all: &[SmolStr]) -> bool {
        self.left(all).all(|left| left == case)
    }

    /// Those of `all` that are still possible.
    pub fn left<'a>(&'a self, all: &'a [SmolStr]) -> impl Iterator<Item = &'a SmolStr> {
        all.iter().filter(|case| self.allows(case))
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        matches!(self, Self::NotIn(cases) if cases.is_empty())
    }
}

fn common(a: &[SmolStr], b: &[SmolStr]) -> Vec<SmolStr> {
    a.iter().filter(|case| b.contains(case)).cloned().collect()
}

fn without(a: &[SmolStr], b: &[SmolStr]) -> Vec<SmolStr> {
    a.iter().filter(|case| !b.contains(case)).cloned().collect()
}

fn either(a: &[SmolStr], b: &[SmolStr]) -> Vec<SmolStr> {
    let mut all: Vec<SmolStr> = a.iter().chain(b).cloned().collect();
    all.sort();
    all.dedup();
    all
}
