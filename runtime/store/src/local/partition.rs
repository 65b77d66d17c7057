//! What one resource of one tenant holds.

use std::collections::{BTreeMap, VecDeque};

use flow_ir::setup::ResourceKind;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use crate::index::Index;
use crate::write::{IndexEntry, Vector, Write};

/// A value that is forgotten some day.
#[derive(Clone, Debug)]
pub(super) struct Kept<T> {
    pub(super) value: T,
    pub(super) until_ms: Option<i64>,
}

impl<T> Kept<T> {
    pub(super) fn is_alive(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// A cached value and the vector of its key.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    pub(super) value: Json,
    pub(super) vector: Option<Vector>,
}

/// Of one resource and tenant. Only the parts of its kind are ever filled.
#[derive(Debug, Default)]
pub(super) struct Partition {
    pub(super) memory: BTreeMap<String, Vec<Kept<Json>>>,
    pub(super) cache: IndexMap<String, Kept<Cached>>,
    pub(super) index: Index,
    pub(super) slots: BTreeMap<String, Kept<Map<String, Json>>>,
    pub(super) events: BTreeMap<String, VecDeque<Kept<Json>>>,
    pub(super) queue: VecDeque<Json>,
    pub(super) topic: Vec<Json>,
    pub(super) dataset: Vec<Json>,
}

impl Partition {
    pub(super) fn memory(&self, key: &str, now_ms: i64) -> Vec<Json> {
        let items = self.memory.get(key).into_iter().flatten();
        items.filter(|item| item.is_alive(now_ms)).map(|item| item.value.clone()).collect()
    }

    pub(super) fn cached(&self, key: &str, now_ms: i64) -> Option<Json> {
        let entry = self.cache.get(key).filter(|entry| entry.is_alive(now_ms))?;
        Some(entry.value.value.clone())
    }

    pub(super) fn vectors(&self, now_ms: i64) -> impl Iterator<Item = (&[f32], &Json)> {
        let alive = self.cache.values().filter(move |entry| entry.is_alive(now_ms));
        alive.filter_map(|entry| Some((entry.value.vector.as_ref()?.0.as_slice(), &entry.value.value)))
    }

    pub(super) fn dimension(&self) -> Option<usize> {
        let cached = self.cache.values().find_map(|entry| entry.value.vector.as_ref());
        self.index.dimension().or_else(|| cached.map(|vector| vector.0.len()))
    }

    pub(super) fn has_event(&mut self, key: &str, now_ms: i64) -> bool {
        let Some(events) = self.events.get_mut(key) else { return false };
        events.retain(|event| event.is_alive(now_ms));
        !events.is_empty()
    }

    pub(super) fn list(&self, kind: ResourceKind) -> Vec<Json> {
        match kind {
            ResourceKind::Queue => self.queue.iter().cloned().collect(),
            ResourceKind::Topic => self.topic.clone(),
            ResourceKind::Dataset => self.dataset.clone(),
            ResourceKind::Index => self.index.entries().map(|entry| entry.item.clone()).collect(),
            ResourceKind::Memory | ResourceKind::Cache | ResourceKind::Slots | ResourceKind::Events => {
                Vec::new()
            }
        }
    }

    /// The changes that fill an empty partition with this.
    pub(super) fn writes(&self) -> Vec<Write> {
        let mut writes = Vec::new();
        self.memory_writes(&mut writes);
        for (key, kept) in &self.cache {
            let Cached { value, vector } = kept.value.clone();
            writes.push(Write::CachePut { key: key.clone(), value, vector, until_ms: kept.until_ms });
        }
        let entries: Vec<IndexEntry> = self.index.entries().cloned().collect();
        writes.extend(entries.into_iter().map(|entry| Write::IndexPut { entries: vec![entry] }));
        for (key, kept) in &self.slots {
            let fields = kept.value.clone();
            writes.push(Write::SlotsFill { key: key.clone(), fields, until_ms: kept.until_ms });
        }
        for (key, event) in self.events.iter().flat_map(|(key, all)| all.iter().map(move |one| (key, one))) {
            let (key, value) = (key.clone(), event.value.clone());
            writes.push(Write::EventsPut { key, value, until_ms: event.until_ms });
        }
        writes.extend(self.queue.iter().map(|item| Write::QueueAdd { item: item.clone() }));
        writes.extend(self.topic.iter().map(|item| Write::TopicEmit { item: item.clone() }));
        writes.extend(self.dataset.iter().map(|item| Write::DatasetAdd { items: vec![item.clone()] }));
        writes
    }

    fn memory_writes(&self, writes: &mut Vec<Write>) {
        for (key, item) in self.memory.iter().flat_map(|(key, all)| all.iter().map(move |one| (key, one))) {
            let (key, items) = (key.clone(), vec![item.value.clone()]);
            writes.push(Write::MemoryAdd { key, items, until_ms: item.until_ms });
        }
    }
}
