//! Text in column 0 that is no item: what was probably meant.

use super::Parser;
use crate::error::{Edit, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind};

/// The words that begin an item.
const KEYWORDS: [&str; 16] = [
    "import", "pub", "type", "enum", "fn", "check", "model", "prompt", "tool", "human", "resource", "split",
    "flow", "on", "test", "eval",
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
        if matches!(first.kind, TokenKind::HashComment | TokenKind::BlockComment) {
            for token in tokens {
                self.report_comment(token);
            }
            return;
        }
        let found = self.cx.text(first.span);
        let suggestion = if first.kind.is_name() { keyword_like(&found) } else { None };
        let fix = suggestion.map(|word| Edit { span: first.span, text: word.into() });
        // The lexer has reported these already.
        if !matches!(first.kind, TokenKind::Bad) {
            self.cx.report(SyntaxErrorKind::NotAnItem { found, suggestion }, first.span, fix);
        }
    }
}

impl Parser<'_, '_> {
    /// `#` and `/* */` comments above the first item.
    fn report_comment(&self, token: &Token) {
        if let Some((found, fix)) = foreign_comment(token.kind, self.cx.slice(token.span)) {
            let kind = SyntaxErrorKind::ForeignHabit { found: found.into(), wanted: "//" };
            self.cx.report(kind, token.span, Some(Edit { span: token.span, text: fix.into() }));
        }
    }
}

/// How a comment of another language begins, and the comment as it is written here.
pub(super) fn foreign_comment(kind: TokenKind, text: &str) -> Option<(&'static str, String)> {
    match kind {
        TokenKind::HashComment => Some(("#", format!("//{}", text.trim_start_matches('#')))),
        TokenKind::BlockComment => {
            let lines = text.trim_start_matches("/*").trim_end_matches("*/").lines();
            let lines: Vec<String> = lines.map(|line| format!("// {}", line.trim())).collect();
            Some(("/*", lines.join("\n")))
        }
        _ => None,
    }
}

/// The item keyword that `word` was probably meant to be.
pub(super) fn keyword_like(word: &str) -> Option<&'static str> {
    let habit = HABITS.iter().find(|(foreign, _)| *foreign == word).map(|(_, ours)| *ours);
    habit.or_else(|| {
        let lower = word.to_ascii_lowercase();
        let allowed = |keyword: &str| keyword.len().div_ceil(2);
        // The length alone rules out most: a file of nothing but strays stays cheap.
        let near = KEYWORDS
            .iter()
            .filter(|keyword| lower.len() > 1 && keyword.len().abs_diff(lower.len()) < allowed(keyword));
        let scored = near.map(|keyword| (strsim::damerau_levenshtein(keyword, &lower), *keyword));
        scored.filter(|(distance, keyword)| *distance < allowed(keyword)).min().map(|(_, keyword)| keyword)
    })
}
