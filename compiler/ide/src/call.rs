//! The call hierarchy, which is the graph's: what a flow calls, who calls a prompt.

use flow_grammar::Span;

use crate::decl::{self, Decl};
use crate::package::{Package, View, is_library};
use crate::refer;
use crate::resolve::{Kind, Place};
use crate::walk;

/// A callable in the hierarchy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Graphed {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where its name is given.
    pub place: Place,
    /// All of it.
    pub span: Span,
}

/// A callable and the places of its calls, in the caller's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Who calls, or is called.
    pub who: Graphed,
    /// Where.
    pub calls: Vec<Span>,
}

const fn is_callable(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Fn
            | Kind::Check
            | Kind::Prompt
            | Kind::Tool
            | Kind::Human
            | Kind::Split
            | Kind::Flow
            | Kind::Model
            | Kind::Resource
    )
}

/// The callable whose name stands under the cursor.
#[must_use]
pub fn callables_at(package: &Package, view: &View, offset: u32) -> Option<Graphed> {
    let found = view.occurrence(offset).filter(|found| is_callable(found.kind))?;
    graphed(package, &found.target, found.kind)
}

fn graphed(package: &Package, place: &Place, kind: Kind) -> Option<Graphed> {
    package.decl(place, |found, _| {
        let Decl::Item(item) = found else { return None };
        let name = decl::name_of(item)?.text.to_string();
        Some(Graphed { name, kind, place: place.clone(), span: item.span })
    })?
}

/// Who calls it.
#[must_use]
pub fn incoming(package: &Package, target: &Place) -> Vec<Caller> {
    let mut callers: Vec<Caller> = Vec::new();
    for (view, list) in refer::all(package, target) {
        for found in list.iter().filter(|found| !found.is_definition) {
            let Some(item) = walk::item_at(&view.parsed.file, found.span.start) else { continue };
            let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) else { continue };
            let place = view.here(name.span);
            match callers.iter_mut().find(|caller| caller.who.place == place) {
                Some(caller) => caller.calls.push(found.span),
                None => callers.push(Caller {
                    who: Graphed { name: name.text.to_string(), kind, place, span: item.span },
                    calls: vec![found.span],
                }),
            }
        }
    }
    callers
}

/// What it calls, in the order of the first call.
#[must_use]
pub fn outgoing(package: &Package, source: &Place) -> Vec<Caller> {
    let Some(view) = package.view(&source.path) else { return Vec::new() };
    let Some(item) = walk::item_at(&view.parsed.file, source.span.start) else { return Vec::new() };
    let mut called: Vec<Caller> = Vec::new();
    let inside = view.occurrences.iter().filter(|found| {
        let is_inside = item.span.start <= found.span.start && found.span.end <= item.span.end;
        is_inside && is_callable(found.kind) && !found.is_definition && !is_library(&found.target.path)
    });
    for found in inside {
        match called.iter_mut().find(|call| call.who.place == found.target) {
            Some(call) => call.calls.push(found.span),
            None => called.extend(
                graphed(package, &found.target, found.kind)
                    .map(|who| Caller { who, calls: vec![found.span] }),
            ),
        }
    }
    called
}
