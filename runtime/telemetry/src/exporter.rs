//! The task that sends.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flow_ir::Bundle;
use flow_providers::http::Egress;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::home::durable::{RECORDS, header_of, result_of};
use flow_runtime::program::Program;
use flow_runtime::replay::Tape;
use flow_store::runs::{Reader, RunRow};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1::{ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use smol_str::SmolStr;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::attribute::text;
use crate::figures::Figures;
use crate::post;
use crate::settings::Settings;
use crate::span::{Ended, is_sampled, spans};
use crate::story::Story;

/// Runs of one export.
const BATCH: usize = 128;

/// A run waits so long for others before it is sent.
const PAUSE: Duration = Duration::from_secs(1);

/// Bundles kept: runs of the newest ones end most.
const PROGRAMS: usize = 4;

/// What an exporter needs.
#[derive(Debug)]
pub struct Options {
    /// Where to send, and what.
    pub settings: Settings,
    /// The way out.
    pub egress: Egress,
    /// Where the logs of runs are.
    pub store: PathBuf,
    /// Runs that have ended, and are on the disk.
    pub ended: Receiver<SmolStr>,
}

/// Sends traces and metrics of runs that have ended.
pub struct Exporter {
    settings: Settings,
    egress: Egress,
    ended: Receiver<SmolStr>,
    /// Taken while a batch is read on another thread.
    books: Option<Books>,
    /// Whether the last export came through, so that trouble is told once.
    is_well: bool,
}

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").field("settings", &self.settings.resource).finish_non_exhaustive()
    }
}

/// What reading needs, on a thread that may block.
struct Books {
    store: PathBuf,
    reader: Option<Reader>,
    programs: VecDeque<([u8; 32], Arc<Program>)>,
    figures: Figures,
    share: f64,
}

impl Exporter {
    /// Ready to be run.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let Options { settings, egress, store, ended } = options;
        let share = if settings.traces.is_some() { settings.sample } else { 0.0 };
        let (reader, programs, figures) = (None, VecDeque::new(), Figures::new(now_ns()));
        let books = Some(Books { store, reader, programs, figures, share });
        Self { settings, egress, ended, books, is_well: true }
    }

    /// Sends until it is stopped; then what has ended so far is sent once, without waiting for a collector that does
    /// not answer longer than an attempt takes.
    ///
    /// # Cancel safety
    /// What was not sent is lost. Nothing else depends on it.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut metrics_at = Instant::now() + self.settings.interval;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep_until(metrics_at) => {
                    self.metrics().await;
                    metrics_at = Instant::now() + self.settings.interval;
                }
                count = self.ended.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                    self.take_more(&mut batch);
                    self.traces(std::mem::take(&mut batch)).await;
                }
            }
        }
        self.ended.close();
        self.take_more(&mut batch);
        if !batch.is_empty() {
            self.traces(batch).await;
        }
        self.metrics().await;
    }

    fn take_more(&mut self, batch: &mut Vec<SmolStr>) {
        while batch.len() < BATCH
            && let Ok(run) = self.ended.try_recv()
        {
            batch.push(run);
        }
    }

    async fn traces(&mut self, batch: Vec<SmolStr>) {
        let Some(mut books) = self.books.take() else { return };
        let read = tokio::task::spawn_blocking(move || {
            let spans = books.read(&batch);
            (books, spans)
        });
        // A bug in reading ends the exports, not the server.
        let Ok((books, spans)) = read.await else { return };
        self.books = Some(books);
        let Some(signal) = self.settings.traces.as_ref().filter(|_| !spans.is_empty()) else { return };
        let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans, ..ScopeSpans::default() }];
        let resource = Some(self.resource());
        let message = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }],
        };
        let sent = post::send(&self.egress, signal, &message).await;
        self.tell("traces", sent);
    }

    async fn metrics(&mut self) {
        let (Some(signal), Some(books)) = (&self.settings.metrics, &self.books) else { return };
        let metrics = books.figures.metrics(now_ns());
        if metrics.is_empty() {
            return;
        }
        let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics, ..ScopeMetrics::default() }];
        let resource = Some(self.resource());
        let message = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }],
        };
        let sent = post::send(&self.egress, signal, &message).await;
        self.tell("metrics", sent);
    }

    /// Told when it begins to fail, and when it is over.
    fn tell(&mut self, what: &str, sent: Result<(), String>) {
        match &sent {
            Ok(()) if !self.is_well => tracing::warn!(what, "telemetry is taken again"),
            Err(why) if self.is_well => {
                tracing::error!(what, why, "telemetry could not be sent, and is lost")
            }
            Ok(()) | Err(_) => {}
        }
        self.is_well = sent.is_ok();
    }

    fn resource(&self) -> Resource {
        let attributes = self.settings.resource.iter().map(|(key, value)| text(key, value.as_str()));
        Resource { attributes: attributes.collect(), ..Resource::default() }
    }
}

impl Books {
    /// The spans of the runs that are sampled; all are counted.
    fn read(&mut self, batch: &[SmolStr]) -> Vec<Span> {
        let mut all = Vec::new();
        for run in batch {
            match self.one(run) {
                Ok(spans) => all.extend(spans),
                Err(why) => tracing::warn!(%run, why, "a run is not in the telemetry"),
            }
        }
        all
    }

    fn one(&mut self, run: &str) -> Result<Vec<Span>, String> {
        let row = self.reader()?.run(run).map_err(|error| error.to_string())?;
        let row = row.ok_or("it is not in the store")?;
        let (program, tape) = self.tape(&row)?;
        let story = Story::of(&tape);
        self.figures.count(program.bundle(), &row, &story);
        if !is_sampled(run, self.share) {
            return Ok(Vec::new());
        }
        let result = row.result.as_deref().and_then(result_of);
        Ok(spans(&Ended { bundle: program.bundle(), row: &row, result: result.as_ref() }, &story))
    }

    fn reader(&mut self) -> Result<&Reader, String> {
        if self.reader.is_none() {
            self.reader = Some(Reader::open(&self.store).map_err(|error| error.to_string())?);
        }
        self.reader.as_ref().ok_or_else(|| "the store is closed".to_owned())
    }

    fn tape(&mut self, row: &RunRow) -> Result<(Arc<Program>, Tape), String> {
        let header = header_of(&row.header).filter(|_| row.records == RECORDS);
        let header = header.ok_or("it was kept by another version")?;
        let program = self.program(&row.bundle)?;
        let log = self.reader()?.log(row.no).map_err(|error| error.to_string())?;
        let tape = Tape::of(Arc::clone(&program), header, &log).map_err(|error| error.to_string())?;
        Ok((program, tape))
    }

    fn program(&mut self, digest: &[u8; 32]) -> Result<Arc<Program>, String> {
        if let Some((_, known)) = self.programs.iter().find(|(known, _)| known == digest) {
            return Ok(Arc::clone(known));
        }
        let row = self.reader()?.bundle(digest).map_err(|error| error.to_string())?;
        let row = row.ok_or("its bundle is not in the store")?;
        let program = Program::new(Bundle::from_file(&row.file).map_err(|error| error.to_string())?);
        self.programs.truncate(PROGRAMS - 1);
        self.programs.push_front((*digest, Arc::clone(&program)));
        Ok(program)
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "flowc".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn now_ns() -> u64 {
    u64::try_from(SystemClock.now_ms()).unwrap_or(0).saturating_mul(1_000_000)
}
