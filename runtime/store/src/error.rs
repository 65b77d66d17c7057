//! Why a store could not do it.

use std::path::PathBuf;

/// Why a store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory or its file cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the directory open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
    /// The file was written by a version that this one does not understand.
    #[error("{} is `{found}`, this version reads `{}`", path.display(), crate::journal::FORMAT)]
    Format {
        /// Which file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// The file of runs that holds the resources cannot be used.
    #[error(transparent)]
    Runs(#[from] crate::runs::Error),
    /// The predicate of a search failed.
    #[error("{0}")]
    Predicate(String),
    /// Vectors of two models in one resource.
    #[error(
        "`{resource}` holds vectors of {held} dimensions, this one has {given}; its embedding model was changed, so it must be filled again"
    )]
    Dimensions {
        /// Which resource.
        resource: String,
        /// In the store.
        held: usize,
        /// As given.
        given: usize,
    },
}
