//! Packages: from texts to diagnostics and a Bundle.
//!
//! [`check`] does it once. A [`Workspace`] remembers each file's parse, so that an edit parses one file;
//! [`Workspace::diagnose`] also remembers what was found in each file and looks again only at those that an edit
//! can touch. Both give the same diagnostics.

mod allow;
mod follow_ups;
mod incremental;
mod library;

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_diagnostics::{Diagnostic, Echo, FileId, SourceFile, SourceMap, Span};
use flow_grammar::Parsed;
use flow_grammar::ast::ItemKind;
use flow_ir::Bundle;
use flow_ir::testing::Test;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::bounds::{self, Bounds};
use crate::knowledge::Recorder;
use crate::lock::{self, Lock};
use crate::manifest::{self, Manifest};
use crate::package::{Package, Source, imports};
use crate::registry::{self, Versions};
use crate::report::{self, At};
use crate::trust::{self, Places, Sink};
use crate::{bodies, flow_paths, rules};

pub use incremental::{Analysis, Diagnosed};

use incremental::{Memory, Prints};
use library::{MODULES, PRELUDE, Shelved};

/// A package as text. Nothing is read from anywhere else.
#[derive(Clone, Debug, Default)]
pub struct PackageInput {
    /// Path as shown and text of `flow.toml`, if there is one.
    pub manifest: Option<(String, String)>,
    /// Path as shown, module path (`["shop", "models"]`) and text of every file.
    pub files: Vec<(String, Vec<String>, String)>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The files that diagnostics point into, those of the standard library included.
    pub sources: SourceMap,
    /// In the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
    /// `None` if there are errors.
    pub output: Option<Output>,
    /// The Bundle, if there are errors, and all of them are about bounds: it cannot run, and can be counted.
    pub over_limit: Option<Bundle>,
}

/// What a package without errors becomes.
#[derive(Clone, Debug)]
pub struct Output {
    /// For the runtime.
    pub bundle: Bundle,
    /// For `flowc test`.
    pub tests: Vec<Test>,
    /// Where values leave, with what may be in them; by flow, node and call.
    pub sinks: Vec<Sink>,
    /// What `flow.toml` says.
    pub manifest: Manifest,
    /// What `flow.lock` must say.
    pub lock: Lock,
    /// What every flow takes, at most and usually.
    pub bounds: Bounds,
}

/// Checks a package.
///
/// ```
/// let input = flow_compiler::PackageInput {
///     manifest: None,
///     files: vec![("main.flow".into(), vec!["main".into()], "fn half(x: float): float = x / 2\n".into())],
/// };
/// assert!(flow_compiler::check(&input).output.is_some());
/// ```
#[must_use]
pub fn check(input: &PackageInput) -> Checked {
    let mut workspace = Workspace::default();
    workspace.set_manifest(input.manifest.clone());
    for (path, module, text) in &input.files {
        workspace.set_file(path, module, text);
    }
    workspace.check()
}

/// A file with what was made of it.
#[derive(Clone, Debug)]
struct FileState {
    module: String,
    source: Arc<SourceFile>,
    parsed: Arc<Parsed>,
    /// Names of the modules that it imports.
    imports: Vec<String>,
    /// Whether a comment of it may silence something.
    has_allows: bool,
    prints: Prints,
}

/// What a look is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// All there is to say about the package.
    Package,
    /// What follows from files and what they import.
    Files,
    /// The same, with the types of one file.
    File(FileId),
}

/// What a `flow.lock` is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum LockRule {
    /// What is declared must fit what it holds of others.
    #[default]
    Known,
    /// The package must agree with it in everything, and there must be one.
    Required,
    /// It is about to be written anew: only texts must not have changed under their versions.
    Renewed,
}

/// A look at some of the files: what there is to say about them, before [`settle`](Workspace::settle).
struct Look<'p> {
    package: Package<'p>,
    lowered: bodies::Lowered,
    sinks: Vec<Sink>,
    bounds: Bounds,
    sources: SourceMap,
    out: Vec<Diagnostic>,
}

impl Look<'_> {
    fn places(&self) -> Places<'_> {
        Places { pkg: &self.package, sources: &self.sources, bundle: &self.lowered.bundle }
    }
}

/// A package whose files change.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    manifest: Option<(String, String)>,
    files: BTreeMap<String, FileState>,
    /// The path of each module.
    by_module: FxHashMap<String, String>,
    /// The path and text of `flow.lock`, if there is one.
    lock: Option<(String, String)>,
    /// What it is for.
    lock_rule: LockRule,
    memory: Memory,
    /// What the registry's pointers name; `None` if nobody asked.
    versions: Option<Versions>,
}

impl Workspace {
    /// Sets or removes `flow.toml`: its path as shown and its text.
    pub fn set_manifest(&mut self, manifest: Option<(String, String)>) {
        if self.manifest != manifest {
            self.memory.manifest_changed();
        }
        self.manifest = manifest;
    }

    /// What `flow.toml` says, as far as it can be read.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        self.read_manifest(&mut SourceMap::default(), &mut Vec::new())
    }

    /// Sets or removes `flow.lock`: its path as shown and its text. What it holds of MCP servers is compared with what is
    /// declared by [`check`](Self::check) and by [`diagnose`](Self::diagnose).
    pub fn set_lock(&mut self, lock: Option<(String, String)>) {
        if self.lock != lock {
            let written = lock.as_ref().and_then(|(_, text)| lock::read(FileId(0), text, &mut Vec::new()));
            self.memory.lock_changed(written);
        }
        self.lock = lock;
    }

    /// From now on the package must agree with its `flow.lock` in everything, and there must be one.
    pub fn require_lock(&mut self) {
        self.lock_rule = LockRule::Required;
    }

    /// From now on `flow.lock` is taken for one that is about to be written anew: servers and pointers may have changed.
    pub fn renew_lock(&mut self) {
        self.lock_rule = LockRule::Renewed;
    }

    /// From now on what the package takes from a registry is compared with what is there.
    pub fn set_versions(&mut self, versions: Option<Versions>) {
        self.versions = versions;
    }

    /// Adds a file or replaces its text. It is parsed only if the text is new.
    pub fn set_file(&mut self, path: &str, module: &[String], text: &str) {
        let module = module.join("/");
        if let Some(known) = self.files.get_mut(path).filter(|known| known.source.text == text) {
            let before = std::mem::replace(&mut known.module, module.clone());
            if before != module {
                self.memory.imports_changed();
                self.unname(path, &before);
                self.name(path, module);
            }
            return;
        }
        let parsed = Arc::new(flow_grammar::parse(text));
        let prints = Prints::of(text, &parsed);
        let source = Arc::new(SourceFile::new(path.to_owned(), text.to_owned()));
        let has_allows = text.contains("flow:allow");
        let file = FileState { module, source, imports: imports_of(&parsed), parsed, has_allows, prints };
        match self.files.get_mut(path) {
            Some(before) if before.module == file.module && before.imports == file.imports => {
                self.memory.text_changed(path, before.prints.interface != prints.interface);
                *before = file;
            }
            before => {
                let before = before.map(|before| before.module.clone()).unwrap_or_default();
                let module = file.module.clone();
                self.memory.imports_changed();
                self.files.insert(path.to_owned(), file);
                self.unname(path, &before);
                self.name(path, module);
            }
        }
    }

    /// The same package with another text of one of its files. It remembers nothing.
    #[must_use]
    pub fn with_text(&self, path: &str, text: &str) -> Option<Self> {
        let module: Vec<String> = self.module(path)?.split('/').map(str::to_owned).collect();
        let mut other = Self {
            manifest: self.manifest.clone(),
            files: self.files.clone(),
            by_module: self.by_module.clone(),
            ..Self::default()
        };
        other.set_file(path, &module, text);
        Some(other)
    }

    /// Forgets a file.
    pub fn remove_file(&mut self, path: &str) {
        if let Some(file) = self.files.remove(path) {
            self.unname(path, &file.module);
        }
        self.memory.forget(path);
    }

    /// Notes which file a module is; of several, the last.
    fn name(&mut self, path: &str, module: String) {
        let is_last = self.by_module.get(&module).is_none_or(|other| other.as_str() <= path);
        if is_last {
            self.by_module.insert(module, path.to_owned());
        }
    }

    /// A file is no longer that module; another one may be.
    fn unname(&mut self, path: &str, module: &str) {
        if self.by_module.get(module).is_some_and(|known| known == path) {
            self.by_module.remove(module);
            let mut others =
                self.files.iter().filter(|(other, file)| *other != path && file.module == module);
            if let Some((other, _)) = others.next_back() {
                self.by_module.insert(module.to_owned(), other.clone());
            }
        }
    }

    /// The parse of a file.
    #[must_use]
    pub fn parsed(&self, path: &str) -> Option<Arc<Parsed>> {
        self.files.get(path).map(|file| Arc::clone(&file.parsed))
    }

    /// The text of a file, with its lines.
    #[must_use]
    pub fn source(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.files.get(path).map(|file| Arc::clone(&file.source))
    }

    /// The module path of a file: `shop/models`.
    #[must_use]
    pub fn module(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.module.as_str())
    }

    /// The path of the file that is a module: `shop/models`.
    #[must_use]
    pub fn path_of(&self, module: &str) -> Option<&str> {
        self.by_module.get(module).map(String::as_str)
    }

    /// Grows with every change that more than one file can see: while it is the same, only the text of a file itself
    /// says whether an [`Analysis`] of it still holds.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.memory.revision()
    }

    /// The paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Checks the package as it is now.
    #[must_use]
    pub fn check(&self) -> Checked {
        let files: Vec<&FileState> = self.files.values().collect();
        self.look(&files, Part::Package, |look, manifest| {
            let Look { package, mut lowered, sinks, bounds, mut sources, mut out } = look;
            let lock = Lock::of(&package, &sources, &lowered.bundle);
            if !out.iter().any(is_mistake) {
                self.compare_with_lock(&package, &mut lowered.bundle, &mut sources, &mut out);
            }
            let sound = !out.iter().any(is_mistake);
            let diagnostics = self.settle(out, manifest);
            let failed = diagnostics.iter().any(Diagnostic::is_error);
            let bodies::Lowered { bundle, tests, .. } = lowered;
            let output = Output { bundle, tests, sinks, manifest: manifest.clone(), lock, bounds };
            match failed {
                false => Checked { sources, diagnostics, output: Some(output), over_limit: None },
                true => {
                    let over_limit = sound.then_some(output.bundle);
                    Checked { sources, diagnostics, output: None, over_limit }
                }
            }
        })
    }

    fn compare_with_lock(
        &self,
        package: &Package<'_>,
        bundle: &mut Bundle,
        sources: &mut SourceMap,
        out: &mut Vec<Diagnostic>,
    ) {
        let Some((path, text)) = &self.lock else {
            if self.lock_rule == LockRule::Required {
                lock::no_file(package, sources, bundle, out);
            }
            return;
        };
        let id = sources.add(path.clone(), text.clone());
        if self.lock_rule == LockRule::Renewed {
            // A file that cannot be read is written anew.
            if let Some(written) = lock::read(id, text, &mut Vec::new()) {
                lock::reworded(package, sources, bundle, &written, out);
            }
            return;
        }
        let Some(written) = lock::read(id, text, out) else { return };
        lock::reworded(package, sources, bundle, &written, out);
        lock::servers::compare(package, bundle, &written.servers, out);
        if self.lock_rule == LockRule::Required {
            lock::compare(package, sources, bundle, &written, out);
        }
        lock::servers::put(bundle, &written.servers);
    }

    /// Looks at `files`, which import nothing of the package but each other. Their ids count from 0, then come
    /// `flow.toml` and the standard library. Types are written down for the file of [`Part::File`].
    fn look<T>(&self, files: &[&FileState], part: Part, then: impl FnOnce(Look<'_>, &Manifest) -> T) -> T {
        let mut sources = SourceMap::default();
        let mut out = Vec::new();
        let files: Vec<(&FileState, FileId)> =
            files.iter().map(|file| (*file, sources.share(Arc::clone(&file.source)))).collect();
        let manifest = self.read_manifest(&mut sources, &mut out);
        let std = std_modules(&files);
        let prelude = sources.share(Arc::clone(&PRELUDE.source));
        let std_ids: Vec<FileId> = std.iter().map(|file| sources.share(Arc::clone(&file.source))).collect();
        let mut list = vec![source(PRELUDE.module, prelude, &PRELUDE.parsed, false)];
        list.extend(files.iter().map(|(file, id)| source(&file.module, *id, &file.parsed, false)));
        list.extend(std.iter().zip(&std_ids).map(|(file, id)| source(file.module, *id, &file.parsed, true)));
        for (file, id) in &files {
            out.extend(file.parsed.errors.iter().map(|error| report::syntax::syntax(At(*id), error)));
        }
        let modules = self.files.values().map(|file| file.module.as_str());
        let mut package = Package::collect(&list, modules, &manifest, &mut out);
        if let Part::File(file) = part {
            package.record = Recorder::of(file);
        }
        let lowered = bodies::lower(&package, &sources, &mut out);
        let mut sinks = Vec::new();
        if part == Part::Package && lowered.is_sound {
            let places = Places { pkg: &package, sources: &sources, bundle: &lowered.bundle };
            sinks = trust::check(&places, &lowered.order, &mut out);
            rules::check(&places, &mut out);
        }
        for (file, id) in &files {
            if let Some(module) = package.module_at(At(*id)) {
                imports::unused(module, &file.source.text, &mut out);
            }
        }
        let versions = self.versions.as_ref().filter(|_| !out.iter().any(is_mistake));
        if let Some(versions) = versions {
            registry::compare(&package, &lowered.bundle, versions, &mut out);
        }
        // Numbers about a package with mistakes would be made up.
        let mut numbers = Vec::new();
        let bounds = match out.iter().any(is_mistake) {
            true => Bounds::default(),
            false => {
                let linked = versions.and_then(|versions| registry::linked(&lowered.bundle, versions).ok());
                if let (Some(linked), Some(versions)) = (&linked, versions) {
                    registry::compare_sizes(&package, linked, versions, &mut numbers);
                }
                bounds::checks::check(&package, linked.as_ref().unwrap_or(&lowered.bundle), &mut numbers)
            }
        };
        out.extend(numbers.into_iter().map(|found| found.echo(Echo::OfErrors)));
        then(Look { package, lowered, sinks, bounds, sources, out }, &manifest)
    }

    fn read_manifest(&self, sources: &mut SourceMap, out: &mut Vec<Diagnostic>) -> Manifest {
        match &self.manifest {
            Some((path, text)) => {
                let id = sources.add(path.clone(), text.clone());
                manifest::read(id, text, out)
            }
            None => {
                let first = self.files.values().next();
                let package = first.map_or("package", |file| flow_paths::last(&file.module)).to_owned();
                Manifest { package, ..Manifest::default() }
            }
        }
    }

    /// Sorts, removes repeats, and applies `// flow:allow` and `[lints]`.
    fn settle(&self, out: Vec<Diagnostic>, manifest: &Manifest) -> Vec<Diagnostic> {
        let mut diagnostics = out;
        let files = || (0u32..).zip(self.files.values()).map(|(row, file)| (FileId(row), file));
        for (id, file) in files().filter(|(_, file)| file.has_allows) {
            allow::apply(id, &file.source.text, &file.parsed.trivia, &mut diagnostics);
        }
        // Most files of a package that is being edited are right.
        let spoken: FxHashSet<FileId> = diagnostics.iter().map(|found| found.primary.span.file).collect();
        let items = files()
            .filter(|(id, _)| spoken.contains(id))
            .map(|(id, file)| (id, (file.parsed.file.items.as_slice(), &*file.source.text)));
        follow_ups::remove(&items.collect(), &mut diagnostics);
        // Last, so that a warning that the package denies is no reason to leave others out.
        manifest.lints.apply(&mut diagnostics);
        let key = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.span;
            (span.file, span.start, span.end, diagnostic.code.number)
        };
        let others = |found: &Diagnostic| -> Vec<Span> { found.secondary.iter().map(|it| it.span).collect() };
        diagnostics.sort_by(|a, b| {
            key(a)
                .cmp(&key(b))
                .then_with(|| a.message.cmp(&b.message))
                .then_with(|| others(a).cmp(&others(b)))
        });
        // What is wrong with a prompt is said once, however many ask it.
        diagnostics.dedup_by(|a, b| {
            a == b || (a.code.number == "FL0516" && (a.code, a.primary.span) == (b.code, b.primary.span))
        });
        diagnostics
    }
}

/// An error, but for those that are only said if there is no other.
fn is_mistake(found: &Diagnostic) -> bool {
    found.is_error() && found.echo != Some(Echo::OfErrors)
}

fn source<'a>(name: &'a str, id: FileId, parsed: &'a Parsed, is_std: bool) -> Source<'a> {
    Source { name, at: At(id), file: &parsed.file, is_std }
}

/// The modules of the standard library that are imported, in the order of their names.
fn std_modules(files: &[(&FileState, FileId)]) -> Vec<&'static Shelved> {
    let is_imported = |name: &str| files.iter().any(|(file, _)| file.imports.iter().any(|it| it == name));
    MODULES.iter().filter(|file| is_imported(file.module)).collect()
}

fn imports_of(parsed: &Parsed) -> Vec<String> {
    let imports = parsed.file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(flow_paths::joined(&import.path)),
        _ => None,
    });
    imports.collect()
}

#[cfg(test)]
mod tests;
