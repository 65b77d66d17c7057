//! What a security reviewer signs: every place where trust, sensitive effects, people, secrets, personal data, models
//! and the outside enter a package.
//!
//! Collected from what the compiler proved. Start reading at [`Audit::of`]; [`text`] prints it.

mod collect;
pub mod text;

use flow_compiler::Output;
use serde::Serialize;

/// The report.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Audit {
    /// The package's name.
    pub package: String,
    /// BLAKE3 of its bundle: what was reviewed.
    pub digest: String,
    /// In a fixed order; sections without entries are kept, since nothing there is news too.
    pub sections: Vec<Section>,
}

/// One kind of place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Section {
    /// For programs: `trust`, `sensitive`, …
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// What to look for.
    pub question: &'static str,
    /// In the order declared.
    pub entries: Vec<Entry>,
}

/// One place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Entry {
    /// What it is: `check`, `tool`, `role`, …
    pub kind: &'static str,
    /// Its name, with its owner where it has one.
    pub name: String,
    /// What there is to know about it.
    pub facts: Vec<Fact>,
}

/// A fact about a place.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Fact {
    /// `region`.
    pub key: &'static str,
    /// `["eu"]`.
    pub values: Vec<String>,
}

impl Audit {
    /// Of a package without errors.
    #[must_use]
    pub fn of(output: &Output) -> Self {
        Self {
            package: output.bundle.package.to_string(),
            digest: output.bundle.digest().to_string(),
            sections: collect::sections(output),
        }
    }
}

impl Entry {
    fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), facts: Vec::new() }
    }

    /// Adds a fact, unless there is nothing to say.
    fn fact(mut self, key: &'static str, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let values: Vec<String> = values.into_iter().map(Into::into).collect();
        if !values.is_empty() {
            self.facts.push(Fact { key, values });
        }
        self
    }
}
