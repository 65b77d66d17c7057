//! The `.flow` syntax: bytes to tokens, items and a tree, and back to text.
//!
//! [`parse`] accepts any text and returns a tree *and* what is wrong with it; it never fails and never
//! panics. [`format`] prints a file in the one style there is. This crate knows nothing of names, types or
//! diagnostics. Start reading at [`ast::File`].

pub mod ast;
mod error;
mod format;
pub mod lexer;
mod parser;
mod span;
mod split;
mod tree;
mod trivia;
pub mod visit;

pub use error::{Edit, SyntaxError, SyntaxErrorKind};
pub use format::{format, format_parsed};
pub use lexer::decode;
pub use span::Span;
pub use trivia::{Comment, Trivia};

/// A file after parsing: the tree, what lies between its tokens, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree, with broken parts marked.
    pub file: ast::File,
    /// Comments and blank lines.
    pub trivia: Trivia,
    /// Mistakes in the order of their places.
    pub errors: Vec<SyntaxError>,
}

/// Parses the text of one file.
///
/// Total: any text gives a tree; every mistake is in [`Parsed::errors`].
#[must_use]
pub fn parse(source: &str) -> Parsed {
    parser::parse(source)
}

/// Parses one expression, as written on a command line. Total, like [`parse`].
#[must_use]
pub fn parse_expr(source: &str) -> (ast::Expr, Vec<SyntaxError>) {
    parser::parse_expr(source)
}
