//! Types in a few words, for messages.

use crate::bundle::Bundle;
use crate::ids::TypeId;
use crate::types::Type;

/// `text in ..40`, `list(Chunk)`, `Triage?`.
pub(super) fn ty(bundle: &Bundle, id: TypeId) -> String {
    match bundle.ty(id) {
        Type::Nothing => "nothing".to_owned(),
        Type::Text { size } => match size {
            Some(size) => {
                let unit = if size.in_tokens { " tokens" } else { "" };
                format!("text{}{unit}", range(Some(size.min).filter(|min| *min > 0), size.max))
            }
            None => "text".to_owned(),
        },
        Type::Int { min, max } => format!("int{}", range(*min, *max)),
        Type::Float { min, max } => format!("float{}", range(*min, *max)),
        Type::Bool => "bool".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Time => "time".to_owned(),
        Type::Duration { min, max } => {
            let unit = if min.is_some() || max.is_some() { " ms" } else { "" };
            format!("duration{}{unit}", range(*min, *max))
        }
        Type::Money { currency, min, max } => {
            let unit = currency.map_or("", |currency| currency.code());
            let millionths = if min.is_some() || max.is_some() { " millionths" } else { "" };
            format!("money{}{millionths} {unit}", range(*min, *max)).trim_end().to_owned()
        }
        Type::Tokens => "tokens".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Price => "price".to_owned(),
        Type::Json => "json".to_owned(),
        Type::Image => "image".to_owned(),
        Type::Audio => "audio".to_owned(),
        Type::File => "file".to_owned(),
        Type::Optional { item } => format!("{}?", ty(bundle, *item)),
        Type::List { item, size } => {
            let tokens = size.max_tokens.map(|tokens| format!(" in ..{tokens} tokens")).unwrap_or_default();
            let range = range(Some(size.min).filter(|min| *min > 0), size.max);
            format!("list({}){range}{tokens}", ty(bundle, *item))
        }
        Type::Map { item, size } => format!("map({}){}", ty(bundle, *item), range(None, size.max)),
        Type::Record(record) => record.name.to_string(),
        Type::Enum(of) => of.name.to_string(),
        Type::Partial { record } => format!("Partial({})", ty(bundle, *record)),
    }
}

/// ` in 1..40`, or nothing.
fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    if min.is_none() && max.is_none() {
        return String::new();
    }
    let text = |bound: Option<T>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    format!(" in {}..{}", text(min), text(max))
}
