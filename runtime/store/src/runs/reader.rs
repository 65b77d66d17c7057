//! Reading a file of runs, from any process.

pub(super) mod arms;
mod feedback;
mod keys;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde_json::Value as Json;

use super::body::unseal;
use super::connect;
use super::error::{Error, Problem};
use super::rows::{
    AnswerRow, BundleRow, Message, MessageKind, OpenRun, PauseRow, QuestionRow, QuestionState, RunNo, RunRow,
    SpentRow, Status,
};

pub use arms::{ArmFilter, ArmKind, ArmOfRun, ArmRow, Score};
pub use feedback::FeedbackRow;
pub use keys::KeyRow;

/// A connection for reading; what it reads was kept.
#[derive(Debug)]
pub struct Reader {
    pub(super) path: PathBuf,
    pub(super) db: Connection,
}

/// Which runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunFilter {
    /// Of this tenant alone.
    pub tenant: Option<String>,
    /// Of this flow alone.
    pub flow: Option<String>,
    /// In one of these states; all if there is none.
    pub status: Vec<Status>,
    /// Older than this one.
    pub before: Option<RunNo>,
    /// At most so many.
    pub limit: u32,
}

/// Which questions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QuestionFilter {
    /// Of this tenant alone.
    pub tenant: Option<String>,
    /// Of this run alone.
    pub run: Option<String>,
    /// Answered and withdrawn ones too.
    pub all: bool,
    /// At most so many.
    pub limit: u32,
}

/// The number of [`MessageKind::Retry`] in the file.
const RETRY: i64 = 1;

/// The number of [`MessageKind::Arm`] in the file.
const ARM: i64 = 2;

const RUN: &str = "SELECT no, id, tenant, flow, bundle, records, status, started_ms, ended_ms, wake_ms, lane,
                   header, result, cost, input_tokens, output_tokens, reason FROM run";

const QUESTION: &str = "SELECT run, run_id, op, tenant, flow, human, role, who, title, shown, answer, quorum,
                        asked_ms, due_ms, state FROM question";

impl Reader {
    /// Of a file that is there.
    ///
    /// # Errors
    /// When it is not, or is no store.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !path.is_file() {
            return Err(Error::new(path, Problem::Missing));
        }
        Ok(Self { path: path.to_owned(), db: connect::to_visit(path)? })
    }

    /// The run of this name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<RunRow>, Error> {
        self.one_run(&format!("{RUN} WHERE id = ?1"), &id)
    }

    /// The run of this number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run_no(&self, no: RunNo) -> Result<Option<RunRow>, Error> {
        self.one_run(&format!("{RUN} WHERE no = ?1"), &no.0)
    }

    fn one_run(&self, sql: &str, key: &dyn ToSql) -> Result<Option<RunRow>, Error> {
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row = self.try_sql(find.query_row([key], run_row).optional())?;
        row.map(|row| self.opened(row)).transpose()
    }

    /// Newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, Error> {
        let status: Vec<String> = filter.status.iter().map(|status| status.number().to_string()).collect();
        // Only numbers of our own are written into the statement.
        let status = match status.is_empty() {
            true => String::new(),
            false => format!(" AND status IN ({})", status.join(",")),
        };
        let sql = format!(
            "{RUN} WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR flow = ?2) AND (?3 IS NULL OR no < ?3){status}
             ORDER BY no DESC LIMIT ?4"
        );
        let mut find = self.try_sql(self.db.prepare_cached(&sql))?;
        let values = params![filter.tenant, filter.flow, filter.before.map(|no| no.0), filter.limit];
        let rows: rusqlite::Result<Vec<RunRow>> = self.try_sql(find.query_map(values, run_row))?.collect();
        self.try_sql(rows)?.into_iter().map(|row| self.opened(row)).collect()
    }

    /// Runs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_runs(&self) -> Result<Vec<OpenRun>, Error> {
        let sql = "SELECT no, id, tenant, status, wake_ms, lane, crashes FROM run INDEXED BY run_open
                   WHERE status < 4 ORDER BY no";
        let row = |row: &Row<'_>| {
            Ok(OpenRun {
                no: RunNo(row.get(0)?),
                id: row.get(1)?,
                tenant: row.get(2)?,
                status: status_of(row.get(3)?),
                wake_ms: row.get(4)?,
                lane: row.get(5)?,
                crashes: row.get(6)?,
            })
        };
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let rows: rusqlite::Result<Vec<OpenRun>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }

    /// How many runs of each status there are that have not ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn count_open(&self) -> Result<Vec<(Status, i64)>, Error> {
        let sql = "SELECT status, count(*) FROM run INDEXED BY run_open WHERE status < 4 GROUP BY status";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row = |row: &Row<'_>| Ok((status_of(row.get(0)?), row.get(1)?));
        let rows: rusqlite::Result<Vec<(Status, i64)>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }

    /// The run of a tenant that was accepted under this key.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn once(&self, tenant: &str, once: &str) -> Result<Option<(RunNo, String)>, Error> {
        let sql = "SELECT no, id FROM run WHERE tenant = ?1 AND once = ?2";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row = |row: &Row<'_>| Ok((RunNo(row.get(0)?), row.get(1)?));
        self.try_sql(find.query_row([tenant, once], row).optional())
    }

    /// The highest number of a run; 0 without runs.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_run(&self) -> Result<RunNo, Error> {
        let last = self.db.query_row("SELECT max(no) FROM run", [], |row| row.get::<_, Option<i64>>(0));
        Ok(RunNo(self.try_sql(last)?.unwrap_or(0)))
    }

    /// The log of a run, in order. Its end is where a record is missing, so a record after a gap is damage.
    ///
    /// # Errors
    /// When the file cannot be read, or a record is not what was written.
    pub fn log(&self, run: RunNo) -> Result<Vec<Vec<u8>>, Error> {
        let mut find =
            self.try_sql(self.db.prepare_cached("SELECT seq, body FROM log WHERE run = ?1 ORDER BY seq"))?;
        let mut rows = self.try_sql(find.query([run.0]))?;
        let mut log = Vec::new();
        while let Some(row) = self.try_sql(rows.next())? {
            let (seq, sealed): (i64, Vec<u8>) =
                self.try_sql(row.get(0).and_then(|seq| Ok((seq, row.get(1)?))))?;
            let body = self.body(&sealed, || format!("record {seq} of run {}", run.0))?;
            log.push(body);
            if log.len() as i64 != seq {
                return Err(self.damaged(format!("record {} of run {} is missing", log.len(), run.0)));
            }
        }
        Ok(log)
    }

    /// A bundle.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bundle(&self, digest: &[u8; 32]) -> Result<Option<BundleRow>, Error> {
        let sql = "SELECT file, root, egress, added_ms FROM bundle WHERE digest = ?1";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row = |row: &Row<'_>| {
            let egress: String = row.get(2)?;
            Ok(BundleRow {
                digest: *digest,
                file: row.get(0)?,
                root: row.get(1)?,
                egress: serde_json::from_str(&egress).unwrap_or_default(),
                added_ms: row.get(3)?,
            })
        };
        self.try_sql(find.query_row([digest], row).optional())
    }

    /// Oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn questions(&self, filter: &QuestionFilter) -> Result<Vec<QuestionRow>, Error> {
        let open = if filter.all { "" } else { " AND state = 0" };
        let sql = format!(
            "{QUESTION} WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR run_id = ?2){open}
             ORDER BY asked_ms, run, op LIMIT ?3"
        );
        let mut find = self.try_sql(self.db.prepare_cached(&sql))?;
        let values = params![filter.tenant, filter.run, filter.limit];
        let rows: rusqlite::Result<Vec<QuestionRow>> =
            self.try_sql(find.query_map(values, question_row))?.collect();
        self.try_sql(rows)
    }

    /// One question, by the name that [`QuestionRow::id`] gives it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn question(&self, id: &str) -> Result<Option<QuestionRow>, Error> {
        let Some((run, op)) = id.rsplit_once('.') else { return Ok(None) };
        let Ok(op) = op.parse::<u32>() else { return Ok(None) };
        let sql = format!("{QUESTION} WHERE run = (SELECT no FROM run WHERE id = ?1) AND op = ?2");
        let mut find = self.try_sql(self.db.prepare_cached(&sql))?;
        self.try_sql(find.query_row(params![run, op], question_row).optional())
    }

    /// The answers to a question so far, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn answers(&self, run: RunNo, op: u32) -> Result<Vec<AnswerRow>, Error> {
        let sql = "SELECT by, value, at_ms FROM answer WHERE run = ?1 AND op = ?2 ORDER BY n";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row =
            |row: &Row<'_>| Ok(AnswerRow { by: row.get(0)?, value: json(row.get(1)?), at_ms: row.get(2)? });
        let rows: rusqlite::Result<Vec<AnswerRow>> =
            self.try_sql(find.query_map(params![run.0, op], row))?.collect();
        self.try_sql(rows)
    }

    /// What other processes asked for, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn messages(&self) -> Result<Vec<Message>, Error> {
        let sql = "SELECT id, run, op, by, value, kind FROM inbox ORDER BY id LIMIT 256";
        let row = |row: &Row<'_>| {
            let op: Option<u32> = row.get(2)?;
            let kind = match (op, row.get::<_, Option<i64>>(5)?) {
                (_, Some(ARM)) => {
                    arm_of(&json(row.get::<_, Option<String>>(4)?.unwrap_or_default()), row.get(3)?)
                }
                (_, Some(_)) => {
                    MessageKind::Retry { new: row.get::<_, Option<String>>(4)?.unwrap_or_default() }
                }
                (None, None) => MessageKind::Cancel,
                (Some(op), None) => MessageKind::Answer {
                    op,
                    by: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                    value: json(row.get::<_, Option<String>>(4)?.unwrap_or_default()),
                },
            };
            Ok(Message { id: row.get(0)?, run: row.get(1)?, kind })
        };
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let rows: rusqlite::Result<Vec<Message>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }

    /// Asks the process that drives the runs for something; it is kept when this returns. Without such a process
    /// it is obeyed by the next one.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn leave_message(&self, run: &str, kind: &MessageKind, now_ms: i64) -> Result<(), Error> {
        let sql = "INSERT INTO inbox(run, op, by, value, at_ms, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (op, by, value, kind) = match kind {
            MessageKind::Cancel => (None, None, None, None),
            MessageKind::Retry { new } => (None, None, Some(new.clone()), Some(RETRY)),
            MessageKind::Arm { package, split, arm, paused, by, reason } => {
                let what = serde_json::json!({
                    "package": package, "split": split, "arm": arm, "paused": paused, "reason": reason,
                });
                (None, Some(by), Some(what.to_string()), Some(ARM))
            }
            MessageKind::Answer { op, by, value } => (Some(*op), Some(by), Some(value.to_string()), None),
        };
        self.try_sql(self.db.execute(sql, params![run, op, by, value, now_ms, kind]))?;
        Ok(())
    }

    /// Changes of resources, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn resources(&self) -> Result<Vec<String>, Error> {
        let mut find = self.try_sql(self.db.prepare_cached("SELECT entry FROM resource ORDER BY seq"))?;
        let rows: rusqlite::Result<Vec<String>> =
            self.try_sql(find.query_map([], |row| row.get(0)))?.collect();
        self.try_sql(rows)
    }

    /// Which arms of splits were paused and resumed, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pauses(&self) -> Result<Vec<PauseRow>, Error> {
        let sql = "SELECT package, split, arm, paused, by, reason, at_ms FROM pause ORDER BY id";
        let mut find = self.try_sql(self.db.prepare_cached(sql))?;
        let row = |row: &Row<'_>| {
            Ok(PauseRow {
                package: row.get(0)?,
                split: row.get(1)?,
                arm: row.get(2)?,
                paused: row.get(3)?,
                by: row.get(4)?,
                reason: row.get(5)?,
                at_ms: row.get(6)?,
            })
        };
        let rows: rusqlite::Result<Vec<PauseRow>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }

    /// Digests of all bundles, the one that was first used last before the others.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bundles(&self) -> Result<Vec<[u8; 32]>, Error> {
        let mut find =
            self.try_sql(self.db.prepare_cached("SELECT digest FROM bundle ORDER BY added_ms DESC"))?;
        let rows: rusqlite::Result<Vec<[u8; 32]>> =
            self.try_sql(find.query_map([], |row| row.get(0)))?.collect();
        self.try_sql(rows)
    }

    /// What tenants have spent of their last day.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn spent(&self) -> Result<Vec<SpentRow>, Error> {
        let mut find = self.try_sql(self.db.prepare_cached("SELECT tenant, day, micros FROM spent"))?;
        let row = |row: &Row<'_>| Ok(SpentRow { tenant: row.get(0)?, day: row.get(1)?, micros: row.get(2)? });
        let rows: rusqlite::Result<Vec<SpentRow>> = self.try_sql(find.query_map([], row))?.collect();
        self.try_sql(rows)
    }

    /// How far something has come; see [`super::Change::Mark`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mark(&self, name: &str) -> Result<Option<i64>, Error> {
        let mut find = self.try_sql(self.db.prepare_cached("SELECT value FROM mark WHERE name = ?1"))?;
        self.try_sql(find.query_row([name], |row| row.get(0)).optional())
    }

    fn opened(&self, row: RunRow) -> Result<RunRow, Error> {
        let header = self.body(&row.header, || format!("the header of run {}", row.id))?;
        let result =
            row.result.as_ref().map(|result| self.body(result, || format!("the result of run {}", row.id)));
        Ok(RunRow { header, result: result.transpose()?, ..row })
    }

    fn body(&self, sealed: &[u8], what: impl FnOnce() -> String) -> Result<Vec<u8>, Error> {
        let body = self.try_sql(unseal(&self.db, sealed))?;
        body.ok_or_else(|| self.damaged(format!("{} is not what was written", what())))
    }

    fn damaged(&self, what: String) -> Error {
        Error::new(&self.path, Problem::Damaged(what))
    }

    pub(super) fn try_sql<T>(&self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|error| Error::sqlite(&self.path, error))
    }
}

/// A number that no version of ours writes stands for a run that must not be touched.
fn status_of(number: i64) -> Status {
    Status::of(number).unwrap_or(Status::Parked)
}

fn arm_of(what: &Json, by: Option<String>) -> MessageKind {
    let text = |name: &str| what.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    MessageKind::Arm {
        package: text("package"),
        split: text("split"),
        arm: text("arm"),
        paused: what.get("paused").and_then(Json::as_bool).unwrap_or_default(),
        by: by.unwrap_or_default(),
        reason: text("reason"),
    }
}

fn json(text: String) -> Json {
    serde_json::from_str(&text).unwrap_or(Json::Null)
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        no: RunNo(row.get(0)?),
        id: row.get(1)?,
        tenant: row.get(2)?,
        flow: row.get(3)?,
        bundle: row.get(4)?,
        records: row.get(5)?,
        status: status_of(row.get(6)?),
        started_ms: row.get(7)?,
        ended_ms: row.get(8)?,
        wake_ms: row.get(9)?,
        lane: row.get(10)?,
        header: row.get(11)?,
        result: row.get(12)?,
        cost: row.get(13)?,
        input_tokens: row.get(14)?,
        output_tokens: row.get(15)?,
        reason: row.get(16)?,
    })
}

fn question_row(row: &Row<'_>) -> rusqlite::Result<QuestionRow> {
    Ok(QuestionRow {
        run: RunNo(row.get(0)?),
        run_id: row.get(1)?,
        op: row.get(2)?,
        tenant: row.get(3)?,
        flow: row.get(4)?,
        human: row.get(5)?,
        role: row.get(6)?,
        who: row.get(7)?,
        title: row.get(8)?,
        shown: json(row.get(9)?),
        answer: json(row.get(10)?),
        quorum: row.get(11)?,
        asked_ms: row.get(12)?,
        due_ms: row.get(13)?,
        state: QuestionState::of(row.get(14)?).unwrap_or(QuestionState::Withdrawn),
    })
}
