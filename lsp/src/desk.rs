//! What is open: documents as the client sees them, packages around them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_ide::position::{Encoding, Lines};
use flow_ide::{Finding, Package, View};
use rustc_hash::FxHashMap;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::convert;
use crate::publish::{Outbox, Said};
use crate::settings::Hints;
use crate::{Host, Loaded};

/// A document that the client has open.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) version: i32,
    text: String,
    /// As the client wrote it; other spellings of the same place would open a second tab.
    pub(crate) uri: Uri,
    /// Whether the package has not seen the text yet.
    is_new: bool,
}

/// A package with where it is.
#[derive(Debug, Default)]
pub(crate) struct Open {
    root: PathBuf,
    has_manifest: bool,
    pub(crate) package: Package,
}

/// Everything the server knows. Keys of files are paths, or URIs of documents that are no files.
pub(crate) struct Desk {
    pub(crate) host: Box<dyn Host>,
    pub(crate) encoding: Encoding,
    pub(crate) documents: FxHashMap<String, Document>,
    pub(crate) packages: Vec<Open>,
    pub(crate) said: Said,
    pub(crate) outbox: Outbox,
    /// Which hints are wanted.
    pub(crate) hints: Hints,
    /// Who is told how the first look goes on; dropped at its end.
    progress: Option<UnboundedSender<String>>,
    /// Whether something changed since diagnostics were last looked for.
    is_dirty: bool,
    /// Documents that were typed into since then.
    typed: Vec<String>,
}

impl Desk {
    pub(crate) fn new(host: Box<dyn Host>, outbox: Outbox) -> Self {
        Self {
            host,
            encoding: Encoding::default(),
            documents: FxHashMap::default(),
            packages: Vec::new(),
            said: Said::default(),
            outbox,
            hints: Hints::default(),
            progress: None,
            is_dirty: false,
            typed: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, uri: Uri, version: i32, text: String) {
        let key = convert::key(&uri);
        self.documents.insert(key.clone(), Document { version, text, uri, is_new: true });
        self.is_dirty = true;
        self.adopt(&key);
    }

    /// Applies edits; those of a version that is not new are repetitions and are left out.
    pub(crate) fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let (encoding, key) = (self.encoding, convert::key(uri));
        let Some(document) = self.documents.get_mut(&key) else { return };
        if version <= document.version {
            return;
        }
        if !self.typed.contains(&key) {
            self.typed.push(key);
        }
        document.version = version;
        document.is_new = true;
        self.is_dirty = true;
        for change in changes {
            match change.range {
                None => document.text = change.text,
                Some(range) => {
                    let lines = Lines::of(&document.text);
                    let at = |position| {
                        lines.offset(&document.text, convert::position(position), encoding) as usize
                    };
                    let (start, end) = (at(range.start), at(range.end));
                    document.text.replace_range(start.min(end)..end.max(start), &change.text);
                }
            }
        }
    }

    /// The disk's text counts again.
    pub(crate) fn close(&mut self, uri: &Uri) {
        let key = convert::key(uri);
        if self.documents.remove(&key).is_some() {
            self.refresh(&key);
        }
    }

    /// Something happened to files outside the editor.
    pub(crate) fn watched(&mut self, uris: &[Uri]) {
        for uri in uris {
            let key = convert::key(uri);
            if key.ends_with("flow.toml") || key.ends_with("flow.lock") {
                self.reload(Path::new(&key));
            } else if key.ends_with(".flow") && !self.documents.contains_key(&key) {
                self.refresh(&key);
            }
        }
    }

    /// Loads every package of the folders that are open from the beginning, and tells how that goes on.
    pub(crate) fn begin(&mut self, folders: &[PathBuf], progress: Option<UnboundedSender<String>>) {
        folders.iter().for_each(|folder| self.add_folder(folder));
        let files: usize = self.packages.iter().map(|open| open.package.paths().count()).sum();
        self.progress = progress;
        if let Some(progress) = &self.progress {
            // Nobody listens if the client is gone.
            drop(progress.send(format!("checking {files} files")));
        }
    }

    /// Loads every package of a folder.
    pub(crate) fn add_folder(&mut self, folder: &Path) {
        for loaded in self.host.packages_below(folder) {
            self.insert(loaded);
        }
        self.is_dirty = true;
    }

    /// Forgets the packages of a folder that no open document needs.
    pub(crate) fn remove_folder(&mut self, folder: &Path) {
        let documents = &self.documents;
        self.packages.retain(|open| {
            let is_open = open.package.paths().any(|path| documents.contains_key(path));
            is_open || !open.root.starts_with(folder)
        });
        self.is_dirty = true;
    }

    /// The view of a document, with its package.
    pub(crate) fn view(&mut self, uri: &Uri) -> Option<(&Open, Arc<View>)> {
        let key = convert::key(uri);
        self.flush();
        if self.row_of(&key).is_none() {
            self.adopt(&key);
            self.flush();
        }
        let open = self.packages.get(self.row_of(&key)?)?;
        let view = open.package.view(&key)?;
        Some((open, view))
    }

    /// Gives packages the texts that they have not seen.
    pub(crate) fn flush(&mut self) {
        for (key, document) in self.documents.iter_mut().filter(|(_, document)| document.is_new) {
            document.is_new = false;
            for open in &mut self.packages {
                if let Some(module) = open.package.module(key).map(str::to_owned) {
                    let module: Vec<String> = module.split('/').map(str::to_owned).collect();
                    open.package.set_file(key, &module, &document.text);
                } else if open.has_manifest && Path::new(key) == open.root.join("flow.toml") {
                    open.package.set_manifest(Some((key.clone(), document.text.clone())));
                }
            }
        }
    }

    /// Looks for diagnostics, if anything changed, until `stop` says that something else is waiting.
    pub(crate) fn publish(&mut self, stop: &dyn Fn() -> bool) {
        if !self.is_dirty {
            return;
        }
        self.flush();
        for key in std::mem::take(&mut self.typed) {
            self.look_first(&key);
            if stop() {
                return;
            }
        }
        let mut found: Vec<(String, Vec<Finding>)> = Vec::new();
        for open in &mut self.packages {
            match flow_ide::diagnose_unless(&mut open.package, stop) {
                Some(more) => found.extend(more),
                None => return,
            }
        }
        self.is_dirty = false;
        crate::publish::publish(self, found);
        self.progress = None;
    }

    /// Says what is wrong in a document that is typed into, if the files that import it would hold that up.
    fn look_first(&mut self, key: &str) {
        let row = self.row_of(key);
        let Some(open) = row.and_then(|row| self.packages.get_mut(row)) else { return };
        if let Some(findings) = flow_ide::diagnose_first(&mut open.package, key) {
            crate::publish::one(self, key, findings);
        }
    }

    /// What is said about a file as it is now.
    pub(crate) fn findings(&mut self, key: &str) -> Vec<Finding> {
        self.flush();
        if self.is_dirty {
            let row = self.row_of(key);
            let open = row.and_then(|row| self.packages.get_mut(row));
            match open.and_then(|open| flow_ide::diagnose_first(&mut open.package, key)) {
                Some(findings) => {
                    crate::publish::note(self, key, findings);
                }
                None => self.publish(&|| false),
            }
        }
        self.said.of(key)
    }

    /// Says what is wrong in all files.
    pub(crate) fn publish_all(&mut self) {
        self.publish(&|| false);
    }

    fn row_of(&self, key: &str) -> Option<usize> {
        self.packages.iter().position(|open| open.package.has(key))
    }

    /// Finds the package of a document that none has, and puts it in.
    fn adopt(&mut self, key: &str) {
        if self.row_of(key).is_some() || !is_flow(key) {
            return;
        }
        let path = Path::new(key);
        let is_file = path.is_absolute();
        let around = self.packages.iter().rposition(|open| open.has_manifest && path.starts_with(&open.root));
        let loaded = if is_file { self.host.package_of(path) } else { None };
        let loaded = loaded.unwrap_or_else(|| Loaded {
            root: path.parent().map(Path::to_owned).unwrap_or_default(),
            ..Loaded::default()
        });
        let nested =
            around.and_then(|row| self.packages.get(row)).is_none_or(|open| open.root != loaded.root);
        if nested || around.is_none() {
            self.insert(loaded);
        }
        let row = self.row_of(key).or_else(|| {
            let root = |open: &Open| open.has_manifest && path.starts_with(&open.root);
            self.packages.iter().rposition(root).or_else(|| self.packages.len().checked_sub(1))
        });
        let text = self.documents.get(key).map(|document| document.text.clone());
        let (Some(open), Some(text)) = (row.and_then(|row| self.packages.get_mut(row)), text) else { return };
        let module = module_of(&open.root, path);
        open.package.set_file(key, &module, &text);
    }

    fn insert(&mut self, loaded: Loaded) {
        let first = loaded.files.first().map(|(path, _, _)| key_of(path));
        let has_manifest = loaded.manifest.is_some();
        let same = |open: &&mut Open| {
            let is_same_file = first.as_ref().is_some_and(|first| open.package.has(first));
            open.root == loaded.root && open.has_manifest == has_manifest && (has_manifest || is_same_file)
        };
        let open = match self.packages.iter_mut().find(same) {
            Some(open) => open,
            None => {
                self.packages.push(Open { root: loaded.root, has_manifest, package: Package::default() });
                match self.packages.last_mut() {
                    Some(open) => open,
                    None => return,
                }
            }
        };
        open.package.set_manifest(loaded.manifest.map(|(path, text)| (key_of(&path), text)));
        open.package.set_lock(loaded.lock.map(|(path, text)| (key_of(&path), text)));
        let known: Vec<String> = open.package.paths().map(str::to_owned).collect();
        for gone in
            known.iter().filter(|known| !loaded.files.iter().any(|(path, _, _)| key_of(path) == **known))
        {
            if !self.documents.contains_key(gone) {
                open.package.remove_file(gone);
            }
        }
        for (path, module, text) in loaded.files {
            let key = key_of(&path);
            let text = self.documents.get(&key).map_or(text, |document| document.text.clone());
            open.package.set_file(&key, &module, &text);
        }
        self.is_dirty = true;
    }

    /// Takes a file's text from the disk.
    fn refresh(&mut self, key: &str) {
        self.is_dirty = true;
        let text = self.host.read(Path::new(key));
        match (text, self.row_of(key)) {
            (Some(text), Some(row)) => {
                if let Some(open) = self.packages.get_mut(row) {
                    let module = module_of(&open.root, Path::new(key));
                    open.package.set_file(key, &module, &text);
                }
            }
            (Some(_), None) => self.reload(Path::new(key)),
            (None, Some(row)) => {
                if let Some(open) = self.packages.get_mut(row) {
                    open.package.remove_file(key);
                    if open.package.paths().next().is_none() {
                        self.packages.remove(row);
                    }
                }
            }
            (None, None) => {}
        }
    }

    /// Reads the package around a file again.
    fn reload(&mut self, path: &Path) {
        if let Some(loaded) = self.host.package_of(path) {
            // Files of a package that was nested, or is now, may have changed sides.
            let documents = &self.documents;
            let is_inside = |key: &str| loaded.files.iter().any(|(path, _, _)| key_of(path) == key);
            self.packages.retain(|open| {
                let stays = open.package.paths().any(|path| documents.contains_key(path) || !is_inside(path));
                open.root == loaded.root || stays
            });
            self.insert(loaded);
        }
    }
}

fn key_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn is_flow(key: &str) -> bool {
    key.ends_with(".flow") || !key.starts_with('/')
}

/// The module path of a file of a package.
pub(crate) fn module_of(root: &Path, path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(root).unwrap_or_else(|_| Path::new(path.file_name().unwrap_or_default()));
    let inside = inside.with_extension("");
    inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
}

impl Open {
    /// The module that a file would be.
    pub(crate) fn module_at(&self, path: &Path) -> Option<String> {
        path.starts_with(&self.root).then(|| module_of(&self.root, path).join("/"))
    }
}
