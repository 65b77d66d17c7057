//! The layout of the file, and how older layouts become newer ones.

use rusqlite::{Connection, TransactionBehavior};

use super::error::Problem;

/// In the header of the file: `FLOW`.
const APPLICATION_ID: i64 = 0x464c_4f57;

/// Each entry leads from the layout of its position to the next. Entries are never changed, only added.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// Why the layout is not usable.
pub(super) enum Refused {
    Problem(Problem),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Refuses files of others and of newer versions. `false` if the layout is older than this version's.
pub(super) fn is_current(db: &Connection) -> Result<bool, Refused> {
    let known = MIGRATIONS.len() as i64;
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if application != APPLICATION_ID {
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return if tables == 0 { Ok(false) } else { Err(Refused::Problem(Problem::Foreign)) };
    }
    if found > known {
        return Err(Refused::Problem(Problem::Newer { found, known }));
    }
    Ok(found == known)
}

/// Brings the file to this version's layout: all steps or none.
pub(super) fn migrate(db: &mut Connection) -> Result<(), Refused> {
    if is_current(db)? {
        return Ok(());
    }
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again under the lock: another process may have been faster.
    if !is_current(&change)? {
        let from: i64 = change.pragma_query_value(None, "user_version", |row| row.get(0))?;
        for step in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
            change.execute_batch(step)?;
        }
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    }
    Ok(change.commit()?)
}
