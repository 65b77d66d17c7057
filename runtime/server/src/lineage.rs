//! What a run did, told again from its log.

use std::sync::Arc;

use flow_eval::json;
use flow_ir::flow::{Edge, Target};
use flow_ir::{FlowId, NodeId};
use flow_runtime::home::durable::{RECORDS, header_of, read};
use flow_runtime::program::Program;
use flow_runtime::protocol::{Command, Facts, Record};
use flow_store::runs::RunRow;
use serde_json::{Value as Json, json};

use crate::problem::Problem;

/// The steps of a run, in order.
pub(crate) fn steps(program: &Arc<Program>, row: &RunRow, log: &[Vec<u8>]) -> Result<Vec<Json>, Problem> {
    let header = header_of(&row.header).filter(|_| row.records == RECORDS);
    let header = header.ok_or_else(|| Problem::bug("the run was kept by another version"))?;
    let told =
        read(program, &header, log, true).map_err(|_| Problem::bug("the log of the run cannot be read"))?;
    let step = |command: &Command| match command {
        Command::Record(record) => Some(record_json(program, record)),
        Command::Invoke(_)
        | Command::Timer { .. }
        | Command::Cancel { .. }
        | Command::Compare(_)
        | Command::Shadow(_)
        | Command::Finish(_) => None,
    };
    Ok(told.said.iter().filter_map(step).collect())
}

/// One step.
pub(crate) fn record_json(program: &Program, record: &Record) -> Json {
    let place = |kind: &str, frame: u32, flow: FlowId, node: Option<NodeId>| {
        let it = program.flow(flow);
        let name = it.zip(node).and_then(|(flow, node)| flow.nodes.get(node.index()));
        json!({ "step": kind, "frame": frame, "flow": it.map(|flow| &flow.name), "node": name.map(|node| &node.name) })
    };
    match record {
        Record::Entered { frame, flow, node, visit, now_ms } => {
            with(place("entered", *frame, *flow, Some(*node)), json!({ "visit": visit, "at_ms": now_ms }))
        }
        Record::Produced { frame, flow, node, value, degraded, facts, now_ms } => with(
            place("produced", *frame, *flow, Some(*node)),
            json!({
                "value": value_json(program, *flow, *node, value),
                "degraded": degraded,
                "facts": facts_json(facts),
                "at_ms": now_ms,
            }),
        ),
        Record::Raised { frame, flow, node, class, message, facts, now_ms } => with(
            place("raised", *frame, *flow, Some(*node)),
            json!({ "class": class.name(), "message": message, "facts": facts_json(facts), "at_ms": now_ms }),
        ),
        Record::Took { frame, flow, node, edge } => {
            let to = edge_of(program, *flow, *node, *edge).map(|edge| target(program, *flow, &edge.to));
            with(place("took", *frame, *flow, *node), json!({ "edge": edge, "to": to }))
        }
    }
}

fn with(mut place: Json, more: Json) -> Json {
    if let (Some(fields), Json::Object(more)) = (place.as_object_mut(), more) {
        fields.extend(more);
    }
    place
}

fn value_json(program: &Program, flow: FlowId, node: NodeId, value: &flow_eval::Value) -> Json {
    let ty = program
        .node(flow, node)
        .and_then(|node| node.result)
        .and_then(|slot| program.flow(flow)?.slots.get(slot.index()).map(|slot| slot.ty));
    ty.map_or(Json::Null, |ty| json::encode(program.bundle(), ty, value))
}

fn edge_of(program: &Program, flow: FlowId, node: Option<NodeId>, edge: u32) -> Option<&Edge> {
    let edges = match node {
        Some(node) => &program.node(flow, node)?.edges,
        None => &program.flow(flow)?.entry,
    };
    edges.get(edge as usize)
}

fn target(program: &Program, flow: FlowId, target: &Target) -> String {
    match target {
        Target::Node(node, _) => {
            program.node(flow, *node).map(|node| node.name.to_string()).unwrap_or_default()
        }
        Target::Return(_) => "return".to_owned(),
        Target::Fail(_) => "fail".to_owned(),
    }
}

/// Without the conversation: values of a run are its steps', prompts are not.
fn facts_json(facts: &Facts) -> Json {
    json!({
        "cost_usd": facts.cost.0 as f64 / 1_000_000.0,
        "input_tokens": facts.input_tokens,
        "output_tokens": facts.output_tokens,
        "latency_ms": facts.latency_ms,
        "attempts": facts.attempts,
        "confidence": facts.confidence,
        "by": facts.by,
        "model": facts.model,
        "prompt": facts.prompt,
        "request_id": facts.request_id,
        "finish": facts.finish,
    })
}
