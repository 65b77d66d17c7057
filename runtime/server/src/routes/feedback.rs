//! `/v1/runs/{run}/feedback`: what people say of runs and nodes afterwards.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use flow_eval::json::{decode, encode};
use flow_ir::{Bundle, TypeId};
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::FeedbackRow;
use serde::{Deserialize, Deserializer};
use serde_json::{Value as JsonValue, json};

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::body;
use crate::problem::Problem;

/// Longest label and note, in characters.
const LONGEST: usize = 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default, deserialize_with = "given")]
    node: Option<String>,
    #[serde(default, deserialize_with = "given")]
    score: Option<f64>,
    #[serde(default, deserialize_with = "given")]
    label: Option<String>,
    #[serde(default, deserialize_with = "given")]
    correction: Option<JsonValue>,
    #[serde(default, deserialize_with = "given")]
    note: Option<String>,
}

/// What is there is meant: `null` is a correction, and no score.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Keeps a score, a label, a correction or a note; it is on the disk when this is answered.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<JsonValue>), Problem> {
    who.may(Scope::Feedback)?;
    let row = app.run_of(&who, &run).await?;
    let body = body::json(body, &app.limits).await?;
    let said: Said =
        serde_json::from_value(body).map_err(|error| Problem::malformed(format!("the body: {error}")))?;
    let program = app.program_of(&row).await?;
    let said = checked(program.bundle(), &row.flow, &who, said)?;
    let no = row.no;
    let id = app.read(move |store| store.add_feedback(no, &said)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "run": row.id, "feedback": id }))))
}

/// All that was said of a run.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let row = app.run_of(&who, &run).await?;
    let no = row.no;
    let rows = app.read(move |store| store.feedback(no)).await?;
    let feedback: Vec<JsonValue> = rows.iter().map(said_json).collect();
    Ok(Json(json!({ "run": row.id, "feedback": feedback })))
}

/// Feedback says something, and corrections fit what they correct.
fn checked(bundle: &Bundle, flow: &str, who: &Principal, said: Said) -> Result<FeedbackRow, Problem> {
    let Said { node, score, label, correction, note } = said;
    if score.is_none() && label.is_none() && correction.is_none() && note.is_none() {
        return Err(Problem::malformed("give a `score`, a `label`, a `correction` or a `note`"));
    }
    for (name, text) in [("$.label", &label), ("$.note", &note)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
            return Err(Problem::invalid(format!("it is longer than {LONGEST} characters")).at(name));
        }
    }
    let ty = type_of(bundle, flow, node.as_deref())?;
    let correction = correction.map(|value| corrected(bundle, ty, &value)).transpose()?;
    let (by, at_ms) = (who.name.to_string(), SystemClock.now_ms());
    Ok(FeedbackRow { node, by, score, label, correction, note, at_ms })
}

fn corrected(bundle: &Bundle, ty: TypeId, value: &JsonValue) -> Result<JsonValue, Problem> {
    let decoded = decode(bundle, ty, value).map_err(|error| {
        let at = error.path.replacen('$', "$.correction", 1);
        Problem { status: StatusCode::CONFLICT, ..Problem::from(error).at(at) }
    })?;
    Ok(encode(bundle, ty, &decoded))
}

/// What a node of the run's flow gives, or `flow.node`; the flow itself without one.
fn type_of(bundle: &Bundle, flow: &str, node: Option<&str>) -> Result<TypeId, Problem> {
    let (flow, node) = match node.and_then(|node| node.split_once('.')) {
        Some((flow, node)) => (flow, Some(node)),
        None => (flow, node),
    };
    let unknown = || Problem::not_found("the package has no such node").at("$.node");
    let flow = bundle.flows.iter().find(|it| it.name == flow).ok_or_else(unknown)?;
    let Some(node) = node else { return Ok(flow.ret) };
    let found = flow.nodes.iter().find(|it| it.name == node).ok_or_else(unknown)?;
    let slot = found.result.and_then(|slot| flow.slots.get(slot.index()));
    slot.map(|slot| slot.ty).ok_or_else(|| Problem::not_found("this node gives nothing").at("$.node"))
}

fn said_json(said: &FeedbackRow) -> JsonValue {
    let FeedbackRow { node, by, score, label, correction, note, at_ms } = said;
    json!({
        "node": node,
        "by": by,
        "score": score,
        "label": label,
        "correction": correction,
        "note": note,
        "at_ms": at_ms,
    })
}
