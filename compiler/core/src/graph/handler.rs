//! FL0209 and FL0213: where the error handler meets the main line.
//!
//! The handler's region is what can be reached from the targets of the header's error edges. Nodes in it have no
//! handler: if they fail, the run fails. A target that both sides use is fine, it could not handle its own errors
//! anyway. But the region may swallow nodes of the main line behind its targets, and these silently lose their handler.
//! If it swallows all of them, the header protects nothing.

use flow_diagnostics::Diagnostic;
use rustc_hash::FxHashSet;

use super::{Cx, EdgeKind, GraphEdge, NodeIx, Vertex, path};
use crate::report;

/// Reports arrows from the handler into the main line.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let targets: FxHashSet<Vertex> = cx.graph.handler_edges().filter_map(|edge| edge.to).collect();
    if targets.is_empty() || cx.graph.has_holes {
        return;
    }
    let main = main_line(cx, &targets);
    let protects_nothing = main.iter().all(|node| cx.graph.is_handler(*node));
    for arrow in crossings(cx, &main) {
        let Some(entry) = arrow.to.and_then(Vertex::node) else { continue };
        let lost: Vec<String> = cx
            .graph
            .nodes()
            .filter(|(ix, _)| main.contains(ix) && cx.graph.is_handler(*ix))
            .map(|(_, node)| node.name.text.to_string())
            .collect();
        let handler = leads_to(cx, &targets, arrow.from);
        let names = (handler, cx.graph.name(entry.into()));
        if protects_nothing {
            out.push(report::graph::handler_loop(cx.at, arrow.ast.span, names));
            return;
        }
        out.push(report::graph::handler_shared(cx.at, arrow.ast.span, names, &lost));
        return;
    }
}

/// Nodes that are reached without an error that the header handles, not looking behind its targets.
fn main_line(cx: &Cx<'_>, targets: &FxHashSet<Vertex>) -> FxHashSet<NodeIx> {
    let mut main = FxHashSet::default();
    let mut todo = vec![Vertex::ENTRY];
    while let Some(vertex) = todo.pop() {
        let explicit = cx.graph.outgoing(vertex).map(|(_, edge)| edge).filter(|edge| is_explicit(edge));
        for to in explicit.filter_map(|edge| edge.to).filter(|to| !targets.contains(to)) {
            if to.node().is_some_and(|node| main.insert(node)) {
                todo.push(to);
            }
        }
    }
    main
}

fn is_explicit(edge: &GraphEdge<'_>) -> bool {
    matches!(edge.kind, EdgeKind::Normal | EdgeKind::Error)
}

/// Edges from nodes that only the handler runs into the main line, in the order written.
fn crossings<'g, 'a>(cx: &'g Cx<'a>, main: &FxHashSet<NodeIx>) -> impl Iterator<Item = &'g GraphEdge<'a>> {
    let is_main = |vertex: Vertex| vertex.node().is_some_and(|node| main.contains(&node));
    let is_handler = |vertex: Vertex| vertex.node().is_some_and(|node| cx.graph.is_handler(node));
    let edges = cx.graph.edges().map(|(_, edge)| edge).filter(|edge| is_explicit(edge));
    edges.filter(move |edge| is_handler(edge.from) && !is_main(edge.from) && edge.to.is_some_and(is_main))
}

/// The handler target from which a vertex is reached.
fn leads_to<'a>(cx: &Cx<'a>, targets: &FxHashSet<Vertex>, to: Vertex) -> &'a str {
    let mut sorted: Vec<Vertex> = targets.iter().copied().collect();
    sorted.sort();
    let leads =
        |from: &Vertex| path::shortest(cx.graph, *from, |_, edge| is_explicit(edge), |at| at == to).is_some();
    sorted.into_iter().find(leads).map_or("", |from| cx.graph.name(from))
}
