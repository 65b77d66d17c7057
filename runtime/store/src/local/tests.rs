use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use flow_ir::setup::ResourceKind;
use serde_json::{Map, Value as Json, json};

use crate::{Error, LocalStore, Place, Stamp, Store, Vector, Write, Written, hashing_vector};

fn place() -> Place {
    Place::new("history", "acme")
}

fn at(now_ms: i64) -> Stamp {
    Stamp { key: String::new(), now_ms }
}

fn keyed(key: &str) -> Stamp {
    Stamp { key: key.to_owned(), now_ms: 0 }
}

fn add(items: &[&str], until_ms: Option<i64>) -> Write {
    Write::MemoryAdd { key: "s1".to_owned(), items: items.iter().map(|item| json!(item)).collect(), until_ms }
}

fn object(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

#[test]
fn tenants_do_not_see_each_other() {
    let store = LocalStore::in_memory();
    store.write(&place(), &at(0), add(&["a"], None)).unwrap();
    assert_eq!(store.memory(&place(), "s1", 0).unwrap(), [json!("a")]);
    assert!(store.memory(&Place::new("history", "other"), "s1", 0).unwrap().is_empty());
    assert!(store.memory(&place(), "s2", 0).unwrap().is_empty());
}

#[test]
fn values_are_forgotten_by_the_callers_clock() {
    let store = LocalStore::in_memory();
    store.write(&place(), &at(0), add(&["old"], Some(100))).unwrap();
    store.write(&place(), &at(50), add(&["new"], Some(150))).unwrap();
    assert_eq!(store.memory(&place(), "s1", 99).unwrap().len(), 2);
    assert_eq!(store.memory(&place(), "s1", 100).unwrap(), [json!("new")]);
    assert!(store.memory(&place(), "s1", 150).unwrap().is_empty());
}

#[test]
fn a_repeated_operation_changes_nothing_and_answers_alike() {
    let store = LocalStore::in_memory();
    for _ in 0..2 {
        store.write(&place(), &keyed("op1"), Write::QueueAdd { item: json!(1) }).unwrap();
    }
    store.write(&place(), &keyed("op2"), Write::QueueAdd { item: json!(2) }).unwrap();
    assert_eq!(store.list(&place(), ResourceKind::Queue).unwrap(), [json!(1), json!(2)]);
    for _ in 0..2 {
        let taken = store.write(&place(), &keyed("op3"), Write::QueueTake { count: 1 }).unwrap();
        assert_eq!(taken, Written::Items(vec![json!(1)]));
    }
}

#[test]
fn slots_merge_and_keep_what_is_not_said_again() {
    let store = LocalStore::in_memory();
    let fill = |fields: Json| {
        let write = Write::SlotsFill { key: "s".to_owned(), fields: object(fields), until_ms: None };
        store.write(&place(), &at(0), write).unwrap()
    };
    fill(json!({ "name": "Ann", "size": 3 }));
    let merged = fill(json!({ "name": null, "size": 12 }));
    assert_eq!(merged, Written::Slots(object(json!({ "name": "Ann", "size": 12 }))));
}

#[test]
fn a_similar_key_is_found_above_the_share_only() {
    let store = LocalStore::in_memory();
    let put = |key: &str| {
        let vector = Some(Vector(hashing_vector(key)));
        let write = Write::CachePut { key: key.to_owned(), value: json!(key), vector, until_ms: Some(10) };
        store.write(&place(), &at(0), write).unwrap();
    };
    put("how do I reset the router");
    put("what are the opening hours");
    let near = |text: &str, share: f32, now: i64| {
        store.nearest(&place(), &hashing_vector(text), share, now).unwrap()
    };
    assert_eq!(near("how do i reset the router?", 0.95, 0), Some(json!("how do I reset the router")));
    assert_eq!(near("where is my parcel", 0.9, 0), None);
    assert_eq!(near("how do i reset the router?", 0.95, 10), None);
    assert_eq!(
        store.cached(&place(), "what are the opening hours", 0).unwrap(),
        Some(json!("what are the opening hours"))
    );
}

#[test]
fn vectors_of_another_model_are_refused() {
    let store = LocalStore::in_memory();
    let put = |vector: Vec<f32>| {
        let write = Write::CachePut {
            key: "k".to_owned(),
            value: json!(1),
            vector: Some(Vector(vector)),
            until_ms: None,
        };
        store.write(&place(), &at(0), write)
    };
    put(vec![1.0, 0.0]).unwrap();
    assert!(matches!(put(vec![1.0]), Err(Error::Dimensions { held: 2, given: 1, .. })));
}

fn event(value: i64) -> Write {
    Write::EventsPut { key: "s1".to_owned(), value: json!(value), until_ms: None }
}

fn poll(wait: &mut crate::EventWait) -> Option<Json> {
    match pin!(wait).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(event) => Some(event.unwrap()),
        Poll::Pending => None,
    }
}

#[test]
fn an_event_before_the_wait_is_kept_for_it() {
    let store = LocalStore::in_memory();
    store.write(&place(), &at(0), event(1)).unwrap();
    let mut wait = Arc::clone(&store).wait(place(), "s1".to_owned(), at(0));
    assert_eq!(poll(&mut wait), Some(json!(1)));
}

#[test]
fn who_waits_longest_is_served_first_and_who_leaves_loses_nothing() {
    let store = LocalStore::in_memory();
    let wait = || Arc::clone(&store).wait(place(), "s1".to_owned(), at(0));
    let (mut first, mut second, mut third) = (wait(), wait(), wait());
    assert_eq!((poll(&mut first), poll(&mut second), poll(&mut third)), (None, None, None));
    store.write(&place(), &at(0), event(1)).unwrap();
    assert_eq!(poll(&mut second), None, "it is not its turn");
    drop(first);
    assert_eq!(poll(&mut third), None, "it is not its turn");
    assert_eq!(poll(&mut second), Some(json!(1)));
    store.write(&place(), &at(0), event(2)).unwrap();
    assert_eq!(poll(&mut third), Some(json!(2)));
}

#[test]
fn a_repeated_wait_gets_the_same_event() {
    let store = LocalStore::in_memory();
    store.write(&place(), &at(0), event(1)).unwrap();
    store.write(&place(), &at(0), event(2)).unwrap();
    for _ in 0..2 {
        let mut wait = Arc::clone(&store).wait(place(), "s1".to_owned(), keyed("op9"));
        assert_eq!(poll(&mut wait), Some(json!(1)));
    }
}

fn journal_of(directory: &std::path::Path) -> std::path::PathBuf {
    directory.join("resources.jsonl")
}

#[test]
fn a_directory_brings_everything_back() {
    let directory = tempfile::tempdir().unwrap();
    {
        let (store, damage) = LocalStore::open(directory.path()).unwrap();
        assert_eq!(damage, None);
        store.write(&place(), &keyed("op1"), add(&["a", "b"], None)).unwrap();
        let busy = LocalStore::open(directory.path());
        assert!(matches!(busy, Err(Error::InUse { .. })), "two processes must not share a directory");
    }
    let (store, damage) = LocalStore::open(directory.path()).unwrap();
    assert_eq!(damage, None);
    store.write(&place(), &keyed("op1"), add(&["a", "b"], None)).unwrap();
    assert_eq!(store.memory(&place(), "s1", 0).unwrap(), [json!("a"), json!("b")]);
}

#[test]
fn whatever_is_cut_off_the_end_only_the_last_change_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    {
        let (store, _) = LocalStore::open(directory.path()).unwrap();
        store.write(&place(), &at(0), add(&["a"], None)).unwrap();
        store.write(&place(), &at(0), add(&["b"], None)).unwrap();
    }
    let whole = std::fs::read(journal_of(directory.path())).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last + 1..whole.len() - 1 {
        std::fs::write(journal_of(directory.path()), &whole[..cut]).unwrap();
        let (store, damage) = LocalStore::open(directory.path()).unwrap();
        assert_eq!(store.memory(&place(), "s1", 0).unwrap(), [json!("a")], "cut at {cut}");
        let damage = damage.unwrap();
        assert_eq!(damage.lines, 1);
        assert_eq!(std::fs::read(damage.kept_in).unwrap(), &whole[last..cut]);
        store.write(&place(), &at(0), add(&["c"], None)).unwrap();
        drop(store);
        let (store, damage) = LocalStore::open(directory.path()).unwrap();
        assert_eq!((store.memory(&place(), "s1", 0).unwrap().len(), damage), (2, None), "cut at {cut}");
    }
}

#[test]
fn a_damaged_line_in_the_middle_costs_that_line() {
    let directory = tempfile::tempdir().unwrap();
    {
        let (store, _) = LocalStore::open(directory.path()).unwrap();
        for item in ["a", "bbbb", "c"] {
            store.write(&place(), &at(0), add(&[item], None)).unwrap();
        }
    }
    let text = std::fs::read_to_string(journal_of(directory.path())).unwrap().replace("bbbb", "bxbb");
    std::fs::write(journal_of(directory.path()), text).unwrap();
    let (store, damage) = LocalStore::open(directory.path()).unwrap();
    assert_eq!(store.memory(&place(), "s1", 0).unwrap(), [json!("a"), json!("c")]);
    assert!(damage.unwrap().to_string().starts_with("1 damaged line of the data"));
}

#[test]
fn a_foreign_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(journal_of(directory.path()), "my diary\n").unwrap();
    let error = LocalStore::open(directory.path()).unwrap_err();
    assert!(error.to_string().contains("is `my diary`, this version reads `flow-store/1`"), "{error}");
    assert_eq!(std::fs::read_to_string(journal_of(directory.path())).unwrap(), "my diary\n");
}

/// Ten thousand changes of one slot are one change after the next opening but one.
#[test]
fn a_long_journal_is_rewritten_without_changing_what_it_means() {
    let directory = tempfile::tempdir().unwrap();
    {
        let (store, _) = LocalStore::open(directory.path()).unwrap();
        for number in 0..10_001 {
            let fields = object(json!({ "number": number }));
            store
                .write(&place(), &at(0), Write::SlotsFill { key: "s".to_owned(), fields, until_ms: None })
                .unwrap();
        }
    }
    drop(LocalStore::open(directory.path()).unwrap());
    let text = std::fs::read_to_string(journal_of(directory.path())).unwrap();
    assert_eq!(text.lines().count(), 2);
    let (store, _) = LocalStore::open(directory.path()).unwrap();
    let write = Write::SlotsFill { key: "s".to_owned(), fields: Map::new(), until_ms: None };
    let merged = store.write(&place(), &at(0), write).unwrap();
    assert_eq!(merged, Written::Slots(object(json!({ "number": 10_000 }))));
}
