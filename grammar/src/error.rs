//! What can be wrong with the text of a file, as data. The compiler turns these into diagnostics.

use smol_str::SmolStr;

use crate::span::Span;

/// One mistake in the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// Where. When something is missing at the end of a line: the gap, not the token after it.
    pub span: Span,
    /// The edit that surely mends it, if there is one.
    pub fix: Option<Edit>,
}

/// Replace `span` by `text`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: SmolStr,
}

/// The kinds of mistakes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SyntaxErrorKind {
    /// `8 seconds` (FL0001).
    UnknownUnit {
        /// The word behind the number.
        unit: SmolStr,
        /// `s`, if the word means a unit.
        suggestion: Option<&'static str>,
    },
    /// A string without end (FL0002).
    UnterminatedText {
        /// Whether it is a `"""` block.
        is_block: bool,
        /// Where it began.
        opened: Span,
    },
    /// A `type` body with variants, or an `enum` body with fields (FL0003).
    MixedBody {
        /// Whether the keyword was `enum`.
        is_enum: bool,
    },
    /// `,` or `;` where lines are enough (FL0006).
    Separator {
        /// The character.
        found: char,
    },
    /// `=` where settings and fields use `:` (FL0007).
    EqualsForColon,
    /// A name in the wrong case (FL0008).
    WrongCase {
        /// As written.
        name: SmolStr,
        /// As it should be.
        suggestion: SmolStr,
        /// Whether it must be UpperCamel.
        wants_upper: bool,
    },
    /// A habit from another language: `=>` or `→` for `->`, `if` for `when`, `error` for `Error`, `else if`, `&&`, … (FL0009).
    ForeignHabit {
        /// What was written.
        found: SmolStr,
        /// What it is here.
        wanted: &'static str,
    },
    /// An opening bracket without its partner (FL0010).
    Unclosed {
        /// The bracket.
        bracket: char,
        /// Where it stands.
        opened: Span,
    },
    /// A closing bracket without its partner (FL0010).
    Unopened {
        /// The bracket.
        bracket: char,
    },
    /// Something else should stand here (FL0011).
    Unexpected {
        /// What stands here, in the reader's words: `` `}` ``, `the end of the file`.
        found: SmolStr,
        /// What could stand here, most likely first, in the reader's words; at most five.
        expected: Vec<SmolStr>,
        /// What was being read: `a node`, `a setting`, `an argument`.
        context: &'static str,
    },
    /// A character that is no part of the language, or bytes that are not UTF-8 (FL0012).
    BadCharacter {
        /// The characters.
        found: SmolStr,
    },
    /// A number that cannot be held exactly, or a `\q` that means nothing (FL0013).
    BadLiteral {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An item that does not start in column 0, or text between items (FL0014).
    NotAnItem {
        /// The first word.
        found: SmolStr,
        /// The keyword that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// `{{each}}` or `{{if}}` without `{{end}}`, or the other way round (FL0015).
    TemplateBlock {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nested deeper than the parser follows (FL0016). Keeps the stack bounded.
    TooDeep {
        /// The limit.
        limit: u32,
    },
}
