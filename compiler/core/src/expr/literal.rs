//! Numbers, amounts, and what they weigh.

use flow_grammar::ast::{Number, Quantity, Unit};
use flow_ir::expr::{Const, ExprKind};
use flow_ir::units::Currency;

use super::{Elab, Typed};
use crate::types::{Bounds, Ty, unit_ms};

/// The currency of a money unit.
pub(crate) const fn currency(unit: Unit) -> Option<Currency> {
    match unit {
        Unit::Usd => Some(Currency::Usd),
        Unit::Eur => Some(Currency::Eur),
        Unit::Gbp => Some(Currency::Gbp),
        Unit::Ms
        | Unit::S
        | Unit::Min
        | Unit::H
        | Unit::D
        | Unit::Percent
        | Unit::Tokens
        | Unit::Kb
        | Unit::Mb
        | Unit::Gb => None,
    }
}

/// An amount of money in millionths, if it is one.
pub(crate) fn money_micros(quantity: &Quantity) -> Option<(i64, Currency)> {
    let currency = currency(quantity.unit)?;
    Some((i64::try_from(quantity.number.micros).ok()?, currency))
}

/// A literal amount as a constant with its exact type.
pub(crate) fn quantity(amount: &Quantity) -> Option<(Ty, Const)> {
    let micros = amount.number.micros;
    if let Some(scale) = unit_ms(amount.unit) {
        let ms = i64::try_from(micros.checked_mul(i128::from(scale))? / 1_000_000).ok()?;
        return Some((Ty::Duration(Bounds::only(ms)), Const::Duration(ms)));
    }
    if let Some((micros, currency)) = money_micros(amount) {
        return Some((Ty::Money(Some(currency), Bounds::only(micros)), Const::Money(micros, currency)));
    }
    let whole = |scale: i128| u64::try_from(micros.checked_mul(scale)? / 1_000_000).ok();
    match amount.unit {
        Unit::Percent => {
            let share = amount.number.as_float() / 100.0;
            let bounds = Bounds::only(i64::try_from(micros / 100).ok()?);
            Some((Ty::Float(bounds), Const::Float(share)))
        }
        Unit::Tokens => Some((Ty::Tokens, Const::Tokens(whole(1)?))),
        Unit::Kb => Some((Ty::Bytes, Const::Bytes(whole(1000)?))),
        Unit::Mb => Some((Ty::Bytes, Const::Bytes(whole(1_000_000)?))),
        Unit::Gb => Some((Ty::Bytes, Const::Bytes(whole(1_000_000_000)?))),
        Unit::Ms | Unit::S | Unit::Min | Unit::H | Unit::D | Unit::Usd | Unit::Eur | Unit::Gbp => None,
    }
}

impl Elab<'_, '_> {
    /// A number: an `int` if it is whole and no `float` is wanted.
    pub(super) fn number(&mut self, number: &Number, want: Option<&Ty>) -> Typed {
        let wants_float = matches!(want.map(Ty::present), Some(Ty::Float(_)));
        match number.as_int().filter(|_| !wants_float && !number.is_decimal()) {
            Some(value) => self.typed(Ty::Int(Bounds::only(value)), ExprKind::Const(Const::Int(value))),
            None => {
                let micros = i64::try_from(number.micros).ok();
                let ty = Ty::Float(Bounds { min: micros, max: micros });
                self.typed(ty, ExprKind::Const(Const::Float(number.as_float())))
            }
        }
    }

    /// A number with a unit.
    pub(super) fn quantity(&mut self, amount: &Quantity, _want: Option<&Ty>) -> Typed {
        match quantity(amount) {
            Some((ty, value)) => self.typed(ty, ExprKind::Const(value)),
            None => {
                let span = self.span(amount.span);
                self.out.push(crate::report::types::bad_literal(span, "amount", "it is too large"));
                self.poison()
            }
        }
    }
}

/// A day of the calendar: `2026-01-05`.
pub(super) fn date(text: &str) -> Option<Const> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (year, month, day): (i16, i8, i8) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i8::from(leap),
        _ => return None,
    };
    (1..=days).contains(&day).then_some(Const::Date(year, month, day))
}

/// A time of day: `09:30` or `09:30:15`.
pub(super) fn time(text: &str) -> Option<Const> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.iter().any(|part| part.len() != 2) {
        return None;
    }
    let numbers: Vec<i8> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let (hour, minute, second) = match numbers.as_slice() {
        [hour, minute] if parts.len() == 2 => (*hour, *minute, 0),
        [hour, minute, second] if parts.len() == 3 => (*hour, *minute, *second),
        _ => return None,
    };
    let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    fits.then_some(Const::Time(hour, minute, second))
}
