//! Changing any byte of the log, or of what it tells of, is found.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use flow_ir::Bundle;
use flow_registry::{Error, Kind, Registry, Verdict, Who};
use rusqlite::Connection;
use rusqlite::types::Value;

fn body(text: &str) -> Vec<u8> {
    let prompt = serde_json::json!({
        "name": "sort", "doc": text, "params": [], "ret": 0, "messages": [], "registry": null, "output": null,
        "confidence": null, "repair": 0, "tools": [], "rounds": 0, "temperature": null, "cache": false,
    });
    let types = vec![flow_ir::types::Type::Bool];
    let prompts = vec![serde_json::from_value(prompt).unwrap()];
    Bundle { types, prompts, ..Bundle::default() }.canonical_bytes()
}

fn filled(path: &std::path::Path) -> Registry {
    let mut registry = Registry::open(path).unwrap();
    let name = "support/triage".parse().unwrap();
    let pointer = "prod".parse().unwrap();
    for (now_ms, text) in [(1, "one"), (2, "two")] {
        let who = Who { actor: "ann".into(), reason: format!("try {text}"), now_ms };
        let steps = |change: &flow_registry::Change<'_>| {
            let row = change.publish(Kind::Prompt, &name, &body(text))?.row;
            change.move_pointer(Kind::Prompt, &name, &pointer, row.number, None)
        };
        registry.change::<_, Error>(&who, steps).unwrap();
    }
    let who = Who { actor: "bob".into(), reason: "it was worse".into(), now_ms: 3 };
    let back = |change: &flow_registry::Change<'_>| change.rollback(Kind::Prompt, &name, &pointer, None);
    registry.change::<_, Error>(&who, back).unwrap();
    for (now_ms, passed) in [(4, true), (5, false)] {
        let who = Who { actor: "eve".into(), reason: "nightly".into(), now_ms };
        let verdict = Verdict { eval: "good", mark: "c0ffee", passed, report: "{\"rows\":5}" };
        let judge = |change: &flow_registry::Change<'_>| change.judge(Kind::Prompt, &name, 2, &verdict);
        registry.change::<_, Error>(&who, judge).unwrap();
    }
    registry
}

/// The value with one byte changed.
fn flipped(value: &Value, at: usize) -> Option<Value> {
    match value {
        Value::Integer(number) => (at < 8).then(|| Value::Integer(number ^ (1 << (8 * at)))),
        Value::Text(text) => {
            let mut bytes = text.clone().into_bytes();
            *bytes.get_mut(at)? ^= 1;
            String::from_utf8(bytes).ok().map(Value::Text)
        }
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            *bytes.get_mut(at)? ^= 1;
            Some(Value::Blob(bytes))
        }
        Value::Null | Value::Real(_) => None,
    }
}

/// Every byte of every column of every row of a table.
fn flip_all(table: &str) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registry.db");
    let registry = filled(&path);
    assert_eq!(registry.verify().unwrap().1, Vec::new());
    let db = Connection::open(&path).unwrap();
    let columns: Vec<String> = {
        let mut statement = db.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let rows: Vec<i64> = {
        let mut statement = db.prepare(&format!("SELECT rowid FROM {table}")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut count = 0;
    for row in rows {
        for column in &columns {
            let read = format!("SELECT {column} FROM {table} WHERE rowid = {row}");
            let before: Value = db.query_row(&read, [], |row| row.get(0)).unwrap();
            for at in 0.. {
                let Some(changed) = flipped(&before, at) else { break };
                let write = |value: &Value| {
                    db.execute(&format!("UPDATE {table} SET {column} = ?1 WHERE rowid = {row}"), [value])
                };
                if write(&changed).is_err() {
                    // The database itself refuses it: a key that another row has.
                    continue;
                }
                let verdict = registry.verify();
                let found = verdict.as_ref().map_or(true, |(_, damages)| !damages.is_empty());
                assert!(found, "{table}.{column} of row {row}, byte {at}: {verdict:?}");
                if column == "seq" {
                    let Value::Integer(now) = changed else { continue };
                    let back = format!("UPDATE {table} SET seq = ?1 WHERE seq = ?2");
                    db.execute(&back, [row, now]).unwrap();
                } else {
                    write(&before).unwrap();
                }
                count += 1;
            }
        }
    }
    assert_eq!(registry.verify().unwrap().1, Vec::new());
    count
}

#[test]
fn every_byte_of_the_log_counts() {
    let count = flip_all("audit");
    assert!(count > 500, "{count}");
}

#[test]
fn every_byte_of_a_verdict_counts() {
    let count = flip_all("judgement");
    assert!(count > 100, "{count}");
}

#[test]
fn a_registry_without_verdicts_gets_their_table() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registry.db");
    drop(filled(&path));
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DELETE FROM audit WHERE seq > 5; DROP TABLE judgement; DROP TABLE setting; DROP TABLE protected; DROP TABLE proposal;
         ALTER TABLE version DROP COLUMN stored; PRAGMA user_version = 1;",
    )
    .unwrap();
    let registry = Registry::open(&path).unwrap();
    assert_eq!(registry.judgements(Kind::Prompt, None).unwrap(), Vec::new());
    assert_eq!(registry.verify().unwrap().1, Vec::new());
    assert_eq!(registry.versions(Kind::Prompt, None).unwrap().len(), 2);
}

#[test]
fn contents_and_pointers_are_what_the_log_tells() {
    assert!(flip_all("pointer") > 20);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registry.db");
    let registry = filled(&path);
    let db = Connection::open(&path).unwrap();
    for damage in [
        "UPDATE version SET body = CAST(replace(CAST(body AS TEXT), 'one', 'One') AS BLOB) WHERE number = 1",
        "UPDATE version SET actor = 'eve' WHERE number = 1",
        "UPDATE move SET reason = 'none' WHERE generation = 2",
        "DELETE FROM move WHERE generation = 1",
        "DELETE FROM version WHERE number = 2",
        "DELETE FROM pointer",
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE version SET body = NULL WHERE number = 2",
        "UPDATE judgement SET verdict = 'passed' WHERE verdict = 'failed'",
        "DELETE FROM judgement WHERE verdict = 'failed'",
    ] {
        db.execute_batch("SAVEPOINT before").unwrap();
        db.execute(damage, []).unwrap();
        db.execute_batch("RELEASE before").unwrap();
        let verdict = registry.verify();
        let found = verdict.as_ref().map_or(true, |(_, damages)| !damages.is_empty());
        assert!(found, "{damage}: {verdict:?}");
        drop(db.execute_batch("PRAGMA wal_checkpoint"));
        restore(&db);
    }
}

/// Puts everything back by filling another registry and copying its tables.
fn restore(db: &Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fresh.db");
    drop(filled(&path));
    db.execute("ATTACH ?1 AS fresh", [path.to_str().unwrap()]).unwrap();
    for table in ["version", "pointer", "move", "judgement", "audit"] {
        let copy = format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM fresh.{table};");
        db.execute_batch(&copy).unwrap();
    }
    db.execute_batch("DETACH fresh").unwrap();
}

#[test]
fn a_log_that_lost_its_end_has_another_head() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("registry.db");
    let registry = filled(&path);
    let head = registry.verify().unwrap().0.head_text();
    let db = Connection::open(&path).unwrap();
    db.execute("DELETE FROM audit WHERE seq = 7", []).unwrap();
    assert_ne!(registry.verify().unwrap().0.head_text(), head);
}
