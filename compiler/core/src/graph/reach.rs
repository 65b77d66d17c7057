//! FL0203: nothing leads to a node.

use flow_diagnostics::Diagnostic;

use super::{Cx, Vertex};
use crate::report;

/// Reports nodes that no way from the header reaches, whatever the conditions on it. Silent if an arrow leads
/// nowhere: it may be the missing one.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    if cx.graph.has_holes {
        return;
    }
    let mut reached = vec![false; cx.graph.size()];
    for vertex in cx.graph.order() {
        reached.iter_mut().skip(vertex.slot()).take(1).for_each(|seen| *seen = true);
    }
    let is_lost = |reached: &[bool], vertex: Vertex| reached.get(vertex.slot()) == Some(&false);
    // What only an unreachable node leads to is no mistake of its own. A circle of lost nodes has no first one: then
    // the first in the text is.
    for only_roots in [true, false] {
        for (ix, node) in cx.graph.nodes() {
            let vertex = Vertex::from(ix);
            let from = cx.graph.incoming(vertex).map(|(_, edge)| edge.from).find(|from| *from != vertex);
            // The second of two nodes with one name cannot be reached, and that is not what is wrong with it.
            let is_shadowed = cx.graph.find(&node.name.text) != Some(ix);
            if !is_lost(&reached, vertex) || is_shadowed || (only_roots && from.is_some()) {
                continue;
            }
            let from = from.map(|from| cx.graph.name(from));
            out.push(report::graph::unreachable_node(cx.at, &node.name, from));
            cover(cx, vertex, &mut reached);
        }
    }
}

/// Marks everything that a vertex leads to.
fn cover(cx: &Cx<'_>, from: Vertex, reached: &mut [bool]) {
    let mut todo = vec![from];
    while let Some(vertex) = todo.pop() {
        let Some(seen) = reached.get_mut(vertex.slot()).filter(|seen| !**seen) else { continue };
        *seen = true;
        todo.extend(cx.graph.outgoing(vertex).filter_map(|(_, edge)| edge.to));
    }
}
