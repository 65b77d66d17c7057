//! Where a line that is too long is broken before its brackets are: at the operators that bind loosest, else between
//! the links of a chain of calls.
//!
//! ```flow
//! need result is Grant
//!   and result.amount > 100_000 EUR
//!
//! doubts
//!   .filter(d => d.team is Billing)
//!   .take(100)
//! ```
//!
//! A line never begins with `-` or `(`: in a `case` that would begin an arm.

use super::parts::Part;
use crate::lexer::{Token, TokenKind};

/// From the loosest to the tightest.
const OPERATORS: [TokenKind; 3] = [TokenKind::Or, TokenKind::And, TokenKind::Plus];

/// The parts before which a line begins; empty if there is no such place.
pub(super) fn of(tokens: &[Token], parts: &[Part]) -> Vec<usize> {
    let at = |operator: &TokenKind| {
        let here = parts.iter().enumerate().skip(1).filter(|(_, part)| kind(tokens, part) == Some(*operator));
        here.map(|(index, _)| index).collect::<Vec<usize>>()
    };
    let operators = OPERATORS.iter().map(at).find(|places| !places.is_empty());
    operators.unwrap_or_else(|| chain(tokens, parts))
}

/// The dots before the calls of the longest chain that has two at least.
fn chain(tokens: &[Token], parts: &[Part]) -> Vec<usize> {
    let mut longest = Vec::new();
    let mut links = Vec::new();
    let mut before = None;
    for (index, part) in parts.iter().enumerate() {
        let here = kind(tokens, part);
        let goes_on = here == Some(TokenKind::Dot) || before == Some(TokenKind::Dot) || is_call(tokens, part);
        if !goes_on {
            links.clear();
        }
        let call = parts.get(index + 2).is_some_and(|next| is_call(tokens, next));
        if here == Some(TokenKind::Dot) && index > 0 && call {
            links.push(index);
        }
        if links.len() > longest.len() {
            longest.clone_from(&links);
        }
        before = here;
    }
    if longest.len() > 1 { longest } else { Vec::new() }
}

fn kind(tokens: &[Token], part: &Part) -> Option<TokenKind> {
    match part {
        Part::Token(at) => tokens.get(*at).map(|token| token.kind),
        Part::Text(_) | Part::Group { .. } | Part::Braces { .. } | Part::Arms { .. } => None,
    }
}

/// Whether it is the arguments of a call; `()` is a part a bracket.
fn is_call(tokens: &[Token], part: &Part) -> bool {
    let open = match part {
        Part::Token(at) => *at,
        Part::Group { open, .. } => *open,
        Part::Text(_) | Part::Braces { .. } | Part::Arms { .. } => return false,
    };
    let empty = tokens.get(open).is_some_and(|token| token.kind == TokenKind::ParenClose);
    empty || tokens.get(open).is_some_and(|token| token.kind == TokenKind::CallOpen)
}
