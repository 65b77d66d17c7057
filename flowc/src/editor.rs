//! What the language server needs of the machine.

use std::path::{Path, PathBuf};

use flow_ir::Bundle;
use flow_lsp::{Host, Loaded};

use crate::commands::explain::PAGES;
use crate::graph::{Picture, svg};
use crate::load::{self, LOCK, MANIFEST, Package};

/// This machine's files.
pub(crate) struct Machine;

impl Host for Machine {
    fn package_of(&self, file: &Path) -> Option<Loaded> {
        let has_manifest = |place: &&Path| place.join(MANIFEST).is_file();
        match file.ancestors().find(has_manifest) {
            Some(root) => Package::at(root).ok().map(|package| loaded(package, root)),
            None => Package::at(file).ok().map(|package| {
                let root = package.root.clone();
                loaded(package, &root)
            }),
        }
    }

    fn packages_below(&self, directory: &Path) -> Vec<Loaded> {
        let packages = load::packages_below(directory);
        packages.into_iter().filter_map(|root| self.package_of(&root.join(MANIFEST))).collect()
    }

    fn read(&self, file: &Path) -> Option<String> {
        std::fs::read(file).ok().map(|bytes| flow_grammar::decode(&bytes))
    }

    fn exists(&self, file: &Path) -> bool {
        file.is_file()
    }

    fn library_file(&self, name: &str) -> Option<PathBuf> {
        let prelude = ("std/prelude", flow_stdlib::PRELUDE);
        let mut all = [prelude].into_iter().chain(flow_stdlib::MODULES);
        let (_, text) = all.find(|(module, _)| name.strip_suffix(".flow") == Some(*module))?;
        kept(name, text)
    }

    fn page(&self, code: &str) -> Option<PathBuf> {
        let (_, text) = PAGES.iter().find(|(number, _)| *number == code)?;
        kept(&format!("errors/{code}.md"), text)
    }

    fn graph(&self, bundle: &Bundle, flow: &str) -> Option<String> {
        let flow = bundle.flows.iter().find(|known| known.name == flow)?;
        (flow.nodes.len() <= crate::commands::graph::LARGEST_SVG)
            .then(|| svg::write(&Picture::costed(flow, bundle)))
    }
}

/// `root` is the directory as the editor spells it: links in its path stay links.
fn loaded(package: Package, root: &Path) -> Loaded {
    let spelled = |path: &Path| match path.strip_prefix(&package.root) {
        Ok(inside) => root.join(inside),
        Err(_) => path.to_owned(),
    };
    let files = package.files.iter().map(|file| {
        let module = file.module.split('/').map(str::to_owned).collect();
        (spelled(&file.path), module, flow_grammar::decode(&file.bytes))
    });
    let files = files.collect();
    let manifest = package.manifest.clone().map(|text| (root.join(MANIFEST), text));
    let lock = package.lock.clone().map(|text| (root.join(LOCK), text));
    Loaded { root: root.to_owned(), manifest, lock, files }
}

/// A text of the binary as a file that an editor can open, read-only, in the user's cache.
fn kept(name: &str, text: &str) -> Option<PathBuf> {
    let path = cache().join(concat!("flowc-", env!("CARGO_PKG_VERSION"))).join(name);
    if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
        return Some(path);
    }
    std::fs::create_dir_all(path.parent()?).ok()?;
    // Written beside and renamed, because two editors may want it at once.
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&beside, text).ok()?;
    if let Ok(metadata) = std::fs::metadata(&beside) {
        let mut permissions = metadata.permissions();
        permissions.set_readonly(true);
        // A file that can be written to is as good to read.
        drop(std::fs::set_permissions(&beside, permissions));
    }
    std::fs::rename(&beside, &path).ok()?;
    Some(path)
}

fn cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || Some(named("HOME").or_else(|| named("USERPROFILE"))?.join(".cache"));
    named("XDG_CACHE_HOME").or_else(|| named("LOCALAPPDATA")).or_else(home).unwrap_or_else(std::env::temp_dir)
}
