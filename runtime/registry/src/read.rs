//! Looking things up. The same queries serve readers and the inside of a change.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use flow_ir::Digest;
use rusqlite::types::Type as SqlType;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::audit::{Chain, Damage, Event};
use crate::bodies::{Address, Shelf, Stored, Trouble};
use crate::error::Error;
use crate::name::{Kind, Name, PointerName, Reference, Selector};
use crate::pointer::{Moved, Pointer};
use crate::sqlite::Registry;

/// A version without its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VersionRow {
    /// Of this kind.
    pub kind: Kind,
    /// The name.
    pub name: Name,
    /// From 1, per name.
    pub number: u32,
    /// BLAKE3 of the content, hexadecimal.
    #[serde(serialize_with = "shown", deserialize_with = "read_digest")]
    pub digest: Digest,
    /// Who published it.
    pub actor: String,
    /// Why; may be empty.
    pub reason: String,
    /// When, ms since the Unix epoch.
    pub created_ms: i64,
    /// Whether its content was deleted by retention.
    pub is_deleted: bool,
}

fn shown<S: serde::Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

fn read_digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = String::deserialize(deserializer)?;
    digest(&text).ok_or_else(|| serde::de::Error::custom("no digest"))
}

/// 64 hexadecimal digits.
pub(crate) fn digest(text: &str) -> Option<Digest> {
    crate::bodies::bytes(text)?.try_into().ok().map(Digest)
}

/// A version with its content, which has the digest that it is named by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// All but the content.
    pub row: VersionRow,
    /// The content.
    pub body: Arc<[u8]>,
}

/// A bundle that a pointer names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deployed {
    /// The version.
    pub version: Version,
    /// The pointers that name it.
    pub pointers: Vec<PointerName>,
}

/// A connection, or the inside of a change.
#[derive(Clone, Copy)]
pub(crate) struct Look<'c> {
    pub(crate) db: &'c Connection,
    pub(crate) path: &'c Path,
    /// Contents that are not in the file.
    pub(crate) shelf: &'c Shelf,
}

pub(crate) fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, SqlType::Text, Box::new(error)))
}

const VERSION: &str =
    "kind, name, number, digest, actor, reason, created_ms, body IS NULL AND stored IS NULL";

fn version_row(row: &Row<'_>) -> rusqlite::Result<VersionRow> {
    Ok(VersionRow {
        kind: parsed(row, 0)?,
        name: parsed(row, 1)?,
        number: row.get(2)?,
        digest: Digest(row.get(3)?),
        actor: row.get(4)?,
        reason: row.get(5)?,
        created_ms: row.get(6)?,
        is_deleted: row.get(7)?,
    })
}

const POINTER: &str = "kind, name, pointer, number, generation, back";

fn pointer_row(row: &Row<'_>) -> rusqlite::Result<Pointer> {
    Ok(Pointer {
        kind: parsed(row, 0)?,
        name: parsed(row, 1)?,
        pointer: parsed(row, 2)?,
        number: row.get(3)?,
        generation: row.get(4)?,
        back: row.get(5)?,
    })
}

const MOVE: &str =
    "kind, name, pointer, generation, before, number, actor, reason, time_ms, is_rollback, back";

fn moved_row(row: &Row<'_>) -> rusqlite::Result<Moved> {
    Ok(Moved {
        kind: parsed(row, 0)?,
        name: parsed(row, 1)?,
        pointer: parsed(row, 2)?,
        generation: row.get(3)?,
        from: row.get(4)?,
        to: row.get(5)?,
        actor: row.get(6)?,
        reason: row.get(7)?,
        time_ms: row.get(8)?,
        is_rollback: row.get(9)?,
    })
}

const EVENT: &str = "seq, time_ms, actor, action, subject, before, after, reason, previous, hash";

fn event_row(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: row.get(0)?,
        time_ms: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        before: row.get(5)?,
        after: row.get(6)?,
        reason: row.get(7)?,
        previous: row.get(8)?,
        hash: row.get(9)?,
    })
}

impl<'c> Look<'c> {
    pub(crate) fn failed(&self, source: rusqlite::Error) -> Error {
        Error::storage(self.path, source)
    }

    pub(crate) fn all<T>(
        &self,
        query: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let rows =
            || self.db.prepare_cached(query)?.query_map(params, read)?.collect::<rusqlite::Result<_>>();
        rows().map_err(|error| self.failed(error))
    }

    pub(crate) fn one<T>(
        &self,
        query: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Error> {
        let row = || self.db.prepare_cached(query)?.query_row(params, read).optional();
        row().map_err(|error| self.failed(error))
    }

    pub(crate) fn versions(&self, kind: Kind, name: Option<&Name>) -> Result<Vec<VersionRow>, Error> {
        let query = format!(
            "SELECT {VERSION} FROM version WHERE kind = ?1 AND (?2 IS NULL OR name = ?2) ORDER BY name, number"
        );
        self.all(&query, params![kind.word(), name.map(Name::as_str)], version_row)
    }

    pub(crate) fn row(&self, kind: Kind, name: &Name, number: u32) -> Result<VersionRow, Error> {
        let query = format!("SELECT {VERSION} FROM version WHERE kind = ?1 AND name = ?2 AND number = ?3");
        let found = self.one(&query, params![kind.word(), name.as_str(), number], version_row)?;
        found.map_or_else(|| Err(self.no_version(kind, name, number)), Ok)
    }

    fn no_version(&self, kind: Kind, name: &Name, number: u32) -> Error {
        match self.versions(kind, Some(name)) {
            Ok(versions) if versions.is_empty() => Error::NoName { kind, name: name.clone() },
            Ok(_) => Error::NoVersion { kind, name: name.clone(), number },
            Err(error) => error,
        }
    }

    pub(crate) fn with_digest(
        &self,
        kind: Kind,
        name: &Name,
        digest: Digest,
    ) -> Result<Option<VersionRow>, Error> {
        let query = format!("SELECT {VERSION} FROM version WHERE kind = ?1 AND name = ?2 AND digest = ?3");
        self.one(&query, params![kind.word(), name.as_str(), digest.0], version_row)
    }

    pub(crate) fn version(&self, kind: Kind, name: &Name, number: u32) -> Result<Version, Error> {
        let row = self.row(kind, name, number)?;
        let (body, stored) = self.content(kind, name, number)?;
        let body = match (body, stored) {
            (Some(body), _) => inline(&row, body)?,
            (None, Some(stored)) => {
                let read = self.shelf.read(&stored, (kind, name), row.digest);
                read.map_err(|trouble| Error::bodies(kind, name, trouble))?
            }
            (None, None) => return Err(Error::Deleted { kind, name: name.clone(), number }),
        };
        Ok(Version { row, body: body.into() })
    }

    /// Whether the content is what was published, where it is kept: no copy will do. Says what is wrong.
    pub(crate) fn proven(&self, row: &VersionRow) -> Result<Option<String>, Error> {
        let (kind, name) = (row.kind, &row.name);
        let found = match self.content(kind, name, row.number) {
            Ok((None, Some(stored))) => match self.shelf.fetch(&stored, (kind, name), row.digest) {
                // Nothing is known, so nothing is said.
                Err(trouble @ (Trouble::Unreachable(_) | Trouble::Refused(_))) => {
                    return Err(Error::bodies(kind, name, trouble));
                }
                Err(trouble) => Err(Error::bodies(kind, name, trouble)),
                Ok(_) => Ok(()),
            },
            Ok((Some(body), _)) => inline(row, body).map(drop),
            Ok((None, None)) => Err(Error::Deleted { kind, name: name.clone(), number: row.number }),
            Err(error) => Err(error),
        };
        Ok(found.err().map(|error| error.to_string()))
    }

    /// A content in the file, or where it is.
    pub(crate) fn content(
        &self,
        kind: Kind,
        name: &Name,
        number: u32,
    ) -> Result<(Option<Vec<u8>>, Option<Stored>), Error> {
        let query = "SELECT body, stored FROM version WHERE kind = ?1 AND name = ?2 AND number = ?3";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?));
        let (body, stored) =
            self.one(query, params![kind.word(), name.as_str(), number], read)?.unwrap_or_default();
        let parsed = stored.map(|text| serde_json::from_str(&text)).transpose();
        let parsed = parsed.map_err(|error| {
            Error::Damaged(format!(
                "where the content of {kind} `{name}` v{number} is cannot be read: {error}"
            ))
        })?;
        Ok((body, parsed))
    }

    /// Where contents are kept from now on; `None` is in the file.
    pub(crate) fn bodies(&self) -> Result<Option<Address>, Error> {
        let query = "SELECT value FROM setting WHERE name = 'bodies'";
        let found = self.one(query, [], |row| row.get::<_, String>(0))?;
        Ok(found.map(|text| text.parse()).transpose()?)
    }

    pub(crate) fn pointers(&self, kind: Option<Kind>, name: Option<&Name>) -> Result<Vec<Pointer>, Error> {
        let query = format!(
            "SELECT {POINTER} FROM pointer WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR name = ?2)
             ORDER BY kind, name, pointer"
        );
        self.all(&query, params![kind.map(Kind::word), name.map(Name::as_str)], pointer_row)
    }

    pub(crate) fn pointer(
        &self,
        kind: Kind,
        name: &Name,
        pointer: &PointerName,
    ) -> Result<Option<Pointer>, Error> {
        let query = format!("SELECT {POINTER} FROM pointer WHERE kind = ?1 AND name = ?2 AND pointer = ?3");
        self.one(&query, params![kind.word(), name.as_str(), pointer.as_str()], pointer_row)
    }

    pub(crate) fn resolve(
        &self,
        kind: Kind,
        reference: &Reference,
    ) -> Result<(Version, Option<Pointer>), Error> {
        let name = &reference.name;
        match &reference.selector {
            Selector::Version(number) => Ok((self.version(kind, name, *number)?, None)),
            Selector::Pointer(pointer) => {
                let Some(found) = self.pointer(kind, name, pointer)? else {
                    return Err(Error::NoPointer { kind, name: name.clone(), pointer: pointer.clone() });
                };
                Ok((self.version(kind, name, found.number)?, Some(found)))
            }
        }
    }

    pub(crate) fn history(
        &self,
        kind: Kind,
        name: &Name,
        pointer: &PointerName,
    ) -> Result<Vec<Moved>, Error> {
        let query = format!(
            "SELECT {MOVE} FROM move WHERE kind = ?1 AND name = ?2 AND pointer = ?3 ORDER BY generation"
        );
        self.all(&query, params![kind.word(), name.as_str(), pointer.as_str()], moved_row)
    }

    /// The bundles that pointers name and that ask for this, or, without a reference, all of them.
    pub(crate) fn deployed(&self, reference: Option<(Kind, &str)>) -> Result<Vec<Deployed>, Error> {
        let query = "SELECT p.name, p.number, p.pointer FROM pointer p
             WHERE p.kind = 'bundle' AND (?1 IS NULL OR EXISTS (
               SELECT 1 FROM need n
               WHERE n.kind = ?1 AND n.reference = ?2 AND n.name = p.name AND n.number = p.number))
             ORDER BY p.name, p.number, p.pointer";
        let params = params![reference.map(|(kind, _)| kind.word()), reference.map(|(_, text)| text)];
        let read = |row: &Row<'_>| Ok((parsed::<Name>(row, 0)?, row.get::<_, u32>(1)?, parsed(row, 2)?));
        let mut found: Vec<Deployed> = Vec::new();
        for (name, number, pointer) in self.all(query, params, read)? {
            let same =
                |last: &&mut Deployed| last.version.row.name == name && last.version.row.number == number;
            match found.last_mut().filter(same) {
                Some(last) => last.pointers.push(pointer),
                None => {
                    let version = self.version(Kind::Bundle, &name, number)?;
                    found.push(Deployed { version, pointers: vec![pointer] });
                }
            }
        }
        Ok(found)
    }

    pub(crate) fn last_event(&self) -> Result<Option<Event>, Error> {
        self.one(&format!("SELECT {EVENT} FROM audit ORDER BY seq DESC LIMIT 1"), [], event_row)
    }

    pub(crate) fn events(&self) -> Result<Vec<Event>, Error> {
        self.all(&format!("SELECT {EVENT} FROM audit ORDER BY seq"), [], event_row)
    }
}

/// A content of the file, if it is what was published.
fn inline(row: &VersionRow, body: Vec<u8>) -> Result<Vec<u8>, Error> {
    if Digest::of(&body) == row.digest {
        return Ok(body);
    }
    let VersionRow { kind, name, number, .. } = row;
    Err(Error::Damaged(format!("the content of {kind} `{name}` v{number} is not what was published")))
}

impl Registry {
    pub(crate) fn look(&self) -> Look<'_> {
        Look { db: &self.db, path: self.path(), shelf: &self.shelf }
    }

    /// Where contents are kept from now on; `None` is in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bodies(&self) -> Result<Option<Address>, Error> {
        self.look().bodies()
    }

    /// Puts a content where the registry keeps its contents, before the change that publishes it: a change keeps
    /// others waiting, and a store elsewhere may be slow. Without it, [`crate::Change::publish`] does it.
    ///
    /// # Errors
    /// When it cannot be put there.
    pub fn keep(&self, kind: Kind, name: &Name, body: &[u8]) -> Result<(), Error> {
        let digest = Digest::of(body);
        let known = self.look().with_digest(kind, name, digest)?.is_some_and(|row| !row.is_deleted);
        match self.bodies()?.filter(|_| kind != Kind::Release && !known) {
            Some(address) => {
                let kept = self.shelf.keep(&address, (kind, name), digest, body);
                kept.map(drop).map_err(|trouble| Error::bodies(kind, name, trouble))
            }
            None => Ok(()),
        }
    }

    /// The versions of a name, or of all names of a kind, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn versions(&self, kind: Kind, name: Option<&Name>) -> Result<Vec<VersionRow>, Error> {
        self.look().versions(kind, name)
    }

    /// A version with its content, verified.
    ///
    /// # Errors
    /// When there is none, it was deleted, or its content is damaged.
    pub fn version(&self, kind: Kind, name: &Name, number: u32) -> Result<Version, Error> {
        self.look().version(kind, name, number)
    }

    /// Pointers of a name, of a kind, or all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pointers(&self, kind: Option<Kind>, name: Option<&Name>) -> Result<Vec<Pointer>, Error> {
        self.look().pointers(kind, name)
    }

    /// What a reference means now, with the pointer that it came by.
    ///
    /// # Errors
    /// When it means nothing, or the content is damaged.
    pub fn resolve(&self, kind: Kind, reference: &Reference) -> Result<(Version, Option<Pointer>), Error> {
        self.look().resolve(kind, reference)
    }

    /// The moves of a pointer, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self, kind: Kind, name: &Name, pointer: &PointerName) -> Result<Vec<Moved>, Error> {
        self.look().history(kind, name, pointer)
    }

    /// The bundles that pointers name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deployed(&self) -> Result<Vec<Deployed>, Error> {
        self.look().deployed(None)
    }

    /// The whole log, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self) -> Result<Vec<Event>, Error> {
        self.look().events()
    }

    /// Follows the chain of the log from its first event, and compares what the log tells with what is there:
    /// contents with their digests, pointers and histories with their moves. Everything that is wrong is returned,
    /// with the chain as it ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verify(&self) -> Result<(Chain, Vec<Damage>), Error> {
        let tx = self.db.unchecked_transaction().map_err(|error| Error::storage(self.path(), error))?;
        crate::audit::state::verify(Look { db: &tx, path: self.path(), shelf: &self.shelf })
    }

    /// Changes whenever another connection has changed something.
    pub(crate) fn data_version(&self) -> Result<i64, Error> {
        let version = self.db.query_row("PRAGMA data_version", [], |row| row.get(0));
        version.map_err(|error| Error::storage(self.path(), error))
    }
}
