//! What a package promises and what it can keep.
//!
//! One file a question, over [`Bounds`](super::Bounds) and the Bundle; only the places come from the tree.

mod attempt;
mod characters;
pub(crate) mod deployed;
mod limit;
mod loose;
mod output;
mod places;
mod price;
mod quantile;
mod unbounded;
mod waits;
mod window;
mod wire;

use flow_diagnostics::Diagnostic;
use flow_ir::flow::{Flow, Work};
use flow_ir::setup::{Call, Callee, Model, Prompt};
use flow_ir::{Bundle, FlowId, ModelId, NodeId, PromptId};

use self::places::Places;
use super::call::Costs;
use super::size::Sizer;
use super::{Bounds, FlowBound, flow};
use crate::package::Package;

/// Computes the bounds of all flows and reports what does not hold.
pub(crate) fn check(pkg: &Package<'_>, bundle: &Bundle, out: &mut Vec<Diagnostic>) -> Bounds {
    let (costs, bounds) = flow::all(bundle);
    let cx = Cx { bundle, bounds: &bounds, costs: &costs, places: Places::new(pkg) };
    limit::check(&cx, out);
    loose::check(&cx, out);
    quantile::check(&cx, out);
    attempt::check(&cx, out);
    waits::check(&cx, out);
    price::check(&cx, out);
    let calls = cx.prompt_calls();
    characters::check(&cx, &calls, out);
    window::check(&cx, &calls, out);
    unbounded::check(&cx, &calls, out);
    output::check(&cx, &calls, out);
    wire::check(&cx, &calls, out);
    bounds
}

/// Everything that a check looks at.
pub(super) struct Cx<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) bounds: &'a Bounds,
    pub(super) costs: &'a Costs<'a>,
    pub(super) places: Places<'a>,
}

/// A prompt asked by a node, directly, as a branch, per element, or as an arm of a split.
pub(super) struct PromptCall<'a> {
    pub(super) at: flow_diagnostics::Span,
    pub(super) id: PromptId,
    pub(super) prompt: &'a Prompt,
    /// The model and its fallbacks.
    pub(super) chain: Vec<(ModelId, &'a Model)>,
    pub(super) request: super::request::Request,
}

impl<'a> Cx<'a> {
    /// Flows with their bounds.
    fn flows(&self) -> impl Iterator<Item = (FlowId, &'a Flow, &'a FlowBound)> + use<'a> {
        let both = self.bundle.flows.iter().zip(&self.bounds.flows);
        (0..).zip(both).map(|(index, (flow, bound))| (FlowId(index), flow, bound))
    }

    /// Calls of nodes, each with the position of its call in the node.
    fn calls(&self) -> impl Iterator<Item = (FlowId, NodeId, usize, &'a Call)> + use<'a> {
        let bundle = self.bundle;
        (0..).zip(&bundle.flows).flat_map(|(flow, it)| {
            (0..).zip(&it.nodes).flat_map(move |(node, it)| {
                let calls: Vec<&Call> = it.work.calls().collect();
                let row = move |(index, call)| (FlowId(flow), NodeId(node), index, call);
                calls.into_iter().enumerate().map(row)
            })
        })
    }

    /// Every way in which a prompt is asked.
    fn prompt_calls(&self) -> Vec<PromptCall<'a>> {
        let mut found = Vec::new();
        for (flow_id, flow, _) in self.flows() {
            let of_flow = Sizer::of_flow(self.bundle, flow);
            for (node_id, node) in (0..).map(NodeId).zip(&flow.nodes) {
                let sizer = of_element(&of_flow, &node.work);
                for (index, call) in node.work.calls().enumerate() {
                    let at = self.places.call(flow_id, node_id, index);
                    self.add_prompt_calls(call, &sizer, at, self.bundle.splits.len(), &mut found);
                }
            }
        }
        found
    }

    fn add_prompt_calls(
        &self,
        call: &'a Call,
        sizer: &Sizer<'a>,
        at: flow_diagnostics::Span,
        depth: usize,
        found: &mut Vec<PromptCall<'a>>,
    ) {
        match call.callee {
            Callee::Prompt(id) => {
                let (Some(prompt), Some(model)) = (self.bundle.prompts.get(id.index()), call.model) else {
                    return;
                };
                let chain = flow_ir::effort::chain(&self.bundle.models, model);
                let request = self.costs.counts.request(prompt, self.costs.args(call, sizer));
                found.push(PromptCall { at, id, prompt, chain, request });
            }
            Callee::Split(id) if depth > 0 => {
                let Some(split) = self.bundle.splits.get(id.index()) else { return };
                let names = split.params.iter().map(|param| param.name.clone()).collect();
                let inner = Sizer::new(self.bundle, self.costs.args(call, sizer), names);
                for arm in split.arms.iter().chain(&split.shadows) {
                    self.add_prompt_calls(&arm.call, &inner, at, depth - 1, found);
                }
            }
            _ => {}
        }
    }
}

/// Where the calls of a node are sized: in `each`, with its binder.
fn of_element<'b>(sizer: &Sizer<'b>, work: &Work) -> Sizer<'b> {
    let Work::Each { local, list, .. } = work else { return sizer.clone() };
    match sizer.list(&sizer.shape(list)) {
        Some((item, _, _)) => sizer.with(*local, (*item).clone()),
        None => sizer.clone(),
    }
}
