//! What the compiler says: one constructor per diagnostic code, one file per family.
//!
//! Nothing here decides whether something is wrong. A constructor takes names and places and words them.

pub(crate) mod bounds;
pub(crate) mod calls;
pub(crate) mod data;
pub(crate) mod evals;
pub(crate) mod graph;
mod habits;
pub(crate) mod limits;
pub(crate) mod lock;
pub(crate) mod mcp;
pub(crate) mod names;
pub(crate) mod prompts;
pub(crate) mod registry;
pub(crate) mod rules;
pub(crate) mod splits;
pub(crate) mod stream;
pub(crate) mod syntax;
pub(crate) mod tests;
pub(crate) mod tools;
pub(crate) mod trust;
pub(crate) mod types;
pub(crate) mod way;
pub(crate) mod windows;

use flow_diagnostics::{FileId, Span};

/// The file that grammar spans are offsets into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct At(pub(crate) FileId);

impl At {
    /// A span of the tree as a place in the source map.
    pub(crate) fn span(self, span: flow_grammar::Span) -> Span {
        Span { file: self.0, start: span.start, end: span.end }
    }
}
