//! FL0301 and FL0302: a value is used where it may not have been produced.

use flow_diagnostics::Diagnostic;
use rustc_hash::FxHashSet;

use super::uses::{Use, uses_of_edge, uses_of_work};
use super::{Binding, Cx, EdgeIx, GraphEdge, NodeIx, Place, Vertex, path};
use crate::report;

/// How many reports of one flow come with the way that avoids the value: each is a search over the graph.
const SPELLED_WAYS: usize = 20;

/// Reports uses of results and parameters that some way to the use has not produced.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let mut ways = SPELLED_WAYS;
    for (ix, node) in cx.graph.nodes() {
        let uses = node.work.as_ref().map(uses_of_work).unwrap_or_default();
        check_place(cx, Place::Work(ix), uses, &mut ways, out);
    }
    for (ix, edge) in cx.graph.vertices().flat_map(|vertex| cx.graph.written(vertex)) {
        check_place(cx, Place::Edge(ix), uses_of_edge(edge.ast), &mut ways, out);
    }
}

fn check_place(cx: &Cx<'_>, place: Place, uses: Vec<Use>, ways: &mut usize, out: &mut Vec<Diagnostic>) {
    let mut seen = FxHashSet::default();
    for read in uses.iter().filter(|read| !read.only_visits) {
        let Some(binding) = cx.scope.resolve(&read.name, place) else { continue };
        let is_missing = !cx.scope.has_value(binding, place) && !is_resource(read, binding, place);
        if is_missing && seen.insert(read.name.clone()) {
            out.push(describe(cx, place, read, binding, ways));
        }
    }
}

/// `node history = history.last(…)`: the work of a node cannot read its result, so a resource is meant.
fn is_resource(read: &Use, binding: Binding, place: Place) -> bool {
    read.before_method
        && matches!((binding, place), (Binding::Result(node), Place::Work(here)) if node == here)
}

fn describe(cx: &Cx<'_>, place: Place, read: &Use, binding: Binding, ways: &mut usize) -> Diagnostic {
    let (node, is_param) = match binding {
        Binding::Result(node) => (node, false),
        Binding::NodeParam(node, _) => (node, true),
        Binding::FlowParam(_) => (NodeIx(0), false),
    };
    if !is_param && place == Place::Work(node) {
        return report::data::own_result(cx.at, read.span, &read.name);
    }
    let here = stands_at(cx, place);
    let spelled = *ways > 0;
    *ways = ways.saturating_sub(1);
    if !is_param && cx.scope.has_tried(node, place) {
        let way = spelled.then(|| way_over_error(cx, node, here)).flatten();
        let fails_here = here == node.into();
        return report::data::failed_value(cx.at, read.span, &read.name, fails_here, way.as_deref());
    }
    let way = spelled.then(|| way_around(cx, node, is_param, here)).flatten();
    let user = cx.graph.name(here);
    let owner = is_param.then(|| cx.graph.name(node.into()));
    let made = cx.graph.span(node.into());
    report::data::not_assigned(cx.at, read, owner, (user, made), way.as_deref())
}

fn stands_at(cx: &Cx<'_>, place: Place) -> Vertex {
    match place {
        Place::Work(node) => node.into(),
        Place::Edge(ix) => cx.graph.edge(ix).map_or(Vertex::ENTRY, |edge| edge.from),
    }
}

/// A way to `here` on which `node` did not run, or did not succeed.
fn way_around(cx: &Cx<'_>, node: NodeIx, is_param: bool, here: Vertex) -> Option<String> {
    let is_open = |_: EdgeIx, edge: &GraphEdge<'_>| {
        let leaves = edge.from == node.into() && (is_param || edge.is_normal());
        edge.certain && !leaves
    };
    path::shortest(cx.graph, Vertex::ENTRY, is_open, |at| at == here).map(|way| path::spell(cx.graph, &way))
}

/// A way from an error of `node` to `here`.
fn way_over_error(cx: &Cx<'_>, node: NodeIx, here: Vertex) -> Option<String> {
    let is_open =
        |_: EdgeIx, edge: &GraphEdge<'_>| edge.certain && !(edge.from == node.into() && edge.is_normal());
    path::shortest(cx.graph, node.into(), is_open, |at| at == here).map(|way| path::spell(cx.graph, &way))
}
