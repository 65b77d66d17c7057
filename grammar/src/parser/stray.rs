//! Text in column 0 that is no item: what was probably meant.

use super::Parser;
use crate::error::{Edit, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind};

/// The words that begin an item.
const KEYWORDS: [&str; 17] = [
    "import", "pub", "type", "enum", "fn", "check", "model", "prompt", "tool", "human", "resource", "split",
    "flow", "on", "test", "eval", "node",
];

/// Words that begin an item elsewhere.
const HABITS: [(&str, &str); 18] = [
    ("def", "fn"),
    ("func", "fn"),
    ("function", "fn"),
    ("let", "fn"),
    ("const", "fn"),
    ("struct", "type"),
    ("class", "type"),
    ("record", "type"),
    ("interface", "type"),
    ("union", "enum"),
    ("use", "import"),
    ("from", "import"),
    ("include", "import"),
    ("export", "pub"),
    ("public", "pub"),
    ("workflow", "flow"),
    ("graph", "flow"),
    ("agent", "flow"),
];

impl Parser<'_, '_> {
    /// Reports a stray piece of text as one mistake.
    pub(super) fn report_stray(&self, tokens: &[Token]) {
        let Some(first) = tokens.first() else { return };
        let found = self.cx.text(first.span);
        let suggestion = if first.kind.is_name() { keyword_like(&found) } else { None };
        let fix = suggestion.map(|word| Edit { span: first.span, text: word.into() });
        // The lexer has reported these already.
        if !matches!(first.kind, TokenKind::Bad) {
            self.cx.report(SyntaxErrorKind::NotAnItem { found, suggestion }, first.span, fix);
        }
    }
}

/// The item keyword that `word` was probably meant to be.
pub(super) fn keyword_like(word: &str) -> Option<&'static str> {
    let habit = HABITS.iter().find(|(foreign, _)| *foreign == word).map(|(_, ours)| *ours);
    habit.or_else(|| {
        let lower = word.to_ascii_lowercase();
        let near = KEYWORDS.iter().filter(|keyword| **keyword != "node");
        let scored = near.map(|keyword| (strsim::damerau_levenshtein(keyword, &lower), *keyword));
        scored
            .filter(|(distance, keyword)| *distance * 2 < keyword.len() + 1)
            .min()
            .map(|(_, keyword)| keyword)
    })
}
