//! The last resort for an item: its head and each of its members are parsed alone.
//!
//! One broken member never loses another, and what is lost leaves a poisoned place behind: `Missing` in an
//! expression, a type or a name says "already reported". Conventions that later phases rely on:
//!
//! - a broken node keeps its name; its work is a `Missing` expression;
//! - a broken arrow keeps its target; its arguments are one `Missing`, and so is its condition;
//! - a broken setting keeps its name; a broken field or parameter keeps its name and has a `Missing` type.

use super::sections::{self, Begins};
use super::{Parser, expected};
use crate::ast::{
    Arg, ArgValue, Branch, Broken, Call, CheckDecl, Edge, EnumDecl, Expr, ExprKind, Field, Flow, FnDecl,
    Guard, Import, ItemKind, Name, Need, Node, Param, Setting, Setup, SetupKind, Split, Step, Target,
    Template, Test, Trigger, Ty, TypeBody, TypeDecl, Work,
};
use crate::error::SyntaxError;
use crate::lexer::{Token, TokenKind};
use crate::span::Span;
use crate::tree::Piece;

/// Reads the pieces of one broken item and collects what is wrong with them.
pub(super) struct Recovery<'p, 'c, 's> {
    parser: &'p Parser<'c, 's>,
    /// The tokens of the item.
    tokens: &'p [Token],
    pub(super) errors: Vec<SyntaxError>,
}

/// The first line of a declaration.
struct Head<'t> {
    name: Name,
    params: Option<Vec<Param>>,
    ty: Option<Ty>,
    /// What is left in front of the body.
    rest: &'t [Token],
}

fn missing(span: Span) -> Expr {
    Expr { kind: ExprKind::Missing, span }
}

fn missing_ty(span: Span) -> Ty {
    Ty { labels: Vec::new(), base: Name::missing(span), args: Vec::new(), optional: None, range: None, span }
}

fn missing_call(span: Span) -> Call {
    Call { expr: missing(span), using: None, within: None, otherwise: None, span }
}

fn cover(tokens: &[Token]) -> Span {
    let spans = tokens.iter().map(|token| token.span);
    spans.reduce(Span::to).unwrap_or_default()
}

impl<'p, 'c, 's> Recovery<'p, 'c, 's> {
    pub(super) fn new(parser: &'p Parser<'c, 's>, tokens: &'p [Token]) -> Self {
        Self { parser, tokens, errors: Vec::new() }
    }

    /// Reads the item behind `pub`.
    pub(super) fn item(&mut self, tokens: &'p [Token]) -> ItemKind {
        let Some((keyword, rest)) = tokens.split_first() else {
            return ItemKind::Broken(Broken { keyword: "".into(), name: None });
        };
        match keyword.kind {
            TokenKind::Import => self.import(tokens),
            TokenKind::Type => self.type_decl(tokens, rest),
            TokenKind::Enum => self.enum_decl(tokens, rest),
            TokenKind::Fn => self.fn_decl(rest),
            TokenKind::Check => self.check(rest),
            TokenKind::Model => self.setup(SetupKind::Model, rest),
            TokenKind::Prompt => self.setup(SetupKind::Prompt, rest),
            TokenKind::Tool => self.setup(SetupKind::Tool, rest),
            TokenKind::Human => self.setup(SetupKind::Human, rest),
            TokenKind::Resource => self.setup(SetupKind::Resource, rest),
            TokenKind::Split => self.split(rest),
            TokenKind::Flow => self.flow(keyword, rest),
            TokenKind::On => self.trigger(rest),
            TokenKind::Test | TokenKind::Eval => self.test(keyword.kind == TokenKind::Eval, rest),
            _ => {
                self.unexpected(tokens, TokenKind::SelectItem);
                ItemKind::Broken(Broken { keyword: self.parser.cx.text(keyword.span), name: None })
            }
        }
    }

    // ---- one piece

    fn run(&mut self, selector: TokenKind, tokens: &[Token]) -> Option<Piece> {
        match self.parser.run(selector, tokens) {
            Ok((piece, errors)) => {
                self.errors.extend(errors);
                Some(piece)
            }
            Err(failure) => {
                let next = self.behind(tokens);
                let context = context(selector);
                self.errors.push(expected::error(self.parser.cx, tokens, next, &failure, context));
                None
            }
        }
    }

    /// The token behind a piece of the item.
    fn behind(&self, piece: &[Token]) -> Option<&'p Token> {
        let end = piece.last().map_or(0, |token| token.span.end);
        let at = self.tokens.partition_point(|token| token.span.start < end);
        self.tokens.iter().skip(at).find(|token| !token.span.range().is_empty())
    }

    /// Reports that `tokens` cannot be read as `selector` asks, whatever they are.
    fn unexpected(&mut self, tokens: &[Token], selector: TokenKind) {
        drop(self.run(selector, tokens));
    }

    fn expr(&mut self, tokens: &[Token]) -> Expr {
        match self.run(TokenKind::SelectExpr, tokens) {
            Some(Piece::Expr(expr)) => expr,
            _ => missing(cover(tokens)),
        }
    }

    fn ty(&mut self, tokens: &[Token]) -> Ty {
        match self.run(TokenKind::SelectTy, tokens) {
            Some(Piece::Ty(ty)) => ty,
            _ => missing_ty(cover(tokens)),
        }
    }

    fn members(&self, tokens: &'p [Token], begins: Begins) -> Vec<&'p [Token]> {
        sections::members(tokens, |token| self.parser.cx.column(token.span.start), begins)
    }

    fn name(&mut self, tokens: &[Token]) -> (Name, usize) {
        match tokens.first() {
            Some(token) if token.kind.is_name() || token.kind.is_keyword() => {
                (Name { text: self.parser.cx.text(token.span), span: token.span }, 1)
            }
            Some(token) => (Name::missing(Span::new(token.span.start, token.span.start)), 0),
            None => (Name::missing(self.end()), 0),
        }
    }

    fn end(&self) -> Span {
        self.tokens.last().map_or(Span::default(), |token| token.span.after())
    }

    // ---- heads

    /// Reads name, parameters and result. `stop` ends the result.
    fn head<'t>(&mut self, tokens: &'t [Token], stop: fn(TokenKind) -> bool) -> Head<'t> {
        let (name, taken) = self.name(tokens);
        let mut rest = tokens.get(taken..).unwrap_or_default();
        if name.is_missing() {
            self.nameless(tokens);
        }
        let opens = |kind| matches!(kind, Some(TokenKind::CallOpen | TokenKind::ParenOpen));
        let params = opens(rest.first().map(|token| token.kind)).then(|| {
            let close = sections::partner(rest, 0);
            let params = self.params(rest.get(1..close).unwrap_or_default());
            rest = rest.get(close + 1..).unwrap_or_default();
            params
        });
        let mut ty = None;
        if rest.first().is_some_and(|token| token.kind == TokenKind::Colon) {
            let end = sections::find(rest, stop);
            ty = Some(self.ty(rest.get(1..end).unwrap_or_default()));
            rest = rest.get(end..).unwrap_or_default();
        }
        Head { name, params, ty, rest }
    }

    fn nameless(&mut self, tokens: &[Token]) {
        let before = self
            .tokens
            .iter()
            .take_while(|token| tokens.first().is_none_or(|first| token.span.start < first.span.start));
        let (found, span) = expected::place(self.parser.cx, before.last(), tokens.first());
        let kind =
            crate::SyntaxErrorKind::Unexpected { found, expected: vec!["a name".into()], context: "an item" };
        self.errors.push(SyntaxError { kind, span, fix: None });
    }

    fn params(&mut self, tokens: &[Token]) -> Vec<Param> {
        let parts = sections::by_comma(tokens);
        parts.into_iter().filter_map(|part| self.param(part)).collect()
    }

    fn param(&mut self, tokens: &[Token]) -> Option<Param> {
        match self.run(TokenKind::SelectParam, tokens) {
            Some(Piece::Param(param)) => Some(*param),
            _ => {
                let (name, _) = self.name(tokens);
                let span = cover(tokens);
                Some(Param { name, wire: None, ty: missing_ty(span.after()), span })
            }
        }
    }

    /// What stands between the braces of a body, and whether there is anything else that is wrong.
    fn body<'t>(&mut self, tokens: &'t [Token], context: TokenKind) -> &'t [Token] {
        let open = sections::find(tokens, |kind| kind == TokenKind::BraceOpen);
        if open > 0 {
            // Something stands between the head and the body; only the whole knows what could.
            let end = tokens.first().map_or(0, |token| token.span.end);
            let head = self.tokens.partition_point(|token| token.span.start < end);
            let before = self.errors.len();
            self.unexpected(self.tokens.get(..head).unwrap_or_default(), TokenKind::SelectItem);
            if self.errors.len() == before {
                self.report_at(tokens, context);
            }
        }
        let close = sections::partner(tokens, open);
        let behind = tokens.get(close + 1..).unwrap_or_default();
        if !behind.is_empty() {
            self.report_at(behind, TokenKind::SelectItem);
        }
        tokens.get(open + 1..close).unwrap_or_default()
    }

    /// Reports the first of `tokens` as unexpected.
    fn report_at(&mut self, tokens: &[Token], selector: TokenKind) {
        let Some(first) = tokens.first() else { return };
        let at = self.tokens.partition_point(|token| token.span.start < first.span.start);
        let before = at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let (found, span) = expected::place(self.parser.cx, before, Some(first));
        let expected = if selector == TokenKind::SelectItem { "the end of the item" } else { "`{`" };
        let kind = crate::SyntaxErrorKind::Unexpected {
            found,
            expected: vec![expected.into()],
            context: context(selector),
        };
        self.errors.push(SyntaxError { kind, span, fix: None });
    }

    // ---- items

    fn import(&mut self, tokens: &[Token]) -> ItemKind {
        self.unexpected(tokens, TokenKind::SelectItem);
        let open = sections::find(tokens, |kind| kind == TokenKind::BraceOpen);
        let named = |tokens: &[Token]| -> Vec<Name> {
            let names = tokens.iter().filter(|token| token.kind.is_name());
            names.map(|token| Name { text: self.parser.cx.text(token.span), span: token.span }).collect()
        };
        let path = named(tokens.get(..open).unwrap_or_default());
        let names = (open < tokens.len()).then(|| named(tokens.get(open..).unwrap_or_default()));
        ItemKind::Import(Import { path, names })
    }

    fn type_decl(&mut self, all: &'p [Token], tokens: &'p [Token]) -> ItemKind {
        let Head { name, rest, .. } = self.head(tokens, |_| true);
        if let Some((_, ty)) = rest.split_first().filter(|(first, _)| first.kind == TokenKind::Equals) {
            let body = TypeBody::Alias(Box::new(self.ty(ty)));
            return ItemKind::Type(TypeDecl { name, body });
        }
        let body = self.body(rest, TokenKind::SelectField);
        if self.report_mixed(all, body, false) {
            return ItemKind::Type(TypeDecl {
                name,
                body: TypeBody::Alias(Box::new(missing_ty(cover(body)))),
            });
        }
        let members = self.members(body, sections::begins_named);
        let fields = members.into_iter().filter_map(|member| self.field(member)).collect();
        ItemKind::Type(TypeDecl { name, body: TypeBody::Record(fields) })
    }

    /// Variants in a `type`, or fields in an `enum`: one mistake, whatever their number.
    fn report_mixed(&mut self, all: &[Token], body: &'p [Token], is_enum: bool) -> bool {
        let begins = if is_enum { sections::begins_named } else { sections::begins_variant };
        let members = self.members(body, begins);
        let is_stranger = |member: &'p [Token]| {
            let kind = |at: usize| member.get(at).map(|token| token.kind);
            let named = kind(1) == Some(TokenKind::Colon);
            let is_variant =
                kind(0) == Some(TokenKind::Upper) && matches!(kind(1), None | Some(TokenKind::CallOpen));
            if is_enum { named } else { is_variant }
        };
        let Some(stranger) = members.iter().copied().find(|member| is_stranger(member)) else { return false };
        // A body of nothing but strangers only has the wrong keyword. Otherwise nobody knows which half was meant.
        let keyword = all.first().map_or(Span::default(), |token| token.span);
        let word = if is_enum { "type" } else { "enum" };
        let only_strangers = members.iter().all(|member| is_stranger(member));
        let fix = only_strangers.then(|| crate::Edit { span: keyword, text: word.into() });
        let kind = crate::SyntaxErrorKind::MixedBody { is_enum };
        self.errors.push(SyntaxError { kind, span: cover(stranger), fix });
        true
    }

    fn field(&mut self, tokens: &[Token]) -> Option<Field> {
        match self.run(TokenKind::SelectField, tokens) {
            Some(Piece::Field(field)) => Some(*field),
            _ => {
                let name = tokens.first().filter(|token| token.kind.is_name())?;
                let span = cover(tokens);
                let docs = self.parser.cx.docs(name.span.start);
                let name = Name { text: self.parser.cx.text(name.span), span: name.span };
                Some(Field { docs, name, wire: None, ty: missing_ty(span.after()), span })
            }
        }
    }

    fn enum_decl(&mut self, all: &'p [Token], tokens: &'p [Token]) -> ItemKind {
        let (name, taken) = self.name(tokens);
        if name.is_missing() {
            self.nameless(tokens);
        }
        let rest = tokens.get(taken..).unwrap_or_default();
        let open = sections::find(rest, |kind| kind == TokenKind::BraceOpen);
        let tag = rest.get(..open).and_then(|tag| self.tag(tag));
        let body = self.body(rest.get(open..).unwrap_or_default(), TokenKind::SelectVariant);
        if self.report_mixed(all, body, true) {
            return ItemKind::Type(TypeDecl {
                name,
                body: TypeBody::Alias(Box::new(missing_ty(cover(body)))),
            });
        }
        let mut variants = Vec::new();
        for member in self.members(body, sections::begins_variant) {
            if let Some(Piece::Variant(variant)) = self.run(TokenKind::SelectVariant, member) {
                variants.push(*variant);
            }
        }
        ItemKind::Enum(EnumDecl { name, tag, variants })
    }

    /// `tag "kind"`, read as the wire name of a variant `tag`.
    fn tag(&mut self, tokens: &[Token]) -> Option<crate::ast::WireName> {
        let [word, text @ ..] = tokens else { return None };
        let is_tag = word.kind == TokenKind::Lower && self.parser.cx.slice(word.span) == "tag";
        let piece = self.parser.run(TokenKind::SelectExpr, text).ok().filter(|_| is_tag);
        match piece {
            Some((Piece::Expr(Expr { kind: ExprKind::Text(text), .. }), _)) => {
                Some(self.parser.cx.wire(text))
            }
            _ => {
                self.report_at(tokens, TokenKind::SelectVariant);
                None
            }
        }
    }

    fn fn_decl(&mut self, tokens: &[Token]) -> ItemKind {
        let head = self.head(tokens, |kind| kind == TokenKind::Equals);
        let Some((equals, body)) =
            head.rest.split_first().filter(|(first, _)| first.kind == TokenKind::Equals)
        else {
            self.report_fn(head.rest);
            let ret = head.ty.unwrap_or_else(|| missing_ty(self.end()));
            let params = head.params.unwrap_or_default();
            return ItemKind::Fn(FnDecl { name: head.name, params, ret, body: missing(self.end()) });
        };
        if head.ty.is_none() || head.params.is_none() {
            self.report_fn(std::slice::from_ref(equals));
        }
        let ret = head.ty.unwrap_or_else(|| missing_ty(equals.span));
        let body = self.expr(body);
        ItemKind::Fn(FnDecl { name: head.name, params: head.params.unwrap_or_default(), ret, body })
    }

    /// The head of a function lacks something in front of `tokens`.
    fn report_fn(&mut self, tokens: &[Token]) {
        let end = tokens.first().map_or(self.end().end, |token| token.span.start);
        let before = self.tokens.iter().take_while(|token| token.span.start < end).count();
        let head = self.tokens.get(..before).unwrap_or_default();
        self.unexpected(head, TokenKind::SelectItem);
    }

    fn check(&mut self, tokens: &'p [Token]) -> ItemKind {
        let Head { name, params, ty, rest } = self.head(tokens, |kind| kind == TokenKind::BraceOpen);
        self.complete(params.is_some() && ty.is_some(), rest);
        let body = self.body(rest, TokenKind::SelectNeed);
        let ret = ty.unwrap_or_else(|| missing_ty(name.span.after()));
        let mut needs = Vec::new();
        for member in self.members(body, sections::begins_step) {
            match self.run(TokenKind::SelectNeed, member) {
                Some(Piece::Need(need)) => needs.push(need),
                _ => {
                    needs.push(Need { condition: missing(cover(member)), message: None, span: cover(member) })
                }
            }
        }
        ItemKind::Check(CheckDecl { name, params: params.unwrap_or_default(), ret, needs })
    }

    /// Reports what a head lacks in front of its body.
    fn complete(&mut self, is_complete: bool, rest: &[Token]) {
        if !is_complete && self.errors.is_empty() {
            self.report_fn(rest);
        }
    }

    fn setup(&mut self, kind: SetupKind, tokens: &'p [Token]) -> ItemKind {
        let head = self.head(tokens, |kind| matches!(kind, TokenKind::Equals | TokenKind::BraceOpen));
        let mut rest = head.rest;
        let mut source = None;
        if let Some((_, behind)) = rest.split_first().filter(|(first, _)| first.kind == TokenKind::Equals) {
            let end = source_end(behind);
            source = Some(self.expr(behind.get(..end).unwrap_or_default()));
            rest = behind.get(end..).unwrap_or_default();
        }
        let body = if rest.is_empty() { &[][..] } else { self.body(rest, TokenKind::SelectSetting) };
        let members = self.members(body, sections::begins_named);
        let settings = members.into_iter().filter_map(|member| self.setting(member)).collect();
        ItemKind::Setup(Setup { kind, name: head.name, params: head.params, ty: head.ty, source, settings })
    }

    fn setting(&mut self, tokens: &[Token]) -> Option<Setting> {
        match self.run(TokenKind::SelectSetting, tokens) {
            Some(Piece::Setting(setting)) => Some(*setting),
            _ => {
                let name = tokens.first().filter(|token| token.kind.is_name())?;
                let span = cover(tokens);
                let docs = self.parser.cx.docs(name.span.start);
                let name = Name { text: self.parser.cx.text(name.span), span: name.span };
                Some(Setting { docs, name, value: ArgValue::Expr(missing(span.after())), span })
            }
        }
    }

    fn split(&mut self, tokens: &'p [Token]) -> ItemKind {
        let Head { name, params, ty, rest } = self.head(tokens, |kind| kind == TokenKind::BraceOpen);
        self.complete(params.is_some() && ty.is_some(), rest);
        let body = self.body(rest, TokenKind::SelectSplitItem);
        let ret = ty.unwrap_or_else(|| missing_ty(name.span.after()));
        let mut items = Vec::new();
        for member in self.members(body, sections::begins_arm) {
            if let Some(Piece::SplitItem(item)) = self.run(TokenKind::SelectSplitItem, member) {
                items.push(*item);
            }
        }
        ItemKind::Split(Split { name, params: params.unwrap_or_default(), ret, items })
    }

    fn trigger(&mut self, tokens: &[Token]) -> ItemKind {
        let arrow = sections::find(tokens, |kind| kind == TokenKind::Arrow);
        let source = self.expr(tokens.get(..arrow).unwrap_or_default());
        let target = match tokens.get(arrow + 1..) {
            Some(target) => self.expr(target),
            None => {
                if self.errors.is_empty() {
                    self.unexpected(self.tokens, TokenKind::SelectItem);
                }
                missing(self.end())
            }
        };
        ItemKind::Trigger(Trigger { source, target })
    }

    fn test(&mut self, is_eval: bool, tokens: &'p [Token]) -> ItemKind {
        let open = sections::find(tokens, |kind| kind == TokenKind::BraceOpen);
        let title = tokens.get(..open).unwrap_or_default();
        let title = match self.expr(title) {
            Expr { kind: ExprKind::Text(title), .. } => title,
            other => {
                if !matches!(other.kind, ExprKind::Missing) {
                    self.report_at(title, TokenKind::SelectStep);
                }
                Template { parts: Vec::new(), is_block: false, span: other.span }
            }
        };
        let body = self.body(tokens.get(open..).unwrap_or_default(), TokenKind::SelectStep);
        let mut steps = Vec::new();
        for member in self.members(body, sections::begins_step) {
            match self.run(TokenKind::SelectStep, member) {
                Some(Piece::Step(step)) => steps.push(*step),
                _ => steps.extend(self.broken_step(member)),
            }
        }
        ItemKind::Test(Test { is_eval, title, steps })
    }

    /// A step that keeps its place: a test without its `when` would be reported again.
    fn broken_step(&mut self, tokens: &[Token]) -> Option<Step> {
        let span = cover(tokens);
        match tokens.first()?.kind {
            TokenKind::When => Some(Step::When { call: missing_call(span), span }),
            TokenKind::Need => Some(Step::Need(Need { condition: missing(span), message: None, span })),
            TokenKind::Given => {
                let names = tokens
                    .iter()
                    .skip(1)
                    .take_while(|token| token.kind.is_name() || token.kind == TokenKind::Dot);
                let names = names.filter(|token| token.kind.is_name());
                let names: Vec<Name> = names
                    .map(|token| Name { text: self.parser.cx.text(token.span), span: token.span })
                    .collect();
                let callee = crate::tree::path(names);
                (!callee.segments.is_empty()).then(|| Step::Given { callee, call: missing_call(span), span })
            }
            _ => None,
        }
    }

    // ---- flows

    fn flow(&mut self, keyword: &Token, tokens: &'p [Token]) -> ItemKind {
        let head = self.head(tokens, |kind| matches!(kind, TokenKind::Within | TokenKind::BraceOpen));
        let mut rest = head.rest;
        let mut within = None;
        self.complete(head.params.is_some(), rest);
        if rest.first().is_some_and(|token| token.kind == TokenKind::Within) {
            let end = sections::find(rest, |kind| kind == TokenKind::BraceOpen);
            if let Some(Piece::Within(limits)) =
                self.run(TokenKind::SelectWithin, rest.get(..end).unwrap_or_default())
            {
                within = Some(limits);
            }
            rest = rest.get(end..).unwrap_or_default();
        }
        let body = self.body(rest, TokenKind::SelectEdge);
        let head_end = rest.first().map_or(keyword.span.end, |token| token.span.start);
        let last = self.tokens.iter().take_while(|token| token.span.end <= head_end).last();
        let mut flow = Flow {
            name: head.name,
            params: head.params.unwrap_or_default(),
            ret: head.ty,
            within,
            entry: Vec::new(),
            nodes: Vec::new(),
            head: keyword.span.to(last.map_or(keyword.span, |token| token.span)),
        };
        for member in self.members(body, sections::begins_graph) {
            self.graph_member(&mut flow, member);
        }
        ItemKind::Flow(flow)
    }

    fn graph_member(&mut self, flow: &mut Flow, tokens: &'p [Token]) {
        match tokens.first().map(|token| token.kind) {
            Some(TokenKind::Node) => {
                let node = self.node(tokens);
                flow.nodes.push(node);
            }
            Some(TokenKind::Arrow) => {
                let edge = self.edge(tokens);
                let node = flow.nodes.last_mut();
                if let Some(node) = node {
                    node.span = node.span.to(edge.span);
                    node.edges.push(edge);
                } else {
                    flow.entry.push(edge);
                }
            }
            _ => self.unexpected(tokens, TokenKind::SelectEdge),
        }
    }

    fn node(&mut self, tokens: &'p [Token]) -> Node {
        let before = self.errors.len();
        if let Some(Piece::Node(node)) = self.run(TokenKind::SelectNode, tokens) {
            return *node;
        }
        let whole = self.errors.split_off(before);
        let rest = tokens.get(1..).unwrap_or_default();
        let head = self.head(rest, |kind| kind == TokenKind::Equals);
        let work = self.work(head.rest);
        // What is wrong is in the parameters or in a branch, or else it is what stopped the whole.
        if self.errors.len() == before {
            self.errors.extend(whole);
        }
        let span = cover(tokens);
        let docs = self.parser.cx.docs(span.start);
        Node { docs, name: head.name, params: head.params, work, edges: Vec::new(), head: span, span }
    }

    /// What is left of `= …`: the branches of an `all`, or a poisoned place.
    fn work(&mut self, tokens: &'p [Token]) -> Option<Work> {
        let span = cover(tokens);
        let kind = |at: usize| tokens.get(at).map(|token| token.kind);
        if kind(0) == Some(TokenKind::Equals)
            && kind(1) == Some(TokenKind::All)
            && kind(2) == Some(TokenKind::BraceOpen)
        {
            let close = sections::partner(tokens, 2);
            let body = tokens.get(3..close).unwrap_or_default();
            let branches = self.members(body, |tokens, at| {
                let kind = |at: usize| tokens.get(at).map(|token| token.kind);
                kind(at) == Some(TokenKind::Lower) && kind(at + 1) == Some(TokenKind::Equals)
            });
            let branches = branches.into_iter().filter_map(|member| self.branch(member)).collect();
            return Some(Work::All { branches, within: None, span });
        }
        Some(Work::Call(missing_call(span)))
    }

    fn branch(&mut self, tokens: &[Token]) -> Option<Branch> {
        match self.run(TokenKind::SelectBranch, tokens) {
            Some(Piece::Branch(branch)) => Some(*branch),
            _ => {
                let name = tokens.first().filter(|token| token.kind.is_name())?;
                let span = cover(tokens);
                let name = Name { text: self.parser.cx.text(name.span), span: name.span };
                Some(Branch { name, call: missing_call(span.after()), span })
            }
        }
    }

    fn edge(&mut self, tokens: &[Token]) -> Edge {
        if let Some(Piece::Edge(edge)) = self.run(TokenKind::SelectEdge, tokens) {
            return *edge;
        }
        let span = cover(tokens);
        let gap = span.after();
        let target = match tokens.get(1) {
            Some(token) if token.kind == TokenKind::Return => Target::Return(Some(missing(gap)), token.span),
            Some(token) if token.kind == TokenKind::Fail => Target::Fail(Some(missing(gap)), token.span),
            Some(token) if token.kind.is_name() => {
                let name = Name { text: self.parser.cx.text(token.span), span: token.span };
                let value = ArgValue::Expr(missing(gap));
                Target::Node {
                    name,
                    args: Some(vec![Arg { label: None, value, span: gap }]),
                    span: token.span,
                }
            }
            _ => Target::Missing(gap),
        };
        Edge { target, guard: Some(broken_guard(tokens, gap)), max: None, span }
    }
}

/// An arrow that could not be read may have any condition, but it stays an error edge if it was one.
fn broken_guard(tokens: &[Token], gap: Span) -> Guard {
    if tokens.iter().any(|token| token.kind == TokenKind::On) {
        Guard::On(vec![Name::missing(gap)])
    } else {
        Guard::When(missing(gap))
    }
}

/// Where the expression behind `=` ends: at the `{` of the settings, which is the last one at depth 0.
fn source_end(tokens: &[Token]) -> usize {
    let first = sections::find(tokens, |kind| kind == TokenKind::BraceOpen);
    let close = sections::partner(tokens, first);
    let behind = tokens.get(close + 1..).unwrap_or_default();
    let second = sections::find(behind, |kind| kind == TokenKind::BraceOpen);
    if second < behind.len() { close + 1 + second } else { first }
}

/// What is being read, in the reader's words.
const fn context(selector: TokenKind) -> &'static str {
    match selector {
        TokenKind::SelectField => "a field",
        TokenKind::SelectVariant => "a variant",
        TokenKind::SelectParam => "a parameter",
        TokenKind::SelectTy => "a type",
        TokenKind::SelectNeed => "a rule",
        TokenKind::SelectSetting => "a setting",
        TokenKind::SelectSplitItem => "an arm of a split",
        TokenKind::SelectNode => "a node",
        TokenKind::SelectEdge => "an arrow",
        TokenKind::SelectWithin => "a limit",
        TokenKind::SelectStep => "a step of a test",
        TokenKind::SelectBranch => "a branch",
        TokenKind::SelectExpr => "an expression",
        _ => "an item",
    }
}
