//! Comparing two types part by part, so that the message names the part.

use super::{Misfit, misfit, words};
use crate::bundle::Bundle;
use crate::ids::TypeId;
use crate::subtype::Subtypes;
use crate::types::{Field, Labels, Type, Variant};

/// Reasons that are told; more help nobody.
const MOST: usize = 8;

/// Whether every value of a type of `from` is one of a type of `to`.
pub(super) struct Fit<'b> {
    from: &'b Bundle,
    to: &'b Bundle,
    subtypes: Subtypes<'b>,
    words: Words,
    pub(super) out: Vec<Misfit>,
}

/// How the two sides are called.
struct Words {
    /// "is passed as `X`".
    has: &'static str,
    /// "the version takes `Y`".
    wants: &'static str,
    lacks: &'static str,
    adds: &'static str,
    labels_of_from: &'static str,
    labels_of_to: &'static str,
}

impl<'b> Fit<'b> {
    /// What a package passes to a version.
    pub(super) const fn of_arguments(bundle: &'b Bundle, version: &'b Bundle) -> Self {
        let words = Words {
            has: "is passed as",
            wants: "the version takes",
            lacks: "is read by the version, and the package does not have it",
            adds: "is passed, and the version does not know it",
            labels_of_from: "in the package",
            labels_of_to: "in the version",
        };
        Self { from: bundle, to: version, subtypes: Subtypes::new(bundle, version), words, out: Vec::new() }
    }

    /// What a version gives to a package.
    pub(super) const fn of_result(version: &'b Bundle, bundle: &'b Bundle) -> Self {
        let words = Words {
            has: "is given as",
            wants: "the package reads",
            lacks: "is read by the package, and the version does not give it",
            adds: "is given by the version, and the package does not know it",
            labels_of_from: "in the version",
            labels_of_to: "in the package",
        };
        Self { from: version, to: bundle, subtypes: Subtypes::new(version, bundle), words, out: Vec::new() }
    }

    /// A parameter or a field.
    pub(super) fn field(&mut self, path: &str, from: &Field, to: &Field) {
        if from.labels != to.labels {
            let (from, to) = (labels(from.labels), labels(to.labels));
            let Words { labels_of_from, labels_of_to, .. } = self.words;
            self.say(path, format!("is {from} {labels_of_from} and {to} {labels_of_to}"));
        }
        self.compare(path, from.ty, to.ty);
    }

    /// Two types at a path.
    pub(super) fn compare(&mut self, path: &str, from: TypeId, to: TypeId) {
        if self.out.len() >= MOST {
            return;
        }
        match (self.from.ty(from), self.to.ty(to)) {
            (Type::Record(a), Type::Record(b)) => self.fields(path, &a.fields, &b.fields),
            (Type::Enum(a), Type::Enum(b)) => self.variants(path, &a.variants, &b.variants),
            (Type::Partial { record: a }, Type::Partial { record: b })
            | (Type::Optional { item: a }, Type::Optional { item: b }) => self.compare(path, *a, *b),
            (Type::List { item: a, .. }, Type::List { item: b, .. })
            | (Type::Map { item: a, .. }, Type::Map { item: b, .. }) => {
                let before = self.out.len();
                self.compare(&format!("{path}[]"), *a, *b);
                if self.out.len() == before {
                    self.leaf(path, from, to);
                }
            }
            _ => self.leaf(path, from, to),
        }
    }

    fn leaf(&mut self, path: &str, from: TypeId, to: TypeId) {
        if self.subtypes.fits(from, to) {
            return;
        }
        let Words { has, wants, .. } = self.words;
        let (found, wanted) = (words::ty(self.from, from), words::ty(self.to, to));
        self.say(path, format!("{has} `{found}`; {wants} `{wanted}`"));
    }

    fn fields(&mut self, path: &str, from: &[Field], to: &[Field]) {
        let before = self.out.len();
        let (lacks, adds) = (self.words.lacks, self.words.adds);
        for field in to.iter().filter(|field| !from.iter().any(|other| other.name == field.name)) {
            self.say(&format!("{path}.{}", field.name), lacks.to_owned());
        }
        for field in from.iter().filter(|field| !to.iter().any(|other| other.name == field.name)) {
            self.say(&format!("{path}.{}", field.name), adds.to_owned());
        }
        if self.out.len() > before {
            return;
        }
        for (a, b) in from.iter().zip(to) {
            if a.name == b.name {
                self.field(&format!("{path}.{}", a.name), a, b);
            } else {
                // Values know their fields by position.
                self.say(&format!("{path}.{}", a.name), "stands at another place".to_owned());
            }
        }
    }

    fn variants(&mut self, path: &str, from: &[Variant], to: &[Variant]) {
        for (at, variant) in from.iter().enumerate() {
            let path = format!("{path}.{}", variant.name);
            match to.get(at) {
                Some(other) if other.name == variant.name => {
                    self.fields(&path, &variant.fields, &other.fields);
                }
                _ if to.iter().any(|other| other.name == variant.name) => {
                    self.say(&path, "stands at another place".to_owned());
                }
                _ => self.say(&path, self.words.adds.to_owned()),
            }
        }
    }

    fn say(&mut self, path: &str, what: String) {
        if self.out.len() < MOST {
            self.out.push(misfit(path, what));
        }
    }
}

fn labels(labels: Labels) -> String {
    let names = [("trusted", labels.trusted), ("pii", labels.pii), ("secret", labels.secret)];
    let set: Vec<String> =
        names.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| format!("`{name}`")).collect();
    if set.is_empty() { "without label".to_owned() } else { set.join(" ") }
}
