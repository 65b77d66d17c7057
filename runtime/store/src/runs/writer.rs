//! The one thread that writes.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};

use super::change::Change;
use super::commit;
use super::error::{Error, Problem};

/// Changes of one transaction: more only make everybody wait longer.
const BATCH: usize = 4_096;

/// Called once the changes are kept, or cannot be.
pub type Ack = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// Called on the writing thread. See [`Moment`].
pub type Probe = Arc<dyn Fn(Moment) + Send + Sync>;

/// Where a crash matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// Nothing of the transaction has reached the file.
    BeforeCommit,
    /// All of it has, and nobody was told.
    AfterCommit,
}

/// Sends changes to the writing thread. Cheap to clone; the thread ends with the last one.
///
/// After the first change that could not be kept, none is: what the disk holds is a prefix of what was sent.
#[derive(Clone, Debug)]
pub struct Writer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// `None` once it is closed.
    sender: Mutex<Option<Sender<Batch>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    failure: Arc<OnceLock<Error>>,
    closed: Error,
}

struct Batch {
    changes: Vec<Change>,
    ack: Option<Ack>,
}

impl Writer {
    pub(super) fn start(path: &Path, db: Connection, probe: Option<Probe>) -> Self {
        let (sender, receiver) = channel();
        let failure = Arc::new(OnceLock::new());
        let thread = Thread { path: path.to_owned(), db, probe, failure: Arc::clone(&failure) };
        let thread =
            std::thread::Builder::new().name("flow-writer".to_owned()).spawn(|| thread.run(receiver));
        if let Err(error) = &thread {
            // Set once, here: nobody else can have been faster.
            drop(failure.set(Error::io(path, std::io::Error::from(error.kind()))));
        }
        let inner = Inner {
            sender: Mutex::new(Some(sender)),
            thread: Mutex::new(thread.ok()),
            failure,
            closed: Error::new(path, Problem::Closed),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Keeps all of these or none. In the order of the calls; `ack` is called on the writing thread.
    pub fn send(&self, changes: Vec<Change>, ack: Option<Ack>) {
        // A sender is whole after any panic.
        let sender = self.inner.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let unsent = match sender.as_ref() {
            Some(sender) => sender.send(Batch { changes, ack }).err().and_then(|unsent| unsent.0.ack),
            None => ack,
        };
        drop(sender);
        if let Some(ack) = unsent {
            ack(Err(self.failure().unwrap_or_else(|| self.inner.closed.clone())));
        }
    }

    /// Why nothing is kept any more, if so.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        self.inner.failure.get().cloned()
    }

    /// Waits until everything sent so far is kept.
    ///
    /// # Errors
    /// When it could not be.
    pub fn flush(&self) -> Result<(), Error> {
        let (done, kept) = channel();
        self.send(Vec::new(), Some(Box::new(move |result| drop(done.send(result)))));
        kept.recv().unwrap_or_else(|_| Err(self.inner.closed.clone()))
    }

    /// Ends the thread when everything sent so far is kept. What is sent later is refused.
    pub fn close(&self) {
        drop(self.inner.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.inner.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It has nothing to say that `failure` does not.
            drop(thread.join());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.sender.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(thread) = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            drop(thread.join());
        }
    }
}

struct Thread {
    path: std::path::PathBuf,
    db: Connection,
    probe: Option<Probe>,
    failure: Arc<OnceLock<Error>>,
}

impl Thread {
    fn run(mut self, batches: Receiver<Batch>) {
        let mut taken = Vec::new();
        while let Ok(first) = batches.recv() {
            let mut n_changes = first.changes.len();
            taken.push(first);
            while n_changes < BATCH
                && let Ok(next) = batches.try_recv()
            {
                n_changes += next.changes.len();
                taken.push(next);
            }
            let result = self.keep(&taken, n_changes);
            for ack in taken.drain(..).filter_map(|batch| batch.ack) {
                ack(result.clone());
            }
        }
    }

    /// One transaction for all of them.
    fn keep(&mut self, batches: &[Batch], n_changes: usize) -> Result<(), Error> {
        if let Some(error) = self.failure.get() {
            return Err(error.clone());
        }
        if n_changes == 0 {
            return Ok(());
        }
        self.tell(Moment::BeforeCommit);
        let result = self.transact(batches).map_err(|error| Error::sqlite(&self.path, error));
        if let Err(error) = &result {
            // Never tried again: after a failed fsync nobody knows what the disk holds.
            drop(self.failure.set(error.clone()));
        }
        self.tell(Moment::AfterCommit);
        result
    }

    fn transact(&mut self, batches: &[Batch]) -> rusqlite::Result<()> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for change in batches.iter().flat_map(|batch| &batch.changes) {
            commit::apply(&transaction, change)?;
        }
        transaction.commit()
    }

    fn tell(&self, moment: Moment) {
        if let Some(probe) = &self.probe {
            probe(moment);
        }
    }
}
