//! Rules about a package as a whole: what `flow.toml` allows, what models can do, what triggers promise.
//!
//! They look at the lowered Bundle and report at the text. One file per rule.

mod cached;
mod capabilities;
mod careless;
mod chains;
mod concurrent;
mod grants;
mod roles;
mod unlabelled;
mod vouched;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ItemKind};
use flow_ir::ModelId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::Trigger;
use flow_ir::setup::Model;

use crate::manifest::Manifest;
use crate::report::At;
use crate::trust::Places;

/// Reports what breaks a rule.
pub(crate) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    roles::check(places, out);
    grants::check(places, out);
    capabilities::check(places, out);
    chains::check(places, out);
    careless::check(places, out);
    vouched::check(places, out);
    concurrent::check(places, out);
    cached::check(places, out);
    unlabelled::check(places, out);
}

/// Whether there is no `flow.toml`: a file that is checked alone has no roles and grants to keep to.
fn is_alone(manifest: &Manifest) -> bool {
    *manifest == Manifest { package: manifest.package.clone(), ..Manifest::default() }
}

/// A model and all it falls back to, each once, with the model before it.
fn chain(bundle: &Bundle, first: ModelId) -> Vec<(ModelId, &Model, Option<&Model>)> {
    let mut found: Vec<(ModelId, &Model, Option<&Model>)> = Vec::new();
    let mut todo = vec![(first, None)];
    while let Some((id, from)) = todo.pop() {
        let Some(model) = bundle.models.get(id.index()) else { continue };
        if found.iter().any(|(other, _, _)| *other == id) {
            continue;
        }
        found.push((id, model, from));
        todo.extend(model.fallback.iter().rev().map(|next| (*next, Some(model))));
    }
    found
}

/// The triggers with their trees.
pub(crate) fn triggers<'a>(places: &Places<'a>) -> Vec<(At, &'a ast::Trigger, &'a Trigger)> {
    let trees = places.pkg.modules.iter().flat_map(|module| {
        module.file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Trigger(trigger) => Some((module.at, trigger)),
            _ => None,
        })
    });
    let trees: Vec<(At, &ast::Trigger)> = trees.collect();
    if trees.len() != places.bundle.triggers.len() {
        return Vec::new();
    }
    trees.into_iter().zip(&places.bundle.triggers).map(|((at, ast), trigger)| (at, ast, trigger)).collect()
}

/// A setting in the brackets of a trigger.
fn setting<'a>(trigger: &'a ast::Trigger, name: &str) -> Option<&'a ast::Arg> {
    let ast::ExprKind::Call { args, .. } = &trigger.source.kind else { return None };
    args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| label.text == name))
}
