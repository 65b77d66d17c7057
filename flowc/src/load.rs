//! From a path on the command line to the text of a package.
//!
//! A package is a directory with a `flow.toml` and every `.flow` file below it, down to the next `flow.toml`.
//! A file below no `flow.toml` is a package of its own. Ignored files (`.gitignore`) are left out.

mod files;
mod revision;
mod target;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use files::{Nested, flow_files, packages_below, read_bytes, read_text};
pub use target::Target;

use crate::exit::Stop;

/// The name of the file that makes a directory a package.
pub const MANIFEST: &str = "flow.toml";

/// The name of the file that says what a package was checked against.
pub const LOCK: &str = "flow.lock";

/// The text of a package, as found on disk.
#[derive(Clone, Debug)]
pub struct Package {
    /// The directory of `flow.toml`, or of the single file.
    pub root: PathBuf,
    /// As shown: relative to the current directory where possible.
    pub shown: String,
    /// `flow.toml`; `None` for a single file.
    pub manifest: Option<String>,
    /// `flow.lock`, if there is one.
    pub lock: Option<String>,
    /// Sorted by path.
    pub files: Vec<File>,
}

/// A `.flow` file of a package.
#[derive(Clone, Debug)]
pub struct File {
    /// On disk.
    pub path: PathBuf,
    /// As shown: relative to the current directory where possible, with `/`.
    pub shown: String,
    /// Relative to the package's root, without `.flow`, with `/`.
    pub module: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Package {
    /// The package that `path` (a directory or file) belongs to.
    ///
    /// # Errors
    /// When nothing is there, or it cannot be read.
    pub fn at(path: &Path) -> Result<Self, Stop> {
        let path = existing(path)?;
        match root_of(&path) {
            Some(root) => Self::in_directory(&root),
            None if path.is_file() => Self::single(&path),
            None => Err(no_package(&path)),
        }
    }

    /// Every package that `paths` name: the one around each, or all below a directory that is in none.
    ///
    /// # Errors
    /// When a path is not there, cannot be read, or has no package.
    pub fn all(paths: &[PathBuf]) -> Result<Vec<Self>, Stop> {
        // Keyed by place, so that two files of one package are one package.
        let mut found: BTreeMap<PathBuf, Self> = BTreeMap::new();
        for path in paths {
            let path = existing(path)?;
            for start in starts(&path)? {
                let package = Self::at(&start)?;
                let key = if package.manifest.is_some() { package.root.clone() } else { start };
                found.entry(key).or_insert(package);
            }
        }
        Ok(found.into_values().collect())
    }

    /// This file alone, whatever lies around it.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn file(path: &Path) -> Result<Self, Stop> {
        let path = existing(path)?;
        if !path.is_file() {
            return Err(Stop::usage(format!("`{}` is no file", shown(&path))));
        }
        Self::single(&path)
    }

    fn in_directory(root: &Path) -> Result<Self, Stop> {
        let manifest = read_text(&root.join(MANIFEST))?;
        let files: Result<Vec<File>, Stop> =
            flow_files(root, files::Nested::Stop)?.into_iter().map(|path| File::read(&path, root)).collect();
        Ok(Self {
            root: root.to_owned(),
            shown: shown(root),
            manifest: Some(manifest),
            lock: lock_in(root)?,
            files: files?,
        })
    }

    fn single(path: &Path) -> Result<Self, Stop> {
        let root = path.parent().unwrap_or(Path::new(".")).to_owned();
        let file = File::read(path, &root)?;
        let lock = lock_in(&root)?;
        Ok(Self { root, shown: file.shown.clone(), manifest: None, lock, files: vec![file] })
    }
}

impl File {
    fn read(path: &Path, root: &Path) -> Result<Self, Stop> {
        let module = path.strip_prefix(root).unwrap_or(path).with_extension("");
        let bytes = files::read_bytes(path)?;
        Ok(Self { path: path.to_owned(), shown: shown(path), module: slashed(&module), bytes })
    }
}

/// A path as shown: relative to the current directory where that is shorter, with `/`.
#[must_use]
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let relative = path.strip_prefix(&here).unwrap_or(path);
    if relative.as_os_str().is_empty() { ".".to_owned() } else { slashed(relative) }
}

fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

fn existing(path: &Path) -> Result<PathBuf, Stop> {
    path.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Stop::usage(format!("there is no `{}`", path.display())),
        _ => Stop::usage(format!("cannot read `{}`: {error}", path.display())),
    })
}

/// The nearest directory upwards that holds a `flow.toml`.
fn root_of(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|place| place.join(MANIFEST).is_file()).map(Path::to_owned)
}

/// Where packages begin: the path itself if it is in one, else whatever lies below it.
fn starts(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    if path.is_file() || root_of(path).is_some() {
        return Ok(vec![path.to_owned()]);
    }
    let files = flow_files(path, files::Nested::Enter)?;
    if files.is_empty() { Err(no_package(path)) } else { Ok(files) }
}

fn lock_in(root: &Path) -> Result<Option<String>, Stop> {
    let path = root.join(LOCK);
    if path.is_file() { read_text(&path).map(Some) } else { Ok(None) }
}

fn no_package(path: &Path) -> Stop {
    Stop::usage(format!("there is no package at `{}`", shown(path)))
        .help(format!("a package is a directory with a `{MANIFEST}`; `flowc new NAME` makes one"))
}

#[cfg(test)]
mod tests;
