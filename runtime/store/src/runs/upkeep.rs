//! Looking after a file: copies, checks, deletion. From any process, while another drives the runs.

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::Owner;
use super::body::unseal;
use super::error::Error;
use super::reader::Reader;
use super::rows::RunNo;

/// Runs deleted in one transaction: whoever drives the runs waits no longer than that takes.
const BATCH: u32 = 200;

/// Damages told; after so many nobody reads on.
const TOLD: usize = 200;

/// Which runs are deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purge {
    /// Of this tenant alone.
    pub tenant: Option<String>,
    /// That ended before, ms since the Unix epoch.
    pub before_ms: i64,
}

/// What was deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Purged {
    /// Runs, with their logs, questions, answers and feedback.
    pub runs: u64,
    /// Large bodies that no run uses any more.
    pub bodies: u64,
    /// Bundles that no run is pinned to any more.
    pub bundles: u64,
}

impl Reader {
    /// Writes a copy of the file as it is at one moment. What is kept meanwhile is not in it, and does not wait.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        let io = |error| Error::io(to, error);
        if to.exists() {
            return Err(io(std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".new-{}", std::process::id()));
        let fresh = PathBuf::from(name);
        let copied = self.db.execute("VACUUM INTO ?1", [fresh.to_string_lossy()]);
        let copied =
            copied.map_err(|error| Error::sqlite(to, error)).and_then(|_| settle(&fresh, to).map_err(io));
        if copied.is_err() {
            // What is left of it is of no use; if it cannot be removed, the error that is told matters more.
            drop(std::fs::remove_file(&fresh));
        }
        copied
    }

    /// Reads everything, and says what is not as it was written.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        // One moment: what is kept meanwhile is no gap.
        let at_once = self.try_sql(self.db.unchecked_transaction())?;
        let mut damage = self.try_sql(pages(&at_once))?;
        self.try_sql(bodies_of_runs(&at_once, &mut damage))?;
        self.try_sql(logs(&at_once, &mut damage))?;
        self.try_sql(strays(&at_once, &mut damage))?;
        damage.truncate(TOLD);
        Ok(damage)
    }

    /// How many runs [`Reader::purge`] would delete.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn purgeable(&self, what: &Purge) -> Result<u64, Error> {
        let sql = format!("SELECT count(*) FROM run WHERE {DUE}");
        let count = self.db.query_row(&sql, params![what.tenant, what.before_ms], |row| row.get::<_, i64>(0));
        Ok(u64::try_from(self.try_sql(count)?).unwrap_or(0))
    }

    /// Deletes runs that have ended, a few at a time. Pages that they were on are overwritten.
    ///
    /// The newest run stays, so that no number is given twice. The `once` keys of what is deleted are forgotten.
    ///
    /// # Errors
    /// When the file cannot be written; what was deleted before is gone.
    pub fn purge(&mut self, what: &Purge) -> Result<Purged, Error> {
        let path = self.path.clone();
        let failed = |error| Error::sqlite(&path, error);
        self.db.pragma_update(None, "secure_delete", "ON").map_err(failed)?;
        let mut purged = Purged::default();
        loop {
            let batch = batch(&mut self.db, what).map_err(failed)?;
            purged.runs += batch.runs;
            purged.bodies += batch.bodies;
            if batch.runs == 0 {
                break;
            }
        }
        self.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(failed)?;
        Ok(purged)
    }
}

impl Owner {
    /// Deletes bundles that no run is pinned to. Only while no process serves one of them, which is what owning the
    /// file says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn purge_bundles(&self) -> Result<u64, Error> {
        let reader = self.reader()?;
        let sql = "DELETE FROM bundle WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.bundle = bundle.digest)";
        Ok(reader.try_sql(reader.db.execute(sql, []))? as u64)
    }
}

/// Puts a finished copy where it belongs; both are on the disk when this returns.
fn settle(fresh: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::File::open(fresh)?.sync_all()?;
    std::fs::rename(fresh, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// Runs that are due: `?1` is the tenant, `?2` the time.
const DUE: &str = "status >= 4 AND ended_ms < ?2 AND (?1 IS NULL OR tenant = ?1)
                   AND no < (SELECT max(no) FROM run)";

fn batch(db: &mut Connection, what: &Purge) -> rusqlite::Result<Purged> {
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let runs: Vec<i64> = {
        let mut find = change.prepare_cached(&format!("SELECT no FROM run WHERE {DUE} LIMIT {BATCH}"))?;
        find.query_map(params![what.tenant, what.before_ms], |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    let mut bodies = Vec::new();
    for run in &runs {
        let used = "SELECT substr(body, 2) FROM log WHERE run = ?1 AND substr(body, 1, 1) = x'01'
                    UNION SELECT substr(header, 2) FROM run WHERE no = ?1 AND substr(header, 1, 1) = x'01'
                    UNION SELECT substr(result, 2) FROM run WHERE no = ?1 AND substr(result, 1, 1) = x'01'";
        let mut find = change.prepare_cached(used)?;
        let digests = find.query_map([run], |row| row.get::<_, Vec<u8>>(0))?;
        bodies.extend(digests.collect::<Result<Vec<_>, _>>()?);
        for table in ["log", "question", "answer", "feedback", "arm"] {
            change.prepare_cached(&format!("DELETE FROM {table} WHERE run = ?1"))?.execute([run])?;
        }
        change.prepare_cached("DELETE FROM run WHERE no = ?1")?.execute([run])?;
    }
    let mut purged = Purged { runs: runs.len() as u64, ..Purged::default() };
    for digest in bodies {
        let unused = "DELETE FROM blob WHERE digest = ?1
            AND NOT EXISTS (SELECT 1 FROM log WHERE substr(body, 1, 1) = x'01' AND substr(body, 2) = ?1)
            AND NOT EXISTS (SELECT 1 FROM run WHERE substr(header, 1, 1) = x'01' AND substr(header, 2) = ?1)
            AND NOT EXISTS (SELECT 1 FROM run WHERE substr(result, 1, 1) = x'01' AND substr(result, 2) = ?1)";
        purged.bodies += change.prepare_cached(unused)?.execute([digest])? as u64;
    }
    change.commit()?;
    Ok(purged)
}

/// What SQLite itself finds wrong.
fn pages(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = db.prepare("PRAGMA integrity_check(100)")?;
    let said = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

fn bodies_of_runs(db: &Connection, damage: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut find = db.prepare("SELECT id, header, result FROM run ORDER BY no")?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        for (what, column) in [("header", 1), ("result", 2)] {
            let is_there = !matches!(row.get_ref(column)?, ValueRef::Null);
            if is_there && unseal(db, &sealed(row, column)?)?.is_none() {
                damage.push(format!("the {what} of run {id} is not what was written"));
            }
        }
    }
    Ok(())
}

fn logs(db: &Connection, damage: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut find = db.prepare("SELECT run, seq, body FROM log ORDER BY run, seq")?;
    let mut rows = find.query([])?;
    let mut last = (RunNo(0), 0);
    while let Some(row) = rows.next()? {
        let (run, seq): (i64, i64) = (row.get(0)?, row.get(1)?);
        let before = if last.0 == RunNo(run) { last.1 } else { 0 };
        if seq != before + 1 {
            damage.push(format!("record {} of run {run} is missing", before + 1));
        }
        if unseal(db, &sealed(row, 2)?)?.is_none() {
            damage.push(format!("record {seq} of run {run} is not what was written"));
        }
        last = (RunNo(run), seq);
    }
    Ok(())
}

/// A column that should hold a sealed body; what is none unseals to nothing.
fn sealed(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_blob().unwrap_or_default().to_vec())
}

/// What belongs to nothing, or misses what it belongs to.
fn strays(db: &Connection, damage: &mut Vec<String>) -> rusqlite::Result<()> {
    let told = [
        (
            "SELECT id FROM run WHERE bundle NOT IN (SELECT digest FROM bundle)",
            "the bundle of run",
            "is missing",
        ),
        (
            "SELECT DISTINCT run FROM log WHERE run NOT IN (SELECT no FROM run)",
            "the log of run",
            "has no run",
        ),
    ];
    for (sql, before, after) in told {
        let mut find = db.prepare(sql)?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let which = match row.get_ref(0)? {
                ValueRef::Integer(no) => no.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            damage.push(format!("{before} {which} {after}"));
        }
    }
    Ok(())
}
