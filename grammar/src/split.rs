//! Cuts the tokens of a file into items, so that a typo costs one item.
//!
//! An item begins in column 0 with one of the item keywords. Words in column 0 that are no keyword begin
//! a stray piece of text, so that `flwo handle(…) { … }` is one mistake and not a hundred.

use crate::lexer::{Token, TokenKind, is_column_zero};

/// A run of tokens that is parsed alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chunk {
    /// Index of the first token.
    pub(crate) start: usize,
    /// Index behind the last token.
    pub(crate) end: usize,
    /// Whether it begins with an item keyword.
    pub(crate) is_item: bool,
}

/// The chunks of a file, in order and without gaps.
pub(crate) fn split(source: &str, tokens: &[Token]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut depth = 0_usize;
    let mut before: Option<Token> = None;
    for (index, token) in tokens.iter().enumerate() {
        let after_pub = before.is_some_and(|last| last.kind == TokenKind::Pub);
        let starts_line = token.first_on_line && is_column_zero(source, token.span.start);
        let opens = starts_line && !after_pub && token.kind.opens_item();
        let strays = starts_line
            && !after_pub
            && token.kind.is_name()
            && (depth == 0 || looks_like_item(tokens.get(index + 1..)));
        if opens || strays || chunks.is_empty() {
            if let Some(last) = chunks.last_mut() {
                last.end = index;
            }
            chunks.push(Chunk { start: index, end: tokens.len(), is_item: opens });
            depth = 0;
        }
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
        }
        before = Some(*token);
    }
    chunks
}

/// Whether what stands behind a misspelt keyword looks like the rest of an item's first line: `name(`.
fn looks_like_item(rest: Option<&[Token]>) -> bool {
    let mut kinds = rest.unwrap_or_default().iter().map(|token| token.kind);
    kinds.next().is_some_and(TokenKind::is_name)
        && matches!(kinds.next(), Some(TokenKind::ParenOpen | TokenKind::BraceOpen))
}

/// Whether the text at `at`, which is the start of a line, is surely the first line of an item.
///
/// Ends `"""` blocks that nobody closed: text of a block is indented.
pub(crate) fn item_begins(source: &str, at: usize) -> bool {
    let rest = source.as_bytes().get(at..).unwrap_or_default();
    if !rest.first().is_some_and(u8::is_ascii_lowercase) {
        return false;
    }
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.get(..line.len().min(200)).unwrap_or_default();
    std::str::from_utf8(line).is_ok_and(is_first_line)
}

fn is_first_line(line: &str) -> bool {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let Some((keyword, rest)) = line.split_once(' ') else { return false };
    let rest = rest.trim_start();
    let name_end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, behind) = rest.split_at(name_end);
    let behind = behind.trim_start();
    let named = |signs: &[char]| !name.is_empty() && behind.starts_with(signs);
    match keyword {
        "type" => named(&['{', '=']),
        "enum" => named(&['{']) || behind.starts_with("tag \""),
        "fn" | "check" | "flow" | "split" => named(&['(']),
        "prompt" | "tool" | "human" => named(&['(', '=', '{']),
        "model" | "resource" => named(&['=', ':']),
        "test" | "eval" => rest.starts_with('"') && line.trim_end().ends_with('{'),
        "on" => line.contains(" -> "),
        "import" => named(&['/']) || (!name.is_empty() && behind.starts_with(".{")),
        _ => false,
    }
}
