//! What an edit cannot touch is not looked at again.
//!
//! What is said about a file follows from its text, `flow.toml`, and what the modules that it imports (directly or
//! not) show: their [interface](Prints::interface). So each file is looked at together with those modules alone, and
//! what was found is kept until one of the prints differs. Only the last step, which weighs all findings against
//! each other, is done for the whole package each time; it is cheap. Nothing is invalidated: prints are compared.
//!
//! Whom a value is trusted by also follows from the callers of a flow. Files [`agree`] on that: each is asked what it
//! says when others say this, and every answer is kept, so that after an edit the same questions are asked again, and
//! only those that are new lead to a look. If what is looked at says what it said before, nobody is asked at all.

mod agree;
mod look;

use std::sync::Arc;

use flow_diagnostics::{Diagnostic, FileId, SourceMap, Span};
use flow_grammar::Parsed;
use flow_grammar::ast::{Item, ItemKind};
use flow_ir::Bundle;
use rustc_hash::{FxHashMap, FxHashSet};

use self::agree::Answer;
use super::library::{MODULES, PRELUDE};
use super::{FileState, Part, Workspace, is_mistake};
use crate::bounds::Bounds;
use crate::knowledge::Knowledge;
use crate::lock::{self, Written};
use crate::manifest::Manifest;

/// How many files are looked at together while somebody is typing: few enough to stop soon, many enough that what they
/// all import is not looked at for each of them.
const TOGETHER: usize = 32;

/// Looking at so many files is as quick as choosing one of them.
const FEW: usize = 4;

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
    /// Files whose texts are new since diagnostics were last looked for.
    changed: Vec<String>,
    /// Whether `flow.toml` or which files there are is new since then, or whose name means which.
    is_everything_new: bool,
    /// Names of all modules, as a print.
    modules: Option<[u8; 16]>,
    /// All paths, each before those that it imports; `None` if somebody imports something else since.
    order: Option<Arc<[String]>>,
    /// How many files were looked at: what an edit costs.
    looks: u64,
    /// Whether files agree: nobody has said anything new about labels since they did.
    is_agreed: bool,
    /// What `flow.lock` says; `None` if there is none, or if it cannot be read.
    written: Option<Arc<Written>>,
}

impl Memory {
    /// A file has a new text; `interface` says whether others can see that.
    pub(super) fn text_changed(&mut self, path: &str, interface: bool) {
        self.interfaces += u64::from(interface);
        if !self.changed.iter().any(|known| known == path) {
            self.changed.push(path.to_owned());
        }
    }

    pub(super) fn manifest_changed(&mut self) {
        self.interfaces += 1;
        self.is_everything_new = true;
    }

    pub(super) fn lock_changed(&mut self, written: Option<Written>) {
        self.written = written.map(Arc::new);
        self.is_everything_new = true;
    }

    /// Another file is there, or imports something else, or is imported by another name.
    pub(super) fn imports_changed(&mut self) {
        self.manifest_changed();
        self.order = None;
        self.modules = None;
        self.is_agreed = false;
    }

    pub(super) fn revision(&self) -> u64 {
        self.interfaces
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.found.remove(path);
        self.imports_changed();
    }
}

/// What was found in a file, and what that depends on.
#[derive(Clone, Debug)]
struct Found {
    text: [u8; 16],
    manifest: [u8; 16],
    lock: [u8; 16],
    /// Files that it sees, itself included, with their interfaces; sorted by path.
    sees: Vec<(String, [u8; 16])>,
    /// Other files that the diagnostics point into, with their texts.
    points: Vec<(String, [u8; 16])>,
    /// Names of all modules, if it or a file that it sees imports one that does not exist: it may be there one day, and
    /// "did you mean" looks at them.
    modules: Option<[u8; 16]>,
    /// With ids of files that are rows of `files`.
    diagnostics: Vec<Diagnostic>,
    /// What the rules say, if it is known of all files what their values are.
    rules: Vec<Diagnostic>,
    /// What `flow.lock` holds otherwise, if nothing else is wrong in the package.
    locked: Vec<Diagnostic>,
    files: Arc<[String]>,
    /// Whether it is known what its values are.
    is_sound: bool,
    /// What is said about trust, depending on what other files say; the latest last.
    answers: Vec<Answer>,
    /// Which of them holds now.
    answer: usize,
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
    /// The file and what it imports, for graphs. `None` if something there is wrong, but for its bounds.
    pub bundle: Option<Bundle>,
    /// What its flows cost at most; empty if something is wrong.
    pub bounds: Bounds,
}

impl Workspace {
    /// Diagnostics of the package as it is now, from what is remembered where that still holds.
    ///
    /// A `flow.lock` is taken as an editor takes it: what is declared must fit what it holds of others.
    pub fn diagnose(&mut self) -> Diagnosed {
        self.renew(&|| false);
        self.gather()
    }

    /// The same, unless `stop` says that the answer is not worth waiting for any more: then there is none. What was
    /// found until then is remembered.
    pub fn diagnose_unless(&mut self, stop: &dyn Fn() -> bool) -> Option<Diagnosed> {
        self.renew(stop).then(|| self.gather())
    }

    /// What is said about the package if of all files that are new or see something new, only one is looked at: all
    /// that is said about this one is of its text as it is now. `None` if looking at all of them is as quick.
    ///
    /// Only what files must agree on may be said otherwise later.
    pub fn diagnose_first(&mut self, path: &str) -> Option<Diagnosed> {
        let now = self.now();
        let stale = self.stale(&now);
        if self.memory.found.is_empty() || stale.len() <= FEW || !self.files.contains_key(path) {
            return None;
        }
        if !self.holds(path, &now) {
            self.look_at(vec![path.to_owned()], &now);
        }
        Some(self.gather())
    }

    /// Types and errors of one file.
    #[must_use]
    pub fn analyze(&self, path: &str) -> Option<Analysis> {
        let seen = self.seen_from(path);
        let file = FileId(u32::try_from(seen.iter().position(|other| *other == path)?).ok()?);
        let states: Vec<&FileState> = seen.iter().filter_map(|path| self.files.get(*path)).collect();
        Some(self.look(&states, Part::File(file), |look, _| {
            let knowledge = Knowledge::of(&look.package);
            let is_right = !look.out.iter().any(is_mistake);
            let bundle = is_right.then_some(look.lowered.bundle);
            Analysis { file, sources: look.sources, knowledge, bundle, bounds: look.bounds }
        }))
    }

    /// Whether what is remembered about a file still holds.
    fn holds(&self, path: &str, now: &Now) -> bool {
        let (Some(file), Some(found)) = (self.files.get(path), self.memory.found.get(path)) else {
            return false;
        };
        // At first by the names of what is new: comparing all prints of all files takes longer than a look.
        let is_touched = |changed: &String| {
            changed == path
                || found.sees.binary_search_by(|(other, _)| other.cmp(changed)).is_ok()
                || found.points.iter().any(|(other, _)| other == changed)
        };
        if !self.memory.is_everything_new && !self.memory.changed.iter().any(is_touched) {
            return true;
        }
        let text_of = |(path, text): &(String, [u8; 16])| {
            self.files.get(path).is_some_and(|file| file.prints.text == *text)
        };
        let interface_of = |(path, interface): &(String, [u8; 16])| {
            self.files.get(path).is_some_and(|file| file.prints.interface == *interface)
        };
        found.text == file.prints.text
            && found.points.iter().all(text_of)
            && found.manifest == now.manifest
            && found.lock == now.lock
            && found.modules.is_none_or(|modules| modules == now.modules)
            && found.sees.iter().all(interface_of)
    }

    /// Looks at all that does not hold any more; `false` if it was told to stop before.
    fn renew(&mut self, stop: &dyn Fn() -> bool) -> bool {
        let now = self.now();
        let stale = self.stale(&now);
        // At first everything is looked at together. Later somebody is typing, and may go on at any time.
        let size = if self.memory.found.is_empty() { stale.len() } else { TOGETHER };
        for group in stale.chunks(size.max(1)) {
            self.look_at(group.to_vec(), &now);
            if stop() {
                return false;
            }
        }
        // Whom a value is trusted by is asked only when it is known of all files what their values are.
        let is_sound = self.is_sound();
        if is_sound && !self.memory.is_agreed && !self.agree(stop) {
            return false;
        }
        self.memory.is_agreed = is_sound;
        self.memory.changed.clear();
        self.memory.is_everything_new = false;
        true
    }

    fn stale(&self, now: &Now) -> Vec<String> {
        self.files.keys().filter(|path| !self.holds(path, now)).cloned().collect()
    }

    fn is_sound(&self) -> bool {
        self.memory.found.values().all(|found| found.is_sound)
    }

    /// The files that diagnostics point into, with their texts.
    fn points<'d>(
        &self,
        files: &[String],
        diagnostics: impl Iterator<Item = &'d Diagnostic>,
    ) -> Vec<(String, [u8; 16])> {
        let mut pointed: FxHashSet<u32> = FxHashSet::default();
        for found in diagnostics {
            for_each_span(found, &mut |span| {
                pointed.insert(span.file.0);
            });
        }
        let pointed = pointed.into_iter().filter_map(|row| files.get(row as usize));
        pointed.filter_map(|path| Some((path.clone(), self.files.get(path)?.prints.text))).collect()
    }

    /// All findings with ids that count through the whole package, weighed against each other.
    fn gather(&self) -> Diagnosed {
        let is_sound = self.is_sound();
        let mut sources = SourceMap::default();
        for file in self.files.values() {
            sources.share(Arc::clone(&file.source));
        }
        let mut out = Vec::new();
        let manifest: Manifest = self.read_manifest(&mut sources, &mut out);
        for file in std::iter::once(&*PRELUDE).chain(MODULES.iter()) {
            sources.share(Arc::clone(&file.source));
        }
        let found = || self.files.keys().filter_map(|path| self.memory.found.get(path));
        // Looked up only if there is something to say.
        let ids = std::cell::LazyCell::new(|| {
            sources.iter().map(|(id, file)| (file.path.as_str(), id)).collect::<Ids<'_>>()
        });
        let mut add = |list: &[Diagnostic], files: &[String]| {
            if !list.is_empty() {
                out.extend(moved(list, files, &ids));
            }
        };
        for found in found() {
            add(&found.diagnostics, &found.files);
            if let Some(answer) = found.answers.get(found.answer).filter(|_| is_sound) {
                add(&found.rules, &found.files);
                add(answer.diagnostics(), answer.files());
            }
        }
        let mut locked = Vec::new();
        found().filter(|found| !found.locked.is_empty()).for_each(|found| {
            locked.extend(moved(&found.locked, &found.files, &ids));
        });
        drop(ids);
        if !out.iter().any(is_mistake) {
            out.extend(locked);
            if let (Some((path, text)), None) = (&self.lock, &self.memory.written) {
                let id = sources.add(path.clone(), text.clone());
                lock::read(id, text, &mut out);
            }
        }
        let diagnostics = self.settle(out, &manifest);
        Diagnosed { sources, diagnostics }
    }

    fn now(&mut self) -> Now {
        let manifest = self.manifest.as_ref().map(|(path, text)| format!("{path}\n{text}"));
        // Without a manifest the package is called after its first file.
        let manifest = manifest.unwrap_or_else(|| {
            self.files.values().next().map(|file| file.module.clone()).unwrap_or_default()
        });
        let files = &self.files;
        let modules = self.memory.modules.get_or_insert_with(|| {
            let mut modules = blake3::Hasher::new();
            for file in files.values() {
                modules.update(file.module.as_bytes());
                modules.update(b"\n");
            }
            short(modules.finalize())
        });
        let lock = self.lock.as_ref().map_or("", |(_, text)| text.as_str());
        Now {
            manifest: short(blake3::hash(manifest.as_bytes())),
            lock: short(blake3::hash(lock.as_bytes())),
            modules: *modules,
        }
    }

    /// The paths of a file and of those that it imports, directly or not, sorted as the package is.
    fn seen_from<'w>(&'w self, path: &str) -> Vec<&'w str> {
        let Some((path, _)) = self.files.get_key_value(path) else { return Vec::new() };
        let mut seen: FxHashSet<&str> = FxHashSet::default();
        let mut open = vec![path.as_str()];
        while let Some(path) = open.pop() {
            if !seen.insert(path) {
                continue;
            }
            let imports = self.files.get(path).into_iter().flat_map(|file| &file.imports);
            open.extend(imports.filter_map(|module| self.by_module.get(module).map(String::as_str)));
        }
        let mut seen: Vec<&str> = seen.into_iter().collect();
        seen.sort_unstable();
        seen
    }
}

/// Ids by path.
type Ids<'s> = FxHashMap<&'s str, FileId>;

/// Findings with the ids that files have in the whole package.
fn moved<'d>(
    list: &'d [Diagnostic],
    files: &'d [String],
    ids: &'d Ids<'_>,
) -> impl Iterator<Item = Diagnostic> + 'd {
    list.iter().map(move |found| {
        let mut found = found.clone();
        for_each_span_mut(&mut found, &mut |span| {
            let path = files.get(span.file.0 as usize);
            span.file = path.and_then(|path| ids.get(path.as_str())).copied().unwrap_or_default();
        });
        found
    })
}

fn paths(sources: &SourceMap) -> Vec<String> {
    sources.iter().map(|(_, file)| file.path.clone()).collect()
}

/// Prints of what every file may depend on.
#[derive(Clone, Copy)]
struct Now {
    manifest: [u8; 16],
    lock: [u8; 16],
    modules: [u8; 16],
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
