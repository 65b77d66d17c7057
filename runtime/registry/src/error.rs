//! What can go wrong.

use std::path::{Path, PathBuf};

use crate::bodies::{BadAddress, Trouble};
use crate::name::{BadName, Kind, Name, PointerName};

/// Why the registry did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("the registry `{path}` cannot be used: {source}")]
    Storage {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is something else, or of a later version of this program.
    #[error("`{path}` is no registry that this version reads: {why}")]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What is there.
        why: String,
    },
    /// There is no file.
    #[error("there is no registry at `{0}`")]
    Missing(PathBuf),
    /// A file beside the registry cannot be written or read.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a name.
    #[error(transparent)]
    Name(#[from] BadName),
    /// Nothing was published under this name.
    #[error("there is no {kind} `{name}`")]
    NoName {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
    },
    /// The name has no such version, or it was deleted.
    #[error("{kind} `{name}` has no version v{number}")]
    NoVersion {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
        /// The number.
        number: u32,
    },
    /// The version was deleted by retention.
    #[error("v{number} of {kind} `{name}` was deleted")]
    Deleted {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
        /// The number.
        number: u32,
    },
    /// The name has no such pointer.
    #[error("{kind} `{name}` has no pointer `{pointer}`")]
    NoPointer {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
        /// The pointer.
        pointer: PointerName,
    },
    /// Somebody else moved the pointer meanwhile.
    #[error("`{name}@{pointer}` was moved meanwhile: it is at generation {found}, not {expected}")]
    Conflict {
        /// The name.
        name: Name,
        /// The pointer.
        pointer: PointerName,
        /// What the caller saw.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// There is nothing before the first version that a pointer named.
    #[error("`{name}@{pointer}` has no earlier version to go back to")]
    NothingBefore {
        /// The name.
        name: Name,
        /// The pointer.
        pointer: PointerName,
    },
    /// The pointer is there already.
    #[error("`{name}@{pointer}` is at v{number} already")]
    AlreadyThere {
        /// The name.
        name: Name,
        /// The pointer.
        pointer: PointerName,
        /// The version.
        number: u32,
    },
    /// A change says who makes it and why.
    #[error("a change needs {0}")]
    Unsigned(&'static str),
    /// The bytes are not what this kind of version holds.
    #[error("this is no {kind}: {why}")]
    Content {
        /// What was to be published.
        kind: Kind,
        /// What is wrong.
        why: String,
    },
    /// What is kept is not what was published.
    #[error("the registry is damaged: {0}")]
    Damaged(String),
    /// A content that is kept elsewhere cannot be kept or read.
    #[error("the content of {kind} `{name}` cannot be reached: {trouble}")]
    Bodies {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
        /// Why.
        trouble: Trouble,
    },
    /// No place where contents could be kept.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// One person alone does not move this pointer.
    #[error("{kind} `{name}@{pointer}` is protected: somebody else must approve the move")]
    Protected {
        /// Of this kind.
        kind: Kind,
        /// The name.
        name: Name,
        /// The pointer.
        pointer: PointerName,
    },
    /// These words protect nothing.
    #[error("`{0}` is not protected by these words")]
    NotProtected(String),
    /// There is no such proposal.
    #[error("there is no proposal {0}")]
    NoProposal(u64),
    /// It does not wait any more.
    #[error("proposal {seq} is {state} already")]
    ProposalClosed {
        /// Which.
        seq: u64,
        /// Where it stands.
        state: &'static str,
    },
    /// Whoever proposes does not approve.
    #[error("proposal {seq} was made by {actor}: somebody else approves it")]
    SamePerson {
        /// Which.
        seq: u64,
        /// Who.
        actor: String,
    },
    /// A release cannot be rolled back as one.
    #[error("release `{name}` cannot be rolled back as one: {why}")]
    Release {
        /// Which.
        name: Name,
        /// Why.
        why: String,
    },
}

impl Error {
    /// Wraps what SQLite says about a file.
    pub(crate) fn storage(path: &Path, source: rusqlite::Error) -> Self {
        Self::Storage { path: path.to_owned(), source }
    }

    /// Wraps what a vault says about a content.
    pub(crate) fn bodies(kind: Kind, name: &Name, trouble: Trouble) -> Self {
        Self::Bodies { kind, name: name.clone(), trouble }
    }
}
