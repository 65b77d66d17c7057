//! Puts lines on paper: blanks between tokens, breaks where a line is too long, comments where they stood.

use super::WIDTH;
use super::block;
use super::breaks;
use super::lines::{Line, Role};
use super::notes::{Note, Notes};
use super::parts::Part;
use crate::lexer::{BLANKS, Lexed, Token, TokenKind};
use crate::span::Span;

pub(super) struct Printer<'s> {
    source: &'s str,
    lexed: &'s Lexed,
    pub(super) notes: Notes,
    out: String,
    /// Blanks at the start of the line being printed.
    indent: usize,
    /// Offset in `out` of that line.
    line_start: usize,
    /// The last token printed on this line; what the blank before the next depends on.
    before: Option<TokenKind>,
}

impl<'s> Printer<'s> {
    pub(super) fn new(source: &'s str, lexed: &'s Lexed, notes: Notes) -> Self {
        let out = String::with_capacity(source.len() + source.len() / 8);
        Self { source, lexed, notes, out, indent: 0, line_start: 0, before: None }
    }

    fn token(&self, at: usize) -> Option<&'s Token> {
        self.lexed.tokens.get(at)
    }

    fn kind(&self, at: usize) -> TokenKind {
        self.token(at).map_or(TokenKind::Bad, |token| token.kind)
    }

    fn slice(&self, span: Span) -> &'s str {
        self.source.get(span.range()).unwrap_or_default()
    }

    // ---- items

    /// Prints what stands before an item and returns where the item begins in the output.
    ///
    /// Whether there is a blank line between the item and the one before it is decided in `end_item`.
    pub(super) fn begin_item(&mut self, first: usize) -> ItemStart {
        let notes: Vec<Note> = self.notes.before(first).to_vec();
        self.trailing(&notes);
        let at = self.out.len();
        let own: Vec<Note> = notes.into_iter().filter(|note| note.own_line).collect();
        let first_start = self.token(first).map_or(0, |token| token.span.start);
        let above = own.first().map_or(first_start, |note| note.span.start);
        let had_blank = self.blank_before(above, at > 0);
        if at > 0 {
            self.out.push('\n');
        }
        self.own_lines(&own, 0, Some(first_start));
        self.start_line(0);
        ItemStart { at, body: self.out.len(), had_blank, has_notes: !own.is_empty() }
    }

    /// Whether the item that began at `start` takes more than one line.
    pub(super) fn spans_lines(&self, start: ItemStart) -> bool {
        self.out.get(start.body..).is_some_and(|text| text.contains('\n'))
    }

    /// Settles the blank line before the item that began at `start`.
    pub(super) fn end_item(&mut self, start: ItemStart, together: bool) {
        let keeps_close = together && !start.had_blank && !start.has_notes;
        if start.at > 0 && !keeps_close {
            self.out.insert(start.at, '\n');
        }
    }

    /// Prints tokens as they stand in the text.
    pub(super) fn verbatim(&mut self, start: usize, end: usize) {
        let (Some(first), Some(last)) = (self.token(start), end.checked_sub(1).and_then(|at| self.token(at)))
        else {
            return;
        };
        let line = self.source.get(..first.span.start as usize).unwrap_or_default();
        let blanks = line.len() - line.trim_end_matches([' ', '\t']).len();
        let from = first.span.start - crate::lexer::offset(blanks);
        // A hole without end is closed by tokens of no width, and a comment may stand behind them: `{{a// b`.
        let to = self.notes.end_of(start + 1..end).unwrap_or(0).max(last.span.end);
        self.out.push_str(self.slice(Span::new(from, to)));
        self.before = Some(last.kind);
    }

    pub(super) fn finish(mut self) -> String {
        let notes: Vec<Note> = self.notes.before(self.lexed.tokens.len()).to_vec();
        self.trailing(&notes);
        let own: Vec<Note> = notes.into_iter().filter(|note| note.own_line).collect();
        if let Some(first) = own.first() {
            if !self.out.is_empty() {
                let blank = self.blank_before(first.span.start, true);
                self.out.push_str(if blank { "\n\n" } else { "\n" });
            }
            self.own_lines(&own, 0, None);
        }
        let length = self.out.trim_end_matches(BLANKS).len();
        self.out.truncate(length);
        if length > 0 {
            self.out.push('\n');
        }
        self.out
    }

    // ---- lines

    pub(super) fn line(&mut self, line: &Line, parts: &[Part]) {
        if line.role != Role::Head {
            self.break_line(line);
        }
        let clause = self.clause(line, parts);
        let (head, tail) = parts.split_at(clause);
        if tail.is_empty() || self.fits(parts, 0) {
            self.segment(parts, line.indent, 0);
        } else {
            self.segment(head, line.indent, 0);
            self.newline(first_of(tail), line.indent + 2, line.indent + 2);
            self.segment(tail, line.indent + 2, 0);
        }
    }

    /// Ends the line before `line`, with the comments and the blank line that stand between.
    fn break_line(&mut self, line: &Line) {
        let notes: Vec<Note> = self.notes.before(line.start).to_vec();
        self.trailing(&notes);
        let own: Vec<Note> = notes.into_iter().filter(|note| note.own_line).collect();
        let start = self.token(line.start).map_or(0, |token| token.span.start);
        let above = own.first().map_or(start, |note| note.span.start);
        let blank = match line.role {
            Role::Node => true,
            Role::Member => self.blank_before(above, true),
            Role::Close => {
                !own.is_empty() && self.before != Some(TokenKind::BraceOpen) && self.blank_before(above, true)
            }
            Role::Head | Role::First => false,
        };
        self.out.push_str(if blank { "\n\n" } else { "\n" });
        let is_close = line.role == Role::Close;
        let inner = if is_close { line.indent + 2 } else { line.indent };
        self.own_lines(&own, inner, (!is_close).then_some(start));
        self.start_line(line.indent);
    }

    /// Where a line that is too long breaks first: before the condition of an arrow or the message of a rule.
    fn clause(&self, line: &Line, parts: &[Part]) -> usize {
        let first = self.kind(line.start);
        let at = parts.iter().skip(1).position(|part| {
            let Part::Token(at) = part else { return false };
            match first {
                TokenKind::Arrow => matches!(self.kind(*at), TokenKind::When | TokenKind::On),
                TokenKind::Need => self.kind(*at) == TokenKind::Else,
                _ => false,
            }
        });
        at.map_or(parts.len(), |at| at + 1)
    }

    /// Prints parts, breaking where `breaks` says and then in brackets if they do not fit. `rest` is the width
    /// of what must follow on the same line.
    fn segment(&mut self, parts: &[Part], indent: usize, rest: usize) {
        if self.fits(parts, rest) {
            return self.run(parts, indent, rest);
        }
        let at = breaks::of(&self.lexed.tokens, parts);
        let (mut from, mut inner) = (0, indent);
        for end in at.iter().copied().chain([parts.len()]) {
            let piece = parts.get(from..end).unwrap_or_default();
            if from > 0 {
                inner = indent + 2;
                self.newline(first_of(piece), inner, inner);
            }
            let rest = if end == parts.len() { rest } else { 0 };
            if at.is_empty() {
                self.run(piece, inner, rest)
            } else {
                self.piece(piece, inner, rest)
            }
            from = end;
        }
    }

    /// A piece between two breaks, which may have places to break of its own behind its first word.
    fn piece(&mut self, parts: &[Part], indent: usize, rest: usize) {
        let (first, behind) = parts.split_at(1.min(parts.len()));
        if self.fits(parts, rest) || breaks::of(&self.lexed.tokens, behind).is_empty() {
            self.run(parts, indent, rest);
        } else {
            self.run(first, indent, 0);
            self.segment(behind, indent, rest);
        }
    }

    /// Prints parts one after the other, breaking the brackets that do not fit.
    fn run(&mut self, parts: &[Part], indent: usize, rest: usize) {
        for (index, part) in parts.iter().enumerate() {
            let behind = parts.get(index + 1..).unwrap_or_default();
            match part {
                Part::Token(at) => self.put(*at, indent),
                Part::Text(range) => self.text(range.start, range.end - 1, indent),
                Part::Group { open, close, items, takes_comma } => {
                    let room = self.until_break(behind, part.last(), rest);
                    if self.fits(std::slice::from_ref(part), room) {
                        self.flat_group(*open, *close, items, indent);
                    } else {
                        self.broken_group(*open, *close, items, *takes_comma, indent);
                    }
                }
                Part::Braces { open, close, inner } => {
                    let room = self.until_break(behind, part.last(), rest);
                    if self.fits(std::slice::from_ref(part), room) {
                        self.put(*open, indent);
                        self.run(inner, indent, 0);
                        self.put(*close, indent);
                    } else {
                        self.put(*open, indent);
                        self.newline(first_of(inner), indent + 2, indent + 2);
                        self.segment(inner, indent + 2, 0);
                        self.newline(*close, indent + 2, indent);
                        self.put(*close, indent);
                    }
                }
                Part::Arms { open, close, arms } => {
                    self.put(*open, indent);
                    for arm in arms {
                        self.newline(first_of(arm), indent + 2, indent + 2);
                        self.segment(arm, indent + 2, 0);
                    }
                    self.newline(*close, indent + 2, indent);
                    self.put(*close, indent);
                }
            }
        }
    }

    fn flat_group(&mut self, open: usize, close: usize, items: &[Vec<Part>], indent: usize) {
        self.put(open, indent);
        for (number, item) in items.iter().enumerate() {
            if number > 0 {
                self.comma();
            }
            self.run(item, indent, 0);
        }
        self.put(close, indent);
    }

    fn broken_group(
        &mut self,
        open: usize,
        close: usize,
        items: &[Vec<Part>],
        takes_comma: bool,
        indent: usize,
    ) {
        self.put(open, indent);
        for item in items {
            self.newline(first_of(item), indent + 2, indent + 2);
            self.segment(item, indent + 2, 1);
            if takes_comma {
                self.comma();
            }
        }
        self.newline(close, indent + 2, indent);
        self.put(close, indent);
    }

    // ---- widths

    fn column(&self) -> usize {
        self.out.get(self.line_start..).map_or(0, |line| line.chars().count())
    }

    /// Whether the parts and then `rest` more characters fit on this line.
    fn fits(&self, parts: &[Part], rest: usize) -> bool {
        let room = WIDTH.saturating_sub(self.column());
        let mut width = Width { used: rest, before: self.before, room, printer: self };
        let has_notes = match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => self.notes.any_before(first.first() + 1..last.last() + 1),
            _ => false,
        };
        !has_notes && width.add_all(parts)
    }

    /// Width of what must follow on this line: up to the next bracket that can be broken.
    fn until_break(&self, behind: &[Part], before: usize, rest: usize) -> usize {
        let mut width = Width { used: 0, before: Some(self.kind(before)), room: usize::MAX, printer: self };
        for part in behind {
            match part {
                Part::Token(at) => width.add_token(*at),
                Part::Text(range) => width.add_text(range.start, range.end - 1),
                Part::Group { open, .. } | Part::Braces { open, .. } | Part::Arms { open, .. } => {
                    width.add_token(*open);
                    return width.used;
                }
            }
        }
        width.used + rest
    }

    // ---- tokens

    /// Prints a token, behind the comments that stand before it.
    fn put(&mut self, at: usize, indent: usize) {
        self.lead(at, indent);
        let Some(token) = self.token(at) else { return };
        self.out.push_str(self.slice(token.span));
        self.before = Some(token.kind);
    }

    fn comma(&mut self) {
        self.out.push(',');
        self.before = Some(TokenKind::Comma);
    }

    fn text(&mut self, first: usize, last: usize, indent: usize) {
        self.lead(first, indent);
        let (Some(start), Some(end)) = (self.token(first), self.token(last)) else { return };
        let text = self.slice(start.span.to(end.span));
        if start.kind == TokenKind::BlockStart {
            let block = block::reindent(text, self.indent);
            if let Some(line_break) = block.rfind('\n') {
                self.line_start = self.out.len() + line_break + 1;
            }
            self.out.push_str(&block);
        } else {
            self.out.push_str(text);
        }
        self.before = Some(TokenKind::TextEnd);
    }

    /// Prints what stands between the last token and the next one: a blank, nothing, or comments.
    fn lead(&mut self, at: usize, indent: usize) {
        if self.before.is_none() {
            return;
        }
        if self.notes.any_before(at..at + 1) {
            let hang = if self.is_public_keyword(at) { 0 } else { indent + 2 };
            self.newline(at, hang, hang);
        } else if self.before.is_some_and(|before| needs_blank(before, self.kind(at), self.is_import(at))) {
            self.out.push(' ');
        }
    }

    /// Whether `at` is the keyword behind `pub`: on a line of its own it is one in column 0 only.
    fn is_public_keyword(&self, at: usize) -> bool {
        self.before == Some(TokenKind::Pub) && self.kind(at) != TokenKind::Lower
    }

    /// Whether `at` stands where an import has no blanks: beside `/`, and inside its braces.
    fn is_import(&self, at: usize) -> bool {
        let beside = |kind| matches!(kind, TokenKind::Slash | TokenKind::BraceClose);
        let behind = matches!(self.before, Some(TokenKind::Slash | TokenKind::BraceOpen));
        (beside(self.kind(at)) || behind) && self.line_is_import()
    }

    fn line_is_import(&self) -> bool {
        self.out
            .get(self.line_start..)
            .is_some_and(|line| line.starts_with("import ") || line.starts_with("pub import "))
    }

    // ---- breaks and comments

    /// Begins a line before token `at`, behind the comments that stand before it.
    fn newline(&mut self, at: usize, comments: usize, indent: usize) {
        let notes: Vec<Note> = self.notes.before(at).to_vec();
        self.trailing(&notes);
        let own: Vec<Note> = notes.into_iter().filter(|note| note.own_line).collect();
        self.out.push('\n');
        self.own_lines(&own, comments, None);
        self.start_line(indent);
    }

    fn start_line(&mut self, indent: usize) {
        self.line_start = self.out.len();
        self.out.push_str(&" ".repeat(indent));
        self.indent = indent;
        self.before = None;
    }

    /// Comments that end the line which has just been printed.
    fn trailing(&mut self, notes: &[Note]) {
        for note in notes.iter().filter(|note| !note.own_line) {
            if !self.out.is_empty() {
                self.out.push(' ');
            }
            self.out.push_str(self.slice(note.span).trim_end_matches(BLANKS));
        }
    }

    /// Comments on lines of their own, each with its line break. `below` is what comes next, if blank
    /// lines before it are kept.
    fn own_lines(&mut self, notes: &[Note], indent: usize, below: Option<u32>) {
        for (number, note) in notes.iter().enumerate() {
            self.out.push_str(&" ".repeat(indent));
            let text = self.slice(note.span).trim_end_matches(BLANKS);
            self.out.push_str(text);
            self.out.push('\n');
            let next = notes.get(number + 1);
            let next_start = next.map(|next| next.span.start).or(below);
            let ends_file_docs = text.starts_with("//!")
                && next.map_or(below.is_some(), |next| !self.slice(next.span).starts_with("//!"));
            if next_start.is_some_and(|start| self.blank_before(start, true)) || ends_file_docs {
                self.out.push('\n');
            }
        }
    }

    /// Whether the source has a blank line directly before `at`.
    fn blank_before(&self, at: u32, has_text: bool) -> bool {
        let before = self.source.get(..at as usize).unwrap_or_default();
        let blanks = before.len() - before.trim_end_matches(BLANKS).len();
        let run = before.get(before.len() - blanks..).unwrap_or_default();
        has_text && run.bytes().filter(|byte| *byte == b'\n').count() > 1
    }
}

/// Where an item begins in the output.
#[derive(Clone, Copy)]
pub(super) struct ItemStart {
    /// Behind the item before.
    at: usize,
    /// Behind the comments above the item.
    body: usize,
    had_blank: bool,
    has_notes: bool,
}

fn first_of(parts: &[Part]) -> usize {
    parts.first().map_or(usize::MAX, Part::first)
}

/// Adds up the width of parts on one line.
struct Width<'p, 's> {
    used: usize,
    before: Option<TokenKind>,
    room: usize,
    printer: &'p Printer<'s>,
}

impl Width<'_, '_> {
    /// Whether all of it fits.
    fn add_all(&mut self, parts: &[Part]) -> bool {
        parts.iter().all(|part| self.add(part) && self.used <= self.room)
    }

    fn add(&mut self, part: &Part) -> bool {
        match part {
            Part::Token(at) => self.add_token(*at),
            Part::Text(range) => self.add_text(range.start, range.end - 1),
            Part::Group { open, close, items, .. } => {
                self.add_token(*open);
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.used += 1;
                        self.before = Some(TokenKind::Comma);
                    }
                    if !self.add_all(item) {
                        return false;
                    }
                }
                self.add_token(*close);
            }
            Part::Braces { open, close, inner } => {
                self.add_token(*open);
                if !self.add_all(inner) {
                    return false;
                }
                self.add_token(*close);
            }
            Part::Arms { .. } => return false,
        }
        true
    }

    fn add_token(&mut self, at: usize) {
        let kind = self.printer.kind(at);
        let blank = self.before.is_some_and(|before| needs_blank(before, kind, false));
        let length = self.printer.token(at).map_or(0, |token| self.printer.slice(token.span).chars().count());
        self.used += length + usize::from(blank);
        self.before = Some(kind);
    }

    fn add_text(&mut self, first: usize, last: usize) {
        let (Some(start), Some(end)) = (self.printer.token(first), self.printer.token(last)) else { return };
        let blank = self.before.is_some_and(|before| needs_blank(before, start.kind, false));
        let text = self.printer.slice(start.span.to(end.span));
        // A block goes on in lines of its own.
        let line = text.split('\n').next().unwrap_or_default();
        self.used += line.chars().count() + usize::from(blank);
        self.before = Some(TokenKind::TextEnd);
    }
}

/// Whether a blank stands between two tokens on a line.
fn needs_blank(before: TokenKind, next: TokenKind, in_path: bool) -> bool {
    let never_after = matches!(
        before,
        TokenKind::ParenOpen
            | TokenKind::CallOpen
            | TokenKind::SquareOpen
            | TokenKind::Dot
            | TokenKind::PrefixMinus
    );
    let never_before = next.closes() && next != TokenKind::BraceClose
        || matches!(
            next,
            TokenKind::Comma | TokenKind::Colon | TokenKind::Dot | TokenKind::Question | TokenKind::CallOpen
        );
    if never_after || never_before || in_path {
        return false;
    }
    !matches!(
        (before, next),
        (TokenKind::BraceOpen, TokenKind::BraceClose)
            | (TokenKind::Number | TokenKind::Quantity, TokenKind::DotDot)
            | (TokenKind::DotDot, TokenKind::Number | TokenKind::Quantity | TokenKind::PrefixMinus)
    )
}
