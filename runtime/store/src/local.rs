//! The store of one process.

mod apply;
mod beside;
mod partition;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use flow_ir::setup::ResourceKind;
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::error::Error;
use crate::index::{Hit, Query, cosine};
use crate::journal::{Damage, Entry, Journal, Log};
use crate::place::{Place, Stamp};
use crate::runs::Writer;
use crate::wait::EventWait;
use crate::write::{Write, Written};
use crate::{Keep, Store};
use partition::Partition;

/// Operations whose answers are remembered, so that a repetition changes nothing. More than any crash can leave
/// in flight.
const REMEMBERED: usize = 65_536;

/// Changes after which the journal may be rewritten on opening.
const REWRITE_AFTER: usize = 10_000;

/// Everything in memory; with a directory, every change also in its journal.
#[derive(Debug)]
pub struct LocalStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    partitions: BTreeMap<Place, Partition>,
    answers: IndexMap<String, Written>,
    journal: Option<Box<dyn Log>>,
    waiting: HashMap<(Place, String), BTreeMap<u64, Waker>>,
    tickets: u64,
}

impl LocalStore {
    /// Forgets everything at the end of the process.
    #[must_use]
    pub fn in_memory() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::default()) })
    }

    /// Keeps everything in a directory, which it makes if there is none. The damage, if any, was put aside and
    /// should be shown to the user.
    ///
    /// # Errors
    /// The directory cannot be used, or another process uses it.
    pub fn open(directory: &Path) -> Result<(Arc<Self>, Option<Damage>), Error> {
        let (journal, entries, damage) = Journal::open(directory)?;
        Ok((Self::filled(Box::new(journal), entries)?, damage))
    }

    /// Keeps everything in a file of runs: a change is kept in the order of the steps of runs around it, with
    /// the outcome of its own step or before. `held` is what the file holds already.
    ///
    /// # Errors
    /// What the file holds cannot be read.
    pub fn beside_runs(writer: Writer, held: &[String]) -> Result<Arc<Self>, Error> {
        let (log, entries) = beside::open(writer, held)?;
        Self::filled(Box::new(log), entries)
    }

    /// What a file of runs holds already, to be looked at while another process may drive it. Changes are not kept.
    ///
    /// # Errors
    /// What the file holds cannot be read.
    pub fn holding(held: &[String]) -> Result<Arc<Self>, Error> {
        let mut state = State::default();
        beside::entries(held)?.into_iter().for_each(|entry| state.replay(entry));
        Ok(Arc::new(Self { state: Mutex::new(state) }))
    }

    fn filled(mut journal: Box<dyn Log>, entries: Vec<Entry>) -> Result<Arc<Self>, Error> {
        let count = entries.len();
        let mut state = State::default();
        entries.into_iter().for_each(|entry| state.replay(entry));
        let compact = state.entries();
        if count > REWRITE_AFTER && count > compact.len().saturating_mul(4) {
            journal.rewrite(&compact)?;
        }
        state.journal = Some(journal);
        Ok(Arc::new(Self { state: Mutex::new(state) }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A change is applied whole or not at all, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next event if it is this waiter's turn; else the waiter is woken when it may be.
    pub(crate) fn take_event(
        &self,
        place: &Place,
        key: &str,
        stamp: &Stamp,
        ticket: &mut Option<u64>,
        waker: &Waker,
    ) -> Result<Option<Json>, Error> {
        let mut state = self.lock();
        let line = (place.clone(), key.to_owned());
        let first = state.waiting.get(&line).and_then(|line| line.keys().next().copied());
        let my_turn = first.is_none() || first == *ticket;
        if my_turn
            && let Written::Items(items) = state.take_event(place, key, stamp)?
            && let Some(item) = items.into_iter().next()
        {
            state.leave(&line, ticket.take());
            return Ok(Some(item));
        }
        let number = *ticket.get_or_insert_with(|| state.next_ticket());
        state.waiting.entry(line).or_default().insert(number, waker.clone());
        Ok(None)
    }

    pub(crate) fn leave(&self, place: &Place, key: &str, ticket: u64) {
        self.lock().leave(&(place.clone(), key.to_owned()), Some(ticket));
    }
}

impl State {
    fn next_ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Gives up a place in the line, and wakes who is first now.
    fn leave(&mut self, line: &(Place, String), ticket: Option<u64>) {
        let Some(waiters) = self.waiting.get_mut(line) else { return };
        if let Some(ticket) = ticket {
            waiters.remove(&ticket);
        }
        match waiters.values().next() {
            Some(waker) => waker.wake_by_ref(),
            None => drop(self.waiting.remove(line)),
        }
    }

    fn wake(&self, place: &Place, key: &str) {
        let line = self.waiting.get(&(place.clone(), key.to_owned()));
        if let Some(waker) = line.and_then(|line| line.values().next()) {
            waker.wake_by_ref();
        }
    }

    fn take_event(&mut self, place: &Place, key: &str, stamp: &Stamp) -> Result<Written, Error> {
        if let Some(answer) = self.remembered(&stamp.key) {
            return Ok(answer);
        }
        let partition = self.partitions.entry(place.clone()).or_default();
        match partition.has_event(key, stamp.now_ms) {
            true => self.write(place, stamp, Write::EventsTake { key: key.to_owned() }),
            false => Ok(Written::Items(Vec::new())),
        }
    }

    fn remembered(&self, key: &str) -> Option<Written> {
        if key.is_empty() { None } else { self.answers.get(key).cloned() }
    }

    /// Journal first: what cannot be kept does not happen.
    fn write(&mut self, place: &Place, stamp: &Stamp, write: Write) -> Result<Written, Error> {
        if let Some(answer) = self.remembered(&stamp.key) {
            return Ok(answer);
        }
        self.check(place, &write)?;
        let entry = Entry { place: place.clone(), key: stamp.key.clone(), now_ms: stamp.now_ms, write };
        if let Some(journal) = &mut self.journal {
            journal.append(&entry)?;
        }
        Ok(self.apply(entry))
    }

    fn replay(&mut self, entry: Entry) {
        self.apply(entry);
    }

    fn apply(&mut self, entry: Entry) -> Written {
        let Entry { place, key, now_ms, write } = entry;
        let event = match &write {
            Write::EventsPut { key, .. } => Some(key.clone()),
            _ => None,
        };
        let written = self.partitions.entry(place.clone()).or_default().apply(write, now_ms);
        if let Some(event) = event {
            self.wake(&place, &event);
        }
        if !key.is_empty() {
            self.answers.insert(key, written.clone());
            if self.answers.len() > REMEMBERED {
                self.answers.shift_remove_index(0);
            }
        }
        written
    }

    fn check(&self, place: &Place, write: &Write) -> Result<(), Error> {
        let given = match write {
            Write::IndexPut { entries } => entries.iter().find_map(|entry| entry.vector.as_ref()),
            Write::CachePut { vector, .. } => vector.as_ref(),
            _ => None,
        };
        let held = self.partitions.get(place).and_then(Partition::dimension);
        match (given, held) {
            (Some(given), Some(held)) if given.0.len() != held => {
                Err(Error::Dimensions { resource: place.resource.clone(), held, given: given.0.len() })
            }
            _ => Ok(()),
        }
    }

    /// The fewest changes that lead to this state.
    fn entries(&self) -> Vec<Entry> {
        let entry =
            |place: &Place, write| Entry { place: place.clone(), key: String::new(), now_ms: 0, write };
        let of = |(place, partition): (&Place, &Partition)| -> Vec<Entry> {
            partition.writes().into_iter().map(|write| entry(place, write)).collect()
        };
        self.partitions.iter().flat_map(of).collect()
    }
}

impl Store for LocalStore {
    fn write(&self, place: &Place, stamp: &Stamp, write: Write) -> Result<Written, Error> {
        self.lock().write(place, stamp, write)
    }

    fn memory(&self, place: &Place, key: &str, now_ms: i64) -> Result<Vec<Json>, Error> {
        let state = self.lock();
        Ok(state.partitions.get(place).map(|partition| partition.memory(key, now_ms)).unwrap_or_default())
    }

    fn cached(&self, place: &Place, key: &str, now_ms: i64) -> Result<Option<Json>, Error> {
        let state = self.lock();
        Ok(state.partitions.get(place).and_then(|partition| partition.cached(key, now_ms)))
    }

    fn nearest(
        &self,
        place: &Place,
        vector: &[f32],
        at_least: f32,
        now_ms: i64,
    ) -> Result<Option<Json>, Error> {
        let state = self.lock();
        let Some(partition) = state.partitions.get(place) else { return Ok(None) };
        let scored = partition.vectors(now_ms).map(|(own, value)| (cosine(vector, own), value));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
        Ok(best.filter(|(score, _)| *score >= at_least).map(|(_, value)| value.clone()))
    }

    fn search(&self, place: &Place, query: &Query<'_>, keep: Keep<'_>) -> Result<Vec<Hit>, Error> {
        let state = self.lock();
        let Some(partition) = state.partitions.get(place) else { return Ok(Vec::new()) };
        if let (Some(given), Some(held)) = (query.vector, partition.index.dimension())
            && given.len() != held
        {
            return Err(Error::Dimensions { resource: place.resource.clone(), held, given: given.len() });
        }
        partition.index.search(query, keep)
    }

    fn list(&self, place: &Place, kind: ResourceKind) -> Result<Vec<Json>, Error> {
        let state = self.lock();
        Ok(state.partitions.get(place).map(|partition| partition.list(kind)).unwrap_or_default())
    }

    fn wait(self: Arc<Self>, place: Place, key: String, stamp: Stamp) -> EventWait {
        EventWait::new(self, place, key, stamp)
    }
}

#[cfg(test)]
mod tests;
