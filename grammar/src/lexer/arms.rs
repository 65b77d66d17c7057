//! Tells apart the two meanings of `(` and of `-`, so that the grammar needs no newlines.
//!
//! `(` and `-` behind a value belong to that value, elsewhere they begin one. The arms of a `case` are the
//! one place where a value may follow a value; there the line decides:
//!
//! ```flow
//! case {
//!   cold => a
//!   (wet or dark) and late => b     // not the call `a(wet or dark)`
//! }
//! case x {
//!   1 => a
//!   -1 => b                         // not `a - 1`
//! }
//! ```

use super::{Token, TokenKind};

/// What kind of bracket the tokens stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// `case {`
    Conditions,
    /// Any other `{`, which may be that of a `case x {`.
    Braces,
    Other,
}

pub(crate) fn mark(tokens: &mut [Token]) {
    let mut open: Vec<Inside> = Vec::new();
    let mut before = TokenKind::Newlines;
    for at in 0..tokens.len() {
        let Some(token) = tokens.get(at).copied() else { break };
        let kind = match token.kind {
            TokenKind::ParenOpen | TokenKind::CallOpen => {
                let begins = token.first_on_line && open.last() == Some(&Inside::Conditions);
                if is_callable(before) && !begins { TokenKind::CallOpen } else { TokenKind::ParenOpen }
            }
            TokenKind::Minus | TokenKind::PrefixMinus => {
                let begins = token.first_on_line && begins_arm(open.last().copied(), tokens, at);
                if ends_value(before) && !begins { TokenKind::Minus } else { TokenKind::PrefixMinus }
            }
            other => other,
        };
        if let Some(token) = tokens.get_mut(at) {
            token.kind = kind;
        }
        if kind == TokenKind::BraceOpen {
            open.push(if before == TokenKind::Case { Inside::Conditions } else { Inside::Braces });
        } else if kind.opens() {
            open.push(Inside::Other);
        } else if kind.closes() {
            open.pop();
        }
        before = kind;
    }
}

const fn is_callable(before: TokenKind) -> bool {
    before.is_name() || before.closes() || matches!(before, TokenKind::TextEnd | TokenKind::Missing)
}

const fn ends_value(before: TokenKind) -> bool {
    is_callable(before)
        || matches!(
            before,
            TokenKind::Number | TokenKind::Quantity | TokenKind::True | TokenKind::False | TokenKind::None
        )
}

fn begins_arm(inside: Option<Inside>, tokens: &[Token], minus: usize) -> bool {
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    match inside {
        Some(Inside::Conditions) => true,
        Some(Inside::Braces) => {
            kind(minus + 1) == Some(TokenKind::Number) && kind(minus + 2) == Some(TokenKind::FatArrow)
        }
        Some(Inside::Other) | None => false,
    }
}
