//! The exact value of a number literal.

use crate::ast::{Number, Unit};

/// Stands for every value that is too large.
const SATURATED: i128 = i128::MAX / 2;

/// The value of `text` (no sign, no unit), and what is wrong with it.
pub(super) fn decode(text: &str, negative: bool) -> (Number, Option<&'static str>) {
    let (digits, scale) = scaled(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent = 6 + scale;
    let exact = values(fraction).skip(exponent).all(|digit| digit == 0);
    // The sign is applied last: the largest literal has a negative twin.
    let micros = shifted(whole, fraction, exponent).map_or(SATURATED, |value| value.min(SATURATED));
    let too_large = micros / 1_000_000 > i128::from(i64::MAX);
    let problem = if too_large {
        Some("this number is too large; the largest is 9_223_372_036_854_775_807")
    } else if !exact {
        Some("numbers have at most six decimals")
    } else {
        None
    };
    (Number { text: text.into(), micros: if negative { -micros } else { micros } }, problem)
}

/// The digits, and the power of ten that the `k` or `M` behind them stands for.
fn scaled(text: &str) -> (&str, usize) {
    if let Some(digits) = text.strip_suffix('k') {
        (digits, 3)
    } else if let Some(digits) = text.strip_suffix('M') {
        (digits, 6)
    } else {
        (text, 0)
    }
}

/// The digits in front of the point and `exponent` digits behind it, as one number if it is not too long.
fn shifted(whole: &str, fraction: &str, exponent: usize) -> Option<i128> {
    let padded = values(fraction).chain(std::iter::repeat(0)).take(exponent);
    values(whole).chain(padded).try_fold(0_i128, |value, digit| value.checked_mul(10)?.checked_add(digit))
}

fn values(digits: &str) -> impl Iterator<Item = i128> + '_ {
    digits.bytes().filter(u8::is_ascii_digit).map(|digit| i128::from(digit - b'0'))
}

/// The number and the unit of a quantity as written. A unit from elsewhere counts as what it means.
pub(super) fn parts(text: &str) -> (&str, Option<Unit>) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let scaled = rest.starts_with(['k', 'M'])
        && !rest.chars().nth(1).is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let end = end + usize::from(scaled);
    let unit = text.get(end..).unwrap_or_default().trim_start();
    let known = Unit::parse(unit).or_else(|| crate::lexer::unit_habit(unit).and_then(Unit::parse));
    if unit.is_empty() { (text, None) } else { (text.get(..end).unwrap_or(digits), known) }
}
