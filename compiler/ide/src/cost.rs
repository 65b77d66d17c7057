//! What a flow or a node costs, in few words.

use flow_compiler::bounds::{Effort, FlowBound, Most};

use crate::package::View;

/// `≤ 0.157 USD (usual 0.024) · ≤ 9.2k tokens`; `None` while the file has errors.
pub(crate) fn of_flow(view: &View, name: &str) -> Option<String> {
    let bound = flow(view, name)?;
    let mut words = effort(bound.worst, bound.usual);
    if let Some(limit) = bound.limit {
        let proved = bound.unlimited.cost <= Most::usd(limit);
        words.push_str(&format!(" · limit {} USD, ", dollars(limit.0)));
        words.push_str(if proved { "proved" } else { "may raise Budget" });
    }
    Some(words)
}

/// The worst way, with the share of each node: `sort 0.002 → write 0.028 ×2`.
pub(crate) fn worst_way(view: &View, name: &str) -> Option<String> {
    let shares = flow(view, name)?.path.iter().map(|share| {
        let times = if share.times > 1 { format!(" ×{}", share.times) } else { String::new() };
        format!("{} {}{times}", share.name, money(share.cost))
    });
    let shares: Vec<String> = shares.collect();
    (!shares.is_empty()).then(|| shares.join(" → "))
}

/// The same of one visit of a node; `None` if it costs nothing.
pub(crate) fn of_node(view: &View, name: &str, node: &str) -> Option<String> {
    let bound = flow(view, name)?.nodes.iter().find(|known| known.name == node)?;
    (bound.worst.cost != Most::ZERO || bound.worst.tokens != Most::ZERO)
        .then(|| effort(bound.worst, bound.usual))
}

/// What something takes, in the fewest words.
pub(crate) struct Short {
    /// `≤ 0.0281 USD · 2.4k tokens`.
    pub(crate) worst: String,
    /// `0.004 USD · 310 tokens`.
    pub(crate) usual: String,
}

/// Of a flow; `None` if it costs nothing, or while the file has errors.
pub(crate) fn short_of_flow(view: &View, name: &str) -> Option<Short> {
    let bound = flow(view, name)?;
    short(bound.worst, bound.usual)
}

/// Of one visit of a node.
pub(crate) fn short_of_node(view: &View, name: &str, node: &str) -> Option<Short> {
    let bound = flow(view, name)?.nodes.iter().find(|known| known.name == node)?;
    short(bound.worst, bound.usual)
}

fn short(worst: Effort, usual: Effort) -> Option<Short> {
    let words = |effort: Effort| format!("{} USD · {} tokens", money(effort.cost), thousands(effort.tokens));
    (worst.cost != Most::ZERO || worst.tokens != Most::ZERO)
        .then(|| Short { worst: format!("≤ {}", words(worst)), usual: words(usual) })
}

/// `2.4k`, rounded up: a bound must not look smaller than it is.
fn thousands(tokens: Most) -> String {
    match tokens.get() {
        None => "∞".to_owned(),
        Some(tokens) if tokens < 1_000 => tokens.to_string(),
        Some(tokens) if tokens < 1_000_000 => tenths(tokens, 1_000, "k"),
        Some(tokens) => tenths(tokens, 1_000_000, "M"),
    }
}

fn tenths(number: u64, unit: u64, name: &str) -> String {
    let tenths = number.div_ceil(unit / 10);
    if tenths.is_multiple_of(10) {
        format!("{}{name}", tenths / 10)
    } else {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    }
}

fn flow<'v>(view: &'v View, name: &str) -> Option<&'v FlowBound> {
    view.analysis.bounds.flows.iter().find(|flow| flow.name == name)
}

fn effort(worst: Effort, usual: Effort) -> String {
    let tokens =
        worst.tokens.get().map_or_else(|| "any number of".to_owned(), |tokens| format!("≤ {tokens}"));
    format!("≤ {} USD (usual {}) · {tokens} tokens", money(worst.cost), money(usual.cost))
}

fn money(amount: Most) -> String {
    amount.as_usd().map_or_else(|| "∞".to_owned(), |amount| dollars(amount.0))
}

/// Four decimals, as few as say it.
fn dollars(micros: i64) -> String {
    let text = format!("{:.4}", micros as f64 / 1e6);
    let text = text.trim_end_matches('0');
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}.{decimals:0<2}")
}
