//! What arms are measured by, and whether two differ by more than chance.

use std::collections::BTreeMap;

use flow_ir::evals::Aggregate;
use flow_ir::units::Currency;

use super::gather::{Beside, Call, Taken};
use crate::commands::eval::compare::{Better, Line, Table};
use crate::commands::eval::figures::{Datum, Figure, Unit, one};
use crate::statistics::{self, Interval};

/// What is measured of each call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Measure {
    Errors,
    Cost,
    Time,
    Confidence,
    Score,
}

impl Measure {
    pub(super) const ALL: [Self; 5] = [Self::Errors, Self::Cost, Self::Time, Self::Confidence, Self::Score];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Cost => "cost",
            Self::Time => "time",
            Self::Confidence => "confidence",
            Self::Score => "score",
        }
    }

    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Errors => Unit::Share,
            Self::Cost => Unit::Money(Currency::Usd),
            Self::Time => Unit::Duration,
            Self::Confidence | Self::Score => Unit::Float,
        }
    }

    const fn better(self) -> Better {
        match self {
            Self::Errors | Self::Cost | Self::Time => Better::Less,
            Self::Confidence | Self::Score => Better::More,
        }
    }

    /// `None` where the call says nothing about it.
    fn of(self, call: &Call) -> Option<f64> {
        match self {
            Self::Errors => Some(f64::from(u8::from(call.error.is_some()))),
            Self::Cost => Some(call.cost),
            Self::Time => Some(call.took_ms),
            Self::Confidence => call.confidence,
            Self::Score => call.score,
        }
    }

    fn data(self, calls: &[Call]) -> Vec<Datum> {
        let datum = |number: f64| match self {
            Self::Errors => Datum::Holds(number > 0.0),
            Self::Cost | Self::Time | Self::Confidence | Self::Score => Datum::Number(number, self.unit()),
        };
        calls.iter().filter_map(|call| self.of(call)).map(datum).collect()
    }

    fn numbers(self, calls: &[Call]) -> Vec<f64> {
        calls.iter().filter_map(|call| self.of(call)).collect()
    }
}

/// The mean of a measure over the calls of an arm.
pub(super) fn mean(measure: Measure, calls: &[Call], seed: u64) -> Figure {
    one(Aggregate::Mean, &measure.data(calls), measure.name().to_owned(), seed)
}

/// A quantile of a measure over the calls of an arm.
pub(super) fn quantile(measure: Measure, percent: u8, calls: &[Call]) -> Figure {
    one(Aggregate::Quantile(percent), &measure.data(calls), measure.name().to_owned(), 0)
}

/// How often calls failed with each class.
pub(super) fn classes(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for class in calls.iter().filter_map(|call| call.error.as_deref()) {
        *found.entry(class).or_default() += 1;
    }
    found
}

/// How far an arm is from the main one.
pub(super) struct Difference {
    pub(super) measure: Measure,
    /// Its mean minus the main arm's.
    pub(super) value: f64,
    pub(super) interval: Interval,
    /// How likely such a difference is between equals.
    pub(super) p: f64,
}

/// Of an arm against the main one. Their calls have other keys, so they are no pairs.
pub(super) fn differences(main: &Taken, arm: &Taken, seed: u64) -> Vec<Difference> {
    Measure::ALL.into_iter().filter_map(|measure| difference(measure, main, arm, seed)).collect()
}

fn difference(measure: Measure, main: &Taken, arm: &Taken, seed: u64) -> Option<Difference> {
    let (a, b) = (measure.numbers(&main.calls), measure.numbers(&arm.calls));
    let value = statistics::mean(&b)? - statistics::mean(&a)?;
    let hits = |numbers: &[f64]| (numbers.iter().filter(|number| **number > 0.0).count(), numbers.len());
    let p = match measure {
        Measure::Errors => statistics::shares_differ(hits(&a), hits(&b)),
        Measure::Cost | Measure::Time | Measure::Confidence | Measure::Score => {
            statistics::means_differ(&a, &b, seed)
        }
    };
    Some(Difference { measure, value, interval: statistics::bootstrap_difference(&a, &b, seed), p })
}

/// In how many of the pairs with two values both are equal.
pub(super) fn agreement(shadow: &Beside, seed: u64) -> Figure {
    let data: Vec<Datum> =
        shadow.compared.iter().map(|compared| Datum::Holds(compared.differs.is_empty())).collect();
    one(Aggregate::Mean, &data, "agrees".to_owned(), seed)
}

/// How often each field differs.
pub(super) fn fields(shadow: &Beside) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for field in shadow.compared.iter().flat_map(|compared| &compared.differs) {
        *found.entry(field.as_str()).or_default() += 1;
    }
    found
}

/// A shadow and the arm that answered, call by call: these are pairs.
pub(super) fn table(shadow: &Beside, seed: u64) -> Table {
    let pairs: Vec<(&Call, &Call)> = shadow.pairs.iter().map(|(arm, shadow)| (arm, shadow)).collect();
    let line = |measure: Measure| {
        let of = move |call: &Call| measure.of(call);
        Line::of(measure.name().to_owned(), measure.unit(), measure.better(), &pairs, of, seed)
    };
    let measures = [Measure::Errors, Measure::Cost, Measure::Time, Measure::Confidence];
    let said = |measure: &Measure| shadow.pairs.iter().any(|(_, call)| measure.of(call).is_some());
    Table {
        title: format!("shadow {}", shadow.taken.label),
        labels: ["arm".to_owned(), "shadow".to_owned()],
        passed: None,
        lines: measures.into_iter().filter(said).map(line).collect(),
    }
}
