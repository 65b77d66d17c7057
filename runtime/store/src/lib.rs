//! What outlives a step: values of resources ([`Store`]), and whole runs ([`runs`]).
//!
//! Resources are memories, caches, indexes, slots, events, queues, topics, datasets.
//! [`Store`] is the contract; [`LocalStore`] keeps everything in the process, and with a directory or a file of runs also there. Values are JSON in wire names here: what they mean is the engine's business. Every operation
//! belongs to a [`Place`], which names the tenant, so that no tenant can reach another's values.

mod error;
mod hashing;
mod index;
mod journal;
mod local;
mod place;
pub mod runs;
mod wait;
mod write;

pub use error::Error;
pub use hashing::{DIMENSIONS, hashing_vector};
pub use index::{Hit, Query, cosine, words};
pub use journal::Damage;
pub use local::LocalStore;
pub use place::{Place, Stamp};
pub use wait::EventWait;
pub use write::{IndexEntry, Vector, Write, Written};

use std::sync::Arc;

use flow_ir::setup::ResourceKind;
use serde_json::Value as Json;

/// A predicate of one element of an index. Its error stops the search.
pub type Keep<'a> = &'a mut dyn FnMut(&Json) -> Result<bool, String>;

/// A place for the values of resources.
///
/// All calls are quick and do not wait, except [`Store::wait`]. Times are the caller's: a store has no clock.
pub trait Store: Send + Sync {
    /// Changes something, durably. A stamp with a key that was used before changes nothing and gives the
    /// answer of the first time.
    ///
    /// # Errors
    /// The change could not be kept; then nothing was changed.
    fn write(&self, place: &Place, stamp: &Stamp, write: Write) -> Result<Written, Error>;

    /// What a memory holds under a key, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn memory(&self, place: &Place, key: &str, now_ms: i64) -> Result<Vec<Json>, Error>;

    /// What a cache holds under exactly this key.
    ///
    /// # Errors
    /// The store cannot be read.
    fn cached(&self, place: &Place, key: &str, now_ms: i64) -> Result<Option<Json>, Error>;

    /// What a cache holds under the key whose vector is nearest, if its cosine is at least this.
    ///
    /// # Errors
    /// The store cannot be read.
    fn nearest(
        &self,
        place: &Place,
        vector: &[f32],
        at_least: f32,
        now_ms: i64,
    ) -> Result<Option<Json>, Error>;

    /// Searches an index. The predicate is asked before the best are chosen.
    ///
    /// # Errors
    /// The store cannot be read, or the predicate failed.
    fn search(&self, place: &Place, query: &Query<'_>, keep: Keep<'_>) -> Result<Vec<Hit>, Error>;

    /// Everything that a queue, topic or dataset holds, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn list(&self, place: &Place, kind: ResourceKind) -> Result<Vec<Json>, Error>;

    /// Waits for the next event of a key; one that came before is taken at once.
    fn wait(self: Arc<Self>, place: Place, key: String, stamp: Stamp) -> EventWait;
}
