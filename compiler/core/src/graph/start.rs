//! FL0207: a flow does not say where it starts.

use flow_diagnostics::Diagnostic;

use super::{Cx, Vertex};
use crate::report;

/// Reports a header without a normal edge.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let has_start = cx.graph.written(Vertex::ENTRY).any(|(_, edge)| edge.is_normal());
    if !has_start && !cx.graph.flow.name.is_missing() {
        let first = cx.graph.nodes().map(|(_, node)| &node.name).find(|name| !name.is_missing());
        let head = cx.graph.flow.head;
        let rest = cx.source.text.get(head.end as usize..).unwrap_or("");
        let body = rest.find('{').map_or(head.after(), |brace| {
            let end = head.end + u32::try_from(brace + 1).unwrap_or(0);
            flow_grammar::Span::new(end, end)
        });
        out.push(report::graph::no_start(cx.at, cx.graph.flow, first, body));
    }
}
