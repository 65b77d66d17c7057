//! FL0404: a quantile is promised that a model alone does not keep.

use flow_diagnostics::{Diagnostic, Span};
use flow_ir::flow::{Flow, Node, Target};
use flow_ir::setup::{Call, Model};
use flow_ir::units::Limits;
use flow_ir::{FlowId, NodeId};

use super::Cx;
use super::places::Places;
use crate::bounds::quantiles::exceeded_by;
use crate::report::bounds::quantile_too_low;

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, flow, _) in cx.flows() {
        for (percent, promised) in &flow.limits.quantiles_ms {
            of_flow(cx, (id, flow), (*percent, *promised), out);
        }
    }
    for (id, node, index, call) in cx.calls() {
        for (percent, promised) in &call.limits.quantiles_ms {
            let Some((model, declared)) = slower(cx, call, (*percent, *promised)) else { continue };
            let span = place(cx, id, node, index);
            out.push(quantile_too_low(span, (*percent, *promised), &model.name, declared, None));
        }
    }
}

/// The model of a call, if its own quantile is above the promised one.
fn slower<'a>(cx: &Cx<'a>, call: &Call, (percent, promised): (u8, u64)) -> Option<(&'a Model, u64)> {
    let model = cx.bundle.models.get(call.model?.index())?;
    let declared = exceeded_by(&model.latency_ms, 1.0 - f64::from(percent) / 100.0)?;
    (declared > promised).then_some((model, declared))
}

fn place(cx: &Cx<'_>, id: FlowId, node: NodeId, index: usize) -> Span {
    let within = cx.places.node(id, node).and_then(|(at, tree)| {
        let (_, calls) = Places::withins(tree);
        let within = calls.get(index).and_then(|call| call.within.as_ref());
        Places::limit(at, within, |limit| limit.label.is_some())
    });
    within.unwrap_or_else(|| cx.places.call(id, node, index))
}

/// A flow cannot keep what no way through it keeps.
fn of_flow(cx: &Cx<'_>, (id, flow): (FlowId, &Flow), promise: (u8, u64), out: &mut Vec<Diagnostic>) {
    let slow: Vec<Option<(&Model, u64)>> =
        flow.nodes.iter().map(|node| slow_node(cx, node, promise)).collect();
    if slow.iter().all(Option::is_none) || returns(flow, |node| slow.get(node).is_some_and(Option::is_none)) {
        return;
    }
    let worst = slow.iter().zip(&flow.nodes).filter_map(|(slow, node)| slow.map(|slow| (slow, node)));
    let Some(((model, declared), node)) = worst.max_by_key(|((_, declared), _)| *declared) else { return };
    let span = cx
        .places
        .flow(id)
        .and_then(|(at, tree)| Places::limit(at, tree.within.as_ref(), |limit| limit.label.is_some()));
    let span = span.unwrap_or_default();
    out.push(quantile_too_low(span, promise, &model.name, declared, Some(&node.name)));
}

fn slow_node<'a>(cx: &Cx<'a>, node: &Node, promise: (u8, u64)) -> Option<(&'a Model, u64)> {
    let calls = node.work.calls().filter(|call| call.limits == Limits::default());
    calls.filter_map(|call| slower(cx, call, promise)).max_by_key(|(_, declared)| *declared)
}

/// Whether a `return` can be reached without an error through nodes that are `allowed`.
fn returns(flow: &Flow, allowed: impl Fn(usize) -> bool) -> bool {
    let mut seen = vec![false; flow.nodes.len()];
    let mut todo = vec![&flow.entry];
    while let Some(edges) = todo.pop() {
        for edge in edges.iter().filter(|edge| edge.on.is_empty()) {
            match &edge.to {
                Target::Return(_) => return true,
                Target::Fail(_) => {}
                Target::Node(node, _) => {
                    let fresh = seen.get_mut(node.index()).is_some_and(|seen| !std::mem::replace(seen, true));
                    if fresh && allowed(node.index()) {
                        todo.extend(flow.nodes.get(node.index()).map(|node| &node.edges));
                    }
                }
            }
        }
    }
    false
}
