//! How a run's end is told: the bare result on stdout, a summary on stderr, or one JSON object.

use flow_eval::{Value, json};
use flow_ir::types::Type;
use flow_ir::units::ErrorClass;
use flow_runtime::protocol::{RunError, RunResult};
use serde_json::{Value as Json, json};

use super::live::elapsed;
use super::session::{End, Session};
use crate::exit::{Exit, Outcome, Stop};
use crate::graph::text;
use crate::journal::{Step, usd};
use crate::terminal::{BAD, DIM, GOOD, WARN, clean, count, paint};

impl Session {
    /// Tells how the run ended.
    pub(super) fn report(&self, as_json: bool, ended: &End, streamed: &str) -> Outcome {
        let exit = match &ended.result {
            RunResult::Returned(_) => Exit::Ok,
            RunResult::Failed(_) | RunResult::Cancelled => Exit::RunFailed,
        };
        let exit = exit.and(self.lacking());
        if as_json {
            self.terminal.line(self.object(ended))?;
            return Ok(exit);
        }
        match &ended.result {
            RunResult::Returned(value) => self.result(value, streamed)?,
            RunResult::Failed(error) => {
                self.summary(ended);
                return Err(self.failure(error));
            }
            RunResult::Cancelled => self.terminal.err(&format!("{}\n", paint(WARN, "cancelled"))),
        }
        self.summary(ended);
        Ok(exit)
    }

    /// Whatever the flow made of it, a run whose recording lacked answers is no success.
    fn lacking(&self) -> Exit {
        let problems = self.replay.as_ref().map(|replay| replay.problems()).unwrap_or_default();
        for problem in &problems {
            self.terminal.err(&format!("{}: {}\n", paint(BAD, "error"), clean(problem)));
        }
        if problems.is_empty() { Exit::Ok } else { Exit::RunFailed }
    }

    /// Text as it is, everything else as JSON; what was streamed already is not repeated.
    fn result(&self, value: &Value, streamed: &str) -> std::io::Result<()> {
        let Some(flow) = self.bundle.flow(self.header.flow) else {
            return Ok(());
        };
        let on_terminal = self.terminal.out_is_terminal();
        match (self.bundle.ty(flow.ret), value) {
            (Type::Nothing, _) | (_, Value::Nothing) => Ok(()),
            (_, Value::Text(text)) if !streamed.is_empty() && streamed == text => self.terminal.print("\n"),
            (_, Value::Text(text)) if on_terminal => self.terminal.line(clean(text)),
            (_, Value::Text(text)) => self.terminal.line(text),
            (_, value) => {
                let json = json::encode(&self.bundle, flow.ret, value);
                if on_terminal { self.terminal.line(format!("{json:#}")) } else { self.terminal.line(json) }
            }
        }
    }

    /// One line for a person who watches.
    fn summary(&self, ended: &End) {
        if !self.terminal.is_watched() {
            return;
        }
        let steps = self.journal.steps().iter().filter(|step| step.node.is_some()).count();
        let usage = &ended.usage;
        let mark = if matches!(ended.result, RunResult::Returned(_)) {
            paint(GOOD, "done")
        } else {
            paint(WARN, "ended")
        };
        let line = format!(
            "{} · {}+{} tokens · {} · {} · run {}",
            count(steps, "step"),
            usage.input_tokens,
            usage.output_tokens,
            usage.cost,
            elapsed(i64::try_from(usage.elapsed_ms).unwrap_or(i64::MAX)),
            self.header.run,
        );
        self.terminal.note(format!("{mark} {}", paint(DIM, line)));
    }

    /// What failed, where, and what can be done.
    fn failure(&self, error: &RunError) -> Stop {
        let steps = self.journal.steps();
        let place = self.place(error, &steps);
        let attempts =
            if error.attempt > 1 { format!(" after {} attempts", error.attempt) } else { String::new() };
        let message = clean(&error.message);
        let stop =
            Stop::run_failed(format!("the run failed{place}{attempts}: {}: {message}", error.class.name()));
        stop.help(advice(error.class))
    }

    /// ``in `sort` (asks `triage` using `fast`)``.
    fn place(&self, error: &RunError, steps: &[Step]) -> String {
        if error.node.is_empty() {
            return self
                .bundle
                .flow(self.header.flow)
                .map_or(String::new(), |flow| format!(" in `{}`", flow.name));
        }
        let step = steps.iter().rev().find(|step| step.name(&self.bundle) == error.node.as_str());
        let node = step.and_then(|step| {
            let flow = self.bundle.flow(step.flow)?;
            flow.nodes.get(step.node?.index())
        });
        let asks = node.and_then(|node| node.work.calls().next()).map(|call| {
            let model = call.model.and_then(|id| self.bundle.models.get(id.index()));
            let using = model.map_or_else(String::new, |model| format!(" using `{}`", model.name));
            format!(" (asks `{}`{using})", text::callee(&self.bundle, call.callee))
        });
        format!(" in `{}`{}", error.node, asks.unwrap_or_default())
    }

    fn object(&self, ended: &End) -> Json {
        let path: Vec<Json> = self.journal.steps().iter().map(|step| step.to_json(&self.bundle)).collect();
        let flow = self.bundle.flow(self.header.flow);
        let mut object = json!({
            "run": self.header.run,
            "flow": flow.map(|flow| &flow.name),
            "bundle": self.bundle.digest().to_string(),
            "cost": usd(ended.usage.cost),
            "tokens": { "input": ended.usage.input_tokens, "output": ended.usage.output_tokens },
            "elapsed_ms": ended.usage.elapsed_ms,
            "path": path,
        });
        let (name, value) = match (&ended.result, flow) {
            (RunResult::Returned(value), Some(flow)) => {
                ("result", json::encode(&self.bundle, flow.ret, value))
            }
            (RunResult::Returned(_), None) => ("result", Json::Null),
            (RunResult::Failed(error), _) => ("error", error_json(error)),
            (RunResult::Cancelled, _) => ("error", json!({ "class": "Cancelled", "message": "cancelled" })),
        };
        if let Some(fields) = object.as_object_mut() {
            fields.insert(name.to_owned(), value);
        }
        object
    }
}

fn error_json(error: &RunError) -> Json {
    json!({
        "class": error.class.name(),
        "message": error.message,
        "node": error.node,
        "attempt": error.attempt,
        "help": advice(error.class),
    })
}

/// What can be done about a class of errors.
pub(super) const fn advice(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Timeout => "raise `timeout` or `within`, or say where to go: `-> … on Timeout`",
        ErrorClass::Overload => {
            "try again later, give the model a `fallback` or the call a `retry`, or say where to go: `-> … on Overload`"
        }
        ErrorClass::Refused => "the provider or the model declined; say where to go: `-> … on Refused`",
        ErrorClass::Invalid => {
            "what came does not fit its type; `repair: 1` asks a model again, or say where to go: `-> … on Invalid`"
        }
        ErrorClass::Denied => "check the key and its rights, or say where to go: `-> … on Denied`",
        ErrorClass::Budget => "raise `within`, or say where to go: `-> … on Budget`",
        ErrorClass::Expired => "say where to go when nobody answers in time: `-> … on Expired`",
        ErrorClass::Failed => "mend the cause, or say where to go: `-> … on Failed`",
    }
}
