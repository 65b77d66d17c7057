//! Connections for reading, shared by requests.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use flow_store::runs::{Error, Problem, Reader};

/// Connections kept for the next request.
const KEPT: usize = 8;

/// Connections for reading, shared by requests.
pub(crate) struct Readers {
    path: PathBuf,
    free: Arc<Mutex<Vec<Reader>>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, free: Arc::default() }
    }

    /// Reads on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (path, free) = (self.path.clone(), Arc::clone(&self.free));
        let closed = Error { path: self.path.clone(), problem: Problem::Closed };
        let work = tokio::task::spawn_blocking(move || {
            let kept = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = kept.map_or_else(|| Reader::open(&path), Ok)?;
            let result = act(&reader);
            let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
            if result.is_ok() && free.len() < KEPT {
                free.push(reader);
            }
            result
        });
        work.await.unwrap_or(Err(closed))
    }
}
