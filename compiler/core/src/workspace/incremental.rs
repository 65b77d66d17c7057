//! What an edit cannot touch is not looked at again.
//!
//! What is said about a file follows from its text, `flow.toml`, and what the modules that it imports (directly or
//! not) show: their [interface](Prints::interface). So each file is looked at together with those modules alone, and
//! what was found is kept until one of the prints differs. Only the last step, which weighs all findings against
//! each other, is done for the whole package each time; it is cheap. Nothing is invalidated: prints are compared.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use flow_diagnostics::{Diagnostic, FileId, SourceFile, SourceMap, Span};
use flow_grammar::Parsed;
use flow_grammar::ast::{Item, ItemKind};
use flow_ir::Bundle;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Checked, FileState, Part, Workspace};
use crate::bodies;
use crate::bounds::Bounds;
use crate::flow_paths;
use crate::knowledge::Knowledge;
use crate::manifest::Manifest;

/// Fingerprints of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Prints {
    /// Of the whole text.
    pub(super) text: [u8; 16],
    /// Of all that another file's diagnostics can depend on: every declaration but tests and triggers.
    ///
    /// Bodies are part of it: the errors that a flow raises, what a prompt may cost and whom a value is trusted by
    /// follow from them. Comments, blank lines between declarations, tests and triggers are not.
    pub(super) interface: [u8; 16],
}

impl Prints {
    pub(super) fn of(text: &str, parsed: &Parsed) -> Self {
        let mut interface = blake3::Hasher::new();
        for item in parsed.file.items.iter().filter(|item| is_shown(item)) {
            for doc in &item.docs {
                interface.update(doc.text.as_bytes());
                interface.update(b"\n");
            }
            interface.update(text.get(item.span.range()).unwrap_or("").as_bytes());
            interface.update(&[0]);
        }
        // What recovery makes of an item may depend on what stands around it.
        if !parsed.errors.is_empty() {
            interface.update(text.as_bytes());
        }
        Self { text: short(blake3::hash(text.as_bytes())), interface: short(interface.finalize()) }
    }
}

fn is_shown(item: &Item) -> bool {
    !matches!(item.kind, ItemKind::Test(_) | ItemKind::Trigger(_))
}

fn short(hash: blake3::Hash) -> [u8; 16] {
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// What was found in each file, and a number that grows with every change that more than one file can see.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    found: FxHashMap<String, Found>,
    interfaces: u64,
}

impl Memory {
    pub(super) fn interface_changed(&mut self) {
        self.interfaces += 1;
    }

    pub(super) fn revision(&self) -> u64 {
        self.interfaces
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.found.remove(path);
        self.interface_changed();
    }
}

/// What was found in a file, and what that depends on.
#[derive(Clone, Debug)]
struct Found {
    text: [u8; 16],
    /// The state of the interfaces when this was last known to hold.
    interfaces: u64,
    manifest: [u8; 16],
    /// Files that it sees, itself included, with their interfaces.
    sees: Vec<(String, [u8; 16])>,
    /// Other files that the diagnostics point into, with their texts.
    points: Vec<(String, [u8; 16])>,
    /// Names of all modules, if one that does not exist is imported: "did you mean" looks at them.
    modules: Option<[u8; 16]>,
    /// With ids of files that are rows of `files`.
    diagnostics: Vec<Diagnostic>,
    files: Vec<String>,
}

/// What is said about a package as it is now.
#[derive(Clone, Debug)]
pub struct Diagnosed {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// In the order of files and places: the same as those of [`Workspace::check`].
    pub diagnostics: Vec<Diagnostic>,
}

/// Everything an editor wants to know about one file.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The file.
    pub file: FileId,
    /// It and the files that it sees, by the ids that `knowledge` uses.
    pub sources: SourceMap,
    /// Types and errors by place.
    pub knowledge: Knowledge,
    /// The file and what it imports, for costs and graphs. `None` if something there is wrong.
    pub bundle: Option<Bundle>,
    /// What its flows cost at most; empty if something is wrong.
    pub bounds: Bounds,
}

impl Workspace {
    /// Diagnostics of the package as it is now, from what is remembered where that still holds.
    pub fn diagnose(&mut self) -> Diagnosed {
        let now = Now::of(self);
        let stale: Vec<String> = self.files.keys().filter(|path| !self.holds(path, &now)).cloned().collect();
        if stale.len() > 8 && stale.len() * 4 > self.files.len() {
            self.look_at_all(&now);
        } else {
            for path in &stale {
                self.look_at_one(path, &now);
            }
        }
        let interfaces = self.memory.interfaces;
        self.memory.found.values_mut().for_each(|found| found.interfaces = interfaces);
        let found = self.memory.found.values().flat_map(|found| &found.diagnostics);
        if found.into_iter().any(bodies::is_about_text) {
            return self.gather();
        }
        // Rules about trust and labels look at callers too, and only at a text without mistakes.
        let Checked { sources, diagnostics, .. } = self.check();
        Diagnosed { sources, diagnostics }
    }

    /// Types and errors of one file.
    #[must_use]
    pub fn analyze(&self, path: &str) -> Option<Analysis> {
        let seen = self.seen_from(path, &self.by_module());
        let file = FileId(u32::try_from(seen.iter().position(|other| *other == path)?).ok()?);
        let states: Vec<&FileState> = seen.iter().filter_map(|path| self.files.get(*path)).collect();
        Some(self.look(&states, Part::File(file), |look, _| {
            let knowledge = Knowledge::of(&look.package);
            let failed = look.out.iter().any(Diagnostic::is_error);
            let bundle = (!failed).then_some(look.lowered.bundle);
            Analysis { file, sources: look.sources, knowledge, bundle, bounds: look.bounds }
        }))
    }

    /// Whether what is remembered about a file still holds.
    fn holds(&self, path: &str, now: &Now) -> bool {
        let (Some(file), Some(found)) = (self.files.get(path), self.memory.found.get(path)) else {
            return false;
        };
        let text_of = |(path, text): &(String, [u8; 16])| {
            self.files.get(path).is_some_and(|file| file.prints.text == *text)
        };
        if found.text != file.prints.text || !found.points.iter().all(text_of) {
            return false;
        }
        if found.interfaces == self.memory.interfaces {
            return true;
        }
        let interface_of = |(path, interface): &(String, [u8; 16])| {
            self.files.get(path).is_some_and(|file| file.prints.interface == *interface)
        };
        found.manifest == now.manifest
            && found.modules.is_none_or(|modules| modules == now.modules)
            && found.sees.iter().all(interface_of)
    }

    fn look_at_one(&mut self, path: &str, now: &Now) {
        let by_module = self.by_module();
        let seen: Vec<String> = self.seen_from(path, &by_module).into_iter().map(str::to_owned).collect();
        let Some(row) = seen.iter().position(|other| other == path) else { return };
        let states: Vec<&FileState> = seen.iter().filter_map(|path| self.files.get(path)).collect();
        let (mut out, files) = self.look(&states, Part::Files, |look, _| (look.out, paths(&look.sources)));
        out.retain(|found| found.primary.span.file.0 as usize == row);
        let found = self.found(path, &seen, files, out, now);
        self.memory.found.insert(path.to_owned(), found);
    }

    /// When most files are stale, one look at all is less work than a look at each.
    fn look_at_all(&mut self, now: &Now) {
        let states: Vec<&FileState> = self.files.values().collect();
        let (out, files) = self.look(&states, Part::Files, |look, _| (look.out, paths(&look.sources)));
        let mut by_file: BTreeMap<u32, Vec<Diagnostic>> = BTreeMap::new();
        for found in out {
            by_file.entry(found.primary.span.file.0).or_default().push(found);
        }
        let by_module = self.by_module();
        let mut all: Vec<(String, Found)> = Vec::with_capacity(files.len());
        for (row, path) in (0u32..).zip(self.files.keys()) {
            let seen: Vec<String> = self.seen_from(path, &by_module).into_iter().map(str::to_owned).collect();
            let (names, list) = match by_file.remove(&row) {
                Some(list) => (files.clone(), list),
                None => (Vec::new(), Vec::new()),
            };
            all.push((path.clone(), self.found(path, &seen, names, list, now)));
        }
        self.memory.found = all.into_iter().collect();
    }

    fn found(
        &self,
        path: &str,
        seen: &[String],
        files: Vec<String>,
        diagnostics: Vec<Diagnostic>,
        now: &Now,
    ) -> Found {
        let print = |path: &String| self.files.get(path).map(|file| file.prints);
        let sees = seen.iter().filter_map(|path| Some((path.clone(), print(path)?.interface))).collect();
        let mut pointed: FxHashSet<u32> = FxHashSet::default();
        for found in &diagnostics {
            for_each_span(found, &mut |span| {
                pointed.insert(span.file.0);
            });
        }
        let pointed = pointed.into_iter().filter_map(|row| files.get(row as usize));
        let points = pointed.filter_map(|path| Some((path.clone(), print(path)?.text))).collect();
        let imports_nothing = diagnostics.iter().any(|found| found.code.number == "FL0017");
        Found {
            text: print(&path.to_owned()).map(|prints| prints.text).unwrap_or_default(),
            interfaces: self.memory.interfaces,
            manifest: now.manifest,
            sees,
            points,
            modules: imports_nothing.then_some(now.modules),
            diagnostics,
            files,
        }
    }

    /// All findings with ids that count through the whole package, weighed against each other.
    fn gather(&self) -> Diagnosed {
        let mut sources = SourceMap::default();
        for file in self.files.values() {
            sources.share(Arc::clone(&file.source));
        }
        let mut out = Vec::new();
        let manifest: Manifest = self.read_manifest(&mut sources, &mut out);
        for file in LIBRARY.iter() {
            sources.share(Arc::clone(file));
        }
        let paths = paths(&sources);
        let ids: FxHashMap<&str, FileId> =
            (0u32..).zip(&paths).map(|(row, path)| (path.as_str(), FileId(row))).collect();
        for found in self.files.keys().filter_map(|path| self.memory.found.get(path)) {
            for diagnostic in &found.diagnostics {
                let mut diagnostic = diagnostic.clone();
                for_each_span_mut(&mut diagnostic, &mut |span| {
                    let path = found.files.get(span.file.0 as usize);
                    span.file = path.and_then(|path| ids.get(path.as_str())).copied().unwrap_or_default();
                });
                out.push(diagnostic);
            }
        }
        let diagnostics = self.settle(out, &manifest);
        Diagnosed { sources, diagnostics }
    }

    fn by_module(&self) -> FxHashMap<&str, &str> {
        self.files.iter().map(|(path, file)| (file.module.as_str(), path.as_str())).collect()
    }

    /// The paths of a file and of those that it imports, directly or not, sorted as the package is.
    fn seen_from<'w>(&'w self, path: &str, by_module: &FxHashMap<&str, &'w str>) -> Vec<&'w str> {
        let Some((path, _)) = self.files.get_key_value(path) else { return Vec::new() };
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut open = vec![path.as_str()];
        while let Some(path) = open.pop() {
            if !seen.insert(path) {
                continue;
            }
            let items = self.files.get(path).into_iter().flat_map(|file| &file.parsed.file.items);
            for item in items {
                if let ItemKind::Import(import) = &item.kind {
                    open.extend(by_module.get(flow_paths::joined(&import.path).as_str()));
                }
            }
        }
        let mut seen: Vec<&str> = seen.into_iter().collect();
        seen.sort_unstable();
        seen
    }
}

/// The files of the library, for the rare diagnostic that mentions one.
static LIBRARY: LazyLock<Vec<Arc<SourceFile>>> = LazyLock::new(|| {
    let prelude = ("std/prelude", flow_stdlib::PRELUDE);
    let all = [prelude].into_iter().chain(flow_stdlib::MODULES);
    all.map(|(name, text)| Arc::new(SourceFile::new(format!("{name}.flow"), text.to_owned()))).collect()
});

fn paths(sources: &SourceMap) -> Vec<String> {
    sources.iter().map(|(_, file)| file.path.clone()).collect()
}

/// Prints of what every file may depend on.
struct Now {
    manifest: [u8; 16],
    modules: [u8; 16],
}

impl Now {
    fn of(workspace: &Workspace) -> Self {
        let manifest = workspace.manifest.as_ref().map(|(path, text)| format!("{path}\n{text}"));
        // Without a manifest the package is called after its first file.
        let manifest = manifest.unwrap_or_else(|| {
            workspace.files.values().next().map(|file| file.module.clone()).unwrap_or_default()
        });
        let mut modules = blake3::Hasher::new();
        for file in workspace.files.values() {
            modules.update(file.module.as_bytes());
            modules.update(b"\n");
        }
        Self { manifest: short(blake3::hash(manifest.as_bytes())), modules: short(modules.finalize()) }
    }
}

fn for_each_span(found: &Diagnostic, see: &mut dyn FnMut(Span)) {
    see(found.primary.span);
    found.secondary.iter().for_each(|label| see(label.span));
    found.fix.iter().flat_map(|fix| &fix.edits).for_each(|edit| see(edit.span));
}

fn for_each_span_mut(found: &mut Diagnostic, see: &mut dyn FnMut(&mut Span)) {
    see(&mut found.primary.span);
    found.secondary.iter_mut().for_each(|label| see(&mut label.span));
    found.fix.iter_mut().flat_map(|fix| &mut fix.edits).for_each(|edit| see(&mut edit.span));
}

#[cfg(test)]
mod tests;
