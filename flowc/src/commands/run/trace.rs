//! `--trace`: the event log as JSON lines, in the run's total order. It holds values, so it is written only
//! where it was asked for.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flow_eval::{Value, json};
use flow_ir::{Bundle, FlowId, NodeId, TypeId};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{
    ArmCall, ArmEnd, Command, Event, Facts, Invocation, Outcome, Record, RunHeader, RunResult,
};
use serde_json::{Value as Json, json};

use crate::exit::Stop;
use crate::graph::text;
use crate::journal::usd;

/// Writes a line an event.
pub(super) struct Trace {
    bundle: Arc<Bundle>,
    out: Mutex<Box<dyn Write + Send>>,
}

impl Trace {
    /// To a file, or to stderr for `-`.
    pub(super) fn to(path: &Path, bundle: Arc<Bundle>) -> Result<Self, Stop> {
        let out: Box<dyn Write + Send> = if path.as_os_str() == "-" {
            Box::new(std::io::stderr())
        } else {
            let file = File::create(path)
                .map_err(|error| Stop::usage(format!("cannot write `{}`: {error}", path.display())))?;
            Box::new(BufWriter::new(file))
        };
        Ok(Self { bundle, out: Mutex::new(out) })
    }

    fn write(&self, line: &Json) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A full disk must not end a run; what was traced until then is there.
        drop(writeln!(out, "{line}").and_then(|()| out.flush()));
    }

    fn record(&self, record: &Record) -> Json {
        match record {
            Record::Entered { frame, flow, node, visit, now_ms } => {
                let mut line = self.place("entered", *frame, *flow, Some(*node));
                put(&mut line, "visit", json!(visit));
                put(&mut line, "at", json!(now_ms));
                line
            }
            Record::Produced { frame, flow, node, value, degraded, facts, now_ms } => {
                let mut line = self.place("produced", *frame, *flow, Some(*node));
                put(&mut line, "value", self.value(self.result_type(*flow, *node), value));
                put(&mut line, "degraded", json!(degraded));
                put(&mut line, "facts", facts_json(facts));
                put(&mut line, "at", json!(now_ms));
                line
            }
            Record::Raised { frame, flow, node, class, message, facts, now_ms } => {
                let mut line = self.place("raised", *frame, *flow, Some(*node));
                put(&mut line, "class", json!(class.name()));
                put(&mut line, "message", json!(message));
                put(&mut line, "facts", facts_json(facts));
                put(&mut line, "at", json!(now_ms));
                line
            }
            Record::Took { frame, flow, node, edge } => {
                let mut line = self.place("took", *frame, *flow, *node);
                put(&mut line, "edge", json!(edge));
                line
            }
        }
    }

    fn place(&self, kind: &str, frame: u32, flow: FlowId, node: Option<NodeId>) -> Json {
        let flow = self.bundle.flow(flow);
        let node = flow.zip(node).and_then(|(flow, node)| flow.nodes.get(node.index()));
        json!({
            "event": kind,
            "frame": frame,
            "flow": flow.map(|flow| &flow.name),
            "node": node.map(|node| &node.name),
        })
    }

    fn result_type(&self, flow: FlowId, node: NodeId) -> Option<TypeId> {
        let flow = self.bundle.flow(flow)?;
        let slot = flow.nodes.get(node.index())?.result?;
        flow.slots.get(slot.index()).map(|slot| slot.ty)
    }

    fn value(&self, ty: Option<TypeId>, value: &Value) -> Json {
        ty.map_or(Json::Null, |ty| json::encode(&self.bundle, ty, value))
    }

    fn invoked(&self, invocation: &Invocation) -> Json {
        let mut line = self.place("invoked", invocation.frame, invocation.flow, Some(invocation.node));
        let model = invocation.model.and_then(|id| self.bundle.models.get(id.index()));
        put(&mut line, "op", json!(invocation.op));
        put(&mut line, "callee", json!(text::callee(&self.bundle, invocation.callee)));
        put(&mut line, "model", json!(model.map(|model| &model.name)));
        put(&mut line, "branch", json!(invocation.branch));
        put(&mut line, "visit", json!(invocation.visit));
        put(&mut line, "timeout_ms", json!(invocation.timeout_ms));
        put(&mut line, "key", json!(invocation.idempotency_key.to_string()));
        line
    }

    fn arm(&self, kind: &str, call: &ArmCall) -> Json {
        let mut line = self.place(kind, call.frame, call.flow, Some(call.node));
        let split = self.bundle.splits.get(call.arm.split.index());
        put(&mut line, "split", json!(split.map(|split| &split.name)));
        put(&mut line, "arm", json!(call.arm.index));
        line
    }

    fn compared(&self, end: &ArmEnd) -> Json {
        let mut line = self.arm(if end.shadow { "shadowed" } else { "arm" }, &end.call);
        put(&mut line, "error", json!(end.error.map(|class| class.name())));
        put(&mut line, "facts", facts_json(&end.facts));
        put(&mut line, "differs", json!(end.differs));
        put(&mut line, "at", json!(end.now_ms));
        line
    }

    fn finished(&self, run: &RunHeader, result: &RunResult) -> Json {
        match result {
            RunResult::Returned(value) => {
                let ty = self.bundle.flow(run.flow).map(|flow| flow.ret);
                json!({ "event": "returned", "value": self.value(ty, value) })
            }
            RunResult::Failed(error) => json!({
                "event": "failed",
                "class": error.class.name(),
                "message": error.message,
                "node": error.node,
            }),
            RunResult::Cancelled => json!({ "event": "cancelled" }),
        }
    }
}

impl Watch for Trace {
    fn event(&self, _: &RunHeader, event: &Event) {
        self.write(&match event {
            Event::Resolved { op, outcome, now_ms } => {
                let (kind, facts) = match outcome {
                    Outcome::Ok { facts, .. } => ("ok", facts),
                    Outcome::Err { facts, .. } => ("error", facts),
                };
                json!({ "event": "resolved", "op": op, "outcome": kind, "facts": facts_json(facts), "at": now_ms })
            }
            Event::Fired { op, now_ms } => json!({ "event": "fired", "op": op, "at": now_ms }),
            Event::Paused { now_ms, .. } => json!({ "event": "paused", "at": now_ms }),
            Event::CancelRequested { now_ms } => json!({ "event": "cancel_requested", "at": now_ms }),
        });
    }

    fn command(&self, run: &RunHeader, command: &Command) {
        self.write(&match command {
            Command::Record(record) => self.record(record),
            Command::Invoke(invocation) => self.invoked(invocation),
            Command::Timer { op, after_ms } => json!({ "event": "timer", "op": op, "after_ms": after_ms }),
            Command::Cancel { op } => json!({ "event": "cancel", "op": op }),
            Command::Compare(end) => self.compared(end),
            Command::Shadow(shadow) => {
                let mut line = self.arm("shadow", &shadow.call);
                put(&mut line, "args", json!(shadow.args.len()));
                line
            }
            Command::Finish(result) => self.finished(run, result),
        });
    }
}

fn put(line: &mut Json, name: &str, value: Json) {
    if let Some(fields) = line.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// Without the conversation: the values of a run are in its events, prompts are not.
fn facts_json(facts: &Facts) -> Json {
    json!({
        "cost": usd(facts.cost),
        "input_tokens": facts.input_tokens,
        "output_tokens": facts.output_tokens,
        "latency_ms": facts.latency_ms,
        "attempts": facts.attempts,
        "confidence": facts.confidence,
        "by": facts.by,
        "model": facts.model,
        "prompt": facts.prompt,
        "versions": facts.versions,
        "request_id": facts.request_id,
        "finish": facts.finish,
        "tolerances": facts.tolerances,
    })
}
