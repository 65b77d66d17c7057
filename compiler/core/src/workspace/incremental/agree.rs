//! Files tell each other what they know about labels, until nobody learns anything new.
//!
//! Each round asks every file, callers before those they call, what it says when others say what they said so far.
//! The next round begins with what all of them put into resources in this one. That is the way in which
//! [`crate::trust::check`] looks at a whole package, so both find the same: the least that everybody can agree on.
//! A round always begins from nothing, because what an edit takes away must not be kept alive by those who repeat it.
//! It costs a comparison for each file, because answers are kept with their questions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow_diagnostics::{Diagnostic, FileId, Span};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::Look;
use super::{Found, Workspace};
use crate::trust::outside::{Key, Known, Labelled, Outcome, Outside, Place};
use crate::trust::{ByFile, Rank};

/// A label is added to a resource in each but the last; more than this are only needed by chains of resources that
/// nobody writes.
const ROUNDS: usize = 64;

/// How many answers of a file are kept: for nothing, for what holds, and for some rounds between.
const KEPT: usize = 6;

/// What a file says, depending on what others say.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    outside: Outside,
    outcome: Outcome,
    /// The paths of the ids in `outcome`.
    files: Arc<[String]>,
}

impl Answer {
    pub(super) fn diagnostics(&self) -> &[Diagnostic] {
        &self.outcome.diagnostics
    }

    pub(super) fn files(&self) -> &[String] {
        &self.files
    }

    /// Whether another answer is to the same question, and says the same to others. A file that hears of labels in
    /// resources repeats what it hears, so nobody knows whether it still says so itself.
    pub(super) fn tells_what(&self, other: &Self) -> bool {
        let (a, b) = (&self.outcome, &other.outcome);
        let repeats_nothing =
            self.outside.held.is_empty() && a.told.held.is_empty() && b.told.held.is_empty();
        repeats_nothing && self.outside == other.outside && a.told == b.told && a.declares == b.declares
    }

    /// The question.
    pub(super) const fn outside(&self) -> &Outside {
        &self.outside
    }
}

/// Asks files of a look, each what it says when others say that.
pub(super) fn ask(look: &Look<'_>, asked: Vec<(FileId, Outside)>) -> Vec<Answer> {
    let files: Arc<[String]> = super::paths(&look.sources).into();
    // Most files are told nothing: one preparation is enough for all of them.
    let mut plain: Option<ByFile<'_>> = None;
    let answer = |(file, outside): (FileId, Outside)| {
        if outside.declared.is_empty() {
            let by_file = plain
                .get_or_insert_with(|| ByFile::new(look.places(), &look.lowered.order, std::iter::empty()));
            let outcome = by_file.look(file, &outside);
            return Answer { outside, outcome, files: Arc::clone(&files) };
        }
        ask_with_names(look, file, outside, &files)
    };
    asked.into_iter().map(answer).collect()
}

/// The same of a file that is told names of labels, which may be declared in files that the look does not see.
fn ask_with_names(look: &Look<'_>, file: FileId, outside: Outside, seen: &[String]) -> Answer {
    let mut files = seen.to_vec();
    let mut row_of = |path: &SmolStr| {
        let known = files.iter().position(|other| other == path);
        let row = known.unwrap_or_else(|| {
            files.push(path.to_string());
            files.len() - 1
        });
        FileId(u32::try_from(row).unwrap_or(u32::MAX))
    };
    let mut elsewhere = Vec::with_capacity(outside.declared.len());
    for (name, (path, start, end)) in &outside.declared {
        elsewhere.push((name.clone(), Span { file: row_of(path), start: *start, end: *end }));
    }
    let mut by_file = ByFile::new(look.places(), &look.lowered.order, elsewhere.into_iter());
    let outcome = by_file.look(file, &outside);
    Answer { outside, outcome, files: files.into() }
}

/// What was said in a round so far.
#[derive(Default)]
struct Said {
    /// By file and flow: the arguments of calls in files that import it.
    calls: FxHashMap<SmolStr, BTreeMap<SmolStr, BTreeSet<Vec<Known>>>>,
    held: BTreeMap<Key, Labelled>,
}

impl Said {
    fn hear(&mut self, answer: &Answer) {
        for ((path, flow), args) in &answer.outcome.told.calls {
            let flows = self.calls.entry(path.clone()).or_default();
            flows.entry(flow.clone()).or_default().insert(args.clone());
        }
        for (key, labels) in &answer.outcome.told.held {
            self.held.entry(key.clone()).or_default().join(labels);
        }
    }

    /// What a file hears.
    fn to(&mut self, path: &str, found: &Found) -> Outside {
        if self.calls.is_empty() && self.held.is_empty() {
            return Outside::default();
        }
        let calls = self.calls.remove(path).unwrap_or_default().into_iter();
        let calls = calls.map(|(flow, calls)| (flow, calls.into_iter().collect())).collect();
        let sees = |path: &str| found.sees.binary_search_by(|(other, _)| other.as_str().cmp(path)).is_ok();
        let held = self.held.iter().filter(|((path, _), _)| sees(path));
        let held = held.map(|(key, labels)| (key.clone(), labels.clone())).collect();
        Outside { calls, held, declared: Vec::new() }
    }
}

impl Workspace {
    /// Finds for every file the answer that holds now; `false` if it was told to stop. All files are sound.
    pub(super) fn agree(&mut self, stop: &dyn Fn() -> bool) -> bool {
        let order = self.importers_first();
        let mut said = Said::default();
        // Looked up only if some label goes from file to file.
        let mut declared: Option<FxHashMap<SmolStr, Place>> = None;
        for _ in 0..ROUNDS {
            let before = said.held.clone();
            said.calls.clear();
            for path in order.iter() {
                if stop() {
                    return false;
                }
                let Some(found) = self.memory.found.get(path) else { continue };
                let mut outside = said.to(path, found);
                let names = outside.names();
                if !names.is_empty() {
                    let all = declared.get_or_insert_with(|| self.declared());
                    let place = |name: SmolStr| Some((name.clone(), all.get(&name)?.clone()));
                    outside.declared = names.into_iter().filter_map(place).collect();
                }
                if let Some(answer) = self.answer(path, outside) {
                    said.hear(answer);
                }
            }
            if said.held == before {
                break;
            }
        }
        true
    }

    /// What a file says when others say that.
    fn answer(&mut self, path: &str, outside: Outside) -> Option<&Answer> {
        let found = self.memory.found.get_mut(path)?;
        let known = found.answers.iter().position(|answer| answer.outside == outside);
        if let Some(known) = known {
            found.answer = known;
        } else {
            let answer = self.answer_of(path, outside)?;
            self.memory.looks += 1;
            let mut found = self.memory.found.remove(path)?;
            self.remember(&mut found, answer);
            self.memory.found.insert(path.to_owned(), found);
        }
        let found = self.memory.found.get(path)?;
        found.answers.get(found.answer)
    }

    /// Keeps an answer, which holds now.
    pub(super) fn remember(&self, found: &mut Found, answer: Answer) {
        if found.answers.len() >= KEPT {
            found.answers.remove(0);
        }
        for point in self.points(&answer.files, answer.outcome.diagnostics.iter()) {
            if !found.points.contains(&point) {
                found.points.push(point);
            }
        }
        found.answers.push(answer);
        found.answer = found.answers.len() - 1;
    }

    /// Where each label is declared first: types before resources before parameters, files in their order.
    fn declared(&self) -> FxHashMap<SmolStr, Place> {
        let mut first: FxHashMap<SmolStr, (Rank, Place)> = FxHashMap::default();
        for path in self.files.keys() {
            let answer = self.memory.found.get(path).and_then(|found| found.answers.first());
            for (name, rank, start, end) in answer.iter().flat_map(|answer| &answer.outcome.declares) {
                let is_first = first.get(name).is_none_or(|(other, _)| rank < other);
                if is_first {
                    first.insert(name.clone(), (*rank, (path.as_str().into(), *start, *end)));
                }
            }
        }
        first.into_iter().map(|(name, (_, place))| (name, place)).collect()
    }

    /// All paths, each before those that it imports.
    fn importers_first(&mut self) -> Arc<[String]> {
        if let Some(order) = &self.memory.order {
            return Arc::clone(order);
        }
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut order: Vec<String> = Vec::with_capacity(self.files.len());
        for start in self.files.keys() {
            let mut path: Vec<(&str, usize)> = Vec::new();
            if done.insert(start) {
                path.push((start, 0));
            }
            while let Some((at, next)) = path.last_mut() {
                let import = self.files.get(*at).and_then(|file| file.imports.get(*next));
                *next += 1;
                let Some(import) = import else {
                    order.push((*at).to_owned());
                    path.pop();
                    continue;
                };
                if let Some(target) = self.by_module.get(import).filter(|target| done.insert(target)) {
                    path.push((target, 0));
                }
            }
        }
        order.reverse();
        let order: Arc<[String]> = order.into();
        self.memory.order = Some(Arc::clone(&order));
        order
    }
}
