//! Cuts a broken item into the pieces that are parsed alone: its head, its members.

use crate::lexer::{Token, TokenKind};

/// Index of the first token at bracket depth 0 that `stop` accepts, or the number of tokens.
///
/// Strings are passed over as a whole: what is in their holes is no part of the item's shape.
pub(super) fn find(tokens: &[Token], stop: impl Fn(TokenKind) -> bool) -> usize {
    let mut depth = 0_usize;
    let mut texts = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        if depth == 0 && texts == 0 && stop(token.kind) {
            return index;
        }
        if token.kind.starts_text() {
            texts += 1;
        } else if token.kind == TokenKind::TextEnd {
            texts = texts.saturating_sub(1);
        } else if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
        }
    }
    tokens.len()
}

/// Index of the bracket that closes the one at `open`, or the number of tokens.
pub(super) fn partner(tokens: &[Token], open: usize) -> usize {
    let inner = tokens.get(open + 1..).unwrap_or_default();
    let mut depth = 0_usize;
    for (index, token) in inner.iter().enumerate() {
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            if depth == 0 {
                return open + 1 + index;
            }
            depth -= 1;
        }
    }
    tokens.len()
}

/// What stands between the commas of `tokens`.
pub(super) fn by_comma(tokens: &[Token]) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let end = find(rest, |kind| kind == TokenKind::Comma);
        parts.push(rest.get(..end).unwrap_or_default());
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    parts
}

/// Which tokens begin a member, besides lines that are not further in than the member before.
pub(super) type Begins = fn(&[Token], usize) -> bool;

/// The members of a body.
pub(super) fn members(tokens: &[Token], column: impl Fn(&Token) -> u32, begins: Begins) -> Vec<&[Token]> {
    let mut starts: Vec<usize> = Vec::new();
    let mut indent = 0;
    let mut depth = 0_usize;
    let mut texts = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let outside = depth == 0 && texts == 0;
        let outdented = token.first_on_line && !token.kind.closes() && column(token) <= indent;
        if outside && (starts.is_empty() || outdented || begins(tokens, index)) {
            if token.first_on_line || starts.is_empty() {
                indent = column(token);
            }
            starts.push(index);
        }
        if token.kind.starts_text() {
            texts += 1;
        } else if token.kind == TokenKind::TextEnd {
            texts = texts.saturating_sub(1);
        } else if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([tokens.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| tokens.get(*start..end)).collect()
}

fn kind(tokens: &[Token], at: usize) -> Option<TokenKind> {
    tokens.get(at).map(|token| token.kind)
}

/// `name:` begins a field or a setting; inside brackets nobody asks.
pub(super) fn begins_named(tokens: &[Token], at: usize) -> bool {
    kind(tokens, at).is_some_and(TokenKind::is_name) && kind(tokens, at + 1) == Some(TokenKind::Colon)
}

/// A name begins a variant.
pub(super) fn begins_variant(tokens: &[Token], at: usize) -> bool {
    kind(tokens, at).is_some_and(TokenKind::is_name)
}

/// Arrows and nodes begin members of a flow.
pub(super) fn begins_graph(tokens: &[Token], at: usize) -> bool {
    matches!(kind(tokens, at), Some(TokenKind::Node | TokenKind::Arrow))
}

/// `need`, `given` and `when` at the start of a line begin steps.
pub(super) fn begins_step(tokens: &[Token], at: usize) -> bool {
    match kind(tokens, at) {
        Some(TokenKind::Need | TokenKind::Given) => true,
        Some(TokenKind::When) => tokens.get(at).is_some_and(|token| token.first_on_line),
        _ => begins_named(tokens, at),
    }
}

/// `95%:`, `shadow 2%:` or `key:`.
pub(super) fn begins_arm(tokens: &[Token], at: usize) -> bool {
    let share =
        |at| kind(tokens, at) == Some(TokenKind::Quantity) && kind(tokens, at + 1) == Some(TokenKind::Colon);
    let behind_word = at > 0 && kind(tokens, at - 1) == Some(TokenKind::Lower);
    begins_named(tokens, at)
        || (share(at) && !behind_word)
        || (kind(tokens, at) == Some(TokenKind::Lower) && share(at + 1))
}
