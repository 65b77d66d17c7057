//! Ways through the graph, for messages.

use crate::report;

use super::{EdgeIx, FlowGraph, GraphEdge, Vertex};

/// The vertices of a shortest way from the header, over edges that `may` allows, to the first vertex that is `goal`.
pub(super) fn shortest<'a>(
    graph: &FlowGraph<'a>,
    from: Vertex,
    may: impl Fn(EdgeIx, &GraphEdge<'a>) -> bool,
    goal: impl Fn(Vertex) -> bool,
) -> Option<Vec<Vertex>> {
    let mut came: Vec<Option<Vertex>> = vec![None; graph.size()];
    let mut todo = std::collections::VecDeque::from([from]);
    while let Some(vertex) = todo.pop_front() {
        if goal(vertex) {
            return Some(trace(&came, from, vertex));
        }
        for (ix, edge) in graph.outgoing(vertex) {
            let Some(to) = edge.to.filter(|to| *to != from && may(ix, edge)) else { continue };
            let Some(slot) = came.get_mut(to.slot()) else { continue };
            if slot.is_none() {
                *slot = Some(vertex);
                todo.push_back(to);
            }
        }
    }
    None
}

fn trace(came: &[Option<Vertex>], from: Vertex, to: Vertex) -> Vec<Vertex> {
    let mut way = vec![to];
    let mut at = to;
    while at != from {
        let Some(before) = came.get(at.slot()).copied().flatten() else { break };
        way.push(before);
        at = before;
    }
    way.reverse();
    way
}

/// `start → sort → escalate`.
pub(super) fn spell(graph: &FlowGraph<'_>, way: &[Vertex]) -> String {
    report::way::told(way.iter().map(|vertex| graph.name(*vertex).to_owned()))
}
