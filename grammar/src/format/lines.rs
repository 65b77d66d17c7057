//! Where the lines of an item begin: its head, one for each member, its end.

use super::notes::Notes;
use crate::ast::{Item, ItemKind, Node, SplitItem, Step, TypeBody, Work};
use crate::lexer::{Lexed, TokenKind};
use crate::span::Span;

/// A line of the item before wrapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Index of the first token.
    pub(super) start: usize,
    /// Index behind the last token.
    pub(super) end: usize,
    /// Blanks before it.
    pub(super) indent: usize,
    pub(super) role: Role,
}

/// What a line is, as far as blank lines around it go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The first line of the item; what is before it is settled already.
    Head,
    /// The first member of a body: no blank line before it.
    First,
    Member,
    /// A node behind something else: always a blank line before it.
    Node,
    /// A closing brace: no blank line before it, and comments before it belong to the body.
    Close,
}

pub(super) fn of(lexed: &Lexed, item: &Item, start: usize, end: usize, notes: &Notes) -> Vec<Line> {
    let mut marks = Marks { lexed, lines: vec![Line { start, end, indent: 0, role: Role::Head }] };
    match &item.kind {
        ItemKind::Import(_) | ItemKind::Trigger(_) | ItemKind::Broken(_) => {}
        ItemKind::Fn(decl) => marks.add(decl.body.span, 2, Role::First),
        ItemKind::Type(decl) => {
            if let TypeBody::Record(fields) = &decl.body {
                marks.body(fields.iter().map(|field| field.span));
            }
        }
        ItemKind::Enum(decl) => marks.body(decl.variants.iter().map(|variant| variant.span)),
        ItemKind::Check(decl) => marks.body(decl.needs.iter().map(|need| need.span)),
        ItemKind::Setup(setup) => marks.body(setup.settings.iter().map(|setting| setting.span)),
        ItemKind::Split(split) => marks.body(split.items.iter().map(split_item)),
        ItemKind::Test(test) => marks.body(test.steps.iter().map(step)),
        ItemKind::Flow(flow) => {
            let edges = flow.entry.iter().map(|edge| edge.span);
            marks.body(edges);
            for node in &flow.nodes {
                marks.node(node);
            }
        }
    }
    marks.close(end, notes);
    marks.lines
}

fn split_item(item: &SplitItem) -> Span {
    match item {
        SplitItem::Arm { share, .. } => share.span,
        SplitItem::Shadow { word, .. } => word.span,
        SplitItem::Setting(setting) => setting.span,
    }
}

fn step(step: &Step) -> Span {
    match step {
        Step::Given { span, .. } | Step::GivenIn { span, .. } | Step::When { span, .. } => *span,
        Step::Need(need) => need.span,
        Step::Setting(setting) => setting.span,
    }
}

struct Marks<'l> {
    lexed: &'l Lexed,
    lines: Vec<Line>,
}

impl Marks<'_> {
    fn index(&self, offset: u32) -> usize {
        self.lexed.tokens.partition_point(|token| token.span.start < offset)
    }

    fn add(&mut self, at: Span, indent: usize, role: Role) {
        self.add_token(self.index(at.start), indent, role);
    }

    fn add_token(&mut self, start: usize, indent: usize, role: Role) {
        let Some(last) = self.lines.last_mut() else { return };
        let end = std::mem::replace(&mut last.end, start);
        self.lines.push(Line { start, end, indent, role });
    }

    fn body(&mut self, members: impl Iterator<Item = Span>) {
        for member in members {
            let role = if self.lines.len() == 1 { Role::First } else { Role::Member };
            self.add(member, 2, role);
        }
    }

    fn node(&mut self, node: &Node) {
        let role = if self.lines.len() == 1 { Role::First } else { Role::Node };
        self.add(node.head, 2, role);
        if let Some(Work::All { branches, .. }) = &node.work
            && let Some(first) = branches.first()
        {
            let open = self.index(first.span.start).saturating_sub(1);
            for (number, branch) in branches.iter().enumerate() {
                self.add(branch.span, 4, if number == 0 { Role::First } else { Role::Member });
            }
            self.add_token(super::parts::partner(&self.lexed.tokens, open), 2, Role::Close);
        }
        for edge in &node.edges {
            self.add(edge.span, 4, Role::Member);
        }
    }

    /// The closing brace of the item has a line of its own, unless the body is empty.
    fn close(&mut self, end: usize, notes: &Notes) {
        let Some(last) = end.checked_sub(1) else { return };
        let is_brace = self.lexed.tokens.get(last).is_some_and(|token| token.kind == TokenKind::BraceClose);
        let opens = last.checked_sub(1).and_then(|at| self.lexed.tokens.get(at));
        let is_empty = opens.is_some_and(|token| token.kind == TokenKind::BraceOpen);
        let has_body = self.lines.len() > 1 && self.lines.get(1).is_some_and(|line| line.indent > 0);
        let is_fn = self.lines.first().and_then(|line| self.lexed.tokens.get(line.start));
        let is_fn = is_fn.is_some_and(|token| token.kind == TokenKind::Fn) || self.is_public_fn();
        let has_notes = is_empty && notes.any_before(last..last + 1);
        if is_brace && !is_fn && (has_body || has_notes) {
            self.add_token(last, 0, Role::Close);
        }
    }

    fn is_public_fn(&self) -> bool {
        let second = self.lines.first().and_then(|line| self.lexed.tokens.get(line.start + 1));
        second.is_some_and(|token| token.kind == TokenKind::Fn)
    }
}
