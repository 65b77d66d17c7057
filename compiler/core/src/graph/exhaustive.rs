//! FL0205: a result exists that no edge takes.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{ExprKind, Guard, Target};

use super::{Cx, FactPath, GraphEdge, Vertex};
use crate::report;
use crate::report::graph::Gap;

/// Reports vertices whose edges may all be passed over: the last has a condition or a `max`, and the `is` tests
/// on no value cover its cases. Other conditions are not reasoned about.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for vertex in cx.graph.vertices() {
        let normal: Vec<&GraphEdge<'_>> =
            cx.graph.written(vertex).map(|(_, edge)| edge).filter(|edge| edge.is_normal()).collect();
        let Some(last) = normal.last().filter(|_| !normal.iter().any(|edge| is_poisoned(edge))) else {
            continue;
        };
        if let Some(gap) = gap(cx, vertex, last) {
            out.push(report::graph::not_exhaustive(cx.at, cx.graph.span(vertex), last.ast.span, &gap));
        }
    }
}

fn is_poisoned(edge: &GraphEdge<'_>) -> bool {
    let no_condition =
        matches!(&edge.ast.guard, Some(Guard::When(condition)) if condition.kind == ExprKind::Missing);
    no_condition || matches!(edge.ast.target, Target::Missing(_))
}

/// What falls through the edges of a vertex.
fn gap(cx: &Cx<'_>, vertex: Vertex, last: &GraphEdge<'_>) -> Option<Gap> {
    let end = cx.facts.at_the_end(vertex);
    if end.is_nowhere() {
        return None;
    }
    let mut open: Option<(&FactPath, Vec<String>)> = None;
    for (_, path, _) in cx.facts.tested(cx.graph, vertex) {
        let all = cx.callees.cases(path)?;
        let known = end.cases(path);
        let is_left = |case: &&smol_str::SmolStr| known.as_ref().is_none_or(|known| known.allows(case));
        let left: Vec<String> = all.iter().filter(is_left).map(ToString::to_string).collect();
        if left.is_empty() {
            return None;
        }
        open.get_or_insert((path, left));
    }
    Some(match (open, &last.ast.guard) {
        (Some((path, left)), Some(_)) => Gap::Cases { path: path.to_string(), left },
        (_, None) => Gap::UsedUp { edge: cx.text(last.ast.span) },
        (None, Some(Guard::When(condition))) => Gap::Condition { text: cx.text(condition.span) },
        (None, Some(Guard::On(_))) => return None,
    })
}
