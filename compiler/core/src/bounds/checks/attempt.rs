//! FL0405: a time limit ends during the first attempt.

use flow_diagnostics::Diagnostic;
use flow_ir::flow::Work;

use super::Cx;
use super::places::{Places, is_time};
use crate::report::bounds::short_within;

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, node, index, call) in cx.calls() {
        let model = call.model.and_then(|model| cx.bundle.models.get(model.index()));
        let Some((model, timeout)) = model.and_then(|model| Some((model, model.timeout_ms?))) else {
            continue;
        };
        let lost = match (model.retry > 0, !model.fallback.is_empty()) {
            (false, false) => continue,
            (true, false) => "retries",
            (false, true) => "fallbacks",
            (true, true) => "retries and fallbacks",
        };
        let work = cx.bundle.flow(id).and_then(|flow| flow.nodes.get(node.index())).map(|node| &node.work);
        let own = match work {
            Some(Work::All { limits, .. } | Work::Each { limits, .. }) => limits.time_ms,
            Some(Work::Route | Work::Call(_)) | None => None,
        };
        let Some(limit) = call.limits.time_ms.into_iter().chain(own).min().filter(|limit| *limit < timeout)
        else {
            continue;
        };
        let span = cx.places.node(id, node).and_then(|(at, tree)| {
            let (of_node, calls) = Places::withins(tree);
            let of_call = calls.get(index).and_then(|call| call.within.as_ref());
            Places::limit(at, of_call.or(of_node), is_time)
        });
        let span = span.unwrap_or_else(|| cx.places.call(id, node, index));
        out.push(short_within(span, limit, &model.name, timeout, lost));
    }
}
