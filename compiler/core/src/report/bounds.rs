//! FL04xx: what a flow takes, and what it promises.

use flow_diagnostics::{Diagnostic, Edit, Span, index};
use flow_ir::units::Usd;

use crate::bounds::Most;

/// An amount that is limited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// Micro-dollars.
    Money,
    /// Input and output together.
    Tokens,
}

impl Unit {
    pub(crate) fn show(self, amount: Most) -> String {
        match (self, amount.get()) {
            (_, None) => "any amount".to_owned(),
            (Self::Money, Some(_)) => amount.as_usd().map(Usd::short).unwrap_or_default(),
            (Self::Tokens, Some(tokens)) => format!("{} tokens", grouped(tokens)),
        }
    }

    /// Without the unit, for lists.
    fn bare(self, amount: Most) -> String {
        self.show(amount).trim_end_matches(" USD").trim_end_matches(" tokens").to_owned()
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Money => "cost",
            Self::Tokens => "use",
        }
    }
}

/// What a limit is compared with.
#[derive(Clone, Debug)]
pub(crate) struct Excess<'a> {
    /// `flow `handle``, `node `write``.
    pub(crate) subject: &'a str,
    pub(crate) unit: Unit,
    pub(crate) worst: Most,
    pub(crate) limit: Most,
    /// Nodes with visits and what they take, dearest first.
    pub(crate) parts: &'a [(String, u64, Most)],
    /// The way there.
    pub(crate) way: &'a str,
}

/// FL0402: the worst case is above the limit.
pub(crate) fn over_limit(span: Span, excess: &Excess<'_>) -> Diagnostic {
    let Excess { subject, unit, worst, limit, parts, way } = excess;
    let message = format!(
        "{subject} may {} up to {}, the limit is {}, and no arrow says what happens then",
        unit.verb(),
        unit.show(*worst),
        unit.show(*limit)
    );
    let shown = parts.iter().take(4).map(|(name, times, amount)| {
        let times = if *times > 1 { format!(" ×{times}") } else { String::new() };
        format!("`{name}`{times} {}", unit.bare(*amount))
    });
    let shown: Vec<String> = shown.collect();
    let cheapen =
        if shown.is_empty() { String::new() } else { format!(", or cheapen: {}", shown.join(", ")) };
    let diagnostic = Diagnostic::new(&index::OVER_LIMIT, span, message, "this is exceeded in the worst case")
        .help(format!("raise it, add `-> … on Budget`{cheapen}"));
    if way.is_empty() { diagnostic } else { diagnostic.note(format!("the dearest way: {way}")) }
}

/// FL0402: even the usual case is above the limit, so `on Budget` would be the rule.
pub(crate) fn usually_over(span: Span, excess: &Excess<'_>) -> Diagnostic {
    let Excess { subject, unit, worst, limit, way, .. } = excess;
    let message = format!(
        "{subject} usually {}s {}, and the limit is {}",
        unit.verb(),
        unit.show(*worst),
        unit.show(*limit)
    );
    let diagnostic = Diagnostic::new(&index::OVER_LIMIT, span, message, "most runs would end here")
        .help("raise the limit, or ask cheaper models for less");
    if way.is_empty() { diagnostic } else { diagnostic.note(format!("the usual way: {way}")) }
}

/// FL0403.
pub(crate) fn loose_limit(limit: Span, promised: Usd, worst: Usd, enough: &str) -> Diagnostic {
    let message =
        format!("the limit {} never binds: the worst path costs {}", promised.short(), worst.short());
    let edit = Edit { span: limit, text: enough.to_owned() };
    Diagnostic::new(&index::LOOSE_LIMIT, limit, message, "far above anything a run can cost")
        .help(format!("set {enough}"))
        .fix(format!("set {enough}"), vec![edit])
}

/// FL0404. `promised` and `declared` in ms.
pub(crate) fn quantile_too_low(
    span: Span,
    (percent, promised): (u8, u64),
    model: &str,
    declared: u64,
    node: Option<&str>,
) -> Diagnostic {
    let (promised, declared) = (time(promised), time(declared));
    let whose = node.map_or_else(String::new, |node| format!(", and every way asks it in `{node}`"));
    let message =
        format!("`p{percent} {promised}` cannot hold: `{model}` alone declares p{percent} {declared}{whose}");
    Diagnostic::new(&index::QUANTILE_TOO_LOW, span, message, "promises more than the model does")
        .help(format!("promise `p{percent} {declared}` or more, or ask a faster model"))
}

/// FL0405. Times in ms.
pub(crate) fn short_within(span: Span, limit: u64, model: &str, attempt: u64, lost: &str) -> Diagnostic {
    let message = format!(
        "`within {}` is shorter than one attempt of `{model}` ({}), so its {lost} never run",
        time(limit),
        time(attempt)
    );
    Diagnostic::new(&index::SHORT_WITHIN, span, message, "ends during the first attempt")
        .help(format!("give `{model}` a shorter `timeout`, or the call more time"))
}

/// FL0408. Times in ms.
pub(crate) fn waits_too_long(span: Span, node: &str, times: u64, each: Most, limit: u64) -> Diagnostic {
    let count = if times > 1 { format!("{times} × ") } else { String::new() };
    let each = each.get().map_or_else(|| "for ever".to_owned(), time);
    let message = format!("`{node}` may wait {count}{each}, the flow ends after {}", time(limit));
    Diagnostic::new(&index::WAITS_TOO_LONG, span, message, "ends before everybody had their time")
        .help("give the flow more time, or the people less")
}

/// FL0409.
pub(crate) fn text_in_characters(span: Span, name: &str, chars: u64, call: Option<Span>) -> Diagnostic {
    let message = format!(
        "`{name}` is bounded in characters: {} of them count as {} tokens",
        grouped(chars),
        grouped(chars.saturating_mul(4))
    );
    let diagnostic =
        Diagnostic::new(&index::TEXT_IN_CHARACTERS, span, message, "a character counts four tokens")
            .help(format!("bound it in tokens: `in ..{} tokens`", rounded(chars.div_ceil(3))));
    call.map_or(diagnostic.clone(), |call| diagnostic.also(call, "sent from here"))
}

/// FL0514.
pub(crate) fn no_price(span: Span, model: &str, flow: &str, limit: Span) -> Diagnostic {
    let message = format!("`{model}` has no price, so the limit of `{flow}` means nothing");
    Diagnostic::new(&index::NO_PRICE, span, message, "no `price_in` or no `price_out`")
        .also(limit, "this limit")
        .help("`price_in: 0 USD / 1M tokens` if it is free")
}

/// `8s`, `12h`, `1500ms`.
pub(crate) fn time(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let unit = UNITS.iter().find(|(size, _)| ms > 0 && ms.is_multiple_of(*size));
    unit.map_or_else(|| format!("{ms}ms"), |(size, name)| format!("{}{name}", ms / size))
}

/// `41,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A round number at least as large, as one would write it: `4k`, `300`.
pub(crate) fn rounded(number: u64) -> String {
    match number {
        0..=99 => number.to_string(),
        100..=999 => (number.div_ceil(50) * 50).to_string(),
        _ => format!("{}k", number.div_ceil(1_000)),
    }
}
