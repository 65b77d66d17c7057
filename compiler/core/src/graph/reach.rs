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
    for (ix, node) in cx.graph.nodes() {
        let vertex = Vertex::from(ix);
        // The second of two nodes with one name cannot be reached, and that is not what is wrong with it.
        let is_shadowed = cx.graph.find(&node.name.text) != Some(ix);
        if reached.get(vertex.slot()) == Some(&false) && !is_shadowed {
            let from = cx.graph.incoming(vertex).map(|(_, edge)| edge.from).find(|from| *from != vertex);
            out.push(report::graph::unreachable_node(
                cx.at,
                &node.name,
                from.map(|from| cx.graph.name(from)),
            ));
        }
    }
}
