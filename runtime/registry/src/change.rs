//! One change: what it may do, all of it in one transaction.

use std::cell::{Cell, RefCell};
use std::path::Path;

use flow_ir::Digest;
use rusqlite::{Transaction, params};

use crate::audit::{Event, GENESIS};
use crate::bodies::{Address, Shelf, Stored};
use crate::content;
use crate::error::Error;
use crate::name::{Kind, Name, PointerName, Reference};
use crate::pointer::{Moved, Next, Pointer, step, step_back};
use crate::read::{Deployed, Look, Version, VersionRow};

/// Who changes something, why and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// A person or a machine; never empty.
    pub actor: String,
    /// Never empty where a pointer moves.
    pub reason: String,
    /// ms since the Unix epoch.
    pub now_ms: i64,
}

/// What publishing did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// The version.
    pub row: VersionRow,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// The steps of a change. Given to the closure of [`crate::Registry::change`].
pub struct Change<'t> {
    tx: &'t Transaction<'t>,
    pub(crate) who: &'t Who,
    path: &'t Path,
    shelf: &'t Shelf,
    /// Contents elsewhere that nothing names once the change is kept.
    unnamed: RefCell<Vec<(Stored, Digest)>>,
    /// A protected pointer that was moved without anybody's approval: such a change is not kept.
    held: RefCell<Option<(Kind, Name, PointerName)>>,
    /// Whether what is moved now was approved.
    pub(crate) approved: Cell<bool>,
}

impl<'t> Change<'t> {
    pub(crate) fn new(tx: &'t Transaction<'t>, who: &'t Who, path: &'t Path, shelf: &'t Shelf) -> Self {
        let (unnamed, approved) = (RefCell::new(Vec::new()), Cell::new(false));
        let held = RefCell::new(None);
        Self { tx, who, path, shelf, unnamed, held, approved }
    }

    pub(crate) fn look(&self) -> Look<'_> {
        Look { db: self.tx, path: self.path, shelf: self.shelf }
    }

    /// Refuses a change that moved a protected pointer without anybody's approval. It is refused at its end anyway;
    /// whoever looks at its effect first asks here.
    ///
    /// # Errors
    /// [`Error::Protected`].
    pub fn held(&self) -> Result<(), Error> {
        match self.held.borrow().clone() {
            Some((kind, name, pointer)) => Err(Error::Protected { kind, name, pointer }),
            None => Ok(()),
        }
    }

    /// What is to be deleted when the change is kept.
    pub(crate) fn unnamed(&self) -> Vec<(Stored, Digest)> {
        self.unnamed.take()
    }

    /// Nothing names this any more.
    pub(crate) fn forget_content(&self, stored: Stored, digest: Digest) {
        self.unnamed.borrow_mut().push((stored, digest));
    }

    /// Says where contents are kept from now on; `None` is in the file. Those that are there already stay where they
    /// are.
    ///
    /// # Errors
    /// When nobody signs, or the file cannot be written.
    pub fn keep_bodies_in(&self, address: Option<&Address>) -> Result<(), Error> {
        self.signed(true)?;
        let text = |address: Option<&Address>| address.map(ToString::to_string).unwrap_or_default();
        let before = text(self.look().bodies()?.as_ref());
        self.run("DELETE FROM setting WHERE name = 'bodies'", [])?;
        if let Some(address) = address {
            self.run("INSERT INTO setting (name, value) VALUES ('bodies', ?1)", [address.to_string()])?;
        }
        self.note("bodies", "registry", &before, &text(address))
    }

    /// A content as it is kept in the file, and where it is otherwise.
    fn placed<'b>(
        &self,
        (kind, name): (Kind, &Name),
        digest: Digest,
        body: &'b [u8],
    ) -> Result<(Option<&'b [u8]>, Option<String>), Error> {
        // What a release moves is asked for whenever something may be deleted.
        let Some(address) = self.look().bodies()?.filter(|_| kind != Kind::Release) else {
            return Ok((Some(body), None));
        };
        let stored = self.shelf.keep(&address, (kind, name), digest, body);
        let stored = stored.map_err(|trouble| Error::bodies(kind, name, trouble))?;
        Ok((None, Some(serde_json::to_string(&stored).unwrap_or_default())))
    }

    /// What a reference means now.
    ///
    /// # Errors
    /// When it means nothing, or the content is damaged.
    pub fn resolve(&self, kind: Kind, reference: &Reference) -> Result<(Version, Option<Pointer>), Error> {
        self.look().resolve(kind, reference)
    }

    /// A version with its content, verified.
    ///
    /// # Errors
    /// When there is none, it was deleted, or its content is damaged.
    pub fn version(&self, kind: Kind, name: &Name, number: u32) -> Result<Version, Error> {
        self.look().version(kind, name, number)
    }

    /// Where a pointer is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pointer(&self, kind: Kind, name: &Name, pointer: &PointerName) -> Result<Option<Pointer>, Error> {
        self.look().pointer(kind, name, pointer)
    }

    /// The bundles that pointers name and that ask for `reference`, such as `support/triage@prod`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn deployed_with(&self, kind: Kind, reference: &str) -> Result<Vec<Deployed>, Error> {
        self.look().deployed(Some((kind, reference)))
    }

    /// The version that a rollback of this pointer would return to.
    ///
    /// # Errors
    /// When there is no such pointer, or nothing before.
    pub fn before(&self, kind: Kind, name: &Name, pointer: &PointerName) -> Result<u32, Error> {
        let now = self.must_point(kind, name, pointer)?;
        let before = self.generation_before(&now)?;
        step_back(&now, before, None).map(|next| next.number)
    }

    /// Publishes a version. The same content again is the same version.
    ///
    /// # Errors
    /// When the bytes are no such thing, or the file cannot be written.
    pub fn publish(&self, kind: Kind, name: &Name, body: &[u8]) -> Result<Published, Error> {
        self.signed(false)?;
        content::check(kind, body)?;
        let digest = Digest::of(body);
        if let Some(row) = self.look().with_digest(kind, name, digest)? {
            if row.is_deleted {
                let (body, stored) = self.placed((kind, name), digest, body)?;
                self.run(
                    "UPDATE version SET body = ?4, stored = ?5 WHERE kind = ?1 AND name = ?2 AND number = ?3",
                    params![kind.word(), name.as_str(), row.number, body, stored],
                )?;
                self.note("restore", &subject_of(&row), "deleted", &digest.to_string())?;
            }
            return Ok(Published { row: VersionRow { is_deleted: false, ..row }, is_new: false });
        }
        let last = "SELECT coalesce(max(number), 0) FROM version WHERE kind = ?1 AND name = ?2";
        let last = self.look().one(last, params![kind.word(), name.as_str()], |row| row.get::<_, u32>(0))?;
        let row = VersionRow {
            kind,
            name: name.clone(),
            number: last.unwrap_or(0) + 1,
            digest,
            actor: self.who.actor.clone(),
            reason: self.who.reason.clone(),
            created_ms: self.who.now_ms,
            is_deleted: false,
        };
        self.insert(&row, body)?;
        self.note("publish", &subject_of(&row), "", &digest.to_string())?;
        Ok(Published { row, is_new: true })
    }

    fn insert(&self, row: &VersionRow, body: &[u8]) -> Result<(), Error> {
        let (inline, stored) = self.placed((row.kind, &row.name), row.digest, body)?;
        self.run(
            "INSERT INTO version (kind, name, number, digest, body, actor, reason, created_ms, stored)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                row.kind.word(),
                row.name.as_str(),
                row.number,
                row.digest.0,
                inline,
                row.actor,
                row.reason,
                row.created_ms,
                stored
            ],
        )?;
        if row.kind != Kind::Bundle {
            return Ok(());
        }
        for (kind, reference) in content::needs(&content::bundle(row.kind, body)?) {
            self.run(
                "INSERT INTO need (name, number, kind, reference) VALUES (?1, ?2, ?3, ?4)",
                params![row.name.as_str(), row.number, kind.word(), reference],
            )?;
        }
        Ok(())
    }

    /// Moves a pointer, or makes it. `expected` is the generation that the caller saw: 0 is a pointer that is not
    /// there, `None` whatever is there.
    ///
    /// # Errors
    /// When there is no such version, the pointer was moved meanwhile, or is there already.
    pub fn move_pointer(
        &self,
        kind: Kind,
        name: &Name,
        pointer: &PointerName,
        to: u32,
        expected: Option<u64>,
    ) -> Result<Moved, Error> {
        self.signed(true)?;
        let row = self.look().row(kind, name, to)?;
        if row.is_deleted {
            return Err(Error::Deleted { kind, name: name.clone(), number: to });
        }
        let now = self.look().pointer(kind, name, pointer)?;
        let next = step(name, pointer, now.as_ref(), to, expected)?;
        if !self.approved.get() && self.is_protected(kind, name, pointer)? {
            self.held.replace(Some((kind, name.clone(), pointer.clone())));
        }
        self.keep((kind, name, pointer), now.as_ref(), next, false)
    }

    /// Moves a pointer back to the version before the one that it was moved to last.
    ///
    /// # Errors
    /// When there is no such pointer, nothing before, or it was moved meanwhile.
    pub fn rollback(
        &self,
        kind: Kind,
        name: &Name,
        pointer: &PointerName,
        expected: Option<u64>,
    ) -> Result<Moved, Error> {
        self.signed(true)?;
        let now = self.must_point(kind, name, pointer)?;
        let before = self.generation_before(&now)?;
        let next = step_back(&now, before, expected)?;
        self.keep((kind, name, pointer), Some(&now), next, true)
    }

    pub(crate) fn must_point(
        &self,
        kind: Kind,
        name: &Name,
        pointer: &PointerName,
    ) -> Result<Pointer, Error> {
        let found = self.look().pointer(kind, name, pointer)?;
        found.ok_or_else(|| Error::NoPointer { kind, name: name.clone(), pointer: pointer.clone() })
    }

    fn generation_before(&self, now: &Pointer) -> Result<Option<Next>, Error> {
        let Some(back) = now.back else { return Ok(None) };
        let query = "SELECT number, back FROM move
             WHERE kind = ?1 AND name = ?2 AND pointer = ?3 AND generation = ?4";
        let params = params![now.kind.word(), now.name.as_str(), now.pointer.as_str(), back];
        let read =
            |row: &rusqlite::Row<'_>| Ok(Next { number: row.get(0)?, generation: back, back: row.get(1)? });
        self.look().one(query, params, read)
    }

    fn keep(
        &self,
        (kind, name, pointer): (Kind, &Name, &PointerName),
        now: Option<&Pointer>,
        next: Next,
        is_rollback: bool,
    ) -> Result<Moved, Error> {
        let from = now.map(|now| now.number);
        let Who { actor, reason, now_ms } = self.who;
        self.run(
            "INSERT INTO pointer (kind, name, pointer, number, generation, back)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO UPDATE SET number = ?4, generation = ?5, back = ?6",
            params![kind.word(), name.as_str(), pointer.as_str(), next.number, next.generation, next.back],
        )?;
        self.run(
            "INSERT INTO move
             (kind, name, pointer, generation, number, before, back, actor, reason, time_ms, is_rollback)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                kind.word(),
                name.as_str(),
                pointer.as_str(),
                next.generation,
                next.number,
                from,
                next.back,
                actor,
                reason,
                now_ms,
                is_rollback
            ],
        )?;
        let action = if is_rollback { "rollback" } else { "move" };
        let before = from.map(|number| format!("v{number}")).unwrap_or_default();
        self.note(action, &format!("{kind} {name}@{pointer}"), &before, &format!("v{}", next.number))?;
        Ok(Moved {
            kind,
            name: name.clone(),
            pointer: pointer.clone(),
            generation: next.generation,
            from,
            to: next.number,
            actor: actor.clone(),
            reason: reason.clone(),
            time_ms: *now_ms,
            is_rollback,
        })
    }

    /// Notes that a version of a bundle is served under a pointer from now on; `false` if that was noted last.
    ///
    /// # Errors
    /// When nobody signs, or the file cannot be written.
    pub fn serves(&self, name: &Name, pointer: &PointerName, number: u32) -> Result<bool, Error> {
        self.signed(false)?;
        let subject = format!("{} {name}@{pointer}", Kind::Bundle);
        let last =
            "SELECT after FROM audit WHERE action = 'serve' AND subject = ?1 ORDER BY seq DESC LIMIT 1";
        let before = self.look().one(last, params![subject], |row| row.get::<_, String>(0))?;
        let (before, after) = (before.unwrap_or_default(), format!("v{number}"));
        if before == after {
            return Ok(false);
        }
        self.note("serve", &subject, &before, &after)?;
        Ok(true)
    }

    /// Notes what somebody decided about what is running: it changes nothing here.
    ///
    /// # Errors
    /// When nobody signs or says why, or the file cannot be written.
    pub fn operates(&self, action: &str, subject: &str, after: &str) -> Result<(), Error> {
        self.signed(true)?;
        let last = "SELECT after FROM audit WHERE action = ?1 AND subject = ?2 ORDER BY seq DESC LIMIT 1";
        let before = self.look().one(last, params![action, subject], |row| row.get::<_, String>(0))?;
        self.note(action, subject, &before.unwrap_or_default(), after)
    }

    /// Adds an event to the log.
    pub(crate) fn note(&self, action: &str, subject: &str, before: &str, after: &str) -> Result<(), Error> {
        let last = self.look().last_event()?;
        let (seq, previous) = last.map_or((0, GENESIS), |last| (last.seq, last.hash));
        let event = Event {
            seq: seq + 1,
            time_ms: self.who.now_ms,
            actor: self.who.actor.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            reason: self.who.reason.clone(),
            previous,
            hash: GENESIS,
        }
        .sealed(previous);
        self.run(
            "INSERT INTO audit (seq, time_ms, actor, action, subject, before, after, reason, previous, hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                event.seq,
                event.time_ms,
                event.actor,
                event.action,
                event.subject,
                event.before,
                event.after,
                event.reason,
                event.previous,
                event.hash
            ],
        )
    }

    pub(crate) fn run(&self, statement: &str, params: impl rusqlite::Params) -> Result<(), Error> {
        let run = || self.tx.prepare_cached(statement)?.execute(params);
        run().map(drop).map_err(|source| Error::storage(self.path, source))
    }

    pub(crate) fn signed(&self, with_reason: bool) -> Result<(), Error> {
        if self.who.actor.trim().is_empty() {
            return Err(Error::Unsigned("an actor"));
        }
        if with_reason && self.who.reason.trim().is_empty() {
            return Err(Error::Unsigned("a reason"));
        }
        Ok(())
    }
}

pub(crate) fn subject_of(row: &VersionRow) -> String {
    format!("{} {} v{}", row.kind, row.name, row.number)
}
