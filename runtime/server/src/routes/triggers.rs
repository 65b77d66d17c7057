//! Addresses that `on http.…` declares.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flow_runtime::new_run_id;

use super::feed;
use crate::access::{Principal, Scope};
use crate::app::App;
use crate::problem::Problem;
use crate::served::Served;
use crate::trigger::{self, Target};
use crate::{body, ending};

/// Whatever is at no other address.
pub(super) async fn any(
    State(app): State<Arc<App>>,
    who: Result<Principal, Problem>,
    request: Request,
) -> Result<Response, Problem> {
    let served = app.served();
    let path = request.uri().path();
    let Some(trigger) = served.http(request.method().as_str(), path) else {
        let verbs = served.verbs_of(path);
        return Ok(if verbs.is_empty() { nothing_here() } else { other_verb(&verbs) });
    };
    let who = who?;
    who.may(Scope::Start)?;
    who.is_one_of(&trigger.allow)?;
    let respond_async = prefers_async(&request);
    let event = if [Method::GET, Method::DELETE].contains(request.method()) {
        trigger::event_of_query(served.bundle(), trigger, request.uri())?
    } else {
        body::json(request.into_body(), &app.limits).await?
    };
    match trigger::target(served.bundle(), trigger, &event)? {
        Target::Write(write) => {
            trigger::write(&app, &served, &who, *write).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Target::Run(start) => run(&app, &served, &who, start, (trigger.stream, respond_async)).await,
    }
}

async fn run(
    app: &Arc<App>,
    served: &Served,
    who: &Principal,
    mut start: crate::app::Start,
    (stream, respond_async): (bool, bool),
) -> Result<Response, Problem> {
    if stream {
        let (run, flow) = (new_run_id(), start.flow);
        // Listened to before it begins: nothing is missed.
        let notes = app.hub.listen(&run);
        start.run = Some(run.clone());
        let accepted = app.start(served, who, start).await?;
        let program = app.program_of_accepted(served, who, &accepted).await?;
        if accepted.run == run {
            return Ok(feed::stream(app, program, flow, run, notes));
        }
        let progress = app.follow(&accepted.run, app.limits.wait_ms).await;
        return Ok(ending::respond(program.bundle(), &accepted.run, progress));
    }
    let accepted = app.start(served, who, start).await?;
    if respond_async {
        return Ok(ending::waiting(&accepted.run, "accepted", &[]));
    }
    let program = app.program_of_accepted(served, who, &accepted).await?;
    let progress = app.follow(&accepted.run, app.limits.wait_ms).await;
    let mut response = ending::respond(program.bundle(), &accepted.run, progress);
    if let Ok(run) = HeaderValue::from_str(&accepted.run) {
        response.headers_mut().insert("x-flow-run", run);
    }
    Ok(response)
}

fn prefers_async(request: &Request) -> bool {
    let prefer = request.headers().get("prefer").and_then(|value| value.to_str().ok());
    prefer.is_some_and(|prefer| prefer.split(',').any(|one| one.trim() == "respond-async"))
}

fn nothing_here() -> Response {
    Problem::not_found("nothing is served here; /openapi.json says what is").into_response()
}

fn other_verb(verbs: &[&str]) -> Response {
    let message = format!("this address takes {}", verbs.join(", "));
    let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "NotAllowed", message).into_response();
    if let Ok(allow) = HeaderValue::from_str(&verbs.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
