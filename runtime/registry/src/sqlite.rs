//! The file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::bodies::{Shelf, Vaults};
use crate::change::{Change, Who};
use crate::error::Error;

const SCHEMA: &str = include_str!("sqlite/schema.sql");

/// What came with each later format: what evals said of versions, contents elsewhere, protected pointers.
const LATER: [&str; 3] = [
    include_str!("sqlite/judgements.sql"),
    include_str!("sqlite/bodies.sql"),
    include_str!("sqlite/access.sql"),
];

/// `FLRG`, in the header of the file.
const APPLICATION: i64 = 0x464c_5247;

/// Of [`SCHEMA`] with all that came later.
const SCHEMA_VERSION: usize = 1 + LATER.len();

/// How long another writer is waited for. A change takes milliseconds, but many may stand in line.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry in a file. One per thread: it is a connection.
#[derive(Debug)]
pub struct Registry {
    path: PathBuf,
    pub(crate) db: Connection,
    pub(crate) shelf: Shelf,
}

impl Registry {
    /// Opens a registry, or makes an empty one.
    ///
    /// # Errors
    /// When the file is something else, or cannot be used.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::with(path, flags)
    }

    /// Opens a registry that must be there.
    ///
    /// # Errors
    /// When there is none, it is something else, or cannot be used.
    pub fn existing(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Missing(path.to_owned()));
        }
        Self::with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    }

    /// With stores where contents may be kept.
    #[must_use]
    pub fn with_vaults(self, vaults: Vaults) -> Self {
        Self { shelf: Shelf::new(&self.path, Some(vaults)), ..self }
    }

    fn with(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let failed = |source| Error::storage(path, source);
        let db = Connection::open_with_flags(path, flags).map_err(failed)?;
        db.busy_timeout(PATIENCE).map_err(failed)?;
        // What was acknowledged must survive a power cut, so every commit waits for the disk.
        let mode = db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        mode.and_then(|_| db.pragma_update(None, "synchronous", "FULL")).map_err(failed)?;
        let mut registry = Self { path: path.to_owned(), db, shelf: Shelf::new(path, None) };
        registry.prepare()?;
        Ok(registry)
    }

    /// Makes the tables of a new file; refuses a file of somebody else.
    fn prepare(&mut self) -> Result<(), Error> {
        let path = self.path.clone();
        let failed = |source| Error::storage(&path, source);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let number = |pragma: &str| tx.query_row(pragma, [], |row| row.get::<_, i64>(0)).map_err(failed);
        let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        let tables = number("SELECT count(*) FROM sqlite_schema")?;
        match (application, version, tables) {
            (APPLICATION, SCHEMA_VERSION, _) => return Ok(()),
            (0, 0, 0) => tx.execute_batch(SCHEMA).map_err(failed)?,
            (APPLICATION, 1..SCHEMA_VERSION, _) => {}
            (APPLICATION, version, _) => {
                let why = format!("its format is {version}, this is for {SCHEMA_VERSION}");
                return Err(Error::Foreign { path: path.clone(), why });
            }
            _ => {
                let why = "it is a database of another program".to_owned();
                return Err(Error::Foreign { path: path.clone(), why });
            }
        }
        for later in LATER.iter().skip(version.saturating_sub(1)) {
            tx.execute_batch(later).map_err(failed)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        tx.pragma_update(None, "user_version", SCHEMA_VERSION as i64).map_err(failed)?;
        tx.commit().map_err(failed)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes one change of several steps: all of them, or, if `steps` fails, none. Nobody else changes anything
    /// meanwhile, so that what `steps` reads and checks still holds when the change is kept.
    ///
    /// # Errors
    /// Whatever `steps` says, and when the file cannot be written.
    pub fn change<T, E: From<Error>>(
        &mut self,
        who: &Who,
        steps: impl FnOnce(&Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let path = self.path.clone();
        let failed = |source| Error::storage(&path, source);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let change = Change::new(&tx, who, &path, &self.shelf);
        let done = steps(&change)?;
        change.held()?;
        let unnamed = change.unnamed();
        tx.commit().map_err(failed)?;
        for (stored, digest) in unnamed {
            // Nothing names it any more; at worst it lies there.
            if let Err(error) = self.shelf.delete(&stored, digest) {
                tracing::warn!(%error, object = stored.object, "a deleted content is still in its store");
            }
        }
        Ok(done)
    }
}
