//! What a run did, step by step: for the live path, the summary, `--json` and the report of a failed test.

use std::sync::{Mutex, PoisonError};

use flow_eval::Value;
use flow_ir::flow::{Edge, Target};
use flow_ir::setup::Callee;
use flow_ir::units::{ErrorClass, Usd};
use flow_ir::{Bundle, FlowId, NodeId};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{Command, Facts, Record, RunHeader};
use serde_json::{Value as Json, json};

use crate::graph::text::{self, Names};

/// One visit of a node, or the first step out of a flow's header.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Step {
    /// Activation of the flow.
    pub(crate) frame: u32,
    /// Its flow.
    pub(crate) flow: FlowId,
    /// `None` is the header.
    pub(crate) node: Option<NodeId>,
    /// From 1; 0 for the header.
    pub(crate) visit: u32,
    /// Sums over the node's calls.
    pub(crate) facts: Facts,
    /// ms between entering and the end of the work.
    pub(crate) elapsed_ms: i64,
    /// Whether `else` answered.
    pub(crate) degraded: bool,
    /// Class and message, if the work failed.
    pub(crate) raised: Option<(ErrorClass, String)>,
    /// Position of the edge taken.
    pub(crate) edge: Option<u32>,
    entered_ms: i64,
}

/// Edges taken: flow, node (`None` is the header), position.
pub(crate) type EdgeKey = (FlowId, Option<NodeId>, u32);

/// Collects the steps of one run.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    steps: Mutex<Vec<Step>>,
    calls: Mutex<Vec<(Callee, Vec<Value>)>>,
}

impl Journal {
    /// What happened so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.with(|steps| steps.clone())
    }

    /// The arguments of every call of this callable, in order.
    pub(crate) fn calls(&self, callee: Callee) -> Vec<Vec<Value>> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|(other, _)| *other == callee).map(|(_, args)| args.clone()).collect()
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Step>) -> T) -> T {
        // A push or an assignment cannot panic half-way, so a poisoned list is still whole.
        act(&mut self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watch for Journal {
    fn command(&self, _: &RunHeader, command: &Command) {
        match command {
            Command::Record(record) => {
                self.with(|steps| note(steps, record));
            }
            Command::Invoke(call) => {
                let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
                calls.push((call.callee, call.args.clone()));
            }
            Command::Timer { .. }
            | Command::Cancel { .. }
            | Command::Compare(_)
            | Command::Shadow(_)
            | Command::Finish(_) => {}
        }
    }
}

/// Adds a record to the steps; returns the position of the step it belongs to.
pub(crate) fn note(steps: &mut Vec<Step>, record: &Record) -> Option<usize> {
    match record {
        Record::Entered { frame, flow, node, visit, now_ms } => {
            steps.push(Step::new(*frame, *flow, Some(*node), *visit, *now_ms));
            Some(steps.len() - 1)
        }
        Record::Produced { frame, node, degraded, facts, now_ms, .. } => {
            let (at, step) = open(steps, *frame, *node)?;
            step.end(facts, *now_ms);
            step.degraded = *degraded;
            Some(at)
        }
        Record::Raised { frame, node, class, message, facts, now_ms, .. } => {
            let (at, step) = open(steps, *frame, *node)?;
            step.end(facts, *now_ms);
            step.raised = Some((*class, message.to_string()));
            Some(at)
        }
        Record::Took { frame, flow, node: None, edge } => {
            let mut step = Step::new(*frame, *flow, None, 0, 0);
            step.edge = Some(*edge);
            steps.push(step);
            Some(steps.len() - 1)
        }
        Record::Took { frame, node: Some(node), edge, .. } => {
            let (at, step) = open(steps, *frame, *node)?;
            step.edge = Some(*edge);
            Some(at)
        }
    }
}

/// The visit of this node that has not been left yet.
fn open(steps: &mut [Step], frame: u32, node: NodeId) -> Option<(usize, &mut Step)> {
    let is_it = |step: &Step| step.frame == frame && step.node == Some(node) && step.edge.is_none();
    steps.iter_mut().enumerate().rev().find(|(_, step)| is_it(step))
}

impl Step {
    fn new(frame: u32, flow: FlowId, node: Option<NodeId>, visit: u32, now_ms: i64) -> Self {
        Self {
            frame,
            flow,
            node,
            visit,
            facts: Facts::default(),
            elapsed_ms: 0,
            degraded: false,
            raised: None,
            edge: None,
            entered_ms: now_ms,
        }
    }

    fn end(&mut self, facts: &Facts, now_ms: i64) {
        self.facts = facts.clone();
        self.elapsed_ms = now_ms - self.entered_ms;
    }

    /// The node's name; the flow's for its header.
    pub(crate) fn name<'a>(&self, bundle: &'a Bundle) -> &'a str {
        let Some(flow) = bundle.flow(self.flow) else {
            return "?";
        };
        let node = self.node.and_then(|node| flow.nodes.get(node.index()));
        node.map_or(flow.name.as_str(), |node| node.name.as_str())
    }

    /// `escalate when …`, `return Sent`: the edge that was taken.
    pub(crate) fn left_by(&self, bundle: &Bundle) -> Option<(String, String)> {
        let flow = bundle.flow(self.flow)?;
        let edges = match self.node {
            None => &flow.entry,
            Some(node) => &flow.nodes.get(node.index())?.edges,
        };
        let edge = edges.get(self.edge? as usize)?;
        let names = Names::of_flow(bundle, flow);
        Some((target(&names, &edge.to), condition(&names, edge)))
    }

    /// For `--json`: only what happened.
    pub(crate) fn to_json(&self, bundle: &Bundle) -> Json {
        let left = self.left_by(bundle);
        json!({
            "flow": bundle.flow(self.flow).map(|flow| &flow.name),
            "node": self.node.map(|_| self.name(bundle)),
            "visit": self.visit,
            "model": self.facts.model,
            "versions": self.facts.versions,
            "input_tokens": self.facts.input_tokens,
            "output_tokens": self.facts.output_tokens,
            "cost": usd(self.facts.cost),
            "ms": self.elapsed_ms,
            "tolerances": self.facts.tolerances,
            "degraded": self.degraded,
            "error": self.raised.as_ref().map(|(class, message)| json!({ "class": class.name(), "message": message })),
            "to": left.as_ref().map(|(to, _)| to),
            "because": left.as_ref().map(|(_, why)| why).filter(|why| !why.is_empty()),
        })
    }

    /// The edge, for coverage.
    pub(crate) fn edge_key(&self) -> Option<EdgeKey> {
        Some((self.flow, self.node, self.edge?))
    }
}

/// `send`, `return Sent`, `fail`.
pub(crate) fn target(names: &Names<'_>, target: &Target) -> String {
    match target {
        Target::Node(node, _) => names.node(*node),
        Target::Return(None) => "return".to_owned(),
        Target::Return(Some(value)) => format!("return {}", text::head(names, value)),
        Target::Fail(_) => "fail".to_owned(),
    }
}

/// `when …`, `on …`; empty for an edge that always holds.
pub(crate) fn condition(names: &Names<'_>, edge: &Edge) -> String {
    match &edge.when {
        Some(condition) => format!("when {}", text::short(&text::expr(names, condition), 60)),
        None if edge.on.is_empty() => String::new(),
        None => format!("on {}", text::classes(&edge.on)),
    }
}

/// Dollars as a JSON number.
pub(crate) fn usd(cost: Usd) -> f64 {
    cost.0 as f64 / 1_000_000.0
}

/// Sums over steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    /// Micro-dollars.
    pub(crate) cost: Usd,
    /// Sent.
    pub(crate) input_tokens: u64,
    /// Received.
    pub(crate) output_tokens: u64,
    /// Visits of nodes.
    pub(crate) steps: usize,
}

impl Totals {
    /// Of the whole run. A node that calls a flow already holds what that flow spent, so only the outermost
    /// activation counts for money and tokens.
    pub(crate) fn of(steps: &[Step]) -> Self {
        let mut totals = Self::default();
        for step in steps {
            totals.steps += usize::from(step.node.is_some());
            if step.frame == 0 {
                totals.cost = totals.cost.plus(step.facts.cost);
                totals.input_tokens += step.facts.input_tokens;
                totals.output_tokens += step.facts.output_tokens;
            }
        }
        totals
    }
}
