//! Reading what strangers send: never more, deeper or longer than allowed.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::Value as Json;

use crate::Limits;
use crate::problem::Problem;

/// A body as JSON; an empty one is `{}`.
pub(crate) async fn json(body: Body, limits: &Limits) -> Result<Json, Problem> {
    let reading = axum::body::to_bytes(body, limits.body_bytes);
    let bytes = tokio::time::timeout(Duration::from_millis(limits.body_ms), reading).await;
    let late = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "Timeout", "the body did not come in time");
    let large = |_| {
        let message = format!("the body is larger than {} bytes, or was cut off", limits.body_bytes);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "TooLarge", message)
    };
    let bytes = bytes.map_err(late)?.map_err(large)?;
    if bytes.is_empty() {
        return Ok(Json::Object(serde_json::Map::new()));
    }
    // Nesting is bounded by the reader itself.
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::malformed(format!("the body is no JSON: {error}")))
}
