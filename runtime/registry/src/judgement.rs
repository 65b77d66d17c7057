//! What evals said of versions. A judgement is never changed; a newer one of the same eval counts instead.

use flow_ir::Digest;
use rusqlite::types::Type;
use rusqlite::{Row, params};
use serde::Serialize;

use crate::change::{Change, subject_of};
use crate::error::Error;
use crate::name::{Kind, Name};
use crate::read::Look;
use crate::sqlite::Registry;

/// An eval of one version, as whoever ran it tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict<'a> {
    /// The eval's title.
    pub eval: &'a str,
    /// The eval's mark: two evals with one title are the same if their marks are.
    pub mark: &'a str,
    /// Whether everything held.
    pub passed: bool,
    /// Figures, as JSON.
    pub report: &'a str,
}

/// A verdict that is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judgement {
    /// Of its event in the log.
    pub seq: u64,
    /// Of this kind.
    pub kind: Kind,
    /// The name.
    pub name: Name,
    /// The version.
    pub number: u32,
    /// The eval's title.
    pub eval: String,
    /// The eval's mark.
    pub mark: String,
    /// Whether everything held.
    pub passed: bool,
    /// Figures, as JSON.
    #[serde(skip)]
    pub report: String,
    /// Who ran it.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
    /// When, ms since the Unix epoch.
    pub time_ms: i64,
}

impl Judgement {
    /// What the log calls it.
    pub(crate) fn subject(&self) -> String {
        format!("{} {} v{}", self.kind, self.name, self.number)
    }

    /// What the log says of it: how it ended, of which eval, and the digest of its figures.
    pub(crate) fn told(&self) -> String {
        told(word(self.passed), &self.mark, &self.eval, &self.report)
    }
}

fn told(word: &str, mark: &str, eval: &str, report: &str) -> String {
    format!("{word} `{eval}` {mark} {}", Digest::of(report.as_bytes()))
}

const fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "failed" }
}

const JUDGEMENT: &str = "kind, name, number, eval, mark, verdict, report, actor, reason, time_ms, seq";

fn judgement(row: &Row<'_>) -> rusqlite::Result<Judgement> {
    Ok(Judgement {
        kind: crate::read::parsed(row, 0)?,
        name: crate::read::parsed(row, 1)?,
        number: row.get(2)?,
        eval: row.get(3)?,
        mark: row.get(4)?,
        passed: verdict(row, 5)?,
        report: row.get(6)?,
        actor: row.get(7)?,
        reason: row.get(8)?,
        time_ms: row.get(9)?,
        seq: row.get(10)?,
    })
}

/// Any other word was never written by this program.
fn verdict(row: &Row<'_>, column: usize) -> rusqlite::Result<bool> {
    match row.get::<_, String>(column)?.as_str() {
        "passed" => Ok(true),
        "failed" => Ok(false),
        _ => Err(rusqlite::Error::InvalidColumnType(column, "verdict".to_owned(), Type::Text)),
    }
}

impl Look<'_> {
    pub(crate) fn judgements(&self, kind: Kind, name: Option<&Name>) -> Result<Vec<Judgement>, Error> {
        let query = format!(
            "SELECT {JUDGEMENT} FROM judgement WHERE kind = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY seq"
        );
        self.all(&query, params![kind.word(), name.map(Name::as_str)], judgement)
    }

    fn last_judgement(&self, version: (Kind, &Name, u32), mark: &str) -> Result<Option<Judgement>, Error> {
        let query = format!(
            "SELECT {JUDGEMENT} FROM judgement
             WHERE kind = ?1 AND name = ?2 AND number = ?3 AND mark = ?4 ORDER BY seq DESC LIMIT 1"
        );
        let (kind, name, number) = version;
        self.one(&query, params![kind.word(), name.as_str(), number, mark], judgement)
    }
}

impl Change<'_> {
    /// Keeps what an eval said of a version.
    ///
    /// # Errors
    /// When there is no such version, or the file cannot be written.
    pub fn judge(&self, kind: Kind, name: &Name, number: u32, verdict: &Verdict<'_>) -> Result<(), Error> {
        self.signed(false)?;
        let row = self.look().row(kind, name, number)?;
        let Verdict { eval, mark, passed, report } = *verdict;
        let seq = self.look().last_event()?.map_or(0, |last| last.seq) + 1;
        self.run(
            "INSERT INTO judgement
             (kind, name, number, eval, mark, verdict, report, actor, reason, time_ms, seq)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                kind.word(),
                name.as_str(),
                number,
                eval,
                mark,
                word(passed),
                report,
                self.who.actor,
                self.who.reason,
                self.who.now_ms,
                seq
            ],
        )?;
        self.note("eval", &subject_of(&row), "", &told(word(passed), mark, eval, report))
    }

    /// What the eval with this mark said last of a version.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn judged(
        &self,
        kind: Kind,
        name: &Name,
        number: u32,
        mark: &str,
    ) -> Result<Option<Judgement>, Error> {
        self.look().last_judgement((kind, name, number), mark)
    }
}

impl Registry {
    /// What evals said of versions, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn judgements(&self, kind: Kind, name: Option<&Name>) -> Result<Vec<Judgement>, Error> {
        self.look().judgements(kind, name)
    }
}
