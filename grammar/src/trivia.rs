//! Comments and blank lines, which the tree does not hold.

use crate::span::Span;

/// Everything between the tokens of one file that a person wrote on purpose.
///
/// Sorted by offset. The formatter puts it back; `// flow:allow` is read from it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trivia {
    /// Ordinary `//` comments in order (docs are in the tree).
    pub comments: Vec<Comment>,
    /// Offset of the first byte of every run of blank lines.
    pub blank_lines: Vec<u32>,
}

/// A `//` comment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comment {
    /// From the slashes to the end of the line, line break excluded.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}
