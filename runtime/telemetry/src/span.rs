//! A story as spans.

use flow_ir::Bundle;
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;
use flow_runtime::protocol::{Facts, RunResult};
use flow_store::runs::RunRow;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use crate::attribute::{
    ERROR, FINISH, INPUT_TOKENS, OPERATION, OUTPUT_TOKENS, PROVIDER, REQUEST_MODEL, RESPONSE_ID,
    RESPONSE_MODEL, TOOL, WORKFLOW, float, int, named, provider, text, texts, usd, yes,
};
use crate::story::{Called, Story, Visit};

/// A run that has ended.
pub(crate) struct Ended<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) row: &'a RunRow,
    pub(crate) result: Option<&'a RunResult>,
}

/// The trace of a run: its id without the dashes.
pub(crate) fn trace_id(run: &str) -> [u8; 16] {
    match uuid::Uuid::parse_str(run) {
        Ok(id) => *id.as_bytes(),
        Err(_) => first(blake3::hash(run.as_bytes()).as_bytes()),
    }
}

/// Whether the trace is among the share that is sent: the same answer for the same run, everywhere.
pub(crate) fn is_sampled(run: &str, share: f64) -> bool {
    let hash: [u8; 8] = first(blake3::hash(&trace_id(run)).as_bytes());
    (u64::from_le_bytes(hash) as f64) < share * (u64::MAX as f64)
}

fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
}

/// The spans of a run, the run's own first.
pub(crate) fn spans(ended: &Ended<'_>, story: &Story) -> Vec<Span> {
    let mut spans = vec![root(ended)];
    let all = story.visits.iter().enumerate().map(|(at, visit)| of_visit(ended, at, visit));
    spans.extend(all);
    spans.extend(story.calls.iter().enumerate().map(|(at, call)| of_call(ended, at, call)));
    spans
}

/// The same for the same part of the same run, whoever sends it, however often.
fn span_id(run: &str, kind: &str, at: usize) -> Vec<u8> {
    let hash = blake3::hash(format!("{run} {kind} {at}").as_bytes());
    first::<8>(hash.as_bytes()).to_vec()
}

fn nanos(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000)
}

fn span(ended: &Ended<'_>, id: Vec<u8>, parent: Vec<u8>, name: String, times: (i64, i64)) -> Span {
    Span {
        trace_id: trace_id(&ended.row.id).to_vec(),
        span_id: id,
        parent_span_id: parent,
        name,
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: nanos(times.0),
        end_time_unix_nano: nanos(times.1.max(times.0)),
        ..Span::default()
    }
}

fn root_id(ended: &Ended<'_>) -> Vec<u8> {
    span_id(&ended.row.id, "run", 0)
}

/// When a part ended; what was cut off ended with the run.
fn until(ended: &Ended<'_>, until_ms: Option<i64>) -> i64 {
    until_ms.or(ended.row.ended_ms).unwrap_or(ended.row.started_ms)
}

fn root(ended: &Ended<'_>) -> Span {
    let row = ended.row;
    let times = (row.started_ms, until(ended, None));
    let name = format!("invoke_workflow {}", row.flow);
    let mut span = span(ended, root_id(ended), Vec::new(), name, times);
    let tokens = |count: i64| u64::try_from(count).unwrap_or(0);
    span.attributes = vec![
        text(OPERATION, "invoke_workflow"),
        text(WORKFLOW, row.flow.as_str()),
        int(INPUT_TOKENS, tokens(row.input_tokens)),
        int(OUTPUT_TOKENS, tokens(row.output_tokens)),
        text("flow.run", row.id.as_str()),
        text("flow.tenant", row.tenant.as_str()),
        text("flow.bundle", flow_ir::Digest(row.bundle).to_string()),
        text("flow.status", row.status.name()),
        float("flow.cost_usd", usd(flow_ir::units::Usd(row.cost))),
    ];
    let raised = match ended.result {
        Some(RunResult::Failed(error)) => Some(error.class),
        Some(RunResult::Returned(_) | RunResult::Cancelled) | None => None,
    };
    failed(&mut span, raised);
    span
}

/// The class says what happened; messages may hold what people wrote.
fn failed(span: &mut Span, raised: Option<ErrorClass>) {
    if let Some(class) = raised {
        span.attributes.push(text(ERROR, class.name()));
        span.status = Some(Status { code: StatusCode::Error.into(), message: String::new() });
    }
}

fn of_visit(ended: &Ended<'_>, at: usize, visit: &Visit) -> Span {
    let run = &ended.row.id;
    let flow = ended.bundle.flow(visit.flow);
    let name = flow.and_then(|flow| flow.nodes.get(visit.node.index())).map(|node| node.name.to_string());
    let name = name.unwrap_or_default();
    let parent = visit.inside.map_or_else(|| root_id(ended), |at| span_id(run, "visit", at));
    let times = (visit.from_ms, until(ended, visit.until_ms));
    let mut span = span(ended, span_id(run, "visit", at), parent, format!("node {name}"), times);
    let flow = flow.map(|flow| flow.name.to_string()).unwrap_or_default();
    span.attributes =
        vec![text("flow.node", name), text("flow.name", flow), int("flow.visit", visit.visit.into())];
    if visit.is_degraded {
        span.attributes.push(yes("flow.degraded"));
    }
    failed(&mut span, visit.raised);
    span
}

fn of_call(ended: &Ended<'_>, at: usize, call: &Called) -> Span {
    let run = &ended.row.id;
    let parent = call.inside.map_or_else(|| root_id(ended), |at| span_id(run, "visit", at));
    let (operation, name) = named(ended.bundle, call.callee);
    let model = call.model.and_then(|id| ended.bundle.models.get(id.index()));
    let title = match (call.callee, model) {
        (Callee::Prompt(_), Some(model)) => format!("{operation} {}", model.id),
        _ => format!("{operation} {name}"),
    };
    let times = (call.from_ms, until(ended, call.until_ms));
    let mut span = span(ended, span_id(run, "call", at), parent, title, times);
    span.attributes = vec![text(OPERATION, operation)];
    match call.callee {
        Callee::Prompt(_) => {
            span.kind = SpanKind::Client.into();
            span.attributes.push(text("flow.prompt", name));
            if let Some(model) = model {
                span.attributes
                    .extend([text(PROVIDER, provider(model)), text(REQUEST_MODEL, model.id.as_str())]);
            }
        }
        Callee::Tool(_) => {
            span.kind = SpanKind::Client.into();
            span.attributes.push(text(TOOL, name));
        }
        _ => span.attributes.push(text("flow.callee", name)),
    }
    if call.branch > 0 {
        span.attributes.push(int("flow.branch", call.branch.into()));
    }
    if let Some(facts) = &call.facts {
        told(&mut span.attributes, facts, call.callee);
    }
    failed(&mut span, call.raised);
    span
}

/// What is known of a call, and is neither asked nor answered.
fn told(attributes: &mut Vec<KeyValue>, facts: &Facts, callee: Callee) {
    if let Callee::Prompt(_) = callee {
        attributes.extend([int(INPUT_TOKENS, facts.input_tokens), int(OUTPUT_TOKENS, facts.output_tokens)]);
        attributes.extend(facts.model.as_deref().map(|model| text(RESPONSE_MODEL, model)));
        attributes.extend(facts.request_id.as_deref().map(|id| text(RESPONSE_ID, id)));
        attributes.extend(facts.finish.as_deref().map(|finish| texts(FINISH, &[finish])));
        attributes.extend(facts.prompt.as_deref().map(|digest| text("flow.prompt.digest", digest)));
    }
    attributes.extend(facts.versions.as_deref().map(|versions| text("flow.versions", versions)));
    attributes.extend(facts.confidence.map(|confidence| float("flow.confidence", confidence)));
    attributes.extend(facts.route.as_deref().map(|route| text("flow.route", route)));
    attributes.push(int("flow.attempts", facts.attempts.into()));
    attributes.push(float("flow.cost_usd", usd(facts.cost)));
}
