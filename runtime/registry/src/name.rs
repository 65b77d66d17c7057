//! What things are called: kinds, names, pointers, references.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Longest name and pointer, bytes.
const LONGEST: usize = 200;

/// What a version is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One prompt with its types.
    Prompt,
    /// One model.
    Model,
    /// A compiled package.
    Bundle,
    /// Several moves that belong together.
    Release,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::Model, Self::Bundle, Self::Release];

    /// As written in the log and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Model => "model",
            Self::Bundle => "bundle",
            Self::Release => "release",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == text);
        found.ok_or_else(|| BadName::new(text, "a kind is `prompt`, `model`, `bundle` or `release`"))
    }
}

/// Why a text is no name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is no name: {rule}")]
pub struct BadName {
    /// As written.
    pub text: String,
    /// What a name looks like.
    pub rule: &'static str,
}

impl BadName {
    fn new(text: &str, rule: &'static str) -> Self {
        Self { text: text.to_owned(), rule }
    }
}

/// `support/triage`: words of small letters, digits, `_`, `-` and `.`, between slashes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Name(SmolStr);

/// `prod`: one such word, which does not look like a version.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PointerName(SmolStr);

fn is_word(text: &str) -> bool {
    let mut letters = text.bytes();
    let starts = letters.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit());
    let goes_on = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.');
    starts && letters.all(goes_on)
}

impl Name {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PointerName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0.into()
    }
}

impl From<PointerName> for String {
    fn from(name: PointerName) -> Self {
        name.0.into()
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl TryFrom<String> for PointerName {
    type Error = BadName;

    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PointerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if text.len() <= LONGEST && text.split('/').all(is_word) {
            return Ok(Self(text.into()));
        }
        Err(BadName::new(text, "write words of a-z, 0-9, `_`, `-` and `.` between slashes: `support/triage`"))
    }
}

impl FromStr for PointerName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if version_number(text).is_some() {
            return Err(BadName::new(text, "this is a version; a pointer is a word such as `prod`"));
        }
        if text.len() <= LONGEST && is_word(text) {
            return Ok(Self(text.into()));
        }
        Err(BadName::new(text, "a pointer is one word of a-z, 0-9, `_`, `-` and `.`: `prod`"))
    }
}

/// `v17`.
fn version_number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('v').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| *number > 0)
}

/// Which version of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Selector {
    /// `v17`: this one for ever.
    Version(u32),
    /// `prod`: the one that the pointer names now.
    Pointer(PointerName),
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(number) => write!(f, "v{number}"),
            Self::Pointer(pointer) => pointer.fmt(f),
        }
    }
}

impl FromStr for Selector {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        match version_number(text) {
            Some(number) => Ok(Self::Version(number)),
            None => text.parse().map(Self::Pointer),
        }
    }
}

/// `support/triage@prod` or `support/triage@v17`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reference {
    /// Of what.
    pub name: Name,
    /// Which version of it.
    pub selector: Selector,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.selector)
    }
}

impl FromStr for Reference {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let Some((name, selector)) = text.split_once('@') else {
            return Err(BadName::new(text, "write a name and a pointer or version: `support/triage@prod`"));
        };
        Ok(Self { name: name.parse()?, selector: selector.parse()? })
    }
}
