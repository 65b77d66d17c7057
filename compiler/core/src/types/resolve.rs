//! From a type as written to a [`Ty`].

use flow_grammar::ast::{self, Label, Unit};
use flow_ir::types::Labels;
use flow_ir::units::Currency;

use super::{Bounds, Def, DefBody, Size, TextSize, Ty};
use crate::names::{Item, Names};
use crate::report;

/// The scalar types, by name.
const SCALARS: [(&str, Ty); 15] = [
    ("text", Ty::TEXT),
    ("int", Ty::INT),
    ("float", Ty::FLOAT),
    ("bool", Ty::Bool),
    ("date", Ty::Date),
    ("time", Ty::Time),
    ("duration", Ty::DURATION),
    ("money", Ty::Money(None, Bounds::ANY)),
    ("tokens", Ty::Tokens),
    ("bytes", Ty::Bytes),
    ("price", Ty::Price),
    ("json", Ty::Json),
    ("image", Ty::Image),
    ("audio", Ty::Audio),
    ("file", Ty::File),
];

/// The type that was written. What cannot be made out is reported and poisoned.
pub(crate) fn resolve_ty(names: &mut Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Ty {
    repeated_labels(names, written);
    let base = base(names, defs, written);
    let ranged = match &written.range {
        Some(range) => apply_range(names, base, range),
        None => base,
    };
    if written.optional.is_some() { ranged.optional() } else { ranged }
}

/// The labels in front of a type, and those of the alias it names.
pub(crate) fn labels_of(names: &Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Labels {
    let mut labels = match names.peek(&written.base.text) {
        Some(Item::Type(id)) => match defs.get(id.0 as usize).map(|def| &def.body) {
            Some(DefBody::Alias(_, labels)) => *labels,
            _ => Labels::default(),
        },
        _ => Labels::default(),
    };
    for (label, _) in &written.labels {
        match label {
            Label::Trusted => labels.trusted = true,
            Label::Pii => labels.pii = true,
            Label::Secret => labels.secret = true,
        }
    }
    // What holds for every element holds for the list.
    for inner in written.args.iter().map(|arg| labels_of(names, defs, arg)) {
        labels.trusted |= inner.trusted;
        labels.pii |= inner.pii;
        labels.secret |= inner.secret;
    }
    labels
}

fn repeated_labels(names: &mut Names<'_, '_>, written: &ast::Ty) {
    for (index, (label, span)) in written.labels.iter().enumerate() {
        let earlier = written.labels.iter().take(index).find(|(other, _)| other == label);
        if earlier.is_some() {
            let place = names.at.span(*span);
            names.out.push(report::types::repeated_label(place, label_text(*label)));
        }
    }
}

/// A label as written.
pub(crate) const fn label_text(label: Label) -> &'static str {
    match label {
        Label::Trusted => "trusted",
        Label::Pii => "pii",
        Label::Secret => "secret",
    }
}

fn base(names: &mut Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Ty {
    if written.base.is_missing() {
        return Ty::Poison;
    }
    match written.base.text.as_str() {
        "list" => argument(names, defs, written).map_or(Ty::Poison, |item| item.list(Size::ANY)),
        "map" => argument(names, defs, written)
            .map_or(Ty::Poison, |item| Ty::Map(std::sync::Arc::new(item), Size::ANY)),
        "Partial" => partial(names, defs, written),
        name => match SCALARS.iter().find(|(scalar, _)| *scalar == name) {
            Some((_, ty)) => without_arguments(names, written, ty.clone()),
            None => declared(names, defs, written),
        },
    }
}

fn argument(names: &mut Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Option<Ty> {
    let [only] = written.args.as_slice() else {
        let place = names.at.span(written.base.span);
        names.out.push(report::types::type_arguments(place, &written.base.text, 1, written.args.len()));
        return None;
    };
    Some(resolve_ty(names, defs, only))
}

fn without_arguments(names: &mut Names<'_, '_>, written: &ast::Ty, ty: Ty) -> Ty {
    if written.args.is_empty() {
        return ty;
    }
    let place = names.at.span(written.span);
    names.out.push(report::types::type_arguments(place, &written.base.text, 0, written.args.len()));
    Ty::Poison
}

fn partial(names: &mut Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Ty {
    match argument(names, defs, written) {
        None | Some(Ty::Poison) => Ty::Poison,
        Some(Ty::Named(id, name)) if defs.get(id.0 as usize).is_some_and(|def| def.variants().is_none()) => {
            Ty::Partial(id, name)
        }
        Some(other) => {
            let place = names.at.span(written.span);
            names.out.push(report::types::partial_of(place, &other.to_string()));
            Ty::Poison
        }
    }
}

fn declared(names: &mut Names<'_, '_>, defs: &[Def], written: &ast::Ty) -> Ty {
    let place = names.at.span(written.base.span);
    let found = names.find(&written.base.text);
    let Some(Item::Type(id)) = found else {
        if found != Some(Item::Broken) {
            let known = SCALARS.iter().map(|(name, _)| *name).chain(["list", "map", "Partial"]);
            let candidates = names.candidates(|item| matches!(item, Item::Type(_)));
            let all = known.map(smol_str::SmolStr::from).chain(candidates.into_iter().map(|(name, _)| name));
            let all: Vec<_> = all.collect();
            names.out.push(report::types::unknown_type(place, &written.base.text, &all));
        }
        return Ty::Poison;
    };
    let ty = match defs.get(id.0 as usize).map(|def| (&def.body, &def.name)) {
        Some((DefBody::Alias(ty, _), _)) => ty.clone(),
        Some((DefBody::Record(_) | DefBody::Enum(_) | DefBody::Poison, name)) => Ty::Named(id, name.clone()),
        None => Ty::Poison,
    };
    without_arguments(names, written, ty)
}

/// One end of a range in the smallest unit of its kind.
struct End {
    unit: Option<Unit>,
    micros: Option<i64>,
    whole: Option<i64>,
}

fn end(bound: Option<&ast::Bound>) -> Option<End> {
    let bound = bound?;
    Some(End {
        unit: bound.unit,
        micros: i64::try_from(bound.number.micros).ok(),
        whole: bound.number.as_int(),
    })
}

/// What kind of amount a unit measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Plain,
    Time,
    Tokens,
    Money(Currency),
    Other,
}

fn measure(unit: Option<Unit>) -> Measure {
    match unit {
        None => Measure::Plain,
        Some(Unit::Ms | Unit::S | Unit::Min | Unit::H | Unit::D) => Measure::Time,
        Some(Unit::Tokens) => Measure::Tokens,
        Some(Unit::Usd) => Measure::Money(Currency::Usd),
        Some(Unit::Eur) => Measure::Money(Currency::Eur),
        Some(Unit::Gbp) => Measure::Money(Currency::Gbp),
        Some(Unit::Percent | Unit::Kb | Unit::Mb | Unit::Gb) => Measure::Other,
    }
}

/// Milliseconds of one time unit.
pub(crate) const fn unit_ms(unit: Unit) -> Option<i64> {
    match unit {
        Unit::Ms => Some(1),
        Unit::S => Some(1000),
        Unit::Min => Some(60_000),
        Unit::H => Some(3_600_000),
        Unit::D => Some(86_400_000),
        Unit::Percent | Unit::Tokens | Unit::Usd | Unit::Eur | Unit::Gbp | Unit::Kb | Unit::Mb | Unit::Gb => {
            None
        }
    }
}

fn apply_range(names: &mut Names<'_, '_>, base: Ty, range: &ast::Range) -> Ty {
    let (low, high) = (end(range.low.as_ref()), end(range.high.as_ref()));
    let unit = high.as_ref().and_then(|end| end.unit).or_else(|| low.as_ref().and_then(|end| end.unit));
    let place = names.at.span(range.span);
    let described = base.to_string();
    let Some(ty) = ranged(&base, low.as_ref(), high.as_ref(), unit) else {
        if !base.is_poison() {
            names.out.push(report::types::bad_range(place, &described));
        }
        return base;
    };
    let empty = low.zip(high).is_some_and(|(low, high)| amount(&low, unit) > amount(&high, unit));
    if empty {
        names.out.push(report::types::empty_range(place));
        return base;
    }
    ty
}

/// Comparable amounts of the two ends; the lower one takes the unit of the upper.
fn amount(end: &End, unit: Option<Unit>) -> i128 {
    let scale = end.unit.or(unit).and_then(unit_ms).unwrap_or(1);
    i128::from(end.micros.unwrap_or(0)) * i128::from(scale)
}

fn ranged(base: &Ty, low: Option<&End>, high: Option<&End>, unit: Option<Unit>) -> Option<Ty> {
    let kind = measure(unit);
    if [low, high].into_iter().flatten().any(|end| end.unit.is_some() && measure(end.unit) != kind) {
        return None;
    }
    let whole = |end: Option<&End>| end.map_or(Some(None), |end| end.whole.map(Some));
    let micros = |end: Option<&End>| end.map_or(Some(None), |end| end.micros.map(Some));
    let count = |end: Option<&End>| {
        end.map_or(Some(None), |end| end.whole.and_then(|value| u64::try_from(value).ok()).map(Some))
    };
    match (base, kind) {
        (Ty::Optional(inner), _) => ranged(inner, low, high, unit).map(Ty::optional),
        (Ty::Int(_), Measure::Plain) => Some(Ty::Int(Bounds { min: whole(low)?, max: whole(high)? })),
        (Ty::Float(_), Measure::Plain) => Some(Ty::Float(Bounds { min: micros(low)?, max: micros(high)? })),
        (Ty::Text(_), Measure::Plain | Measure::Tokens) => Some(Ty::Text(TextSize {
            in_tokens: kind == Measure::Tokens,
            min: count(low)?.unwrap_or(0),
            max: count(high)?,
        })),
        (Ty::List(item, _), Measure::Plain) => {
            Some(Ty::List(item.clone(), Size::new(count(low)?.unwrap_or(0), count(high)?)))
        }
        (Ty::Map(item, _), Measure::Plain) => {
            Some(Ty::Map(item.clone(), Size::new(count(low)?.unwrap_or(0), count(high)?)))
        }
        (Ty::List(item, _), Measure::Tokens) => {
            let size = Size { min: 0, max: None, max_tokens: count(high)? };
            Some(Ty::List(item.clone(), size))
        }
        (Ty::Duration(_), Measure::Time) => {
            let ms = |end: Option<&End>| {
                end.map(|end| amount(end, unit) / 1_000_000).and_then(|ms| i64::try_from(ms).ok())
            };
            Some(Ty::Duration(Bounds { min: ms(low), max: ms(high) }))
        }
        (Ty::Money(_, _), Measure::Money(currency)) => {
            Some(Ty::Money(Some(currency), Bounds { min: micros(low)?, max: micros(high)? }))
        }
        _ => None,
    }
}
