//! FL0204: an edge is never taken.

use flow_diagnostics::Diagnostic;

use super::shape::classes;
use super::{ClassSet, Cx, EdgeIx, EdgeKind, FactPath, Known, Vertex};
use crate::report;
use crate::report::graph::WhyDead;

/// Reports edges behind one that takes everything, and edges whose condition contradicts what is known. Of
/// several dead edges at one node only the first is reported.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for vertex in cx.graph.vertices() {
        behind_unconditional(cx, vertex, out);
        contradicted(cx, vertex, out);
        behind_same_classes(cx, vertex, out);
    }
}

fn behind_unconditional(cx: &Cx<'_>, vertex: Vertex, out: &mut Vec<Diagnostic>) {
    let mut normal = cx.graph.written(vertex).map(|(_, edge)| edge).filter(|edge| edge.is_normal());
    let taker = normal.find(|edge| edge.is_unconditional());
    if let (Some(taker), Some(dead)) = (taker, normal.next()) {
        let why = WhyDead::Behind { taker: taker.ast.span, line: cx.line(taker.ast.span) };
        out.push(report::graph::dead_edge(cx.at, dead.ast.span, &why));
    }
}

fn contradicted(cx: &Cx<'_>, vertex: Vertex, out: &mut Vec<Diagnostic>) {
    for (ix, edge) in cx.graph.written(vertex).filter(|(_, edge)| edge.is_normal()) {
        let known = cx.facts.before_edge(ix);
        if known.is_nowhere() {
            return;
        }
        let tested = cx.facts.tested(cx.graph, vertex);
        let tested: Vec<_> =
            tested.filter(|(at, ..)| *at <= ix).map(|(at, path, cases)| (at == ix, path, cases)).collect();
        let dead = tested.iter().find_map(|(is_own, path, cases)| {
            let all = cx.callees.cases(path)?;
            let before = known.cases(path);
            if *is_own {
                let left = before.as_ref().map_or_else(|| (*cases).clone(), |before| before.and(cases));
                // A condition that no value of the type can meet is a bad pattern, which is reported as such.
                let could = cases.left(&all).next().is_some();
                return (could && left.left(&all).next().is_none()).then(|| impossible(path, &known, &all));
            }
            let used_up = before.is_some_and(|before| before.left(&all).next().is_none());
            used_up.then(|| WhyDead::Covered { path: path.to_string() })
        });
        if let Some(why) = dead {
            out.push(report::graph::dead_edge(cx.at, edge.ast.span, &why));
            return;
        }
    }
}

fn impossible(path: &FactPath, known: &Known<'_>, all: &[smol_str::SmolStr]) -> WhyDead {
    let cases = known.cases(path);
    let left = cases.iter().flat_map(|cases| cases.left(all)).map(ToString::to_string).collect();
    WhyDead::Contradicts { path: path.to_string(), left }
}

/// `on Timeout` behind `on Error`.
fn behind_same_classes(cx: &Cx<'_>, vertex: Vertex, out: &mut Vec<Diagnostic>) {
    let is_error = |kind| matches!(kind, EdgeKind::Error | EdgeKind::Handler);
    let mut taken: Vec<(EdgeIx, ClassSet)> = Vec::new();
    for (ix, edge) in cx.graph.written(vertex).filter(|(_, edge)| is_error(edge.kind)) {
        let own = classes(edge.ast);
        let open = taken.iter().fold(own, |open, (_, earlier)| open.without(*earlier));
        let first = taken.iter().find(|(_, earlier)| !own.common(*earlier).is_empty());
        if let (true, false, Some((first, _))) = (open.is_empty(), own.is_empty(), first) {
            let taker = cx.graph.edge(*first).map_or(edge.ast.span, |edge| edge.ast.span);
            let why = WhyDead::Behind { taker, line: cx.line(taker) };
            out.push(report::graph::dead_edge(cx.at, edge.ast.span, &why));
            return;
        }
        if edge.ast.max.is_none() {
            taken.push((ix, own));
        }
    }
}
