//! Keys of callers. Only their hashes are kept.

use rusqlite::{OptionalExtension, Row, params};

use super::Reader;
use crate::runs::error::Error;

/// A key of a caller, without the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRow {
    /// For people and commands.
    pub id: String,
    /// Whose runs it sees and starts.
    pub tenant: String,
    /// Who uses it; the name that answers are given under.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Which questions it may answer and which triggers it may call.
    pub roles: Vec<String>,
    /// ms since the Unix epoch.
    pub made_ms: i64,
    /// Since when it is worth nothing.
    pub revoked_ms: Option<i64>,
}

const KEY: &str = "SELECT id, tenant, name, scopes, roles, made_ms, revoked_ms FROM api_key";

impl Reader {
    /// The key with this hash, unless it was revoked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn key(&self, hash: &[u8; 32]) -> Result<Option<KeyRow>, Error> {
        let sql = format!("{KEY} WHERE hash = ?1 AND revoked_ms IS NULL");
        let mut find = self.try_sql(self.db.prepare_cached(&sql))?;
        self.try_sql(find.query_row([hash], key_row).optional())
    }

    /// Whether there was ever a key: then nobody is let in without one, even if all were revoked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn has_keys(&self) -> Result<bool, Error> {
        let any = self.db.query_row("SELECT EXISTS(SELECT 1 FROM api_key)", [], |row| row.get(0));
        self.try_sql(any)
    }

    /// All keys, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn keys(&self) -> Result<Vec<KeyRow>, Error> {
        let mut find = self.try_sql(self.db.prepare_cached(&format!("{KEY} ORDER BY made_ms, id")))?;
        let rows: rusqlite::Result<Vec<KeyRow>> = self.try_sql(find.query_map([], key_row))?.collect();
        self.try_sql(rows)
    }

    /// Keeps a key.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn add_key(&self, key: &KeyRow, hash: &[u8; 32]) -> Result<(), Error> {
        let sql = "INSERT INTO api_key(id, hash, tenant, name, scopes, roles, made_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (scopes, roles) = (key.scopes.join(" "), key.roles.join(" "));
        let values = params![key.id, hash, key.tenant, key.name, scopes, roles, key.made_ms];
        self.try_sql(self.db.execute(sql, values))?;
        Ok(())
    }

    /// Makes a key worthless; `false` if there is none of this id, or it was so already.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn revoke_key(&self, id: &str, now_ms: i64) -> Result<bool, Error> {
        let sql = "UPDATE api_key SET revoked_ms = ?2 WHERE id = ?1 AND revoked_ms IS NULL";
        Ok(self.try_sql(self.db.execute(sql, params![id, now_ms]))? > 0)
    }
}

fn key_row(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
    Ok(KeyRow {
        id: row.get(0)?,
        tenant: row.get(1)?,
        name: row.get(2)?,
        scopes: words(row.get(3)?),
        roles: words(row.get(4)?),
        made_ms: row.get(5)?,
        revoked_ms: row.get(6)?,
    })
}
