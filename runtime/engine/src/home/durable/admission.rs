//! Which queued run begins next: lanes keep their order, tenants take turns.

use std::collections::{BTreeMap, VecDeque};

use flow_store::runs::RunNo;
use rustc_hash::FxHashMap;

type Lane = (String, String);

/// Runs that wait to begin.
#[derive(Debug)]
pub(super) struct Admission {
    running: usize,
    queued: usize,
    /// Runs of each lane in order; the first one has begun or may.
    lanes: FxHashMap<Lane, VecDeque<RunNo>>,
    /// Runs of each tenant that may begin as soon as there is room.
    ready: BTreeMap<String, VecDeque<RunNo>>,
    /// Tenants with ready runs; who had a turn goes to the end.
    turns: VecDeque<String>,
    /// Runs of each tenant that have not begun.
    waiting: FxHashMap<String, usize>,
}

impl Admission {
    pub(super) fn new(running: usize, queued: usize) -> Self {
        Self {
            running: running.max(1),
            queued,
            lanes: FxHashMap::default(),
            ready: BTreeMap::new(),
            turns: VecDeque::new(),
            waiting: FxHashMap::default(),
        }
    }

    /// Whether one more of this tenant may wait.
    pub(super) fn has_room(&self, tenant: &str) -> bool {
        self.waiting.get(tenant).copied().unwrap_or(0) < self.queued
    }

    /// Whether a run may begin at once: nobody is before it.
    pub(super) fn is_free(&self, tenant: &str, lane: Option<&str>, n_running: usize) -> bool {
        let lane_is_free = lane.is_none_or(|lane| !self.lanes.contains_key(&key(tenant, lane)));
        lane_is_free && n_running < self.running && self.turns.is_empty()
    }

    /// A run begins at once, or had begun before this process.
    pub(super) fn occupy(&mut self, tenant: &str, lane: Option<&str>, no: RunNo) {
        if let Some(lane) = lane {
            self.lanes.entry(key(tenant, lane)).or_default().push_front(no);
        }
    }

    /// A run waits for its turn.
    pub(super) fn enqueue(&mut self, tenant: &str, lane: Option<&str>, no: RunNo) {
        *self.waiting.entry(tenant.to_owned()).or_default() += 1;
        let Some(lane) = lane else { return self.make_ready(tenant, no) };
        let line = self.lanes.entry(key(tenant, lane)).or_default();
        line.push_back(no);
        if line.len() == 1 {
            self.make_ready(tenant, no);
        }
    }

    /// A run that had begun has ended: the next one of its lane may begin.
    pub(super) fn release(&mut self, tenant: &str, lane: Option<&str>, no: RunNo) {
        let Some(lane) = lane else { return };
        let key = key(tenant, lane);
        let Some(line) = self.lanes.get_mut(&key) else { return };
        line.retain(|other| *other != no);
        match line.front().copied() {
            Some(next) => self.make_ready(tenant, next),
            None => drop(self.lanes.remove(&key)),
        }
    }

    /// A queued run will never begin.
    pub(super) fn withdraw(&mut self, tenant: &str, lane: Option<&str>, no: RunNo) {
        self.begun(tenant);
        if let Some(ready) = self.ready.get_mut(tenant) {
            ready.retain(|other| *other != no);
        }
        let is_first = lane.and_then(|lane| self.lanes.get(&key(tenant, lane))?.front().copied()) == Some(no);
        if is_first {
            self.release(tenant, lane, no);
        } else if let Some(line) = lane.and_then(|lane| self.lanes.get_mut(&key(tenant, lane))) {
            line.retain(|other| *other != no);
        }
    }

    /// The next run to begin, if there is room.
    pub(super) fn next(&mut self, n_running: usize) -> Option<RunNo> {
        if n_running >= self.running {
            return None;
        }
        loop {
            let tenant = self.turns.pop_front()?;
            let Some(ready) = self.ready.get_mut(&tenant) else { continue };
            let next = ready.pop_front();
            if ready.is_empty() {
                self.ready.remove(&tenant);
            } else {
                self.turns.push_back(tenant.clone());
            }
            if next.is_some() {
                self.begun(&tenant);
                return next;
            }
        }
    }

    fn make_ready(&mut self, tenant: &str, no: RunNo) {
        let ready = self.ready.entry(tenant.to_owned()).or_default();
        if ready.is_empty() {
            self.turns.push_back(tenant.to_owned());
        }
        ready.push_back(no);
    }

    fn begun(&mut self, tenant: &str) {
        if let Some(waiting) = self.waiting.get_mut(tenant) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.waiting.remove(tenant);
            }
        }
    }
}

fn key(tenant: &str, lane: &str) -> Lane {
    (tenant.to_owned(), lane.to_owned())
}

#[cfg(test)]
mod tests;
