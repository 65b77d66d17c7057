//! FL0402 and FL0505 of a Bundle without its source: what is deployed, with a version from the registry in place.
//!
//! The same figures and the same words; only whether `Budget` is handled is read off the graph instead of the tree.

use flow_diagnostics::{Diagnostic, Span};
use flow_ir::flow::{Edge, Flow, Node};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, PromptId};

use super::limit::{limit_of, parts, pick, spell};
use super::places::Places;
use super::{Cx, PromptCall, window};
use crate::bounds::size::Weight;
use crate::bounds::{FlowBound, Most, flow};
use crate::report::bounds::{Excess, Unit, over_limit, usually_over};

/// What does not hold, and what is longer than the package allows. Diagnostics have no place.
///
/// One look for both: computing the bounds is nearly all of the work, and a move does it for everything deployed.
pub(crate) fn check(bundle: &Bundle) -> (Vec<Diagnostic>, Vec<Longer>) {
    let (costs, bounds) = flow::all(bundle);
    let cx = Cx { bundle, bounds: &bounds, costs: &costs, places: Places::nowhere() };
    let calls = cx.prompt_calls();
    let mut out = Vec::new();
    window::check(&cx, &calls, &mut out);
    for (_, flow, bound) in cx.flows() {
        for unit in [Unit::Money, Unit::Tokens] {
            out.extend(over(flow, bound, unit));
        }
    }
    (out, longer_of(&calls))
}

/// A text of the registry that is longer than the package allows.
pub(crate) struct Longer {
    pub(crate) prompt: PromptId,
    /// Most tokens of its messages; `None` if nothing bounds them.
    pub(crate) sent: Option<u64>,
    /// What `input` allows.
    pub(crate) allowed: u64,
}

/// The texts that are in place and longer than `input` allows, each once.
pub(crate) fn longer(bundle: &Bundle) -> Vec<Longer> {
    let (costs, bounds) = flow::all(bundle);
    let cx = Cx { bundle, bounds: &bounds, costs: &costs, places: Places::nowhere() };
    longer_of(&cx.prompt_calls())
}

fn longer_of(calls: &[PromptCall<'_>]) -> Vec<Longer> {
    let mut found: Vec<Longer> = Vec::new();
    for call in calls {
        let (Some(allowed), Some((_, model))) = (call.prompt.input, call.chain.first()) else { continue };
        let sent = call.request.messages;
        let is_long = !sent.is_bounded() || sent.on(model) > Weight::tokens(allowed).on(model);
        if is_long && found.iter().all(|known| known.prompt != call.id) {
            let sent = sent.is_bounded().then(|| sent.nominal());
            found.push(Longer { prompt: call.id, sent, allowed });
        }
    }
    found
}

fn over(flow: &Flow, bound: &FlowBound, unit: Unit) -> Option<Diagnostic> {
    let limit = limit_of(&flow.limits, unit)?;
    let subject = format!("flow `{}`", flow.name);
    let (usual, worst) = (pick(bound.usual, unit), pick(bound.unlimited, unit));
    let way = spell(if usual > limit { &bound.usual_path } else { &bound.path });
    let excess = Excess { subject: &subject, unit, worst: usual, limit, parts: &[], way: &way };
    if usual > limit {
        return Some(usually_over(Span::default(), &excess));
    }
    if worst <= limit || takes_budget(&flow.entry) || nodes_take_budget(flow, bound, unit, limit) {
        return None;
    }
    let parts = parts(&bound.path);
    Some(over_limit(Span::default(), &Excess { worst, parts: &parts, ..excess }))
}

/// Catching every error is no answer to money that is gone.
fn takes_budget(edges: &[Edge]) -> bool {
    edges.iter().any(|edge| {
        let is_catch_all = edge.on.len() == ErrorClass::ALL.len();
        !edge.implicit && edge.max.is_none() && !is_catch_all && edge.on.contains(&ErrorClass::Budget)
    })
}

/// Whether every node that spends something once the limit is reached says so itself.
fn nodes_take_budget(flow: &Flow, bound: &FlowBound, unit: Unit, limit: Most) -> bool {
    let mut spent = Most::ZERO;
    let mut late = bound.path.iter().filter_map(|share| {
        let one = bound.nodes.get(share.node.index()).map_or(Most::ZERO, |node| pick(node.worst, unit));
        spent = spent.plus(one.times(share.times));
        (one > Most::ZERO && spent > limit).then(|| flow.nodes.get(share.node.index()))
    });
    let takes = |node: Option<&Node>| {
        let calls_answer = |node: &Node| node.work.calls().all(|call| call.otherwise.is_some());
        node.is_some_and(|node| takes_budget(&node.edges) || calls_answer(node))
    };
    match late.next() {
        Some(first) => takes(first) && late.all(takes),
        None => false,
    }
}
