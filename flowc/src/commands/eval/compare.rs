//! Two versions on the same rows: which of them was better on each, and what they cost.

use flow_ir::evals::Eval;
use flow_ir::expr::{Compare, Expr, ExprKind};
use flow_ir::testing::TestValue;
use flow_ir::units::Currency;
use serde_json::{Value as Json, json};

use super::Said;
use super::figures::{Datum, Unit, shown};
use super::walk::RowEnd;
use crate::statistics::{self, Interval};
use crate::terminal::{BAD, BOLD, DIM, GOOD, NAME, paint};

/// A table of two versions, or of two arms.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) labels: [String; 2],
    /// Whether each passed, if there is something to pass.
    pub(crate) passed: Option<[bool; 2]>,
    pub(crate) lines: Vec<Line>,
}

/// One measure, pair by pair.
pub(crate) struct Line {
    text: String,
    /// Mean of each side.
    means: [Option<f64>; 2],
    unit: Unit,
    /// Rows in which the second is better, worse, and equal.
    wins: usize,
    losses: usize,
    ties: usize,
    /// Of the mean difference between the second and the first.
    difference: Interval,
}

/// Which of two values is better.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

impl Table {
    /// `sides` hold the same rows in the same order.
    pub(super) fn of_eval(eval: &Eval, sides: [(&str, &Said); 2], seed: u64) -> Self {
        let [(a, first), (b, second)] = sides;
        let pairs: Vec<(&RowEnd, &RowEnd)> = first.rows.iter().zip(&second.rows).collect();
        let mut lines: Vec<Line> = Vec::new();
        for (at, figure) in first.figures.iter().enumerate() {
            let datum = |row: &RowEnd| row.data.get(at).copied().flatten().map(Datum::number);
            let unit = match figure.unit {
                Unit::Int if is_condition(first, at) => Unit::Share,
                unit => unit,
            };
            if lines.iter().all(|line| line.text != figure.of) {
                lines.push(Line::of(figure.of.clone(), unit, better(eval, at), &pairs, datum, seed));
            }
        }
        let cost = |row: &RowEnd| Some(row.cost.0 as f64);
        let time = |row: &RowEnd| Some(row.elapsed_ms as f64);
        lines.push(Line::of("cost".into(), Unit::Money(Currency::Usd), Better::Less, &pairs, cost, seed));
        lines.push(Line::of("time".into(), Unit::Duration, Better::Less, &pairs, time, seed));
        Self {
            title: eval.title.to_string(),
            labels: [a.to_owned(), b.to_owned()],
            passed: Some([first.passed(), second.passed()]),
            lines,
        }
    }
}

fn is_condition(said: &Said, at: usize) -> bool {
    let mut data = said.rows.iter().filter_map(|row| row.data.get(at).copied().flatten());
    matches!(data.next(), Some(Datum::Holds(_)))
}

/// What the needs want of a measure: more of it, unless one holds it down.
fn better(eval: &Eval, at: usize) -> Better {
    let slot = eval.values.iter().position(|(value, _)| *value == TestValue::Measure(at as u32));
    let holds_down = eval.needs.iter().any(|need| wants_less(&need.condition, slot));
    if holds_down { Better::Less } else { Better::More }
}

fn wants_less(condition: &Expr, slot: Option<usize>) -> bool {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Slot(found) if Some(found.index()) == slot);
    match &condition.kind {
        ExprKind::Compare(Compare::Lt | Compare::Le, left, _) if is_it(left) => true,
        ExprKind::Compare(Compare::Gt | Compare::Ge, _, right) if is_it(right) => true,
        ExprKind::Compare(Compare::Eq, left, _) => is_it(left),
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            wants_less(left, slot) || wants_less(right, slot)
        }
        _ => false,
    }
}

impl Line {
    pub(crate) fn of<R>(
        text: String,
        unit: Unit,
        better: Better,
        pairs: &[(&R, &R)],
        datum: impl Fn(&R) -> Option<f64>,
        seed: u64,
    ) -> Self {
        let both: Vec<(f64, f64)> = pairs.iter().filter_map(|(a, b)| datum(a).zip(datum(b))).collect();
        let sign = if better == Better::More { 1.0 } else { -1.0 };
        let won = |(a, b): &&(f64, f64)| (b - a) * sign > 0.0;
        let lost = |(a, b): &&(f64, f64)| (b - a) * sign < 0.0;
        let (wins, losses) = (both.iter().filter(won).count(), both.iter().filter(lost).count());
        let differences: Vec<f64> = both.iter().map(|(a, b)| b - a).collect();
        let side =
            |pick: fn(&(f64, f64)) -> f64| statistics::mean(&both.iter().map(pick).collect::<Vec<f64>>());
        Self {
            text,
            means: [side(|pair| pair.0), side(|pair| pair.1)],
            unit,
            wins,
            losses,
            ties: both.len() - wins - losses,
            difference: statistics::bootstrap(&differences, seed),
        }
    }

    /// How likely such a difference is between two equally good versions.
    fn chance(&self) -> f64 {
        statistics::sign_test(self.wins, self.losses)
    }

    fn cells(&self) -> [String; 7] {
        let mean = |mean: Option<f64>| mean.map_or_else(|| "–".to_owned(), |mean| shown(mean, self.unit));
        let [a, b] = self.means;
        let p = if self.wins + self.losses == 0 { "–".to_owned() } else { format!("{:.3}", self.chance()) };
        [
            self.text.clone(),
            mean(a),
            mean(b),
            self.wins.to_string(),
            self.losses.to_string(),
            self.ties.to_string(),
            p,
        ]
    }
}

impl Table {
    /// Columns that line up.
    pub(crate) fn to_text(&self) -> String {
        let [a, b] = &self.labels;
        let head = ["", a, b, &format!("{b} wins"), "loses", "ties", "p"].map(str::to_owned);
        let rows: Vec<[String; 7]> =
            std::iter::once(head).chain(self.lines.iter().map(Line::cells)).collect();
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..7).map(width).collect();
        let mut text = format!("{}\n", paint(BOLD, &self.title));
        for (at, row) in rows.iter().enumerate() {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            let line = cells.join("  ").trim_end().to_owned();
            text.push_str(&format!("  {}\n", if at == 0 { paint(NAME, line) } else { line }));
        }
        let how = paint(DIM, "p: chance of such a difference between equals (sign test)");
        let word = |passed: bool| if passed { paint(GOOD, "passed") } else { paint(BAD, "failed") };
        let passed =
            self.passed.map(|[first, second]| format!("{a} {}, {b} {}; ", word(first), word(second)));
        text.push_str(&format!("  {}{how}\n", passed.unwrap_or_default()));
        text
    }

    /// The same as an object.
    pub(crate) fn to_json(&self) -> Json {
        let scale = |line: &Line| if matches!(line.unit, Unit::Money(_)) { 1_000_000.0 } else { 1.0 };
        let line = |line: &Line| {
            let by = scale(line);
            json!({
                "measure": line.text,
                "means": line.means.map(|mean| mean.map(|mean| mean / by)),
                "wins": line.wins,
                "losses": line.losses,
                "ties": line.ties,
                "p": line.chance(),
                "difference": {
                    "low": line.difference.low.map(|low| low / by),
                    "high": line.difference.high.map(|high| high / by),
                },
            })
        };
        json!({
            "title": self.title,
            "sides": self.labels,
            "passed": self.passed,
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}
