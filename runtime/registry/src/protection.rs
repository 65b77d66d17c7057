//! Protected pointers: one person proposes a move, another approves it.
//!
//! A change that moves a protected pointer forward is not kept ([`crate::Registry::change`] refuses it), unless it is
//! the approval of a proposal by somebody else than who made it. Going back is not held: it returns to what was
//! approved before.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use crate::access::Pattern;
use crate::change::Change;
use crate::error::Error;
use crate::name::{Kind, Name, PointerName};
use crate::pointer::Moved;
use crate::read::Look;
use crate::release::{Item, Release};
use crate::sqlite::Registry;

/// What is proposed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// As one, under this name; `None` is a move of its own.
    pub release: Option<String>,
    /// Where pointers are to go.
    pub items: Vec<Item>,
    /// The generation that each pointer had, in the same order: whoever approves means these.
    pub seen: Vec<u64>,
}

/// A move that waits for somebody else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// Its event in the log.
    pub seq: u64,
    /// What.
    pub plan: Plan,
    /// Who proposed it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When, ms since the Unix epoch.
    pub time_ms: i64,
    /// Where it stands.
    pub state: State,
}

/// Where a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody may approve it.
    Open,
    /// It was made.
    Approved,
    /// Nobody wants it any more.
    Withdrawn,
}

impl State {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Open, Self::Approved, Self::Withdrawn].into_iter().find(|state| state.word() == word)
    }
}

impl Plan {
    /// What moves were made, as a plan to make them.
    #[must_use]
    pub fn of(release: Option<&Name>, moved: &[Moved]) -> Self {
        let item = |one: &Moved| Item {
            kind: one.kind,
            name: one.name.to_string(),
            pointer: one.pointer.to_string(),
            to: one.to,
        };
        Self {
            release: release.map(ToString::to_string),
            items: moved.iter().map(item).collect(),
            seen: moved.iter().map(|one| one.generation - 1).collect(),
        }
    }

    /// What the log calls it: the pointer, or the release.
    pub(crate) fn subject(&self) -> String {
        match (&self.release, self.items.as_slice()) {
            (Some(name), _) => format!("release {name}"),
            (None, [item, ..]) => format!("{} {}@{}", item.kind, item.name, item.pointer),
            (None, []) => String::new(),
        }
    }

    /// What the log says of it.
    pub(crate) fn told(&self) -> String {
        let item = |(item, seen): (&Item, &u64)| {
            format!("{} {}@{} v{} from generation {seen}", item.kind, item.name, item.pointer, item.to)
        };
        self.items.iter().zip(&self.seen).map(item).collect::<Vec<_>>().join(", ")
    }
}

fn proposal(row: &Row<'_>) -> rusqlite::Result<Proposal> {
    let wrong = |column: usize| {
        rusqlite::Error::InvalidColumnType(column, "proposal".to_owned(), rusqlite::types::Type::Text)
    };
    Ok(Proposal {
        seq: row.get(0)?,
        plan: serde_json::from_str(&row.get::<_, String>(1)?).map_err(|_| wrong(1))?,
        actor: row.get(2)?,
        reason: row.get(3)?,
        time_ms: row.get(4)?,
        state: State::of(&row.get::<_, String>(5)?).ok_or_else(|| wrong(5))?,
    })
}

impl Look<'_> {
    pub(crate) fn protected(&self) -> Result<Vec<Pattern>, Error> {
        let query = "SELECT kind, name, pointer FROM protected ORDER BY kind, name, pointer";
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
        let pattern = |(kind, name, pointer): (String, String, String)| {
            let text = format!("{kind}:{name}@{pointer}");
            text.parse().map_err(|_| Error::Damaged(format!("`{text}` protects nothing")))
        };
        self.all(query, [], read)?.into_iter().map(pattern).collect()
    }

    pub(crate) fn proposals(&self) -> Result<Vec<Proposal>, Error> {
        self.all("SELECT seq, plan, actor, reason, time_ms, state FROM proposal ORDER BY seq", [], proposal)
    }
}

impl Registry {
    /// What one person alone does not move.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn protected(&self) -> Result<Vec<Pattern>, Error> {
        self.look().protected()
    }

    /// What was proposed, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn proposals(&self) -> Result<Vec<Proposal>, Error> {
        self.look().proposals()
    }
}

impl Change<'_> {
    /// Whether one person alone does not move this pointer.
    pub(crate) fn is_protected(&self, kind: Kind, name: &Name, pointer: &PointerName) -> Result<bool, Error> {
        Ok(self.look().protected()?.iter().any(|pattern| pattern.covers(kind, name, Some(pointer))))
    }

    /// From now on, moves of these pointers need somebody who approves them.
    ///
    /// # Errors
    /// When nobody signs, or the file cannot be written.
    pub fn protect(&self, pattern: &Pattern) -> Result<(), Error> {
        self.signed(true)?;
        self.run(
            "INSERT OR IGNORE INTO protected (kind, name, pointer) VALUES (?1, ?2, ?3)",
            columns(pattern),
        )?;
        self.note("protect", &pattern.to_string(), "", "protected")
    }

    /// Takes [`Change::protect`] back.
    ///
    /// # Errors
    /// When it was not protected by these words, nobody signs, or the file cannot be written.
    pub fn unprotect(&self, pattern: &Pattern) -> Result<(), Error> {
        self.signed(true)?;
        if !self.look().protected()?.contains(pattern) {
            return Err(Error::NotProtected(pattern.to_string()));
        }
        self.run("DELETE FROM protected WHERE kind = ?1 AND name = ?2 AND pointer = ?3", columns(pattern))?;
        self.note("unprotect", &pattern.to_string(), "protected", "")
    }

    /// Keeps what somebody else may approve. Returns its number.
    ///
    /// # Errors
    /// When nobody signs, a version is not there, or the file cannot be written.
    pub fn propose(&self, plan: &Plan) -> Result<u64, Error> {
        self.signed(true)?;
        for item in &plan.items {
            let (name, _): (Name, PointerName) = (item.name.parse()?, item.pointer.parse()?);
            self.version(item.kind, &name, item.to)?;
        }
        let seq = self.look().last_event()?.map_or(0, |last| last.seq) + 1;
        let text = serde_json::to_string(plan).unwrap_or_default();
        self.run(
            "INSERT INTO proposal (seq, plan, actor, reason, time_ms, state) VALUES (?1, ?2, ?3, ?4, ?5, 'open')",
            params![seq, text, self.who.actor, self.who.reason, self.who.now_ms],
        )?;
        self.note("propose", &plan.subject(), "", &plan.told())?;
        Ok(seq)
    }

    /// Makes the moves that somebody else proposed.
    ///
    /// # Errors
    /// When it is not there or not open, was proposed by the same person, or a pointer was moved since.
    pub fn approve(&self, seq: u64) -> Result<Vec<Moved>, Error> {
        self.signed(true)?;
        let found = self.open_proposal(seq)?;
        if same_person(&found.actor, &self.who.actor) {
            return Err(Error::SamePerson { seq, actor: found.actor });
        }
        self.end(&found, State::Approved)?;
        self.approved.set(true);
        let moved = self.make(&found.plan);
        self.approved.set(false);
        moved
    }

    fn make(&self, plan: &Plan) -> Result<Vec<Moved>, Error> {
        let mut moved = Vec::new();
        for (item, seen) in plan.items.iter().zip(&plan.seen) {
            let (name, pointer): (Name, PointerName) = (item.name.parse()?, item.pointer.parse()?);
            let found = self.pointer(item.kind, &name, &pointer)?.map_or(0, |found| found.generation);
            if found != *seen {
                return Err(Error::Conflict { name, pointer, expected: *seen, found });
            }
            if plan.release.is_none() {
                moved.push(self.move_pointer(item.kind, &name, &pointer, item.to, Some(*seen))?);
            }
        }
        match &plan.release {
            Some(name) => self.release(&name.parse()?, &Release { items: plan.items.clone() }),
            None => Ok(moved),
        }
    }

    /// Closes a proposal without making it: whoever made it, or whoever could approve it.
    ///
    /// # Errors
    /// When it is not there or not open.
    pub fn withdraw(&self, seq: u64) -> Result<(), Error> {
        self.signed(true)?;
        let found = self.open_proposal(seq)?;
        self.end(&found, State::Withdrawn)
    }

    /// A proposal that waits.
    ///
    /// # Errors
    /// When it is not there or not open.
    pub fn open_proposal(&self, seq: u64) -> Result<Proposal, Error> {
        let found = self.look().proposals()?.into_iter().find(|proposal| proposal.seq == seq);
        let found = found.ok_or(Error::NoProposal(seq))?;
        match found.state {
            State::Open => Ok(found),
            State::Approved | State::Withdrawn => {
                Err(Error::ProposalClosed { seq, state: found.state.word() })
            }
        }
    }

    fn end(&self, found: &Proposal, state: State) -> Result<(), Error> {
        self.run("UPDATE proposal SET state = ?2 WHERE seq = ?1", params![found.seq, state.word()])?;
        let action = if state == State::Approved { "approve" } else { "withdraw" };
        self.note(action, &found.plan.subject(), "", &format!("proposal {}", found.seq))
    }
}

fn columns(pattern: &Pattern) -> [String; 3] {
    [pattern.kind.map_or("*", Kind::word).to_owned(), pattern.name.clone(), pattern.pointer.clone()]
}

/// `Ann` and `ann ` are one person.
pub(crate) fn same_person(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
