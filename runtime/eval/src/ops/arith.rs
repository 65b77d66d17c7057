//! `+ - * /` and `-a`.

use std::sync::Arc;

use flow_ir::expr::Arith;
use flow_ir::units::Currency;
use smol_str::{SmolStr, SmolStrBuilder};

use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

/// The longest text that an expression may build: 64 MiB.
pub(crate) const MAX_TEXT: usize = 64 << 20;

pub(crate) fn arith(op: Arith, left: &Value, right: &Value) -> Outcome {
    use Value::{Bytes, Duration, Float, Int, List, Money, Text, Tokens};
    match (left, right) {
        (Int(a), Int(b)) => ints(op, *a, *b),
        (Float(a), Float(b)) => floats(op, *a, *b).map(Float),
        (Int(a), Float(b)) => floats(op, *a as f64, *b).map(Float),
        (Float(a), Int(b)) => floats(op, *a, *b as f64).map(Float),
        (Money(a, c), Money(b, d)) => moneys(op, (*a, *c), (*b, *d)),
        (Money(a, c), scale) | (scale, Money(a, c)) if scales(op, left, scale) => {
            scaled("an amount", op, *a, scale).map(|micros| Money(micros, *c))
        }
        (Duration(a), Duration(b)) => durations(op, *a, *b),
        (Duration(a), scale) | (scale, Duration(a)) if scales(op, left, scale) => {
            scaled("a duration", op, *a, scale).map(Duration)
        }
        (Tokens(a), Tokens(b)) => sizes("tokens", op, *a, *b, Tokens),
        (Bytes(a), Bytes(b)) => sizes("bytes", op, *a, *b, Bytes),
        (Tokens(a), scale) | (scale, Tokens(a)) if scales(op, left, scale) => {
            size("tokens", op, *a, scale).map(Tokens)
        }
        (Bytes(a), scale) | (scale, Bytes(a)) if scales(op, left, scale) => {
            size("bytes", op, *a, scale).map(Bytes)
        }
        (Text(a), Text(b)) if op == Arith::Add => joined(a, b).map(Text),
        (List(a), List(b)) if op == Arith::Add => {
            Ok(List(a.iter().chain(b.iter()).cloned().collect::<Arc<[_]>>()))
        }
        _ => Err(mismatch(&format!("`{}` with {}", sign(op), super::kind(right)), left)),
    }
}

const fn sign(op: Arith) -> &'static str {
    match op {
        Arith::Add => "+",
        Arith::Sub => "-",
        Arith::Mul => "*",
        Arith::Div => "/",
    }
}

/// `unit * n`, `n * unit` and `unit / n`, where n is an int or a float.
fn scales(op: Arith, left: &Value, scale: &Value) -> bool {
    let is_number = matches!(scale, Value::Int(_) | Value::Float(_));
    let scale_is_left = std::ptr::eq(left, scale);
    is_number && (op == Arith::Mul || (op == Arith::Div && !scale_is_left))
}

pub(crate) fn too_large(what: &str) -> Invalid {
    Invalid::new(format!("{what} is too large"))
}

pub(crate) fn by_zero() -> Invalid {
    Invalid::new("division by zero")
}

fn ints(op: Arith, a: i64, b: i64) -> Outcome {
    let result = match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => a.checked_mul(b),
        Arith::Div => return floats(op, a as f64, b as f64).map(Value::Float),
    };
    result.map(Value::Int).ok_or_else(|| too_large("an int"))
}

pub(crate) fn floats(op: Arith, a: f64, b: f64) -> Outcome<f64> {
    let result = match op {
        Arith::Add => a + b,
        Arith::Sub => a - b,
        Arith::Mul => a * b,
        Arith::Div if b == 0.0 => return Err(by_zero()),
        Arith::Div => a / b,
    };
    finite(result)
}

pub(crate) fn finite(value: f64) -> Outcome<f64> {
    if value.is_finite() { Ok(value) } else { Err(too_large("a float")) }
}

pub(crate) fn other_currency(a: Currency, b: Currency) -> Invalid {
    Invalid::new(format!("{} and {} do not mix", a.code(), b.code()))
}

fn moneys(op: Arith, (a, c): (i64, Currency), (b, d): (i64, Currency)) -> Outcome {
    if c != d {
        return Err(other_currency(c, d));
    }
    let result = match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => return Err(mismatch("`*` with money", &Value::Money(a, c))),
        Arith::Div => return floats(op, a as f64, b as f64).map(Value::Float),
    };
    result.map(|micros| Value::Money(micros, c)).ok_or_else(|| too_large("an amount"))
}

fn durations(op: Arith, a: i64, b: i64) -> Outcome {
    let result = match op {
        Arith::Add => a.checked_add(b),
        Arith::Sub => a.checked_sub(b),
        Arith::Mul => return Err(mismatch("`*` with a duration", &Value::Duration(a))),
        Arith::Div => return floats(op, a as f64, b as f64).map(Value::Float),
    };
    result.map(Value::Duration).ok_or_else(|| too_large("a duration"))
}

fn sizes(what: &str, op: Arith, a: u64, b: u64, make: fn(u64) -> Value) -> Outcome {
    let result = match op {
        Arith::Add => a.checked_add(b).ok_or_else(|| too_large(what)),
        Arith::Sub => a.checked_sub(b).ok_or_else(|| Invalid::new(format!("fewer than 0 {what}"))),
        Arith::Mul => return Err(mismatch(&format!("`*` with {what}"), &make(a))),
        Arith::Div => return floats(op, a as f64, b as f64).map(Value::Float),
    };
    result.map(make)
}

fn size(what: &str, op: Arith, amount: u64, scale: &Value) -> Outcome<u64> {
    let signed = i64::try_from(amount).map_err(|_| too_large(what))?;
    let result = scaled(what, op, signed, scale)?;
    u64::try_from(result).map_err(|_| Invalid::new(format!("fewer than 0 {what}")))
}

/// An amount times or by a number; halves are rounded away from zero.
pub(crate) fn scaled(what: &str, op: Arith, amount: i64, scale: &Value) -> Outcome<i64> {
    match (op, scale) {
        (Arith::Mul, Value::Int(n)) => amount.checked_mul(*n).ok_or_else(|| too_large(what)),
        (Arith::Mul, Value::Float(n)) => rounded(what, amount as f64 * n),
        (Arith::Div, Value::Int(n)) => divided(what, amount, *n),
        (Arith::Div, Value::Float(n)) if *n == 0.0 => Err(by_zero()),
        (Arith::Div, Value::Float(n)) => rounded(what, amount as f64 / n),
        _ => Err(mismatch(sign(op), scale)),
    }
}

/// The nearest whole number, halves away from zero.
pub(crate) fn rounded(what: &str, value: f64) -> Outcome<i64> {
    let nearest = value.round();
    // 2^63 itself does not fit, -2^63 does.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&nearest);
    if fits { Ok(nearest as i64) } else { Err(too_large(what)) }
}

pub(crate) fn divided(what: &str, amount: i64, by: i64) -> Outcome<i64> {
    if by == 0 {
        return Err(by_zero());
    }
    let (whole, rest) = match (amount.checked_div(by), amount.checked_rem(by)) {
        (Some(whole), Some(rest)) => (whole, rest),
        _ => return Err(too_large(what)),
    };
    let is_half_or_more = rest.unsigned_abs() >= by.unsigned_abs() - rest.unsigned_abs();
    let away = if (amount < 0) == (by < 0) { 1 } else { -1 };
    Ok(if rest != 0 && is_half_or_more { whole + away } else { whole })
}

pub(crate) fn joined(a: &str, b: &str) -> Outcome<SmolStr> {
    if a.len() + b.len() > MAX_TEXT {
        return Err(too_large("a text"));
    }
    let mut text = SmolStrBuilder::new();
    text.push_str(a);
    text.push_str(b);
    Ok(text.finish())
}

pub(crate) fn negated(value: &Value) -> Outcome {
    match value {
        Value::Int(n) => n.checked_neg().map(Value::Int).ok_or_else(|| too_large("an int")),
        Value::Float(n) => Ok(Value::Float(-n)),
        Value::Money(n, c) => {
            n.checked_neg().map(|n| Value::Money(n, *c)).ok_or_else(|| too_large("an amount"))
        }
        Value::Duration(n) => n.checked_neg().map(Value::Duration).ok_or_else(|| too_large("a duration")),
        other => Err(mismatch("`-`", other)),
    }
}
