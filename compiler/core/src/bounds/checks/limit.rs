//! FL0402: more may be spent than a limit allows, and no arrow says what happens then.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{self, Guard};
use flow_ir::flow::{Flow, Work};
use flow_ir::setup::Call;
use flow_ir::units::Limits;
use flow_ir::{FlowId, NodeId};

use super::Cx;
use super::places::{Places, is_money, is_tokens};
use crate::bounds::size::Sizer;
use crate::bounds::{Effort, FlowBound, Most, Share, flow};
use crate::report::bounds::{Excess, Unit, over_limit, usually_over};

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, flow, bound) in cx.flows() {
        for unit in [Unit::Money, Unit::Tokens] {
            of_flow(cx, (id, flow, bound), unit, out);
        }
        of_nodes(cx, id, flow, out);
    }
}

fn of_flow(
    cx: &Cx<'_>,
    (id, flow, bound): (FlowId, &Flow, &FlowBound),
    unit: Unit,
    out: &mut Vec<Diagnostic>,
) {
    let Some(limit) = limit_of(&flow.limits, unit) else { return };
    let Some((at, tree)) = cx.places.flow(id) else { return };
    let is_meant = if unit == Unit::Money { is_money } else { is_tokens };
    let span = Places::limit(at, tree.within.as_ref(), is_meant).unwrap_or_default();
    let subject = format!("flow `{}`", flow.name);
    let mut excess = Excess { subject: &subject, unit, worst: Most::ZERO, limit, parts: &[], way: "" };
    let usual = pick(bound.usual, unit);
    if usual > limit {
        let way = spell(&bound.usual_path);
        out.push(usually_over(span, &Excess { worst: usual, way: &way, ..excess }));
        return;
    }
    let worst = pick(bound.unlimited, unit);
    if worst <= limit || header_takes_budget(tree) || nodes_take_budget(tree, bound, unit, limit) {
        return;
    }
    let (parts, way) = (parts(&bound.path), spell(&bound.path));
    excess.worst = worst;
    if unit == Unit::Money {
        (excess.parts, excess.way) = (&parts, &way);
    }
    out.push(over_limit(span, &excess));
}

/// Limits of nodes and calls.
fn of_nodes(cx: &Cx<'_>, id: FlowId, flow: &Flow, out: &mut Vec<Diagnostic>) {
    let sizer = Sizer::of_flow(cx.bundle, flow);
    for (index, node) in (0..).zip(&flow.nodes) {
        let Some((at, tree)) = cx.places.node(id, NodeId(index)) else { continue };
        let Some((_, flow_tree)) = cx.places.flow(id) else { continue };
        let (own, calls) = Places::withins(tree);
        let takes = takes_budget(&tree.edges) || header_takes_budget(flow_tree);
        let subject = format!("node `{}`", node.name);
        for (tree, call) in calls.iter().zip(node.work.calls()) {
            let spent = || flow::unlimited(cx.costs, &sizer, node, Some(call));
            let routed = takes || tree.otherwise.is_some();
            compare(&subject, &call.limits, (at, tree.within.as_ref()), routed, spent, out);
        }
        if let Work::All { limits, .. } | Work::Each { limits, .. } = &node.work {
            let spent = || flow::unlimited(cx.costs, &sizer, node, None::<&Call>);
            compare(&subject, limits, (at, own), takes, spent, out);
        }
    }
}

fn compare(
    subject: &str,
    limits: &Limits,
    (at, within): (crate::report::At, Option<&ast::Within>),
    routed: bool,
    spent: impl Fn() -> Effort,
    out: &mut Vec<Diagnostic>,
) {
    for (unit, is_meant) in [(Unit::Money, is_money as fn(&ast::Limit) -> bool), (Unit::Tokens, is_tokens)] {
        let Some(limit) = limit_of(limits, unit).filter(|_| !routed) else { continue };
        let worst = pick(spent(), unit);
        if worst > limit {
            let span: Span = Places::limit(at, within, is_meant).unwrap_or_default();
            out.push(over_limit(span, &Excess { subject, unit, worst, limit, parts: &[], way: "" }));
        }
    }
}

pub(super) fn limit_of(limits: &Limits, unit: Unit) -> Option<Most> {
    match unit {
        Unit::Money => limits.cost.map(Most::usd),
        Unit::Tokens => limits.tokens.map(Most::new),
    }
}

pub(super) const fn pick(effort: Effort, unit: Unit) -> Most {
    match unit {
        Unit::Money => effort.cost,
        Unit::Tokens => effort.tokens,
    }
}

/// Whether the header says what happens when the money is gone. Catching every error is no answer to that.
fn header_takes_budget(flow: &ast::Flow) -> bool {
    takes_budget(&flow.entry)
}

fn takes_budget(edges: &[ast::Edge]) -> bool {
    edges.iter().any(|edge| match &edge.guard {
        Some(Guard::On(names)) => edge.max.is_none() && names.iter().any(|name| name.text == "Budget"),
        Some(Guard::When(_)) | None => false,
    })
}

/// Whether every node that spends something once the limit is reached says so itself.
fn nodes_take_budget(flow: &ast::Flow, bound: &FlowBound, unit: Unit, limit: Most) -> bool {
    let mut spent = Most::ZERO;
    let mut any = false;
    for share in &bound.path {
        let one = bound.nodes.get(share.node.index()).map_or(Most::ZERO, |node| pick(node.worst, unit));
        spent = spent.plus(one.times(share.times));
        if one == Most::ZERO || spent <= limit {
            continue;
        }
        any = true;
        if !flow.nodes.get(share.node.index()).is_some_and(node_takes_budget) {
            return false;
        }
    }
    any
}

fn node_takes_budget(node: &ast::Node) -> bool {
    let (_, calls) = Places::withins(node);
    takes_budget(&node.edges) || (!calls.is_empty() && calls.iter().all(|call| call.otherwise.is_some()))
}

/// What costs something, dearest first.
pub(super) fn parts(path: &[Share]) -> Vec<(String, u64, Most)> {
    let paid = path.iter().filter(|share| share.cost > Most::ZERO);
    let mut parts: Vec<_> = paid.map(|share| (share.name.to_string(), share.times, share.cost)).collect();
    parts.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    parts
}

/// `sort → write → ask ×3 → rewrite ×2`.
pub(super) fn spell(path: &[Share]) -> String {
    let step = |share: &Share| match share.times {
        1 => share.name.to_string(),
        times => format!("{} ×{times}", share.name),
    };
    path.iter().map(step).collect::<Vec<_>>().join(" → ")
}
