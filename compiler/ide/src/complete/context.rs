//! What is asked at the cursor, from the tokens before it.

use flow_grammar::Span;
use flow_grammar::ast::{Item, ItemKind};
use flow_grammar::lexer::{self, Token, TokenKind};

use crate::package::View;
use crate::walk;

/// A cursor with the words before it.
pub(super) struct Context<'v> {
    pub(super) view: &'v View,
    pub(super) offset: u32,
    /// The part of a word before the cursor.
    pub(super) word: Span,
    /// The tokens before that word.
    before: Vec<Token>,
    is_comment: bool,
    is_text: bool,
    item: Option<&'v Item>,
}

/// A question.
pub(super) enum Asks {
    Nothing,
    Item,
    Module,
    Exported(String),
    Type,
    Model,
    Class,
    Target,
    Clause,
    Line,
    Setting,
    Unit,
    Step,
    Member,
    Pattern,
    Value,
}

impl<'v> Context<'v> {
    pub(super) fn of(view: &'v View, offset: u32) -> Self {
        let text = view.text();
        let lexed = lexer::lex(text);
        let start = text
            .get(..offset as usize)
            .unwrap_or("")
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| {
                at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
            });
        let word = Span::new(u32::try_from(start).unwrap_or(offset), offset);
        let end = lexed.tokens.partition_point(|token| token.span.start < word.start);
        let mut before: Vec<Token> = lexed.tokens.get(..end).unwrap_or_default().to_vec();
        let is_text = inside_text(&before, &lexed.tokens, offset);
        before.retain(|token| token.span.end <= word.start || token.kind == TokenKind::TextPiece);
        let is_comment = lexed
            .trivia
            .comments
            .iter()
            .any(|comment| comment.span.start < offset && offset <= comment.span.end)
            || lexed.docs.iter().any(|doc| doc.span.start < offset && offset <= doc.span.end);
        Self {
            view,
            offset,
            word,
            before,
            is_comment,
            is_text,
            item: walk::item_at(&view.parsed.file, offset),
        }
    }

    /// The kind of the nth token before the word.
    fn back(&self, n: usize) -> Option<TokenKind> {
        self.token(n).map(|token| token.kind)
    }

    fn token(&self, n: usize) -> Option<&Token> {
        self.before.get(self.before.len().checked_sub(n + 1)?)
    }

    /// Whether nothing but blanks stands before the word on its line.
    fn begins_line(&self) -> bool {
        self.line_before().trim().is_empty()
    }

    fn column(&self) -> usize {
        self.line_before().len()
    }

    pub(super) fn asks(&self) -> Asks {
        if self.is_comment || self.is_text {
            return Asks::Nothing;
        }
        if self.column() == 0 {
            return Asks::Item;
        }
        if self.line_before().starts_with("import ") {
            return self.import();
        }
        if self.view.slice(self.word).starts_with(|c: char| c.is_ascii_digit()) {
            return Asks::Unit;
        }
        match self.back(0) {
            None | Some(TokenKind::Pub) => return Asks::Item,
            Some(TokenKind::Import) => return Asks::Module,
            Some(TokenKind::Arrow) => return Asks::Target,
            Some(TokenKind::Using) => return Asks::Model,
            Some(TokenKind::Is) => return Asks::Pattern,
            Some(TokenKind::Not) if self.back(1) == Some(TokenKind::Is) => return Asks::Pattern,
            Some(TokenKind::Number) => return Asks::Unit,
            Some(TokenKind::Dot) => return Asks::Member,
            _ => {}
        }
        if self.is_class() {
            return Asks::Class;
        }
        if self.is_type() {
            return Asks::Type;
        }
        if self.begins_line() { self.line() } else { self.inside() }
    }

    fn line_before(&self) -> &str {
        let text = self.view.text().get(..self.word.start as usize).unwrap_or("");
        text.rsplit('\n').next().unwrap_or("")
    }

    fn import(&self) -> Asks {
        match self.line_before().trim_start_matches("import ").split_once('{') {
            Some((path, _)) => Asks::Exported(path.trim().trim_end_matches('.').to_owned()),
            None => Asks::Module,
        }
    }

    /// Behind `on` in a flow, and behind the commas after it.
    fn is_class(&self) -> bool {
        let words = self.before.iter().rev();
        let mut skipped = words.skip_while(|token| matches!(token.kind, TokenKind::Comma | TokenKind::Upper));
        let is_on = skipped.next().is_some_and(|token| token.kind == TokenKind::On);
        is_on && self.item.is_some_and(|item| matches!(item.kind, ItemKind::Flow(_)))
    }

    /// Behind a `:` that a type belongs to.
    fn is_type(&self) -> bool {
        let in_type = |ty: &&flow_grammar::ast::Ty| {
            ty.base.span.touches(self.offset) || (ty.base.is_missing() && ty.span.touches(self.word.start))
        };
        let written = self.item.is_some_and(|item| walk::types_of(item).iter().any(in_type));
        let after_label =
            matches!(self.back(0), Some(TokenKind::Trusted | TokenKind::Pii | TokenKind::Secret));
        written || after_label || (self.back(0) == Some(TokenKind::Colon) && self.is_declared())
    }

    /// Whether the last `:` follows a parameter, a field or the head of an item.
    fn is_declared(&self) -> bool {
        let Some(item) = self.item else { return false };
        match &item.kind {
            ItemKind::Type(_) | ItemKind::Enum(_) => true,
            ItemKind::Setup(setup) => {
                let head = setup.settings.first().map_or(item.span.end, |setting| setting.span.start);
                self.offset <= head
                    && !self.before.iter().any(|token| {
                        token.span.start >= item.span.start && token.kind == TokenKind::BraceOpen
                    })
            }
            ItemKind::Flow(_) | ItemKind::Fn(_) | ItemKind::Check(_) | ItemKind::Split(_) => {
                self.back(1) == Some(TokenKind::ParenClose) || self.in_params()
            }
            _ => false,
        }
    }

    /// Whether the innermost open bracket belongs to a declaration's parameters.
    fn in_params(&self) -> bool {
        let mut depth = 0;
        for (at, token) in self.before.iter().enumerate().rev() {
            match token.kind {
                TokenKind::ParenClose => depth += 1,
                TokenKind::ParenOpen | TokenKind::CallOpen if depth > 0 => depth -= 1,
                TokenKind::ParenOpen | TokenKind::CallOpen => {
                    let keyword =
                        at.checked_sub(2).and_then(|at| self.before.get(at)).map(|token| token.kind);
                    return matches!(
                        keyword,
                        Some(
                            TokenKind::Fn
                                | TokenKind::Check
                                | TokenKind::Flow
                                | TokenKind::Node
                                | TokenKind::Split
                        )
                    );
                }
                _ => {}
            }
        }
        false
    }

    fn line(&self) -> Asks {
        match self.item.map(|item| &item.kind) {
            Some(ItemKind::Flow(_)) => match self.back(0) {
                Some(TokenKind::CallOpen | TokenKind::ParenOpen | TokenKind::Comma) => Asks::Value,
                _ => Asks::Line,
            },
            Some(ItemKind::Setup(_)) => Asks::Setting,
            Some(ItemKind::Test(_)) => Asks::Step,
            Some(ItemKind::Type(_) | ItemKind::Enum(_)) => Asks::Nothing,
            Some(_) => Asks::Value,
            None => Asks::Item,
        }
    }

    fn inside(&self) -> Asks {
        let in_flow = self.item.is_some_and(|item| matches!(item.kind, ItemKind::Flow(_)));
        match (self.back(0), self.back(1)) {
            (Some(TokenKind::BraceOpen), _) if self.is_setup_body() => Asks::Setting,
            (Some(TokenKind::Lower), Some(TokenKind::Arrow)) if in_flow => Asks::Clause,
            (Some(TokenKind::Node), _) => Asks::Nothing,
            (Some(TokenKind::ParenClose | TokenKind::Upper | TokenKind::Lower), _) if in_flow => Asks::Clause,
            (Some(TokenKind::Type | TokenKind::Enum | TokenKind::Fn | TokenKind::Flow), _) => Asks::Nothing,
            _ => Asks::Value,
        }
    }

    fn is_setup_body(&self) -> bool {
        self.item.is_some_and(|item| matches!(item.kind, ItemKind::Setup(_)))
    }

    /// The expression before `is`, by where it ends.
    pub(super) fn tested_end(&self) -> Option<u32> {
        let at = self.before.iter().rposition(|token| token.kind == TokenKind::Is)?;
        self.before.get(at.checked_sub(1)?).map(|token| token.span.end)
    }
}

/// Whether the cursor is in the words of a string, not in a hole.
fn inside_text(before: &[Token], all: &[Token], offset: u32) -> bool {
    let piece = all.iter().any(|token| {
        token.kind == TokenKind::TextPiece && token.span.start < offset && offset < token.span.end
    });
    let opened = before.iter().rev().find(|token| {
        matches!(
            token.kind,
            TokenKind::TextStart
                | TokenKind::BlockStart
                | TokenKind::TextEnd
                | TokenKind::HoleOpen
                | TokenKind::EachOpen
                | TokenKind::IfOpen
                | TokenKind::HoleClose
                | TokenKind::EndTag
                | TokenKind::ElseTag
        )
    });
    let is_open = opened.is_some_and(|token| {
        matches!(
            token.kind,
            TokenKind::TextStart
                | TokenKind::BlockStart
                | TokenKind::HoleClose
                | TokenKind::EndTag
                | TokenKind::ElseTag
        )
    });
    piece || is_open
}
