//! FL0004: one name is given twice where both are visible.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{Name, Work};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Cx;
use super::scope::Candidate;
use crate::report;

/// Reports names of a flow that mean two things. Parameters of nodes may share a name if no node that has it lies
/// behind another that has it.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let wide = wide_names(cx, out);
    narrow_names(cx, &wide, out);
    among_siblings(cx, out);
}

/// Parameters and nodes of the flow, which are visible all over it.
fn wide_names<'a>(cx: &Cx<'a>, out: &mut Vec<Diagnostic>) -> FxHashMap<SmolStr, (&'a Name, &'static str)> {
    let mut seen: FxHashMap<SmolStr, (&'a Name, &'static str)> = FxHashMap::default();
    let params = cx.graph.flow.params.iter().map(|param| (&param.name, "a parameter of the flow"));
    let nodes = cx.graph.flow.nodes.iter().map(|node| (&node.name, "a node"));
    for (name, what) in params.chain(nodes).filter(|(name, _)| !name.is_missing()) {
        match seen.get(&name.text) {
            Some((first, was)) => out.push(report::graph::two_things(cx.at, name, first, was)),
            None => {
                seen.insert(name.text.clone(), (name, what));
            }
        }
    }
    seen
}

/// Parameters of nodes and elements of `each`.
fn narrow_names(cx: &Cx<'_>, wide: &FxHashMap<SmolStr, (&Name, &'static str)>, out: &mut Vec<Diagnostic>) {
    for (_, node) in cx.graph.nodes() {
        let params = node.params.iter().flatten().map(|param| &param.name);
        let var = match &node.work {
            Some(Work::Each { var, .. }) => Some(var),
            Some(Work::Call(_) | Work::All { .. }) | None => None,
        };
        for name in params.chain(var).filter(|name| !name.is_missing()) {
            if let Some((first, was)) = wide.get(&name.text) {
                out.push(report::graph::two_things(cx.at, name, first, was));
            }
        }
        repeated(cx, node.params.iter().flatten().map(|param| &param.name), "a parameter of this node", out);
        if let Some(Work::All { branches, .. }) = &node.work {
            repeated(cx, branches.iter().map(|branch| &branch.name), "a branch of this node", out);
        }
    }
}

fn repeated<'a>(
    cx: &Cx<'_>,
    names: impl Iterator<Item = &'a Name>,
    what: &'static str,
    out: &mut Vec<Diagnostic>,
) {
    let mut seen: FxHashMap<&str, &Name> = FxHashMap::default();
    for name in names.filter(|name| !name.is_missing()) {
        match seen.get(name.text.as_str()) {
            Some(first) => out.push(report::graph::two_things(cx.at, name, first, what)),
            None => {
                seen.insert(&name.text, name);
            }
        }
    }
}

/// Parameters of different nodes, one of which dominates the other.
fn among_siblings(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (_, list) in cx.scope.node_params().filter(|(name, _)| !name.is_empty()) {
        for inner in list {
            let outer = inner.within.and_then(|place| list.get(place as usize));
            let Some(outer) = outer.filter(|outer| outer.node != inner.node) else { continue };
            if let (Some(name), Some(first)) = (param(cx, inner), param(cx, outer)) {
                let was = format!("a parameter of node `{}`", cx.graph.name(outer.node.into()));
                out.push(report::graph::two_things(cx.at, name, first, &was));
            }
        }
    }
}

fn param<'a>(cx: &Cx<'a>, candidate: &Candidate) -> Option<&'a Name> {
    let params = cx.graph.node(candidate.node)?.params.as_ref()?;
    params.get(candidate.index as usize).map(|param| &param.name)
}
