//! From a failure of the generated parser to one error in the reader's words.

use lalrpop_util::ParseError;
use smol_str::SmolStr;

use super::Failure;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::tree::Context;

/// As many expectations as help.
const SHOWN: usize = 5;

/// The error for a run that failed on `tokens`; `next` is the token of the file behind them.
pub(super) fn error(
    cx: &Context<'_>,
    tokens: &[Token],
    next: Option<&Token>,
    failure: &Failure,
    context: &'static str,
) -> SyntaxError {
    let index = position(tokens, failure);
    let expected: &[String] = match failure {
        ParseError::UnrecognizedToken { expected, .. } | ParseError::UnrecognizedEof { expected, .. } => {
            expected
        }
        ParseError::ExtraToken { .. } | ParseError::InvalidToken { .. } => &[],
        ParseError::User { error } => match *error {},
    };
    let before = index.checked_sub(1).and_then(|at| tokens.get(at));
    let found = tokens.get(index).or(next);
    let (found, span) = place(cx, before, found);
    let mut expected = words(expected);
    if expected.is_empty() {
        expected.push("the end of the line".into());
    }
    SyntaxError { kind: SyntaxErrorKind::Unexpected { found, expected, context }, span, fix: None }
}

/// Index of the token that could not be read, or the number of tokens.
pub(super) fn position(tokens: &[Token], failure: &Failure) -> usize {
    let start = match failure {
        ParseError::UnrecognizedToken { token: (start, ..), .. }
        | ParseError::ExtraToken { token: (start, ..) } => *start,
        ParseError::InvalidToken { location } => *location,
        ParseError::UnrecognizedEof { .. } => return tokens.len(),
        ParseError::User { error } => match *error {},
    };
    // Tokens that a repair put in are empty; what could not be read stands behind them.
    let found = |token: &Token| token.span.start >= start && !(token.kind == TokenKind::Missing);
    tokens.iter().position(found).unwrap_or(tokens.len())
}

/// Names what stands behind `before`, and the place: the gap if the line ends there.
pub(super) fn place(cx: &Context<'_>, before: Option<&Token>, found: Option<&Token>) -> (SmolStr, Span) {
    let gap = before.map_or(Span::default(), |token| token.span.after());
    match found {
        None if cx.is_end(gap.end) => ("the end of the file".into(), gap),
        None => ("the end of the line".into(), gap),
        Some(token) if token.first_on_line && before.is_some() => ("the end of the line".into(), gap),
        Some(token) => (describe(cx, token), token.span),
    }
}

/// A token as it stands in the text.
pub(super) fn describe(cx: &Context<'_>, token: &Token) -> SmolStr {
    match token.kind {
        TokenKind::TextStart | TokenKind::BlockStart | TokenKind::TextPiece => "a text".into(),
        TokenKind::TextEnd => "the end of the text".into(),
        _ => format!("`{}`", cx.slice(token.span).chars().take(40).collect::<String>()).into(),
    }
}

/// The names of terminals in the reader's words, most likely first.
fn words(terminals: &[String]) -> Vec<SmolStr> {
    let mut left: Vec<&str> = terminals.iter().map(|name| name.trim_matches('"')).collect();
    let mut words: Vec<SmolStr> = Vec::new();
    let mut last: Vec<SmolStr> = Vec::new();
    for group in GROUPS {
        if group.marks.iter().all(|mark| left.contains(mark)) {
            left.retain(|name| !group.members.contains(name));
            if group.is_last { last.push(group.word.into()) } else { words.push(group.word.into()) }
        }
    }
    let mut signs: Vec<&str> = left.iter().copied().filter(|name| !is_word(name)).collect();
    signs.sort_by_key(|sign| SIGNS.iter().position(|known| known == sign).unwrap_or(SIGNS.len()));
    words.extend(signs.iter().filter_map(|name| human(name)));
    words.extend(left.iter().filter(|name| is_word(name)).filter_map(|name| human(name)));
    words.extend(last);
    words.dedup();
    words.truncate(SHOWN);
    words
}

/// Terminals that mean one thing to the reader.
struct Group {
    word: &'static str,
    /// The group is meant when all of these are possible.
    marks: &'static [&'static str],
    members: &'static [&'static str],
    /// Less likely than everything else.
    is_last: bool,
}

const GROUPS: &[Group] = &[
    Group {
        word: "an expression",
        marks: &["Lower", "Number", "case"],
        members: &[
            "Lower",
            "Upper",
            "Number",
            "Quantity",
            "TextStart",
            "BlockStart",
            "true",
            "false",
            "none",
            "(",
            "[",
            "case",
            "not",
            "prefix-",
        ],
        is_last: false,
    },
    Group {
        word: "a type",
        marks: &["Lower", "Upper", "trusted"],
        members: &["Lower", "Upper", "trusted", "pii", "secret"],
        is_last: false,
    },
    Group {
        word: "a pattern like `Approve` or `none`",
        marks: &["Upper", "Underscore", "none"],
        members: &[
            "Upper",
            "Underscore",
            "none",
            "true",
            "false",
            "Number",
            "TextStart",
            "BlockStart",
            "prefix-",
        ],
        is_last: false,
    },
    Group { word: "a name", marks: &["Lower", "Upper"], members: &["Lower", "Upper"], is_last: false },
    Group {
        word: "an operator",
        marks: &["or"],
        members: &["+", "-", "*", "/", ".", "call(", "and", "or", "is", "==", "!=", "<", "<=", ">", ">="],
        is_last: true,
    },
    Group { word: "a text", marks: &["TextStart"], members: &["TextStart", "BlockStart"], is_last: true },
    Group {
        word: "the end of the text",
        marks: &["TextEnd"],
        members: &["TextEnd", "TextPiece", "HoleOpen", "EachOpen", "IfOpen", "ElseTag", "EndTag"],
        is_last: false,
    },
];

/// Signs in the order in which they are likely.
const SIGNS: &[&str] = &[":", "=", ")", ",", "]", "}", "->", "=>", "{", "call(", "(", "."];

fn is_word(terminal: &str) -> bool {
    terminal.starts_with(|c: char| c.is_ascii_alphabetic()) && terminal != "call("
}

fn human(terminal: &str) -> Option<SmolStr> {
    Some(match terminal {
        "Missing" => return None,
        "Lower" => "a name".into(),
        "Upper" => "a name with a capital".into(),
        "Underscore" => "`_`".into(),
        "Number" => "a number".into(),
        "Quantity" => "a quantity like `8s`".into(),
        "HoleClose" => "`}}`".into(),
        "call(" => "`(`".into(),
        "prefix-" => "`-`".into(),
        other if other.starts_with("Select") => return None,
        other => format!("`{other}`").into(),
    })
}
