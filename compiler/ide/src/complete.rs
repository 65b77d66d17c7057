//! Completion: what can stand at the cursor.
//!
//! Which question is asked follows from the words before the cursor ([`context`]); each question has a file.

mod context;
mod edge;
mod global;
mod member;
mod value;

use flow_grammar::Span;

use crate::package::{Package, View};
use crate::resolve::Kind;

use context::Context;

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompletionKind {
    /// Something with a name.
    Named(Kind),
    /// A method of the library or of a resource.
    Method,
    /// A word of the language.
    Keyword,
    /// A pattern to fill in.
    Snippet,
    /// A class of errors.
    Class,
    /// A built-in type.
    Builtin,
    /// A setting of a declaration.
    Setting,
    /// A unit.
    Unit,
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// As shown.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words beside it: its type.
    pub detail: String,
    /// More about it, as Markdown.
    pub docs: String,
    /// What is typed; a pattern if `is_snippet`.
    pub insert: String,
    /// Whether `insert` has places to fill in.
    pub is_snippet: bool,
    /// What is replaced: the part of the word before the cursor.
    pub span: Span,
    /// Lower comes first.
    pub rank: u8,
}

/// What can stand at an offset.
#[must_use]
pub fn complete(package: &Package, view: &View, offset: u32) -> Vec<Completion> {
    let at = Context::of(view, offset);
    let mut list = List { span: at.word, entries: Vec::new() };
    match at.asks() {
        context::Asks::Nothing => {}
        context::Asks::Item => global::items(&mut list),
        context::Asks::Module => global::modules(package, view, &at, &mut list),
        context::Asks::Exported(module) => global::exported(package, view, &module, &mut list),
        context::Asks::Type => global::types(package, view, &mut list),
        context::Asks::Model => global::of_kinds(package, view, &[Kind::Model, Kind::Module], &mut list),
        context::Asks::Class => edge::classes(view, offset, &mut list),
        context::Asks::Target => edge::targets(view, offset, &mut list),
        context::Asks::Clause => edge::clauses(&mut list),
        context::Asks::Line => edge::lines(&mut list),
        context::Asks::Setting => global::settings(view, offset, &mut list),
        context::Asks::Unit => global::units(view, &mut list),
        context::Asks::Step => global::steps(&mut list),
        context::Asks::Member => member::after_dot(package, view, offset, &mut list),
        context::Asks::Pattern => member::variants(view, &at, &mut list),
        context::Asks::Value => value::values(package, view, offset, &mut list),
    }
    let mut entries = list.entries;
    entries.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.label.cmp(&b.label)));
    entries.dedup_by(|a, b| a.label == b.label && a.kind == b.kind);
    entries
}

/// Entries so far.
struct List {
    span: Span,
    entries: Vec<Completion>,
}

impl List {
    fn add(&mut self, label: &str, kind: CompletionKind, detail: &str, rank: u8) -> Option<&mut Completion> {
        if label.is_empty() {
            return None;
        }
        self.entries.push(Completion {
            label: label.to_owned(),
            kind,
            detail: detail.to_owned(),
            docs: String::new(),
            insert: label.to_owned(),
            is_snippet: false,
            span: self.span,
            rank,
        });
        self.entries.last_mut()
    }

    fn keywords(&mut self, words: &[&str], rank: u8) {
        for word in words {
            self.add(word, CompletionKind::Keyword, "", rank);
        }
    }

    fn snippet(&mut self, label: &str, insert: &str, detail: &str, rank: u8) {
        if let Some(entry) = self.add(label, CompletionKind::Snippet, detail, rank) {
            entry.insert = insert.to_owned();
            entry.is_snippet = true;
        }
    }
}
