//! Looks at files, several at a time.
//!
//! Files that see much of the same are cheaper to look at together than one by one. What is found in a file must be
//! what a look at it alone finds, and one thing can be in the way: while something is wrong, some checks are left out, in
//! files too that do not see it. So files are taken only if what is wrong in all that the look sees is also wrong in
//! what they see; the others are looked at again, with those of their kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_diagnostics::{Diagnostic, FileId};
use rustc_hash::FxHashMap;

use super::super::library::MODULES;
use super::super::{FileState, Look, Part, Workspace, is_mistake};
use super::agree::{self, Answer};
use super::{Found, Now, paths};
use crate::bodies::hides_values;
use crate::trust::outside::Outside;
use crate::{lock, rules};

/// What a look at a file finds.
struct Seen {
    diagnostics: Vec<Diagnostic>,
    rules: Vec<Diagnostic>,
    locked: Vec<Diagnostic>,
    files: Arc<[String]>,
    is_sound: bool,
    answer: Option<Answer>,
}

/// What is wrong somewhere, by what that keeps from being checked elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Wrong {
    /// Whether it hides what values are: then nothing is said about whom they can be trusted by.
    hides_values: bool,
    /// Whether there is a mistake: then no numbers are said.
    has_mistakes: bool,
    /// Whether there is an error at all: then nothing is said about what streams.
    has_errors: bool,
}

impl Wrong {
    fn of(found: &Diagnostic) -> Self {
        Self {
            hides_values: hides_values(found),
            has_mistakes: is_mistake(found),
            has_errors: found.is_error(),
        }
    }

    const fn join(self, other: Self) -> Self {
        Self {
            hides_values: self.hides_values || other.hides_values,
            has_mistakes: self.has_mistakes || other.has_mistakes,
            has_errors: self.has_errors || other.has_errors,
        }
    }
}

/// What is wrong in a look, by file.
struct Mistakes {
    by_file: FxHashMap<FileId, Wrong>,
    /// In what every file sees: `flow.toml`.
    everywhere: Wrong,
    all: Wrong,
}

impl Mistakes {
    fn of(look: &Look<'_>, n_files: usize) -> Self {
        let mut mistakes =
            Self { by_file: FxHashMap::default(), everywhere: Wrong::default(), all: Wrong::default() };
        for found in &look.out {
            let (file, wrong) = (found.primary.span.file, Wrong::of(found));
            mistakes.all = mistakes.all.join(wrong);
            if (file.0 as usize) < n_files {
                let known = mistakes.by_file.entry(file).or_default();
                *known = known.join(wrong);
            } else {
                mistakes.everywhere = mistakes.everywhere.join(wrong);
            }
        }
        mistakes.all.hides_values |= !look.lowered.is_sound;
        mistakes
    }

    /// What is wrong in files of these rows.
    fn seen(&self, rows: impl Iterator<Item = FileId>) -> Wrong {
        rows.filter_map(|row| self.by_file.get(&row)).fold(self.everywhere, |all, wrong| all.join(*wrong))
    }
}

/// A file that is looked at, and what it has heard.
struct Asked {
    path: String,
    outside: Outside,
}

impl Workspace {
    /// Looks at files.
    pub(super) fn look_at(&mut self, group: Vec<String>, now: &Now) {
        let mut open = vec![group];
        while let Some(group) = open.pop() {
            let asked = group.iter().map(|path| Asked { path: path.clone(), outside: self.heard(path) });
            let (seen, again) = self.see(asked.collect());
            let again_all = seen.is_empty() && again.len() == 1;
            for (path, seen) in seen {
                self.memory.looks += 1;
                self.memory.is_agreed &= self.says_the_same(&path, seen.answer.as_ref());
                let found = self.found(&path, seen, now);
                self.memory.found.insert(path, found);
            }
            match again_all {
                true => open.extend(again.into_iter().flatten().map(|path| vec![path])),
                false => open.extend(again),
            }
        }
    }

    /// What a file says when others say that.
    pub(super) fn answer_of(&self, path: &str, outside: Outside) -> Option<Answer> {
        let (seen, _) = self.see(vec![Asked { path: path.to_owned(), outside }]);
        seen.into_iter().next()?.1.answer
    }

    /// Whether a file tells others what it told them before.
    fn says_the_same(&self, path: &str, answer: Option<&Answer>) -> bool {
        let known = self.memory.found.get(path).and_then(|found| found.answers.get(found.answer));
        known.zip(answer).is_some_and(|(known, answer)| known.tells_what(answer))
    }

    /// What a file heard when it was looked at last.
    fn heard(&self, path: &str) -> Outside {
        let known = self.memory.found.get(path).and_then(|found| found.answers.get(found.answer));
        known.map(|answer| answer.outside().clone()).unwrap_or_default()
    }

    /// Looks at files and what they import. Gives those that must be looked at again too, by what is wrong with them.
    fn see(&self, asked: Vec<Asked>) -> (Vec<(String, Seen)>, Vec<Vec<String>>) {
        let closures: Vec<Vec<&str>> = asked.iter().map(|asked| self.seen_from(&asked.path)).collect();
        let mut all: Vec<&str> = closures.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let states: Vec<&FileState> = all.iter().filter_map(|path| self.files.get(*path)).collect();
        let row = |path: &str| {
            let row = all.binary_search(&path).ok().and_then(|row| u32::try_from(row).ok());
            row.map(FileId)
        };
        let is_alone = asked.len() == 1;
        self.look(&states, Part::Files, |mut look, _| {
            let mistakes = Mistakes::of(&look, states.len());
            let mut taken: Vec<(FileId, Asked)> = Vec::new();
            let mut again: BTreeMap<Wrong, Vec<String>> = BTreeMap::new();
            for (asked, closure) in asked.into_iter().zip(&closures) {
                let wrong = mistakes.seen(closure.iter().filter_map(|path| row(path)));
                match row(&asked.path) {
                    Some(file) if is_alone || wrong == mistakes.all => taken.push((file, asked)),
                    Some(_) => again.entry(wrong).or_default().push(asked.path),
                    None => {}
                }
            }
            (self.taken(&mut look, taken), again.into_values().collect())
        })
    }

    /// What a look found in some of its files.
    fn taken(&self, look: &mut Look<'_>, taken: Vec<(FileId, Asked)>) -> Vec<(String, Seen)> {
        let files: Arc<[String]> = paths(&look.sources).into();
        let is_sound = look.lowered.is_sound;
        let (mut rules, mut locked) = (by_file(rules_of(look)), by_file(self.locked(look)));
        let rows: Vec<(FileId, String)> =
            taken.iter().map(|(file, asked)| (*file, asked.path.clone())).collect();
        let mut answers = match is_sound {
            true => {
                let asked = taken.into_iter().map(|(file, asked)| (file, asked.outside));
                agree::ask(look, asked.collect()).into_iter()
            }
            false => Vec::new().into_iter(),
        };
        let mut diagnostics = by_file(std::mem::take(&mut look.out));
        let seen = rows.into_iter().map(|(file, path)| {
            let seen = Seen {
                diagnostics: diagnostics.remove(&file).unwrap_or_default(),
                rules: rules.remove(&file).unwrap_or_default(),
                locked: locked.remove(&file).unwrap_or_default(),
                files: Arc::clone(&files),
                is_sound,
                answer: answers.next(),
            };
            (path, seen)
        });
        seen.collect()
    }

    /// What `flow.lock` holds otherwise.
    fn locked(&self, look: &Look<'_>) -> Vec<Diagnostic> {
        let mut out = Vec::new();
        if let (Some(written), true) = (&self.memory.written, look.lowered.is_sound) {
            let (package, bundle) = (&look.package, &look.lowered.bundle);
            lock::reworded(package, &look.sources, bundle, written, &mut out);
            lock::servers::compare(package, bundle, &written.servers, &mut out);
        }
        out
    }

    fn found(&self, path: &str, seen: Seen, now: &Now) -> Found {
        let print = |path: &str| self.files.get(path).map(|file| file.prints);
        let sees = self.seen_from(path);
        let mut imports = sees.iter().filter_map(|path| self.files.get(*path)).flat_map(|file| &file.imports);
        let is_shelved = |module: &str| MODULES.iter().any(|file| file.module == module);
        let imports_nothing =
            imports.any(|module| !self.by_module.contains_key(module) && !is_shelved(module));
        let sees =
            sees.into_iter().filter_map(|path| Some((path.to_owned(), print(path)?.interface))).collect();
        let mut found = Found {
            text: print(path).map(|prints| prints.text).unwrap_or_default(),
            manifest: now.manifest,
            lock: now.lock,
            sees,
            points: self.points(&seen.files, seen.diagnostics.iter().chain(&seen.rules)),
            modules: imports_nothing.then_some(now.modules),
            diagnostics: seen.diagnostics,
            rules: seen.rules,
            locked: seen.locked,
            files: seen.files,
            is_sound: seen.is_sound,
            answers: Vec::new(),
            answer: 0,
        };
        if let Some(answer) = seen.answer {
            self.remember(&mut found, answer);
        }
        found
    }
}

/// What the rules say.
fn rules_of(look: &Look<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    if look.lowered.is_sound {
        rules::check(&look.places(), &mut out);
    }
    out
}

fn by_file(list: Vec<Diagnostic>) -> FxHashMap<FileId, Vec<Diagnostic>> {
    let mut by_file: FxHashMap<FileId, Vec<Diagnostic>> = FxHashMap::default();
    for found in list {
        by_file.entry(found.primary.span.file).or_default().push(found);
    }
    by_file
}
