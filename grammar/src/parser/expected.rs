//! From a failure of the generated parser to one error in the reader's words.

use lalrpop_util::ParseError;
use smol_str::SmolStr;

use super::Failure;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::tree::Context;

pub(super) fn error(cx: &Context<'_>, tokens: &[Token], failure: &Failure) -> SyntaxError {
    let end = tokens.last().map_or(Span::default(), |token| token.span.after());
    let (at, expected) = match failure {
        ParseError::UnrecognizedToken { token: (start, _, stop), expected } => {
            (Some(Span::new(*start, *stop)), expected.as_slice())
        }
        ParseError::UnrecognizedEof { expected, .. } => (None, expected.as_slice()),
        ParseError::ExtraToken { token: (start, _, stop) } => (Some(Span::new(*start, *stop)), &[][..]),
        ParseError::InvalidToken { location } => (Some(Span::new(*location, *location)), &[][..]),
        ParseError::User { error } => match *error {},
    };
    let kind = SyntaxErrorKind::Unexpected {
        found: at.map_or("the end".into(), |span| SmolStr::from(format!("`{}`", cx.slice(span)))),
        expected: expected.iter().take(5).map(SmolStr::from).collect(),
        context: "an item",
    };
    let _ = TokenKind::Bad;
    SyntaxError { kind, span: at.unwrap_or(end), fix: None }
}
