//! From the Bundle back to the text, for messages.

use flow_diagnostics::{SourceMap, Span};
use flow_grammar::ast::{self, ItemKind};
use flow_ir::FlowId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::{Edge, Flow};
use flow_ir::setup::{Call, Callee};

use crate::names::Item;
use crate::package::Package;
use crate::report::At;

/// A package as declared, and as lowered.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) pkg: &'a Package<'a>,
    pub(crate) sources: &'a SourceMap,
    pub(crate) bundle: &'a Bundle,
}

impl<'a> Places<'a> {
    /// The tree of a declaration, with its file.
    pub(crate) fn item(&self, item: Item) -> Option<(At, &'a ast::Item)> {
        let sig = self.pkg.sig(item)?;
        Some((self.pkg.modules.get(sig.module)?.at, self.pkg.ast_item(sig)?))
    }

    /// The tree of a set-up.
    pub(crate) fn setup(&self, item: Item) -> Option<(At, &'a ast::Setup)> {
        match self.item(item)? {
            (at, ast::Item { kind: ItemKind::Setup(setup), .. }) => Some((at, setup)),
            _ => None,
        }
    }

    /// The tree of a flow.
    pub(crate) fn flow(&self, id: FlowId) -> Option<(At, &'a ast::Flow)> {
        match self.item(Item::Flow(id))? {
            (at, ast::Item { kind: ItemKind::Flow(flow), .. }) => Some((at, flow)),
            _ => None,
        }
    }

    /// The tree of a node.
    pub(crate) fn node(&self, id: FlowId, index: usize) -> Option<(At, &'a ast::Node)> {
        let (at, flow) = self.flow(id)?;
        Some((at, flow.nodes.get(index)?))
    }

    /// The tree of a call of a node.
    pub(crate) fn call(&self, id: FlowId, node: usize, call: u32) -> Option<(At, &'a ast::Call)> {
        let (at, node) = self.node(id, node)?;
        let call = match node.work.as_ref()? {
            ast::Work::Call(call) | ast::Work::Each { call, .. } => call,
            ast::Work::All { branches, .. } => &branches.get(call as usize)?.call,
        };
        Some((at, call))
    }

    /// Where an argument of a call is written; the whole call if it is not.
    pub(crate) fn argument(&self, id: FlowId, node: usize, call: (u32, &Call), index: usize) -> Option<Span> {
        let (at, ast) = self.call(id, node, call.0)?;
        let params = self.bundle.callee_params(call.1.callee);
        let name = params.get(index).map(|param| param.name.as_str());
        let found = arguments(&ast.expr).and_then(|args| argument(args, index, name));
        Some(at.span(found.unwrap_or(ast.expr.span)))
    }

    /// The tree of an edge of the Bundle: they are sorted into normal ones, error ones and those of the header.
    pub(crate) fn edge(
        &self,
        id: FlowId,
        flow: &Flow,
        vertex: usize,
        index: usize,
    ) -> Option<(At, &'a ast::Edge)> {
        let (at, ast) = self.flow(id)?;
        let lowered = super::walk::edges(flow, vertex);
        let edge = lowered.get(index)?;
        let is_error = |edge: &&ast::Edge| matches!(edge.guard, Some(ast::Guard::On(_)));
        let same =
            |other: &&Edge| other.on.is_empty() == edge.on.is_empty() && other.implicit == edge.implicit;
        let position = lowered.iter().take(index).filter(same).count();
        let written = match vertex.checked_sub(1).filter(|_| !edge.implicit) {
            Some(node) => &ast.nodes.get(node)?.edges,
            None => &ast.entry,
        };
        let mut fitting = written.iter().filter(|other| is_error(other) != edge.on.is_empty());
        Some((at, if edge.implicit { fitting.next()? } else { fitting.nth(position)? }))
    }

    /// Where an argument of an edge is written.
    pub(crate) fn edge_argument(&self, at: At, edge: &ast::Edge, index: usize, param: &str) -> Span {
        let found = match &edge.target {
            ast::Target::Node { args: Some(args), .. } => argument(args, index, Some(param)),
            ast::Target::Return(Some(value), _) | ast::Target::Fail(Some(value), _) => Some(value.span),
            _ => None,
        };
        at.span(found.unwrap_or(edge.span))
    }

    /// What is written there, on one line.
    pub(crate) fn text(&self, span: Span) -> String {
        let file = self.sources.get(span.file);
        let text = file.and_then(|file| file.text.get(span.start as usize..span.end as usize)).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The arguments of the outermost call.
fn arguments(expr: &ast::Expr) -> Option<&[ast::Arg]> {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => arguments(inner),
        ast::ExprKind::Call { args, .. } => Some(args),
        _ => None,
    }
}

fn argument(args: &[ast::Arg], index: usize, name: Option<&str>) -> Option<flow_grammar::Span> {
    let labelled =
        args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| Some(label.text.as_str()) == name));
    let arg = labelled.or_else(|| args.get(index).filter(|arg| arg.label.is_none()))?;
    match &arg.value {
        ast::ArgValue::Expr(value) => Some(value.span),
        ast::ArgValue::Lambda { .. } => None,
    }
}

/// What a callee is called.
pub(crate) fn name_of(bundle: &Bundle, callee: Callee) -> &str {
    match callee {
        Callee::Sleep => "sleep",
        Callee::Tell => "tell",
        _ => bundle.callee_name(callee).map_or("", smol_str::SmolStr::as_str),
    }
}
