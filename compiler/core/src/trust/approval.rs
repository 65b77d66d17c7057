//! FL0701: something sensitive can be reached with nobody's approval.
//!
//! A node that calls a `Sensitive` tool must be unreachable from the start, and from its own successors, without a
//! clearing edge: the second keeps a loop from using an old approval again. A private flow that needs an
//! approval gets it where it is called.

use std::collections::VecDeque;

use flow_diagnostics::Diagnostic;
use flow_ir::FlowId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::Flow;
use flow_ir::setup::{Call, Callee, Effect};
use rustc_hash::FxHashSet;

use super::clearing::uncleared;
use super::places::{Places, name_of};
use crate::report;

/// What a call does that somebody must approve.
struct Risk {
    /// The tool.
    tool: String,
    /// The way inside the flow that is called.
    inside: Option<String>,
}

/// Reports nodes that nobody approved. `order` has callees first.
///
/// Gives them: what is passed there is no news.
pub(super) fn check(
    places: &Places<'_>,
    order: &[FlowId],
    out: &mut Vec<Diagnostic>,
) -> FxHashSet<(FlowId, usize)> {
    let mut reported = FxHashSet::default();
    let bundle = places.bundle;
    let called = called_flows(bundle);
    let mut exposed: Vec<Option<Risk>> = bundle.flows.iter().map(|_| None).collect();
    for id in order {
        let Some(flow) = bundle.flows.get(id.index()) else { continue };
        let starts = flow.public || bundle.triggers.iter().any(|trigger| trigger.target == Callee::Flow(*id));
        let may_defer = !starts && called.get(id.index()).copied().unwrap_or(false);
        let mut open = None;
        for (index, node) in flow.nodes.iter().enumerate() {
            let Some(risk) = node.work.calls().find_map(|call| risk(bundle, &exposed, call)) else {
                continue;
            };
            let around = way_around(flow, index + 1).map(|way| spell(flow, &way));
            if let Some(way) = around.as_ref().filter(|_| !may_defer) {
                out.extend(unapproved(places, *id, index, &risk, way));
                reported.insert((*id, index));
                continue;
            }
            // The caller's approval is good for one run, too.
            if let Some(way) = way_back(flow, index + 1) {
                out.extend(approved_once(places, *id, index, &risk, &spell(flow, &way)));
            }
            if let Some(way) = around {
                open.get_or_insert(Risk { inside: Some(way), ..risk });
            }
        }
        if let Some(place) = exposed.get_mut(id.index()) {
            *place = open;
        }
    }
    reported
}

fn unapproved(places: &Places<'_>, id: FlowId, node: usize, risk: &Risk, way: &str) -> Option<Diagnostic> {
    let (at, ast) = places.node(id, node)?;
    let span = at.span(ast.name.span);
    Some(report::trust::unapproved(span, &ast.name.text, &risk.tool, way, risk.inside.as_deref()))
}

fn approved_once(places: &Places<'_>, id: FlowId, node: usize, risk: &Risk, way: &str) -> Option<Diagnostic> {
    let (at, ast) = places.node(id, node)?;
    Some(report::trust::approved_once(at.span(ast.name.span), &ast.name.text, &risk.tool, way))
}

fn called_flows(bundle: &Bundle) -> Vec<bool> {
    let mut called = vec![false; bundle.flows.len()];
    let calls = bundle.flows.iter().flat_map(|flow| &flow.nodes).flat_map(|node| node.work.calls());
    let arms = bundle.splits.iter().flat_map(|split| split.arms.iter().chain(&split.shadows));
    for call in calls.chain(arms.map(|arm| &arm.call)) {
        if let Callee::Flow(id) = call.callee {
            called.iter_mut().skip(id.index()).take(1).for_each(|called| *called = true);
        }
    }
    called
}

fn risk(bundle: &Bundle, exposed: &[Option<Risk>], call: &Call) -> Option<Risk> {
    match call.callee {
        Callee::Tool(id) => {
            let tool = bundle.tools.get(id.index()).filter(|tool| tool.effect == Effect::Sensitive)?;
            Some(Risk { tool: tool.name.to_string(), inside: None })
        }
        Callee::Split(id) => {
            let split = bundle.splits.get(id.index())?;
            let mut arms = split.arms.iter().chain(&split.shadows);
            arms.find_map(|arm| match arm.call.callee {
                Callee::Split(_) => None,
                _ => risk(bundle, exposed, &arm.call),
            })
        }
        Callee::Flow(id) => {
            let inner = exposed.get(id.index())?.as_ref()?;
            let way = inner.inside.as_deref().unwrap_or_default();
            let inside = format!("{}: {way}", name_of(bundle, call.callee));
            Some(Risk { tool: inner.tool.clone(), inside: Some(inside) })
        }
        _ => None,
    }
}

/// The shortest way from the header to a vertex without a clearing edge.
fn way_around(flow: &Flow, to: usize) -> Option<Vec<usize>> {
    way(flow, 0, to)
}

/// The shortest way from a vertex back to itself without a clearing edge.
fn way_back(flow: &Flow, at: usize) -> Option<Vec<usize>> {
    way(flow, at, at)
}

fn way(flow: &Flow, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came: Vec<Option<usize>> = vec![None; flow.nodes.len() + 1];
    let mut todo = VecDeque::from([from]);
    while let Some(vertex) = todo.pop_front() {
        for next in uncleared(flow, vertex) {
            let Some(slot) = came.get_mut(next).filter(|slot| slot.is_none()) else { continue };
            *slot = Some(vertex);
            if next == to {
                return Some(trace(&came, from, to));
            }
            todo.push_back(next);
        }
    }
    None
}

fn trace(came: &[Option<usize>], from: usize, to: usize) -> Vec<usize> {
    let mut way = vec![to];
    let mut at = to;
    while let Some(before) = came.get(at).copied().flatten() {
        way.push(before);
        at = before;
        if at == from {
            break;
        }
    }
    way.reverse();
    way
}

/// `start → sort → send`.
pub(super) fn spell(flow: &Flow, way: &[usize]) -> String {
    let name = |vertex: &usize| match vertex.checked_sub(1).and_then(|index| flow.nodes.get(index)) {
        Some(node) => node.name.to_string(),
        None => "start".to_owned(),
    };
    report::way::told(way.iter().map(name))
}

/// The shortest way to a vertex by any edge.
pub(super) fn any_way(flow: &Flow, to: usize) -> Vec<usize> {
    let mut came: Vec<Option<usize>> = vec![None; flow.nodes.len() + 1];
    let mut todo = VecDeque::from([0]);
    while let Some(vertex) = todo.pop_front() {
        if vertex == to {
            break;
        }
        for next in super::walk::edges(flow, vertex).iter().filter_map(super::clearing::target) {
            if let Some(slot) = came.get_mut(next).filter(|slot| slot.is_none()) {
                *slot = Some(vertex);
                todo.push_back(next);
            }
        }
    }
    trace(&came, 0, to)
}
