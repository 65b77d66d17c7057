//! What the models of a process said they take: asked once, and again after an answer that did not fit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::map::Names;

/// What a model is used for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Use {
    Text,
    Vectors,
}

/// By address and use. Clients are made for every call, so they share one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<Mutex<BTreeMap<(String, Use), Names>>>);

impl Known {
    pub(super) fn get(&self, url: &str, of: Use) -> Option<Names> {
        self.with(|known| known.get(&(url.to_owned(), of)).cloned())
    }

    pub(super) fn keep(&self, url: String, of: Use, names: Names) {
        self.with(|known| known.insert((url, of), names));
    }

    /// The model may be another one now.
    pub(super) fn forget(&self, url: &str) {
        self.with(|known| known.retain(|(kept, _), _| kept != url));
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<(String, Use), Names>) -> T) -> T {
        // Nothing that runs under the lock can panic half-way.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
