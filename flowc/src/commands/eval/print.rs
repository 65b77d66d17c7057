//! What an eval said, for people and for programs.

use std::collections::BTreeSet;

use flow_ir::Bundle;
use flow_ir::evals::{Aggregate, Eval};
use flow_ir::units::Usd;
use serde_json::{Value as Json, json};

use super::figures::{self, Datum, Figure, Judged, Unit};
use super::keep::Kept;
use super::rows::Rows;
use super::walk::{RowEnd, failures};
use super::{Said, rows_run};
use crate::journal::usd;
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, WARN, clean, count, paint};

/// Problems that are shown one by one.
const MOST: usize = 5;

/// One eval.
pub(super) fn text(
    bundle: &Bundle,
    eval: &Eval,
    (rows, said): (&Rows, &Said),
    kept: Option<&Kept>,
) -> String {
    let mark = if said.passed() { paint(GOOD, "✓") } else { paint(BAD, "✗") };
    let head = paint(DIM, format!("({}, {}, {})", bundle.package, rows_run(rows, said), said.world));
    let mut text = format!("{mark} {} {head}\n", paint(BOLD, &eval.title));
    for version in versions(&said.rows) {
        text.push_str(&format!("    {} {}\n", paint(DIM, "with"), paint(NAME, version)));
    }
    for need in &said.needs {
        text.push_str(&judged(need));
    }
    let width = said.figures.iter().map(|figure| figure.text.chars().count()).max().unwrap_or(0);
    for figure in &said.figures {
        text.push_str(&measured(figure, width, said.rows.len()));
    }
    text.push_str(&spent(&said.rows));
    for (class, rows, message) in failures(&said.rows) {
        let rows = count(rows, "row");
        text.push_str(&format!(
            "    {} {rows}: {}: {}\n",
            paint(BAD, "failed"),
            class.name(),
            clean(message)
        ));
    }
    for problem in said.problems.iter().take(MOST) {
        text.push_str(&format!("    {} {}\n", paint(BAD, "problem"), clean(problem)));
    }
    if said.problems.len() > MOST {
        text.push_str(&format!("    and {} more\n", count(said.problems.len() - MOST, "problem")));
    }
    if said.stopped {
        let left = rows.chosen.len() - said.rows.len();
        text.push_str(&format!("    {}: {} not run\n", paint(WARN, "stopped"), count(left, "row")));
    }
    if let Some(Kept { version, gate }) = kept {
        let so = if said.passed() { "may move to it" } else { "does not move to it" };
        text.push_str(&format!("    {} {version}: `{gate}` {so}\n", paint(DIM, "kept with")));
    }
    text
}

fn judged(need: &Judged) -> String {
    let mark = if need.holds { paint(GOOD, "✓") } else { paint(BAD, "✗") };
    let message = if need.message.is_empty() { String::new() } else { format!(": {}", clean(&need.message)) };
    format!("  {mark} need {}{message}\n", need.text)
}

/// `mean(…)  96.0 %  90.2 %–98.4 %`, with the number of rows where it is not that of all.
fn measured(figure: &Figure, width: usize, all: usize) -> String {
    let rows = if figure.rows == all { String::new() } else { format!("  of {}", count(figure.rows, "row")) };
    let between = paint(DIM, format!("{}{rows}", figure.interval_shown()));
    let text = format!("    {:width$}  {}  {between}", figure.text, paint(BOLD, figure.shown()));
    format!("{}\n", text.trim_end())
}

/// Cost and time of a row, at the median and where it is worst.
fn spent(rows: &[RowEnd]) -> String {
    let cost: i64 = rows.iter().map(|row| row.cost.0).sum();
    let tokens: u64 = rows.iter().map(|row| row.input_tokens + row.output_tokens).sum();
    let quantile = |percent| {
        let times = rows.iter().map(|row| Datum::Number(row.elapsed_ms as f64, Unit::Duration));
        figures::one(Aggregate::Quantile(percent), &times.collect::<Vec<_>>(), String::new(), 0).shown()
    };
    let each = Usd(cost.checked_div(rows.len() as i64).unwrap_or(0));
    let line = format!(
        "{} in all, {each} a row, {tokens} tokens; a row takes {}, p95 {}",
        Usd(cost),
        quantile(50),
        quantile(95)
    );
    format!("    {}\n", paint(DIM, line))
}

fn versions(rows: &[RowEnd]) -> BTreeSet<&str> {
    rows.iter().flat_map(|row| row.versions.iter().map(smol_str::SmolStr::as_str)).collect()
}

/// The same as an object.
pub(super) fn json(bundle: &Bundle, eval: &Eval, (rows, said): (&Rows, &Said), kept: Option<&Kept>) -> Json {
    let need = |need: &Judged| json!({ "need": need.text, "holds": need.holds, "message": need.message });
    let cost: i64 = said.rows.iter().map(|row| row.cost.0).sum();
    json!({
        "title": eval.title,
        "package": bundle.package,
        "gate": eval.gate,
        "passed": said.passed(),
        "complete": !said.stopped,
        "world": said.world,
        "versions": versions(&said.rows),
        "rows": { "run": said.rows.len(), "chosen": rows.chosen.len(), "in_dataset": rows.total },
        "dataset": rows.digest.to_string(),
        "failed": said.rows.iter().filter(|row| row.error.is_some()).count(),
        "figures": said.figures.iter().map(figure_json).collect::<Vec<_>>(),
        "needs": said.needs.iter().map(need).collect::<Vec<_>>(),
        "problems": said.problems,
        "cost": usd(Usd(cost)),
        "kept": kept.map(|kept| &kept.version),
        "each": said.rows.iter().map(|row| row_json(rows, said, row)).collect::<Vec<_>>(),
    })
}

/// In dollars, ms or plain numbers.
fn plain(number: f64, unit: Unit) -> f64 {
    if matches!(unit, Unit::Money(_)) { number / 1_000_000.0 } else { number }
}

fn figure_json(figure: &Figure) -> Json {
    let number = |number: Option<f64>| number.map(|number| plain(number, figure.unit));
    json!({
        "measure": figure.text,
        "value": number(figure.value),
        "low": number(figure.interval.low),
        "high": number(figure.interval.high),
        "rows": figure.rows,
        "unit": unit(figure.unit),
    })
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "share",
        Unit::Int | Unit::Float => "number",
        Unit::Money(currency) => currency.code(),
        Unit::Duration => "ms",
        Unit::Tokens => "tokens",
    }
}

fn row_json(rows: &Rows, said: &Said, row: &RowEnd) -> Json {
    let datum = |(datum, figure): (&Option<Datum>, &Figure)| {
        let value = match datum {
            Some(Datum::Holds(holds)) => Json::Bool(*holds),
            Some(Datum::Number(number, unit)) => json!(plain(*number, *unit)),
            None => Json::Null,
        };
        (figure.text.clone(), value)
    };
    let measures: serde_json::Map<String, Json> = row.data.iter().zip(&said.figures).map(datum).collect();
    json!({
        "row": rows.chosen.get(row.at).map(|row| &row.place),
        "measures": measures,
        "error": row.error.as_ref().map(|(class, message)| json!({ "class": class.name(), "message": message })),
        "cost": usd(row.cost),
        "ms": row.elapsed_ms,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    })
}
