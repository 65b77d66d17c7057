//! FL0505: the largest request does not fit a model of the chain.

use flow_diagnostics::Diagnostic;
use flow_ir::effort;
use flow_ir::setup::Model;

use super::{Cx, PromptCall};
use crate::bounds::size::Weight;
use crate::report::windows::{Part, window_too_small};

pub(super) fn check(cx: &Cx<'_>, calls: &[PromptCall<'_>], out: &mut Vec<Diagnostic>) {
    for call in calls {
        for (_, model) in &call.chain {
            let Some(holds) = model.context else { continue };
            let schema = Weight::tokens(cx.costs.counts.schema(call.prompt, model));
            let request = bounded(call).plus(schema);
            let (sent, answered) = (request.on(model), effort::output_cap(call.prompt, model));
            if sent.saturating_add(answered) <= holds {
                continue;
            }
            let first = call.chain.first().map(|(_, first)| first.name.as_str());
            let of = first.filter(|first| *first != model.name);
            let largest = largest(cx, call, model);
            let sizes = (sent, answered, holds);
            out.push(window_too_small(call.at, (&model.name, of), sizes, largest.as_ref()));
        }
    }
}

/// What is bounded of a request: the rest is said by FL0506.
fn bounded(call: &PromptCall<'_>) -> Weight {
    if call.request.first.is_bounded() {
        return call.request.first;
    }
    let holes = call.request.holes.iter().map(|hole| hole.weight).filter(|weight| weight.is_bounded());
    holes.fold(Weight::ZERO, Weight::plus)
}

fn largest(cx: &Cx<'_>, call: &PromptCall<'_>, model: &Model) -> Option<Part> {
    let holes = call.request.holes.iter().filter(|hole| hole.weight.is_bounded() && !hole.name.is_empty());
    let largest = holes.max_by_key(|hole| hole.weight.on(model))?;
    let declared = largest.slot.and_then(|slot| cx.places.param(call.id, slot));
    Some(Part { name: largest.name.clone(), tokens: largest.weight.on(model), declared })
}
