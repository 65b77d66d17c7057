//! FL0004: one name is given twice where both are visible.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{Name, Work};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Cx;
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

/// Parameters of different nodes: the extents of nodes in the dominator tree are nested or apart, so that a stack of
/// the open ones finds every pair in one pass.
fn among_siblings(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (_, nodes) in cx.scope.node_params().filter(|(name, nodes)| nodes.len() > 1 && !name.is_empty()) {
        let mut extents: Vec<_> =
            nodes.iter().map(|(node, index)| (cx.scope.extent(*node), *node, *index)).collect();
        extents.sort();
        let mut open: Vec<(u32, super::NodeIx, u32)> = Vec::new();
        for ((start, size), node, index) in extents.into_iter().filter(|((_, size), ..)| *size > 0) {
            open.retain(|(end, ..)| *end > start);
            if let Some((_, above, first)) = open.last().filter(|(_, above, _)| *above != node) {
                let names = (param(cx, node, index), param(cx, *above, *first));
                if let (Some(name), Some(first)) = names {
                    let was = format!("a parameter of node `{}`", cx.graph.name((*above).into()));
                    out.push(report::graph::two_things(cx.at, name, first, &was));
                }
            }
            open.push((start + size, node, index));
        }
    }
}

fn param<'a>(cx: &Cx<'a>, node: super::NodeIx, index: u32) -> Option<&'a Name> {
    let params = cx.graph.node(node)?.params.as_ref()?;
    params.get(index as usize).map(|param| &param.name)
}
