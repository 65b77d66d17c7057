//! About calls: effects in the wrong place, errors that cannot happen, recursion (FL0208, FL0211, FL0212).

use flow_diagnostics::{Diagnostic, Echo, Span, index};

use super::names::{Candidate, did_you_mean};

/// FL0208. `wanted` is the class as written, `possible` what can happen instead.
pub(crate) fn impossible(span: Span, wanted: &str, what: &str, noun: &str, possible: &[&str]) -> Diagnostic {
    let message = format!("`{what}` is {noun}; it can never be `{wanted}`");
    let diagnostic = Diagnostic::new(&index::IMPOSSIBLE_ERROR, span, message, "never taken");
    if possible.is_empty() {
        return diagnostic.help("nothing can fail here; remove the edge");
    }
    diagnostic.help(format!("possible: {}", possible.join(", ")))
}

/// FL0208, for a word that is no class of errors at all.
pub(crate) fn no_class(span: Span, wanted: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("there is no class of errors called `{wanted}`");
    let diagnostic = Diagnostic::new(&index::IMPOSSIBLE_ERROR, span, message, "no class").echo(Echo::Never);
    let diagnostic = did_you_mean(diagnostic, span, wanted, known);
    if diagnostic.help.is_some() {
        return diagnostic;
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    diagnostic.help(format!("classes: {}", names.join(", ")))
}

/// FL0211.
pub(crate) fn effect_in_expression(span: Span, what: &str) -> Diagnostic {
    let message = format!("`{what}` does work, so it needs its own node");
    Diagnostic::new(&index::EFFECT_IN_EXPRESSION, span, message, "work inside an expression")
        .note("a node does one call, so that every effect is seen, limited and recorded")
        .help(format!("add `node result = {what}(…)` and use `result` here"))
}

/// FL0211, for a lambda or setting that calls.
pub(crate) fn clause_without_call(span: Span, clause: &str) -> Diagnostic {
    let message = format!("`{clause}` belongs to a call that does work, and this is none");
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "nothing to apply it to")
        .help("remove it")
        .echo(Echo::OfNamesInItem)
}

/// FL0212.
pub(crate) fn recursive(span: Span, through: &[String]) -> Diagnostic {
    let message = match through {
        [only] => format!("`{only}` calls itself"),
        many => {
            let first = many.first().cloned().unwrap_or_default();
            format!("`{first}` calls itself: {} → {first}", many.join(" → "))
        }
    };
    Diagnostic::new(&index::RECURSIVE_FLOW, span, message, "this call closes the circle")
        .note("without recursion every run has a bound for cost, tokens and time")
        .help("make it a loop in one flow, with `max n` on an arrow")
}

/// FL0005 for `error` where nothing failed.
pub(crate) fn no_error_here(span: Span) -> Diagnostic {
    Diagnostic::new(&index::UNKNOWN_NAME, span, "there is no `error` here", "nothing has failed on this way")
        .help("`error` exists on edges with `on`, and in nodes behind the `on` edges of the header")
}
