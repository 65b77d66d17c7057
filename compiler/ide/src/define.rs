//! Go to definition, go to type.

use crate::package::{Package, View};
use crate::resolve::Place;

/// Where what stands under the cursor is declared.
#[must_use]
pub fn definition(view: &View, offset: u32) -> Option<(flow_grammar::Span, Place)> {
    let found = view.occurrence(offset)?;
    Some((found.span, found.target.clone()))
}

/// Where the type of what stands under the cursor is declared.
#[must_use]
pub fn type_definition(package: &Package, view: &View, offset: u32) -> Option<Place> {
    let knowledge = &view.analysis.knowledge;
    let found = view.occurrence(offset)?;
    let here = knowledge.declared_at(found.span).or_else(|| around(view, offset, found.span));
    if let Some(place) = here.and_then(|ty| view.place(ty.declaration()?)) {
        return Some(place);
    }
    // A parameter or field: its type is written beside its name.
    let written = package.decl(&found.target, |decl, _| crate::hover::written_type(decl).cloned())??;
    let parsed = package.parsed(&found.target.path)?;
    let meaning =
        crate::resolve::reach::global(package, &found.target.path, &parsed.file, &written.base.text)?;
    Some(meaning.target)
}

/// The type of the expression that ends with the name: `sort.intent` for `intent`.
fn around(view: &View, offset: u32, name: flow_grammar::Span) -> Option<flow_compiler::Type<'_>> {
    let item = crate::walk::item_at(&view.parsed.file, offset)?;
    let ending = crate::walk::exprs_at(item, offset).into_iter().find(|expr| expr.span.end == name.end)?;
    view.analysis.knowledge.declared_at(ending.span)
}
