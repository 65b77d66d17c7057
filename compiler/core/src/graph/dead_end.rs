//! FL0201: a node has no normal edge.

use flow_diagnostics::Diagnostic;

use super::Cx;
use crate::report;

/// Reports nodes from which no arrow leads on after success.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (ix, node) in cx.graph.nodes() {
        let goes_on = cx.graph.written(ix.into()).any(|(_, edge)| edge.is_normal());
        if !goes_on && !node.name.is_missing() {
            out.push(report::graph::dead_end(cx.at, node));
        }
    }
}
