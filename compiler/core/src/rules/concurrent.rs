//! FL0606: two runs for one session could write what it remembers at once.

use flow_diagnostics::Diagnostic;
use flow_ir::FlowId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::TriggerSource;
use flow_ir::setup::{Callee, Method};
use rustc_hash::FxHashSet;

use crate::report;
use crate::trust::Places;

/// Reports triggers without `key` that lead to such a write. `key: none` says that it is meant.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (at, ast, trigger) in super::triggers(places) {
        let many = match trigger.source {
            TriggerSource::Http(..) | TriggerSource::Queue(_) | TriggerSource::Broker(_) => true,
            TriggerSource::Cron(..) | TriggerSource::Resource(_) => false,
        };
        let Callee::Flow(flow) = trigger.target else { continue };
        if !many || super::setting(ast, "key").is_some() {
            continue;
        }
        if let Some(resource) = remembered(places.bundle, flow) {
            out.push(report::rules::concurrent_runs(at.span(ast.source.span), resource));
        }
    }
}

/// A memory or form that a flow, or one that it calls, writes.
fn remembered(bundle: &Bundle, first: FlowId) -> Option<&str> {
    let mut seen = FxHashSet::from_iter([first]);
    let mut todo = vec![first];
    while let Some(id) = todo.pop() {
        for call in bundle.flows.get(id.index())?.nodes.iter().flat_map(|node| node.work.calls()) {
            match call.callee {
                Callee::Method(resource, Method::MemoryAdd | Method::SlotsFill) => {
                    return bundle.resources.get(resource.index()).map(|resource| resource.name.as_str());
                }
                Callee::Flow(next) if seen.insert(next) => todo.push(next),
                _ => {}
            }
        }
    }
    None
}
