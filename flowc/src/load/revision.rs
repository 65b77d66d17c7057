//! A package as it was in a revision of its git repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{File, MANIFEST, Package, existing, root_of, shown, slashed};
use crate::exit::Stop;

/// A file of the revision: its path below the package, and the name of its content.
struct Entry {
    path: String,
    object: String,
}

impl Package {
    /// The package that `path` belongs to, as of a git revision. Nothing is checked out.
    ///
    /// # Errors
    /// When there is no repository, no such revision, or no package in it.
    pub fn at_revision(path: &Path, revision: &str) -> Result<Self, Stop> {
        let path = existing(path)?;
        let root = root_of(&path);
        let directory = match &root {
            Some(root) => root.clone(),
            None if path.is_dir() => path.clone(),
            None => path.parent().unwrap_or(Path::new(".")).to_owned(),
        };
        let only = if root.is_none() {
            path.file_name().map(|name| name.to_string_lossy().into_owned())
        } else {
            None
        };
        let entries = entries(&directory, revision)?;
        let wanted = chosen(entries, only.as_deref());
        let texts = contents(&directory, &wanted)?;
        let mut package = Self {
            root: directory.clone(),
            shown: revision.to_owned(),
            manifest: None,
            lock: None,
            files: Vec::new(),
        };
        for (entry, bytes) in wanted.iter().zip(texts) {
            package.add(&directory, revision, &entry.path, bytes);
        }
        if package.files.is_empty() {
            let place = shown(&directory);
            return Err(Stop::usage(format!("there is no package at `{place}` in `{revision}`")));
        }
        Ok(package)
    }

    fn add(&mut self, directory: &Path, revision: &str, path: &str, bytes: Vec<u8>) {
        if path == MANIFEST {
            self.manifest = Some(String::from_utf8_lossy(&bytes).into_owned());
            return;
        }
        self.files.push(File {
            path: directory.join(path),
            shown: format!("{revision}:{path}"),
            module: slashed(&PathBuf::from(path).with_extension("")),
            bytes,
        });
    }
}

/// The manifest and the `.flow` files that no package further down owns, or the one file.
fn chosen(entries: Vec<Entry>, only: Option<&str>) -> Vec<Entry> {
    let nested: Vec<String> = entries
        .iter()
        .filter_map(|entry| entry.path.strip_suffix(MANIFEST))
        .filter(|folder| folder.ends_with('/'))
        .map(str::to_owned)
        .collect();
    let is_ours = |entry: &Entry| match only {
        Some(only) => entry.path == only,
        None => {
            let is_source = entry.path.ends_with(".flow") || entry.path == MANIFEST;
            is_source && !nested.iter().any(|folder| entry.path.starts_with(folder.as_str()))
        }
    };
    let mut chosen: Vec<Entry> = entries.into_iter().filter(is_ours).collect();
    chosen.sort_by(|a, b| a.path.cmp(&b.path));
    chosen
}

fn git(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(directory)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn no_git(error: &std::io::Error) -> Stop {
    Stop::usage(format!("cannot run `git`: {error}")).help("give a bundle instead: `--against old.bundle`")
}

/// Everything below the package in the revision.
fn entries(directory: &Path, revision: &str) -> Result<Vec<Entry>, Stop> {
    let refused = || {
        let shown = crate::terminal::clean(revision);
        Stop::usage(format!("`{shown}` is neither a file nor a git revision here"))
            .help("as in `--against main`, `--against HEAD~1`, `--against old.bundle`")
    };
    if revision.starts_with('-') {
        return Err(refused());
    }
    let listed = git(directory, &["ls-tree", "-r", "-z", revision, "--", "."])
        .output()
        .map_err(|error| no_git(&error))?;
    if !listed.status.success() {
        return Err(refused());
    }
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let entry = |row: &str| {
        let (head, path) = row.split_once('\t')?;
        let object = head.split_whitespace().nth(2)?;
        Some(Entry { path: path.to_owned(), object: object.to_owned() })
    };
    Ok(text.split('\0').filter_map(entry).collect())
}

/// The contents of files, by one process.
fn contents(directory: &Path, entries: &[Entry]) -> Result<Vec<Vec<u8>>, Stop> {
    let mut command = git(directory, &["cat-file", "--batch"]);
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(|error| no_git(&error))?;
    let names: String = entries.iter().map(|entry| format!("{}\n", entry.object)).collect();
    let input = child.stdin.take();
    // Written beside the reading: git answers before it has read everything.
    let writer = std::thread::spawn(move || input.map(|mut input| input.write_all(names.as_bytes())));
    let output = child.wait_with_output().map_err(|error| no_git(&error))?;
    drop(writer.join());
    let mut rest = output.stdout.as_slice();
    entries.iter().map(|entry| next(&mut rest).ok_or_else(|| lost(&entry.path))).collect()
}

fn lost(path: &str) -> Stop {
    Stop::usage(format!("git does not give the content of `{path}`"))
}

/// `<name> blob <size>`, a line break, the content, a line break.
fn next(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(rest.get(..end)?).ok()?;
    let size: usize = head.rsplit(' ').next()?.parse().ok()?;
    let from = end.checked_add(1)?;
    let to = from.checked_add(size)?;
    let content = rest.get(from..to)?.to_vec();
    *rest = rest.get(to.checked_add(1)?..).unwrap_or_default();
    Some(content)
}
