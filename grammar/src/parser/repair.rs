//! Token repair for an item that did not parse: what other languages write, and operands that are missing.
//!
//! Only tokens that no valid item has in that place are touched, and each repair is itself the error.
//! Valid items never get here.

use smol_str::SmolStr;

use super::brackets;
use super::expected::place;
use super::stray::foreign_comment;
use crate::error::{Edit, SyntaxError, SyntaxErrorKind};
use crate::lexer::{Token, TokenKind, mark};
use crate::span::Span;
use crate::tree::Context;

pub(super) struct Repair<'c, 's> {
    pub(super) cx: &'c Context<'s>,
    pub(super) errors: Vec<SyntaxError>,
    /// The keyword of the item.
    item: TokenKind,
}

/// What the pass knows about the place it has reached.
#[derive(Default)]
struct Place {
    out: Vec<Token>,
    open: Vec<TokenKind>,
    /// Behind `when`, `need` or `case`: a lone `=` compares.
    in_condition: bool,
    /// Behind `on`, with nothing but names and commas since.
    in_classes: bool,
}

impl Place {
    fn kind_back(&self, back: usize) -> Option<TokenKind> {
        let at = self.out.len().checked_sub(back + 1)?;
        self.out.get(at).map(|token| token.kind)
    }

    fn last(&self) -> Option<&Token> {
        self.out.last()
    }

    fn in_braces(&self) -> bool {
        self.open.last() == Some(&TokenKind::BraceOpen)
    }

    fn in_body(&self) -> bool {
        self.open.len() == 1 && self.in_braces()
    }
}

impl<'c, 's> Repair<'c, 's> {
    /// Mends `tokens` as far as it can. Returns the tokens to parse and the errors that mending made.
    pub(super) fn run(cx: &'c Context<'s>, tokens: &[Token]) -> (Vec<Token>, Vec<SyntaxError>) {
        let kinds = tokens.iter().map(|token| token.kind);
        let item = kinds.clone().find(|kind| *kind != TokenKind::Pub).unwrap_or(TokenKind::Bad);
        let mut repair = Self { cx, errors: Vec::new(), item };
        // First of all, so that the other repairs know what is inside of what.
        let balanced = if brackets::are_balanced(tokens) { tokens.to_vec() } else { repair.balance(tokens) };
        let mut tokens = repair.habits(&balanced);
        mark(&mut tokens);
        let tokens = repair.operands(&tokens);
        (tokens, repair.errors)
    }

    /// Column of the line's first character, 0 for the start of a line.
    pub(super) fn column(&self, span: Span) -> u32 {
        self.cx.column(span.start)
    }

    fn report(&mut self, kind: SyntaxErrorKind, span: Span, text: impl Into<SmolStr>) {
        self.errors.push(SyntaxError { kind, span, fix: Some(Edit { span, text: text.into() }) });
    }

    fn foreign(&mut self, span: Span, wanted: &'static str, fix: impl Into<SmolStr>) {
        let found = self.cx.text(span);
        self.report(SyntaxErrorKind::ForeignHabit { found, wanted }, span, fix);
    }

    // ---- habits

    fn habits(&mut self, tokens: &[Token]) -> Vec<Token> {
        let mut place = Place { out: Vec::with_capacity(tokens.len() + 4), ..Place::default() };
        for (index, token) in tokens.iter().enumerate() {
            let rest = tokens.get(index + 1..).unwrap_or_default();
            self.habit(&mut place, *token, rest);
            let Some(kind) = place.last().map(|token| token.kind) else { continue };
            place.in_classes = match kind {
                TokenKind::On => true,
                TokenKind::Comma => place.in_classes,
                kind => place.in_classes && kind.is_name(),
            };
            match kind {
                TokenKind::When | TokenKind::Need | TokenKind::Case => place.in_condition = true,
                TokenKind::Arrow
                | TokenKind::Node
                | TokenKind::Else
                | TokenKind::Given
                | TokenKind::FatArrow => {
                    place.in_condition = false;
                }
                _ => {}
            }
            if token.kind.opens() {
                place.open.push(token.kind);
            } else if token.kind.closes() {
                place.open.pop();
            }
        }
        place.out
    }

    /// Adds `token`, or what it stands for.
    fn habit(&mut self, place: &mut Place, mut token: Token, rest: &[Token]) {
        let next = rest.first().copied();
        match token.kind {
            TokenKind::Bad => return,
            TokenKind::Comma | TokenKind::Semicolon if !self.keeps_comma(place, token, rest) => return,
            TokenKind::Comma | TokenKind::Semicolon => token.kind = TokenKind::Comma,
            TokenKind::Equals => token.kind = self.equals(place, token, next),
            TokenKind::FatArrow | TokenKind::UnicodeArrow | TokenKind::Arrow => {
                token.kind = self.arrow(place, token);
            }
            TokenKind::Return | TokenKind::Fail => self.bare_exit(place, token),
            TokenKind::Lower => token.kind = self.word(place, token, next),
            TokenKind::HashComment | TokenKind::BlockComment => {
                self.comment(token);
                return;
            }
            TokenKind::SingleQuoted => {
                self.single_quoted(place, token);
                return;
            }
            _ => token.kind = self.sign(token),
        }
        place.out.push(token);
    }

    /// `,` and `;` separate nothing in `{ }`, except in lists of limits, classes and imports.
    fn keeps_comma(&mut self, place: &Place, token: Token, rest: &[Token]) -> bool {
        let found = if token.kind == TokenKind::Comma { ',' } else { ';' };
        let in_list =
            !place.in_braces() || self.item == TokenKind::Import || self.continues_list(place, rest);
        if in_list && found == ',' {
            return true;
        }
        if in_list && !place.open.is_empty() {
            self.foreign(token.span, ",", ",");
            return true;
        }
        self.report(SyntaxErrorKind::Separator { found }, token.span, "");
        false
    }

    /// Whether the list before a comma goes on behind it: `within 5s, p95 2s`, `on Timeout, Overload`.
    fn continues_list(&self, place: &Place, rest: &[Token]) -> bool {
        let kind = |at: usize| rest.get(at).map(|token| token.kind);
        let limit = kind(0) == Some(TokenKind::Quantity) && kind(1) != Some(TokenKind::Colon)
            || kind(0) == Some(TokenKind::Lower) && kind(1) == Some(TokenKind::Quantity);
        if limit && self.item != TokenKind::Split {
            return place.kind_back(0) == Some(TokenKind::Quantity);
        }
        place.in_classes && kind(0).is_some_and(TokenKind::is_name)
    }

    /// `=` where `:` or `==` is meant.
    fn equals(&mut self, place: &Place, token: Token, next: Option<Token>) -> TokenKind {
        let named = place.kind_back(0) == Some(TokenKind::Lower);
        let begins = place.last().is_some_and(|last| last.first_on_line)
            || matches!(
                place.kind_back(1),
                Some(TokenKind::BraceOpen | TokenKind::Comma | TokenKind::CallOpen | TokenKind::ParenOpen)
            );
        let has_settings = matches!(
            self.item,
            TokenKind::Type
                | TokenKind::Model
                | TokenKind::Prompt
                | TokenKind::Tool
                | TokenKind::Human
                | TokenKind::Resource
                | TokenKind::Split
                | TokenKind::Test
                | TokenKind::Eval
        );
        let in_brackets = matches!(place.open.last(), Some(TokenKind::CallOpen | TokenKind::ParenOpen));
        if named && begins && ((has_settings && place.in_body()) || in_brackets) {
            let glued = next.is_some_and(|next| next.span.start == token.span.end);
            let name = place.last().map_or(token.span, |last| last.span);
            let text = if glued { ": " } else { ":" };
            let fix = Edit { span: Span::new(name.end, token.span.end), text: text.into() };
            let kind = SyntaxErrorKind::EqualsForColon;
            self.errors.push(SyntaxError { kind, span: token.span, fix: Some(fix) });
            return TokenKind::Colon;
        }
        if place.in_condition {
            self.foreign(token.span, "==", "==");
            return TokenKind::EqualsEquals;
        }
        TokenKind::Equals
    }

    /// `=>` and `→` for `->`, and `->` for the `:` of a result.
    fn arrow(&mut self, place: &Place, token: Token) -> TokenKind {
        let in_flow =
            self.item == TokenKind::Flow && (token.first_on_line || place.in_body()) && place.in_braces();
        let in_trigger = self.item == TokenKind::On && place.open.is_empty();
        let is_edge = (in_flow && place.in_body()) || in_trigger;
        let is_result =
            place.open.is_empty() && !in_trigger && place.kind_back(0) == Some(TokenKind::ParenClose);
        if is_result {
            self.foreign(token.span, ":", ":");
            return TokenKind::Colon;
        }
        let wanted = if is_edge { TokenKind::Arrow } else { TokenKind::FatArrow };
        if token.kind == TokenKind::Arrow || token.kind == wanted {
            return token.kind;
        }
        let text = if is_edge { "->" } else { "=>" };
        self.foreign(token.span, text, text);
        wanted
    }

    /// `return x` on a line of its own: only arrows leave a node.
    fn bare_exit(&mut self, place: &mut Place, token: Token) {
        let alone = token.first_on_line && place.kind_back(0) != Some(TokenKind::Arrow);
        if !(alone && self.item == TokenKind::Flow) {
            return;
        }
        let wanted = if token.kind == TokenKind::Return { "-> return" } else { "-> fail" };
        self.foreign(token.span, wanted, wanted);
        let span = Span::new(token.span.start, token.span.start);
        place.out.push(Token { kind: TokenKind::Arrow, span, first_on_line: true });
    }

    /// Words that are keywords elsewhere.
    fn word(&mut self, place: &mut Place, token: Token, next: Option<Token>) -> TokenKind {
        let names = matches!(next.map(|next| next.kind), Some(TokenKind::Colon | TokenKind::Dot));
        let behind_dot = place.kind_back(0) == Some(TokenKind::Dot);
        if self.item != TokenKind::Flow || names || behind_dot || !place.in_body() {
            return token.kind;
        }
        let followed = next.is_some_and(|next| !next.first_on_line);
        match self.cx.slice(token.span) {
            "if" if followed && !token.first_on_line => self.condition_word(place, token),
            "let" | "var" | "val" | "const" | "step" | "state"
                if token.first_on_line && next.is_some_and(|next| next.kind == TokenKind::Lower) =>
            {
                self.foreign(token.span, "node", "node");
                TokenKind::Node
            }
            _ => token.kind,
        }
    }

    /// `if` or `else if` for `when`.
    fn condition_word(&mut self, place: &mut Place, token: Token) -> TokenKind {
        let otherwise = place.out.pop_if(|last| last.kind == TokenKind::Else);
        let span = otherwise.map_or(token.span, |otherwise| otherwise.span.to(token.span));
        self.foreign(span, "when", "when");
        TokenKind::When
    }

    fn sign(&mut self, token: Token) -> TokenKind {
        let (kind, text) = match token.kind {
            TokenKind::AndAnd => (TokenKind::And, "and"),
            TokenKind::OrOr => (TokenKind::Or, "or"),
            TokenKind::Bang => (TokenKind::Not, "not"),
            TokenKind::StrictEquals => (TokenKind::EqualsEquals, "=="),
            TokenKind::StrictNotEquals => (TokenKind::NotEquals, "!="),
            TokenKind::Coalesce => (TokenKind::Else, "else"),
            TokenKind::UnicodeCompare => match self.cx.slice(token.span) {
                "≤" => (TokenKind::LessEquals, "<="),
                "≥" => (TokenKind::GreaterEquals, ">="),
                _ => (TokenKind::NotEquals, "!="),
            },
            kind => return kind,
        };
        // `!x` is glued, `not x` is not.
        let fix = if kind == TokenKind::Not { "not " } else { text };
        self.foreign(token.span, text, fix);
        kind
    }

    fn comment(&mut self, token: Token) {
        if let Some((found, fix)) = foreign_comment(token.kind, self.cx.slice(token.span)) {
            let kind = SyntaxErrorKind::ForeignHabit { found: found.into(), wanted: "//" };
            self.report(kind, token.span, fix);
        }
    }

    fn single_quoted(&mut self, place: &mut Place, token: Token) {
        let Span { start, end } = token.span;
        let inner = Span::new(start + 1, end - 1);
        let text = format!("\"{}\"", self.cx.slice(inner).replace('"', "\\\""));
        let kind = SyntaxErrorKind::ForeignHabit { found: "'".into(), wanted: "\"" };
        self.report(kind, token.span, text);
        let mut push = |kind, span, first_on_line| place.out.push(Token { kind, span, first_on_line });
        push(TokenKind::TextStart, Span::new(start, start + 1), token.first_on_line);
        if inner.start < inner.end {
            push(TokenKind::TextPiece, inner, false);
        }
        push(TokenKind::TextEnd, Span::new(end - 1, end), false);
    }

    // ---- operands

    /// Puts a `Missing` where something must stand and nothing does.
    fn operands(&mut self, tokens: &[Token]) -> Vec<Token> {
        let mut out = Vec::with_capacity(tokens.len() + 2);
        let mut open: Vec<TokenKind> = Vec::new();
        let mut in_node_head = false;
        for (index, token) in tokens.iter().enumerate() {
            out.push(*token);
            match token.kind {
                TokenKind::Node => in_node_head = true,
                TokenKind::Equals => in_node_head = false,
                _ => {}
            }
            if token.kind.opens() {
                open.push(token.kind);
            } else if token.kind.closes() {
                open.pop();
            }
            let rest = tokens.get(index + 1..).unwrap_or_default();
            if let Some((wanted, context)) = self.wants(token, index == 0, in_node_head, &open)
                && lacks(token, rest)
            {
                let (found, span) = place(self.cx, Some(token), rest.first());
                let gap = token.span.after();
                let span = if rest.is_empty() { gap } else { span };
                let kind = SyntaxErrorKind::Unexpected { found, expected: vec![wanted.into()], context };
                self.errors.push(SyntaxError { kind, span, fix: None });
                out.push(Token { kind: TokenKind::Missing, span: gap, first_on_line: false });
            }
        }
        out
    }

    /// What must stand behind `token`, and what is being read there.
    fn wants(
        &self,
        token: &Token,
        is_first: bool,
        in_node_head: bool,
        open: &[TokenKind],
    ) -> Option<(&'static str, &'static str)> {
        let in_type_body = self.item == TokenKind::Type && open.len() == 1;
        let in_head = open.first().is_some_and(|kind| *kind == TokenKind::CallOpen);
        let names_type =
            self.item != TokenKind::On && (in_type_body || in_head || open.is_empty() || in_node_head);
        Some(match token.kind {
            TokenKind::Colon if names_type || self.item == TokenKind::Enum => ("a type", "a type"),
            TokenKind::Colon if open.last() == Some(&TokenKind::BraceOpen) => ("a value", "a setting"),
            TokenKind::Colon => ("a value", "an argument"),
            TokenKind::Equals if self.item == TokenKind::Type => ("a type", "a type"),
            TokenKind::Equals => ("an expression", "what is behind `=`"),
            TokenKind::Arrow if self.item == TokenKind::On => ("the flow to start", "a trigger"),
            TokenKind::Arrow => ("a node, `return` or `fail`", "an arrow"),
            TokenKind::Dot if self.item == TokenKind::Import => return None,
            TokenKind::Dot => ("a name", "a field"),
            TokenKind::When | TokenKind::Need => ("a condition", "a condition"),
            TokenKind::Using => ("a model", "a call"),
            TokenKind::On if is_first => ("what starts the flow", "a trigger"),
            TokenKind::On => ("an error class like `Timeout`", "an error edge"),
            TokenKind::Is => ("a pattern like `Approve` or `none`", "a test"),
            TokenKind::Node => ("a name", "a node"),
            TokenKind::FatArrow => ("an expression", "an arm"),
            TokenKind::HoleOpen => ("an expression", "a hole"),
            TokenKind::And
            | TokenKind::Or
            | TokenKind::Not
            | TokenKind::EqualsEquals
            | TokenKind::NotEquals
            | TokenKind::Less
            | TokenKind::LessEquals
            | TokenKind::Greater
            | TokenKind::GreaterEquals
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::PrefixMinus
            | TokenKind::Star
            | TokenKind::Slash => ("an expression", "an expression"),
            _ => return None,
        })
    }
}

/// Whether nothing that could be meant stands behind `token`.
fn lacks(token: &Token, rest: &[Token]) -> bool {
    let Some(next) = rest.first() else { return true };
    let behind = rest.get(1).map(|token| token.kind);
    // `timeout:` at the end of a line, and the next setting below.
    let begins_member = next.first_on_line
        && next.kind.is_name()
        && matches!(behind, Some(TokenKind::Colon | TokenKind::Equals))
        && token.kind != TokenKind::Node;
    let begins_node = next.first_on_line && token.kind == TokenKind::Node;
    begins_member || begins_node || cannot_begin(token.kind, next.kind)
}

/// Whether no operand begins with `next`.
const fn cannot_begin(before: TokenKind, next: TokenKind) -> bool {
    match next {
        TokenKind::Is => true,
        // `is not Approve`
        TokenKind::Not | TokenKind::PrefixMinus | TokenKind::Return | TokenKind::Fail => false,
        TokenKind::Equals => !matches!(before, TokenKind::Equals),
        TokenKind::All | TokenKind::Each => !matches!(before, TokenKind::Equals),
        _ => {
            next.closes()
                || matches!(
                    next,
                    TokenKind::Comma
                        | TokenKind::BraceOpen
                        | TokenKind::Colon
                        | TokenKind::Arrow
                        | TokenKind::FatArrow
                        | TokenKind::Node
                        | TokenKind::When
                        | TokenKind::On
                        | TokenKind::Max
                        | TokenKind::Using
                        | TokenKind::Within
                        | TokenKind::Else
                        | TokenKind::Need
                        | TokenKind::Given
                        | TokenKind::And
                        | TokenKind::Or
                        | TokenKind::EqualsEquals
                        | TokenKind::NotEquals
                        | TokenKind::Less
                        | TokenKind::LessEquals
                        | TokenKind::Greater
                        | TokenKind::GreaterEquals
                        | TokenKind::Plus
                        | TokenKind::Star
                        | TokenKind::Slash
                        | TokenKind::HoleClose
                        | TokenKind::TextEnd
                )
        }
    }
}
