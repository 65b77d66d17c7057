//! The file behind a store: one line per change, each with its checksum.
//!
//! ```text
//! flow-store/1
//! 5be1…(16 hex digits of BLAKE3) {"place":…,"key":…,"now_ms":…,"write":{…}}
//! ```
//!
//! A line is written in one system call before the change is answered, so a killed process loses nothing that
//! it said it had. After a power cut the end may be missing or torn: what does not fit its checksum is dropped,
//! kept aside in a file of its own, and reported.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::place::Place;
use crate::write::Write;

/// The first line.
pub(crate) const FORMAT: &str = "flow-store/1";

const FILE: &str = "resources.jsonl";

/// One change as it is kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) place: Place,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) key: String,
    pub(crate) now_ms: i64,
    pub(crate) write: Write,
}

/// Lines that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// How many.
    pub lines: u64,
    /// Where they are now.
    pub kept_in: PathBuf,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = if self.lines == 1 { "line" } else { "lines" };
        write!(
            f,
            "{} damaged {lines} of the data could not be read, and were put into {}",
            self.lines,
            self.kept_in.display()
        )
    }
}

/// Where changes are kept, in order.
pub(crate) trait Log: Send + std::fmt::Debug {
    /// Keeps a change.
    fn append(&mut self, entry: &Entry) -> Result<(), Error>;

    /// Replaces all changes by these.
    fn rewrite(&mut self, entries: &[Entry]) -> Result<(), Error>;
}

/// The open file. Locked against other processes as long as it lives.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    file: File,
    /// Held, never read.
    _lock: File,
}

impl Journal {
    /// Opens or makes the journal of a directory, and reads what is in it.
    pub(crate) fn open(directory: &Path) -> Result<(Self, Vec<Entry>, Option<Damage>), Error> {
        std::fs::create_dir_all(directory).map_err(at(directory))?;
        let lock = lock(directory)?;
        let path = directory.join(FILE);
        let mut file = append_to(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(at(&path))?;
        let mut journal = Self { directory: directory.to_owned(), file, _lock: lock };
        if bytes.is_empty() {
            journal.put(format!("{FORMAT}\n").as_bytes())?;
            return Ok((journal, Vec::new(), None));
        }
        let (entries, damaged) = read(&path, &bytes)?;
        let damage = if damaged.is_empty() { None } else { Some(journal.put_aside(&entries, &damaged)?) };
        Ok((journal, entries, damage))
    }

    /// To a new file that then takes the old one's name, so that a crash leaves one of the two whole.
    fn replace(&mut self, entries: &[Entry]) -> Result<(), Error> {
        let (path, new) = (self.directory.join(FILE), self.directory.join(format!("{FILE}.new")));
        let mut text = format!("{FORMAT}\n");
        entries.iter().for_each(|entry| text.push_str(&line_of(entry)));
        let mut file = File::create(&new).map_err(at(&new))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at(&new))?;
        std::fs::rename(&new, &path).map_err(at(&path))?;
        self.file = append_to(&path)?;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(FILE);
        let length = self.file.seek(SeekFrom::End(0)).map_err(at(&path))?;
        let written = self.file.write_all(bytes);
        if written.is_err() {
            // Half a line would spoil the next one; if this fails too, the checksum finds it.
            let _ = self.file.set_len(length);
        }
        written.map_err(at(&path))
    }

    fn put_aside(&mut self, good: &[Entry], damaged: &[&[u8]]) -> Result<Damage, Error> {
        let digest = blake3::hash(&damaged.concat()).to_hex();
        let name = format!("{FILE}.damaged-{}", digest.get(..8).unwrap_or_default());
        let kept_in = self.directory.join(name);
        std::fs::write(&kept_in, damaged.join(&b'\n')).map_err(at(&kept_in))?;
        self.replace(good)?;
        Ok(Damage { lines: damaged.len() as u64, kept_in })
    }
}

impl Log for Journal {
    fn append(&mut self, entry: &Entry) -> Result<(), Error> {
        self.put(line_of(entry).as_bytes())
    }

    fn rewrite(&mut self, entries: &[Entry]) -> Result<(), Error> {
        self.replace(entries)
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |source| Error::Io { path: path.to_owned(), source }
}

fn append_to(path: &Path) -> Result<File, Error> {
    OpenOptions::new().create(true).read(true).append(true).open(path).map_err(at(path))
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let file = append_to(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse { path: directory.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

fn read<'b>(path: &Path, bytes: &'b [u8]) -> Result<(Vec<Entry>, Vec<&'b [u8]>), Error> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    if first != FORMAT.as_bytes() {
        let found: String = String::from_utf8_lossy(first).chars().take(40).collect();
        return Err(Error::Format { path: path.to_owned(), found });
    }
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for line in lines.filter(|line| !line.is_empty()) {
        match entry_of(line) {
            Some(entry) => entries.push(entry),
            None => damaged.push(line),
        }
    }
    Ok((entries, damaged))
}

fn line_of(entry: &Entry) -> String {
    // Writing to memory cannot fail, and every map has keys of text.
    let json = serde_json::to_string(entry).unwrap_or_default();
    format!("{} {json}\n", checksum(json.as_bytes()))
}

fn entry_of(line: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(line).ok()?;
    let (sum, json) = text.split_once(' ')?;
    if sum == checksum(json.as_bytes()) { serde_json::from_str(json).ok() } else { None }
}

fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().chars().take(16).collect()
}
