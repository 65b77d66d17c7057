//! Tokens before it is known whose.

use flow_ir::effort;
use flow_ir::profile::Profile;
use flow_ir::setup::Model;

/// A bound on a text in the units that bounds are written in. `u64::MAX` is no bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::bounds) struct Weight {
    /// Counted tokens: a model's own are this times its factor.
    pub(in crate::bounds) tokens: u64,
    /// Characters: each at most four tokens of any model, since a token covers at least one byte.
    pub(in crate::bounds) chars: u64,
    /// Pictures.
    pub(in crate::bounds) images: u64,
}

impl Weight {
    pub(in crate::bounds) const ZERO: Self = Self { tokens: 0, chars: 0, images: 0 };
    pub(in crate::bounds) const UNBOUNDED: Self = Self { tokens: u64::MAX, chars: 0, images: 0 };

    pub(in crate::bounds) const fn tokens(tokens: u64) -> Self {
        Self { tokens, ..Self::ZERO }
    }

    pub(in crate::bounds) const fn chars(chars: u64) -> Self {
        Self { chars, ..Self::ZERO }
    }

    pub(in crate::bounds) const fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            chars: self.chars.saturating_add(other.chars),
            images: self.images.saturating_add(other.images),
        }
    }

    pub(in crate::bounds) const fn times(self, count: u64) -> Self {
        Self {
            tokens: self.tokens.saturating_mul(count),
            chars: self.chars.saturating_mul(count),
            images: self.images.saturating_mul(count),
        }
    }

    /// At least both.
    pub(in crate::bounds) fn largest(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.max(other.tokens),
            chars: self.chars.max(other.chars),
            images: self.images.max(other.images),
        }
    }

    /// The one that is smaller on the whole.
    pub(in crate::bounds) fn smallest(self, other: Self) -> Self {
        if self.nominal() <= other.nominal() { self } else { other }
    }

    pub(in crate::bounds) const fn is_bounded(self) -> bool {
        self.tokens != u64::MAX && self.chars != u64::MAX && self.images != u64::MAX
    }

    /// One number to compare by: tokens of a model whose factor is 1.
    pub(in crate::bounds) const fn nominal(self) -> u64 {
        self.tokens
            .saturating_add(self.chars.saturating_mul(4))
            .saturating_add(self.images.saturating_mul(1_600))
    }

    /// As a JSON text: escapes make a character at most six bytes long.
    pub(in crate::bounds) const fn quoted(self) -> Self {
        Self {
            tokens: self.tokens.saturating_mul(2).saturating_add(2),
            chars: self.chars.saturating_add(self.chars.div_ceil(2)),
            images: self.images,
        }
    }

    /// Tokens of a model.
    pub(in crate::bounds) fn on(self, model: &Model) -> u64 {
        // Characters are counted by the runtime too: one and a half tokens at most, times the factor.
        let counted = effort::scaled(self.chars.saturating_mul(3).div_ceil(2), model);
        let pictures = self.images.saturating_mul(Profile::of_provider(model.provider).image_tokens);
        let chars = counted.max(self.chars.saturating_mul(4));
        effort::scaled(self.tokens, model).saturating_add(chars).saturating_add(pictures)
    }
}
