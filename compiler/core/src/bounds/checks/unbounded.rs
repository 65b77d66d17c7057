//! FL0506: a text without a bound reaches a prompt.

use flow_diagnostics::Diagnostic;
use flow_ir::effort;
use rustc_hash::FxHashSet;

use super::{Cx, PromptCall};
use crate::report::windows::unbounded_text;

pub(super) fn check(cx: &Cx<'_>, calls: &[PromptCall<'_>], out: &mut Vec<Diagnostic>) {
    let mut said = FxHashSet::default();
    for call in calls {
        for hole in call.request.holes.iter().filter(|hole| !hole.weight.is_bounded()) {
            if !said.insert((call.id, hole.name.clone())) {
                continue;
            }
            let declared = hole.slot.and_then(|slot| cx.places.param(call.id, slot));
            let name = if hole.name.is_empty() { "this text" } else { &hole.name };
            let cost = attempt(call).map(flow_ir::units::Usd::short);
            out.push(unbounded_text(declared.unwrap_or(call.at), name, cost.as_deref(), call.at));
        }
    }
}

/// What one attempt with a full window costs.
fn attempt(call: &PromptCall<'_>) -> Option<flow_ir::units::Usd> {
    let (_, model) = call.chain.first()?;
    let output = effort::output_cap(call.prompt, model);
    let input = model.context?.saturating_sub(output);
    Some(effort::cost(input, output, Some(model.price_in?), model.price_out))
}
