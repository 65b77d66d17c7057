//! Whether values that one Bundle wrote can be read by another: for runs that outlive a deploy.

use std::collections::BTreeMap;

use crate::bundle::Bundle;
use crate::ids::TypeId;
use crate::types::{Field, ListSize, TextSize, Type};

/// Compares types of two Bundles.
///
/// A stored value keeps the order of fields and variants, so a record must have the same fields in the same order, and
/// an enum may only get new variants behind the old ones.
#[derive(Debug)]
pub struct Subtypes<'b> {
    old: &'b Bundle,
    new: &'b Bundle,
    known: BTreeMap<(TypeId, TypeId), bool>,
}

impl<'b> Subtypes<'b> {
    /// Nothing is compared yet.
    #[must_use]
    pub const fn new(old: &'b Bundle, new: &'b Bundle) -> Self {
        Self { old, new, known: BTreeMap::new() }
    }

    /// Whether every stored value of the old type is a value of the new one. Each pair is compared once.
    pub fn fits(&mut self, old: TypeId, new: TypeId) -> bool {
        if let Some(known) = self.known.get(&(old, new)) {
            return *known;
        }
        let fits = self.compare(old, new);
        self.known.insert((old, new), fits);
        fits
    }

    fn compare(&mut self, old_id: TypeId, new_id: TypeId) -> bool {
        let (old, new) = (self.old.ty(old_id), self.new.ty(new_id));
        match (old, new) {
            (Type::Text { size: old }, Type::Text { size: new }) => text_fits(*old, *new),
            (Type::Int { min: a, max: b }, Type::Int { min: c, max: d })
            | (Type::Duration { min: a, max: b }, Type::Duration { min: c, max: d }) => {
                range_fits((*a, *b), (*c, *d))
            }
            (Type::Float { min: a, max: b }, Type::Float { min: c, max: d }) => {
                range_fits((*a, *b), (*c, *d))
            }
            (
                Type::Money { currency: from, min: a, max: b },
                Type::Money { currency: to, min: c, max: d },
            ) => (to.is_none() || from == to) && range_fits((*a, *b), (*c, *d)),
            (Type::Optional { item: old }, Type::Optional { item: new }) => self.fits(*old, *new),
            (Type::List { item: old, size: from }, Type::List { item: new, size: to })
            | (Type::Map { item: old, size: from }, Type::Map { item: new, size: to }) => {
                size_fits(*from, *to) && self.fits(*old, *new)
            }
            (Type::Partial { record: old }, Type::Partial { record: new }) => self.fits(*old, *new),
            (Type::Record(old), Type::Record(new)) => self.fields_fit(&old.fields, &new.fields),
            (Type::Enum(old), Type::Enum(new)) => {
                old.variants.len() <= new.variants.len()
                    && old
                        .variants
                        .iter()
                        .zip(&new.variants)
                        .all(|(old, new)| old.name == new.name && self.fields_fit(&old.fields, &new.fields))
            }
            (old, new) => old == new,
        }
    }

    fn fields_fit(&mut self, old: &[Field], new: &[Field]) -> bool {
        old.len() == new.len()
            && old.iter().zip(new).all(|(old, new)| old.name == new.name && self.fits(old.ty, new.ty))
    }
}

fn text_fits(old: Option<TextSize>, new: Option<TextSize>) -> bool {
    let Some(new) = new else { return true };
    let Some(old) = old else { return new.min == 0 && new.max.is_none() };
    let same_unit = old.in_tokens == new.in_tokens;
    same_unit && new.min <= old.min && at_most(old.max, new.max)
}

fn size_fits(old: ListSize, new: ListSize) -> bool {
    new.min <= old.min && at_most(old.max, new.max) && at_most(old.max_tokens, new.max_tokens)
}

fn at_most(old: Option<u64>, new: Option<u64>) -> bool {
    new.is_none_or(|new| old.is_some_and(|old| old <= new))
}

fn range_fits<T: PartialOrd>(old: (Option<T>, Option<T>), new: (Option<T>, Option<T>)) -> bool {
    let low = new.0.is_none_or(|new| old.0.is_some_and(|old| new <= old));
    let high = new.1.is_none_or(|new| old.1.is_some_and(|old| old <= new));
    low && high
}

#[cfg(test)]
mod tests {
    use super::Subtypes;
    use crate::bundle::Bundle;
    use crate::ids::TypeId;
    use crate::types::{Enum, ListSize, TextSize, Type, Variant};

    fn fits(old: &[Type], new: &[Type]) -> bool {
        let bundle = |types: &[Type]| Bundle { types: types.to_vec(), ..Bundle::default() };
        Subtypes::new(&bundle(old), &bundle(new)).fits(TypeId(0), TypeId(0))
    }

    fn text(min: u64, max: u64) -> Type {
        Type::Text { size: Some(TextSize { in_tokens: false, min, max: Some(max) }) }
    }

    fn variants(names: &[&str]) -> Type {
        let variant = |name: &&str| Variant {
            name: (*name).into(),
            wire: (*name).into(),
            doc: "".into(),
            fields: Vec::new(),
        };
        Type::Enum(Enum {
            name: "E".into(),
            doc: "".into(),
            tag: None,
            variants: names.iter().map(variant).collect(),
        })
    }

    #[test]
    fn ranges_may_only_grow() {
        assert!(fits(&[text(1, 40)], &[text(0, 50)]));
        assert!(!fits(&[text(1, 40)], &[text(1, 39)]));
        assert!(fits(&[text(1, 40)], &[Type::Text { size: None }]));
        assert!(!fits(&[Type::Text { size: None }], &[text(0, 40)]));
        let int = |min, max| Type::Int { min, max };
        assert!(fits(&[int(Some(1), Some(5))], &[int(Some(0), None)]));
        assert!(!fits(&[int(None, Some(5))], &[int(Some(0), None)]));
    }

    #[test]
    fn variants_may_be_added_behind_the_old_ones_only() {
        assert!(fits(&[variants(&["A", "B"])], &[variants(&["A", "B", "C"])]));
        assert!(!fits(&[variants(&["A", "B"])], &[variants(&["C", "A", "B"])]));
        assert!(!fits(&[variants(&["A", "B"])], &[variants(&["A"])]));
    }

    #[test]
    fn parts_are_compared_too() {
        let list = Type::List { item: TypeId(1), size: ListSize::default() };
        assert!(fits(&[list.clone(), text(1, 4)], &[list.clone(), text(0, 9)]));
        assert!(!fits(&[list.clone(), text(1, 4)], &[list, Type::Bool]));
        assert!(!fits(&[Type::Bool], &[Type::Date]));
    }
}
