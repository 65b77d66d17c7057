//! What people say of runs and nodes afterwards.

use rusqlite::{Row, params};
use serde_json::Value as Json;

use super::Reader;
use crate::runs::error::Error;
use crate::runs::rows::RunNo;

/// What somebody said of a run, or of what a node of it gave.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedbackRow {
    /// `flow.node` or `node`; the whole run without it.
    pub node: Option<String>,
    /// Who.
    pub by: String,
    /// How good, as the caller counts.
    pub score: Option<f64>,
    /// A word: `wrong`, `too_long`.
    pub label: Option<String>,
    /// What it should have given.
    pub correction: Option<Json>,
    /// In words.
    pub note: Option<String>,
    /// ms since the Unix epoch.
    pub at_ms: i64,
}

impl Reader {
    /// Keeps what somebody said; its number in the file.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn add_feedback(&self, run: RunNo, said: &FeedbackRow) -> Result<i64, Error> {
        let sql = "INSERT INTO feedback(run, node, by, score, label, correction, note, at_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let FeedbackRow { node, by, score, label, correction, note, at_ms } = said;
        let correction = correction.as_ref().map(Json::to_string);
        let values = params![run.0, node, by, score, label, correction, note, at_ms];
        self.try_sql(self.db.execute(sql, values))?;
        Ok(self.db.last_insert_rowid())
    }

    /// What was said of a run, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn feedback(&self, run: RunNo) -> Result<Vec<FeedbackRow>, Error> {
        let sql =
            "SELECT node, by, score, label, correction, note, at_ms FROM feedback WHERE run = ?1 ORDER BY id";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let rows: rusqlite::Result<Vec<FeedbackRow>> = self.try_sql(find.query_map([run.0], row))?.collect();
        self.try_sql(rows)
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<FeedbackRow> {
    let correction: Option<String> = row.get(4)?;
    Ok(FeedbackRow {
        node: row.get(0)?,
        by: row.get(1)?,
        score: row.get(2)?,
        label: row.get(3)?,
        correction: correction.and_then(|text| serde_json::from_str(&text).ok()),
        note: row.get(5)?,
        at_ms: row.get(6)?,
    })
}
