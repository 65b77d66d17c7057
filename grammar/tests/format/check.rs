//! What formatting must keep of any text: its tokens, its comments in their order and beside what they stood beside,
//! its tree; and that it settles at once. The property tests and the fuzz target ask the same.

use flow_grammar::lexer::{Lexed, TokenKind, lex};
use flow_grammar::{Span, format, parse};

/// Fails if formatting `source` changes more than blanks, line breaks and commas before closing brackets.
pub(crate) fn check_format(source: &str) {
    let once = format(source);
    assert_eq!(tokens(source), tokens(&once), "tokens of\n{source}\n-- became\n{once}");
    assert_eq!(comments(source), comments(&once), "comments of\n{source}\n-- became\n{once}");
    if parse(source).errors.is_empty() {
        assert_eq!(parse(&once).errors, [], "{source}\n-- became\n{once}");
        assert_eq!(shape(source), shape(&once), "the tree of\n{source}\n-- became that of\n{once}");
    }
    let twice = format(&once);
    assert_eq!(once, twice, "not settled:\n{source}");
}

/// Tokens without what formatting may change: a comma before a closing bracket, the indentation of blocks.
fn tokens(source: &str) -> Vec<(TokenKind, String)> {
    let lexed = lex(source);
    let mut out: Vec<(TokenKind, String)> = Vec::new();
    for token in &lexed.tokens {
        if token.kind.closes() && out.last().is_some_and(|(kind, _)| *kind == TokenKind::Comma) {
            out.pop();
        }
        let words: Vec<&str> = source[token.span.range()].split_ascii_whitespace().collect();
        if token.kind == TokenKind::TextPiece && words.is_empty() {
            continue;
        }
        out.push((token.kind, words.join(" ")));
    }
    out
}

/// The comments in order, each with how many tokens stand before it, commas not counted.
fn comments(source: &str) -> Vec<(String, usize)> {
    let lexed = lex(source);
    let docs = lexed.docs.iter().map(|doc| doc.span);
    let mut spans: Vec<Span> = lexed.trivia.comments.iter().map(|comment| comment.span).chain(docs).collect();
    spans.sort();
    let text = |span: Span| source[span.range()].trim_end_matches([' ', '\t', '\r']).to_owned();
    spans.into_iter().map(|span| (text(span), before(source, &lexed, span))).collect()
}

fn before(source: &str, lexed: &Lexed, comment: Span) -> usize {
    let counts = |token: &&flow_grammar::lexer::Token| {
        let is_blank = source[token.span.range()].trim_ascii().is_empty();
        token.kind != TokenKind::Comma && !is_blank && token.span.start < comment.start
    };
    lexed.tokens.iter().filter(counts).count()
}

/// The tree without places.
pub(crate) fn shape(source: &str) -> String {
    let tree = format!("{:?}", parse(source).file);
    let mut out = String::new();
    let mut digits = String::new();
    let mut rest = tree.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else if letter == '.' && rest.peek() == Some(&'.') && !digits.is_empty() {
            digits.clear();
            rest.next();
            while rest.peek().is_some_and(char::is_ascii_digit) {
                rest.next();
            }
        } else {
            out.push_str(&digits);
            digits.clear();
            out.push(letter);
        }
    }
    out
}
