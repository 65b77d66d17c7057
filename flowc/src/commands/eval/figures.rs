//! From what each row gave to one figure of all rows.

use flow_eval::{Context, Value, eval, print};
use flow_ir::Bundle;
use flow_ir::evals::{Aggregate, Eval, Measure};
use flow_ir::expr::Expr;
use flow_ir::setup::Need;
use flow_ir::testing::TestValue;
use flow_ir::units::{Currency, Usd};

use super::walk::RowEnd;
use crate::graph::text::{self, Names};
use crate::statistics::{self, Interval};
use crate::trial;

/// What a measure of one row is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Datum {
    /// Whether a condition holds.
    Holds(bool),
    /// In the unit of its kind.
    Number(f64, Unit),
}

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    Share,
    Int,
    Float,
    /// Millionths.
    Money(Currency),
    /// ms.
    Duration,
    Tokens,
}

/// A measure over all rows.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// `mean(result.team == row.team)`.
    pub(super) text: String,
    /// `result.team == row.team`.
    pub(super) of: String,
    pub(crate) unit: Unit,
    /// `None` if no row gave a value.
    pub(crate) value: Option<f64>,
    pub(crate) interval: Interval,
    /// Rows that gave one.
    pub(crate) rows: usize,
}

impl Datum {
    /// What a value is as a measure; `None` if it is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(holds) => Some(Self::Holds(*holds)),
            Value::Int(number) => Some(Self::Number(*number as f64, Unit::Int)),
            Value::Float(number) => Some(Self::Number(*number, Unit::Float)),
            Value::Money(micros, currency) => Some(Self::Number(*micros as f64, Unit::Money(*currency))),
            Value::Duration(ms) => Some(Self::Number(*ms as f64, Unit::Duration)),
            Value::Tokens(tokens) => Some(Self::Number(*tokens as f64, Unit::Tokens)),
            _ => None,
        }
    }

    /// As a number: a condition that holds is 1.
    pub(super) fn number(self) -> f64 {
        match self {
            Self::Holds(holds) => f64::from(u8::from(holds)),
            Self::Number(number, _) => number,
        }
    }
}

/// The figures of an eval, in the order of its measures.
pub(super) fn of(bundle: &Bundle, eval: &Eval, rows: &[RowEnd], seed: u64) -> Vec<Figure> {
    let texts = measure_texts(bundle, eval);
    let figure = |((at, measure), of): ((usize, &Measure), String)| {
        let data: Vec<Datum> = rows.iter().filter_map(|row| row.data.get(at).copied().flatten()).collect();
        one(measure.aggregate, &data, of, seed)
    };
    eval.measures.iter().enumerate().zip(texts).map(figure).collect()
}

/// One figure.
pub(crate) fn one(aggregate: Aggregate, data: &[Datum], of: String, seed: u64) -> Figure {
    let unit = data.first().map_or(Unit::Float, |datum| match (datum, aggregate) {
        (Datum::Holds(_), Aggregate::Count) => Unit::Int,
        (Datum::Holds(_), _) => Unit::Share,
        (Datum::Number(_, Unit::Int), Aggregate::Mean) => Unit::Float,
        (Datum::Number(_, unit), _) => *unit,
    });
    let mut values: Vec<f64> = data.iter().map(|datum| datum.number()).collect();
    values.sort_by(f64::total_cmp);
    let (n, hits) = (values.len(), data.iter().filter(|datum| **datum == Datum::Holds(true)).count());
    let scaled = |interval: Interval, by: f64| Interval {
        low: interval.low.map(|low| low * by),
        high: interval.high.map(|high| high * by),
    };
    let total = (n > 0).then(|| values.iter().sum::<f64>());
    let (value, interval) = match aggregate {
        Aggregate::Mean if unit == Unit::Share => (statistics::mean(&values), statistics::wilson(hits, n)),
        Aggregate::Mean => (statistics::mean(&values), statistics::bootstrap(&values, seed)),
        // Of no rows, none.
        Aggregate::Count => (Some(hits as f64), scaled(statistics::wilson(hits, n), n as f64)),
        Aggregate::Sum => (total, scaled(statistics::bootstrap(&values, seed), n as f64)),
        // The smallest and the largest of all rows there could be are not known from some of them.
        Aggregate::Quantile(0) => (values.first().copied(), Interval::default()),
        Aggregate::Quantile(100) => (values.last().copied(), Interval::default()),
        Aggregate::Quantile(percent) => {
            let percent = f64::from(percent);
            (statistics::nearest_rank(&values, percent), statistics::of_quantile(&values, percent))
        }
    };
    let unit = if aggregate == Aggregate::Count { Unit::Int } else { unit };
    let text = around(aggregate, &of);
    Figure { text, of, unit, value, interval, rows: n }
}

impl Figure {
    /// As the needs see it: money, time and tokens in whole units.
    fn as_value(&self) -> Option<Value> {
        let number = self.value?;
        let whole = number.round() as i64;
        Some(match self.unit {
            Unit::Share | Unit::Float => Value::Float(number),
            Unit::Int => Value::Int(whole),
            Unit::Money(currency) => Value::Money(whole, currency),
            Unit::Duration => Value::Duration(whole),
            Unit::Tokens => Value::Tokens(u64::try_from(whole).unwrap_or(0)),
        })
    }

    /// `96.0 %`.
    pub(crate) fn shown(&self) -> String {
        self.value.map_or_else(|| "no value".to_owned(), |value| shown(value, self.unit))
    }

    /// `90.2 %–98.4 %`; an end that the rows cannot tell is `?`. Empty if neither is told.
    pub(crate) fn interval_shown(&self) -> String {
        let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), |end| shown(end, self.unit));
        match self.interval {
            Interval { low: None, high: None } => String::new(),
            Interval { low, high } => format!("{}–{}", end(low), end(high)),
        }
    }
}

/// A number in its unit, for people.
pub(crate) fn shown(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{:.1} %", number * 100.0),
        Unit::Int => format!("{}", (number * 10.0).round() / 10.0),
        Unit::Float => format!("{}", (number * 1000.0).round() / 1000.0),
        Unit::Money(Currency::Usd) => Usd(number.round() as i64).to_string(),
        Unit::Money(currency) => print::money(number.round() as i64, currency),
        Unit::Duration => time(number),
        Unit::Tokens => format!("{} tokens", number.round()),
    }
}

/// `340ms`, `2.4s`, `3.5min`.
fn time(ms: f64) -> String {
    match ms {
        ms if ms < 1_000.0 => format!("{}ms", ms.round()),
        ms if ms < 120_000.0 => format!("{:.1}s", ms / 1_000.0),
        ms => format!("{:.1}min", ms / 60_000.0),
    }
}

/// A `need` with the figures in place.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// Its condition.
    pub(super) text: String,
    pub(super) holds: bool,
    /// Its own message, or why it could not be judged; may be empty.
    pub(super) message: String,
}

/// Judges the needs of an eval by its figures.
pub(super) fn judge(
    bundle: &Bundle,
    eval: &Eval,
    mut slots: Vec<Option<Value>>,
    figures: &[Figure],
) -> Vec<Judged> {
    for (slot, (value, _)) in slots.iter_mut().zip(&eval.values) {
        if let TestValue::Measure(at) = value {
            *slot = figures.get(*at as usize).and_then(Figure::as_value);
        }
    }
    let texts = measure_texts(bundle, eval);
    let name = |(value, _): &(TestValue, flow_ir::TypeId)| match value {
        TestValue::Measure(at) => {
            let measure = eval.measures.get(*at as usize).zip(texts.get(*at as usize));
            measure.map(|(measure, of)| around(measure.aggregate, of)).unwrap_or_default()
        }
        other => trial::name(bundle, other, &eval.row),
    };
    let names = Names::of_slots(bundle, eval.values.iter().map(name).collect());
    let cx = Context::new(bundle, &slots);
    let one = |need: &Need| {
        let text = text::expr(&names, &need.condition);
        match eval_bool(&need.condition, &cx) {
            Ok(true) => Judged { text, holds: true, message: String::new() },
            Ok(false) => Judged { text, holds: false, message: own_message(need, &cx) },
            Err(message) => Judged { text, holds: false, message },
        }
    };
    eval.needs.iter().map(one).collect()
}

fn eval_bool(condition: &Expr, cx: &Context<'_>) -> Result<bool, String> {
    match eval(condition, cx) {
        Ok(value) => Ok(value == Value::Bool(true)),
        Err(_) => Err("no row gave a value".to_owned()),
    }
}

/// What `else` says.
fn own_message(need: &Need, cx: &Context<'_>) -> String {
    match eval(&need.message, cx) {
        Ok(Value::Text(text)) => text.to_string(),
        Ok(_) | Err(_) => String::new(),
    }
}

/// What is measured in each row.
fn measure_texts(bundle: &Bundle, eval: &Eval) -> Vec<String> {
    let names = eval.values.iter().map(|(value, _)| trial::name(bundle, value, &eval.row)).collect();
    let names = Names::of_slots(bundle, names);
    eval.measures.iter().map(|measure| text::expr(&names, &measure.of)).collect()
}

/// `mean(result.team == row.team)`.
fn around(aggregate: Aggregate, of: &str) -> String {
    format!("{}({of})", aggregate.name())
}
