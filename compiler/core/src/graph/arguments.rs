//! FL0206: an edge passes other arguments than its node takes.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{Arg, Param, Target};

use super::{Cx, GraphEdge};
use crate::report;

/// Compares the number of arguments, and their labels, with the parameters of the target.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (_, edge) in cx.graph.vertices().flat_map(|vertex| cx.graph.written(vertex)) {
        let Target::Node { name, args, span } = &edge.ast.target else { continue };
        let Some(node) = cx.graph.find(&name.text).and_then(|ix| cx.graph.node(ix)) else { continue };
        let params = node.params.as_deref().unwrap_or(&[]);
        let args = args.as_deref().unwrap_or(&[]);
        if !fits(params, args) {
            let offer = offer(cx, edge, params, args);
            out.push(report::graph::edge_arguments(cx.at, *span, node, args.len(), offer.as_deref()));
        }
    }
}

fn fits(params: &[Param], args: &[Arg]) -> bool {
    let is_known = |arg: &Arg| match &arg.label {
        Some(label) => label.is_missing() || params.iter().any(|param| param.name.text == label.text),
        None => true,
    };
    params.len() == args.len() && args.iter().all(is_known)
}

/// A node that wants one value and is passed none probably wants the result of the node the edge leaves.
fn offer(cx: &Cx<'_>, edge: &GraphEdge<'_>, params: &[Param], args: &[Arg]) -> Option<String> {
    let node = edge.from.node().filter(|node| edge.is_normal() && cx.callees.has_value(*node))?;
    (params.len() == 1 && args.is_empty()).then(|| cx.graph.name(node.into()).to_owned())
}
