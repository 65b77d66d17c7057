//! Types as they look in `.flow`.

use flow_ir::types::{ListSize, TextSize, Type};
use flow_ir::{Bundle, TypeId};

use super::words::{decimal, duration};

/// `text in 1..80`, `list(Chunk) in ..6`, `Triage`, `Listing?`.
#[must_use]
pub fn ty(bundle: &Bundle, id: TypeId) -> String {
    match bundle.ty(id) {
        Type::Nothing => "nothing".to_owned(),
        Type::Text { size } => ranged("text", size.map(text_range)),
        Type::Int { min, max } => ranged("int", range(*min, *max, |n| n.to_string())),
        Type::Float { min, max } => ranged("float", range(*min, *max, |n| n.to_string())),
        Type::Bool => "bool".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Duration { min, max } => ranged("duration", range(*min, *max, duration)),
        Type::Money { min, max, currency } => {
            let unit = currency.map_or("", |currency| currency.code());
            ranged(
                "money",
                range(*min, *max, |micros| format!("{} {unit}", decimal(micros)).trim_end().to_owned()),
            )
        }
        Type::Tokens => "tokens".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Price => "price".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Image => "image".to_owned(),
        Type::Audio => "audio".to_owned(),
        Type::File => "file".to_owned(),
        Type::Optional { item } => format!("{}?", ty(bundle, *item)),
        Type::List { item, size } => ranged(&format!("list({})", ty(bundle, *item)), list_range(*size)),
        Type::Map { item, size } => ranged(&format!("map({})", ty(bundle, *item)), list_range(*size)),
        Type::Record(record) => record.name.to_string(),
        Type::Enum(of) => of.name.to_string(),
        Type::Partial { record } => format!("Partial({})", ty(bundle, *record)),
    }
}

fn ranged(base: &str, range: Option<String>) -> String {
    range.map_or_else(|| base.to_owned(), |range| format!("{base} in {range}"))
}

fn range<T: Copy>(min: Option<T>, max: Option<T>, write: impl Fn(T) -> String) -> Option<String> {
    if min.is_none() && max.is_none() {
        return None;
    }
    Some(format!("{}..{}", min.map(&write).unwrap_or_default(), max.map(&write).unwrap_or_default()))
}

fn text_range(size: TextSize) -> String {
    let low = if size.min == 0 { String::new() } else { size.min.to_string() };
    let high = size.max.map(|max| max.to_string()).unwrap_or_default();
    let unit = if size.in_tokens { " tokens" } else { "" };
    format!("{low}..{high}{unit}")
}

fn list_range(size: ListSize) -> Option<String> {
    match (size.min, size.max, size.max_tokens) {
        (0, None, None) => None,
        (_, None, Some(tokens)) => Some(format!("..{tokens} tokens")),
        (min, max, _) => {
            let low = if min == 0 { String::new() } else { min.to_string() };
            Some(format!("{low}..{}", max.map(|max| max.to_string()).unwrap_or_default()))
        }
    }
}
