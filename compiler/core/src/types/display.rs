//! Types in the user's words: `list(text in 1..64) in 0..6`.

use std::fmt::{Display, Formatter, Result};

use flow_ir::units::Currency;

use super::{Bounds, Size, TextSize, Ty};

impl Display for Ty {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Poison | Self::Never => f.write_str("anything"),
            Self::Nothing => f.write_str("nothing"),
            Self::Text(size) => write!(f, "text{size}"),
            Self::Int(bounds) => write!(f, "int{}", Ranged(*bounds, &|value| value.to_string())),
            Self::Float(bounds) => write!(f, "float{}", Ranged(*bounds, &micros_text)),
            Self::Bool => f.write_str("bool"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Duration(bounds) => write!(f, "duration{}", Ranged(*bounds, &duration_text)),
            Self::Money(currency, bounds) => {
                write!(f, "money{}", Ranged(*bounds, &|value| money_text(value, *currency)))
            }
            Self::Tokens => f.write_str("tokens"),
            Self::Bytes => f.write_str("bytes"),
            Self::Price => f.write_str("price"),
            Self::Json => f.write_str("json"),
            Self::Image => f.write_str("image"),
            Self::Audio => f.write_str("audio"),
            Self::File => f.write_str("file"),
            Self::Optional(inner) if **inner == Self::Never => f.write_str("none"),
            Self::Optional(inner) => optional(inner, f),
            Self::List(item, size) => write!(f, "list({item}){size}"),
            Self::Map(item, size) => write!(f, "map({item}){size}"),
            Self::Named(_, name) => f.write_str(name),
            Self::Anon(anon) => f.write_str(&anon.name),
            Self::Partial(_, name) => write!(f, "Partial({name})"),
        }
    }
}

/// The `?` stands before the range: `text? in 1..40`.
fn optional(inner: &Ty, f: &mut Formatter<'_>) -> Result {
    let text = inner.to_string();
    match text.split_once(" in ").filter(|_| !text.ends_with(')')) {
        Some((base, range)) => write!(f, "{base}? in {range}"),
        None => write!(f, "{text}?"),
    }
}

impl Display for TextSize {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let unit = if self.in_tokens { " tokens" } else { "" };
        match (self.min, self.max) {
            (0, None) => Ok(()),
            (0, Some(max)) => write!(f, " in ..{}{unit}", count_text(max)),
            (min, None) => write!(f, " in {}{unit}..", count_text(min)),
            (min, Some(max)) => write!(f, " in {}..{}{unit}", count_text(min), count_text(max)),
        }
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (self.min, self.max, self.max_tokens) {
            (0, None, None) => Ok(()),
            (0, None, Some(tokens)) => write!(f, " in ..{} tokens", count_text(tokens)),
            (min, None, _) => write!(f, " in {min}.."),
            (min, Some(max), _) => write!(f, " in {min}..{max}"),
        }
    }
}

/// `4k` for 4000, as it was probably written.
fn count_text(value: u64) -> String {
    if value >= 1000 && value.is_multiple_of(1000) { format!("{}k", value / 1000) } else { value.to_string() }
}

struct Ranged<'a>(Bounds, &'a dyn Fn(i64) -> String);

impl Display for Ranged<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match (self.0.min, self.0.max) {
            (None, None) => Ok(()),
            (min, max) => {
                let end = |end: Option<i64>| end.map(self.1).unwrap_or_default();
                write!(f, " in {}..{}", end(min), end(max))
            }
        }
    }
}

fn micros_text(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / 1_000_000, value.unsigned_abs() % 1_000_000);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{rest:06}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// An amount in millionths as it would be written.
pub(crate) fn money_text(value: i64, currency: Option<Currency>) -> String {
    match currency {
        Some(currency) => format!("{} {}", micros_text(value), currency.code()),
        None => micros_text(value),
    }
}

fn duration_text(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let whole = units.into_iter().find(|(size, _)| ms != 0 && ms % size == 0);
    whole.map_or_else(|| format!("{ms}ms"), |(size, unit)| format!("{}{unit}", ms / size))
}
