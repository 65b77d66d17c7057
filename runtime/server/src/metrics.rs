//! Figures for Prometheus.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use flow_store::runs::{PauseRow, Status};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::hub::{Hub, Tally};

/// Seconds: from a cache hit to a slow model.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Asked {
    route: String,
    method: String,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfSplit {
    package: String,
    split: String,
    arm: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct In {
    status: String,
}

/// Figures of one server.
pub(crate) struct Metrics {
    registry: Registry,
    hub: Arc<Hub>,
    requests: Family<Asked, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    open: Family<In, Gauge>,
    paused: Family<OfSplit, Gauge>,
    totals: Totals,
}

/// What the hub counts, as gauges that only grow: they are copied when somebody asks.
#[derive(Default)]
struct Totals {
    ended: Family<In, Gauge>,
    operations: Gauge,
    errors: Gauge,
    cost: Gauge<f64, std::sync::atomic::AtomicU64>,
    input: Gauge<i64, AtomicI64>,
    output: Gauge<i64, AtomicI64>,
    unheard: Gauge<i64, AtomicI64>,
}

impl Metrics {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        let mut registry = Registry::with_prefix("flow");
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let (requests, open, paused) = (Family::default(), Family::default(), Family::default());
        let seconds = Family::new_with_constructor(histogram);
        let totals = Totals::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time to the answer", seconds.clone());
        registry.register("runs_open", "Runs that have not ended", open.clone());
        registry.register("split_paused", "Whether an arm of a split gets no calls", paused.clone());
        registry.register("runs_ended", "Runs that ended since the process began", totals.ended.clone());
        registry.register("operations", "Operations that ended", totals.operations.clone());
        registry.register("operation_errors", "Operations that ended with an error", totals.errors.clone());
        registry.register("cost_usd", "What operations cost", totals.cost.clone());
        registry.register("input_tokens", "Tokens sent to models", totals.input.clone());
        registry.register("output_tokens", "Tokens received from models", totals.output.clone());
        registry.register(
            "telemetry_lost",
            "Runs that were not exported: too many at once",
            totals.unheard.clone(),
        );
        Self { registry, hub, requests, seconds, open, paused, totals }
    }

    pub(crate) fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let asked = Asked { route: route.to_owned(), method: method.to_owned(), status };
        self.requests.get_or_create(&asked).inc();
        self.seconds.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// All figures as text.
    pub(crate) fn text(&self, open: &[(Status, i64)], pauses: &[PauseRow]) -> String {
        for status in [Status::Queued, Status::Active, Status::Waiting, Status::Parked] {
            let count = open.iter().find(|(other, _)| *other == status).map_or(0, |(_, count)| *count);
            self.open.get_or_create(&In { status: status.name().to_owned() }).set(count);
        }
        // In order: of rows about the same arm, the last counts.
        for PauseRow { package, split, arm, paused, .. } in pauses.iter().cloned() {
            self.paused.get_or_create(&OfSplit { package, split, arm }).set(i64::from(paused));
        }
        self.totals.copy(&self.hub.tally());
        let mut text = String::new();
        // Writing to memory cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Totals {
    fn copy(&self, tally: &Tally) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let ended = [("returned", tally.returned), ("failed", tally.failed), ("cancelled", tally.cancelled)];
        for (status, count) in ended {
            self.ended.get_or_create(&In { status: status.to_owned() }).set(number(count));
        }
        self.operations.set(number(tally.operations));
        self.errors.set(number(tally.operation_errors));
        self.cost.set(tally.cost_micros as f64 / 1_000_000.0);
        self.input.set(number(tally.input_tokens));
        self.output.set(number(tally.output_tokens));
        self.unheard.set(number(tally.unheard));
    }
}
