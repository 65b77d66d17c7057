//! Values as text: holes of templates, `x.text`, `x.json`.

use std::fmt::Write;

use flow_ir::expr::Encoding;
use flow_ir::types::Type;
use flow_ir::units::Currency;
use flow_ir::{Bundle, TypeId};

use super::arith::{MAX_TEXT, too_large};
use crate::Value;
use crate::invalid::{Invalid, Outcome};
use crate::json;

/// Writes a hole.
pub(crate) fn hole(
    bundle: &Bundle,
    ty: TypeId,
    value: &Value,
    encoding: Encoding,
    into: &mut String,
) -> Outcome<()> {
    match encoding {
        Encoding::Plain => plain(bundle, ty, value, into),
        Encoding::Json => into.push_str(&json::encode(bundle, ty, value).to_string()),
        Encoding::Url => percent(&printed(bundle, ty, value), into),
        Encoding::Line => line(&printed(bundle, ty, value), into)?,
    }
    if into.len() > MAX_TEXT { Err(too_large("a text")) } else { Ok(()) }
}

/// As a template prints it.
#[must_use]
pub fn printed(bundle: &Bundle, ty: TypeId, value: &Value) -> String {
    let mut text = String::new();
    plain(bundle, ty, value, &mut text);
    text
}

/// What a value weighs in a prompt.
#[must_use]
pub fn tokens(bundle: &Bundle, ty: TypeId, value: &Value) -> u64 {
    match value {
        Value::Text(text) => flow_ir::tokens::count(text),
        other => flow_ir::tokens::count(&printed(bundle, ty, other)),
    }
}

fn plain(bundle: &Bundle, ty: TypeId, value: &Value, into: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::None => into.write_str("none"),
        Value::Nothing => Ok(()),
        Value::Bool(it) => write!(into, "{it}"),
        Value::Int(it) => write!(into, "{it}"),
        Value::Float(it) => into.write_str(&float(*it)),
        Value::Text(it) => into.write_str(it),
        Value::Money(micros, currency) => into.write_str(&money(*micros, *currency)),
        Value::Duration(ms) => into.write_str(&duration(*ms)),
        Value::Tokens(it) => write!(into, "{it} tokens"),
        Value::Bytes(it) => write!(into, "{it} bytes"),
        Value::Date(year, month, day) => into.write_str(&date(*year, *month, *day)),
        Value::Time(hour, minute, 0) => write!(into, "{hour:02}:{minute:02}"),
        Value::Time(hour, minute, second) => into.write_str(&time(*hour, *minute, *second)),
        Value::Media(media) => into.write_str(&media.reference),
        Value::List(items)
            if items.iter().all(|item| matches!(item, Value::Text(_))) && is_lines(bundle, ty) =>
        {
            lines(items, into);
            Ok(())
        }
        Value::Variant(variant, fields) if fields.is_empty() => {
            match super::fields::variant_of(bundle, ty, *variant) {
                Some(variant) => into.write_str(&variant.wire),
                None => Ok(()),
            }
        }
        Value::Json(_) | Value::List(_) | Value::Map(_) | Value::Record(_) | Value::Variant(..) => {
            write!(into, "{}", json::encode(bundle, ty, value))
        }
    };
}

fn is_lines(bundle: &Bundle, ty: TypeId) -> bool {
    match bundle.ty(ty) {
        Type::List { item, .. } => matches!(bundle.ty(*item), Type::Text { .. }),
        Type::Optional { item } => is_lines(bundle, *item),
        _ => false,
    }
}

fn lines(items: &[Value], into: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            into.push('\n');
        }
        into.push_str(item.as_text().unwrap_or_default());
    }
}

/// The shortest decimal that reads back as the same number; very large and very small ones with an exponent.
#[must_use]
pub fn float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) { format!("{value:e}") } else { format!("{value}") }
}

pub use flow_ir::units::amount;

/// `12.50 EUR`.
#[must_use]
pub fn money(micros: i64, currency: Currency) -> String {
    format!("{} {}", amount(micros), currency.code())
}

/// In the largest unit that gives a whole number: `8s`, `90s`, `250ms`.
#[must_use]
pub fn duration(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    if ms == 0 {
        return "0s".to_owned();
    }
    let unit = UNITS.iter().find(|(size, _)| ms % size == 0);
    unit.map_or_else(|| format!("{ms}ms"), |(size, name)| format!("{}{name}", ms / size))
}

/// `2026-01-05`.
#[must_use]
pub fn date(year: i16, month: i8, day: i8) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// `09:30:00`.
#[must_use]
pub fn time(hour: i8, minute: i8, second: i8) -> String {
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// Everything but letters, digits and `-._~` becomes `%XX`, so a hole can never end a path or a parameter.
fn percent(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// A header or an argument is one line: a break would begin another header.
fn line(text: &str, into: &mut String) -> Outcome<()> {
    if text.contains(['\n', '\r', '\0']) {
        return Err(Invalid::new("a line break where only one line is allowed"));
    }
    into.push_str(text);
    Ok(())
}
