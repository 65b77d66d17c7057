//! `== != < <= > >=`, and the order that `sort_by`, `min`, `max` and `clamp` go by.

use std::cmp::Ordering;

use flow_ir::expr::{Compare, Const, Test};
use flow_ir::units::ErrorClass;

use super::arith::other_currency;
use crate::Value;
use crate::invalid::{Outcome, mismatch};

pub(crate) fn compare(op: Compare, left: &Value, right: &Value) -> Outcome<bool> {
    match op {
        Compare::Eq => Ok(same(left, right)),
        Compare::Ne => Ok(!same(left, right)),
        Compare::Lt | Compare::Le | Compare::Gt | Compare::Ge => {
            order(left, right).map(|ordering| holds(op, ordering))
        }
    }
}

pub(crate) const fn holds(op: Compare, ordering: Ordering) -> bool {
    match op {
        Compare::Eq => ordering.is_eq(),
        Compare::Ne => ordering.is_ne(),
        Compare::Lt => ordering.is_lt(),
        Compare::Le => ordering.is_le(),
        Compare::Gt => ordering.is_gt(),
        Compare::Ge => ordering.is_ge(),
    }
}

/// Equality; an int equals the float of the same number.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => *a as f64 == *b,
        _ => left == right,
    }
}

/// `none` comes first; variants are in the order declared; texts in the order of their code points.
pub(crate) fn order(left: &Value, right: &Value) -> Outcome<Ordering> {
    use Value::{Bool, Bytes, Date, Duration, Float, Int, Money, None, Text, Time, Tokens, Variant};
    let ordering = match (left, right) {
        (Int(a), Int(b)) | (Duration(a), Duration(b)) => a.cmp(b),
        (Float(a), Float(b)) => float_order(*a, *b),
        (Int(a), Float(b)) => float_order(*a as f64, *b),
        (Float(a), Int(b)) => float_order(*a, *b as f64),
        (Text(a), Text(b)) => a.cmp(b),
        (Money(_, c), Money(_, d)) if c != d => return Err(other_currency(*c, *d)),
        (Money(a, _), Money(b, _)) => a.cmp(b),
        (Tokens(a), Tokens(b)) | (Bytes(a), Bytes(b)) => a.cmp(b),
        (Date(y, m, d), Date(v, n, e)) => (y, m, d).cmp(&(v, n, e)),
        (Time(h, m, s), Time(i, n, t)) => (h, m, s).cmp(&(i, n, t)),
        (Bool(a), Bool(b)) => a.cmp(b),
        (Variant(a, _), Variant(b, _)) => a.cmp(b),
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        _ => return Err(mismatch("an order", left)),
    };
    Ok(ordering)
}

/// Values are never NaN, so the order is total; `-0` equals `0`.
pub(crate) fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

pub(crate) fn is(value: &Value, test: &Test) -> bool {
    match test {
        Test::None => matches!(value, Value::None),
        Test::Variant(wanted) => matches!(value, Value::Variant(found, _) if found == wanted),
        Test::Equals(literal) => same(value, &constant(literal)),
        Test::Class(wanted) => is_class(value, *wanted),
    }
}

/// The `error` slot of a test: `none`, or a record whose first field is the class.
fn is_class(error: &Value, wanted: Option<ErrorClass>) -> bool {
    let class = match error.as_fields() {
        Some(fields) => fields.first(),
        None => return false,
    };
    match (wanted, class) {
        (None, _) => true,
        (Some(wanted), Some(Value::Text(name))) => name == wanted.name(),
        (Some(wanted), Some(Value::Variant(index, _))) => {
            ErrorClass::ALL.get(*index as usize) == Some(&wanted)
        }
        (Some(_), _) => false,
    }
}

/// The value of a literal.
#[must_use]
pub fn constant(literal: &Const) -> Value {
    match literal {
        Const::None => Value::None,
        Const::Nothing => Value::Nothing,
        Const::Bool(it) => Value::Bool(*it),
        Const::Int(it) => Value::Int(*it),
        Const::Float(it) => Value::Float(*it),
        Const::Text(it) => Value::Text(it.clone()),
        Const::Money(micros, currency) => Value::Money(*micros, *currency),
        Const::Duration(ms) => Value::Duration(*ms),
        Const::Tokens(it) => Value::Tokens(*it),
        Const::Bytes(it) => Value::Bytes(*it),
        Const::Date(year, month, day) => Value::Date(*year, *month, *day),
        Const::Time(hour, minute, second) => Value::Time(*hour, *minute, *second),
    }
}
