//! What a value prints as: in a hole of a template, and as JSON.

use flow_ir::tokens::count;
use flow_ir::types::{Enum, Field, TextSize, Type};

use super::{Shape, Sizer, Weight};

impl Sizer<'_> {
    /// In a hole of a template.
    pub(in crate::bounds) fn printed(&self, shape: &Shape) -> Weight {
        match shape {
            Shape::Text(weight) => *weight,
            Shape::Record(..) => self.json(shape),
            Shape::List { item, count, tokens } => self.lines(item, *count, *tokens),
            Shape::Of(ty) => match self.bundle.ty(*ty) {
                Type::Optional { item } => self.printed(&Shape::Of(*item)).largest(Weight::tokens(2)),
                Type::Text { size } => text(*size),
                Type::Image | Type::Audio | Type::File => Weight { images: 1, ..Weight::ZERO },
                Type::List { item, size } => {
                    self.lines(&Shape::Of(*item), size.max.unwrap_or(u64::MAX), size.max_tokens)
                }
                Type::Enum(it) if it.variants.iter().all(|variant| variant.fields.is_empty()) => {
                    let wires = it.variants.iter().map(|variant| count(&variant.wire));
                    Weight::tokens(wires.max().unwrap_or(0))
                }
                _ => self.json(shape),
            },
        }
    }

    /// A list of texts is printed as lines, any other as JSON.
    fn lines(&self, item: &Shape, count: u64, tokens: Option<u64>) -> Weight {
        if !self.is_text(item) {
            return self.array(item, count, tokens);
        }
        let each = self.printed(item).plus(Weight::tokens(1)).times(count);
        self.together(each, self.at_most(item, count, tokens), tokens)
    }

    pub(in crate::bounds) fn is_text(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Text(_) => true,
            Shape::Of(ty) => matches!(self.bundle.ty(*ty), Type::Text { .. }),
            Shape::List { .. } | Shape::Record(..) => false,
        }
    }

    fn array(&self, item: &Shape, count: u64, tokens: Option<u64>) -> Weight {
        let each = self.json(item).plus(Weight::tokens(1)).times(count);
        let count = self.at_most(item, count, tokens);
        // Texts are measured as they are and then quoted.
        let measured =
            if self.is_text(item) { tokens.map(|tokens| tokens.saturating_mul(2)) } else { tokens };
        self.together(each, count, measured).plus(Weight::tokens(2))
    }

    /// By elements, or by what all of them have together, whichever is less.
    fn together(&self, each: Weight, count: u64, tokens: Option<u64>) -> Weight {
        let measured = tokens.map(|tokens| Weight::tokens(tokens.saturating_add(count.saturating_mul(3))));
        measured.map_or(each, |measured| each.smallest(measured))
    }

    /// Most elements of a list: so many as declared, or as fit into its tokens.
    pub(in crate::bounds) fn at_most(&self, item: &Shape, count: u64, tokens: Option<u64>) -> u64 {
        let fit = tokens.map(|tokens| tokens / self.least(item).max(1));
        fit.map_or(count, |fit| fit.min(count))
    }

    /// Fewest tokens of an element as lists with a bound in tokens measure it.
    fn least(&self, item: &Shape) -> u64 {
        let Shape::Of(ty) = item else { return 1 };
        match self.bundle.ty(*ty) {
            Type::Record(record) => {
                let present = record.fields.iter();
                let names =
                    present.filter(|field| !matches!(self.bundle.ty(field.ty), Type::Optional { .. }));
                names.map(|field| count(&field.wire) + 1).sum::<u64>() + 1
            }
            _ => 1,
        }
    }

    /// As JSON.
    pub(in crate::bounds) fn json(&self, shape: &Shape) -> Weight {
        match shape {
            Shape::Text(weight) => weight.quoted(),
            Shape::List { item, count, tokens } => self.array(item, *count, *tokens),
            Shape::Record(ty, fields) => match self.bundle.ty(*ty) {
                Type::Record(record) => {
                    self.object(record.fields.iter().zip(fields.iter().map(|field| self.json(field))))
                }
                _ => fields.iter().fold(Weight::ZERO, |all, field| all.plus(self.json(field))),
            },
            Shape::Of(ty) => self.json_of(self.bundle.ty(*ty)),
        }
    }

    fn json_of(&self, ty: &Type) -> Weight {
        match ty {
            Type::Nothing | Type::Bool => Weight::tokens(2),
            Type::Text { size } => text(*size).quoted(),
            Type::Int { .. } | Type::Tokens | Type::Bytes => Weight::tokens(9),
            Type::Float { .. } | Type::Price => Weight::tokens(12),
            Type::Date | Type::Time => Weight::tokens(8),
            Type::Duration { .. } => Weight::tokens(10),
            Type::Money { .. } => Weight::tokens(24),
            Type::Json => Weight::UNBOUNDED,
            Type::Image | Type::Audio | Type::File => Weight { images: 1, ..Weight::ZERO },
            Type::Optional { item } => self.json(&Shape::Of(*item)).largest(Weight::tokens(2)),
            Type::List { item, size } => {
                self.array(&Shape::Of(*item), size.max.unwrap_or(u64::MAX), size.max_tokens)
            }
            // Keys have no bound.
            Type::Map { item, size } => match size.max_tokens {
                Some(tokens) => self.array(&Shape::Of(*item), u64::MAX, Some(tokens)),
                None => Weight::UNBOUNDED,
            },
            Type::Record(record) => self.fields(&record.fields),
            Type::Partial { record } => self.json(&Shape::Of(*record)),
            Type::Enum(it) => self.variants(it),
        }
    }

    fn fields(&self, fields: &[Field]) -> Weight {
        self.object(fields.iter().map(|field| (field, self.json(&Shape::Of(field.ty)))))
    }

    fn object<'f>(&self, fields: impl Iterator<Item = (&'f Field, Weight)>) -> Weight {
        let named = fields.map(|(field, value)| value.plus(Weight::tokens(count(&field.wire) + 3)));
        named.fold(Weight::tokens(2), Weight::plus)
    }

    fn variants(&self, it: &Enum) -> Weight {
        let tag = it.tag.as_ref().map_or(0, |tag| count(tag) + 3);
        let one = it.variants.iter().map(|variant| {
            let name = Weight::tokens(count(&variant.wire) + 4 + tag);
            if variant.fields.is_empty() { name } else { name.plus(self.fields(&variant.fields)) }
        });
        one.fold(Weight::ZERO, Weight::largest)
    }
}

/// Bytes of a token in what people write: for warnings, never for money.
const TYPICAL_BYTES: u64 = 3;

impl Sizer<'_> {
    /// As JSON, as it usually is when every text is as long as it may be.
    pub(in crate::bounds) fn typical(&self, shape: &Shape) -> Weight {
        let weight = match shape {
            Shape::Of(ty) => self.typical_of(self.bundle.ty(*ty)),
            Shape::Text(_) | Shape::List { .. } | Shape::Record(..) => self.json(shape),
        };
        Weight {
            tokens: weight.tokens.saturating_add(weight.chars.div_ceil(TYPICAL_BYTES)),
            chars: 0,
            ..weight
        }
    }

    fn typical_of(&self, ty: &Type) -> Weight {
        let all = |fields: &[Field]| {
            let one = |field: &Field| {
                self.typical(&Shape::Of(field.ty)).plus(Weight::tokens(count(&field.wire) + 2))
            };
            fields.iter().map(one).fold(Weight::tokens(1), Weight::plus)
        };
        match ty {
            Type::Text { size } => text(*size).plus(Weight::tokens(1)),
            Type::Int { .. } | Type::Float { .. } | Type::Tokens | Type::Bytes => Weight::tokens(3),
            Type::Date | Type::Time | Type::Duration { .. } => Weight::tokens(6),
            Type::Money { .. } => Weight::tokens(14),
            Type::Optional { item } => self.typical(&Shape::Of(*item)),
            Type::List { item, size } => {
                let each = self.typical(&Shape::Of(*item)).plus(Weight::tokens(1));
                let all = each.times(size.max.unwrap_or(u64::MAX));
                size.max_tokens.map_or(all, |tokens| all.smallest(Weight::tokens(tokens)))
            }
            Type::Record(record) => all(&record.fields),
            Type::Partial { record } => self.typical(&Shape::Of(*record)),
            Type::Enum(it) => {
                let one = it.variants.iter().map(|variant| {
                    let name = Weight::tokens(count(&variant.wire) + 2);
                    if variant.fields.is_empty() { name } else { name.plus(all(&variant.fields)) }
                });
                one.fold(Weight::ZERO, Weight::largest)
            }
            other => self.json_of(other),
        }
    }
}

fn text(size: Option<TextSize>) -> Weight {
    match size {
        Some(TextSize { in_tokens: true, max: Some(max), .. }) => Weight::tokens(max),
        Some(TextSize { in_tokens: false, max: Some(max), .. }) => Weight::chars(max),
        Some(_) | None => Weight::UNBOUNDED,
    }
}
