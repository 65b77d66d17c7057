//! The registry: prompts, models, bundles and releases as infrastructure.
//!
//! A *version* is immutable and named by the digest of its content; people call it by a number that counts per name.
//! A *pointer* (`support/triage@prod`) says which version is meant; it moves by compare-and-set, with an actor and a
//! reason, and rolls back in one step. Every change is an event of the *audit log*, each holding the hash of the one
//! before it.
//!
//! Everything is in one SQLite file. A change is one transaction ([`Registry::change`]): a process that is killed at
//! any point leaves the old state or the new one. Readers in any process follow moves with a [`Follower`], which also
//! keeps the last verified state beside it, for when the file cannot be read.
//!
//! Contents are in the file, or sealed in a store of objects: see [`bodies`].
//!
//! What a prompt *means* is not known here; whoever moves a pointer checks the version first, inside the transaction.
//! There is no clock here either: the caller says when something happens. Start reading at [`Registry`], then
//! [`pointer`], which holds the rules of moves without any storage.

pub mod access;
pub mod audit;
pub mod bodies;
mod change;
mod content;
mod error;
mod follow;
mod judgement;
mod name;
pub mod pointer;
pub mod protection;
mod read;
mod release;
mod retention;
mod snapshot;
mod sqlite;

pub use access::{BadGrant, Grant, Pattern, Role};
pub use audit::{Damage, Event};
pub use bodies::{Address, Trouble, Vault, Vaults};
pub use change::{Change, Published, Who};
pub use error::Error;
pub use follow::{Follower, FollowerOptions, Found};
pub use judgement::{Judgement, Verdict};
pub use name::{BadName, Kind, Name, PointerName, Reference, Selector};
pub use pointer::{Moved, Pointer};
pub use protection::{Plan, Proposal};
pub use read::{Deployed, Version, VersionRow};
pub use release::{Item, Release};
pub use retention::{Pruned, VersionKey};
pub use snapshot::Snapshot;
pub use sqlite::Registry;

#[cfg(test)]
mod tests;
