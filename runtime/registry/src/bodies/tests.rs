use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use flow_ir::Digest;

use super::folder::{Folder, KeyFile};
use super::{Address, Put, Trouble, Vault};
use crate::bodies::Objects as _;
use crate::{Change, Error, Kind, Registry, Who};

fn who(now_ms: i64) -> Who {
    Who { actor: "ann".into(), reason: "because".into(), now_ms }
}

fn address(directory: &Path) -> Address {
    let (folder, key) = (directory.join("bodies"), directory.join("body.key"));
    format!("file://{}?key={}", folder.display(), key.display()).parse().unwrap()
}

fn vault(address: &Address) -> Result<Vault, Trouble> {
    let key = KeyFile::read(Path::new(address.setting("key").unwrap()))?;
    let objects = Box::new(Folder(address.place.clone().into()));
    Ok(Vault { objects, keys: Box::new(key), is_remote: false })
}

fn body(text: &str) -> Vec<u8> {
    crate::tests::body(text)
}

/// Two versions sealed in a folder; `@prod` names the second.
fn filled(directory: &Path) -> Registry {
    let address = address(directory);
    KeyFile::make(Path::new(address.setting("key").unwrap())).unwrap();
    vault(&address).unwrap().try_out().unwrap();
    let mut registry = Registry::open(&directory.join("registry.db")).unwrap().with_vaults(Arc::new(vault));
    registry.change::<_, Error>(&who(1), |change| change.keep_bodies_in(Some(&address))).unwrap();
    let (name, pointer) = ("desk/sort".parse().unwrap(), "prod".parse().unwrap());
    for text in ["one", "two"] {
        let steps = |change: &Change<'_>| {
            let row = change.publish(Kind::Prompt, &name, &body(text))?.row;
            change.move_pointer(Kind::Prompt, &name, &pointer, row.number, None)
        };
        registry.change::<_, Error>(&who(2), steps).unwrap();
    }
    registry
}

fn object_of(directory: &Path, text: &str) -> std::path::PathBuf {
    directory.join("bodies/prompt/desk/sort").join(Digest::of(&body(text)).to_string())
}

fn read(registry: &Registry, number: u32) -> Result<Vec<u8>, Error> {
    registry.version(Kind::Prompt, &"desk/sort".parse().unwrap(), number).map(|found| found.body.to_vec())
}

#[test]
fn contents_in_a_folder_are_sealed_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let registry = filled(directory.path());
    assert_eq!(read(&registry, 1).unwrap(), body("one"));
    let sealed = std::fs::read(object_of(directory.path(), "one")).unwrap();
    let plain = body("one");
    assert!(!sealed.windows(20).any(|window| window == &plain[..20]), "what is kept is not readable");
    assert_eq!(registry.verify().unwrap().1, Vec::new());
}

#[test]
fn every_byte_of_an_object_counts() {
    let directory = tempfile::tempdir().unwrap();
    let registry = filled(directory.path());
    let path = object_of(directory.path(), "one");
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(matches!(read(&registry, 1), Err(Error::Bodies { .. })), "byte {at}");
        // A changed name of the key is no proof that the content is lost, so it stops the proof instead.
        assert!(registry.verify().map_or(true, |(_, damages)| damages.len() == 1), "byte {at}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(read(&registry, 1).unwrap(), body("one"));
    for end in [0, 8, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert!(read(&registry, 1).is_err(), "cut at {end}");
    }
}

#[test]
fn what_is_missing_moved_or_locked_is_told_as_that() {
    let directory = tempfile::tempdir().unwrap();
    let registry = filled(directory.path());
    let (one, two) = (object_of(directory.path(), "one"), object_of(directory.path(), "two"));
    let trouble = |registry: &Registry| match read(registry, 1) {
        Err(Error::Bodies { trouble, .. }) => trouble,
        other => panic!("{other:?}"),
    };
    let whole = std::fs::read(&one).unwrap();
    std::fs::copy(&two, &one).unwrap();
    assert!(matches!(trouble(&registry), Trouble::Key { .. }), "another content in its place");
    std::fs::remove_file(&one).unwrap();
    assert!(matches!(trouble(&registry), Trouble::Missing(_)));
    let damages = registry.verify().unwrap().1;
    assert!(damages[0].what.contains("is not there"), "{damages:?}");
    std::fs::write(&one, whole).unwrap();
    std::fs::write(directory.path().join("body.key"), "ab".repeat(32)).unwrap();
    let again = Registry::existing(registry.path()).unwrap().with_vaults(Arc::new(vault));
    let Trouble::Key { why, .. } = trouble(&again) else { panic!("another key") };
    assert!(why.contains("was sealed with the key `file:"), "{why}");
    let blind = Registry::existing(registry.path()).unwrap();
    assert!(matches!(trouble(&blind), Trouble::Refused(_)), "a program without stores says so");
}

#[test]
fn an_object_is_put_once_and_deleted_with_its_version() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder(directory.path().join("objects"));
    assert_eq!(folder.put("a/b", b"one").unwrap(), Put::New(None));
    assert_eq!(folder.put("a/b", b"two").unwrap(), Put::There);
    assert_eq!(folder.get("a/b", None).unwrap().bytes, b"one");
    let mut registry = filled(directory.path());
    let name = "desk/sort".parse().unwrap();
    let third = |change: &Change<'_>| change.publish(Kind::Prompt, &name, &body("three"));
    registry.change::<_, Error>(&who(3), third).unwrap();
    assert!(object_of(directory.path(), "three").exists());
    let pruned = registry.change::<_, Error>(&who(4), |change| change.prune(9, &BTreeSet::new())).unwrap();
    assert_eq!((pruned.deleted.len(), pruned.kept), (1, 2));
    assert!(!object_of(directory.path(), "three").exists());
    assert!(object_of(directory.path(), "one").exists(), "a rollback returns to it");
    assert_eq!(registry.verify().unwrap().1, Vec::new());
    registry.change::<_, Error>(&who(5), third).unwrap();
    assert_eq!(read(&registry, 3).unwrap(), body("three"), "published again");
}

#[test]
fn where_contents_are_kept_is_part_of_what_is_proved() {
    let directory = tempfile::tempdir().unwrap();
    let registry = filled(directory.path());
    let db = rusqlite::Connection::open(registry.path()).unwrap();
    for damage in [
        "UPDATE setting SET value = replace(value, 'body.key', 'other.key')",
        "DELETE FROM setting",
        "UPDATE version SET stored = replace(stored, 'prompt', 'model') WHERE number = 1",
        "UPDATE version SET stored = replace(stored, 'file:', 'kms:') WHERE number = 2",
        "UPDATE version SET stored = NULL WHERE number = 2",
    ] {
        db.execute_batch("SAVEPOINT whole").unwrap();
        db.execute(damage, []).unwrap();
        let look = crate::read::Look { db: &db, path: registry.path(), shelf: &registry.shelf };
        let verdict = crate::audit::state::verify(look);
        assert!(verdict.as_ref().map_or(true, |(_, damages)| !damages.is_empty()), "{damage}: {verdict:?}");
        db.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
    }
    assert_eq!(registry.verify().unwrap().1, Vec::new());
}

#[test]
fn addresses_that_lack_something_are_refused() {
    for text in [
        "bodies",
        "ftp://x?key=y",
        "s3://?kms=k",
        "s3://bucket",
        "s3://bucket?kms=",
        "s3://bucket?kms=k&colour=red",
        "file:///bodies",
        "file:///bodies?key=a b",
    ] {
        assert!(text.parse::<Address>().is_err(), "{text}");
    }
    let found: Address = "s3://bucket/a/b/?kms=alias/flow&region=eu-central-1".parse().unwrap();
    assert_eq!((found.place.as_str(), found.setting("kms")), ("bucket/a/b", Some("alias/flow")));
}
