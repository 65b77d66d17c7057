//! `[lints]`: how bad a package finds what the compiler would only mention.

use flow_diagnostics::{Code, Diagnostic, Severity};

/// What `[lints]` say, in the order written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lints {
    levels: Vec<(&'static Code, Level)>,
}

/// The level of a warning or hint in a package.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Not said.
    Allow,
    /// Said, no more.
    Hint,
    /// Said as a warning.
    Warn,
    /// An error: the package is refused.
    Deny,
}

impl Level {
    /// As written in `flow.toml`.
    pub const WORDS: [&'static str; 4] = ["allow", "hint", "warn", "deny"];

    /// The level that a word of `flow.toml` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "allow" => Some(Self::Allow),
            "hint" => Some(Self::Hint),
            "warn" => Some(Self::Warn),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }

    /// `None` if it is not said at all.
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Allow => None,
            Self::Hint => Some(Severity::Hint),
            Self::Warn => Some(Severity::Warning),
            Self::Deny => Some(Severity::Error),
        }
    }
}

impl Lints {
    /// Sets the level of a code that is no error by itself.
    pub(super) fn set(&mut self, code: &'static Code, level: Level) {
        self.levels.push((code, level));
    }

    /// The level that the package gives a code; `None` if it says nothing.
    #[must_use]
    pub fn level(&self, code: &Code) -> Option<Level> {
        self.levels.iter().find(|(known, _)| known.number == code.number).map(|(_, level)| *level)
    }

    /// Gives diagnostics the severity that the package wants, and takes out those that it does not.
    pub fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|found| {
            let Some(level) = self.level(found.code) else { return true };
            found.severity = level.severity().unwrap_or(found.severity);
            level != Level::Allow
        });
    }
}
