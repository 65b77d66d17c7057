//! FL0708: anybody may send what a declaration calls trusted.

use flow_diagnostics::Diagnostic;
use flow_ir::flow::TriggerSource;
use flow_ir::setup::Callee;

use crate::report;
use crate::trust::Places;

/// Reports public triggers through which a `trusted` value comes in.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (at, ast, trigger) in super::triggers(places) {
        let (TriggerSource::Http(..), Callee::Flow(id)) = (&trigger.source, trigger.target) else { continue };
        let Some(flow) = places.bundle.flows.get(id.index()).filter(|_| trigger.allow.is_empty()) else {
            continue;
        };
        if let Some(name) = places.bundle.labelled_fields(&flow.params, &|field| field.labels.trusted).first()
        {
            out.push(report::rules::vouched_by_nobody(at.span(ast.source.span), name));
        }
    }
}
