//! The OpenAI-compatible face: a flow that talks is a model.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use flow_eval::Value;
use flow_ir::FlowId;
use flow_ir::stream::final_text;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::home::durable::{Ended, Progress};
use flow_runtime::new_run_id;
use flow_runtime::protocol::{OpId, RunResult};
use futures_util::future::BoxFuture;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};
use smol_str::SmolStr;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::access::{Principal, Scope};
use crate::app::{App, Start};
use crate::body;
use crate::hub::Note;
use crate::problem::Problem;
use crate::served::Served;
use crate::shapes::{chat_args, chat_shape};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A problem as this protocol tells it.
pub(crate) struct ChatProblem(Problem);

impl<P: Into<Problem>> From<P> for ChatProblem {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for ChatProblem {
    fn into_response(self) -> Response {
        self.0.respond(&error_json(&self.0))
    }
}

fn error_json(problem: &Problem) -> JsonValue {
    let kind = match problem.status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_client_error() => "invalid_request_error",
        _ => "server_error",
    };
    json!({ "error": { "message": problem.message, "type": kind, "param": problem.at, "code": problem.class } })
}

/// Flows that talk, as models.
pub(crate) async fn models(
    State(app): State<Arc<App>>,
    who: Result<Principal, Problem>,
) -> Result<Json<JsonValue>, ChatProblem> {
    who?;
    let served = app.served();
    let models: Vec<JsonValue> = served.chats().map(|flow| model_json(&served, &flow.name)).collect();
    Ok(Json(json!({ "object": "list", "data": models })))
}

/// One of them.
pub(crate) async fn model(
    State(app): State<Arc<App>>,
    who: Result<Principal, Problem>,
    Path(name): Path<String>,
) -> Result<Json<JsonValue>, ChatProblem> {
    who?;
    let served = app.served();
    let found = served.chats().find(|flow| flow.name == name.as_str());
    let flow = found.ok_or_else(|| no_model(&name))?;
    Ok(Json(model_json(&served, &flow.name)))
}

fn no_model(name: &str) -> Problem {
    Problem::not_found(&format!("there is no model `{name}`; /v1/models lists them")).at("model")
}

fn model_json(served: &Served, name: &str) -> JsonValue {
    json!({ "id": name, "object": "model", "created": 0, "owned_by": served.bundle().package })
}

/// What is read of a request; what a flow decides itself (temperature, tools …) is not asked of callers.
#[derive(Deserialize)]
struct Asked {
    model: String,
    messages: Vec<JsonValue>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    n: Option<f64>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// An answer, whole or in pieces.
pub(crate) async fn completions(
    State(app): State<Arc<App>>,
    who: Result<Principal, Problem>,
    body: Body,
) -> Result<Response, ChatProblem> {
    let who = who?;
    who.may(Scope::Start)?;
    let body = body::json(body, &app.limits).await?;
    let asked: Asked =
        serde_json::from_value(body).map_err(|error| Problem::malformed(format!("the body: {error}")))?;
    if asked.n.is_some_and(|n| n != 1.0) {
        return Err(Problem::malformed("one answer is given: leave `n` out").at("n").into());
    }
    let served = app.served();
    let found = served
        .public(&asked.model)
        .and_then(|(id, flow)| Some((id, flow, chat_shape(served.bundle(), flow)?)));
    let (id, flow, shape) = found.ok_or_else(|| no_model(&asked.model))?;
    let args = chat_args(served.bundle(), flow, shape, &asked.messages)?;
    let run = new_run_id();
    let start = Start { run: Some(run.clone()), flow: id, args, lane: None, once: None };
    if asked.stream == Some(true) {
        let notes = app.hub.listen(&run);
        app.start(&served, &who, start).await?;
        let usage = asked.stream_options.and_then(|options| options.include_usage);
        return Ok(pieces(&app, &served, (id, asked.model), (run, notes), usage.unwrap_or(false)));
    }
    app.start(&served, &who, start).await?;
    let ended = end(app.follow(&run, app.limits.wait_ms).await)?;
    let text = text_of(&ended)?;
    Ok(Json(json!({
        "id": format!("chatcmpl-{run}"),
        "object": "chat.completion",
        "created": SystemClock.now_ms() / 1_000,
        "model": asked.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text, "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": usage_json(&ended),
    }))
    .into_response())
}

fn end(progress: Option<Progress>) -> Result<Ended, Problem> {
    match progress {
        Some(Progress::Ended(ended)) => Ok(*ended),
        Some(Progress::Asks(_)) => {
            let message = "the flow waits for a person, which this protocol has no answer for";
            Err(Problem::new(StatusCode::CONFLICT, "Waiting", message))
        }
        Some(Progress::Parked(_) | Progress::Queued | Progress::Unknown) => {
            Err(Problem::bug("the run was set aside"))
        }
        None => Err(Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "Timeout",
            "the flow takes too long to be waited for",
        )),
    }
}

fn text_of(ended: &Ended) -> Result<&str, Problem> {
    match &ended.result {
        RunResult::Returned(Value::Text(text)) => Ok(text),
        RunResult::Returned(_) => Err(Problem::bug("the flow returned no text")),
        RunResult::Failed(error) => Err(Problem::of_class(error.class, &error.message)),
        RunResult::Cancelled => Err(Problem::new(StatusCode::CONFLICT, "Cancelled", "the run was cancelled")),
    }
}

fn usage_json(ended: &Ended) -> JsonValue {
    let (input, output) = (ended.usage.input_tokens, ended.usage.output_tokens);
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input.saturating_add(output) })
}

/// A stream of pieces.
struct Pieces {
    served: Arc<Served>,
    flow: FlowId,
    model: String,
    run: SmolStr,
    notes: Receiver<Note>,
    include_usage: bool,
    final_ops: Vec<OpId>,
    said: String,
    /// What is to be sent before anything else.
    queue: Vec<String>,
    created: i64,
    end: BoxFuture<'static, Progress>,
    is_over: bool,
}

fn pieces(
    app: &App,
    served: &Arc<Served>,
    (flow, model): (FlowId, String),
    (run, notes): (SmolStr, Receiver<Note>),
    include_usage: bool,
) -> Response {
    let created = SystemClock.now_ms() / 1_000;
    let end = app.home.following(&run);
    let mut pieces = Pieces {
        served: Arc::clone(served),
        flow,
        model,
        run,
        notes,
        include_usage,
        final_ops: Vec::new(),
        said: String::new(),
        queue: Vec::new(),
        created,
        end,
        is_over: false,
    };
    let first = pieces.chunk(json!({ "role": "assistant", "content": "" }), None);
    pieces.queue.push(first);
    let events = stream::unfold(pieces, |mut pieces| async move {
        let data = pieces.next().await?;
        Some((Ok::<Event, Infallible>(Event::default().data(data)), pieces))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Pieces {
    async fn next(&mut self) -> Option<String> {
        loop {
            if !self.queue.is_empty() {
                return Some(self.queue.remove(0));
            }
            if self.is_over {
                return None;
            }
            tokio::select! {
                biased;
                note = self.notes.recv() => match note {
                    Ok(note) => self.hear(note),
                    Err(RecvError::Lagged(_)) => self.fail(&Problem::bug("the caller reads too slowly")),
                    Err(RecvError::Closed) => self.is_over = true,
                },
                progress = &mut self.end => self.finish(Some(progress)),
            }
        }
    }

    fn hear(&mut self, note: Note) {
        let bundle = self.served.bundle();
        match note {
            Note::Invoked { op, frame: 0, flow, node } if flow == self.flow => {
                if bundle.flow(flow).is_some_and(|flow| final_text(flow, node, bundle).is_ok()) {
                    self.final_ops.push(op);
                }
            }
            // A second attempt begins again: what was sent cannot be taken back, so the stream must not go on.
            Note::Text { op, attempt, .. }
                if self.final_ops.contains(&op) && attempt > 1 && !self.said.is_empty() =>
            {
                self.fail(&Problem::bug("the answer was cut off and had to be begun again"));
            }
            Note::Text { op, text, .. } if self.final_ops.contains(&op) => {
                self.said.push_str(&text);
                let chunk = self.chunk(json!({ "content": text }), None);
                self.queue.push(chunk);
            }
            Note::Text { .. }
            | Note::Invoked { .. }
            | Note::Record(_)
            | Note::Line(_)
            | Note::Paused { .. }
            | Note::Finished(_) => {}
        }
    }

    /// What was not streamed is sent at the end; what was streamed and is not the result is an error.
    fn finish(&mut self, progress: Option<Progress>) {
        let ended = end(progress);
        let text = ended.as_ref().map_err(Clone::clone).and_then(|ended| text_of(ended));
        let rest = text.and_then(|text| {
            text.strip_prefix(self.said.as_str())
                .ok_or_else(|| Problem::bug("the answer is not what was streamed"))
        });
        match rest {
            Err(problem) => self.fail(&problem),
            Ok(rest) => {
                let mut last = Vec::new();
                if !rest.is_empty() {
                    last.push(self.chunk(json!({ "content": rest }), None));
                }
                last.push(self.chunk(json!({}), Some("stop")));
                if let (true, Ok(ended)) = (self.include_usage, &ended) {
                    last.push(self.usage_chunk(ended));
                }
                last.push("[DONE]".to_owned());
                self.queue.extend(last);
                self.is_over = true;
            }
        }
    }

    fn fail(&mut self, problem: &Problem) {
        self.queue.push(error_json(problem).to_string());
        self.is_over = true;
    }

    fn chunk(&self, delta: JsonValue, finish: Option<&str>) -> String {
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish });
        self.envelope(json!([choice]), JsonValue::Null)
    }

    fn usage_chunk(&self, ended: &Ended) -> String {
        self.envelope(json!([]), usage_json(ended))
    }

    fn envelope(&self, choices: JsonValue, usage: JsonValue) -> String {
        let mut chunk = json!({
            "id": format!("chatcmpl-{}", self.run),
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if let Some(fields) = chunk.as_object_mut().filter(|_| self.include_usage) {
            fields.insert("usage".to_owned(), usage);
        }
        chunk.to_string()
    }
}
