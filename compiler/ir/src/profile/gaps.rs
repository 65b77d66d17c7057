//! What a profile cannot say of a type.

use super::{Mode, Profile};
use crate::types::{Enum, Field, Type};
use crate::{Bundle, TypeId};

/// Something that a provider cannot express or does not enforce.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Where in the type: `items.price`; empty is the type itself.
    pub path: String,
    /// What.
    pub kind: Kind,
}

/// The kinds of gaps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The provider refuses the schema: this type has no form there.
    NoForm(&'static str),
    /// The provider refuses the schema: there is more of something than it takes.
    TooMany {
        /// `properties`, `levels`, ….
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there may be.
        most: u64,
    },
    /// The answer is not held to a range: it is checked when it has come.
    Unenforced {
        /// As written in `.flow`: `in 1..5`.
        range: String,
        /// Whether it is the length of a text.
        is_length: bool,
    },
}

impl Kind {
    /// Whether a provider would refuse the request.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::NoForm(_) | Self::TooMany { .. })
    }
}

/// Everything that a profile cannot say of a type, in the order of its fields.
#[must_use]
pub fn gaps(bundle: &Bundle, ty: TypeId, profile: &Profile) -> Vec<Gap> {
    if profile.mode == Mode::Told || matches!(bundle.ty(ty), Type::Text { .. }) {
        return Vec::new();
    }
    let mut walk = Walk { bundle, profile, found: Vec::new(), counts: Counts::default() };
    walk.visit(ty, "", 1);
    walk.totals();
    walk.found
}

#[derive(Default)]
struct Counts {
    properties: u64,
    depth: u64,
    enum_values: u64,
    name_chars: u64,
    unions: u64,
}

struct Walk<'a> {
    bundle: &'a Bundle,
    profile: &'a Profile,
    found: Vec<Gap>,
    counts: Counts,
}

impl Walk<'_> {
    fn visit(&mut self, ty: TypeId, path: &str, depth: u64) {
        self.counts.depth = self.counts.depth.max(depth);
        let bundle = self.bundle;
        match bundle.ty(ty) {
            Type::Optional { item } => self.visit(*item, path, depth),
            Type::List { item, size } => {
                self.range(path, [("minItems", size.min), ("maxItems", size.max.unwrap_or(0))], || {
                    range(Some(size.min).filter(|min| *min > 0), size.max)
                });
                self.visit(*item, path, depth + 1);
            }
            Type::Map { item, .. } if self.profile.free_keys => self.visit(*item, path, depth + 1),
            Type::Map { .. } => self.note(path, Kind::NoForm("map")),
            Type::Json if !self.profile.free_keys => self.note(path, Kind::NoForm("json")),
            Type::Record(record) => self.fields(&record.fields, path, depth),
            Type::Partial { record } => {
                if let Type::Record(record) = bundle.ty(*record) {
                    self.fields(&record.fields, path, depth);
                }
            }
            Type::Enum(it) => self.variants(it, path, depth),
            scalar => self.scalar(scalar, path),
        }
    }

    fn fields(&mut self, fields: &[Field], path: &str, depth: u64) {
        for field in fields {
            self.counts.properties += 1;
            self.counts.name_chars += field.wire.chars().count() as u64;
            let is_union = matches!(self.bundle.ty(field.ty), Type::Optional { .. });
            self.counts.unions += u64::from(is_union || self.is_loaded(field.ty));
            let path =
                if path.is_empty() { field.name.to_string() } else { format!("{path}.{}", field.name) };
            self.visit(field.ty, &path, depth + 1);
        }
    }

    /// Whether a type is written as `anyOf`.
    fn is_loaded(&self, ty: TypeId) -> bool {
        let Type::Enum(it) = self.bundle.ty(ty) else { return false };
        it.variants.len() > 1 && it.variants.iter().any(|variant| !variant.fields.is_empty())
    }

    fn variants(&mut self, it: &Enum, path: &str, depth: u64) {
        for variant in &it.variants {
            self.counts.enum_values += 1;
            self.counts.name_chars += variant.wire.chars().count() as u64;
            if !variant.fields.is_empty() {
                self.counts.properties += 1;
                self.fields(&variant.fields, path, depth + 1);
            }
        }
    }

    fn scalar(&mut self, ty: &Type, path: &str) {
        match ty {
            Type::Text { size: Some(size) } if !size.in_tokens => {
                let bounds = [("minLength", size.min), ("maxLength", size.max.unwrap_or(0))];
                self.range(path, bounds, || range(Some(size.min).filter(|min| *min > 0), size.max));
            }
            Type::Int { min, max } | Type::Duration { min, max } => {
                self.range(path, ends(min.is_some(), max.is_some()), || range(*min, *max));
            }
            Type::Float { min, max } => {
                self.range(path, ends(min.is_some(), max.is_some()), || range(*min, *max));
            }
            _ => {}
        }
    }

    /// Notes a range of which the profile takes a bound not. A bound of 0 is none.
    fn range(&mut self, path: &str, bounds: [(&str, u64); 2], text: impl FnOnce() -> String) {
        let misses = |(word, value): &(&str, u64)| *value > 0 && !self.profile.takes(word, *value);
        if bounds.iter().any(misses) {
            let is_length = bounds.iter().any(|(word, _)| word.ends_with("Length"));
            self.note(path, Kind::Unenforced { range: text(), is_length });
        }
    }

    fn totals(&mut self) {
        let Counts { properties, depth, enum_values, name_chars, unions } = self.counts;
        let profile = self.profile;
        let rows = [
            ("properties", properties, profile.properties),
            ("levels", depth, profile.depth),
            ("values of enums", enum_values, profile.enum_values),
            ("characters of names", name_chars, profile.name_chars),
            ("fields that are optional or one of several", unions, profile.unions),
        ];
        for (what, found, most) in rows {
            if let Some(most) = most.filter(|most| found > *most) {
                self.note("", Kind::TooMany { what, found, most });
            }
        }
    }

    fn note(&mut self, path: &str, kind: Kind) {
        self.found.push(Gap { path: path.to_owned(), kind });
    }
}

const fn ends(min: bool, max: bool) -> [(&'static str, u64); 2] {
    [("minimum", min as u64), ("maximum", max as u64)]
}

fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    let text = |bound: Option<T>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    format!("in {}..{}", text(min), text(max))
}
