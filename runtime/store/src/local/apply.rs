//! Changes of one resource: total, and equal when repeated from the journal.

use serde_json::{Map, Value as Json};

use super::partition::{Cached, Kept, Partition};
use crate::write::{Write, Written};

impl Partition {
    pub(super) fn apply(&mut self, write: Write, now_ms: i64) -> Written {
        match write {
            Write::MemoryAdd { key, items, until_ms } => self.remember(key, items, until_ms, now_ms),
            Write::MemoryForget { key } => drop(self.memory.remove(&key)),
            Write::CachePut { key, value, vector, until_ms } => {
                // Expired entries are dropped here, so that a cache does not grow for ever.
                self.cache.retain(|_, entry| entry.is_alive(now_ms));
                self.cache.insert(key, Kept { value: Cached { value, vector }, until_ms });
            }
            Write::IndexPut { entries } => entries.into_iter().for_each(|entry| self.index.put(entry)),
            Write::SlotsFill { key, fields, until_ms } => return self.fill(key, fields, until_ms, now_ms),
            Write::SlotsDrop { key } => drop(self.slots.remove(&key)),
            Write::EventsPut { key, value, until_ms } => {
                self.events.entry(key).or_default().push_back(Kept { value, until_ms });
            }
            Write::EventsTake { key } => return self.take_event(&key),
            Write::QueueAdd { item } => self.queue.push_back(item),
            Write::QueueTake { count } => {
                let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.queue.len());
                return Written::Items(self.queue.drain(..count).collect());
            }
            Write::TopicEmit { item } => self.topic.push(item),
            Write::DatasetAdd { items } => self.dataset.extend(items),
        }
        Written::Done
    }

    fn remember(&mut self, key: String, items: Vec<Json>, until_ms: Option<i64>, now_ms: i64) {
        let held = self.memory.entry(key).or_default();
        held.retain(|item| item.is_alive(now_ms));
        held.extend(items.into_iter().map(|value| Kept { value, until_ms }));
    }

    fn fill(
        &mut self,
        key: String,
        fields: Map<String, Json>,
        until_ms: Option<i64>,
        now_ms: i64,
    ) -> Written {
        let held = self.slots.entry(key).or_insert_with(|| Kept { value: Map::new(), until_ms });
        if !held.is_alive(now_ms) {
            held.value.clear();
        }
        held.until_ms = until_ms;
        // What a message leaves out is no reason to forget what an earlier one said.
        held.value.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        Written::Slots(held.value.clone())
    }

    fn take_event(&mut self, key: &str) -> Written {
        let event = self.events.get_mut(key).and_then(std::collections::VecDeque::pop_front);
        Written::Items(event.into_iter().map(|event| event.value).collect())
    }
}
