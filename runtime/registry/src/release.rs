//! Releases: several moves that happen, and are taken back, as one.

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::error::Error;
use crate::name::{Kind, Name, PointerName};
use crate::pointer::Moved;

/// The pointer of a release that names the version in force.
const CURRENT: &str = "current";

/// What a release moves, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Each pointer once.
    pub items: Vec<Item>,
}

/// One move of a release.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `prompt`, `model` or `bundle`.
    pub kind: Kind,
    /// The name.
    pub name: String,
    /// The pointer.
    pub pointer: String,
    /// The version.
    pub to: u32,
}

impl Release {
    /// The bytes of a version.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        // Writing to memory cannot fail, and every key is text.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |why: String| Err(Error::Content { kind: Kind::Release, why });
        for (at, item) in self.items.iter().enumerate() {
            let same = |other: &Item| {
                (other.kind, &other.name, &other.pointer) == (item.kind, &item.name, &item.pointer)
            };
            if item.kind == Kind::Release {
                return wrong("a release moves no release".to_owned());
            }
            if self.items.iter().skip(at + 1).any(same) {
                return wrong(format!("it moves {} `{}@{}` twice", item.kind, item.name, item.pointer));
            }
        }
        Ok(())
    }
}

impl Change<'_> {
    /// Publishes a release and makes its moves. A pointer that is there already stays, and is no part of the
    /// rollback.
    ///
    /// # Errors
    /// When one of the moves cannot be made, or none is left to make.
    pub fn release(&self, name: &Name, release: &Release) -> Result<Vec<Moved>, Error> {
        release.check()?;
        let published = self.publish(Kind::Release, name, &release.body())?;
        let mut moved = Vec::new();
        for item in &release.items {
            let (of, pointer) = (item.name.parse()?, item.pointer.parse()?);
            match self.move_pointer(item.kind, &of, &pointer, item.to, None) {
                Ok(done) => moved.push(done),
                Err(Error::AlreadyThere { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if moved.is_empty() {
            let why = "everything is where it would be moved to".to_owned();
            return Err(Error::Content { kind: Kind::Release, why });
        }
        let current: PointerName = CURRENT.parse()?;
        let own = match self.move_pointer(Kind::Release, name, &current, published.row.number, None) {
            Ok(own) => own.generation,
            // The same release again, after its pointers were moved otherwise.
            Err(Error::AlreadyThere { .. }) => {
                let now = self.must_point(Kind::Release, name, &current)?;
                self.forget(name, now.generation)?;
                now.generation
            }
            Err(error) => return Err(error),
        };
        for (position, done) in (0u32..).zip(&moved) {
            self.run(
                "INSERT INTO release_move (release, generation, position, kind, name, pointer, made)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    name.as_str(),
                    own,
                    position,
                    done.kind.word(),
                    done.name.as_str(),
                    done.pointer.as_str(),
                    done.generation
                ],
            )?;
        }
        Ok(moved)
    }

    fn forget(&self, name: &Name, generation: u64) -> Result<(), Error> {
        self.run(
            "DELETE FROM release_move WHERE release = ?1 AND generation = ?2",
            params![name.as_str(), generation],
        )
    }

    /// What the last release of this name moved, if every pointer is still where it put it.
    ///
    /// # Errors
    /// When there is none, or a pointer was moved since.
    pub fn released(&self, name: &Name) -> Result<Vec<(Kind, Name, PointerName)>, Error> {
        let current: PointerName = CURRENT.parse()?;
        let now = self.must_point(Kind::Release, name, &current)?;
        let query = "SELECT kind, name, pointer, made FROM release_move
             WHERE release = ?1 AND generation = ?2 ORDER BY position";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get(3)?))
        };
        let rows: Vec<(String, String, String, u64)> =
            self.look().all(query, params![name.as_str(), now.generation], read)?;
        if rows.is_empty() {
            let why = "it was rolled back already".to_owned();
            return Err(Error::Release { name: name.clone(), why });
        }
        let mut moved = Vec::new();
        for (kind, of, pointer, made) in rows {
            let (kind, of, pointer): (Kind, Name, PointerName) =
                (kind.parse()?, of.parse()?, pointer.parse()?);
            let found = self.must_point(kind, &of, &pointer)?;
            if found.generation != made {
                let why = format!("{kind} `{of}@{pointer}` was moved since");
                return Err(Error::Release { name: name.clone(), why });
            }
            moved.push((kind, of, pointer));
        }
        Ok(moved)
    }

    /// Takes back everything that the last release of this name moved.
    ///
    /// # Errors
    /// When there is none, a pointer was moved since, or had nothing before.
    pub fn rollback_release(&self, name: &Name) -> Result<Vec<Moved>, Error> {
        let mut moved = Vec::new();
        for (kind, of, pointer) in self.released(name)?.into_iter().rev() {
            moved.push(self.rollback(kind, &of, &pointer, None)?);
        }
        let current: PointerName = CURRENT.parse()?;
        match self.rollback(Kind::Release, name, &current, None) {
            Ok(_) => {}
            // The first release of a name has no release before it: its moves are undone, and that is noted.
            Err(Error::NothingBefore { .. }) => {
                let now = self.must_point(Kind::Release, name, &current)?;
                self.forget(name, now.generation)?;
                self.note("release_undone", &format!("release {name}"), &format!("v{}", now.number), "")?;
            }
            Err(error) => return Err(error),
        }
        Ok(moved)
    }
}
