//! The tokens of a line as a tree of brackets, which is what can be broken.

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::ast::{ExprKind, Item};
use crate::lexer::{Token, TokenKind};
use crate::visit;

/// A piece of a line.
#[derive(Debug)]
pub(super) enum Part {
    Token(usize),
    /// A string with its quotes, printed as it stands.
    Text(Range<usize>),
    /// `( )`, `[ ]` or the `{ }` of an import: pieces separated by commas.
    Group {
        open: usize,
        close: usize,
        items: Vec<Vec<Part>>,
        takes_comma: bool,
    },
    /// `{ }` of an `each`.
    Braces {
        open: usize,
        close: usize,
        inner: Vec<Part>,
    },
    /// `{ }` of a `case`: one arm a line, always.
    Arms {
        open: usize,
        close: usize,
        arms: Vec<Vec<Part>>,
    },
}

impl Part {
    pub(super) fn first(&self) -> usize {
        match self {
            Self::Token(at) => *at,
            Self::Text(range) => range.start,
            Self::Group { open, .. } | Self::Braces { open, .. } | Self::Arms { open, .. } => *open,
        }
    }

    pub(super) fn last(&self) -> usize {
        match self {
            Self::Token(at) => *at,
            Self::Text(range) => range.end - 1,
            Self::Group { close, .. } | Self::Braces { close, .. } | Self::Arms { close, .. } => *close,
        }
    }
}

/// Offsets at which the arms of the item's `case` expressions begin.
pub(super) fn arm_starts(item: &Item) -> FxHashSet<u32> {
    let mut starts = FxHashSet::default();
    visit::exprs(item, &mut |expr| {
        if let ExprKind::Case { arms, .. } = &expr.kind {
            starts.extend(arms.iter().map(|arm| arm.span.start));
        }
    });
    starts
}

/// Index of the bracket that closes the one at `open`.
pub(super) fn partner(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    let rest = tokens.get(open..).unwrap_or_default();
    for (index, token) in rest.iter().enumerate() {
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth -= 1;
            if depth == 0 {
                return open + index;
            }
        }
    }
    tokens.len()
}

pub(super) fn build(tokens: &[Token], range: Range<usize>, arms: &FxHashSet<u32>) -> Vec<Part> {
    let mut builder = Builder { tokens, arms };
    builder.parts(range)
}

struct Builder<'t> {
    tokens: &'t [Token],
    arms: &'t FxHashSet<u32>,
}

impl Builder<'_> {
    fn kind(&self, at: usize) -> TokenKind {
        self.tokens.get(at).map_or(TokenKind::Bad, |token| token.kind)
    }

    fn parts(&mut self, range: Range<usize>) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let part = self.part(at, range.end);
            at = part.last() + 1;
            parts.push(part);
        }
        parts
    }

    fn part(&mut self, at: usize, end: usize) -> Part {
        let kind = self.kind(at);
        if kind.starts_text() {
            return Part::Text(at..self.text_end(at, end));
        }
        if !kind.opens() {
            return Part::Token(at);
        }
        let close = self.partner_within(at, end);
        // The brace of a body closes on a line of its own; empty brackets cannot be broken.
        if close >= end || close == at + 1 {
            return Part::Token(at);
        }
        match kind {
            TokenKind::BraceOpen if self.is_arm(at + 1) => {
                Part::Arms { open: at, close, arms: self.arms(at + 1..close) }
            }
            TokenKind::BraceOpen if self.kind(at.saturating_sub(1)) != TokenKind::Dot => {
                Part::Braces { open: at, close, inner: self.parts(at + 1..close) }
            }
            _ => {
                let takes_comma = kind != TokenKind::ParenOpen;
                Part::Group { open: at, close, items: self.items(at + 1..close), takes_comma }
            }
        }
    }

    fn is_arm(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| self.arms.contains(&token.span.start))
    }

    fn partner_within(&self, open: usize, end: usize) -> usize {
        let tokens = self.tokens.get(..end).unwrap_or_default();
        let mut depth = 0_usize;
        for (index, token) in tokens.iter().enumerate().skip(open) {
            if token.kind.opens() {
                depth += 1;
            } else if token.kind.closes() {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index;
                }
            }
        }
        end
    }

    /// Index behind the quotes that end the string at `start`.
    fn text_end(&self, start: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        for at in start..end {
            let kind = self.kind(at);
            if kind.starts_text() {
                depth += 1;
            } else if kind == TokenKind::TextEnd {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
        }
        end
    }

    /// What stands between the commas.
    fn items(&mut self, range: Range<usize>) -> Vec<Vec<Part>> {
        let mut items = vec![Vec::new()];
        for part in self.parts(range) {
            if matches!(part, Part::Token(at) if self.kind(at) == TokenKind::Comma) {
                items.push(Vec::new());
            } else if let Some(item) = items.last_mut() {
                item.push(part);
            }
        }
        items.retain(|item| !item.is_empty());
        items
    }

    fn arms(&mut self, range: Range<usize>) -> Vec<Vec<Part>> {
        let mut arms: Vec<Vec<Part>> = Vec::new();
        for part in self.parts(range) {
            if arms.is_empty() || self.is_arm(part.first()) {
                arms.push(Vec::new());
            }
            if let Some(arm) = arms.last_mut() {
                arm.push(part);
            }
        }
        arms
    }
}
