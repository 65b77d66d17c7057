//! Connections to a file of runs.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::{Error, Problem};
use super::schema::{self, Refused};

/// Another process holds the write lock for one commit at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages of the write-ahead log after which they are moved into the file.
const CHECKPOINT_PAGES: i64 = 4_000;

/// For the process that drives the runs; makes the file if there is none.
pub(super) fn to_own(path: &Path) -> Result<Connection, Error> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = open(path, flags)?;
    if db.is_readonly(MAIN_DB).map_err(|error| Error::sqlite(path, error))? {
        return Err(Error::new(path, Problem::ReadOnly));
    }
    refused(path, schema::migrate(&mut db))?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
        .map_err(|error| Error::sqlite(path, error))?;
    Ok(db)
}

/// For everybody else; the file must be there.
pub(super) fn to_visit(path: &Path) -> Result<Connection, Error> {
    let mut db = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let tables: i64 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| Error::sqlite(path, error))?;
    if tables == 0 {
        return Err(Error::new(path, Problem::Foreign));
    }
    // Newer layouts only add to older ones, so a process that drives the runs meanwhile is not disturbed.
    refused(path, schema::migrate(&mut db))?;
    Ok(db)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let failed = |error| Error::sqlite(path, error);
    let db = Connection::open_with_flags(path, flags).map_err(failed)?;
    db.busy_timeout(PATIENCE).map_err(failed)?;
    db.set_prepared_statement_cache_capacity(64);
    // An answer that was given must survive a power cut, so every commit waits for the disk.
    let set = db
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
        .and_then(|_| db.pragma_update(None, "synchronous", "FULL"))
        .and_then(|()| db.pragma_update(None, "cache_size", -32_768));
    set.map_err(failed)?;
    Ok(db)
}

fn refused<T>(path: &Path, result: Result<T, Refused>) -> Result<T, Error> {
    result.map_err(|refused| match refused {
        Refused::Problem(problem) => Error::new(path, problem),
        Refused::Sqlite(error) => Error::sqlite(path, error),
    })
}
