//! FL0409: a long text that is bounded in characters.

use flow_diagnostics::Diagnostic;
use rustc_hash::FxHashSet;

use super::{Cx, PromptCall};
use crate::report::bounds::text_in_characters;

/// Characters from which on it matters: they count as many thousand tokens.
const LONG: u64 = 2_000;

pub(super) fn check(cx: &Cx<'_>, calls: &[PromptCall<'_>], out: &mut Vec<Diagnostic>) {
    let mut said = FxHashSet::default();
    for call in calls {
        for hole in call.request.holes.iter().filter(|hole| hole.weight.chars >= LONG) {
            if !hole.weight.is_bounded() || !said.insert((call.id, hole.name.clone())) {
                continue;
            }
            let declared = hole.slot.and_then(|slot| cx.places.param(call.id, slot));
            let (span, other) = (declared.unwrap_or(call.at), declared.map(|_| call.at));
            out.push(text_in_characters(span, &hole.name, hole.weight.chars, other));
        }
    }
}
