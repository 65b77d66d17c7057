//! The refinements of a type.

use flow_ir::tokens;
use flow_ir::types::{ListSize, TextSize};

pub(super) fn text(text: &str, size: Option<TextSize>) -> Result<(), String> {
    let Some(size) = size else {
        return Ok(());
    };
    let (length, unit) = match size.in_tokens {
        true => (tokens::count(text), "tokens"),
        false => (text.chars().count() as u64, "characters"),
    };
    within(length, size.min, size.max).map_err(|why| format!("this text has {length} {unit}, {why}"))
}

pub(super) fn length(length: usize, size: ListSize) -> Result<(), String> {
    within(length as u64, size.min, size.max).map_err(|why| format!("there are {length} entries, {why}"))
}

pub(super) fn total_tokens(total: u64, size: ListSize) -> Result<(), String> {
    match size.max_tokens {
        Some(max) if total > max => {
            Err(format!("the entries have {total} tokens together, at most {max} are allowed"))
        }
        _ => Ok(()),
    }
}

pub(super) fn int(value: i64, min: Option<i64>, max: Option<i64>) -> Result<(), String> {
    bounds(value, min, max, |it| it.to_string())
}

pub(super) fn float(value: f64, min: Option<f64>, max: Option<f64>) -> Result<(), String> {
    if !value.is_finite() {
        return Err("a float must be finite".to_owned());
    }
    bounds(value, min, max, crate::ops::print::float)
}

pub(super) fn bounds<T: PartialOrd>(
    value: T,
    min: Option<T>,
    max: Option<T>,
    show: impl Fn(T) -> String,
) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if value < min => {
            Err(format!("{} is below {}, the least allowed", show(value), show(min)))
        }
        (_, Some(max)) if value > max => {
            Err(format!("{} is above {}, the most allowed", show(value), show(max)))
        }
        _ => Ok(()),
    }
}

fn within(length: u64, min: u64, max: Option<u64>) -> Result<(), String> {
    match max {
        _ if length < min => Err(format!("the least allowed is {min}")),
        Some(max) if length > max => Err(format!("the most allowed is {max}")),
        _ => Ok(()),
    }
}
