//! What an expression raises when it has no value.

use std::fmt;

/// `Invalid`: why an expression has no value, in the user's words.
///
/// Holds no more of the data than a name or a number: messages reach logs and people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Lower case, no full stop.
    pub message: Box<str>,
}

impl Invalid {
    /// With this message.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}

/// The value, or why there is none.
pub type Outcome<T = crate::Value> = Result<T, Invalid>;

/// A value whose kind is not what its type says: only a Bundle that no compiler wrote, or a caller that passed
/// arguments without validating them, can cause it.
pub(crate) fn mismatch(what: &str, value: &crate::Value) -> Invalid {
    Invalid::new(format!("{what} is not defined for {}", crate::ops::kind(value)))
}
