//! FL0702 and FL0703: why an argument of something sensitive is not trusted, and what to pass instead.

use flow_diagnostics::{Diagnostic, Span};
use flow_ir::bundle::Bundle;
use flow_ir::expr::{Expr, ExprKind};
use flow_ir::flow::{Flow, Target};
use flow_ir::setup::{Call, Callee};
use flow_ir::types::Type;
use flow_ir::{SlotId, TypeId};

use super::approval::{any_way, spell};
use super::places::{Places, name_of};
use super::walk::{Summary, env, path};
use super::{Analysis, Walked};
use crate::report;
use crate::report::trust::Untrusted;

/// The expression that is to blame, where it stands.
struct Culprit<'f> {
    expr: &'f Expr,
    span: Span,
    /// The vertex whose edge passes it, or the node itself.
    vertex: usize,
}

/// How many parameters are followed back.
const HOPS: usize = 8;

/// Words an argument that nobody vouches for.
pub(super) fn untrusted(
    places: &Places<'_>,
    analysis: &mut Analysis<'_>,
    walked: &Walked,
    (node, call): (usize, (u32, &Call)),
    arg: usize,
) -> Option<Diagnostic> {
    let flow = places.bundle.flows.get(walked.flow.index())?;
    let tool = name_of(places.bundle, call.1.callee);
    let here = places.argument(walked.flow, node, call, arg)?;
    let mut culprit = Culprit { expr: call.1.args.get(arg)?, span: here, vertex: node + 1 };
    for _ in 0..HOPS {
        let Some(next) = passed(places, analysis, walked, flow, &culprit) else { break };
        culprit = next;
    }
    let mut way = any_way(flow, culprit.vertex);
    if way.last() != Some(&(node + 1)) {
        way.push(node + 1);
    }
    let text = places.text(culprit.span);
    let found = Untrusted {
        span: culprit.span,
        text: &text,
        tool,
        user: (culprit.span != here).then_some(here),
        way: &spell(flow, &way),
        from: source(places, flow, culprit.expr),
    };
    if let Some(checked) = checked_in(places.bundle, flow, culprit.expr) {
        return Some(report::trust::unchecked(&found, checked));
    }
    let other = approved_instead(places, walked, flow, culprit.expr);
    Some(match other.filter(|_| !is_answer(flow, culprit.expr)) {
        Some((human, shown, at)) => report::trust::approved_other(&found, &human, &shown, at),
        None => report::trust::untrusted(&found),
    })
}

/// The argument of an edge that fills the parameter an expression reads.
fn passed<'f>(
    places: &Places<'_>,
    analysis: &mut Analysis<'_>,
    walked: &Walked,
    flow: &'f Flow,
    culprit: &Culprit<'f>,
) -> Option<Culprit<'f>> {
    let (slot, _, _) = path(culprit.expr)?;
    let is_filled = |node: &flow_ir::flow::Node| node.params.iter().position(|param| *param == slot);
    let (target, index) =
        flow.nodes.iter().enumerate().find_map(|(at, node)| Some((at, is_filled(node)?)))?;
    for vertex in 0..=flow.nodes.len() {
        let Some(state) = walked.states.get(vertex).and_then(Option::as_ref) else { continue };
        let left = analysis.leave(flow, vertex, state, &mut Summary::default());
        for (at, (edge, after)) in left.into_iter().enumerate() {
            let Target::Node(node, values) = &edge.to else { continue };
            let Some(value) = values.get(index).filter(|_| node.index() == target) else { continue };
            let marks = analysis.total_of(value, &mut env(flow, &after));
            if marks.untrusted && path(value).is_none_or(|(other, _, _)| other != slot) {
                let (file, ast) = places.edge(walked.flow, flow, vertex, at)?;
                let param = flow.slots.get(slot.index()).map_or("", |slot| slot.name.as_str());
                let span = places.edge_argument(file, ast, index, param);
                return Some(Culprit { expr: value, span, vertex });
            }
        }
    }
    None
}

/// What made the value: `write`, a prompt.
fn source(places: &Places<'_>, flow: &Flow, expr: &Expr) -> Option<String> {
    let slot = root(expr)?;
    if slot.index() < flow.params.len() {
        let name = flow.params.get(slot.index()).map(|param| param.name.as_str())?;
        return Some(format!("`{name}` comes from outside, and nobody vouches for it"));
    }
    let node = flow.nodes.iter().find(|node| node.result == Some(slot))?;
    let call = node.work.calls().next()?;
    let why = match call.callee {
        Callee::Prompt(_) | Callee::Split(_) => "what a model says is never trusted",
        Callee::Tool(_) | Callee::Method(..) => "what comes from another system is not trusted",
        Callee::Human(_) => "the role that answers is not `trusted` in flow.toml",
        Callee::Check(_) => "the check does not say that it returns `trusted`",
        Callee::Value | Callee::Function(_) | Callee::Flow(_) | Callee::Sleep | Callee::Tell => return None,
    };
    let callee = name_of(places.bundle, call.callee);
    Some(format!("`{}` is made by `{callee}`: {why}", node.name))
}

/// The node that checked this very value, if one did.
fn checked_in<'f>(bundle: &Bundle, flow: &'f Flow, expr: &Expr) -> Option<&'f str> {
    let (slot, _, fields) = path(expr)?;
    let is_same = |other: &Expr| path(other).is_some_and(|(root, _, path)| root == slot && path == fields);
    let checks = |call: &Call| match call.callee {
        Callee::Check(id) => {
            let trusted = bundle.checks.get(id.index()).is_some_and(|check| check.trusted);
            trusted && call.args.first().is_some_and(is_same)
        }
        _ => false,
    };
    let node =
        flow.nodes.iter().find(|node| matches!(&node.work, flow_ir::flow::Work::Call(call) if checks(call)));
    node.map(|node| node.name.as_str())
}

/// A person who approved something else of that type on the way: their name, what they saw, and where.
fn approved_instead(
    places: &Places<'_>,
    walked: &Walked,
    flow: &Flow,
    expr: &Expr,
) -> Option<(String, String, Span)> {
    for (index, node) in flow.nodes.iter().enumerate() {
        let is_cleared = |call: u32| node.edges.iter().any(|edge| edge.clears.contains(&call));
        for (at, call) in (0_u32..).zip(node.work.calls()) {
            if !matches!(call.callee, Callee::Human(_)) || !is_cleared(at) {
                continue;
            }
            let is_alike = |shown: &&Expr| wholes(expr).any(|whole| alike(places.bundle, shown.ty, whole.ty));
            if let Some(shown) = call.args.iter().position(|shown| is_alike(&shown)) {
                let span = places.argument(walked.flow, index, (at, call), shown)?;
                let human = name_of(places.bundle, call.callee).to_owned();
                return Some((human, places.text(span), span));
            }
        }
    }
    None
}

/// An expression, and whatever it is a field of.
fn wholes(expr: &Expr) -> impl Iterator<Item = &Expr> {
    std::iter::successors(Some(expr), |expr| match &expr.kind {
        ExprKind::Field { base, .. } => Some(base),
        _ => None,
    })
}

/// The slot that an expression reads a part of.
fn root(expr: &Expr) -> Option<SlotId> {
    match &expr.kind {
        ExprKind::Slot(slot) => Some(*slot),
        ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } | ExprKind::Convert(base) => root(base),
        _ => None,
    }
}

/// Whether the value is what a person wrote.
fn is_answer(flow: &Flow, expr: &Expr) -> bool {
    let slot = root(expr);
    let node = flow.nodes.iter().find(|node| node.result.is_some() && node.result == slot);
    let is_human = |call: &Call| matches!(call.callee, Callee::Human(_));
    node.is_some_and(|node| matches!(&node.work, flow_ir::flow::Work::Call(call) if is_human(call)))
}

/// Whether one could be shown in place of the other.
fn alike(bundle: &Bundle, a: TypeId, b: TypeId) -> bool {
    match (bundle.ty(a), bundle.ty(b)) {
        (Type::Text { .. }, Type::Text { .. }) => true,
        (Type::Record(a), Type::Record(b)) => a.name == b.name,
        (Type::Enum(a), Type::Enum(b)) => a.name == b.name,
        (a, b) => a == b,
    }
}
