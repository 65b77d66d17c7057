//! Texts that change, and each as it is now.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use flow_compiler::{Analysis, Diagnosed, Workspace};
use flow_diagnostics::{FileId, SourceFile};
use flow_grammar::{Parsed, Span};
use rustc_hash::FxHashMap;

use crate::decl::Decl;
use crate::resolve::{self, Occurrence, Place};

/// A package that is being edited.
#[derive(Debug, Default)]
pub struct Package {
    workspace: Workspace,
    views: RefCell<FxHashMap<String, (u64, Arc<View>)>>,
}

/// One file as it is now.
#[derive(Debug)]
pub struct View {
    /// Its path, as it was set.
    pub path: String,
    /// Its text.
    pub source: Arc<SourceFile>,
    /// Its tree.
    pub parsed: Arc<Parsed>,
    /// Types and errors.
    pub analysis: Analysis,
    /// What each name in it stands for, in the order of places.
    pub occurrences: Vec<Occurrence>,
}

impl Package {
    /// Sets or removes `flow.toml`: its path and its text.
    pub fn set_manifest(&mut self, manifest: Option<(String, String)>) {
        self.workspace.set_manifest(manifest);
    }

    /// Sets or removes `flow.lock`: its path and its text.
    pub fn set_lock(&mut self, lock: Option<(String, String)>) {
        self.workspace.set_lock(lock);
    }

    /// What `flow.toml` says, as far as it can be read.
    #[must_use]
    pub fn manifest(&self) -> flow_compiler::manifest::Manifest {
        self.workspace.manifest()
    }

    /// Adds a file or replaces its text.
    pub fn set_file(&mut self, path: &str, module: &[String], text: &str) {
        self.workspace.set_file(path, module, text);
    }

    /// Forgets a file.
    pub fn remove_file(&mut self, path: &str) {
        self.workspace.remove_file(path);
        self.views.get_mut().remove(path);
    }

    /// The paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.workspace.paths()
    }

    /// Whether a file belongs to it.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.workspace.module(path).is_some()
    }

    /// The module path of a file: `shop/models`.
    #[must_use]
    pub fn module(&self, path: &str) -> Option<&str> {
        self.workspace.module(path)
    }

    /// The path of the file that is the module of this name.
    #[must_use]
    pub fn file_of(&self, module: &str) -> Option<String> {
        let own = self.workspace.path_of(module);
        own.map(str::to_owned).or_else(|| LIBRARY.contains_key(module).then(|| format!("{module}.flow")))
    }

    /// What is said about the package as it is now.
    pub fn diagnose(&mut self) -> Diagnosed {
        self.workspace.diagnose()
    }

    /// The same, unless `stop` says that nobody waits for it any more.
    pub fn diagnose_unless(&mut self, stop: &dyn Fn() -> bool) -> Option<Diagnosed> {
        self.workspace.diagnose_unless(stop)
    }

    /// What is said about one file as it is now, before the others are looked at; `None` if those are few.
    pub fn diagnose_first(&mut self, path: &str) -> Option<Diagnosed> {
        self.workspace.diagnose_first(path)
    }

    /// Whether a file and what it imports would be right if it had another text.
    pub(crate) fn is_right_with(&self, path: &str, text: &str) -> bool {
        let analysis = self.workspace.with_text(path, text).and_then(|other| other.analyze(path));
        analysis.is_some_and(|analysis| analysis.bundle.is_some())
    }

    /// A file of the package as it is now.
    #[must_use]
    pub fn view(&self, path: &str) -> Option<Arc<View>> {
        let (source, parsed) = (self.workspace.source(path)?, self.workspace.parsed(path)?);
        let revision = self.workspace.revision();
        if let Some((known, view)) = self.views.borrow().get(path)
            && *known == revision
            && Arc::ptr_eq(&view.source, &source)
        {
            return Some(Arc::clone(view));
        }
        let analysis = self.workspace.analyze(path)?;
        let mut view = View { path: path.to_owned(), source, parsed, analysis, occurrences: Vec::new() };
        view.occurrences = resolve::occurrences(self, &view);
        let view = Arc::new(view);
        self.views.borrow_mut().insert(path.to_owned(), (revision, Arc::clone(&view)));
        Some(view)
    }

    /// The tree of a file, of the package or of the library.
    #[must_use]
    pub fn parsed(&self, path: &str) -> Option<Arc<Parsed>> {
        self.workspace.parsed(path).or_else(|| library(path).map(|(_, parsed)| Arc::clone(parsed)))
    }

    /// The text of a file, of the package or of the library.
    #[must_use]
    pub fn source(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.workspace.source(path).or_else(|| library(path).map(|(source, _)| Arc::clone(source)))
    }

    /// The declaration whose name stands at a place.
    pub(crate) fn decl<T>(&self, place: &Place, see: impl FnOnce(Decl<'_>, &str) -> T) -> Option<T> {
        let (parsed, source) = (self.parsed(&place.path)?, self.source(&place.path)?);
        Some(see(Decl::at(&parsed.file, place.span)?, &source.text))
    }
}

impl View {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// The text of a range.
    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text().get(span.range()).unwrap_or("")
    }

    /// The occurrence under a cursor; of two that touch it, the one behind.
    #[must_use]
    pub fn occurrence(&self, offset: u32) -> Option<&Occurrence> {
        let touching = self.occurrences.iter().filter(|found| found.span.touches(offset));
        touching.max_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)))
    }

    /// A place of a file that the analysis saw.
    pub(crate) fn place(&self, span: flow_diagnostics::Span) -> Option<Place> {
        let path = self.path_of(span.file)?;
        Some(Place { path: path.into(), span: Span::new(span.start, span.end) })
    }

    pub(crate) fn path_of(&self, file: FileId) -> Option<&str> {
        self.analysis.sources.get(file).map(|file| file.path.as_str())
    }

    /// The place of a span of this file.
    #[must_use]
    pub fn here(&self, span: Span) -> Place {
        Place { path: self.path.as_str().into(), span }
    }
}

type Library = FxHashMap<String, (Arc<SourceFile>, Arc<Parsed>)>;

/// The library's files by module.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let all = [("std/prelude", flow_stdlib::PRELUDE)].into_iter().chain(flow_stdlib::MODULES);
    all.map(|(name, text)| {
        let source = SourceFile::new(format!("{name}.flow"), text.to_owned());
        (name.to_owned(), (Arc::new(source), Arc::new(flow_grammar::parse(text))))
    })
    .collect()
});

fn library(path: &str) -> Option<&'static (Arc<SourceFile>, Arc<Parsed>)> {
    LIBRARY.get(path.strip_suffix(".flow")?)
}

/// Whether a path names a file of the standard library, which no package can change.
#[must_use]
pub fn is_library(path: &str) -> bool {
    library(path).is_some()
}
