//! `/v1/events/{resource}`: events that flows wait for with `Events.wait(key)`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use flow_eval::{Value, json};
use flow_ir::ResourceId;
use flow_ir::setup::{Callee, Method, ResourceKind};
use serde::Deserialize;
use serde_json::Value as JsonValue;

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::problem::Problem;
use crate::trigger::Write;
use crate::{body, trigger};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    key: String,
    value: JsonValue,
    once: Option<String>,
}

/// Takes an event; it is on the disk when this is answered.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(name): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    who.may(Scope::Start)?;
    let served = app.served();
    let bundle = served.bundle();
    let mut resources = bundle.resources.iter().enumerate();
    let found = resources.find(|(_, it)| it.kind == ResourceKind::Events && it.name == name.as_str());
    let (at, resource) = found.ok_or_else(|| Problem::not_found("there are no such events"))?;
    let body = body::json(body, &app.limits).await?;
    let put: Put =
        serde_json::from_value(body).map_err(|error| Problem::malformed(format!("the body: {error}")))?;
    let value = json::decode(bundle, resource.item, &put.value).map_err(|error| {
        let at = error.path.replacen('$', "$.value", 1);
        Problem::from(error).at(at)
    })?;
    let callee = Callee::Method(ResourceId(at as u32), Method::EventsPut);
    let once = put.once.map(|once| format!("events {name} {once}"));
    let write = Write { callee, args: vec![Value::text(put.key), value], once };
    trigger::write(&app, &served, &who, write).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
