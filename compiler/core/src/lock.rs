//! `flow.lock`: what a package was checked against that is not its own text.
//!
//! Three things can change under a package that nobody edited: the part of the standard library that it imports
//! (prices and limits of models), and the contracts behind the registry's pointers of its prompts and models.
//! [`Lock::of`] says what they are now; [`compare`] reports what differs from the file (FL0805).

mod contract;
mod file;

use std::collections::BTreeMap;

use flow_diagnostics::{Diagnostic, FileId, Span};
use flow_grammar::ast::{self, ExprKind as Ast, ItemKind, SetupKind};
use flow_ir::Bundle;
use flow_ir::setup::Provider;
use flow_ir::shape::Shapes;

use crate::flow_paths::joined;
use crate::names::Item;
use crate::package::Package;
use crate::report;

/// What `flow.lock` says or should say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lock {
    entries: BTreeMap<(Kind, String), String>,
}

/// What is locked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// A module of the standard library, by its text.
    Std,
    /// The contract of a prompt behind a pointer.
    Prompt,
    /// The contract of a model behind a pointer.
    Model,
}

impl Kind {
    /// All, in the order of the file.
    const ALL: [Self; 3] = [Self::Std, Self::Prompt, Self::Model];

    /// The table of `flow.lock`.
    const fn table(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::Prompt => "prompts",
            Self::Model => "models",
        }
    }

    /// What an entry of another digest means.
    pub(crate) const fn change(self) -> &'static str {
        match self {
            Self::Std => "the standard library that comes with this compiler has other prices or limits",
            Self::Prompt => "its parameters, result or limits are others than when it was locked",
            Self::Model => "what it can do, holds or costs is not what was locked",
        }
    }
}

impl Lock {
    /// What the lock of a package must say now.
    pub(crate) fn of(pkg: &Package<'_>, bundle: &Bundle) -> Self {
        let entries = needed(pkg, bundle).into_iter().map(|need| ((need.kind, need.name), need.digest));
        Self { entries: entries.collect() }
    }

    /// Whether there is nothing to lock.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many things are locked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The text of `flow.lock`: the same for the same content.
    #[must_use]
    pub fn to_text(&self) -> String {
        file::write(self)
    }
}

/// Something that must be locked, and where the package asks for it.
struct Need {
    kind: Kind,
    name: String,
    digest: String,
    span: Span,
}

/// FL0805 for everything that `flow.lock` does not say, says otherwise, or says in vain. `written` is the file with
/// its text; without one, everything is missing.
pub(crate) fn compare(
    pkg: &Package<'_>,
    bundle: &Bundle,
    written: Option<(FileId, &str)>,
    out: &mut Vec<Diagnostic>,
) {
    let needs = needed(pkg, bundle);
    let Some((id, text)) = written else {
        // One pointer is as good as another to say that there is no file.
        out.extend(needs.first().map(|need| report::lock::no_file(need.span, &need.name)));
        return;
    };
    let Some(mut found) = file::read(id, text, out) else { return };
    for need in &needs {
        match found.remove(&(need.kind, need.name.clone())) {
            Some((digest, _)) if digest == need.digest => {}
            Some(_) => out.push(report::lock::changed(need.span, &need.name, need.kind.change())),
            None => out.push(report::lock::missing(need.span, &need.name)),
        }
    }
    for ((_, name), (_, span)) in found {
        out.push(report::lock::left_over(span, &name));
    }
}

/// Each once, in the order of the files.
fn needed(pkg: &Package<'_>, bundle: &Bundle) -> Vec<Need> {
    let mut shapes = Shapes::new(bundle);
    let mut needs: Vec<Need> = Vec::new();
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let found = match &item.kind {
                ItemKind::Import(import) => std_module(import),
                ItemKind::Setup(setup) => pointer(setup, *declared, bundle, &mut shapes),
                _ => None,
            };
            let Some((kind, name, digest, span)) = found else { continue };
            if !needs.iter().any(|need| need.kind == kind && need.name == name) {
                needs.push(Need { kind, name, digest, span: module.at.span(span) });
            }
        }
    }
    needs
}

type Found = (Kind, String, String, flow_grammar::Span);

fn std_module(import: &ast::Import) -> Option<Found> {
    let path = joined(&import.path);
    let (name, text) = flow_stdlib::MODULES.iter().find(|(name, _)| *name == path)?;
    let first = import.path.first()?;
    let last = import.path.last()?;
    let span = flow_grammar::Span::new(first.span.start, last.span.end);
    Some((Kind::Std, (*name).to_owned(), flow_ir::Digest::of(text.as_bytes()).to_string(), span))
}

fn pointer(
    setup: &ast::Setup,
    declared: Option<Item>,
    bundle: &Bundle,
    shapes: &mut Shapes<'_>,
) -> Option<Found> {
    let span = setup.source.as_ref().filter(|source| !matches!(source.kind, Ast::Missing))?.span;
    match (setup.kind, declared?) {
        (SetupKind::Prompt, Item::Prompt(id)) => {
            let prompt = bundle.prompts.get(id.index())?;
            let name = prompt.registry.as_ref()?.to_string();
            Some((Kind::Prompt, name, contract::prompt(prompt, shapes), span))
        }
        (SetupKind::Model, Item::Model(id)) => {
            let model = bundle.models.get(id.index())?;
            let found = (Kind::Model, model.id.to_string(), contract::model(model), span);
            (model.provider == Provider::Registry).then_some(found)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
