//! Why a file of runs could not be used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why a file of runs could not be used. Nothing was changed by what failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct Error {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    pub problem: Problem,
}

/// Why.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Problem {
    /// There is no such file.
    #[error("there is no such store")]
    Missing,
    /// The disk, or the quota on it, is full.
    #[error("the disk is full; nothing was lost, free some space and go on with `flowc resume`")]
    Full,
    /// The file or its directory may not be written.
    #[error("it cannot be written: the file, its directory or its disk is read-only")]
    ReadOnly,
    /// A file of something else.
    #[error("it is no store of flowc")]
    Foreign,
    /// Written by a newer version.
    #[error("it was written by a newer flowc (layout {found}, this one knows up to {known})")]
    Newer {
        /// In the file.
        found: i64,
        /// The highest that this version knows.
        known: i64,
    },
    /// Another process drives its runs.
    #[error("another process is running its runs")]
    InUse,
    /// Bytes are not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The writer has stopped.
    #[error("it was closed")]
    Closed,
    /// Anything else that the system says.
    #[error("{0}")]
    System(Arc<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(super) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        let problem = match source.kind() {
            std::io::ErrorKind::NotFound => Problem::Missing,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Problem::ReadOnly
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Problem::Full,
            _ => Problem::System(Arc::new(source)),
        };
        Self::new(path, problem)
    }

    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let problem = match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Problem::Full,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Problem::ReadOnly,
            Some(ErrorCode::NotADatabase) => Problem::Foreign,
            Some(ErrorCode::DatabaseCorrupt) => Problem::Damaged(source.to_string()),
            Some(ErrorCode::CannotOpen) if !path.exists() => Problem::Missing,
            _ => Problem::System(Arc::new(source)),
        };
        Self::new(path, problem)
    }
}
