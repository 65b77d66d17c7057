//! Which flows approve: those that return only behind a clearing edge.

use flow_ir::FlowId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::{Edge, Flow, Target, Work};
use flow_ir::setup::{Call, Callee};

use super::walk::edges;

/// Marks the edges behind calls of flows that approve, callees first.
pub(super) fn mark(bundle: &mut Bundle, order: &[FlowId]) {
    let mut approves = vec![false; bundle.flows.len()];
    for id in order {
        let Some(flow) = bundle.flows.get_mut(id.index()) else { continue };
        mark_calls(flow, &approves);
        if let Some(place) = approves.get_mut(id.index()) {
            *place = returns_cleared(flow);
        }
    }
}

fn mark_calls(flow: &mut Flow, approves: &[bool]) {
    for node in &mut flow.nodes {
        let is_one = |call: &Call| match call.callee {
            Callee::Flow(id) => {
                call.otherwise.is_none() && approves.get(id.index()).copied().unwrap_or(false)
            }
            _ => false,
        };
        let found: Vec<u32> = match &node.work {
            // Of an empty list nothing was shown.
            Work::Route | Work::Each { .. } => Vec::new(),
            Work::Call(_) | Work::All { .. } => {
                (0_u32..).zip(node.work.calls()).filter(|(_, call)| is_one(call)).map(|(at, _)| at).collect()
            }
        };
        for edge in node.edges.iter_mut().filter(|edge| edge.on.is_empty()) {
            edge.clears.extend(&found);
            edge.clears.sort_unstable();
            edge.clears.dedup();
        }
    }
}

/// Whether there is a `return`, and all of them lie behind clearing edges.
fn returns_cleared(flow: &Flow) -> bool {
    let is_return = |edge: &Edge| matches!(edge.to, Target::Return(_));
    let all = flow.entry.iter().chain(flow.nodes.iter().flat_map(|node| &node.edges));
    let mut uncleared = reached(flow, 0, |_| false).into_iter().flat_map(|vertex| edges(flow, vertex));
    all.into_iter().any(is_return) && !uncleared.any(|edge| edge.clears.is_empty() && is_return(edge))
}

/// The vertices that are reached from one without a clearing edge, itself first. Looks not behind those that `stop`.
pub(super) fn reached(flow: &Flow, from: usize, stop: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut seen = vec![false; flow.nodes.len() + 1];
    let mut found = vec![from];
    let mut next = 0;
    while let Some(vertex) = found.get(next).copied() {
        next += 1;
        if stop(vertex) {
            continue;
        }
        for to in uncleared(flow, vertex) {
            if let Some(seen) = seen.get_mut(to)
                && !std::mem::replace(seen, true)
                && to != from
            {
                found.push(to);
            }
        }
    }
    found
}

/// Where the edges of a vertex lead that nobody approved on.
pub(super) fn uncleared(flow: &Flow, vertex: usize) -> impl Iterator<Item = usize> {
    edges(flow, vertex).iter().filter(|edge| edge.clears.is_empty()).filter_map(target)
}

/// The vertex that an edge leads to.
pub(super) fn target(edge: &Edge) -> Option<usize> {
    match &edge.to {
        Target::Node(node, _) => Some(node.index() + 1),
        Target::Return(_) | Target::Fail(_) => None,
    }
}
