//! The state of every target of a process.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flow_policy::breaker;
use rustc_hash::{FxHashMap, FxHasher};
use smol_str::SmolStr;
use tokio::sync::Semaphore;

use super::target::{Health, Key, Pace};

const SHARDS: usize = 16;

/// The gates of a process, by name. Share one among all performers.
///
/// Looked up when a performer is made and when somebody asks how things stand, never by a call.
#[derive(Debug, Default)]
pub struct Registry {
    pub(super) health: Table<Health>,
    pub(super) paces: Table<Pace>,
    pub(super) keys: Table<Key>,
    /// Of `parallel: n`.
    pub(super) places: Table<Semaphore>,
}

impl Registry {
    /// Without targets.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Forces the breaker of a target open or closed until `None` takes it back. `false`: there is none of that
    /// name. Names are as [`Registry::states`] tells them.
    pub fn force(&self, target: &str, forced: Option<breaker::Forced>) -> bool {
        let Some(health) = self.health.find(target) else { return false };
        health.force(forced);
        true
    }

    /// Another replica says that its breaker of this target is open until then, ms since the Unix epoch.
    pub fn hint(&self, target: &str, until_ms: i64) {
        if let Some(health) = self.health.find(target) {
            health.hint(until_ms);
        }
    }

    /// A secret was changed: keys of this name are used again.
    pub fn key_changed(&self, name: &str, now_ms: i64) {
        for key in self.keys.all().into_iter().filter(|key| key.is_of(name)) {
            key.changed(now_ms);
        }
    }
}

/// Values by name, in shards, so that looking one up does not wait for another.
#[derive(Debug)]
pub(super) struct Table<T> {
    shards: [Mutex<FxHashMap<SmolStr, Arc<T>>>; SHARDS],
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl<T> Table<T> {
    /// The value of a name, made if there is none yet.
    pub(super) fn get(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        let Some(mut shard) = self.shard(name) else { return Arc::new(make()) };
        Arc::clone(shard.entry(name.into()).or_insert_with(|| Arc::new(make())))
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<T>> {
        self.shard(name)?.get(name).cloned()
    }

    /// All of them, by name.
    pub(super) fn all(&self) -> Vec<Arc<T>> {
        let mut all: Vec<(SmolStr, Arc<T>)> = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(shard.iter().map(|(name, value)| (name.clone(), Arc::clone(value))));
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.into_iter().map(|(_, value)| value).collect()
    }

    fn shard(&self, name: &str) -> Option<MutexGuard<'_, FxHashMap<SmolStr, Arc<T>>>> {
        let hash = BuildHasherDefault::<FxHasher>::default().hash_one(name);
        let shard = self.shards.get(hash as usize % SHARDS)?;
        // Nothing that runs under the lock can panic half-way, so a poisoned table is still whole.
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
