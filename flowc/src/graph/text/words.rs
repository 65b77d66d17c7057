//! Single words: literals, facts, operators, callables, limits.

use flow_ir::expr::{Builtin, Compare, Const, ErrorFact, NodeFact, RunFact};
use flow_ir::setup::{Callee, Method};
use flow_ir::units::{ErrorClass, Limits};
use flow_ir::{Bundle, LocalId};

/// Cuts after `most` characters and says so with `…`.
#[must_use]
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let front: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", front.trim_end())
}

/// `Timeout, Overload`, or `Error` for all of them.
#[must_use]
pub fn classes(classes: &[ErrorClass]) -> String {
    if ErrorClass::ALL.iter().all(|class| classes.contains(class)) {
        return "Error".to_owned();
    }
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    names.join(", ")
}

/// `within 0.25 USD, 3d`; empty without limits.
#[must_use]
pub fn limits(limits: &Limits) -> String {
    let mut parts = Vec::new();
    parts.extend(limits.cost.map(|cost| format!("{} USD", decimal(cost.0))));
    parts.extend(limits.time_ms.map(|ms| duration(i64::try_from(ms).unwrap_or(i64::MAX))));
    parts.extend(limits.tokens.map(|tokens| format!("{tokens} tokens")));
    if parts.is_empty() { String::new() } else { format!("within {}", parts.join(", ")) }
}

/// A span of time in the largest unit that divides it: `8h`, `90s`, `1500ms`.
#[must_use]
pub fn duration(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let fits = units.iter().find(|(size, _)| ms != 0 && ms % size == 0);
    fits.map_or_else(|| format!("{ms}ms"), |(size, unit)| format!("{}{unit}", ms / size))
}

/// Millionths without trailing zeros: `0.25`.
#[must_use]
pub fn decimal(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let fraction = format!("{rest:06}");
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// What a call asks: `triage`, `trail.emit`.
#[must_use]
pub fn callee(bundle: &Bundle, callee: Callee) -> String {
    let name = || bundle.callee_name(callee).map_or("?", smol_str::SmolStr::as_str);
    match callee {
        Callee::Value => "value".to_owned(),
        Callee::Sleep => "sleep".to_owned(),
        Callee::Tell => "tell".to_owned(),
        Callee::Method(_, method) => format!("{}.{}", name(), method_name(method)),
        _ => name().to_owned(),
    }
}

const fn method_name(method: Method) -> &'static str {
    match method {
        Method::MemoryLast => "last",
        Method::MemoryAdd | Method::QueueAdd | Method::DatasetAdd => "add",
        Method::MemoryForget => "forget",
        Method::IndexSearch => "search",
        Method::IndexPut | Method::CachePut | Method::EventsPut => "put",
        Method::CacheGet => "get",
        Method::SlotsFill => "fill",
        Method::SlotsDrop => "drop",
        Method::EventsWait => "wait",
        Method::QueueTake => "take",
        Method::TopicEmit => "emit",
    }
}

/// The name in the language is the name in the Bundle, except where one word has several meanings.
pub(super) fn builtin(op: Builtin) -> String {
    let wire = serde_json::to_value(op).ok();
    let name = wire.as_ref().and_then(|name| name.as_str()).unwrap_or("?");
    match name {
        "take_last" | "take_last_tokens" => "last",
        "variant_doc" => "doc",
        "variant_name" | "to_text" => "text",
        "to_json" => "json",
        "date_plus" => "plus",
        "date_minus" => "minus",
        name => name.strip_suffix("_tokens").unwrap_or(name),
    }
    .to_owned()
}

/// Binders have lost their names; few are nested.
pub(super) fn local(local: LocalId) -> String {
    let letters = ["x", "y", "z"];
    letters.get(local.index()).map_or_else(|| format!("x{}", local.0), ToString::to_string)
}

pub(super) fn constant(value: &Const) -> String {
    match value {
        Const::None => "none".to_owned(),
        Const::Nothing => String::new(),
        Const::Bool(value) => value.to_string(),
        Const::Int(value) => value.to_string(),
        Const::Float(value) => format!("{value:?}"),
        Const::Text(text) => format!("{text:?}"),
        Const::Money(micros, currency) => format!("{} {}", decimal(*micros), currency.code()),
        Const::Duration(ms) => duration(*ms),
        Const::Tokens(n) => format!("{n} tokens"),
        Const::Bytes(n) => format!("{n} B"),
        Const::Date(year, month, day) => format!("date(\"{year:04}-{month:02}-{day:02}\")"),
        Const::Time(hour, minute, second) => format!("time(\"{hour:02}:{minute:02}:{second:02}\")"),
    }
}

pub(super) const fn compare(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "==",
        Compare::Ne => "!=",
        Compare::Lt => "<",
        Compare::Le => "<=",
        Compare::Gt => ">",
        Compare::Ge => ">=",
    }
}

pub(super) const fn node_fact(fact: NodeFact) -> &'static str {
    match fact {
        NodeFact::Confidence => "confidence",
        NodeFact::Cost => "cost",
        NodeFact::Latency => "latency",
        NodeFact::By => "by",
        NodeFact::Degraded => "degraded",
        NodeFact::Messages => "messages",
    }
}

/// `cost` of `run.cost`.
#[must_use]
pub const fn run_fact(fact: RunFact) -> &'static str {
    match fact {
        RunFact::Id => "id",
        RunFact::Tenant => "tenant",
        RunFact::User => "user",
        RunFact::Cost => "cost",
        RunFact::Left => "left",
        RunFact::Elapsed => "elapsed",
        RunFact::Tokens => "tokens",
        RunFact::Started => "started",
        RunFact::Now => "now",
    }
}

pub(super) const fn error_fact(fact: ErrorFact) -> &'static str {
    match fact {
        ErrorFact::Class => "class",
        ErrorFact::Message => "message",
        ErrorFact::Node => "node",
        ErrorFact::Attempt => "attempt",
    }
}
