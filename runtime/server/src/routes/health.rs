//! `/health`, `/ready`, `/metrics`, `/openapi.json`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::openapi::{secured, with};
use crate::problem::Problem;

/// The process answers.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Runs are taken: the store can be read, and the process is not about to end.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let not = |why: &str| {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "why": why }))).into_response()
    };
    if app.is_draining() {
        return not("the server is about to end");
    }
    // A round through the writer: a disk that is full or gone is found here.
    match app.home.mark("ready", 1).await {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        Err(_) => not("the store cannot be written"),
    }
}

/// For Prometheus.
pub(super) async fn metrics(State(app): State<Arc<App>>, who: Principal) -> Result<Response, Problem> {
    who.may(Scope::Metrics)?;
    let (open, pauses) = app.read(|reader| Ok((reader.count_open()?, reader.pauses()?))).await?;
    let text = app.metrics.text(&open, &pauses);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// The addresses of this server, as a document.
pub(super) async fn openapi(State(app): State<Arc<App>>, _: Principal) -> Json<Value> {
    let document = secured(app.served().openapi(), app.is_open());
    Json(match &app.registry {
        Some(face) => with(document, &face.openapi()),
        None => document,
    })
}
