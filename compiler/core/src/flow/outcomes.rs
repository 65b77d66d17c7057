//! Errors of nodes: which are waited for in vain (FL0208), which must be handled (FL0608), and who waits for
//! ever (FL0407).

use flow_grammar::ast;
use flow_ir::setup::{Effect, Method};
use flow_ir::units::ErrorClass;

use super::calls::{noun, possible, target_name};
use super::{NodePlan, handled, takes};
use crate::callee::{self, Target};
use crate::expr::Elab;
use crate::graph::{ClassSet, FlowGraph, NodeIx};
use crate::names::Item;
use crate::report;

/// The classes that leave the flow: what no node and no header handles, and `Failed` if a path fails.
pub(super) fn leaving(graph: &FlowGraph<'_>, plans: &[NodePlan]) -> ClassSet {
    let header = handled(&graph.flow.entry);
    let mut classes = ClassSet::NONE;
    let edges = graph.flow.entry.iter().chain(graph.flow.nodes.iter().flat_map(|node| &node.edges));
    if edges.clone().any(|edge| matches!(edge.target, ast::Target::Fail(_, _))) {
        classes = classes.and(ClassSet::of(ErrorClass::Failed));
    }
    for ((index, node), plan) in (0u32..).zip(&graph.flow.nodes).zip(plans) {
        let raised = plan.raises.unwrap_or(ClassSet::ALL).without(handled(&node.edges));
        let left = if graph.is_handler(NodeIx(index)) { raised } else { raised.without(header) };
        classes = classes.and(left);
    }
    classes
}

/// Reports what is wrong with the handling of errors in a flow.
pub(super) fn check(elab: &mut Elab<'_, '_>, graph: &FlowGraph<'_>, plans: &[NodePlan], flow: &ast::Flow) {
    unknown_classes(elab, &flow.entry);
    approvals(elab, graph, plans);
    for ((_, node), plan) in graph.nodes().zip(plans) {
        unknown_classes(elab, &node.edges);
        let lacking = must_handle(elab, node, plan);
        let mistaken = impossible(elab, node, plan, lacking);
        // An edge for the wrong class was meant for the right one: one mistake, one report.
        if let Some(outcome) = lacking.filter(|_| !mistaken) {
            let span = elab.span(node.name.span);
            elab.out.push(report::tools::unhandled(span, &node.name.text, outcome.name()));
        }
    }
}

/// Words behind `on` that name no class.
fn unknown_classes(elab: &mut Elab<'_, '_>, edges: &[ast::Edge]) {
    for name in edges.iter().flat_map(class_names) {
        if ClassSet::named(&name.text).is_none() && !name.is_missing() {
            let classes = ErrorClass::ALL.into_iter().map(ErrorClass::name).chain(["Error"]);
            let known = report::names::plain(classes);
            let span = elab.span(name.span);
            elab.out.push(report::calls::no_class(span, &name.text, &known));
        }
    }
}

fn class_names(edge: &ast::Edge) -> &[ast::Name] {
    match &edge.guard {
        Some(ast::Guard::On(names)) => names,
        Some(ast::Guard::When(_)) | None => &[],
    }
}

/// FL0208; whether there was one. `lacking` is an outcome that no edge handles.
fn impossible(
    elab: &mut Elab<'_, '_>,
    node: &ast::Node,
    plan: &NodePlan,
    lacking: Option<ErrorClass>,
) -> bool {
    let Some(raises) = plan.raises else { return false };
    let mut any = false;
    for name in node.edges.iter().flat_map(class_names) {
        let Some(class) = ClassSet::named(&name.text) else { continue };
        if !class.common(raises).is_empty() {
            continue;
        }
        let target = match plan.targets.as_slice() {
            [only] => *only,
            _ => Target::Pure,
        };
        let what = target_name(elab.pkg, target).unwrap_or_else(|| node.name.text.to_string());
        let noun = if node.work.is_none() { "a router" } else { noun(target) };
        let span = elab.span(name.span);
        let found = report::calls::impossible(span, &name.text, &what, noun, &possible(raises));
        elab.out.push(match lacking {
            Some(outcome) => report::names::meant(found, span, outcome.name(), "outcome"),
            None => found,
        });
        any = true;
    }
    any
}

/// FL0407, and the outcome that is no accident and that nothing handles.
fn must_handle(elab: &mut Elab<'_, '_>, node: &ast::Node, plan: &NodePlan) -> Option<ErrorClass> {
    let mut lacking = None;
    // A `max` may be used up, so such an edge is no promise.
    let sure = node.edges.iter().filter(|edge| edge.max.is_none());
    let taken = sure.fold(ClassSet::NONE, |all, edge| all.and(takes(edge)));
    let (calls, node_within) = calls_of(node);
    for (call, target) in calls.into_iter().zip(&plan.targets) {
        let outcome = match target {
            Target::Item(Item::Check(_)) => ErrorClass::Invalid,
            Target::Item(Item::Human(_)) | Target::Method(_, Method::EventsWait) => ErrorClass::Expired,
            _ => continue,
        };
        if outcome == ErrorClass::Expired && !has_time(call.within.as_ref()) && !has_time(node_within) {
            let what = match target {
                Target::Item(_) => "a person is asked",
                _ => "an event is waited for",
            };
            let span = elab.span(call.expr.span);
            elab.out.push(report::tools::unbounded_wait(span, what));
            continue;
        }
        if call.otherwise.is_none() && !taken.contains(outcome) {
            lacking = lacking.or(Some(outcome));
        }
    }
    lacking
}

fn calls_of(node: &ast::Node) -> (Vec<&ast::Call>, Option<&ast::Within>) {
    match &node.work {
        None => (Vec::new(), None),
        Some(ast::Work::Call(call)) => (vec![call], None),
        Some(ast::Work::All { branches, within, .. }) => {
            (branches.iter().map(|branch| &branch.call).collect(), within.as_ref())
        }
        Some(ast::Work::Each { call, within, .. }) => (vec![call], within.as_ref()),
    }
}

fn has_time(within: Option<&ast::Within>) -> bool {
    let limits = within.map(|within| within.limits.as_slice()).unwrap_or_default();
    limits.iter().any(|limit| limit.label.is_none() && crate::types::unit_ms(limit.quantity.unit).is_some())
}

/// FL0609: a person's answer leads to something sensitive, and which answers approve is not said.
fn approvals(elab: &mut Elab<'_, '_>, graph: &FlowGraph<'_>, plans: &[NodePlan]) {
    let pkg = elab.pkg;
    let is_sensitive = |target: &Target| match target {
        Target::Item(item @ Item::Tool(_)) => callee::tool_effect(pkg, *item) == Some(Effect::Sensitive),
        _ => false,
    };
    if !plans.iter().flat_map(|plan| &plan.targets).any(is_sensitive) {
        return;
    }
    for ((ix, node), plan) in graph.nodes().zip(plans) {
        let Some(Target::Item(human @ Item::Human(_))) = plan.targets.first() else { continue };
        let says = callee::settings(pkg, *human).iter().any(|setting| setting.name.text == "approves");
        let Some(sig) = pkg.sig(*human).filter(|_| !says) else { continue };
        let variants = pkg.enum_variants(&sig.ret).unwrap_or_default();
        let leads = || {
            reaches(graph, ix, |at| {
                plans.get(at.0 as usize).is_some_and(|plan| plan.targets.iter().any(is_sensitive))
            })
        };
        if variants.len() > 1 && leads() {
            let names: Vec<String> = variants.iter().map(|variant| variant.name.to_string()).collect();
            let span = elab.span(node.name.span);
            elab.out.push(report::tools::no_approves(span, &sig.name, &names));
        }
    }
}

/// Whether success of a node can lead to one that is `wanted`.
fn reaches(graph: &FlowGraph<'_>, from: NodeIx, wanted: impl Fn(NodeIx) -> bool) -> bool {
    let mut seen = vec![false; graph.size()];
    let mut todo = vec![from];
    while let Some(node) = todo.pop() {
        for (_, edge) in graph.outgoing(node.into()).filter(|(_, edge)| edge.is_normal()) {
            let Some(next) = edge.to.and_then(|to| to.node()) else { continue };
            let Some(mark) = seen.get_mut(next.0 as usize) else { continue };
            if std::mem::replace(mark, true) {
                continue;
            }
            if wanted(next) {
                return true;
            }
            todo.push(next);
        }
    }
    false
}
