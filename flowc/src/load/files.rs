//! Reading files and directories, with errors that say which one and why.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::exit::Stop;
use crate::load::{MANIFEST, shown};

/// What to do at a directory that is a package of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nested {
    /// It belongs to somebody else.
    Stop,
    /// Take its files too.
    Enter,
}

/// Every `.flow` file below a directory in the order of paths, without ignored and hidden ones.
///
/// # Errors
/// When a directory cannot be read.
pub fn flow_files(root: &Path, nested: Nested) -> Result<Vec<PathBuf>, Stop> {
    let top = root.to_owned();
    let walk = WalkBuilder::new(root)
        .require_git(false)
        .filter_entry(move |entry| {
            let is_other_package = entry.path() != top && entry.path().join(MANIFEST).is_file();
            nested == Nested::Enter || !is_other_package
        })
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| Stop::usage(format!("cannot read {error}")))?;
        if entry.path().extension().is_some_and(|extension| extension == "flow") && entry.path().is_file() {
            files.push(entry.into_path());
        }
    }
    files.sort();
    Ok(files)
}

/// The bytes of a file.
///
/// # Errors
/// When it is not there or cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

/// The text of a file that is not `.flow`, such as `flow.toml` or JSON input.
///
/// # Errors
/// When it is not there, cannot be read, or is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, Stop> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Stop::usage(format!("`{}` is not UTF-8: byte {at} is no part of a character", shown(path)))
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Stop {
    match error.kind() {
        std::io::ErrorKind::NotFound => Stop::usage(format!("there is no file `{}`", shown(path))),
        std::io::ErrorKind::IsADirectory => {
            Stop::usage(format!("`{}` is a directory, not a file", shown(path)))
        }
        _ => Stop::usage(format!("cannot read `{}`: {error}", shown(path))),
    }
}

/// Every directory at or below `directory` that holds a `flow.toml`, without ignored and hidden ones. What cannot be
/// read is left out.
#[must_use]
pub fn packages_below(directory: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(directory).require_git(false).build();
    let manifests = walk.filter_map(Result::ok).filter(|entry| entry.file_name() == MANIFEST);
    let mut roots: Vec<PathBuf> =
        manifests.filter_map(|entry| entry.path().parent().map(Path::to_owned)).collect();
    roots.sort();
    roots
}
