//! `/v1/runs`: start, look, cancel.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use flow_eval::{Value, json};
use flow_ir::Bundle;
use flow_ir::flow::Flow;
use flow_ir::types::Type;
use flow_runtime::home::durable::result_of;
use flow_runtime::protocol::RunResult;
use flow_store::runs::{QuestionFilter, RunFilter, RunRow, Status};
use serde::Deserialize;
use serde_json::{Map, Value as JsonValue, json};

use crate::access::{Principal, Scope};
use crate::app::{App, Start};
use crate::problem::Problem;
use crate::{body, ending, lineage};

/// Runs of one page.
const PAGE: u32 = 50;

/// Most runs of one page.
const LARGEST_PAGE: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    flow: String,
    #[serde(default)]
    input: Map<String, JsonValue>,
    once: Option<String>,
    key: Option<String>,
    #[serde(default, deserialize_with = "whole_number")]
    wait_ms: u32,
}

/// A whole number, however it is written: JSON does not tell `5` and `5.0` apart.
fn whole_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(from)?;
    let fits = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    // Checked just now, so nothing is cut off.
    if fits {
        Ok(number as u32)
    } else {
        Err(serde::de::Error::custom(format!("{number} is no number of ms")))
    }
}

/// Starts a public flow; with `wait_ms` the answer waits for its end that long.
pub(super) async fn start(
    State(app): State<Arc<App>>,
    who: Principal,
    body: Body,
) -> Result<Response, Problem> {
    who.may(Scope::Start)?;
    let body = body::json(body, &app.limits).await?;
    let begin: Begin =
        serde_json::from_value(body).map_err(|error| Problem::malformed(format!("the body: {error}")))?;
    let served = app.served();
    let found = served.public(&begin.flow);
    let (id, flow) = found.ok_or_else(|| Problem::not_found("there is no such public flow"))?;
    let start = Start {
        run: None,
        flow: id,
        args: args(served.bundle(), flow, &begin.input)?,
        lane: begin.key.map(|key| format!("{} {key}", flow.name)),
        once: begin.once.map(|once| format!("run {} {once}", flow.name)),
    };
    let accepted = app.start(&served, &who, start).await?;
    if begin.wait_ms > 0 {
        app.follow(&accepted.run, u64::from(begin.wait_ms).min(app.limits.wait_ms)).await;
    }
    let row = app.run_of(&who, &accepted.run).await?;
    let mut response = Json(whole(&app, &row).await?).into_response();
    if !row.status.has_ended() {
        *response.status_mut() = StatusCode::ACCEPTED;
    }
    Ok(response)
}

/// Arguments by name.
fn args(bundle: &Bundle, flow: &Flow, input: &Map<String, JsonValue>) -> Result<Vec<Value>, Problem> {
    let knows = |name: &String| flow.params.iter().any(|param| param.wire == name.as_str());
    if let Some(stranger) = input.keys().find(|name| !knows(name)) {
        let names: Vec<&str> = flow.params.iter().map(|param| param.wire.as_str()).collect();
        let message = format!("`{}` takes no `{stranger}`; it takes {}", flow.name, names.join(", "));
        return Err(Problem::invalid(message).at("$.input"));
    }
    let one = |param: &flow_ir::types::Field| match input.get(param.wire.as_str()) {
        Some(value) => json::decode(bundle, param.ty, value).map_err(|error| {
            let at = error.path.replacen('$', &format!("$.input.{}", param.wire), 1);
            Problem::from(error).at(at)
        }),
        None if matches!(bundle.ty(param.ty), Type::Optional { .. }) => Ok(Value::None),
        None => Err(Problem::invalid(format!("`{}` needs `{}`", flow.name, param.wire)).at("$.input")),
    };
    flow.params.iter().map(one).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    flow: Option<String>,
    status: Option<String>,
    before: Option<String>,
    limit: Option<u32>,
}

/// Newest first.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    who: Principal,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let Query(query) = query?;
    let before = match &query.before {
        Some(run) => Some(app.run_of(&who, run).await?.no),
        None => None,
    };
    let filter = RunFilter {
        tenant: Some(who.tenant.to_string()),
        flow: query.flow,
        status: query.status.as_deref().map(statuses).transpose()?.unwrap_or_default(),
        before,
        limit: query.limit.unwrap_or(PAGE).min(LARGEST_PAGE),
    };
    let rows = app.read(move |reader| reader.runs(&filter)).await?;
    let runs: Vec<JsonValue> = rows.iter().map(row_json).collect();
    Ok(Json(json!({ "runs": runs })))
}

fn statuses(text: &str) -> Result<Vec<Status>, Problem> {
    let status = |name: &str| {
        Status::named(name).ok_or_else(|| Problem::malformed(format!("no run has the status `{name}`")))
    };
    text.split(',').filter(|name| !name.is_empty()).map(status).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    wait_ms: Option<u32>,
}

/// One run, with its result; with `wait_ms` the answer waits for its end that long.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
    query: Result<Query<ShowQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let Query(query) = query?;
    let row = app.run_of(&who, &run).await?;
    let row = match query.wait_ms.filter(|_| !row.status.has_ended()) {
        Some(wait_ms) => {
            app.follow(&run, u64::from(wait_ms).min(app.limits.wait_ms)).await;
            app.run_of(&who, &run).await?
        }
        None => row,
    };
    Ok(Json(whole(&app, &row).await?))
}

/// Asks it to end.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Cancel)?;
    app.run_of(&who, &run).await?;
    let cancelled = app.home.cancel(&run).await?;
    Ok(Json(json!({ "run": run, "cancelled": cancelled })))
}

/// Runs the flow again with its arguments, on its bundle, under another name.
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
) -> Result<Response, Problem> {
    who.may(Scope::Start)?;
    let row = app.run_of(&who, &run).await?;
    if !row.status.has_ended() {
        let message = format!("the run has not ended: {}", row.status.name());
        return Err(Problem::new(StatusCode::CONFLICT, "Open", message));
    }
    let accepted = app.again(&who, &row).await?;
    Ok(ending::waiting(&accepted.run, "accepted", &[]))
}

/// What it did, step by step.
pub(super) async fn lineage(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let row = app.run_of(&who, &run).await?;
    let program = app.program_of(&row).await?;
    let no = row.no;
    let log = app.read(move |reader| reader.log(no)).await?;
    let steps = lineage::steps(&program, &row, &log)?;
    Ok(Json(json!({ "run": row.id, "flow": row.flow, "steps": steps })))
}

/// A run without its values. What it has used is summed up when it waits and when it ends.
fn row_json(row: &RunRow) -> JsonValue {
    let is_known = row.is_summed_up();
    json!({
        "run": row.id,
        "flow": row.flow,
        "status": row.status.name(),
        "started_ms": row.started_ms,
        "ended_ms": row.ended_ms,
        "cost_usd": is_known.then(|| row.cost as f64 / 1_000_000.0),
        "input_tokens": is_known.then_some(row.input_tokens),
        "output_tokens": is_known.then_some(row.output_tokens),
        "bundle": flow_ir::Digest(row.bundle).to_string(),
        "reason": row.reason,
        "url": format!("/v1/runs/{}", row.id),
    })
}

/// A run with its result, or what it waits for.
async fn whole(app: &App, row: &RunRow) -> Result<JsonValue, Problem> {
    let mut whole = row_json(row);
    let Some(fields) = whole.as_object_mut() else { return Ok(whole) };
    match row.result.as_deref().and_then(result_of) {
        Some(RunResult::Returned(value)) => {
            let program = app.program_of(row).await?;
            let flow = program.bundle().flows.iter().find(|flow| flow.name == row.flow.as_str());
            let value = flow.map_or(JsonValue::Null, |flow| json::encode(program.bundle(), flow.ret, &value));
            fields.insert("result".to_owned(), value);
        }
        Some(RunResult::Failed(error)) => {
            let error = json!({ "class": error.class.name(), "message": error.message, "node": error.node });
            fields.insert("error".to_owned(), error);
        }
        Some(RunResult::Cancelled) => {}
        None => {
            let filter =
                QuestionFilter { run: Some(row.id.clone()), limit: 100, ..QuestionFilter::default() };
            let open = app.read(move |reader| reader.questions(&filter)).await?;
            let ids: Vec<String> = open.iter().map(flow_store::runs::QuestionRow::id).collect();
            fields.insert("questions".to_owned(), json!(ids));
        }
    }
    Ok(whole)
}
