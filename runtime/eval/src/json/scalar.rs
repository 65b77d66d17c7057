//! Money, time and dates as text.

use flow_ir::units::Currency;

/// `12.50` as millionths. At most six decimals, no exponent, no blanks.
#[must_use]
pub fn parse_amount(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) || decimals.len() > 6 {
        return None;
    }
    let micros: i64 = format!("{decimals:0<6}").parse().ok()?;
    let total = whole.parse::<i128>().ok()?.checked_mul(1_000_000)? + i128::from(micros);
    i64::try_from(if is_negative { -total } else { total }).ok()
}

/// `12.50 EUR`.
#[must_use]
pub fn parse_money(text: &str) -> Option<(i64, Currency)> {
    let (amount, code) = text.split_once(' ')?;
    Some((parse_amount(amount)?, parse_currency(code)?))
}

pub(super) fn parse_currency(code: &str) -> Option<Currency> {
    [Currency::Usd, Currency::Eur, Currency::Gbp].into_iter().find(|currency| currency.code() == code)
}

/// `8s`, `1.5h`, `250ms` as ms; whole ms only.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 5] =
        [("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000), ("d", 86_400_000)];
    let (number, size) = UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)))?;
    let micros = i128::from(parse_amount(number.strip_suffix(' ').unwrap_or(number))?) * i128::from(*size);
    i64::try_from(micros / 1_000_000).ok().filter(|_| micros % 1_000_000 == 0)
}

/// `2026-01-05`; the day must exist.
#[must_use]
pub fn parse_date(text: &str) -> Option<(i16, i8, i8)> {
    let has_form = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: jiff::civil::Date = text.parse().ok().filter(|_| has_form)?;
    Some((date.year(), date.month(), date.day()))
}

/// `09:30` or `09:30:00`.
#[must_use]
pub fn parse_time(text: &str) -> Option<(i8, i8, i8)> {
    let mut parts = text.split(':').map(|part| {
        let is_two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| is_two_digits)
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().map_or(Some(0), |part| part)?;
    let is_time = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    is_time.then_some((hour, minute, second))
}
