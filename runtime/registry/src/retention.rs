//! What may be deleted: what nothing can reach.

use std::collections::BTreeSet;

use rusqlite::params;
use serde::Serialize;

use crate::change::{Change, subject_of};
use crate::error::Error;
use crate::name::{Kind, Name, Reference, Selector};
use crate::read::VersionRow;
use crate::release::Release;

/// A version by its name.
pub type VersionKey = (Kind, Name, u32);

/// What retention did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Pruned {
    /// Whose content is gone.
    pub deleted: Vec<VersionRow>,
    /// Old, but still reachable.
    pub kept: usize,
}

impl Change<'_> {
    /// Deletes the content of versions published before `before_ms` that nothing reaches: no pointer, no rollback of
    /// a pointer, no release in force, no pinned reference of a bundle that is kept, and none of `pinned` (lock
    /// files, unfinished runs). Numbers and digests stay, so that neither is ever given to something else.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn prune(&self, before_ms: i64, pinned: &BTreeSet<VersionKey>) -> Result<Pruned, Error> {
        let reachable = self.reachable(before_ms, pinned)?;
        let mut pruned = Pruned::default();
        for kind in Kind::ALL {
            for row in self.look().versions(kind, None)? {
                let is_old = row.created_ms < before_ms && !row.is_deleted;
                if !is_old {
                    continue;
                }
                if reachable.contains(&(kind, row.name.clone(), row.number)) {
                    pruned.kept += 1;
                    continue;
                }
                if let (_, Some(stored)) = self.look().content(kind, &row.name, row.number)? {
                    self.forget_content(stored, row.digest);
                }
                self.run(
                    "UPDATE version SET body = NULL, stored = NULL WHERE kind = ?1 AND name = ?2 AND number = ?3",
                    params![kind.word(), row.name.as_str(), row.number],
                )?;
                self.note("delete", &subject_of(&row), &row.digest.to_string(), "")?;
                pruned.deleted.push(row);
            }
        }
        Ok(pruned)
    }

    fn reachable(
        &self,
        before_ms: i64,
        pinned: &BTreeSet<VersionKey>,
    ) -> Result<BTreeSet<VersionKey>, Error> {
        let mut found = pinned.clone();
        for pointer in self.look().pointers(None, None)? {
            let mut next = Some((pointer.number, pointer.back));
            while let Some((number, back)) = next {
                found.insert((pointer.kind, pointer.name.clone(), number));
                next = match back {
                    Some(generation) => self.moved_at(&pointer, generation)?,
                    None => None,
                };
            }
        }
        for row in self.look().versions(Kind::Release, None)? {
            let key = (Kind::Release, row.name.clone(), row.number);
            if found.contains(&key) && !row.is_deleted {
                let body = self.version(Kind::Release, &row.name, row.number)?.body;
                let release: Release = serde_json::from_slice(&body).unwrap_or_default();
                for item in release.items {
                    found.insert((item.kind, item.name.parse()?, item.to));
                }
            }
        }
        for row in self.look().versions(Kind::Bundle, None)? {
            let stays =
                row.created_ms >= before_ms || found.contains(&(Kind::Bundle, row.name.clone(), row.number));
            if stays {
                found.extend(self.pinned_by(&row)?);
            }
        }
        Ok(found)
    }

    fn moved_at(
        &self,
        pointer: &crate::pointer::Pointer,
        generation: u64,
    ) -> Result<Option<(u32, Option<u64>)>, Error> {
        let query = "SELECT number, back FROM move
             WHERE kind = ?1 AND name = ?2 AND pointer = ?3 AND generation = ?4";
        let key = params![pointer.kind.word(), pointer.name.as_str(), pointer.pointer.as_str(), generation];
        self.look().one(query, key, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// `registry("name@v17")` of a bundle.
    fn pinned_by(&self, bundle: &VersionRow) -> Result<Vec<VersionKey>, Error> {
        let query = "SELECT kind, reference FROM need WHERE name = ?1 AND number = ?2";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let mut found = Vec::new();
        for (kind, reference) in self.look().all(query, params![bundle.name.as_str(), bundle.number], read)? {
            // A package may ask for something that is no name here; it reaches nothing.
            let Ok(reference) = reference.parse::<Reference>() else { continue };
            if let Selector::Version(number) = reference.selector {
                found.push((kind.parse()?, reference.name, number));
            }
        }
        Ok(found)
    }
}
