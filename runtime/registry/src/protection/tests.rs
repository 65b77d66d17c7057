use crate::tests::{body, registry};
use crate::{Change, Error, Item, Kind, Moved, Name, Plan, PointerName, Registry, Release, Who};

fn who(actor: &str) -> Who {
    Who { actor: actor.into(), reason: "because".into(), now_ms: 1 }
}

fn sort() -> (Name, PointerName) {
    ("desk/sort".parse().unwrap(), "prod".parse().unwrap())
}

fn move_to(registry: &mut Registry, actor: &str, to: u32) -> Result<Moved, Error> {
    let (name, pointer) = sort();
    let go = |change: &Change<'_>| change.move_pointer(Kind::Prompt, &name, &pointer, to, None);
    registry.change(&who(actor), go)
}

fn plan(to: u32, seen: u64) -> Plan {
    let (name, pointer) = sort();
    let item = Item { kind: Kind::Prompt, name: name.to_string(), pointer: pointer.to_string(), to };
    Plan { release: None, items: vec![item], seen: vec![seen] }
}

fn propose(registry: &mut Registry, actor: &str, plan: &Plan) -> u64 {
    registry.change::<_, Error>(&who(actor), |change| change.propose(plan)).unwrap()
}

fn approve(registry: &mut Registry, actor: &str, seq: u64) -> Result<Vec<Moved>, Error> {
    registry.change(&who(actor), |change| change.approve(seq))
}

fn at(registry: &Registry) -> u32 {
    let (name, prod) = sort();
    let all = registry.pointers(Some(Kind::Prompt), Some(&name)).unwrap();
    all.iter().find(|found| found.pointer == prod).unwrap().number
}

/// Three versions; `@prod` names the first and is protected.
fn protected() -> (tempfile::TempDir, Registry) {
    let (directory, mut registry) = registry();
    for text in ["one", "two", "three"] {
        let publish = |change: &Change<'_>| change.publish(Kind::Prompt, &sort().0, &body(text));
        registry.change::<_, Error>(&who("ann"), publish).unwrap();
    }
    move_to(&mut registry, "ann", 1).unwrap();
    let pattern = "prompt:desk/*@prod".parse().unwrap();
    registry.change::<_, Error>(&who("ops"), |change| change.protect(&pattern)).unwrap();
    (directory, registry)
}

fn sound(registry: &Registry) {
    assert_eq!(registry.verify().unwrap().1, Vec::new());
}

#[test]
fn one_person_alone_moves_nothing_that_is_protected() {
    let (_directory, mut registry) = protected();
    let events = registry.events().unwrap().len();
    assert!(matches!(move_to(&mut registry, "ann", 2), Err(Error::Protected { .. })));
    assert_eq!((at(&registry), registry.events().unwrap().len()), (1, events), "nothing is kept");
    let (name, canary) = (sort().0, "canary".parse().unwrap());
    let other = |change: &Change<'_>| change.move_pointer(Kind::Prompt, &name, &canary, 2, None);
    registry.change::<_, Error>(&who("ann"), other).unwrap();
    let seq = propose(&mut registry, "ann", &plan(2, 1));
    for same in ["ann", "Ann", " ann "] {
        assert!(matches!(approve(&mut registry, same, seq), Err(Error::SamePerson { .. })), "{same}");
    }
    assert_eq!(at(&registry), 1);
    assert_eq!(approve(&mut registry, "bob", seq).unwrap()[0].to, 2);
    assert_eq!(at(&registry), 2);
    assert!(matches!(approve(&mut registry, "eve", seq), Err(Error::ProposalClosed { .. })));
    assert!(matches!(approve(&mut registry, "eve", 99), Err(Error::NoProposal(99))));
    let back = |change: &Change<'_>| change.rollback(Kind::Prompt, &sort().0, &sort().1, None);
    assert_eq!(registry.change::<_, Error>(&who("ann"), back).unwrap().to, 1, "going back is not held");
    sound(&registry);
}

#[test]
fn an_approval_is_of_what_was_seen() {
    let (_directory, mut registry) = protected();
    let (first, second) =
        (propose(&mut registry, "ann", &plan(2, 1)), propose(&mut registry, "eve", &plan(3, 1)));
    approve(&mut registry, "bob", second).unwrap();
    assert!(matches!(
        approve(&mut registry, "bob", first),
        Err(Error::Conflict { expected: 1, found: 2, .. })
    ));
    registry.change::<_, Error>(&who("ann"), |change| change.withdraw(first)).unwrap();
    assert!(matches!(approve(&mut registry, "bob", first), Err(Error::ProposalClosed { .. })));
    assert_eq!(at(&registry), 3);
    sound(&registry);
    let pattern = "prompt:desk/*@prod".parse().unwrap();
    registry.change::<_, Error>(&who("ops"), |change| change.unprotect(&pattern)).unwrap();
    move_to(&mut registry, "ann", 2).unwrap();
    let again = registry.change::<_, Error>(&who("ops"), |change| change.unprotect(&pattern));
    assert!(matches!(again, Err(Error::NotProtected(_))));
    sound(&registry);
}

#[test]
fn a_release_is_approved_as_one() {
    let (_directory, mut registry) = protected();
    let name: Name = "week".parse().unwrap();
    let release = Release { items: plan(2, 1).items };
    let alone = registry.change::<_, Error>(&who("ann"), |change| change.release(&name, &release));
    assert!(matches!(alone, Err(Error::Protected { .. })));
    assert!(registry.versions(Kind::Release, None).unwrap().is_empty());
    let seq = propose(&mut registry, "ann", &Plan { release: Some("week".into()), ..plan(2, 1) });
    approve(&mut registry, "bob", seq).unwrap();
    assert_eq!(at(&registry), 2);
    registry.change::<_, Error>(&who("ann"), |change| change.rollback_release(&name)).unwrap();
    assert_eq!(at(&registry), 1);
    sound(&registry);
}

#[test]
fn what_is_protected_and_proposed_is_what_the_log_tells() {
    let (_directory, mut registry) = protected();
    let seq = propose(&mut registry, "ann", &plan(2, 1));
    approve(&mut registry, "bob", seq).unwrap();
    propose(&mut registry, "ann", &plan(3, 2));
    sound(&registry);
    let db = rusqlite::Connection::open(registry.path()).unwrap();
    for damage in [
        "DELETE FROM protected",
        "UPDATE protected SET name = '*'",
        "UPDATE proposal SET state = 'open' WHERE state = 'approved'",
        "UPDATE proposal SET actor = 'bob' WHERE state = 'open'",
        "UPDATE proposal SET plan = replace(plan, '3', '2') WHERE state = 'open'",
        "DELETE FROM proposal WHERE state = 'open'",
        "INSERT INTO proposal SELECT 99, plan, actor, reason, time_ms, 'open' FROM proposal LIMIT 1",
    ] {
        db.execute_batch("SAVEPOINT whole").unwrap();
        db.execute(damage, []).unwrap();
        let look = crate::read::Look { db: &db, path: registry.path(), shelf: &registry.shelf };
        let verdict = crate::audit::state::verify(look);
        assert!(verdict.as_ref().map_or(true, |(_, damages)| !damages.is_empty()), "{damage}: {verdict:?}");
        db.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
    }
}
