//! FL0508 and FL0509: what a provider cannot express, and what it does not enforce.

use flow_diagnostics::Diagnostic;
use flow_ir::profile::{Gap, Kind, Profile, gaps};
use rustc_hash::FxHashSet;

use super::{Cx, PromptCall};
use crate::report::windows::{no_wire_form, not_enforced};

pub(super) fn check(cx: &Cx<'_>, calls: &[PromptCall<'_>], out: &mut Vec<Diagnostic>) {
    let mut seen = FxHashSet::default();
    let mut hinted = FxHashSet::default();
    for call in calls {
        for (_, model) in &call.chain {
            let profile = Profile::of(model);
            if !seen.insert((call.id, profile.name)) {
                continue;
            }
            let gaps = gaps(cx.bundle, call.prompt.ret, profile);
            let span = cx.places.answer(call.id);
            for gap in gaps.iter().filter(|gap| gap.kind.is_refused()) {
                out.push(no_wire_form(span, profile.name, &gap.path, &what(&gap.kind), call.at));
            }
            let ranges: Vec<(&str, &str)> = gaps.iter().filter_map(range).collect();
            if let Some(first) = ranges.first().filter(|_| hinted.insert(call.id)) {
                out.push(not_enforced(span, profile.name, *first, ranges.len() - 1));
            }
        }
    }
}

fn what(kind: &Kind) -> String {
    match kind {
        Kind::NoForm(ty) => format!("`{ty}`"),
        Kind::TooMany { what, found, most } => format!("{found} {what}; it takes {most}"),
        Kind::Unenforced { range, .. } => format!("`{range}`"),
    }
}

/// Lengths of texts are told to every model in words, and no provider holds it to them.
fn range(gap: &Gap) -> Option<(&str, &str)> {
    match &gap.kind {
        Kind::Unenforced { range, is_length: false } => Some((&gap.path, range)),
        Kind::Unenforced { .. } | Kind::NoForm(_) | Kind::TooMany { .. } => None,
    }
}
