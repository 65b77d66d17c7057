//! `breaker`, `hedge` and `limit` of a model; `guard` of a split.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast, Unit};
use flow_ir::setup::{Breaker, Guard, RateLimit};
use flow_ir::units::{Currency, Usd};

use super::Settings;
use crate::expr::{Elab, money_micros};
use crate::report;
use crate::types::unit_ms;

/// The figures of `Breaker(…)` that are not written.
const BREAKER: Breaker = Breaker { errors: 5_000, window_ms: 30_000, rest_ms: 5_000 };

/// A window is cut in ten, and less than a second says nothing about a model.
const LEAST_MS: u64 = 1_000;

/// `Breaker(errors: 50%, window: 30s, rest: 5s)`; what is left out keeps its default.
pub(super) fn breaker(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Option<Breaker> {
    let value = settings.value("breaker")?;
    let example = "Breaker(errors: 50%, window: 30s, rest: 5s)";
    let mut breaker = BREAKER;
    for (label, written) in
        figures(elab, value, ("breaker", "Breaker", example), &["errors", "window", "rest"])?
    {
        let read = match label {
            "errors" => share(written).map(|share| breaker.errors = share),
            "window" => span_ms(written, LEAST_MS).map(|ms| breaker.window_ms = ms),
            _ => span_ms(written, 1).map(|ms| breaker.rest_ms = ms),
        };
        if read.is_none() {
            let help = match label {
                "errors" => "a share above 0 % and up to 100 %, for example `errors: 50%`",
                "window" => "a second or more, for example `window: 30s`",
                _ => "a span of time, for example `rest: 5s`",
            };
            refuse(elab, value, label, "Breaker", help);
        }
    }
    Some(breaker)
}

/// The figures of `Guard(…)` that are not written: nothing is judged.
const GUARD: Guard = Guard { errors: None, slow_ms: None, cost: None, confidence: None, calls: 50 };

/// `Guard(errors: 5%, slow: 2s, cost: 0.01 USD, confidence: 70%, calls: 50)`; what is left out is not judged.
pub(super) fn guard(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Option<Guard> {
    let value = settings.value("guard")?;
    let example = "Guard(errors: 5%, calls: 50)";
    let known = ["errors", "slow", "cost", "confidence", "calls"];
    let (mut guard, mut all_fit) = (GUARD, true);
    for (label, written) in figures(elab, value, ("guard", "Guard", example), &known)? {
        let read = match label {
            "errors" => share(written).map(|share| guard.errors = Some(share)),
            "slow" => span_ms(written, 1).map(|ms| guard.slow_ms = Some(ms)),
            "cost" => dollars(written).map(|cost| guard.cost = Some(cost)),
            "confidence" => share(written).map(|share| guard.confidence = Some(share)),
            _ => calls(written).map(|calls| guard.calls = calls),
        };
        if read.is_none() {
            all_fit = false;
            let help = match label {
                "errors" => "a share above 0 % and up to 100 %, for example `errors: 5%`",
                "slow" => "a span of time, for example `slow: 2s`",
                "cost" => "an amount above 0 USD, for example `cost: 0.01 USD`",
                "confidence" => "a share above 0 % and up to 100 %, for example `confidence: 70%`",
                _ => "a whole number from 1 to 10000, for example `calls: 50`",
            };
            refuse(elab, value, label, "Guard", help);
        }
    }
    if all_fit && guard == (Guard { calls: guard.calls, ..GUARD }) {
        let span = elab.span(value.span);
        let message = "this guard judges nothing";
        let help = "say what an arm must not exceed, for example `Guard(errors: 5%, calls: 50)`";
        elab.out.push(report::names::wrong_setting(span, message, help));
        return None;
    }
    Some(guard)
}

fn dollars(written: &Ast) -> Option<Usd> {
    let Ast::Quantity(amount) = written else { return None };
    match money_micros(amount)? {
        (micros, Currency::Usd) if micros > 0 => Some(Usd(micros)),
        _ => None,
    }
}

fn calls(written: &Ast) -> Option<u32> {
    amount(written, false).and_then(|calls| u32::try_from(calls).ok()).filter(|calls| *calls <= 10_000)
}

/// `hedge: 800ms`.
pub(super) fn hedge(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Option<u64> {
    let ms = settings.ms(elab, "hedge")?;
    if ms == 0 {
        let value = settings.value("hedge")?;
        let span = elab.span(value.span);
        let message = "a hedge at once asks two models every time";
        let help = "say how long the first one gets alone, for example `hedge: 800ms`";
        elab.out.push(report::names::wrong_setting(span, message, help));
        return None;
    }
    Some(ms)
}

/// `Limit(requests: 600, tokens: 200k tokens)`: a minute's worth.
pub(super) fn limit(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Option<RateLimit> {
    let value = settings.value("limit")?;
    let example = "Limit(requests: 600, tokens: 200k tokens)";
    let mut limit = RateLimit::default();
    for (label, written) in figures(elab, value, ("limit", "Limit", example), &["requests", "tokens"])? {
        let amount = amount(written, label == "tokens");
        match (label, amount) {
            (_, None) => {
                let help = match label {
                    "tokens" => "tokens a minute, for example `tokens: 200k tokens`",
                    _ => "a whole number a minute above 0, for example `requests: 600`",
                };
                refuse(elab, value, label, "Limit", help);
            }
            ("tokens", amount) => limit.tokens = amount,
            (_, amount) => limit.requests = amount,
        }
    }
    Some(limit)
}

/// The labelled figures of `Name(label: figure, …)`, in the order written.
pub(super) fn figures<'a>(
    elab: &mut Elab<'_, '_>,
    value: &'a ast::Expr,
    (setting, name, example): (&str, &str, &str),
    known: &[&'static str],
) -> Option<Vec<(&'static str, &'a Ast)>> {
    let span = elab.span(value.span);
    let call = match &value.kind {
        Ast::Call { callee, args } if matches!(&callee.kind, Ast::Upper(found) if found == name) => {
            Some(args)
        }
        _ => None,
    };
    let Some(args) = call.filter(|args| !args.is_empty()) else {
        let wants = format!("`{name}(…)` with {}", known.join(", "));
        elab.out.push(report::names::bad_setting(span, setting, &wants, example));
        return None;
    };
    let mut found: Vec<(&'static str, &'a Ast)> = Vec::new();
    for arg in args {
        let (Some(label), ArgValue::Expr(written)) = (&arg.label, &arg.value) else {
            elab.out.push(report::names::bad_setting(span, setting, "figures with their names", example));
            return None;
        };
        let place = elab.span(label.span);
        match known.iter().find(|known| **known == label.text) {
            Some(known) if found.iter().any(|(other, _)| other == known) => {
                elab.out.push(report::names::repeated_setting(place, known, place));
            }
            Some(known) => found.push((known, &written.kind)),
            None => {
                let known = report::names::plain(known.iter().copied());
                elab.out.push(report::names::unknown_setting(place, &label.text, name, &known));
            }
        }
    }
    Some(found)
}

pub(super) fn refuse(elab: &mut Elab<'_, '_>, value: &ast::Expr, label: &str, name: &str, help: &str) {
    let span = elab.span(value.span);
    let message = format!("`{label}` of `{name}` does not fit");
    elab.out.push(report::names::wrong_setting(span, message, help));
}

/// A share in hundredths of a percent, above 0 and up to 100 %.
pub(super) fn share(written: &Ast) -> Option<u32> {
    match written {
        Ast::Quantity(amount) if amount.unit == Unit::Percent => {
            u32::try_from(amount.number.micros / 10_000).ok().filter(|share| (1..=10_000).contains(share))
        }
        _ => None,
    }
}

/// A span of time in ms.
pub(super) fn span_ms(written: &Ast, least: u64) -> Option<u64> {
    let Ast::Quantity(amount) = written else { return None };
    let ms = amount.number.micros.checked_mul(i128::from(unit_ms(amount.unit)?))? / 1_000_000;
    u64::try_from(ms).ok().filter(|ms| *ms >= least)
}

/// A whole number above 0, of tokens or without a unit.
pub(super) fn amount(written: &Ast, in_tokens: bool) -> Option<u64> {
    let number = match written {
        Ast::Quantity(amount) if in_tokens && amount.unit == Unit::Tokens => &amount.number,
        Ast::Number(number) if !in_tokens => number,
        _ => return None,
    };
    u64::try_from(number.as_int()?).ok().filter(|amount| *amount > 0)
}
