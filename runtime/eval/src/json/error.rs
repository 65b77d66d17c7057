//! Where and why a value does not fit its type.

use std::fmt;

/// Why JSON is no value of a type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// Where, in wire names: `$.intent.Offer.amount`, `$.items[2]`.
    pub path: String,
    /// What is wrong there. Holds numbers and names of the type, never the data around them.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "$" => f.write_str(&self.message),
            path => write!(f, "at `{path}`: {}", self.message),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The way to a part of a value, kept on the stack.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(super) fn error(&self, message: impl Into<String>) -> DecodeError {
        DecodeError { path: self.to_string(), message: message.into() }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Field(base, name) if is_plain(name) => write!(f, "{base}.{name}"),
            Self::Field(base, name) => write!(f, "{base}[{name:?}]"),
            Self::Index(base, index) => write!(f, "{base}[{index}]"),
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}
