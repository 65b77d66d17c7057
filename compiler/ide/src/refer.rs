//! Find all references; highlight those in the file.

use flow_grammar::Span;

use crate::package::{Package, View};
use crate::resolve::{Occurrence, Place};

/// Every place that means the same as what stands under the cursor, in the order of files and places.
#[must_use]
pub fn references(package: &Package, view: &View, offset: u32, with_definition: bool) -> Vec<Place> {
    let Some(found) = view.occurrence(offset) else { return Vec::new() };
    let wanted = |found: &&Occurrence| with_definition || !found.is_definition;
    let mut places: Vec<Place> = all(package, &found.target)
        .iter()
        .flat_map(|(view, list)| list.iter().filter(wanted).map(|found| view.here(found.span)))
        .collect();
    places.sort();
    places
}

/// The same in this file alone, with whether the name is given there.
#[must_use]
pub fn highlights(view: &View, offset: u32) -> Vec<(Span, bool)> {
    let Some(found) = view.occurrence(offset) else { return Vec::new() };
    let same = view.occurrences.iter().filter(|other| other.target == found.target);
    same.map(|other| (other.span, other.is_definition)).collect()
}

/// The occurrences of a target, by file. Only files that spell its name are looked at.
pub(crate) fn all(package: &Package, target: &Place) -> Vec<(std::sync::Arc<View>, Vec<Occurrence>)> {
    let name = package.source(&target.path).and_then(|source| {
        let name = source.text.get(target.span.range())?;
        Some(name.to_owned())
    });
    let name = name.unwrap_or_default();
    let spells = |path: &&str| {
        let is_module = name.is_empty();
        is_module || package.source(path).is_some_and(|source| source.text.contains(name.as_str()))
    };
    let views = package.paths().filter(spells).filter_map(|path| package.view(path));
    views
        .map(|view| {
            let list = view.occurrences.iter().filter(|found| found.target == *target).cloned().collect();
            (view, list)
        })
        .filter(|(_, list): &(_, Vec<Occurrence>)| !list.is_empty())
        .collect()
}
