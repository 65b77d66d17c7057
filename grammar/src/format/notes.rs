//! Comments and docs, each with the token it stands before.

use crate::lexer::{Lexed, TokenKind};
use crate::span::Span;
use crate::split::Chunk;

/// A comment of any kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) span: Span,
    /// Whether it has a line of its own; else it ends the line of the token before it.
    pub(super) own_line: bool,
    /// Index of the token that it stands before.
    pub(super) before: usize,
}

/// The comments of a file, in order.
pub(super) struct Notes {
    all: Vec<Note>,
}

impl Notes {
    /// `items` are the chunks of the file.
    pub(super) fn new(lexed: &Lexed, items: &[Chunk]) -> Self {
        let docs = lexed.docs.iter().map(|doc| (doc.span, doc.own_line));
        let comments = lexed.trivia.comments.iter().map(|comment| (comment.span, comment.own_line));
        let mut all: Vec<Note> =
            docs.chain(comments).map(|(span, own_line)| Note { span, own_line, before: 0 }).collect();
        all.sort_by_key(|note| note.span.start);
        let tokens = &lexed.tokens;
        for note in &mut all {
            note.before = tokens.partition_point(|token| token.span.start < note.span.start);
            // `a // why` and then `, b`: the comma stays with its value.
            let at_comma = tokens.get(note.before).is_some_and(|token| token.kind == TokenKind::Comma);
            let begins_item = |at: usize| items.binary_search_by_key(&at, |item| item.start).is_ok();
            let same_item = !begins_item(note.before) && !begins_item(note.before + 1);
            note.before += usize::from(at_comma && same_item && note.before + 1 < tokens.len());
        }
        Self { all }
    }

    /// The comments directly before a token.
    pub(super) fn before(&self, token: usize) -> &[Note] {
        let first = self.all.partition_point(|note| note.before < token);
        let rest = self.all.get(first..).unwrap_or_default();
        let count = rest.iter().take_while(|note| note.before == token).count();
        rest.get(..count).unwrap_or_default()
    }

    /// Where the last comment before one of these tokens ends.
    pub(super) fn end_of(&self, tokens: std::ops::Range<usize>) -> Option<u32> {
        let first = self.all.partition_point(|note| note.before < tokens.start);
        let behind = self.all.partition_point(|note| note.before < tokens.end);
        self.all.get(first..behind)?.last().map(|note| note.span.end)
    }

    /// Whether a comment stands before one of these tokens.
    pub(super) fn any_before(&self, tokens: std::ops::Range<usize>) -> bool {
        let first = self.all.partition_point(|note| note.before < tokens.start);
        self.all.get(first).is_some_and(|note| note.before < tokens.end)
    }
}
