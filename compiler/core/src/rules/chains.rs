//! FL0512 and FL0513: fallbacks that go in a circle, and fallbacks that fail together.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{self, ItemKind, SetupKind};
use flow_ir::ModelId;
use flow_ir::setup::{Model, Provider};

use crate::names::Item;
use crate::report;
use crate::trust::Places;

/// Reports chains of models that do not help.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    for (index, model) in (0_u32..).zip(&places.bundle.models) {
        let Some(span) = fallback_span(places, ModelId(index)) else { continue };
        if let Some(circle) = circle(places, ModelId(index)) {
            // A circle is reported once, at its first model.
            if circle.iter().all(|other| other.0 >= index) {
                out.push(report::rules::fallback_circle(span, &names(places, &circle)));
            }
            continue;
        }
        let chain = super::chain(places.bundle, ModelId(index));
        let twin = chain.iter().skip(1).find(|(_, other, _)| fail_together(model, other));
        if let Some((_, twin, _)) = twin {
            out.push(report::rules::shared_fate(span, &model.name, &twin.name));
        }
    }
}

/// The ids of a circle that a model's fallbacks close, itself first and last.
fn circle(places: &Places<'_>, first: ModelId) -> Option<Vec<ModelId>> {
    let mut path: Vec<(ModelId, usize)> = vec![(first, 0)];
    let mut seen = rustc_hash::FxHashSet::from_iter([first]);
    while let Some((id, next)) = path.last_mut() {
        let fallback = places.bundle.models.get(id.index()).and_then(|model| model.fallback.get(*next));
        *next += 1;
        match fallback {
            None => drop(path.pop()),
            Some(back) if *back == first => {
                return Some(path.iter().map(|(id, _)| *id).chain([first]).collect());
            }
            Some(other) if seen.insert(*other) => path.push((*other, 0)),
            Some(_) => {}
        }
    }
    None
}

fn names(places: &Places<'_>, circle: &[ModelId]) -> String {
    let models = circle.iter().filter_map(|id| places.bundle.models.get(id.index()));
    models.map(|model| model.name.as_str()).collect::<Vec<_>>().join(" → ")
}

/// Whether one outage takes both. What the registry resolves is not known here.
fn fail_together(a: &Model, b: &Model) -> bool {
    let same_place = a.provider == b.provider && a.address == b.address;
    same_place && a.region == b.region && a.provider != Provider::Registry
}

/// Where the fallbacks of a model of the package are written.
fn fallback_span(places: &Places<'_>, wanted: ModelId) -> Option<Span> {
    let mut all = places.pkg.modules.iter().flat_map(|module| {
        module.file.items.iter().zip(&module.items).map(move |(item, declared)| (module, item, declared))
    });
    let (module, item, _) = all.find(|(_, _, declared)| **declared == Some(Item::Model(wanted)))?;
    let ItemKind::Setup(ast::Setup { kind: SetupKind::Model, settings, .. }) = &item.kind else {
        return None;
    };
    let setting = settings.iter().find(|setting| setting.name.text == "fallback")?;
    Some(module.at.span(setting.span))
}
