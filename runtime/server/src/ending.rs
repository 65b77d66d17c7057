//! How the end of a run, or where it waits, is told over HTTP.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flow_eval::{Value, json};
use flow_ir::Bundle;
use flow_runtime::home::durable::{Ended, Progress};
use flow_runtime::protocol::RunResult;
use serde_json::{Value as Json, json};

use crate::problem::Problem;

/// The answer of a trigger: the result itself, or where to look.
pub(crate) fn respond(bundle: &Bundle, run: &str, progress: Option<Progress>) -> Response {
    match progress {
        Some(Progress::Ended(ended)) => match result(bundle, &ended) {
            Ok(None) => StatusCode::NO_CONTENT.into_response(),
            Ok(Some(value)) => axum::Json(value).into_response(),
            Err(problem) => Problem { run: Some(run.to_owned()), ..problem }.into_response(),
        },
        Some(Progress::Asks(questions)) => waiting(run, "waiting", &questions),
        Some(Progress::Parked(_)) => Problem::bug("the run was set aside").into_response(),
        Some(Progress::Unknown) => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Unavailable", "the server is about to end")
                .into_response()
        }
        Some(Progress::Queued) => waiting(run, "queued", &[]),
        None => waiting(run, "active", &[]),
    }
}

/// The run goes on; here is where to look.
pub(crate) fn waiting(run: &str, status: &str, questions: &[String]) -> Response {
    let url = format!("/v1/runs/{run}");
    let body = json!({ "run": run, "status": status, "url": url, "questions": questions });
    let mut response = (StatusCode::ACCEPTED, axum::Json(body)).into_response();
    if let Ok(url) = HeaderValue::from_str(&url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}

/// The value of a run that returned; `None` where the flow returns nothing.
pub(crate) fn result(bundle: &Bundle, ended: &Ended) -> Result<Option<Json>, Problem> {
    match &ended.result {
        RunResult::Returned(Value::Nothing) => Ok(None),
        RunResult::Returned(Value::None) => Err(Problem::not_found("there is nothing of this name")),
        RunResult::Returned(value) => {
            let ret = bundle.flow(ended.header.flow).map(|flow| flow.ret);
            Ok(Some(ret.map_or(Json::Null, |ret| json::encode(bundle, ret, value))))
        }
        RunResult::Failed(error) => Err(Problem::of_class(error.class, &error.message)),
        RunResult::Cancelled => Err(Problem::new(StatusCode::CONFLICT, "Cancelled", "the run was cancelled")),
    }
}
