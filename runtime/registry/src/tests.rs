use std::collections::BTreeSet;

use crate::{Error, Item, Kind, Name, PointerName, Reference, Registry, Release, Who};
use flow_ir::Bundle;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn pointer(text: &str) -> PointerName {
    text.parse().unwrap()
}

fn who(now_ms: i64) -> Who {
    Who { actor: "ann".into(), reason: "because".into(), now_ms }
}

/// A prompt's version that differs by its text.
pub(crate) fn body(text: &str) -> Vec<u8> {
    let prompt = serde_json::json!({
        "name": "sort", "doc": text, "params": [], "ret": 0, "messages": [], "registry": null, "output": null,
        "confidence": null, "repair": 0, "tools": [], "rounds": 0, "temperature": null, "cache": false,
    });
    let types = vec![flow_ir::types::Type::Bool];
    let prompts = vec![serde_json::from_value(prompt).unwrap()];
    Bundle { types, prompts, ..Bundle::default() }.canonical_bytes()
}

pub(crate) fn registry() -> (tempfile::TempDir, Registry) {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::open(&directory.path().join("registry.db")).unwrap();
    (directory, registry)
}

fn publish(registry: &mut Registry, of: &str, text: &str) -> u32 {
    let publish = |change: &crate::Change<'_>| change.publish(Kind::Prompt, &name(of), &body(text));
    registry.change::<_, Error>(&who(1), publish).unwrap().row.number
}

fn go(registry: &mut Registry, of: &str, to: u32) -> Result<u64, Error> {
    let go =
        |change: &crate::Change<'_>| change.move_pointer(Kind::Prompt, &name(of), &pointer("prod"), to, None);
    registry.change(&who(2), go).map(|moved| moved.generation)
}

fn back(registry: &mut Registry, of: &str) -> Result<u32, Error> {
    let back = |change: &crate::Change<'_>| change.rollback(Kind::Prompt, &name(of), &pointer("prod"), None);
    registry.change(&who(3), back).map(|moved| moved.to)
}

fn at(registry: &Registry, of: &str) -> u32 {
    let reference: Reference = format!("{of}@prod").parse().unwrap();
    registry.resolve(Kind::Prompt, &reference).unwrap().0.row.number
}

fn sound(registry: &Registry) {
    let (_, damages) = registry.verify().unwrap();
    assert_eq!(damages, Vec::new());
}

#[test]
fn the_same_content_is_the_same_version() {
    let (_directory, mut registry) = registry();
    assert_eq!(publish(&mut registry, "a/b", "one"), 1);
    assert_eq!(publish(&mut registry, "a/b", "two"), 2);
    assert_eq!(publish(&mut registry, "a/b", "one"), 1);
    assert_eq!(publish(&mut registry, "other", "two"), 1);
    assert_eq!(registry.events().unwrap().len(), 3);
    sound(&registry);
}

#[test]
fn rollbacks_go_back_step_by_step_and_stop_at_the_first_version() {
    let (_directory, mut registry) = registry();
    for text in ["one", "two", "three"] {
        let number = publish(&mut registry, "a", text);
        go(&mut registry, "a", number).unwrap();
    }
    assert_eq!(back(&mut registry, "a").unwrap(), 2);
    assert_eq!(back(&mut registry, "a").unwrap(), 1);
    assert!(matches!(back(&mut registry, "a"), Err(Error::NothingBefore { .. })));
    assert_eq!(go(&mut registry, "a", 3).unwrap(), 6);
    assert_eq!(back(&mut registry, "a").unwrap(), 1);
    let history = registry.history(Kind::Prompt, &name("a"), &pointer("prod")).unwrap();
    let went: Vec<_> = history.iter().map(|moved| (moved.generation, moved.from, moved.to)).collect();
    let expected = [
        (1, None, 1),
        (2, Some(1), 2),
        (3, Some(2), 3),
        (4, Some(3), 2),
        (5, Some(2), 1),
        (6, Some(1), 3),
        (7, Some(3), 1),
    ];
    assert_eq!(went, expected);
    sound(&registry);
}

#[test]
fn a_move_that_saw_something_else_is_refused_and_changes_nothing() {
    let (_directory, mut registry) = registry();
    publish(&mut registry, "a", "one");
    publish(&mut registry, "a", "two");
    go(&mut registry, "a", 1).unwrap();
    let late = |change: &crate::Change<'_>| {
        change.move_pointer(Kind::Prompt, &name("a"), &pointer("prod"), 2, Some(0))
    };
    let error = registry.change::<_, Error>(&who(4), late).unwrap_err();
    assert!(matches!(error, Error::Conflict { expected: 0, found: 1, .. }), "{error}");
    assert_eq!(at(&registry, "a"), 1);
    assert!(matches!(go(&mut registry, "a", 1), Err(Error::AlreadyThere { .. })));
    assert!(matches!(go(&mut registry, "a", 9), Err(Error::NoVersion { .. })));
    assert!(matches!(go(&mut registry, "b", 1), Err(Error::NoName { .. })));
}

#[test]
fn nobody_moves_without_a_name_and_a_reason() {
    let (_directory, mut registry) = registry();
    publish(&mut registry, "a", "one");
    for (actor, reason) in [("", "why"), (" ", "why"), ("ann", ""), ("ann", " \n")] {
        let who = Who { actor: actor.into(), reason: reason.into(), now_ms: 1 };
        let go = |change: &crate::Change<'_>| {
            change.move_pointer(Kind::Prompt, &name("a"), &pointer("prod"), 1, None)
        };
        assert!(matches!(registry.change::<_, Error>(&who, go), Err(Error::Unsigned(_))));
    }
    assert_eq!(registry.events().unwrap().len(), 1);
}

fn item(of: &str, to: u32) -> Item {
    Item { kind: Kind::Prompt, name: of.into(), pointer: "prod".into(), to }
}

fn release(registry: &mut Registry, items: Vec<Item>) -> Result<usize, Error> {
    let release = Release { items };
    registry.change(&who(5), |change| change.release(&name("week"), &release)).map(|moved| moved.len())
}

fn unrelease(registry: &mut Registry) -> Result<usize, Error> {
    registry.change(&who(6), |change| change.rollback_release(&name("week"))).map(|moved| moved.len())
}

#[test]
fn a_release_moves_all_or_nothing_and_goes_back_as_one() {
    let (_directory, mut registry) = registry();
    for of in ["a", "b"] {
        publish(&mut registry, of, "one");
        publish(&mut registry, of, "two");
        go(&mut registry, of, 1).unwrap();
    }
    assert!(matches!(release(&mut registry, vec![item("a", 2), item("b", 9)]), Err(Error::NoVersion { .. })));
    assert_eq!((at(&registry, "a"), at(&registry, "b")), (1, 1));
    assert_eq!(release(&mut registry, vec![item("a", 2), item("b", 2)]).unwrap(), 2);
    assert_eq!((at(&registry, "a"), at(&registry, "b")), (2, 2));
    assert_eq!(unrelease(&mut registry).unwrap(), 2);
    assert_eq!((at(&registry, "a"), at(&registry, "b")), (1, 1));
    assert!(matches!(unrelease(&mut registry), Err(Error::Release { .. })));
    assert_eq!(release(&mut registry, vec![item("a", 2), item("b", 2)]).unwrap(), 2);
    back(&mut registry, "b").unwrap();
    let error = unrelease(&mut registry).unwrap_err();
    assert!(error.to_string().contains("prompt `b@prod` was moved since"), "{error}");
    assert_eq!((at(&registry, "a"), at(&registry, "b")), (2, 1));
    sound(&registry);
}

#[test]
fn retention_keeps_what_can_be_reached_and_never_gives_a_number_again() {
    let (_directory, mut registry) = registry();
    for text in ["one", "two", "three", "four"] {
        publish(&mut registry, "a", text);
    }
    go(&mut registry, "a", 1).unwrap();
    go(&mut registry, "a", 2).unwrap();
    let pinned = BTreeSet::from([(Kind::Prompt, name("a"), 4)]);
    let pruned = registry.change::<_, Error>(&who(9), |change| change.prune(5, &pinned)).unwrap();
    assert_eq!(pruned.deleted.iter().map(|row| row.number).collect::<Vec<_>>(), [3]);
    assert_eq!(pruned.kept, 3);
    assert!(matches!(go(&mut registry, "a", 3), Err(Error::Deleted { .. })));
    assert_eq!(back(&mut registry, "a").unwrap(), 1);
    sound(&registry);
    assert_eq!(publish(&mut registry, "a", "five"), 5);
    assert_eq!(publish(&mut registry, "a", "three"), 3);
    go(&mut registry, "a", 3).unwrap();
    sound(&registry);
}

#[test]
fn what_is_no_prompt_is_not_published() {
    let (_directory, mut registry) = registry();
    let spaced = [body("one").as_slice(), b" "].concat();
    for (bytes, why) in [
        (b"{}".as_slice(), "missing field"),
        (spaced.as_slice(), "not in canonical form"),
        (Bundle::default().canonical_bytes().as_slice(), "must hold one prompt"),
    ] {
        let publish = |change: &crate::Change<'_>| change.publish(Kind::Prompt, &name("a"), bytes);
        let error = registry.change::<_, Error>(&who(1), publish).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn names_that_are_no_names_are_refused() {
    for good in ["a", "support/triage", "a-b_c.d/2"] {
        assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
    }
    for bad in ["", "A", "a//b", "/a", "a/", "a@b", "a b", "ä", ".", "a/../b"] {
        assert!(bad.parse::<Name>().is_err(), "{bad}");
    }
    assert!("v3".parse::<PointerName>().is_err());
    assert!("v".parse::<PointerName>().is_ok());
    assert!("a".parse::<Reference>().is_err());
    assert_eq!("a@v3".parse::<Reference>().unwrap().to_string(), "a@v3");
    assert_eq!("a@prod".parse::<Reference>().unwrap().to_string(), "a@prod");
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (a); INSERT INTO mine VALUES (1);").unwrap();
    let error = Registry::open(&path).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    std::fs::write(directory.path().join("text.db"), "no database at all, but long enough to be read")
        .unwrap();
    assert!(Registry::open(&directory.path().join("text.db")).is_err());
    assert!(matches!(Registry::existing(&directory.path().join("none.db")), Err(Error::Missing(_))));
}
