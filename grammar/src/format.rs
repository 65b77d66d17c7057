//! Prints a file in the one style there is.
//!
//! The printer goes token by token: what the tree says is only where lines begin and how far in they are.
//! So nothing can be lost: every token of the item is printed in order (a comma before a closing bracket
//! comes and goes), and so is every comment, on the line or between the lines where it stood. An item with
//! a mistake in it is printed as it stands. Start reading at [`format`].

mod block;
mod breaks;
mod layout;
mod lines;
mod notes;
mod parts;

use self::layout::Printer;
use self::notes::Notes;
use crate::ast::Item;
use crate::lexer::{self, Lexed, Token};
use crate::split;
use crate::{Parsed, parse};

/// Lines are at most this long, in characters, where there is a place to break them.
const WIDTH: usize = 100;

/// Formats the text of a file. There are no options.
#[must_use]
pub fn format(source: &str) -> String {
    format_parsed(source, &parse(source))
}

/// Formats `source`, which was parsed to `parsed`.
#[must_use]
pub fn format_parsed(source: &str, parsed: &Parsed) -> String {
    let lexed = lexer::lex(source);
    let chunks = split::split(source, &lexed.tokens);
    let mut printer = Printer::new(source, &lexed, Notes::new(&lexed, &chunks));
    let mut before: Option<Shape> = None;
    for (chunk, item) in chunks.iter().zip(&parsed.file.items) {
        let tokens = lexed.tokens.get(chunk.start..chunk.end).unwrap_or_default();
        let Some(first) = tokens.first() else { continue };
        let at = printer.begin_item(chunk.start);
        let is_broken = !chunk.is_item || has_error(parsed, tokens);
        if is_broken {
            printer.verbatim(chunk.start, chunk.end);
        } else {
            print_item(&mut printer, &lexed, item, chunk.start, chunk.end);
        }
        let shape = Shape { is_long: is_broken || printer.spans_lines(at), keyword: first.kind };
        let together = before.is_some_and(|before| before.goes_with(&shape));
        printer.end_item(at, together);
        before = Some(shape);
    }
    printer.finish()
}

/// What the blank line before an item depends on.
struct Shape {
    /// More than one line.
    is_long: bool,
    keyword: lexer::TokenKind,
}

impl Shape {
    /// One-liners of a kind may stand without a blank line between.
    fn goes_with(&self, next: &Self) -> bool {
        !self.is_long && !next.is_long && self.keyword == next.keyword
    }
}

fn has_error(parsed: &Parsed, tokens: &[Token]) -> bool {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
    let at = parsed.errors.partition_point(|error| error.span.start < first.span.start);
    parsed.errors.get(at).is_some_and(|error| error.span.start <= last.span.end)
}

fn print_item(printer: &mut Printer<'_>, lexed: &Lexed, item: &Item, start: usize, end: usize) {
    let lines = lines::of(lexed, item, start, end, &printer.notes);
    let arms = parts::arm_starts(item);
    for line in &lines {
        let parts = parts::build(&lexed.tokens, line.start..line.end, &arms);
        printer.line(line, &parts);
    }
}
