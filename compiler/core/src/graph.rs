//! Flows as graphs: what leads where, what is known and what has a value at each place.
//!
//! Pure analyses of one [`Flow`](flow_grammar::ast::Flow). They see names and shapes, never types: the little they
//! must know about callables comes through [`Callees`]. All are near-linear in the number of edges and none
//! recurses over nodes, so that a generated flow of 100,000 nodes gets an answer. Whatever recovery put into
//! the tree is poisoned: it adds edges that [might be there](GraphEdge::certain) and is never reported again.
//! Start reading at [`FlowGraph`], then [`Scope`] (names), [`Facts`] (narrowing) and [`check`].

mod cases;
mod classes;
mod dominators;
mod facts;
mod live;
mod path;
mod scope;
mod shape;
mod trie;
mod uses;

mod arguments;
mod assignment;
mod dead_edge;
mod dead_end;
mod duplicate;
mod exhaustive;
mod handler;
mod loops;
mod reach;
mod returns;
mod start;
mod target;
mod unused;

#[cfg(test)]
mod tests;

use flow_diagnostics::{Diagnostic, SourceFile};

pub use cases::Cases;
pub use classes::ClassSet;
pub use facts::{FactPath, Facts, Known, constraints};
pub use live::{Liveness, live};
pub use scope::{Binding, Place, Scope};
pub use shape::{EdgeIx, EdgeKind, FlowGraph, GraphEdge, NodeIx, Vertex};
pub(crate) use trie::Trie;
pub use uses::{Use, uses_of_call, uses_of_edge, uses_of_expr, uses_of_need, uses_of_work};

use crate::report::At;

/// What a node's work does to the world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing: a pure expression, no work at all.
    Pure,
    /// It judges: a `check`, which is worth calling for its `Invalid` alone.
    Check,
    /// It reads: a `Read` tool, a method like `search`.
    Read,
    /// It asks a model.
    Model,
    /// It asks a person.
    Human,
    /// It changes something, or may: a `Write` tool, a flow.
    Write,
}

/// A field in the payload of a person's possible answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerField {
    /// The variant that has it.
    pub variant: smol_str::SmolStr,
    /// Its name.
    pub field: smol_str::SmolStr,
}

/// What the analyses must know about the callables that nodes call.
///
/// `None` always means "poisoned, do not report".
pub trait Callees {
    /// The classes that leave the node's work: those behind an `else` do not.
    fn raises(&self, node: NodeIx) -> Option<ClassSet>;

    /// What the node's work does to the world.
    fn effect(&self, node: NodeIx) -> Option<Effect>;

    /// Whether the node's work gives a value that somebody could read.
    fn has_value(&self, node: NodeIx) -> bool;

    /// All that the value of `path` can be by its declared type, `none` included if it is optional: names of
    /// variants, `true` and `false`. `None` also for types that `is` cannot split.
    fn cases(&self, path: &FactPath) -> Option<Vec<smol_str::SmolStr>>;

    /// Payload fields of the answers of a node that asks a person; empty for the others.
    fn answer_fields(&self, node: NodeIx) -> Vec<AnswerField>;
}

/// Everything a check looks at.
pub(crate) struct Cx<'a> {
    /// The flow as a graph.
    pub(crate) graph: &'a FlowGraph<'a>,
    /// Its names.
    pub(crate) scope: &'a Scope<'a>,
    /// What is known where.
    pub(crate) facts: &'a Facts,
    /// What is called.
    pub(crate) callees: &'a dyn Callees,
    /// The file of the flow.
    pub(crate) at: At,
    /// The text of that file, for line numbers in messages.
    pub(crate) source: &'a SourceFile,
}

impl Cx<'_> {
    /// The line a place of the tree begins on, from 1.
    pub(crate) fn line(&self, span: flow_grammar::Span) -> u32 {
        self.source.line_column(span.start).line
    }

    /// What is written there, on one line.
    pub(crate) fn text(&self, span: flow_grammar::Span) -> String {
        let text = self.source.text.get(span.range()).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Reports everything that is wrong with the shape of a flow and the use of its values.
pub(crate) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    duplicate::check(cx, out);
    start::check(cx, out);
    target::check(cx, out);
    reach::check(cx, out);
    dead_end::check(cx, out);
    dead_edge::check(cx, out);
    exhaustive::check(cx, out);
    arguments::check(cx, out);
    handler::check(cx, out);
    returns::check(cx, out);
    loops::check(cx, out);
    assignment::check(cx, out);
    unused::check(cx, out);
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn listed(names: &[String], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [init @ .., tail] if !init.is_empty() => format!("{} {last} {tail}", init.join(", ")),
        all => all.join(""),
    }
}
