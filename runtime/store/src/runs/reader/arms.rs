//! How calls through splits ended.

use rusqlite::{Row, params};
use serde_json::Value as Json;

use super::Reader;
use crate::runs::error::Error;
use crate::runs::rows::RunNo;

/// What ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ArmKind {
    /// The call of the arm that was taken.
    #[default]
    Arm,
    /// The call of a shadow beside it.
    Shadow,
    /// A shadow that there was no place for; it was not called.
    LeftOut,
}

impl ArmKind {
    /// Every kind; the position is its number in the file, so the order never changes.
    const ALL: [Self; 3] = [Self::Arm, Self::Shadow, Self::LeftOut];

    fn number(self) -> i64 {
        Self::ALL.iter().position(|other| *other == self).map_or(0, |at| at as i64)
    }

    fn of(number: i64) -> Self {
        usize::try_from(number).ok().and_then(|at| Self::ALL.get(at)).copied().unwrap_or(Self::LeftOut)
    }
}

/// How a call through a split ended. Numbers name things of the bundle that the run is pinned to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ArmRow {
    /// Of which run.
    pub run: RunNo,
    /// Activation of the flow.
    pub frame: u32,
    /// Its flow.
    pub flow: u32,
    /// The node that asked.
    pub node: u32,
    /// How often it had been entered.
    pub visit: u32,
    /// Position in an `all` or `each`.
    pub branch: u32,
    /// Which split.
    pub split: u32,
    /// Position among its arms, or among its shadows.
    pub arm: u32,
    /// What ended.
    pub kind: ArmKind,
    /// The class of its error.
    pub error: Option<String>,
    /// Micro-dollars.
    pub cost: i64,
    /// Sent.
    pub input_tokens: i64,
    /// Received.
    pub output_tokens: i64,
    /// ms.
    pub took_ms: i64,
    /// In 0..1, where the callee says where it comes from.
    pub confidence: Option<f64>,
    /// What a shadow gave.
    pub value: Option<Json>,
    /// The fields in which a shadow differs from its arm; `None` where one of both gave no value.
    pub differs: Option<Vec<String>>,
    /// ms since the Unix epoch.
    pub at_ms: i64,
}

/// A call with its run.
#[derive(Clone, PartialEq, Debug)]
pub struct ArmOfRun {
    /// How it ended.
    pub row: ArmRow,
    /// The run, for everybody.
    pub run_id: String,
    /// Digest of the bundle that it is pinned to.
    pub bundle: [u8; 32],
}

/// Which calls.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArmFilter {
    /// Of this tenant alone.
    pub tenant: Option<String>,
    /// Ended at this time or later, ms since the Unix epoch.
    pub since_ms: i64,
}

/// A score that somebody gave.
#[derive(Clone, PartialEq, Debug)]
pub struct Score {
    /// To which run.
    pub run: RunNo,
    /// `flow.node` or `node`; the whole run without it.
    pub node: Option<String>,
    /// How good, as the caller counts.
    pub score: f64,
}

const ARM: &str =
    "SELECT a.run, a.frame, a.flow, a.node, a.visit, a.branch, a.split, a.arm, a.kind, a.error, a.cost,
                   a.input_tokens, a.output_tokens, a.took_ms, a.confidence, a.value, a.differs, a.at_ms,
                   run.id, run.bundle
                   FROM arm a JOIN run ON run.no = a.run";

impl Reader {
    /// How calls through splits ended, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn arms(&self, filter: &ArmFilter) -> Result<Vec<ArmOfRun>, Error> {
        let sql = format!("{ARM} WHERE a.at_ms >= ?1 AND (?2 IS NULL OR run.tenant = ?2) ORDER BY a.id");
        let mut find = self.try_sql(self.db.prepare_cached(&sql))?;
        let values = params![filter.since_ms, filter.tenant];
        let rows: rusqlite::Result<Vec<ArmOfRun>> = self.try_sql(find.query_map(values, of_run))?.collect();
        self.try_sql(rows)
    }

    /// The scores of all runs that went through a split.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn arm_scores(&self) -> Result<Vec<Score>, Error> {
        let sql = "SELECT run, node, score FROM feedback
                   WHERE score IS NOT NULL AND run IN (SELECT run FROM arm) ORDER BY id";
        let row =
            |row: &Row<'_>| Ok(Score { run: RunNo(row.get(0)?), node: row.get(1)?, score: row.get(2)? });
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let rows: rusqlite::Result<Vec<Score>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }
}

/// Keeps a row inside of the open transaction.
pub(in crate::runs) fn insert(db: &rusqlite::Connection, row: &ArmRow) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO arm(run, frame, flow, node, visit, branch, split, arm, kind, error, cost, input_tokens,
               output_tokens, took_ms, confidence, value, differs, at_ms)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    db.prepare_cached(sql)?.execute(params![
        row.run.0,
        row.frame,
        row.flow,
        row.node,
        row.visit,
        row.branch,
        row.split,
        row.arm,
        row.kind.number(),
        row.error,
        row.cost,
        row.input_tokens,
        row.output_tokens,
        row.took_ms,
        row.confidence,
        row.value.as_ref().map(Json::to_string),
        row.differs.as_ref().map(|names| Json::from(names.clone()).to_string()),
        row.at_ms,
    ])?;
    Ok(())
}

fn of_run(row: &Row<'_>) -> rusqlite::Result<ArmOfRun> {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let differs: Option<Json> = json(row.get(16)?);
    Ok(ArmOfRun {
        row: ArmRow {
            run: RunNo(row.get(0)?),
            frame: row.get(1)?,
            flow: row.get(2)?,
            node: row.get(3)?,
            visit: row.get(4)?,
            branch: row.get(5)?,
            split: row.get(6)?,
            arm: row.get(7)?,
            kind: ArmKind::of(row.get(8)?),
            error: row.get(9)?,
            cost: row.get(10)?,
            input_tokens: row.get(11)?,
            output_tokens: row.get(12)?,
            took_ms: row.get(13)?,
            confidence: row.get(14)?,
            value: json(row.get(15)?),
            differs: differs.and_then(|names| serde_json::from_value(names).ok()),
            at_ms: row.get(17)?,
        },
        run_id: row.get(18)?,
        bundle: row.get(19)?,
    })
}
