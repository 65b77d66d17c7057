//! Items to trees. Each item is parsed alone; one that fails is repaired.

mod brackets;
mod depth;
mod expected;
mod recover;
mod repair;
mod sections;
mod stray;

use lalrpop_util::{ParseError, lalrpop_mod};

use self::recover::Recovery;
use self::repair::Repair;
use crate::ast::{Broken, File, Item, ItemKind, Name};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::lexer::{Lexed, Token, TokenKind};
use crate::span::Span;
use crate::split::{self, Chunk};
use crate::tree::{Context, Piece, doc_text};
use crate::{Parsed, Trivia, ast, lexer};

lalrpop_mod!(
    #[allow(
        clippy::all,
        clippy::pedantic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::too_many_lines,
        missing_docs,
        unreachable_pub,
        unused
    )]
    syntax,
    "/syntax.rs"
);

type Failure = ParseError<u32, TokenKind, std::convert::Infallible>;

/// Parses a file.
pub(crate) fn parse(source: &str) -> Parsed {
    let lexed = lexer::lex(source);
    let cx = Context::new(source, &lexed);
    let parser = Parser { cx: &cx, lexed: &lexed, start: syntax::StartParser::new() };
    let mut errors = lexed.errors.clone();
    let mut items = Vec::new();
    for chunk in split::split(source, &lexed.tokens) {
        items.push(parser.chunk(chunk, &mut errors));
    }
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    let docs = file_docs(source, &lexed);
    let trivia = trivia(&lexed, &cx);
    Parsed { file: File { docs, items }, trivia, errors }
}

/// Parses one expression, as written on a command line.
pub(crate) fn parse_expr(source: &str) -> (ast::Expr, Vec<SyntaxError>) {
    let mut lexed = lexer::lex(source);
    // Nothing here is an item, wherever its lines begin.
    for token in lexed.tokens.iter_mut().filter(|token| token.kind.is_item_word()) {
        token.kind = TokenKind::Lower;
    }
    let cx = Context::new(source, &lexed);
    let parser = Parser { cx: &cx, lexed: &lexed, start: syntax::StartParser::new() };
    let mut errors = lexed.errors.clone();
    let expr = if let Some(token) = depth::too_deep(&lexed.tokens) {
        let kind = SyntaxErrorKind::TooDeep { limit: depth::LIMIT };
        errors.push(SyntaxError { kind, span: token.span, fix: None });
        None
    } else {
        let (expr, mut found) = parser.expr(&lexed.tokens);
        parser.drop_echoes(&lexed.tokens, &mut found);
        errors.extend(found);
        expr
    };
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    let missing = || ast::Expr { kind: ast::ExprKind::Missing, span: cover(&lexed.tokens) };
    (expr.unwrap_or_else(missing), errors)
}

/// The `//!` lines above the first item.
fn file_docs(source: &str, lexed: &Lexed) -> Vec<ast::Doc> {
    let docs = lexed.docs.iter().filter(|doc| doc.is_inner && doc.next == 0);
    docs.map(|doc| ast::Doc {
        text: doc_text(source.get(doc.span.range()).unwrap_or_default()),
        span: doc.span,
    })
    .collect()
}

/// Docs that document nothing count as comments.
fn trivia(lexed: &Lexed, cx: &Context<'_>) -> Trivia {
    let mut trivia = lexed.trivia.clone();
    let inner = lexed.docs.iter().filter(|doc| doc.is_inner && doc.next != 0).map(|doc| doc.span);
    let stray: Vec<Span> = cx.stray_docs().chain(inner).collect();
    if !stray.is_empty() {
        let own_line = |span: Span| lexed.docs.iter().any(|doc| doc.span == span && doc.own_line);
        trivia
            .comments
            .extend(stray.into_iter().map(|span| crate::Comment { span, own_line: own_line(span) }));
        trivia.comments.sort_by_key(|comment| comment.span.start);
    }
    trivia
}

struct Parser<'c, 's> {
    cx: &'c Context<'s>,
    lexed: &'c Lexed,
    start: syntax::StartParser,
}

impl<'c, 's> Parser<'c, 's> {
    fn chunk(&self, chunk: Chunk, errors: &mut Vec<SyntaxError>) -> Item {
        let tokens = self.lexed.tokens.get(chunk.start..chunk.end).unwrap_or_default();
        let found = if !chunk.is_item {
            self.report_stray(tokens);
            (self.broken(tokens), self.cx.take_errors())
        } else if let Some(token) = depth::too_deep(tokens) {
            self.cx.report(SyntaxErrorKind::TooDeep { limit: depth::LIMIT }, token.span, None);
            (self.broken(tokens), self.cx.take_errors())
        } else if let Ok((Piece::Item(item), found)) = self.run(TokenKind::SelectItem, tokens) {
            (*item, found)
        } else {
            self.mend(tokens)
        };
        let (item, mut found) = found;
        self.drop_echoes(tokens, &mut found);
        errors.extend(found);
        item
    }

    /// One expression, repaired if need be.
    fn expr(&self, tokens: &[Token]) -> (Option<ast::Expr>, Vec<SyntaxError>) {
        if let Ok((Piece::Expr(expr), found)) = self.run(TokenKind::SelectExpr, tokens) {
            return (Some(expr), found);
        }
        let (mended, mut errors) = Repair::run(self.cx, tokens);
        match self.run(TokenKind::SelectExpr, &mended) {
            Ok((Piece::Expr(expr), found)) => {
                errors.extend(found);
                (Some(expr), errors)
            }
            Ok(_) => (None, errors),
            Err(failure) => {
                errors.push(expected::error(self.cx, &mended, None, &failure, "an expression"));
                (None, errors)
            }
        }
    }

    /// An item that does not parse as it stands: repair its tokens, and if that is not enough, read its
    /// members alone.
    fn mend(&self, tokens: &[Token]) -> (Item, Vec<SyntaxError>) {
        let (mended, mut errors) = Repair::run(self.cx, tokens);
        if let Ok((Piece::Item(item), found)) = self.run(TokenKind::SelectItem, &mended) {
            errors.extend(found);
            return (*item, errors);
        }
        let public = mended.first().filter(|token| token.kind == TokenKind::Pub).map(|token| token.span);
        let rest = mended.get(usize::from(public.is_some())..).unwrap_or_default();
        let mut recovery = Recovery::new(self, &mended);
        let kind = recovery.item(rest);
        errors.extend(recovery.errors);
        (self.cx.item(cover(tokens), public, kind), errors)
    }

    /// A line that the lexer has complained about is not complained about again.
    ///
    /// Only complaints about this item count: one without any error left is taken for right, by the formatter too.
    fn drop_echoes(&self, item: &[Token], errors: &mut Vec<SyntaxError>) {
        let start = cover(item).start;
        let first = self.lexed.errors.partition_point(|error| error.span.start < start);
        let heard = self.lexed.errors.get(first..).unwrap_or_default();
        if heard.is_empty() {
            return;
        }
        errors.retain(|error| {
            let line = self.cx.line(error.span.start);
            let near = heard.partition_point(|other| other.span.end < line.start);
            let on_line = heard.get(near).is_some_and(|other| other.span.start <= line.end);
            // A block that nobody ended took the rest of its item with it.
            let before = near.checked_sub(1).and_then(|at| heard.get(at));
            let swallowed = before.is_some_and(|other| {
                let is_block = matches!(other.kind, SyntaxErrorKind::UnterminatedText { is_block: true, .. });
                is_block && error.span.is_empty() && self.cx.column(error.span.start) > 0
            });
            !on_line && !swallowed
        });
    }

    /// Parses `tokens` as the shape that `selector` names.
    fn run(&self, selector: TokenKind, tokens: &[Token]) -> Result<(Piece, Vec<SyntaxError>), Failure> {
        let first = tokens.first().map_or(0, |token| token.span.start);
        let selector = std::iter::once((first, selector, first));
        let tokens = tokens.iter().map(|token| (token.span.start, token.kind, token.span.end));
        let result = self.start.parse(self.cx, selector.chain(tokens));
        let errors = self.cx.take_errors();
        result.map(|piece| (piece, errors))
    }

    fn broken(&self, tokens: &[Token]) -> Item {
        let public = tokens.first().filter(|token| token.kind == TokenKind::Pub).map(|token| token.span);
        let mut rest = tokens.iter().skip(usize::from(public.is_some()));
        let keyword = rest.next().map_or(Span::default(), |token| token.span);
        let name = rest.next().filter(|token| token.kind.is_name());
        let kind = ItemKind::Broken(Broken {
            keyword: self.cx.text(keyword),
            name: name.map(|token| Name { text: self.cx.text(token.span), span: token.span }),
        });
        self.cx.item(cover(tokens), public, kind)
    }
}

fn cover(tokens: &[Token]) -> Span {
    tokens.iter().map(|token| token.span).reduce(Span::to).unwrap_or_default()
}
