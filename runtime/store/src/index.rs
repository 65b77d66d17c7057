//! Searching: exact vector scan, BM25, and both by reciprocal rank.

use std::collections::BTreeMap;

use flow_ir::setup::SearchMode;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use crate::write::IndexEntry;
use crate::{Error, Keep};

/// BM25: how fast a repeated word stops counting, and how much long texts are discounted.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Reciprocal rank: how little the very first ranks differ.
const RANK_OFFSET: f32 = 60.0;

/// How deep both rankings are looked at, at least, before they are merged.
const FUSION_DEPTH: usize = 50;

/// A search.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// How.
    pub mode: SearchMode,
    /// What is looked for.
    pub text: &'a str,
    /// Its vector; needed unless the mode is `Keyword`.
    pub vector: Option<&'a [f32]>,
    /// At most so many.
    pub top: usize,
    /// Only scores of at least this.
    pub min: Option<f32>,
}

/// A found element.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// The element.
    pub item: Json,
    /// Vector: cosine in -1..1. Keyword: BM25, from 0. Hybrid: 0..1, where 1 is first in both rankings.
    pub score: f32,
}

/// The words of a text: runs of letters and digits, in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The cosine of two vectors; 0 if one has no length or they have different dimensions.
#[must_use]
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    if a.len() != b.len() {
        return 0.0;
    }
    let dot: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let lengths = length(a) * length(b);
    if lengths > 0.0 { dot / lengths } else { 0.0 }
}

/// The elements of one index.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: IndexMap<String, Document>,
    /// Documents of a word by their position, with how often they have it.
    postings: FxHashMap<String, BTreeMap<usize, u32>>,
    words: u64,
}

#[derive(Debug)]
struct Document {
    entry: IndexEntry,
    length: u32,
}

impl Index {
    pub(crate) fn put(&mut self, entry: IndexEntry) {
        let words: Vec<String> = words(&entry.text).collect();
        let length = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let (position, old) = self.entries.insert_full(entry.id.clone(), Document { entry, length });
        if let Some(old) = old {
            self.forget_words(position, &old);
        }
        self.words += u64::from(length);
        for word in words {
            *self.postings.entry(word).or_default().entry(position).or_insert(0) += 1;
        }
    }

    fn forget_words(&mut self, position: usize, old: &Document) {
        self.words = self.words.saturating_sub(u64::from(old.length));
        for word in words(&old.entry.text) {
            if let Some(documents) = self.postings.get_mut(&word) {
                documents.remove(&position);
            }
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &IndexEntry> {
        self.entries.values().map(|document| &document.entry)
    }

    /// Of the vectors held, if there are any.
    pub(crate) fn dimension(&self) -> Option<usize> {
        self.entries().find_map(|entry| entry.vector.as_ref().map(|vector| vector.0.len()))
    }

    pub(crate) fn search(&self, query: &Query<'_>, keep: Keep<'_>) -> Result<Vec<Hit>, Error> {
        let ranked = match query.mode {
            SearchMode::Keyword => self.best(self.by_words(query.text), query.top, query.min, keep)?,
            SearchMode::Vector => self.best(self.by_vector(query.vector), query.top, query.min, keep)?,
            SearchMode::Hybrid => self.both(query, keep)?,
        };
        let hit = |(position, score): (usize, f32)| {
            let (_, document) = self.entries.get_index(position)?;
            Some(Hit { item: document.entry.item.clone(), score })
        };
        Ok(ranked.into_iter().filter_map(hit).collect())
    }

    /// The best that the predicate keeps. Asking in the order of the score gives the same as asking all first,
    /// and asks far less.
    fn best(
        &self,
        mut scored: Vec<(usize, f32)>,
        top: usize,
        min: Option<f32>,
        keep: Keep<'_>,
    ) -> Result<Vec<(usize, f32)>, Error> {
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut found = Vec::new();
        for (position, score) in scored {
            if found.len() >= top || min.is_some_and(|min| score < min) {
                break;
            }
            let Some((_, document)) = self.entries.get_index(position) else { continue };
            if keep(&document.entry.item).map_err(Error::Predicate)? {
                found.push((position, score));
            }
        }
        Ok(found)
    }

    fn by_vector(&self, vector: Option<&[f32]>) -> Vec<(usize, f32)> {
        let Some(vector) = vector else { return Vec::new() };
        let score = |(position, entry): (usize, &IndexEntry)| {
            let own = entry.vector.as_ref()?;
            Some((position, cosine(vector, &own.0)))
        };
        self.entries().enumerate().filter_map(score).collect()
    }

    fn by_words(&self, text: &str) -> Vec<(usize, f32)> {
        let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
        let count = self.entries.len() as f32;
        let average = (self.words as f32 / count.max(1.0)).max(1.0);
        let mut asked: Vec<String> = words(text).collect();
        asked.sort_unstable();
        asked.dedup();
        for word in asked {
            let Some(documents) = self.postings.get(&word) else { continue };
            let holders = documents.len() as f32;
            let rarity = (1.0 + (count - holders + 0.5) / (holders + 0.5)).ln();
            for (position, times) in documents {
                let length = self.entries.get_index(*position).map_or(0, |(_, document)| document.length);
                let times = *times as f32;
                let discount = K1 * (1.0 - B + B * length as f32 / average);
                *scores.entry(*position).or_insert(0.0) += rarity * times * (K1 + 1.0) / (times + discount);
            }
        }
        scores.into_iter().collect()
    }

    fn both(&self, query: &Query<'_>, keep: Keep<'_>) -> Result<Vec<(usize, f32)>, Error> {
        let depth = FUSION_DEPTH.max(query.top.saturating_mul(4));
        let rankings = [
            self.best(self.by_words(query.text), depth, None, keep)?,
            self.best(self.by_vector(query.vector), depth, None, keep)?,
        ];
        let most = rankings.len() as f32 / (RANK_OFFSET + 1.0);
        let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
        for ranking in &rankings {
            for (rank, (position, _)) in ranking.iter().enumerate() {
                *scores.entry(*position).or_insert(0.0) += 1.0 / (RANK_OFFSET + 1.0 + rank as f32) / most;
            }
        }
        self.best(scores.into_iter().collect(), query.top, query.min, &mut |_| Ok(true))
    }
}

#[cfg(test)]
mod tests;
