//! Days.

use jiff::civil;

use crate::Value;
use crate::invalid::{Invalid, Outcome, mismatch};

const DAY_MS: i64 = 86_400_000;

/// `date.plus(duration)`; a part of a day does not count.
pub(crate) fn plus(date: &Value, by: &Value) -> Outcome {
    let (Value::Date(..), Value::Duration(ms)) = (date, by) else {
        return Err(mismatch("`.plus`", date));
    };
    let moved = jiff::Span::new()
        .try_days(ms / DAY_MS)
        .and_then(|span| civil_date(date).and_then(|day| day.checked_add(span)))
        .map_err(|_| Invalid::new("a date outside the years -9999 to 9999"))?;
    Ok(Value::Date(moved.year(), moved.month(), moved.day()))
}

/// `date.minus(date)`.
pub(crate) fn minus(later: &Value, earlier: &Value) -> Outcome {
    let (Ok(later), Ok(earlier)) = (civil_date(later), civil_date(earlier)) else {
        return Err(mismatch("`.minus`", later));
    };
    let days = later.duration_since(earlier).as_hours() / 24;
    Ok(Value::Duration(days * DAY_MS))
}

fn civil_date(value: &Value) -> Result<civil::Date, jiff::Error> {
    match value {
        Value::Date(year, month, day) => civil::Date::new(*year, *month, *day),
        _ => civil::Date::new(0, 0, 0),
    }
}
