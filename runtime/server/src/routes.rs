//! The addresses.

mod events;
mod feed;
mod feedback;
mod health;
mod questions;
mod queues;
mod runs;
mod triggers;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use crate::app::App;
use crate::{chat, registry};

/// Everything that can be asked for.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(health::openapi))
        .route("/v1/runs", get(runs::list).post(runs::start))
        .route("/v1/runs/{run}", get(runs::show))
        .route("/v1/runs/{run}/cancel", post(runs::cancel))
        .route("/v1/runs/{run}/lineage", get(runs::lineage))
        .route("/v1/runs/{run}/events", get(feed::events))
        .route("/v1/runs/{run}/feedback", get(feedback::list).post(feedback::add))
        .route("/v1/runs/{run}/retry", post(runs::retry))
        .route("/v1/questions", get(questions::list))
        .route("/v1/questions/{question}", get(questions::show))
        .route("/v1/questions/{question}/answer", post(questions::answer))
        .route("/v1/queues/{queue}", post(queues::add))
        .route("/v1/events/{resource}", post(events::put))
        .route("/v1/registry/{what}", get(registry::look))
        .route("/v1/registry/changes", post(registry::change))
        .route("/v1/models", get(chat::models))
        .route("/v1/models/{model}", get(chat::model))
        .route("/v1/chat/completions", post(chat::completions))
        .fallback(triggers::any)
        .layer(from_fn_with_state(Arc::clone(&app), observe))
        .with_state(app)
}

/// Counts requests by address and status. Nothing of a request is logged but its address.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = route_of(&app, &request);
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.request(&route, method.as_str(), status, began.elapsed());
    tracing::info!(
        route,
        method = method.as_str(),
        status,
        ms = began.elapsed().as_millis() as u64,
        "answered"
    );
    response
}

/// The address as declared. What strangers type is no label: there would be no end of them.
fn route_of(app: &App, request: &Request) -> String {
    let path = request.uri().path();
    match request.extensions().get::<MatchedPath>() {
        Some(matched) => matched.as_str().to_owned(),
        None if app.served().http(request.method().as_str(), path).is_some() => path.to_owned(),
        None => "other".to_owned(),
    }
}
