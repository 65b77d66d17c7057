//! About evals (FL0906 to FL0909).

use flow_diagnostics::{Diagnostic, Span, index};

use super::names::{Candidate, did_you_mean};

/// FL0906: nothing says whose rows are run.
pub(crate) fn no_rows(span: Span, known: &[Candidate]) -> Diagnostic {
    let name = known.first().map_or("rows", |(name, _)| name.as_str());
    Diagnostic::new(&index::NO_ROWS, span, "this eval does not say whose rows it runs", "no rows")
        .note("an eval calls something once for each row of a dataset")
        .help(format!("add `given row in {name}`"))
}

/// FL0906: what stands behind `in` is no dataset.
pub(crate) fn no_dataset(span: Span, written: &str, what: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("`{written}` is {what}; an eval reads the rows of a `Dataset`");
    let diagnostic = Diagnostic::new(&index::NO_ROWS, span, message, "no dataset");
    match known {
        [] => diagnostic.help("declare one: `resource labels: Dataset(…)`"),
        known => did_you_mean(diagnostic, span, written, known),
    }
}

/// FL0907: a value of one row where all rows are judged.
pub(crate) fn of_one_row(span: Span, names: &[String]) -> Diagnostic {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{} belongs to one row, and this is about all rows", names.join(" and "));
    Diagnostic::new(&index::ONE_ROW, span, message, "about all rows")
        .help("say how the rows become one: `mean(…)`, `count(…)`, `p95(…)`")
}

/// FL0907: an aggregate inside another.
pub(crate) fn nested(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` of all rows stands inside of what is measured in one row");
    Diagnostic::new(&index::ONE_ROW, span, message, "about all rows")
        .help("compare the two outside: `mean(a) <= mean(b)`")
}

/// FL0908.
pub(crate) fn share(span: Span, condition: &str, always: bool, percent: Option<String>) -> Diagnostic {
    let so = if always { "always holds" } else { "never holds" };
    let message = format!("a share is between 0 % and 100 %, so `{condition}` {so}");
    let diagnostic = Diagnostic::new(&index::SHARE_LIMIT, span, message, so)
        .note("the mean of a condition is the share of the rows in which it holds");
    match percent {
        Some(percent) => diagnostic.help(format!("write `{percent}`")),
        None => diagnostic.help("compare with a share between them: `93%`"),
    }
}

/// FL0909: nothing here is taken from what the gate names.
pub(crate) fn no_gate(span: Span, gate: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("this package takes nothing from `{gate}`, so the gate guards nothing");
    let diagnostic = Diagnostic::new(&index::BAD_GATE, span, message, "not taken here");
    match known {
        [] => diagnostic.help("declare a prompt or a model as `registry(\"name@pointer\")`"),
        known => did_you_mean(diagnostic, span, gate, known),
    }
}

/// FL0909: the gate cannot do its work.
pub(crate) fn bad_gate(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&index::BAD_GATE, span, message, "this gate").help(help)
}
