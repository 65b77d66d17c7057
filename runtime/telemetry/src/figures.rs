//! Sums and histograms over all runs since the process began.

use std::collections::BTreeMap;

use flow_ir::Bundle;
use flow_ir::setup::Callee;
use flow_runtime::protocol::Facts;
use flow_store::runs::RunRow;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};

use crate::attribute::{
    ERROR, OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, TOKEN_TYPE, named, provider, text, usd,
};
use crate::story::{Called, Story};

/// Seconds, as the conventions advise for calls of models.
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Tokens, as the conventions advise.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Names and values, in the order of the names.
type Labels = Vec<(&'static str, String)>;

/// A histogram of one set of labels.
#[derive(Clone, Debug)]
struct Spread {
    bounds: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn new(bounds: &'static [f64]) -> Self {
        let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0, least, most }
    }

    fn add(&mut self, value: f64) {
        let at = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.sum += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }
}

/// Sums and histograms.
#[derive(Debug)]
pub(crate) struct Figures {
    since_ns: u64,
    spreads: BTreeMap<(&'static str, Labels), Spread>,
    sums: BTreeMap<(&'static str, Labels), f64>,
}

/// Name, unit and meaning of everything that is measured.
const KNOWN: [(&str, &str, &str); 6] = [
    ("gen_ai.client.operation.duration", "s", "Time of calls of models"),
    ("gen_ai.client.token.usage", "{token}", "Tokens of calls of models"),
    ("flow.run.duration", "s", "Time from the start of runs to their end"),
    ("flow.runs", "{run}", "Runs that ended"),
    ("flow.call.errors", "{call}", "Calls of models, tools, people and resources that failed"),
    ("flow.cost", "{USD}", "What calls cost"),
];

impl Figures {
    pub(crate) fn new(now_ns: u64) -> Self {
        Self { since_ns: now_ns, spreads: BTreeMap::new(), sums: BTreeMap::new() }
    }

    /// Counts a run that has ended.
    pub(crate) fn count(&mut self, bundle: &Bundle, row: &RunRow, story: &Story) {
        let labels = || {
            vec![
                ("flow.name", row.flow.clone()),
                ("flow.status", row.status.name().to_owned()),
                ("flow.tenant", row.tenant.clone()),
            ]
        };
        let took_ms = row.ended_ms.unwrap_or(row.started_ms).saturating_sub(row.started_ms).max(0);
        self.spread("flow.run.duration", labels(), &SECONDS, took_ms as f64 / 1_000.0);
        self.sum("flow.runs", labels(), 1.0);
        for call in &story.calls {
            self.call(bundle, row, call);
        }
    }

    fn call(&mut self, bundle: &Bundle, row: &RunRow, call: &Called) {
        let Some(facts) = &call.facts else { return };
        let (operation, name) = named(bundle, call.callee);
        let mut labels = vec![
            ("flow.callee", name),
            ("flow.name", row.flow.clone()),
            ("flow.tenant", row.tenant.clone()),
            (OPERATION, operation.to_owned()),
        ];
        if facts.cost.0 != 0 {
            self.sum("flow.cost", labels.clone(), usd(facts.cost));
        }
        if let Some(class) = call.raised {
            labels.insert(0, (ERROR, class.name().to_owned()));
            self.sum("flow.call.errors", labels, 1.0);
        }
        if let Callee::Prompt(_) = call.callee {
            self.model(bundle, call, facts, operation);
        }
    }

    fn model(&mut self, bundle: &Bundle, call: &Called, facts: &Facts, operation: &str) {
        let mut labels: Labels = Vec::new();
        labels.extend(call.raised.map(|class| (ERROR, class.name().to_owned())));
        labels.push((OPERATION, operation.to_owned()));
        if let Some(model) = call.model.and_then(|id| bundle.models.get(id.index())) {
            labels.push((PROVIDER, provider(model).to_owned()));
            labels.push((REQUEST_MODEL, model.id.to_string()));
        }
        labels.extend(facts.model.as_ref().map(|model| (RESPONSE_MODEL, model.to_string())));
        let seconds = facts.latency_ms as f64 / 1_000.0;
        self.spread("gen_ai.client.operation.duration", labels.clone(), &SECONDS, seconds);
        labels.retain(|(key, _)| *key != ERROR);
        for (kind, tokens) in [("input", facts.input_tokens), ("output", facts.output_tokens)] {
            let mut labels = labels.clone();
            labels.push((TOKEN_TYPE, kind.to_owned()));
            self.spread("gen_ai.client.token.usage", labels, &TOKENS, tokens as f64);
        }
    }

    fn spread(&mut self, name: &'static str, labels: Labels, bounds: &'static [f64], value: f64) {
        self.spreads.entry((name, labels)).or_insert_with(|| Spread::new(bounds)).add(value);
    }

    fn sum(&mut self, name: &'static str, labels: Labels, value: f64) {
        *self.sums.entry((name, labels)).or_default() += value;
    }

    /// Everything so far.
    pub(crate) fn metrics(&self, now_ns: u64) -> Vec<Metric> {
        let metrics = KNOWN.iter().map(|(name, unit, description)| Metric {
            name: (*name).to_owned(),
            unit: (*unit).to_owned(),
            description: (*description).to_owned(),
            data: self.data(name, now_ns),
            ..Metric::default()
        });
        metrics.filter(|metric| metric.data.is_some()).collect()
    }

    fn data(&self, name: &str, now_ns: u64) -> Option<Data> {
        let spreads = self.spreads.iter().filter(|((own, _), _)| *own == name);
        let spreads: Vec<HistogramDataPoint> =
            spreads.map(|((_, labels), spread)| self.spread_point(labels, spread, now_ns)).collect();
        if !spreads.is_empty() {
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            return Some(Data::Histogram(Histogram { data_points: spreads, aggregation_temporality }));
        }
        let sums = self.sums.iter().filter(|((own, _), _)| *own == name);
        let data_points: Vec<NumberDataPoint> =
            sums.map(|((_, labels), sum)| self.sum_point(labels, *sum, now_ns)).collect();
        (!data_points.is_empty()).then(|| {
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
        })
    }

    fn spread_point(&self, labels: &Labels, spread: &Spread, now_ns: u64) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.since_ns,
            time_unix_nano: now_ns,
            count: spread.counts.iter().sum(),
            sum: Some(spread.sum),
            bucket_counts: spread.counts.clone(),
            explicit_bounds: spread.bounds.to_vec(),
            min: Some(spread.least),
            max: Some(spread.most),
            ..HistogramDataPoint::default()
        }
    }

    fn sum_point(&self, labels: &Labels, sum: f64, now_ns: u64) -> NumberDataPoint {
        NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.since_ns,
            time_unix_nano: now_ns,
            value: Some(Number::AsDouble(sum)),
            ..NumberDataPoint::default()
        }
    }
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    labels.iter().map(|(key, value)| text(key, value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_belongs_to_the_bucket_below_it() {
        let mut spread = Spread::new(&SECONDS);
        [0.01, 0.011, 1_000.0].into_iter().for_each(|value| spread.add(value));
        assert_eq!((spread.counts[0], spread.counts[1], spread.counts[14]), (1, 1, 1));
        assert_eq!((spread.least, spread.most), (0.01, 1_000.0));
    }

    #[test]
    fn what_was_never_measured_is_not_sent() {
        let mut figures = Figures::new(1);
        assert!(figures.metrics(2).is_empty());
        figures.sum("flow.runs", vec![("flow.name", "a".to_owned())], 1.0);
        figures.sum("flow.runs", vec![("flow.name", "a".to_owned())], 1.0);
        let metrics = figures.metrics(2);
        let [metric] = metrics.as_slice() else { panic!("{metrics:?}") };
        let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
        assert_eq!(sum.data_points[0].value, Some(Number::AsDouble(2.0)));
    }
}
