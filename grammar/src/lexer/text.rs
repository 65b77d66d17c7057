//! The inside of strings, which logos does not see: text pieces, escapes, holes and tags.

use super::{BLANKS, Lexer, OpenText, TokenKind, offset};
use crate::error::SyntaxErrorKind;
use crate::span::Span;
use crate::split;

/// Where a run of text ends.
enum Stop {
    /// At the closing quotes.
    Quote,
    /// At `{{`.
    Hole,
    /// At the end of the line or file, or (blocks) before a line that begins an item.
    Unterminated,
}

impl Lexer<'_> {
    /// Reads text from where logos stands to the end of the string or into its next hole.
    pub(super) fn take_text(&mut self, is_block: bool, opened: Span) {
        let start = self.logos.span().end;
        let (end, stop) = self.scan(start, is_block);
        if end > start {
            self.push(TokenKind::TextPiece, Span::new(offset(start), offset(end)));
        }
        match stop {
            Stop::Quote => {
                let quotes = if is_block { 3 } else { 1 };
                self.push(TokenKind::TextEnd, Span::new(offset(end), offset(end + quotes)));
                self.restart(end + quotes);
                self.line_began = false;
            }
            Stop::Hole => self.open_hole(end, is_block, opened),
            Stop::Unterminated => {
                self.report_unterminated(is_block, opened, end);
                self.push(TokenKind::TextEnd, Span::new(offset(end), offset(end)));
                self.restart(end);
            }
        }
    }

    fn scan(&self, start: usize, is_block: bool) -> (usize, Stop) {
        let rest = self.source.as_bytes().get(start..).unwrap_or_default();
        let mut escaped = false;
        for (index, byte) in rest.iter().enumerate() {
            let at = start + index;
            match byte {
                b'\n' if !is_block || split::item_begins(self.source, at + 1) => {
                    return (self.text_end(start, at), Stop::Unterminated);
                }
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' if !is_block => return (at, Stop::Quote),
                b'"' if starts_with(rest, index, b"\"\"\"") => return (at, Stop::Quote),
                // `{{"{{"}}` writes the braces.
                b'{' if self.in_hole() && starts_with(rest, index, b"{{\"") => {}
                b'{' if starts_with(rest, index, b"{{") => return (at, Stop::Hole),
                _ => {}
            }
        }
        (self.text_end(start, start + rest.len()), Stop::Unterminated)
    }

    /// The end of a text that nobody ended, without the blanks in front of what comes next.
    fn text_end(&self, start: usize, end: usize) -> usize {
        let text = self.source.get(start..end).unwrap_or_default();
        start + text.trim_end_matches(BLANKS).len()
    }

    /// Only the outermost string is reported: whatever is open inside it ends with it.
    fn report_unterminated(&mut self, is_block: bool, opened: Span, end: usize) {
        if self.holes.is_empty() {
            let kind = SyntaxErrorKind::UnterminatedText { is_block, opened };
            let span = if is_block { opened } else { Span::new(opened.start, offset(end)) };
            self.error(kind, span);
        }
    }

    fn open_hole(&mut self, at: usize, is_block: bool, opened: Span) {
        let rest = self.source.get(at + 2..).unwrap_or_default();
        let inner = rest.trim_start_matches([' ', '\t']);
        let word_at = at + 2 + (rest.len() - inner.len());
        let word_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let word = inner.get(..word_end).unwrap_or_default();
        let behind = inner.get(word_end..).unwrap_or_default();
        if let Some(kind) = tag(word) {
            let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            if behind.get(blanks..).unwrap_or_default().starts_with("}}") {
                let end = word_at + word_end + blanks + 2;
                self.push(kind, Span::new(offset(at), offset(end)));
                self.restart(end);
                return self.take_text(is_block, opened);
            }
        }
        let (kind, end) = match word {
            "each" => (TokenKind::EachOpen, word_at + word_end),
            "if" => (TokenKind::IfOpen, word_at + word_end),
            _ => (TokenKind::HoleOpen, at + 2),
        };
        let span = Span::new(offset(at), offset(end));
        self.push(kind, span);
        self.restart(end);
        let hole = Span::new(offset(at), offset(at + 2));
        self.holes.push(OpenText { is_block, opened, hole, brackets: 0, braces: 0 });
    }
}

/// Tags that stand alone between `{{` and `}}`.
fn tag(word: &str) -> Option<TokenKind> {
    match word {
        "else" => Some(TokenKind::ElseTag),
        "end" => Some(TokenKind::EndTag),
        _ => None,
    }
}

fn starts_with(bytes: &[u8], at: usize, prefix: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(prefix))
}
