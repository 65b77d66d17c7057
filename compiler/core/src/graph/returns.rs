//! FL0210: no way through a flow ends in `return`.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::Target;

use super::{Cx, Vertex};
use crate::report;

/// Reports a flow that promises a result and can only fail. A single node may well end in `fail`: that is how a
/// handler says that it cannot help.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let Some(ret) = &cx.graph.flow.ret else { return };
    // A node that goes nowhere is reported itself; the way on may lead to a `return`.
    let goes_on = |vertex: &Vertex| cx.graph.written(*vertex).any(|(_, edge)| edge.is_normal());
    let has_dead_end = !cx.graph.order().iter().all(goes_on);
    if cx.graph.has_holes || has_dead_end || cx.graph.flow.name.is_missing() {
        return;
    }
    let edges = || cx.graph.order().iter().flat_map(|vertex| cx.graph.outgoing(*vertex));
    let ends =
        |edge: &flow_grammar::ast::Edge| matches!(edge.target, Target::Return(..) | Target::Missing(_));
    if !edges().any(|(_, edge)| ends(edge.ast)) {
        let fails = edges().find(|(_, edge)| matches!(edge.ast.target, Target::Fail(..)));
        let fails = fails.map(|(_, edge)| edge.ast.span);
        out.push(report::graph::never_returns(cx.at, cx.graph.flow, &cx.text(ret.span), fails));
    }
}
