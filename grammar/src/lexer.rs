//! Bytes to tokens. Total: any text gives tokens, and every byte that is no blank is in a token or comment.
//!
//! logos knows the shapes; this module adds what needs memory: strings with holes (which hold tokens, which
//! hold strings, …), numbers with units, and keywords that are names in some places. It does not know items
//! or nesting of brackets beyond holes. Start reading at [`lex`].

mod arms;
mod number;
mod text;
mod token;

use logos::Logos;
use smol_str::SmolStr;

pub(crate) use self::arms::mark;
pub(crate) use self::number::habit as unit_habit;
pub use self::token::{Token, TokenKind};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::span::Span;
use crate::trivia::{Comment, Trivia};

/// The tokens of one file and everything between them.
#[derive(Clone, Debug, Default)]
pub struct Lexed {
    /// Tokens in order, without comments.
    pub tokens: Vec<Token>,
    /// `///` and `//!` lines in order.
    pub docs: Vec<DocLine>,
    /// Ordinary comments and blank lines.
    pub trivia: Trivia,
    /// What no token could be made of, in order.
    pub errors: Vec<SyntaxError>,
}

/// A line of documentation.
#[derive(Clone, Copy, Debug)]
pub struct DocLine {
    /// The whole comment.
    pub span: Span,
    /// Written with `//!`.
    pub is_inner: bool,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
    /// Index of the token behind it.
    pub next: usize,
}

/// Text for bytes that may not be UTF-8.
///
/// Offsets stay what they were: each byte that is no UTF-8 becomes one `U+001A`, which the lexer reports.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{1A}'));
    }
    text
}

/// Cuts a text into tokens.
#[must_use]
pub fn lex(source: &str) -> Lexed {
    let mut lexer = Lexer {
        source,
        logos: TokenKind::lexer(source),
        out: Lexed { tokens: Vec::with_capacity(source.len() / 4), ..Lexed::default() },
        holes: Vec::new(),
        line_began: true,
    };
    lexer.run();
    let mut out = lexer.out;
    mark(&mut out.tokens);
    out
}

/// A string whose hole is being read.
struct OpenText {
    is_block: bool,
    /// The opening quotes.
    opened: Span,
    /// The `{{`.
    hole: Span,
    /// Brackets open in the hole.
    brackets: u32,
    /// Braces among them: `}}` closes the hole only when there are none.
    braces: u32,
}

struct Lexer<'s> {
    source: &'s str,
    logos: logos::Lexer<'s, TokenKind>,
    out: Lexed,
    holes: Vec<OpenText>,
    /// Whether no token was seen on this line.
    line_began: bool,
}

impl Lexer<'_> {
    fn run(&mut self) {
        loop {
            match self.logos.next() {
                Some(Ok(kind)) => self.take(kind),
                Some(Err(())) => self.take_bad(),
                Option::None => break,
            }
        }
        if let Some(outermost) = self.holes.first() {
            let hole = outermost.hole;
            self.error(SyntaxErrorKind::Unclosed { bracket: '{', opened: hole }, hole);
            self.close_texts(0);
        }
    }

    fn take(&mut self, kind: TokenKind) {
        let span = self.span();
        match kind {
            TokenKind::Newlines => self.take_newlines(span),
            TokenKind::Comment => self.take_comment(span),
            TokenKind::Number => self.take_number(span),
            TokenKind::TextStart | TokenKind::BlockStart => {
                self.push(kind, span);
                self.take_text(kind == TokenKind::BlockStart, span);
            }
            TokenKind::BraceClose if self.closes_hole() => self.close_hole(span),
            TokenKind::Colon => {
                self.name_before_colon();
                self.push(kind, span);
            }
            TokenKind::Dot => {
                self.rename_last(TokenKind::is_item_word);
                self.push(kind, span);
            }
            _ if kind.is_keyword() => self.take_keyword(kind, span),
            _ => {
                self.count_bracket(kind);
                self.push(kind, span);
            }
        }
    }

    fn span(&self) -> Span {
        let range = self.logos.span();
        Span::new(offset(range.start), offset(range.end))
    }

    fn push(&mut self, kind: TokenKind, span: Span) {
        self.out.tokens.push(Token { kind, span, first_on_line: self.line_began });
        self.line_began = false;
    }

    fn error(&mut self, kind: SyntaxErrorKind, span: Span) {
        self.out.errors.push(SyntaxError { kind, span, fix: Option::None });
    }

    /// A keyword, unless it stands where only a name can: behind a dot, or an item word inside an item.
    fn take_keyword(&mut self, kind: TokenKind, span: Span) {
        let behind_dot = self.out.tokens.last().is_some_and(|last| last.kind == TokenKind::Dot);
        let inside = kind.is_item_word() && !self.in_column_zero(span) && !self.follows_pub();
        let kind = if behind_dot || inside { TokenKind::Lower } else { kind };
        self.push(kind, span);
    }

    fn in_hole(&self) -> bool {
        !self.holes.is_empty()
    }

    fn in_column_zero(&self, span: Span) -> bool {
        self.holes.is_empty() && is_column_zero(self.source, span.start)
    }

    fn follows_pub(&self) -> bool {
        !self.line_began && self.out.tokens.last().is_some_and(|last| last.kind == TokenKind::Pub)
    }

    /// `type: text` and `type "type": text` name a field.
    fn name_before_colon(&mut self) {
        let tokens = &mut self.out.tokens;
        let mut at = tokens.len();
        if tokens.last().is_some_and(|last| last.kind == TokenKind::TextEnd) {
            at -= 1;
            if at > 0 && tokens.get(at - 1).is_some_and(|token| token.kind == TokenKind::TextPiece) {
                at -= 1;
            }
            if at == 0 || tokens.get(at - 1).is_none_or(|token| token.kind != TokenKind::TextStart) {
                return;
            }
            at -= 1;
        }
        if let Some(token) = at.checked_sub(1).and_then(|at| tokens.get_mut(at))
            && token.kind.is_keyword()
        {
            token.kind = TokenKind::Lower;
        }
    }

    fn rename_last(&mut self, which: impl Fn(TokenKind) -> bool) {
        if let Some(last) = self.out.tokens.last_mut()
            && which(last.kind)
        {
            last.kind = TokenKind::Lower;
        }
    }

    fn take_newlines(&mut self, span: Span) {
        self.line_began = true;
        let text = self.source.get(span.range()).unwrap_or_default();
        let breaks = text.bytes().filter(|byte| *byte == b'\n').count();
        if breaks > 1 || (breaks > 0 && span.start == 0) {
            self.out.trivia.blank_lines.push(if span.start == 0 { 0 } else { span.start + 1 });
        }
        self.end_line();
    }

    /// A hole ends with its line, unless it is in a block and has open brackets.
    fn end_line(&mut self) {
        let Some(keep) = self.holes.iter().position(|hole| !hole.is_block || hole.brackets == 0) else {
            return;
        };
        let Some(open) = self.holes.get(keep) else { return };
        let (is_block, opened, hole) = (open.is_block, open.opened, open.hole);
        self.error(SyntaxErrorKind::Unclosed { bracket: '{', opened: hole }, hole);
        let line_break = self.logos.span().start;
        if is_block {
            self.close_texts(keep + 1);
            self.holes.truncate(keep);
            self.push(TokenKind::HoleClose, Span::new(offset(line_break), offset(line_break)));
            // The text goes on with the line break that logos has taken already.
            self.restart(line_break);
            self.take_text(true, opened);
        } else {
            self.close_texts(keep);
        }
    }

    /// Puts in the ends of the strings from the innermost out to number `keep`.
    fn close_texts(&mut self, keep: usize) {
        let at = self.out.tokens.last().map_or(Span::default(), |last| last.span.after());
        while self.holes.len() > keep {
            self.holes.pop();
            let began = std::mem::replace(&mut self.line_began, false);
            self.push(TokenKind::HoleClose, at);
            self.push(TokenKind::TextEnd, at);
            self.line_began = began;
        }
    }

    fn take_comment(&mut self, span: Span) {
        let text = self.source.get(span.range()).unwrap_or_default();
        let length = offset(text.trim_end_matches('\r').len());
        let span = Span::new(span.start, span.start + length);
        let own_line = self.line_began;
        let is_inner = text.starts_with("//!");
        let is_doc = is_inner || (text.starts_with("///") && !text.starts_with("////"));
        if is_doc && self.holes.is_empty() {
            let next = self.out.tokens.len();
            self.out.docs.push(DocLine { span, is_inner, own_line, next });
        } else {
            self.out.trivia.comments.push(Comment { span, own_line });
        }
    }

    fn count_bracket(&mut self, kind: TokenKind) {
        let Some(hole) = self.holes.last_mut() else { return };
        if kind.opens() {
            hole.brackets += 1;
            hole.braces += u32::from(kind == TokenKind::BraceOpen);
        } else if kind.closes() {
            hole.brackets = hole.brackets.saturating_sub(1);
            hole.braces = hole.braces.saturating_sub(u32::from(kind == TokenKind::BraceClose));
        }
    }

    fn closes_hole(&self) -> bool {
        self.holes.last().is_some_and(|hole| hole.braces == 0) && self.logos.remainder().starts_with('}')
    }

    fn close_hole(&mut self, span: Span) {
        let Some(open) = self.holes.pop() else { return };
        self.logos.bump(1);
        self.push(TokenKind::HoleClose, Span::new(span.start, span.end + 1));
        self.take_text(open.is_block, open.opened);
    }

    /// A run of characters that are no part of the language, as one token and one error.
    fn take_bad(&mut self) {
        let span = self.span();
        let found = self.source.get(span.range()).unwrap_or_default();
        if found.chars().next().is_some_and(char::is_alphabetic) {
            self.take_foreign_word(span);
            return;
        }
        match self.out.tokens.last_mut() {
            Some(last) if last.kind == TokenKind::Bad && last.span.end == span.start => {
                last.span.end = span.end;
                self.extend_bad(found);
            }
            _ => {
                self.error(SyntaxErrorKind::BadCharacter { found: found.into() }, span);
                self.push(TokenKind::Bad, span);
            }
        }
    }

    /// `größe`: one name with one error, so that the rest of the line keeps its meaning.
    fn take_foreign_word(&mut self, letter: Span) {
        let rest = self.source.get(letter.start as usize..).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let end = letter.start + offset(length);
        self.restart(end as usize);
        let begun =
            self.out.tokens.last_mut().filter(|last| last.span.end == letter.start && last.kind.is_name());
        let span = match begun {
            Some(last) => {
                last.span.end = end;
                last.span
            }
            Option::None => {
                let is_upper = rest.starts_with(char::is_uppercase);
                let span = Span::new(letter.start, end);
                self.push(if is_upper { TokenKind::Upper } else { TokenKind::Lower }, span);
                span
            }
        };
        let found = self.source.get(span.range()).unwrap_or_default().into();
        self.error(SyntaxErrorKind::BadCharacter { found }, span);
    }

    /// Lengthens the last error, keeping its text short.
    fn extend_bad(&mut self, more: &str) {
        const SHOWN: usize = 32;
        let Some(error) = self.out.errors.last_mut() else { return };
        error.span.end += offset(more.len());
        if let SyntaxErrorKind::BadCharacter { found } = &mut error.kind
            && found.len() < SHOWN
        {
            *found = SmolStr::from_iter([found.as_str(), more]);
        }
    }

    /// Goes on lexing at `at`.
    fn restart(&mut self, at: usize) {
        let mut logos = TokenKind::lexer(self.source);
        logos.bump(at);
        self.logos = logos;
    }
}

/// What separates tokens. Other blanks of Unicode are no part of the language.
pub(crate) const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether `text` holds nothing but blanks.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim_start_matches(BLANKS).is_empty()
}

/// Whether `at` begins a line. A byte order mark at the start of the file does not count.
pub(crate) fn is_column_zero(source: &str, at: u32) -> bool {
    let before = source.get(..at as usize).unwrap_or_default();
    before.is_empty() || before.ends_with('\n') || before == "\u{FEFF}"
}

/// An offset as spans hold it. Longer files are refused before they get here.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
