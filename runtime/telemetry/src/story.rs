//! A log, read as what happened when: visits of nodes, and the calls in them.

use flow_ir::flow::Work;
use flow_ir::setup::{Call, Callee};
use flow_ir::units::ErrorClass;
use flow_ir::{FlowId, ModelId, NodeId};
use flow_runtime::Machine;
use flow_runtime::program::Program;
use flow_runtime::protocol::{Command, Event, Facts, OpId, Outcome, Record};
use flow_runtime::replay::Tape;

/// A visit of a node.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Visit {
    pub(crate) frame: u32,
    pub(crate) flow: FlowId,
    pub(crate) node: NodeId,
    pub(crate) visit: u32,
    /// The visit that called this flow; `None` in the run's own.
    pub(crate) inside: Option<usize>,
    pub(crate) from_ms: i64,
    pub(crate) until_ms: Option<i64>,
    pub(crate) raised: Option<ErrorClass>,
    pub(crate) is_degraded: bool,
}

/// A call of a model, a tool, a person or a resource.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Called {
    op: OpId,
    pub(crate) callee: Callee,
    pub(crate) model: Option<ModelId>,
    /// Its position among the visits.
    pub(crate) inside: Option<usize>,
    pub(crate) branch: u32,
    pub(crate) from_ms: i64,
    pub(crate) until_ms: Option<i64>,
    pub(crate) raised: Option<ErrorClass>,
    pub(crate) facts: Option<Box<Facts>>,
}

/// What happened when.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Story {
    pub(crate) visits: Vec<Visit>,
    pub(crate) calls: Vec<Called>,
}

impl Story {
    /// Of everything that a run heard.
    pub(crate) fn of(tape: &Tape) -> Self {
        let mut story = Self::default();
        let mut said = Vec::new();
        let (program, header) = (tape.program.clone(), tape.header.clone());
        let mut machine = Machine::start_into(program, header, true, &mut said);
        story.hear(&tape.program, &mut said, tape.header.started_ms);
        for event in &tape.events {
            let now_ms = event.now_ms();
            if let Event::Resolved { op, outcome, .. } = event {
                story.resolve(*op, outcome, now_ms);
            }
            machine.apply_into(event.clone(), &mut said);
            story.hear(&tape.program, &mut said, now_ms);
        }
        story
    }

    fn hear(&mut self, program: &Program, said: &mut Vec<Command>, now_ms: i64) {
        for command in said.drain(..) {
            match command {
                Command::Record(record) => self.note(program, &record),
                Command::Invoke(call) => {
                    let inside = self.open(call.frame, call.node);
                    self.calls.push(Called {
                        op: call.op,
                        callee: call.callee,
                        model: call.model,
                        inside,
                        branch: call.branch,
                        from_ms: now_ms,
                        until_ms: None,
                        raised: None,
                        facts: None,
                    });
                }
                Command::Cancel { op } => {
                    if let Some(call) = self.calls.iter_mut().find(|call| call.op == op) {
                        call.until_ms.get_or_insert(now_ms);
                    }
                }
                Command::Timer { .. } | Command::Compare(_) | Command::Shadow(_) | Command::Finish(_) => {}
            }
        }
    }

    fn note(&mut self, program: &Program, record: &Record) {
        match record {
            Record::Entered { frame, flow, node, visit, now_ms } => {
                let inside = self.caller(program, *frame, *flow);
                self.visits.push(Visit {
                    frame: *frame,
                    flow: *flow,
                    node: *node,
                    visit: *visit,
                    inside,
                    from_ms: *now_ms,
                    until_ms: None,
                    raised: None,
                    is_degraded: false,
                });
            }
            Record::Produced { frame, node, degraded, now_ms, .. } => {
                self.end(*frame, *node, *now_ms, None, *degraded)
            }
            Record::Raised { frame, node, class, now_ms, .. } => {
                self.end(*frame, *node, *now_ms, Some(*class), false)
            }
            // A node without work ends when it is left.
            Record::Took { frame, node: Some(node), .. } => {
                let at = self.open(*frame, *node);
                if let Some(visit) = at.and_then(|at| self.visits.get_mut(at)) {
                    visit.until_ms.get_or_insert(visit.from_ms);
                }
            }
            Record::Took { node: None, .. } => {}
        }
    }

    fn end(&mut self, frame: u32, node: NodeId, now_ms: i64, raised: Option<ErrorClass>, is_degraded: bool) {
        let at = self.open(frame, node);
        if let Some(visit) = at.and_then(|at| self.visits.get_mut(at)) {
            visit.until_ms = Some(now_ms);
            visit.raised = raised;
            visit.is_degraded = is_degraded;
        }
    }

    /// The visit of this node that goes on.
    fn open(&self, frame: u32, node: NodeId) -> Option<usize> {
        self.visits
            .iter()
            .rposition(|visit| visit.frame == frame && visit.node == node && visit.until_ms.is_none())
    }

    /// The visit that an activation belongs to: where its flow is called and goes on.
    fn caller(&self, program: &Program, frame: u32, flow: FlowId) -> Option<usize> {
        if frame == 0 {
            return None;
        }
        if let Some(known) = self.visits.iter().find(|visit| visit.frame == frame) {
            return known.inside;
        }
        let goes_on = |visit: &Visit| visit.frame < frame && visit.until_ms.is_none();
        let calls = |visit: &Visit| goes_on(visit) && calls_flow(program, visit.flow, visit.node, flow);
        self.visits.iter().rposition(calls).or_else(|| self.visits.iter().rposition(goes_on))
    }

    fn resolve(&mut self, op: OpId, outcome: &Outcome, now_ms: i64) {
        let Some(call) = self.calls.iter_mut().find(|call| call.op == op) else { return };
        let (Outcome::Ok { facts, .. } | Outcome::Err { facts, .. }) = outcome;
        call.until_ms = Some(now_ms);
        call.facts = Some(facts.clone());
        call.raised = match outcome {
            Outcome::Ok { .. } => None,
            Outcome::Err { class, .. } => Some(*class),
        };
    }
}

fn calls_flow(program: &Program, flow: FlowId, node: NodeId, called: FlowId) -> bool {
    let work: Option<&Work> = program.node(flow, node).map(|node| &node.work);
    let is_it = |call: &Call| call.callee == Callee::Flow(called);
    work.is_some_and(|work| work.calls().any(is_it))
}
