//! Runs as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use flow_eval::json;
use flow_ir::stream::final_text;
use flow_ir::{FlowId, NodeId};
use flow_runtime::home::durable::Progress;
use flow_runtime::program::Program;
use flow_runtime::protocol::{OpId, RunResult};
use futures_util::future::BoxFuture;
use futures_util::stream;
use serde_json::{Value as Json, json};
use smol_str::SmolStr;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::access::{Principal, Scope};
use crate::app::App;
use crate::hub::Note;
use crate::lineage::record_json;
use crate::problem::Problem;

/// An empty line often enough that no proxy gives the connection up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What happens to a run from now on, until it ends.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    who: Principal,
    Path(run): Path<String>,
) -> Result<Response, Problem> {
    who.may(Scope::Read)?;
    let notes = app.hub.listen(&run);
    let row = app.run_of(&who, &run).await?;
    let program = app.program_of(&row).await?;
    let flow = program.bundle().flows.iter().position(|flow| flow.name == row.flow.as_str()).unwrap_or(0);
    Ok(stream(&app, program, FlowId(flow as u32), row.id.into(), notes))
}

/// What is known while a run is streamed.
struct Feed {
    program: Arc<Program>,
    flow: FlowId,
    run: SmolStr,
    notes: Receiver<Note>,
    /// Operations whose text is the flow's result.
    final_ops: Vec<OpId>,
    attempt: u32,
    end: BoxFuture<'static, Progress>,
    is_over: bool,
}

/// `step`, `text`, `reset`, `line`, `paused`, then `result`, `error` or `waiting`.
pub(super) fn stream(
    app: &App,
    program: Arc<Program>,
    flow: FlowId,
    run: SmolStr,
    notes: Receiver<Note>,
) -> Response {
    let end = app.home.following(&run);
    let feed = Feed { program, flow, run, notes, final_ops: Vec::new(), attempt: 1, end, is_over: false };
    let events = stream::unfold(feed, |mut feed| async move {
        let (name, data) = feed.next().await?;
        let event = Event::default().event(name).data(data.to_string());
        Some((Ok::<Event, Infallible>(event), feed))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

impl Feed {
    async fn next(&mut self) -> Option<(&'static str, Json)> {
        if self.is_over {
            return None;
        }
        loop {
            tokio::select! {
                biased;
                note = self.notes.recv() => match note {
                    Ok(note) => if let Some(event) = self.event(note) {
                        return Some(event);
                    },
                    Err(RecvError::Lagged(missed)) => return Some(("gap", json!({ "missed": missed }))),
                    Err(RecvError::Closed) => return None,
                },
                progress = &mut self.end => {
                    self.is_over = true;
                    return Some(self.end(&progress));
                }
            }
        }
    }

    fn event(&mut self, note: Note) -> Option<(&'static str, Json)> {
        match note {
            Note::Record(record) => Some(("step", record_json(&self.program, &record))),
            Note::Invoked { op, frame: 0, flow, node } if self.is_final(flow, node) => {
                self.final_ops.push(op);
                None
            }
            Note::Invoked { .. } | Note::Finished(_) => None,
            Note::Text { op, attempt, text } if self.final_ops.contains(&op) => {
                if attempt > self.attempt {
                    self.attempt = attempt;
                    return Some(("reset", json!({ "attempt": attempt, "text": text })));
                }
                Some(("text", json!({ "text": text })))
            }
            Note::Text { .. } => None,
            Note::Line(line) => Some(("line", json!({ "line": line }))),
            Note::Paused { split, arm, reason } => {
                Some(("paused", json!({ "split": split, "arm": arm, "reason": reason })))
            }
        }
    }

    fn is_final(&self, flow: FlowId, node: NodeId) -> bool {
        let bundle = self.program.bundle();
        flow == self.flow && bundle.flow(flow).is_some_and(|flow| final_text(flow, node, bundle).is_ok())
    }

    fn end(&self, progress: &Progress) -> (&'static str, Json) {
        let bundle = self.program.bundle();
        match progress {
            Progress::Ended(ended) => match &ended.result {
                RunResult::Returned(value) => {
                    let ret = bundle.flow(self.flow).map(|flow| flow.ret);
                    let value = ret.map_or(Json::Null, |ret| json::encode(bundle, ret, value));
                    ("result", json!({ "run": self.run, "result": value }))
                }
                RunResult::Failed(error) => {
                    let error =
                        json!({ "class": error.class.name(), "message": error.message, "node": error.node });
                    ("error", json!({ "run": self.run, "error": error }))
                }
                RunResult::Cancelled => {
                    ("error", json!({ "run": self.run, "error": { "class": "Cancelled" } }))
                }
            },
            Progress::Asks(questions) => ("waiting", json!({ "run": self.run, "questions": questions })),
            Progress::Parked(_) => ("error", json!({ "run": self.run, "error": { "class": "Parked" } })),
            Progress::Queued | Progress::Unknown => {
                ("error", json!({ "run": self.run, "error": { "class": "Unavailable" } }))
            }
        }
    }
}
