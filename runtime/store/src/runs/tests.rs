use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    (directory, path)
}

fn new_run(no: i64) -> Change {
    Change::Run(Box::new(NewRun {
        no: RunNo(no),
        id: format!("run-{no}"),
        tenant: "t".to_owned(),
        flow: "f".to_owned(),
        bundle: [7; 32],
        records: 1,
        status: Status::Active,
        started_ms: 1_000 + no,
        lane: None,
        once: (no == 1).then(|| "first".to_owned()),
        header: format!("header {no}").into_bytes(),
    }))
}

fn append(run: i64, seq: u32, body: &[u8]) -> Change {
    Change::Append { run: RunNo(run), seq, body: body.to_vec() }
}

fn keep(owner: &Owner, changes: Vec<Change>) -> Result<(), Error> {
    owner.writer().send(changes, None);
    owner.writer().flush()?;
    owner.writer().failure().map_or(Ok(()), Err)
}

fn question(run: i64, op: u32) -> QuestionRow {
    QuestionRow {
        run: RunNo(run),
        run_id: format!("run-{run}"),
        op,
        tenant: "t".to_owned(),
        flow: "f".to_owned(),
        human: "review".to_owned(),
        role: Some("agent".to_owned()),
        who: None,
        title: Some("Send?".to_owned()),
        shown: json!({ "draft": "hi" }),
        answer: json!({ "type": "string" }),
        quorum: 1,
        asked_ms: 5,
        due_ms: Some(9),
        state: QuestionState::Open,
    }
}

#[test]
fn what_is_kept_can_be_read() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    let large = vec![9_u8; INLINE_BYTES + 1];
    let changes = vec![
        new_run(1),
        new_run(2),
        append(1, 1, b"one"),
        append(1, 2, &large),
        append(2, 1, &large),
        Change::Ask(Box::new(question(1, 3))),
        Change::Mark { name: "cron".to_owned(), value: 4 },
        Change::Mark { name: "cron".to_owned(), value: 5 },
    ];
    keep(&owner, changes).unwrap();
    let reader = owner.reader().unwrap();
    assert_eq!(reader.log(RunNo(1)).unwrap(), [b"one".to_vec(), large.clone()]);
    assert_eq!(reader.run("run-2").unwrap().unwrap().header, b"header 2");
    assert_eq!(reader.once("t", "first").unwrap(), Some((RunNo(1), "run-1".to_owned())));
    assert_eq!(reader.once("other", "first").unwrap(), None, "keys belong to a tenant");
    assert_eq!(reader.question("run-1.3").unwrap(), Some(question(1, 3)));
    assert_eq!(reader.mark("cron").unwrap(), Some(5));
    assert_eq!(reader.last_run().unwrap(), RunNo(2));
    let db = Connection::open(&path).unwrap();
    let blobs: i64 = db.query_row("SELECT count(*) FROM blob", [], |row| row.get(0)).unwrap();
    assert_eq!(blobs, 1, "equal bodies are kept once");
}

#[test]
fn runs_are_listed_newest_first_and_by_tenant() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    keep(&owner, (1..=5).map(new_run).collect()).unwrap();
    keep(&owner, vec![Change::Rest { run: RunNo(2), wake_ms: Some(77), used: Used::default() }]).unwrap();
    let reader = owner.reader().unwrap();
    let list = |filter: RunFilter| {
        let filter = RunFilter { limit: 3, ..filter };
        reader.runs(&filter).unwrap().iter().map(|row| row.no.0).collect::<Vec<_>>()
    };
    assert_eq!(list(RunFilter::default()), [5, 4, 3]);
    assert_eq!(list(RunFilter { before: Some(RunNo(3)), ..RunFilter::default() }), [2, 1]);
    assert_eq!(list(RunFilter { status: vec![Status::Waiting], ..RunFilter::default() }), [2]);
    assert!(list(RunFilter { tenant: Some("other".to_owned()), ..RunFilter::default() }).is_empty());
    assert_eq!(reader.open_runs().unwrap().len(), 5);
    assert_eq!(reader.count_open().unwrap(), [(Status::Active, 4), (Status::Waiting, 1)]);
}

#[test]
fn other_processes_leave_words_in_the_inbox() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    keep(&owner, vec![new_run(1)]).unwrap();
    let other = Reader::open(&path).unwrap();
    let answer = MessageKind::Answer { op: 3, by: "ann".to_owned(), value: json!("yes") };
    other.leave_message("run-1", &answer, 1).unwrap();
    other.leave_message("run-1", &MessageKind::Cancel, 2).unwrap();
    let reader = owner.reader().unwrap();
    let messages = reader.messages().unwrap();
    assert_eq!(
        messages.iter().map(|message| &message.kind).collect::<Vec<_>>(),
        [&answer, &MessageKind::Cancel]
    );
    keep(&owner, vec![Change::Taken(messages[0].id)]).unwrap();
    assert_eq!(reader.messages().unwrap().len(), 1);
}

#[test]
fn files_that_are_no_stores_are_refused() {
    let (directory, path) = place();
    let error = |result: Result<Owner, Error>| result.map(drop).unwrap_err().to_string();
    assert!(Reader::open(&path).unwrap_err().to_string().contains("there is no such store"));
    std::fs::write(&path, "a text that is long enough to be looked at as if it were a database header")
        .unwrap();
    assert!(error(Owner::open(&path)).contains("no store of flowc"));
    let other = directory.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine(x)").unwrap();
    assert!(error(Owner::open(&other)).contains("no store of flowc"));
    let newer = directory.path().join("newer.db");
    drop(Owner::open(&newer).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(error(Owner::open(&newer)).contains("newer flowc"));
    assert!(error(Owner::open(&directory.path().join("no/such/directory.db"))).contains("no such"));
    assert!(Owner::open(Path::new("/proc/flow-runs.db")).is_err(), "nothing can be made there");
}

#[test]
fn a_full_disk_ends_in_an_error_and_an_intact_store() {
    let (_directory, path) = place();
    drop(Owner::open(&path).unwrap());
    // What a full disk does to SQLite, a limit on pages does too: the commit fails with the same error.
    let mut db = connect::to_own(&path).unwrap();
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let _: i64 =
        db.query_row(&format!("PRAGMA max_page_count = {}", pages + 20), [], |row| row.get(0)).unwrap();
    db.set_prepared_statement_cache_capacity(8);
    let writer =
        Writer::start(&path, std::mem::replace(&mut db, Connection::open_in_memory().unwrap()), None);
    let mut kept = 0;
    let failure = loop {
        let no = kept + 1;
        writer.send(vec![new_run(no), append(no, 1, &[1; 4_000]), append(no, 2, &[2; 4_000])], None);
        match writer.flush() {
            Ok(()) if writer.failure().is_none() => kept = no,
            Ok(()) | Err(_) => break writer.failure().unwrap(),
        }
    };
    assert!(matches!(failure.problem, Problem::Full), "{failure:?}");
    assert!(failure.to_string().contains("disk is full"), "{failure}");
    assert!(kept > 0);
    let said = Arc::new(Mutex::new(None));
    let told = Arc::clone(&said);
    writer.send(
        vec![new_run(999)],
        Some(Box::new(move |result| *told.lock().unwrap() = Some(result.is_err()))),
    );
    writer.close();
    assert_eq!(*said.lock().unwrap(), Some(true), "nothing is kept after the first failure");
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.last_run().unwrap(), RunNo(kept), "half a transaction is none");
    for no in 1..=kept {
        assert_eq!(reader.log(RunNo(no)).unwrap().len(), 2);
    }
    let whole: String =
        Connection::open(&path).unwrap().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

/// A store with three committed steps in its write-ahead log, as a killed process leaves it: the two files.
fn killed() -> (Vec<u8>, Vec<u8>) {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    // Without this reader the last connection to close would move the log into the file.
    let _reader = owner.reader().unwrap();
    keep(&owner, vec![new_run(1), append(1, 1, b"one")]).unwrap();
    keep(&owner, vec![append(1, 2, b"two")]).unwrap();
    keep(&owner, vec![append(1, 3, b"three")]).unwrap();
    let wal = PathBuf::from(format!("{}-wal", path.display()));
    (std::fs::read(&path).unwrap(), std::fs::read(wal).unwrap())
}

fn restored(directory: &Path, db: &[u8], wal: &[u8]) -> PathBuf {
    let path = directory.join("runs.db");
    for name in ["runs.db-shm", "runs.db-wal"] {
        let _ = std::fs::remove_file(directory.join(name));
    }
    std::fs::write(&path, db).unwrap();
    std::fs::write(directory.join("runs.db-wal"), wal).unwrap();
    path
}

#[test]
fn a_log_torn_anywhere_leaves_a_prefix_of_the_steps() {
    let (db, wal) = killed();
    let directory = tempfile::tempdir().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let ends = (0..wal.len()).step_by(1021).chain([wal.len() - 1, wal.len()]);
    for end in ends {
        let path = restored(directory.path(), &db, &wal[..end]);
        let steps = match Owner::open(&path) {
            Ok(owner) => owner.reader().unwrap().log(RunNo(1)).unwrap(),
            Err(error) => panic!("cut after {end} of {} bytes: {error}", wal.len()),
        };
        let whole = [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
        assert_eq!(steps, whole[..steps.len()], "cut after {end} bytes");
        seen.insert(steps.len());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn a_flipped_bit_is_found() {
    let (_directory, path) = place();
    drop({
        let owner = Owner::open(&path).unwrap();
        keep(&owner, vec![new_run(1), append(1, 1, b"a body that somebody will change"), new_run(2)])
            .unwrap();
        owner
    });
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(6).position(|window| window == b"a body").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let reader = Reader::open(&path).unwrap();
    let error = reader.log(RunNo(1)).unwrap_err();
    assert!(matches!(error.problem, Problem::Damaged(_)), "{error}");
    assert!(error.to_string().contains("record 1 of run 1"), "{error}");
    assert!(reader.run("run-2").unwrap().is_some(), "the others can be read");
}

#[test]
fn a_missing_record_is_found() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    keep(&owner, vec![new_run(1), append(1, 1, b"1"), append(1, 3, b"3")]).unwrap();
    let error = owner.reader().unwrap().log(RunNo(1)).unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}

#[test]
fn many_changes_share_a_transaction_and_are_told_in_order() {
    let (_directory, path) = place();
    let commits = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&commits);
    let probe: Probe = Arc::new(move |moment| {
        if moment == Moment::AfterCommit {
            *counted.lock().unwrap() += 1;
        }
    });
    let owner = Owner::open_watched(&path, Some(probe)).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    for no in 1..=500 {
        let told = Arc::clone(&told);
        let ack: Ack = Box::new(move |result| {
            result.unwrap();
            told.lock().unwrap().push(no);
        });
        owner.writer().send(vec![new_run(no)], Some(ack));
    }
    owner.writer().flush().unwrap();
    assert_eq!(*told.lock().unwrap(), (1..=500).collect::<Vec<_>>());
    assert!(*commits.lock().unwrap() < 500, "{} commits", commits.lock().unwrap());
}

/// A file as the first layout had it, with a run that has begun.
fn of_the_first_layout(path: &Path) {
    let db = Connection::open(path).unwrap();
    db.execute_batch(include_str!("schema/1.sql")).unwrap();
    db.pragma_update(None, "application_id", 0x464c_4f57).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    let sealed = super::body::seal(&db, b"header").unwrap();
    db.execute(
        "INSERT INTO run(no, id, tenant, flow, bundle, records, status, started_ms, header)
         VALUES (1, 'run-1', 't', 'f', zeroblob(32), 1, 1, 5, ?1)",
        [sealed],
    )
    .unwrap();
    db.execute("INSERT INTO inbox(run, at_ms) VALUES ('run-1', 6)", []).unwrap();
}

#[test]
fn files_of_the_first_layout_are_brought_up_to_date_by_whoever_opens_them_first() {
    for visits in [false, true] {
        let (_directory, path) = place();
        of_the_first_layout(&path);
        let reader =
            if visits { Reader::open(&path).unwrap() } else { Owner::open(&path).unwrap().reader().unwrap() };
        let open = reader.open_runs().unwrap();
        assert_eq!((open.len(), open[0].crashes), (1, 0));
        assert_eq!(reader.run("run-1").unwrap().unwrap().header, b"header");
        assert_eq!(reader.messages().unwrap()[0].kind, MessageKind::Cancel, "as it was meant");
        reader.leave_message("run-1", &MessageKind::Retry { new: "b".to_owned() }, 7).unwrap();
        assert_eq!(reader.messages().unwrap()[1].kind, MessageKind::Retry { new: "b".to_owned() });
        let version: i64 = Connection::open(&path)
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 3);
    }
}

fn ended(run: i64, ended_ms: i64, result: &[u8]) -> Change {
    Change::End(Box::new(RunEnd {
        run: RunNo(run),
        status: Status::Returned,
        ended_ms,
        result: result.to_vec(),
        used: Used::default(),
    }))
}

fn used_bundle() -> Change {
    Change::Bundle(Box::new(BundleRow {
        digest: [7; 32],
        file: b"bundle".to_vec(),
        root: ".".to_owned(),
        egress: Vec::new(),
        added_ms: 1,
    }))
}

#[test]
fn a_copy_is_a_store_of_one_moment() {
    let (directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    keep(&owner, vec![used_bundle(), new_run(1), append(1, 1, b"one")]).unwrap();
    let copy = directory.path().join("copy.db");
    let reader = owner.reader().unwrap();
    reader.backup(&copy).unwrap();
    keep(&owner, vec![new_run(2), append(1, 2, b"two")]).unwrap();
    let copied = Reader::open(&copy).unwrap();
    assert_eq!(copied.log(RunNo(1)).unwrap(), [b"one".to_vec()]);
    assert_eq!((copied.last_run().unwrap(), copied.check().unwrap()), (RunNo(1), Vec::new()));
    assert!(reader.backup(&copy).unwrap_err().to_string().contains("exists"), "a copy is never written over");
    assert!(reader.backup(&directory.path().join("no/where.db")).is_err());
    let left: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".new-")), "{left:?}");
}

#[test]
fn a_check_tells_what_is_not_as_it_was_written() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    let large = vec![1_u8; INLINE_BYTES + 1];
    let log = vec![append(1, 1, b"one"), append(1, 2, &large), append(1, 3, b"three")];
    keep(&owner, [vec![used_bundle(), new_run(1), new_run(2)], log].concat()).unwrap();
    let reader = owner.reader().unwrap();
    assert_eq!(reader.check().unwrap(), Vec::<String>::new());
    let db = Connection::open(&path).unwrap();
    let damage = |sql: &str, words: &str| {
        db.execute_batch("SAVEPOINT before").unwrap();
        db.execute(sql, []).unwrap();
        db.execute_batch("RELEASE before").unwrap();
        let told = reader.check().unwrap();
        assert!(told.iter().any(|line| line.contains(words)), "`{words}` in {told:?}");
    };
    damage("UPDATE log SET body = substr(body, 1, 9) || x'00' WHERE seq = 1", "record 1 of run 1 is not");
    damage("UPDATE blob SET body = x'00'", "record 2 of run 1 is not");
    damage("DELETE FROM log WHERE seq = 2", "record 2 of run 1 is missing");
    damage("UPDATE run SET header = x'0000' WHERE no = 2", "the header of run run-2");
    damage("DELETE FROM bundle", "the bundle of run run-1 is missing");
    damage("DELETE FROM run WHERE no = 1", "the log of run 1 has no run");
}

#[test]
fn a_purge_deletes_what_ended_long_ago_and_nothing_that_others_use() {
    let (_directory, path) = place();
    let owner = Owner::open(&path).unwrap();
    let (shared, own) = (vec![1_u8; INLINE_BYTES + 1], vec![2_u8; INLINE_BYTES + 1]);
    let mut changes: Vec<Change> = (1..=5).map(new_run).collect();
    changes.insert(0, used_bundle());
    changes.extend([append(1, 1, &shared), append(1, 2, &own), append(3, 1, &shared)]);
    changes.extend([Change::Ask(Box::new(question(1, 1))), ended(1, 10, &own), ended(2, 90, b"new")]);
    changes.extend([ended(4, 10, b"old"), ended(5, 10, b"the newest")]);
    keep(&owner, changes).unwrap();
    let mut reader = owner.reader().unwrap();
    let strange = Purge { tenant: Some("other".to_owned()), before_ms: 50 };
    assert_eq!((reader.purgeable(&strange).unwrap(), reader.purge(&strange).unwrap().runs), (0, 0));
    let what = Purge { tenant: Some("t".to_owned()), before_ms: 50 };
    assert_eq!(reader.purgeable(&what).unwrap(), 2);
    assert_eq!(reader.purge(&what).unwrap(), Purged { runs: 2, bodies: 1, bundles: 0 });
    let left: Vec<i64> = (1..=5).filter(|no| reader.run_no(RunNo(*no)).unwrap().is_some()).collect();
    assert_eq!(left, [2, 3, 5], "not ended long ago, under way, the newest");
    assert_eq!(reader.log(RunNo(3)).unwrap(), [shared]);
    assert_eq!(reader.question("run-1.1").unwrap(), None);
    assert_eq!(reader.once("t", "first").unwrap(), None);
    assert_eq!(reader.check().unwrap(), Vec::<String>::new());
    assert_eq!(owner.purge_bundles().unwrap(), 0, "runs are pinned to it");
    keep(&owner, vec![new_run(6)]).unwrap();
}
