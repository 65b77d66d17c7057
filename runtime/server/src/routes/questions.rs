//! `/v1/questions`: what people are asked.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use flow_runtime::home::durable::Answer;
use flow_store::runs::{QuestionFilter, QuestionRow};
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::body;
use crate::problem::Problem;

/// Questions of one answer.
const MOST: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    run: Option<String>,
    #[serde(default)]
    all: bool,
}

/// Oldest first; those that the caller may answer are marked.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    who: Principal,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let Query(query) = query?;
    let filter =
        QuestionFilter { tenant: Some(who.tenant.to_string()), run: query.run, all: query.all, limit: MOST };
    let rows = app.read(move |reader| reader.questions(&filter)).await?;
    let questions: Vec<JsonValue> = rows.iter().map(|row| question_json(row, &who)).collect();
    Ok(Json(json!({ "questions": questions })))
}

/// One question.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(question): Path<String>,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Read)?;
    let row = question_of(&app, &who, &question).await?;
    Ok(Json(question_json(&row, &who)))
}

/// The body is the answer itself.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(question): Path<String>,
    body: Body,
) -> Result<Json<JsonValue>, Problem> {
    who.may(Scope::Answer)?;
    let row = question_of(&app, &who, &question).await?;
    let value = body::json(body, &app.limits).await?;
    let answer = Answer { question, by: who.name.clone(), roles: who.roles.clone(), value };
    app.home.answer(answer).await?;
    Ok(Json(json!({ "run": row.run_id, "answered": true, "url": format!("/v1/runs/{}", row.run_id) })))
}

async fn question_of(app: &App, who: &Principal, id: &str) -> Result<QuestionRow, Problem> {
    let (id, tenant) = (id.to_owned(), who.tenant.clone());
    let row = app.read(move |reader| reader.question(&id)).await?;
    let mine = row.filter(|row| row.tenant == tenant.as_str());
    mine.ok_or_else(|| Problem::not_found("there is no such question"))
}

fn question_json(row: &QuestionRow, who: &Principal) -> JsonValue {
    let role: Vec<smol_str::SmolStr> = row.role.iter().map(smol_str::SmolStr::from).collect();
    let named = row.who.as_ref().is_none_or(|only| who.roles.is_none() || *only == who.name.as_str());
    json!({
        "question": row.id(),
        "run": row.run_id,
        "flow": row.flow,
        "human": row.human,
        "role": row.role,
        "who": row.who,
        "title": row.title,
        "shown": row.shown,
        "answer": row.answer,
        "quorum": row.quorum,
        "asked_ms": row.asked_ms,
        "due_ms": row.due_ms,
        "state": row.state.name(),
        "yours": named && (row.who.is_some() || who.is_one_of(&role).is_ok()),
        "url": format!("/v1/questions/{}", row.id()),
    })
}
