//! FL0514: a money limit around a model without a price.

use flow_diagnostics::Diagnostic;

use super::Cx;
use crate::report::bounds::no_price;

pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    for (id, flow, bound) in cx.flows().filter(|(_, flow, _)| flow.limits.cost.is_some()) {
        for model in &bound.unpriced {
            let name = cx.bundle.models.get(model.index()).map_or("", |model| model.name.as_str());
            out.push(no_price(cx.places.model(*model), name, &flow.name, cx.places.flow_money(id)));
        }
    }
}
