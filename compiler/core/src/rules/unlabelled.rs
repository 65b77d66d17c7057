//! FL0712: a tool is given personal data or a file, and answers with text that carries no label.

use flow_diagnostics::Diagnostic;
use flow_ir::bundle::Bundle;
use flow_ir::types::{Field, Type};
use flow_ir::{ToolId, TypeId};

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// Reports such tools.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (index, tool) in (0_u32..).zip(&places.bundle.tools) {
        let item = Item::Tool(ToolId(index));
        let (Some(sig), Some((at, setup))) = (places.pkg.sig(item), places.setup(item)) else { continue };
        let says = sig.ret_labels.pii || sig.ret_labels.secret || has_label(places.bundle, tool.ret);
        if says || !has_text(places.bundle, tool.ret) {
            continue;
        }
        if let Some(takes) = tool.params.iter().find_map(|param| sensitive(places.bundle, param)) {
            let span = at.span(setup.ty.as_ref().map_or(setup.name.span, |ty| ty.span));
            out.push(report::rules::unlabelled_result(span, &tool.name, &takes, &sig.ret.to_string()));
        }
    }
}

/// What a parameter holds that its reader should think of, in words.
fn sensitive(bundle: &Bundle, param: &Field) -> Option<String> {
    if param.labels.pii || has_label(bundle, param.ty) {
        return Some(format!("`pii` in `{}`", param.name));
    }
    let is_media = |ty: &Type| matches!(ty, Type::Image | Type::Audio | Type::File);
    any(bundle, param.ty, &is_media).then(|| format!("a file in `{}`", param.name))
}

fn has_text(bundle: &Bundle, ty: TypeId) -> bool {
    any(bundle, ty, &|ty| matches!(ty, Type::Text { .. } | Type::Json))
}

/// Whether a field inside is labelled.
fn has_label(bundle: &Bundle, ty: TypeId) -> bool {
    let labelled = |field: &Field| field.labels.pii || field.labels.secret;
    any(bundle, ty, &|ty| match ty {
        Type::Record(record) => record.fields.iter().any(labelled),
        Type::Enum(body) => body.variants.iter().flat_map(|variant| &variant.fields).any(labelled),
        _ => false,
    })
}

/// Whether a type or one inside of it is as wanted. Types do not contain themselves.
fn any(bundle: &Bundle, id: TypeId, wanted: &impl Fn(&Type) -> bool) -> bool {
    let ty = bundle.ty(id);
    let inside = |fields: &[Field]| fields.iter().any(|field| any(bundle, field.ty, wanted));
    wanted(ty)
        || match ty {
            Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => {
                any(bundle, *item, wanted)
            }
            Type::Partial { record } => any(bundle, *record, wanted),
            Type::Record(record) => inside(&record.fields),
            Type::Enum(body) => body.variants.iter().any(|variant| inside(&variant.fields)),
            _ => false,
        }
}
