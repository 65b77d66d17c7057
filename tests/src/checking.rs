//! Checks packages that live in memory, the way the command line checks those on disk.

use std::path::Path;
use std::sync::Arc;

use flow_compiler::registry::{Version, Versions};
use flow_compiler::{PackageInput, Workspace};
use flow_diagnostics::{Diagnostic, SourceMap};

/// What was found in a package.
#[derive(Debug)]
pub struct Checked {
    /// The files.
    pub map: SourceMap,
    /// In the order reported.
    pub found: Vec<Diagnostic>,
}

/// What every case may import, unless it brings its own.
const WORLD: [(&str, &str); 3] = [
    ("flow.toml", include_str!("../world/flow.toml")),
    ("models.flow", include_str!("../world/models.flow")),
    ("desk.flow", include_str!("../world/desk.flow")),
];

/// Checks files of a package by their names in it; with a `flow.lock`, they must agree with it. Without a `flow.toml` it is the package `shop`, with the
/// modules of `tests/world`.
#[must_use]
pub fn check(files: &[(String, String)]) -> Checked {
    let checked = workspace(files).check();
    Checked { map: checked.sources, found: checked.diagnostics }
}

/// The workspace of a package.
#[must_use]
pub fn workspace(files: &[(String, String)]) -> Workspace {
    let (kept, files): (Vec<_>, Vec<_>) =
        files.iter().cloned().partition(|(name, _)| name.starts_with("registry "));
    let files = files.as_slice();
    let own = |name: &str| files.iter().any(|(other, _)| other == name);
    let is_world = files.iter().all(|(name, _)| name != "flow.toml")
        || own("main.flow") && manifest_names(files, "shop");
    let world = WORLD.iter().filter(|(name, _)| is_world && !own(name)).copied();
    let (locks, sources): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name == "flow.lock");
    let all = sources.into_iter().map(|(name, text)| (name.as_str(), text.as_str())).chain(world);
    let input = input(all);
    let mut workspace = Workspace::default();
    if let Some((name, text)) = locks.first() {
        workspace.set_lock(Some((name.clone(), text.clone())));
        workspace.require_lock();
    }
    workspace.set_versions((!kept.is_empty()).then(|| versions(&kept)));
    workspace.set_manifest(input.manifest);
    for (path, module, text) in &input.files {
        workspace.set_file(path, module, text);
    }
    workspace
}

/// `registry prompt desk/sort@prod v3`: a version, and what names it.
fn versions(kept: &[(String, String)]) -> Versions {
    let mut versions = Versions::default();
    for (name, text) in kept {
        let words: Vec<&str> = name.split(' ').collect();
        let ["registry", kind, reference, number] = words.as_slice() else { continue };
        let number = number.trim_start_matches('v').parse().unwrap_or(0);
        let file = ("version.flow".to_owned(), vec!["version".to_owned()], text.clone());
        let checked = flow_compiler::check(&PackageInput { manifest: None, files: vec![file] });
        let bundle = checked.output.map(|output| output.bundle).unwrap_or_default();
        let version = Version { number, bundle: Arc::new(bundle) };
        let of_kind = if *kind == "model" { &mut versions.models } else { &mut versions.prompts };
        of_kind.insert((*reference).to_owned(), version);
    }
    versions
}

fn manifest_names(files: &[(String, String)], package: &str) -> bool {
    files.iter().any(|(name, text)| name == "flow.toml" && package_name(text) == package)
}

/// The `name` in a manifest; `shop` if it has none.
fn package_name(manifest: &str) -> &str {
    let line = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    line.map_or("shop", |name| name.trim_matches('"'))
}

fn input<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> PackageInput {
    let mut input = PackageInput::default();
    let files: Vec<(&str, &str)> = files.collect();
    for (name, text) in &files {
        match name.strip_suffix(".flow") {
            Some(stem) => {
                let module = stem.split('/').map(str::to_owned).collect();
                input.files.push(((*name).to_owned(), module, (*text).to_owned()));
            }
            None => input.manifest = Some(((*name).to_owned(), (*text).to_owned())),
        }
    }
    input
}

/// The `.flow` files and the manifest of a package on disk, by their names in it, sorted.
///
#[must_use]
pub fn package(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".flow") || name == "flow.toml" {
            found.push((name, std::fs::read_to_string(entry.path()).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

/// The text of a file after every fix was applied that does not overlap one before it.
#[must_use]
pub fn apply_fixes(checked: &Checked, name: &str, text: &str) -> String {
    let is_here = |file| checked.map.get(file).is_some_and(|file| file.path == name);
    let mut edits: Vec<_> = checked
        .found
        .iter()
        .filter_map(|diagnostic| diagnostic.fix.as_ref())
        .flat_map(|fix| &fix.edits)
        .filter(|edit| is_here(edit.span.file))
        .collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    edits.dedup();
    let (mut out, mut done) = (String::new(), 0_usize);
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        if start >= done {
            out.push_str(text.get(done..start).unwrap_or(""));
            out.push_str(&edit.text);
            done = end;
        }
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}
