//! FL0408: people and events may be waited for longer than the flow lasts.

use flow_diagnostics::Diagnostic;

use super::Cx;
use super::places::{Places, is_time};
use crate::bounds::Most;
use crate::report::bounds::waits_too_long;

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, flow, bound) in cx.flows() {
        let Some(limit) = flow.limits.time_ms.filter(|limit| bound.waits_ms > Most::new(*limit)) else {
            continue;
        };
        let Some(longest) = bound.waiting.iter().max_by_key(|share| share.cost) else { continue };
        let each = bound.nodes.get(longest.node.index()).map_or(Most::ZERO, |node| node.waits_ms);
        let span = cx.places.flow(id).and_then(|(at, tree)| Places::limit(at, tree.within.as_ref(), is_time));
        let node = cx.places.node_name(id, longest.node);
        let found = waits_too_long(span.unwrap_or(node), &longest.name, longest.times, each, limit);
        out.push(found.also(node, "waits here"));
    }
}
