//! Costs for people.

use flow_compiler::bounds::{FlowBound, Method, Most, Share};
use flow_ir::Bundle;

use super::{Costed, why};
use crate::graph::cost::money;
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, WARN, paint};

/// Columns of the bars.
const BAR: u64 = 24;

/// Everything about one flow.
pub(super) fn flow(flow: &FlowBound, bundle: &Bundle) -> String {
    let mut text = format!("{}  {}\n", paint(BOLD, &flow.name), verdict(flow));
    text.push_str(&row("worst", &paint(BOLD, money(flow.worst.cost)), &sizes(flow)));
    let p95 = flow.p95_ms.map(|ms| format!("95 % of them within {}", span(ms)));
    text.push_str(&row("usual", &money(flow.usual.cost), &p95.unwrap_or_default()));
    if flow.worst.shadows > Most::ZERO {
        text.push_str(&row("shadows", &money(flow.worst.shadows), "beside it, on no limit"));
    }
    text.push_str(&way(flow));
    text.push_str(&unpriced(flow, bundle));
    text
}

fn row(name: &str, value: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!("   {}", paint(DIM, more)) };
    format!("  {name:<8}{value}{more}\n")
}

fn verdict(flow: &FlowBound) -> String {
    let Some(limit) = flow.limit else { return paint(DIM, "no limit") };
    let within = paint(DIM, format!("within {}", limit.short()));
    if flow.unlimited.cost <= Most::usd(limit) {
        return format!("{within}  {}", paint(GOOD, "proved"));
    }
    if flow.usual.cost > Most::usd(limit) {
        return format!("{within}  {}", paint(BAD, "usually above it"));
    }
    format!("{within}  {}", paint(WARN, "may raise Budget"))
}

fn sizes(flow: &FlowBound) -> String {
    let count = |most: Most, what: &str| match most.get() {
        Some(n) => format!("{} {what}", grouped(n)),
        None => format!("any number of {what}"),
    };
    let time = flow.worst.time_ms.get().map_or_else(|| "any time".to_owned(), span);
    format!("{}, {}, {time}", count(flow.worst.tokens, "tokens"), count(flow.worst.calls, "calls"))
}

/// The dearest way, and what each node on it takes.
fn way(flow: &FlowBound) -> String {
    let paid: Vec<&Share> = flow.path.iter().filter(|share| share.cost > Most::ZERO).collect();
    if paid.is_empty() {
        return match flow.method {
            Method::Walk => String::new(),
            Method::Flow | Method::Segments => {
                format!("  {}\n", paint(DIM, "too many ways to spell one out: a bound from above"))
            }
        };
    }
    let total = flow.path.iter().fold(Most::ZERO, |all, share| all.plus(share.cost));
    let mut text = format!("\n  {}\n", spell(&flow.path));
    let width = paid.iter().map(|share| label(share).chars().count()).max().unwrap_or(0);
    let mut sorted = paid;
    sorted.sort_by(|a, b| b.cost.cmp(&a.cost).then_with(|| a.name.cmp(&b.name)));
    for share in sorted {
        text.push_str(&share_row(share, total, width));
    }
    text
}

fn share_row(share: &Share, total: Most, width: usize) -> String {
    let (part, whole) = (share.cost.get().unwrap_or(u64::MAX), total.get().unwrap_or(u64::MAX).max(1));
    let scaled = |to: u64| (u128::from(part) * u128::from(to) / u128::from(whole)) as u64;
    let bar = "█".repeat(usize::try_from(scaled(BAR).max(1)).unwrap_or(1));
    let label = format!("{:<width$}", label(share));
    format!(
        "    {}  {:>12}  {:>3} %  {}\n",
        paint(NAME, label),
        money(share.cost),
        scaled(100),
        paint(DIM, bar)
    )
}

fn label(share: &Share) -> String {
    if share.times > 1 { format!("{} ×{}", share.name, share.times) } else { share.name.to_string() }
}

fn spell(path: &[Share]) -> String {
    path.iter().map(label).collect::<Vec<_>>().join(&paint(DIM, " → "))
}

fn unpriced(flow: &FlowBound, bundle: &Bundle) -> String {
    let names = flow.unpriced.iter().filter_map(|id| bundle.models.get(id.index()));
    let names: Vec<String> = names.map(|model| format!("`{}`", model.name)).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("  {} {} without a price: not counted\n", paint(WARN, "!"), names.join(", "))
}

/// What changed, and why.
pub(super) fn change(flow: &FlowBound, before: &Costed, now: &Costed) -> String {
    let Some(old) = before.bounds.flows.iter().find(|old| old.name == flow.name) else {
        return format!("{}\n{}", paint(GOOD, "new"), self::flow(flow, &now.bundle));
    };
    let mut text = format!("{}  {}\n", paint(BOLD, &flow.name), verdict(flow));
    text.push_str(&changed("worst", old.worst.cost, flow.worst.cost));
    text.push_str(&changed("usual", old.usual.cost, flow.usual.cost));
    let reasons = why::reasons(&flow.name, before, now);
    for (index, reason) in reasons.iter().enumerate() {
        let lead = if index == 0 { "because" } else { "and" };
        text.push_str(&format!("  {lead:<8}{}{}\n", reason.change, effect(reason.cost)));
    }
    let same = old.worst.cost == flow.worst.cost;
    if !same && reasons.is_empty() {
        text.push_str("  because types or texts of prompts changed\n");
    }
    if same { text } else { text + &way(flow) }
}

fn changed(name: &str, old: Most, new: Most) -> String {
    if old == new {
        return row(name, &money(new), "as before");
    }
    let style = if new > old { BAD } else { GOOD };
    let times = match (old.get(), new.get()) {
        (Some(old), Some(new)) if old > 0 && new > old => format!("×{:.1}", new as f64 / old as f64),
        _ => String::new(),
    };
    let old = money(old);
    row(name, &format!("{} → {}", old.trim_end_matches(" USD"), paint(style, money(new))), &times)
}

/// `(+2.68 USD)`.
fn effect(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "+" };
    let amount = Most::new(micros.unsigned_abs());
    if micros == 0 { String::new() } else { paint(DIM, format!("  ({sign}{})", money(amount))) }
}

/// `61,200`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups.filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// `3d`, `1h 12min`, `12.4s`.
fn span(ms: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min")];
    let Some(index) = UNITS.iter().position(|(size, _)| ms >= *size) else {
        return if ms >= 1_000 { format!("{:.1}s", ms as f64 / 1_000.0) } else { format!("{ms}ms") };
    };
    let mut rest = ms;
    let mut parts = Vec::new();
    for (size, name) in UNITS.iter().skip(index).take(2) {
        if rest / size > 0 {
            parts.push(format!("{}{name}", rest / size));
        }
        rest %= size;
    }
    if index == 2 && rest >= 1_000 {
        parts.push(format!("{}s", rest / 1_000));
    }
    parts.join(" ")
}
