//! Ways through a flow, shortest first.

use std::collections::VecDeque;

use flow_grammar::ast::{Call, Edge, ExprKind, Flow, Node, Target, Work};

use super::is_error;
use crate::package::View;
use crate::resolve::{Kind, Place};

/// More ways than these are not tried.
const MOST: usize = 48;

/// A node on the way.
#[derive(Clone, Copy)]
pub(super) struct Step<'v> {
    /// The edge that leads to it.
    pub(super) by: &'v Edge,
    /// It.
    pub(super) node: &'v Node,
    /// The edge that leads on.
    pub(super) on: &'v Edge,
}

/// Whom a node asks.
pub(super) struct Callee<'v> {
    /// The node.
    pub(super) node: &'v str,
    /// In `all`, whose part of the result it is.
    pub(super) branch: Option<&'v str>,
    /// As a test writes it: `triage`, `known.get`.
    pub(super) name: String,
    /// What it is.
    pub(super) kind: Kind,
    /// Where it is declared; `None` for the method of a resource.
    pub(super) place: Option<Place>,
}

/// Ways on which no node is met twice, from the start to the edge of a node.
pub(super) fn ways<'v>(flow: &'v Flow, node: &'v Node, edge: &'v Edge) -> Vec<Vec<Step<'v>>> {
    let mut found = Vec::new();
    let mut open: VecDeque<Vec<(&Edge, &Node)>> = VecDeque::new();
    let starts = flow.entry.iter().filter(|edge| !is_error(edge));
    open.extend(starts.filter_map(|edge| Some(vec![(edge, target(flow, edge)?)])));
    let mut tried = 0;
    while let Some(way) = open.pop_front() {
        let Some((_, last)) = way.last() else { continue };
        tried += 1;
        if found.len() >= MOST || tried > MOST * MOST {
            break;
        }
        if last.name.span == node.name.span {
            let on = way.iter().skip(1).map(|(edge, _)| *edge).chain([edge]);
            found.push(way.iter().zip(on).map(|((by, node), on)| Step { by, node, on }).collect());
            continue;
        }
        for edge in &last.edges {
            let next = target(flow, edge);
            let is_new = |node: &&Node| !way.iter().any(|(_, known)| known.name.span == node.name.span);
            if let Some(next) = next.filter(is_new) {
                let longer = way.iter().copied().chain([(edge, next)]);
                open.push_back(longer.collect());
            }
        }
    }
    found
}

fn target<'v>(flow: &'v Flow, edge: &Edge) -> Option<&'v Node> {
    match &edge.target {
        Target::Node { name, .. } => flow.nodes.iter().find(|node| node.name.text == name.text),
        Target::Return(..) | Target::Fail(..) | Target::Missing(_) => None,
    }
}

/// Whom a node asks; nobody, if it only routes.
pub(super) fn callees<'v>(view: &'v View, node: &'v Node) -> Vec<Callee<'v>> {
    let name = node.name.text.as_str();
    match &node.work {
        None => Vec::new(),
        Some(Work::Call(call)) => callee(view, name, None, call).into_iter().collect(),
        Some(Work::Each { call, .. }) => callee(view, name, Some(""), call).into_iter().collect(),
        Some(Work::All { branches, .. }) => {
            let calls = branches.iter();
            calls
                .filter_map(|branch| callee(view, name, Some(branch.name.text.as_str()), &branch.call))
                .collect()
        }
    }
}

fn callee<'v>(view: &View, node: &'v str, branch: Option<&'v str>, call: &Call) -> Option<Callee<'v>> {
    let ExprKind::Call { callee, .. } = &call.expr.kind else { return None };
    let name = view.slice(callee.span).to_owned();
    let found = view.occurrence(callee.span.end).filter(|found| found.span.end == callee.span.end);
    match (found, &callee.kind) {
        (Some(found), _) => {
            Some(Callee { node, branch, name, kind: found.kind, place: Some(found.target.clone()) })
        }
        (None, ExprKind::Field { base, .. }) => {
            let resource = view.occurrence(base.span.end).filter(|found| found.kind == Kind::Resource)?;
            Some(Callee { node, branch, name, kind: resource.kind, place: None })
        }
        (None, _) => None,
    }
}
