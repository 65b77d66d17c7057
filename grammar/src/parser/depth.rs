//! Refuses text that nests deeper than the stack of later phases can follow.
//!
//! The generated parser keeps its stack on the heap, but every walk over the tree recurses, even its
//! `Drop`. A chain (`a + a + …`, `a.b.c…`) makes a tree as deep as it is long, so operators count too.

use crate::lexer::{Token, TokenKind};

/// The deepest tree that is built.
pub(super) const LIMIT: u32 = 256;

/// The first token that lies too deep.
pub(super) fn too_deep(tokens: &[Token]) -> Option<&Token> {
    let mut levels: Vec<u32> = Vec::new();
    // Links of the expression that is being read, outside the brackets in `levels`.
    let mut chain = 0_u32;
    let mut blocks = 0_u32;
    let mut total = 0_u32;
    for token in tokens {
        let kind = token.kind;
        // A call is a link of its chain and nests its arguments.
        let links = u32::from(is_link(kind) || kind == TokenKind::CallOpen);
        chain += links;
        total += links;
        if kind.opens() || opens_hole(kind) {
            levels.push(std::mem::take(&mut chain));
            total += 1;
        } else if kind.closes() || kind == TokenKind::HoleClose {
            total = total.saturating_sub(chain + u32::from(!levels.is_empty()));
            chain = levels.pop().unwrap_or_default();
        } else if begins_anew(kind) {
            total = total.saturating_sub(std::mem::take(&mut chain));
        }
        match kind {
            TokenKind::EachOpen | TokenKind::IfOpen => blocks += 1,
            TokenKind::EndTag => blocks = blocks.saturating_sub(1),
            _ => {}
        }
        if total + blocks > LIMIT {
            return Some(token);
        }
    }
    None
}

const fn opens_hole(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::HoleOpen | TokenKind::EachOpen | TokenKind::IfOpen)
}

const fn is_link(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Dot
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::PrefixMinus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::And
            | TokenKind::Or
            | TokenKind::Not
            | TokenKind::Is
            | TokenKind::EqualsEquals
            | TokenKind::NotEquals
            | TokenKind::Less
            | TokenKind::LessEquals
            | TokenKind::Greater
            | TokenKind::GreaterEquals
    )
}

const fn begins_anew(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Equals
            | TokenKind::Arrow
            | TokenKind::FatArrow
            | TokenKind::When
            | TokenKind::On
            | TokenKind::Using
            | TokenKind::Within
            | TokenKind::Else
            | TokenKind::Need
            | TokenKind::Given
            | TokenKind::Node
            | TokenKind::Return
            | TokenKind::Fail
    )
}
