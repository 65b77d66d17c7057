//! A report, for people and for programs.

use serde_json::{Value as Json, json};

use super::figures::{self, Difference, Measure};
use super::gather::{Beside, Call, Compared, Gathered, Taken};
use crate::commands::eval::figures::{Figure, Unit, shown};
use crate::registry::store::time;
use crate::statistics::Interval;
use crate::terminal::{BAD, BOLD, DIM, NAME, clean, count, paint};

/// Disagreements that are shown one by one.
const MOST: usize = 5;

/// One split.
pub(super) fn text(split: &Gathered, seed: u64) -> String {
    let calls: usize = split.arms.iter().map(|arm| arm.calls.len()).sum();
    let package = if split.package.is_empty() { String::new() } else { format!("{}, ", split.package) };
    let head = paint(DIM, format!("({}{})", clean(&package), count(calls, "call")));
    let mut text = format!("{} {head}\n", paint(BOLD, clean(&split.name)));
    text.push_str(&arms(split, seed));
    if let Some(main) = split.main().and_then(|main| split.arms.get(main)) {
        for arm in split.arms.iter().filter(|arm| arm.label != main.label && !arm.calls.is_empty()) {
            text.push_str(&against(main, arm, seed));
        }
    }
    split.shadows.iter().for_each(|shadow| text.push_str(&beside(shadow, seed)));
    text
}

/// One line an arm.
fn arms(split: &Gathered, seed: u64) -> String {
    let head = ["arm", "share", "calls", "errors", "cost", "p95", "time", "p95", "confidence", "score"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(split.arms.iter().map(|arm| cells(arm, seed)));
    let mut text = String::new();
    for (at, line) in columns(&rows).into_iter().enumerate() {
        let line = if at == 0 { paint(NAME, line) } else { line };
        text.push_str(&format!("  {line}\n"));
        let classes = at.checked_sub(1).and_then(|at| split.arms.get(at)).map(classes).unwrap_or_default();
        text.push_str(&classes);
        let arm = at.checked_sub(1).and_then(|at| split.arms.get(at));
        text.push_str(&arm.map(paused).unwrap_or_default());
    }
    text
}

fn paused(arm: &Taken) -> String {
    let Some(row) = &arm.paused else { return String::new() };
    let by = if row.by.is_empty() { "its guard" } else { &row.by };
    let why = clean(&format!("since {} by {by}: {}", time(row.at_ms), row.reason));
    format!("      {} {}\n", paint(BAD, "paused"), paint(DIM, why))
}

fn cells(arm: &Taken, seed: u64) -> [String; 10] {
    let calls = arm.calls.as_slice();
    let mean = |measure| shown_or_dash(&figures::mean(measure, calls, seed));
    let p95 = |measure| shown_or_dash(&figures::quantile(measure, 95, calls));
    let errors = figures::mean(Measure::Errors, calls, seed);
    let between = errors.interval_shown();
    let errors = match between.is_empty() {
        true => shown_or_dash(&errors),
        false => format!("{} ({between})", errors.shown()),
    };
    [
        clean(&arm.label),
        share(arm.share),
        calls.len().to_string(),
        errors,
        mean(Measure::Cost),
        p95(Measure::Cost),
        mean(Measure::Time),
        p95(Measure::Time),
        mean(Measure::Confidence),
        mean(Measure::Score),
    ]
}

fn share(share: Option<u32>) -> String {
    share.map_or_else(|| "gone".to_owned(), |share| format!("{} %", f64::from(share) / 100.0))
}

fn shown_or_dash(figure: &Figure) -> String {
    if figure.value.is_some() { figure.shown() } else { "–".to_owned() }
}

/// `      Timeout 2, Invalid 1`.
fn classes(arm: &Taken) -> String {
    let found: Vec<String> =
        figures::classes(&arm.calls).into_iter().map(|(class, n)| format!("{class} {n}")).collect();
    if found.is_empty() { String::new() } else { format!("      {}\n", paint(DIM, found.join(", "))) }
}

/// An arm against the main one.
fn against(main: &Taken, arm: &Taken, seed: u64) -> String {
    let mut rows = vec![["", "difference", "95 %", "p"].map(str::to_owned)];
    rows.extend(figures::differences(main, arm, seed).iter().map(|it| {
        let unit = it.measure.unit();
        let value = signed(it.value, unit);
        let p = format!("{:.3}", it.p);
        [it.measure.name().to_owned(), value, between(it.interval, unit), p]
    }));
    let (arm, main) = (clean(&arm.label), clean(&main.label));
    let mut text = format!("  {} against {}\n", paint(NAME, arm), paint(NAME, main));
    columns(&rows).into_iter().for_each(|line| text.push_str(&format!("    {line}\n")));
    text
}

fn signed(number: f64, unit: Unit) -> String {
    let sign = if number < 0.0 { "−" } else { "+" };
    format!("{sign}{}", shown(number.abs(), unit))
}

fn between(interval: Interval, unit: Unit) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), |end| signed(end, unit));
    match interval {
        Interval { low: None, high: None } => "–".to_owned(),
        Interval { low, high } => format!("{} to {}", end(low), end(high)),
    }
}

/// A shadow against the arms that answered.
fn beside(shadow: &Beside, seed: u64) -> String {
    let mut text = format!("  {} {}", paint(NAME, "shadow"), paint(NAME, clean(&shadow.taken.label)));
    text.push_str(&format!(" {}, {}", share(shadow.taken.share), count(shadow.taken.calls.len(), "call")));
    if shadow.left_out > 0 {
        text.push_str(&format!(", {} left out", shadow.left_out));
    }
    text.push('\n');
    text.push_str(&classes(&shadow.taken));
    if !shadow.compared.is_empty() {
        let agrees = figures::agreement(shadow, seed);
        let of = count(agrees.rows, "answer");
        text.push_str(&format!("    agrees {} ({}) of {of}\n", agrees.shown(), agrees.interval_shown()));
    }
    let fields: Vec<String> =
        figures::fields(shadow).into_iter().map(|(field, n)| format!("{field} {n}")).collect();
    if !fields.is_empty() {
        text.push_str(&format!("    differs in {}\n", clean(&fields.join(", "))));
    }
    for Compared { run, node, .. } in differing(shadow).take(MOST) {
        text.push_str(&format!("      {}\n", paint(DIM, clean(&format!("{node} of run {run}")))));
    }
    if !shadow.pairs.is_empty() {
        let table = figures::table(shadow, seed).to_text();
        table.lines().skip(1).for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text
}

fn differing(shadow: &Beside) -> impl Iterator<Item = &Compared> {
    shadow.compared.iter().filter(|compared| !compared.differs.is_empty())
}

/// Cells that line up.
fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// One split as an object.
pub(super) fn json(split: &Gathered, seed: u64) -> Json {
    let main = split.main().and_then(|main| split.arms.get(main));
    let arm = |arm: &Taken| {
        let mut it = taken(arm, seed);
        let against = main.filter(|main| main.label != arm.label && !arm.calls.is_empty());
        if let (Some(fields), Some(main)) = (it.as_object_mut(), against) {
            let lines = figures::differences(main, arm, seed);
            let lines: Vec<Json> = lines.iter().map(difference).collect();
            fields.insert("against".to_owned(), json!({ "arm": main.label, "differences": lines }));
        }
        it
    };
    json!({
        "package": split.package,
        "split": split.name,
        "arms": split.arms.iter().map(arm).collect::<Vec<_>>(),
        "shadows": split.shadows.iter().map(|shadow| beside_json(shadow, seed)).collect::<Vec<_>>(),
    })
}

fn taken(arm: &Taken, seed: u64) -> Json {
    let calls: &[Call] = &arm.calls;
    let quantiles = |measure| {
        let at = |percent| plain(figures::quantile(measure, percent, calls).value, measure.unit());
        json!({ "p50": at(50), "p95": at(95), "p99": at(99) })
    };
    let mean = |measure| figure(&figures::mean(measure, calls, seed), measure.unit());
    json!({
        "arm": arm.label,
        "share": arm.share.map(|share| f64::from(share) / 10_000.0),
        "calls": calls.len(),
        "paused": arm.paused.as_ref().map(|row| json!({ "since_ms": row.at_ms, "by": row.by, "reason": row.reason })),
        "errors": mean(Measure::Errors),
        "classes": figures::classes(calls),
        "cost": mean(Measure::Cost),
        "cost_quantiles": quantiles(Measure::Cost),
        "ms": mean(Measure::Time),
        "ms_quantiles": quantiles(Measure::Time),
        "confidence": mean(Measure::Confidence),
        "score": mean(Measure::Score),
    })
}

fn beside_json(shadow: &Beside, seed: u64) -> Json {
    let mut it = taken(&shadow.taken, seed);
    let example =
        |it: &Compared| json!({ "run": it.run, "node": it.node, "differs": it.differs, "value": it.value });
    if let Some(fields) = it.as_object_mut() {
        fields.insert("left_out".to_owned(), json!(shadow.left_out));
        fields.insert("agrees".to_owned(), figure(&figures::agreement(shadow, seed), Unit::Share));
        fields.insert("differs".to_owned(), json!(figures::fields(shadow)));
        let examples: Vec<Json> = differing(shadow).map(example).collect();
        fields.insert("disagreements".to_owned(), Json::Array(examples));
        fields.insert("pairs".to_owned(), json!(shadow.pairs.len()));
        fields.insert("against_arm".to_owned(), figures::table(shadow, seed).to_json());
    }
    it
}

fn difference(it: &Difference) -> Json {
    let unit = it.measure.unit();
    json!({
        "measure": it.measure.name(),
        "value": plain(Some(it.value), unit),
        "low": plain(it.interval.low, unit),
        "high": plain(it.interval.high, unit),
        "p": it.p,
    })
}

/// With how many calls it is of.
fn figure(figure: &Figure, unit: Unit) -> Json {
    json!({
        "value": plain(figure.value, unit),
        "low": plain(figure.interval.low, unit),
        "high": plain(figure.interval.high, unit),
        "of": figure.rows,
    })
}

/// In dollars, ms or plain numbers.
fn plain(number: Option<f64>, unit: Unit) -> Option<f64> {
    number.map(|number| if matches!(unit, Unit::Money(_)) { number / 1_000_000.0 } else { number })
}
