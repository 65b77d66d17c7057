//! Closed ranges, and the arithmetic that carries them through expressions.

/// A closed range of whole numbers; an absent end is open.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
}

fn both(a: Option<i64>, b: Option<i64>, f: impl Fn(i64, i64) -> Option<i64>) -> Option<i64> {
    a.zip(b).and_then(|(a, b)| f(a, b))
}

impl Bounds {
    /// No bounds.
    pub(crate) const ANY: Self = Self { min: None, max: None };

    /// Exactly `value`.
    pub(crate) const fn only(value: i64) -> Self {
        Self { min: Some(value), max: Some(value) }
    }

    /// `min..max`.
    pub(crate) const fn new(min: i64, max: i64) -> Self {
        Self { min: Some(min), max: Some(max) }
    }

    /// `min..`.
    pub(crate) const fn from(min: i64) -> Self {
        Self { min: Some(min), max: None }
    }

    /// Whether every value of it lies in `outer`.
    pub(crate) fn within(self, outer: Self) -> bool {
        let low = outer.min.is_none_or(|bound| self.min.is_some_and(|min| min >= bound));
        let high = outer.max.is_none_or(|bound| self.max.is_some_and(|max| max <= bound));
        low && high
    }

    /// The smallest range around both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self {
            min: both(self.min, other.min, |a, b| Some(a.min(b))),
            max: both(self.max, other.max, |a, b| Some(a.max(b))),
        }
    }

    /// Of a sum.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            min: both(self.min, other.min, i64::checked_add),
            max: both(self.max, other.max, i64::checked_add),
        }
    }

    /// Of `-x`.
    pub(crate) fn negated(self) -> Self {
        Self { min: self.max.and_then(i64::checked_neg), max: self.min.and_then(i64::checked_neg) }
    }

    /// Of a product; known only where both ends of both factors are.
    pub(crate) fn times(self, other: Self) -> Self {
        let ends =
            [(self.min, other.min), (self.min, other.max), (self.max, other.min), (self.max, other.max)];
        let products: Option<Vec<i64>> =
            ends.into_iter().map(|(a, b)| both(a, b, i64::checked_mul)).collect();
        let Some(products) = products else {
            let nonnegative = self.min.is_some_and(|a| a >= 0) && other.min.is_some_and(|b| b >= 0);
            return if nonnegative { Self::from(0) } else { Self::ANY };
        };
        Self { min: products.iter().min().copied(), max: products.iter().max().copied() }
    }

    /// Units as millionths.
    pub(crate) fn to_micros(self) -> Self {
        let scale = |value: Option<i64>| value.and_then(|value| value.checked_mul(1_000_000));
        Self { min: scale(self.min), max: scale(self.max) }
    }

    /// Millionths as units, outwards.
    pub(crate) fn to_units(self) -> Self {
        let up = |value: i64| value.div_euclid(1_000_000) + i64::from(value.rem_euclid(1_000_000) != 0);
        Self { min: self.min.map(|min| min.div_euclid(1_000_000)), max: self.max.map(up) }
    }
}

/// How long a text may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct TextSize {
    /// In tokens, else in characters.
    pub(crate) in_tokens: bool,
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

impl TextSize {
    /// No bounds.
    pub(crate) const ANY: Self = Self { in_tokens: false, min: 0, max: None };

    /// So many characters.
    pub(crate) const fn chars(min: u64, max: Option<u64>) -> Self {
        Self { in_tokens: false, min, max }
    }

    /// Most tokens: a character counts four.
    pub(crate) fn max_tokens(self) -> Option<u64> {
        if self.in_tokens { self.max } else { self.max.and_then(|max| max.checked_mul(4)) }
    }

    /// Fewest tokens.
    fn min_tokens(self) -> u64 {
        if self.in_tokens { self.min } else { u64::from(self.min > 0) }
    }

    /// Fewest characters: a token covers at least one byte, a character at most four.
    pub(crate) fn min_chars(self) -> u64 {
        if self.in_tokens { self.min.div_ceil(4) } else { self.min }
    }

    /// The same size in tokens.
    fn as_tokens(self) -> Self {
        Self { in_tokens: true, min: self.min_tokens(), max: self.max_tokens() }
    }

    /// Whether every text of it fits `outer`.
    pub(crate) fn within(self, outer: Self) -> bool {
        let here = match (self.in_tokens, outer.in_tokens) {
            (false, true) => self.as_tokens(),
            // How many characters a token has is not bounded.
            (true, false) => Self::chars(self.min_chars(), None),
            (true, true) | (false, false) => self,
        };
        here.min >= outer.min && outer.max.is_none_or(|bound| here.max.is_some_and(|max| max <= bound))
    }

    /// Brings both to one unit: tokens, if one of them is in tokens.
    fn aligned(self, other: Self) -> (Self, Self) {
        if self.in_tokens == other.in_tokens {
            return (self, other);
        }
        (self.as_tokens(), other.as_tokens())
    }

    /// The smallest size around both.
    pub(crate) fn hull(self, other: Self) -> Self {
        let (a, b) = self.aligned(other);
        let max = a.max.zip(b.max).map(|(a, b)| a.max(b));
        Self { in_tokens: a.in_tokens, min: a.min.min(b.min), max }
    }

    /// Of two texts one after the other.
    pub(crate) fn plus(self, other: Self) -> Self {
        let (a, b) = self.aligned(other);
        let max = a.max.zip(b.max).and_then(|(a, b)| a.checked_add(b));
        Self { in_tokens: a.in_tokens, min: a.min.saturating_add(b.min), max }
    }
}

/// How long a list or map may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Size {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
    /// Of all elements together.
    pub(crate) max_tokens: Option<u64>,
}

impl Size {
    /// No bounds.
    pub(crate) const ANY: Self = Self { min: 0, max: None, max_tokens: None };

    /// `min..max`.
    pub(crate) const fn new(min: u64, max: Option<u64>) -> Self {
        Self { min, max, max_tokens: None }
    }

    /// Whether every list of it fits `outer`. An empty list holds no tokens.
    pub(crate) fn within(self, outer: Self) -> bool {
        let fits = |bound: Option<u64>, here: Option<u64>| {
            bound.is_none_or(|bound| here.is_some_and(|here| here <= bound))
        };
        let tokens = if self.max == Some(0) { Some(0) } else { self.max_tokens };
        self.min >= outer.min && fits(outer.max, self.max) && fits(outer.max_tokens, tokens)
    }

    /// The smallest size around both.
    pub(crate) fn hull(self, other: Self) -> Self {
        let tokens = |size: Self| if size.max == Some(0) { Some(0) } else { size.max_tokens };
        Self {
            min: self.min.min(other.min),
            max: self.max.zip(other.max).map(|(a, b)| a.max(b)),
            max_tokens: tokens(self).zip(tokens(other)).map(|(a, b)| a.max(b)),
        }
    }

    /// Of two lists one after the other.
    pub(crate) fn plus(self, other: Self) -> Self {
        let add = |a: Option<u64>, b: Option<u64>| a.zip(b).and_then(|(a, b)| a.checked_add(b));
        Self {
            min: self.min.saturating_add(other.min),
            max: add(self.max, other.max),
            max_tokens: add(self.max_tokens, other.max_tokens),
        }
    }

    /// Of a list of lists, joined.
    pub(crate) fn times(self, inner: Self) -> Self {
        let max = self.max.zip(inner.max).and_then(|(a, b)| a.checked_mul(b));
        Self { min: self.min.saturating_mul(inner.min), max, max_tokens: self.max_tokens }
    }

    /// Of some of the elements.
    pub(crate) const fn some(self) -> Self {
        Self { min: 0, ..self }
    }

    /// Of at most `count` elements.
    pub(crate) fn at_most(self, count: Bounds) -> Self {
        let top = count.max.and_then(|max| u64::try_from(max).ok());
        let low = count.min.and_then(|min| u64::try_from(min).ok()).unwrap_or(0);
        let max = match (self.max, top) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { min: self.min.min(low), max, max_tokens: self.max_tokens }
    }
}
