//! FL0708: anybody may send what a declaration calls trusted.

use flow_diagnostics::Diagnostic;
use flow_ir::TypeId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::TriggerSource;
use flow_ir::setup::Callee;
use flow_ir::types::{Field, Type};

use crate::report;
use crate::trust::Places;

/// Reports public triggers through which a `trusted` value comes in.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (at, ast, trigger) in super::triggers(places) {
        let (TriggerSource::Http(..), Callee::Flow(id)) = (&trigger.source, trigger.target) else { continue };
        let Some(flow) = places.bundle.flows.get(id.index()).filter(|_| trigger.allow.is_empty()) else {
            continue;
        };
        if let Some(name) = first_trusted(places.bundle, &flow.params, "") {
            out.push(report::rules::vouched_by_nobody(at.span(ast.source.span), &name));
        }
    }
}

fn first_trusted(bundle: &Bundle, fields: &[Field], owner: &str) -> Option<String> {
    fields.iter().find_map(|field| {
        let name = if owner.is_empty() { field.name.to_string() } else { format!("{owner}.{}", field.name) };
        if field.labels.trusted { Some(name) } else { inside(bundle, field.ty) }
    })
}

fn inside(bundle: &Bundle, ty: TypeId) -> Option<String> {
    match bundle.ty(ty) {
        Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => inside(bundle, *item),
        Type::Partial { record } => inside(bundle, *record),
        Type::Record(record) => first_trusted(bundle, &record.fields, &record.name),
        Type::Enum(body) => {
            body.variants.iter().find_map(|variant| first_trusted(bundle, &variant.fields, &body.name))
        }
        _ => None,
    }
}
