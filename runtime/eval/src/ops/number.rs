//! The library on numbers.

use super::arith::{arith, divided, finite, floats, rounded, too_large};
use super::compare::order;
use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};
use flow_ir::expr::Arith;
use flow_ir::types::Type;

pub(crate) fn clamp(value: &Value, low: &Value, high: &Value) -> Outcome {
    if order(low, high)?.is_gt() {
        return Err(Invalid::new("`.clamp`: the lower bound is above the upper one"));
    }
    if order(value, low)?.is_lt() {
        return Ok(low.clone());
    }
    Ok(if order(value, high)?.is_gt() { high.clone() } else { value.clone() })
}

/// `.round`, `.floor`, `.ceil`.
pub(crate) fn whole(value: &Value, towards: fn(f64) -> f64) -> Outcome {
    match value {
        Value::Int(n) => Ok(Value::Int(*n)),
        Value::Float(n) => rounded("an int", towards(*n)).map(Value::Int),
        other => Err(mismatch("rounding", other)),
    }
}

pub(crate) fn abs(value: &Value) -> Outcome {
    match value {
        Value::Int(n) => n.checked_abs().map(Value::Int).ok_or_else(|| too_large("an int")),
        Value::Float(n) => Ok(Value::Float(n.abs())),
        Value::Money(n, c) => {
            n.checked_abs().map(|n| Value::Money(n, *c)).ok_or_else(|| too_large("an amount"))
        }
        Value::Duration(n) => n.checked_abs().map(Value::Duration).ok_or_else(|| too_large("a duration")),
        other => Err(mismatch("`.abs`", other)),
    }
}

/// `list.sum`; the type says what the sum of nothing is.
pub(crate) fn sum(items: &[Value], ty: &Type) -> Outcome {
    let Some((first, rest)) = items.split_first() else {
        return nothing(ty);
    };
    rest.iter().try_fold(first.clone(), |total, item| arith(Arith::Add, &total, item))
}

fn nothing(ty: &Type) -> Outcome {
    match ty {
        Type::Float { .. } => Ok(Value::Float(0.0)),
        Type::Duration { .. } => Ok(Value::Duration(0)),
        Type::Tokens => Ok(Value::Tokens(0)),
        Type::Bytes => Ok(Value::Bytes(0)),
        Type::Money { currency: Some(currency), .. } => Ok(Value::Money(0, *currency)),
        Type::Money { currency: None, .. } => Err(Invalid::new("the sum of no amounts has no currency")),
        _ => Ok(Value::Int(0)),
    }
}

/// `mean(list)`: of bools, the share that holds; of money and durations, an amount.
pub(crate) fn mean(items: &[Value]) -> Outcome {
    let Some(first) = items.first() else {
        return Err(Invalid::new("the mean of an empty list"));
    };
    let n = items.len() as i64;
    match first {
        Value::Money(_, currency) => match sum(items, &Type::Nothing)? {
            Value::Money(micros, _) => divided("an amount", micros, n).map(|it| Value::Money(it, *currency)),
            other => Err(mismatch("`mean`", &other)),
        },
        Value::Duration(_) => match sum(items, &Type::Nothing)? {
            Value::Duration(ms) => divided("a duration", ms, n).map(Value::Duration),
            other => Err(mismatch("`mean`", &other)),
        },
        _ => {
            let total =
                items.iter().try_fold(0.0, |total, item| number(item).and_then(|it| finite(total + it)))?;
            floats(Arith::Div, total, n as f64).map(Value::Float)
        }
    }
}

fn number(value: &Value) -> Outcome<f64> {
    match value {
        Value::Bool(it) => Ok(f64::from(u8::from(*it))),
        Value::Int(it) => Ok(*it as f64),
        Value::Float(it) => Ok(*it),
        other => Err(mismatch("`mean`", other)),
    }
}
