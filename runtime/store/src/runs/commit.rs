//! Changes as statements.

use rusqlite::{Connection, Result, params};

use super::body::seal;
use super::change::{Change, NewRun, RunEnd, Used};
use super::reader::arms;
use super::rows::{BundleRow, PauseRow, QuestionRow, QuestionState, SpentRow, Status};

/// Makes one change inside of the open transaction.
pub(super) fn apply(db: &Connection, change: &Change) -> Result<()> {
    match change {
        Change::Append { run, seq, body } => {
            let mut insert = db.prepare_cached("INSERT INTO log(run, seq, body) VALUES (?1, ?2, ?3)")?;
            insert.execute(params![run.0, seq, seal(db, body)?])?;
        }
        Change::Run(run) => new_run(db, run)?,
        Change::End(end) => end_run(db, end)?,
        Change::Begin { run, header, started_ms } => {
            let sql = "UPDATE run SET status = ?2, header = ?3, started_ms = ?4 WHERE no = ?1";
            let sealed = seal(db, header)?;
            db.prepare_cached(sql)?.execute(params![run.0, Status::Active.number(), sealed, started_ms])?;
        }
        Change::Rest { run, wake_ms, used } => {
            let sql = "UPDATE run SET status = ?2, wake_ms = ?3, cost = ?4, input_tokens = ?5,
                       output_tokens = ?6, crashes = 0 WHERE no = ?1";
            let Used { cost, input_tokens, output_tokens } = used;
            let status = Status::Waiting.number();
            let values = params![run.0, status, wake_ms, cost, input_tokens, output_tokens];
            db.prepare_cached(sql)?.execute(values)?;
        }
        Change::Crashed(run) => {
            db.prepare_cached("UPDATE run SET crashes = crashes + 1 WHERE no = ?1")?.execute([run.0])?;
        }
        Change::Calm(run) => {
            db.prepare_cached("UPDATE run SET crashes = 0 WHERE no = ?1")?.execute([run.0])?;
        }
        Change::Wake(run) => {
            let sql = "UPDATE run SET status = ?2, wake_ms = NULL WHERE no = ?1";
            db.prepare_cached(sql)?.execute(params![run.0, Status::Active.number()])?;
        }
        Change::Park { run, reason } => {
            let sql = "UPDATE run SET status = ?2, wake_ms = NULL, reason = ?3 WHERE no = ?1";
            db.prepare_cached(sql)?.execute(params![run.0, Status::Parked.number(), reason])?;
        }
        Change::Ask(question) => ask(db, question)?,
        Change::Answer { run, op, n, answer } => {
            let sql = "INSERT INTO answer(run, op, n, by, value, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let value = answer.value.to_string();
            db.prepare_cached(sql)?.execute(params![run.0, op, n, answer.by, value, answer.at_ms])?;
        }
        Change::Close { run, op, state } => {
            let sql = "UPDATE question SET state = ?3 WHERE run = ?1 AND op = ?2";
            db.prepare_cached(sql)?.execute(params![run.0, op, state.number()])?;
        }
        Change::Bundle(bundle) => use_bundle(db, bundle)?,
        Change::Arm(row) => arms::insert(db, row)?,
        Change::Taken(id) => {
            db.prepare_cached("DELETE FROM inbox WHERE id = ?1")?.execute([id])?;
        }
        Change::Resource(entry) => {
            db.prepare_cached("INSERT INTO resource(entry) VALUES (?1)")?.execute([entry])?;
        }
        Change::Resources(entries) => {
            db.execute("DELETE FROM resource", [])?;
            let mut insert = db.prepare_cached("INSERT INTO resource(entry) VALUES (?1)")?;
            for entry in entries {
                insert.execute([entry])?;
            }
        }
        Change::Pause(row) => {
            let sql = "INSERT INTO pause(package, split, arm, paused, by, reason, at_ms)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let PauseRow { package, split, arm, paused, by, reason, at_ms } = &**row;
            db.prepare_cached(sql)?.execute(params![package, split, arm, paused, by, reason, at_ms])?;
        }
        Change::Spent(SpentRow { tenant, day, micros }) => {
            let sql = "INSERT INTO spent(tenant, day, micros) VALUES (?1, ?2, ?3)
                       ON CONFLICT(tenant) DO UPDATE SET day = excluded.day, micros = excluded.micros";
            db.prepare_cached(sql)?.execute(params![tenant, day, micros])?;
        }
        Change::Mark { name, value } => {
            let sql = "INSERT INTO mark(name, value) VALUES (?1, ?2)
                       ON CONFLICT(name) DO UPDATE SET value = excluded.value";
            db.prepare_cached(sql)?.execute(params![name, value])?;
        }
    }
    Ok(())
}

fn use_bundle(db: &Connection, bundle: &BundleRow) -> Result<()> {
    let sql = "INSERT INTO bundle(digest, file, root, egress, added_ms) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT(digest) DO UPDATE SET root = excluded.root, egress = excluded.egress";
    let egress = serde_json::Value::from(bundle.egress.clone()).to_string();
    let values = params![bundle.digest, bundle.file, bundle.root, egress, bundle.added_ms];
    db.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn new_run(db: &Connection, run: &NewRun) -> Result<()> {
    let sql = "INSERT INTO run(no, id, tenant, flow, bundle, records, status, started_ms, lane, once, header)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    db.prepare_cached(sql)?.execute(params![
        run.no.0,
        run.id,
        run.tenant,
        run.flow,
        run.bundle,
        run.records,
        run.status.number(),
        run.started_ms,
        run.lane,
        run.once,
        seal(db, &run.header)?,
    ])?;
    Ok(())
}

fn end_run(db: &Connection, end: &RunEnd) -> Result<()> {
    let sql = "UPDATE run SET status = ?2, ended_ms = ?3, result = ?4, cost = ?5, input_tokens = ?6,
               output_tokens = ?7, wake_ms = NULL WHERE no = ?1";
    db.prepare_cached(sql)?.execute(params![
        end.run.0,
        end.status.number(),
        end.ended_ms,
        seal(db, &end.result)?,
        end.used.cost,
        end.used.input_tokens,
        end.used.output_tokens,
    ])?;
    let close = "UPDATE question SET state = ?2 WHERE run = ?1 AND state = 0";
    db.prepare_cached(close)?.execute(params![end.run.0, QuestionState::Withdrawn.number()])?;
    Ok(())
}

fn ask(db: &Connection, question: &QuestionRow) -> Result<()> {
    let sql = "INSERT INTO question(run, op, run_id, tenant, flow, human, role, who, title, shown, answer,
               quorum, asked_ms, due_ms, state)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    db.prepare_cached(sql)?.execute(params![
        question.run.0,
        question.op,
        question.run_id,
        question.tenant,
        question.flow,
        question.human,
        question.role,
        question.who,
        question.title,
        question.shown.to_string(),
        question.answer.to_string(),
        question.quorum,
        question.asked_ms,
        question.due_ms,
        question.state.number(),
    ])?;
    Ok(())
}
