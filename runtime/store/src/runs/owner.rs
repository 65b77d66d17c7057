//! The right to drive the runs of a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::connect;
use super::error::{Error, Problem};
use super::reader::Reader;
use super::writer::{Probe, Writer};

/// The right to drive the runs of a file. One process has it; the system takes it back when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct Owner {
    path: PathBuf,
    writer: Writer,
    /// Held, never read.
    _lock: File,
}

impl Owner {
    /// Opens the file, or makes it. The directory must be there.
    ///
    /// # Errors
    /// When it is no store, cannot be written, or another process owns it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_watched(path, None)
    }

    /// [`Owner::open`], telling somebody when something is about to be kept and when it was. For tests that kill
    /// the process there.
    ///
    /// # Errors
    /// As [`Owner::open`].
    pub fn open_watched(path: &Path, probe: Option<Probe>) -> Result<Self, Error> {
        let lock = lock(path)?;
        let writer = Writer::start(path, connect::to_own(path)?, probe);
        Ok(Self { path: path.to_owned(), writer, _lock: lock })
    }

    /// Where changes go.
    #[must_use]
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the file cannot be opened again.
    pub fn reader(&self) -> Result<Reader, Error> {
        Reader::open(&self.path)
    }

    /// Which file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = open.map_err(|error| Error::io(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(path, Problem::InUse)),
        Err(TryLockError::Error(error)) => Err(Error::io(path, error)),
    }
}
