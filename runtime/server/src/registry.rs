//! `/v1/registry/…`: the registry over HTTP. What it is and what may be done with it is not known here; who asks is.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as Body;
use axum::body::Body as Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use crate::access::Principal;
use crate::app::App;
use crate::body;
use crate::problem::Problem;

/// Answers for the registry of a server. Blocks while others change it.
pub trait RegistryFace: Send + Sync {
    /// Answers a request.
    fn answer(&self, caller: &Caller, request: RegistryRequest) -> RegistryAnswer;

    /// `{"paths": …, "schemas": …}` of what can be asked, for `/openapi.json`.
    fn openapi(&self) -> Json;
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// Of the key; `None` if the server has no keys and everybody may do everything.
    pub key: Option<Key>,
}

/// A key, as far as a registry looks at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Who uses it.
    pub name: String,
    /// What it may be used for, with grants such as `move:prompt:support/*@prod` among it.
    pub scopes: Vec<String>,
}

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct RegistryRequest {
    /// Behind `/v1/registry/`.
    pub what: String,
    /// Behind the `?`.
    pub query: BTreeMap<String, String>,
    /// Of a POST.
    pub body: Option<Json>,
}

/// What is answered.
#[derive(Clone, PartialEq, Debug)]
pub struct RegistryAnswer {
    /// Of HTTP.
    pub status: u16,
    /// JSON.
    pub body: Json,
}

type Asked = Result<Query<BTreeMap<String, String>>, axum::extract::rejection::QueryRejection>;

/// Looks at something.
pub(crate) async fn look(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(what): Path<String>,
    query: Asked,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::malformed(error.body_text()))?;
    answer(&app, &who, RegistryRequest { what, query, body: None }).await
}

/// Changes something.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    who: Principal,
    body: Bytes,
) -> Result<Response, Problem> {
    let body = body::json(body, &app.limits).await?;
    let what = "changes".to_owned();
    answer(&app, &who, RegistryRequest { what, query: BTreeMap::new(), body: Some(body) }).await
}

async fn answer(app: &App, who: &Principal, request: RegistryRequest) -> Result<Response, Problem> {
    let Some(face) = app.registry.clone() else {
        return Err(Problem::not_found("this server has no registry"));
    };
    let caller = Caller { key: who.key() };
    let answered = tokio::task::spawn_blocking(move || face.answer(&caller, request)).await;
    let answer = answered.map_err(|_| Problem::bug("the registry could not be asked"))?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok((status, Body(answer.body)).into_response())
}
