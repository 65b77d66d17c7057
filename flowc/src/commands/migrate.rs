//! `flowc migrate --plan OLD NEW [--json]`.

use std::path::PathBuf;

use flow_diagnostics::index;
use flow_ir::migrate::{FlowPlan, NodePlan, Obstacle, Plan};
use serde_json::{Value as Json, json};

use crate::compile;
use crate::exit::{Exit, Outcome};
use crate::terminal::{BAD, BOLD, DIM, GOOD, Terminal, count, paint};

/// `flowc migrate --plan OLD NEW [--json]`
///
/// Says for every node of the old version whether runs that are parked there can go on in the new one. Exits with 1
/// if a run that waits for a person, an event or time could not.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Compare, and change nothing.
    #[arg(long, required = true)]
    pub plan: bool,
    /// The version that runs are parked in: a bundle, or a package.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The version they would move to.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Prints the plan.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let (Some(old), Some(new)) =
        (compile::target(&args.old, terminal)?, compile::target(&args.new, terminal)?)
    else {
        return Ok(Exit::Diagnostics);
    };
    let plan = Plan::new(&old.bundle, &new.bundle);
    if args.json {
        terminal.line(format!("{:#}", to_json(&plan)))?;
    } else {
        terminal.print(&text(&plan))?;
    }
    let stuck =
        plan.flows.iter().flat_map(|flow| &flow.nodes).any(|node| node.waits && !node.obstacles.is_empty());
    Ok(if stuck { Exit::Diagnostics } else { Exit::Ok })
}

fn text(plan: &Plan) -> String {
    plan.flows.iter().filter(|flow| !flow.nodes.is_empty()).map(flow_text).collect()
}

fn flow_text(flow: &FlowPlan) -> String {
    let free = flow.nodes.iter().filter(|node| node.obstacles.is_empty()).count();
    let all = flow.nodes.len();
    let style = if free == all { GOOD } else { BAD };
    let head = format!("runs can move at {free} of {}", count(all, "node"));
    let mut text = format!("{}  {}\n", paint(BOLD, &flow.flow), paint(style, head));
    for node in flow.nodes.iter().filter(|node| node.waits || !node.obstacles.is_empty()) {
        text.push_str(&node_text(node));
    }
    text
}

fn node_text(node: &NodePlan) -> String {
    let waits = if node.waits { paint(DIM, " (runs wait here)") } else { String::new() };
    if node.obstacles.is_empty() {
        return format!("  {} {}{waits}\n", paint(GOOD, "✓"), node.node);
    }
    let reasons: Vec<String> = node.obstacles.iter().map(|obstacle| words(&node.node, obstacle)).collect();
    format!("  {} {}{waits}: {}\n", paint(BAD, "✗"), node.node, reasons.join("; "))
}

/// Why runs cannot move, and what helps.
fn words(node: &str, obstacle: &Obstacle) -> String {
    let gone = index::PARKED_NODE_GONE.number;
    match obstacle {
        Obstacle::FlowGone => format!("{gone} the flow is gone; keep it until its runs have ended"),
        Obstacle::NodeGone(None) => format!("{gone} the node is gone; keep it until its runs have left"),
        Obstacle::NodeGone(Some(new)) => {
            format!("{gone} the node is gone, `{new}` does the same; keep the name `{node}`")
        }
        Obstacle::Needs(name) => format!("`{node}` now needs `{name}`, which these runs do not have there"),
        Obstacle::Retyped(name) => format!("`{name}` has a type now that cannot hold what these runs have"),
        Obstacle::CallsAnother(flow) => format!("runs wait inside `{flow}`, which the node no longer calls"),
    }
}

fn to_json(plan: &Plan) -> Json {
    let node = |node: &NodePlan| {
        json!({
            "node": node.node,
            "waits": node.waits,
            "can_move": node.obstacles.is_empty(),
            "obstacles": node.obstacles.iter().map(|obstacle| obstacle_json(&node.node, obstacle)).collect::<Vec<_>>(),
        })
    };
    let flow = |flow: &FlowPlan| json!({ "flow": flow.flow, "nodes": flow.nodes.iter().map(node).collect::<Vec<_>>() });
    json!({ "free": plan.is_free(), "flows": plan.flows.iter().map(flow).collect::<Vec<_>>() })
}

fn obstacle_json(node: &str, obstacle: &Obstacle) -> Json {
    let (kind, name) = match obstacle {
        Obstacle::FlowGone => ("flow_gone", None),
        Obstacle::NodeGone(new) => ("node_gone", new.as_ref()),
        Obstacle::Needs(name) => ("needs", Some(name)),
        Obstacle::Retyped(name) => ("retyped", Some(name)),
        Obstacle::CallsAnother(flow) => ("calls_another", Some(flow)),
    };
    json!({ "kind": kind, "name": name, "message": words(node, obstacle) })
}
