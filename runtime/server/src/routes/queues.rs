//! `/v1/queues/{name}`: messages of embedded queues. A message is a run that has been accepted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::problem::Problem;
use crate::trigger::{self, Target};
use crate::{body, ending};

/// Takes a message; it is on the disk when this is answered.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(queue): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    who.may(Scope::Start)?;
    let served = app.served();
    let trigger = served.queue(&queue).ok_or_else(|| Problem::not_found("there is no such queue"))?;
    who.is_one_of(&trigger.allow)?;
    let event = body::json(body, &app.limits).await?;
    match trigger::target(served.bundle(), trigger, &event)? {
        Target::Run(start) => {
            let accepted = app.start(&served, &who, start).await?;
            Ok(ending::waiting(&accepted.run, "accepted", &[]))
        }
        Target::Write(write) => {
            trigger::write(&app, &served, &who, *write).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}
