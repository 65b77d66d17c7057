//! A reader that follows moves.
//!
//! A thread looks every [`FollowerOptions::poll`] whether anybody committed something, which costs one word of shared
//! memory, and reads all pointers in one transaction when that is so: what a reader sees was the state at one moment.
//! Every new state is kept in a file beside, and serves when the registry cannot be read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flow_ir::Digest;

use crate::bodies::{Shelf, Vaults};
use crate::error::Error;
use crate::name::{Kind, Reference, Selector};
use crate::read::Look;
use crate::snapshot::{Held, Snapshot};
use crate::sqlite::Registry;

/// How a registry is followed.
#[derive(Clone)]
pub struct FollowerOptions {
    /// Pointers of these kinds are held, with the content behind them.
    pub kinds: &'static [Kind],
    /// Between two looks.
    pub poll: Duration,
    /// Where the last verified state is kept; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// How long a state that cannot be renewed serves; `None` for ever.
    pub max_staleness: Option<Duration>,
    /// Stores where contents may be kept.
    pub vaults: Option<Vaults>,
}

impl std::fmt::Debug for FollowerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowerOptions").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// What a reference means now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The version.
    pub number: u32,
    /// The generation of the pointer; `None` where a version was named.
    pub generation: Option<u64>,
    /// Of the content.
    pub digest: Digest,
    /// The content, verified.
    pub body: Arc<[u8]>,
}

impl From<&Held> for Found {
    fn from(held: &Held) -> Self {
        Self {
            number: held.number,
            generation: (held.generation > 0).then_some(held.generation),
            digest: held.digest,
            body: Arc::clone(&held.body),
        }
    }
}

/// What the reader and its thread share.
struct Shared {
    path: PathBuf,
    options: FollowerOptions,
    state: RwLock<State>,
    /// Set to end the thread.
    stop: Mutex<bool>,
    woken: Condvar,
}

struct State {
    snapshot: Arc<Snapshot>,
    /// When the registry was last read, or found unchanged.
    renewed: Instant,
    /// Why it could not be read since.
    trouble: Option<String>,
}

/// A reader. Dropping it ends its thread.
pub struct Follower {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Reads the registry, or, if that fails, the state that was kept last.
    ///
    /// # Errors
    /// When neither can be read.
    pub fn start(path: &Path, options: FollowerOptions) -> Result<Self, Error> {
        let mut reader = Reader { open: None, shelf: Shelf::new(path, options.vaults.clone()) };
        let (snapshot, trouble) = match reader.read(path, &Snapshot::default(), options.kinds) {
            Ok(snapshot) => (snapshot, None),
            Err(error) => match options.cache.as_deref().map(Snapshot::kept) {
                Some(Ok(kept)) => (kept, Some(error.to_string())),
                Some(Err(_)) | None => return Err(error),
            },
        };
        if trouble.is_none() {
            keep(&snapshot, &options);
        }
        let state = State { snapshot: Arc::new(snapshot), renewed: Instant::now(), trouble };
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            options,
            state: RwLock::new(state),
            stop: Mutex::new(false),
            woken: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("registry-follower".to_owned())
            .spawn(move || follow(&own, reader))
            .map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// The state as last seen.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let state = self.shared.state.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&state.snapshot)
    }

    /// How long ago the state was last known to be current.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner).renewed.elapsed()
    }

    /// Why the registry cannot be read at present.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// What a reference means now. One call sees one moment.
    ///
    /// # Errors
    /// When it means nothing, or the state is older than [`FollowerOptions::max_staleness`].
    pub fn resolve(&self, kind: Kind, reference: &Reference) -> Result<Found, Error> {
        let (snapshot, trouble) = (self.snapshot(), self.trouble());
        if let (Some(trouble), Some(most)) = (&trouble, self.shared.options.max_staleness)
            && self.age() > most
        {
            let age = self.age().as_secs();
            return Err(Error::Damaged(format!(
                "it was last read {age} s ago, more than is allowed; since then: {trouble}"
            )));
        }
        let key = (kind, reference.to_string());
        if let Some(held) = snapshot.held.get(&key) {
            return Ok(Found::from(held));
        }
        match &reference.selector {
            Selector::Version(number) => self.named(kind, reference, *number),
            Selector::Pointer(pointer) => {
                Err(Error::NoPointer { kind, name: reference.name.clone(), pointer: pointer.clone() })
            }
        }
    }

    /// A version that nobody asked for yet: read once, kept from then on.
    fn named(&self, kind: Kind, reference: &Reference, number: u32) -> Result<Found, Error> {
        let shared = &self.shared;
        let registry = Registry::existing(&shared.path)?;
        let registry = match &shared.options.vaults {
            Some(vaults) => registry.with_vaults(Arc::clone(vaults)),
            None => registry,
        };
        let version = registry.version(kind, &reference.name, number)?;
        let held = Held { number, generation: 0, digest: version.row.digest, body: version.body };
        let found = Found::from(&held);
        let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut state.snapshot).held.insert((kind, reference.to_string()), held);
        keep(&state.snapshot, &shared.options);
        Ok(found)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        *self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.woken.notify_all();
        if let Some(thread) = self.thread.take() {
            // It panics only if a lock is poisoned, which it ignores.
            drop(thread.join());
        }
    }
}

/// A cache that cannot be written is no reason not to serve.
fn keep(snapshot: &Snapshot, options: &FollowerOptions) {
    if let Some(Err(error)) = options.cache.as_deref().map(|path| snapshot.keep(path)) {
        tracing::warn!(%error, "the state of the registry cannot be kept");
    }
}

/// A connection with what it saw last.
struct Reader {
    open: Option<(Registry, i64)>,
    /// Outlives the connection: vaults are opened once.
    shelf: Shelf,
}

impl Reader {
    /// The state now.
    fn read(&mut self, path: &Path, before: &Snapshot, kinds: &[Kind]) -> Result<Snapshot, Error> {
        let registry = match self.open.take() {
            Some((registry, _)) => registry,
            None => Registry::existing(path)?,
        };
        // Asked before reading: what is committed between the two is seen at the next look.
        let seen = registry.data_version()?;
        let snapshot = {
            let tx = registry.db.unchecked_transaction().map_err(|error| Error::storage(path, error))?;
            Snapshot::read(Look { db: &tx, path, shelf: &self.shelf }, before, kinds)?
        };
        self.open = Some((registry, seen));
        Ok(snapshot)
    }

    /// Whether nothing was committed since.
    fn is_current(&self, path: &Path) -> bool {
        // A file that was taken away stays readable for whoever holds it open; that is not the registry any more.
        let Some((registry, seen)) = self.open.as_ref().filter(|_| path.exists()) else { return false };
        registry.data_version().is_ok_and(|now| now == *seen)
    }

    fn close_if_gone(&mut self, path: &Path) {
        if !path.exists() {
            self.open = None;
        }
    }
}

fn follow(shared: &Shared, mut reader: Reader) {
    loop {
        let stop = shared.stop.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = shared.woken.wait_timeout_while(stop, shared.options.poll, |stop| !*stop);
        if *waited.unwrap_or_else(PoisonError::into_inner).0 {
            return;
        }
        look(shared, &mut reader);
    }
}

fn look(shared: &Shared, reader: &mut Reader) {
    let lock = || shared.state.write().unwrap_or_else(PoisonError::into_inner);
    if reader.is_current(&shared.path) {
        let mut state = lock();
        state.renewed = Instant::now();
        state.trouble = None;
        return;
    }
    reader.close_if_gone(&shared.path);
    let before = Arc::clone(&shared.state.read().unwrap_or_else(PoisonError::into_inner).snapshot);
    match reader.read(&shared.path, &before, shared.options.kinds) {
        Ok(snapshot) => {
            keep(&snapshot, &shared.options);
            let mut state = lock();
            *state = State { snapshot: Arc::new(snapshot), renewed: Instant::now(), trouble: None };
        }
        Err(error) => {
            let mut state = lock();
            if state.trouble.is_none() {
                tracing::warn!(%error, "the registry cannot be read; the last verified state serves");
            }
            state.trouble = Some(error.to_string());
        }
    }
}
