//! Entering nodes and taking edges.
//!
//! The work of one event is a row of [`Step`]s, done one after another: a step returns the next one, and those
//! that start side by side wait in a queue. So the depth of the stack depends neither on the number of nodes nor
//! on the depth of subflows.

use flow_eval::Value;
use flow_ir::flow::{Edge, Flow, Node, Target, Work};
use flow_ir::units::{ErrorClass, Limits};
use flow_ir::{FlowId, NodeId};
use smol_str::SmolStr;

use super::state::{Branch, Fault, Frame, FrameRef, Many, NodeState, State, Step, Waiter, Working};
use crate::program::Program;
use crate::protocol::{Command, Record, RunError};

/// A run while it works on one event.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    pub(super) state: &'a mut State,
    pub(super) out: &'a mut Vec<Command>,
}

impl<'a> Walk<'a> {
    /// Starts the run's own flow.
    pub(super) fn open_run(&mut self) {
        let header = std::sync::Arc::clone(&self.state.header);
        let opened = self.open_frame(header.flow, &header.args, None);
        let first = match opened {
            Ok(at) => Some(Step::Open(at)),
            Err(fault) => self.end_with(Err(fault), SmolStr::default()),
        };
        self.go(first);
    }

    /// Does steps until none is left.
    pub(super) fn go(&mut self, first: Option<Step>) {
        let mut next = first;
        while self.state.result.is_none() {
            let Some(step) = next.take().or_else(|| self.state.steps.pop_front()) else { return };
            next = match step {
                Step::Open(at) => self.open(at),
                Step::Enter(at, node) => self.enter(at, node),
                Step::Settle(at, branch, settled) => self.settle(at, branch, settled),
                Step::Finish(at, settled) => self.finish(at, settled),
                Step::Close(at, settled) => self.close(at, settled),
            };
        }
    }

    /// Makes an activation; `parent` waits for its result.
    pub(super) fn open_frame(
        &mut self,
        flow_id: FlowId,
        args: &[Value],
        parent: Option<(FrameRef, u32)>,
    ) -> Result<FrameRef, Fault> {
        let program = self.program;
        let flow =
            program.flow(flow_id).ok_or_else(|| Fault::malformed("it calls a flow it does not hold"))?;
        let depth =
            parent.and_then(|(at, _)| self.state.frame(at)).map_or(0, |frame| frame.depth.saturating_add(1));
        if depth as usize > program.bundle().flows.len() {
            return Err(Fault::malformed("its flows call each other in a circle"));
        }
        let id = self.state.next_frame;
        self.state.next_frame = id.saturating_add(1);
        let mut frame = new_frame(id, flow_id, flow, args, parent);
        frame.depth = depth;
        frame.entered_ms = self.state.now_ms;
        frame.meter = self.state.meter(&flow.limits);
        let at = self.state.place(Box::new(frame));
        if let Some(after_ms) = flow.limits.time_ms {
            let timer = self.start_timer(after_ms, Waiter::FlowLimit(at));
            self.with_frame(at, |frame| frame.meter.timer = Some(timer));
        }
        Ok(at)
    }

    fn open(&mut self, at: FrameRef) -> Option<Step> {
        let flow = self.program.flow(self.state.frame(at)?.flow)?;
        let settled = match self.choose(at, &flow.entry, None, None) {
            Ok(Some(step)) => return Some(step),
            Ok(None) => {
                Err(Fault::new(ErrorClass::Failed, format!("no entry edge of `{}` holds", flow.name)))
            }
            Err(fault) => Err(fault),
        };
        Some(Step::Close(at, settled))
    }

    fn enter(&mut self, at: FrameRef, node_id: NodeId) -> Option<Step> {
        let program = self.program;
        let now_ms = self.state.now_ms;
        let frame = self.state.frame_mut(at)?;
        let Some(node) = program.node(frame.flow, node_id) else {
            return Some(Step::Close(at, Err(Fault::malformed("an edge leads to no node"))));
        };
        frame.at = node_id;
        frame.entered_ms = now_ms;
        frame.entries = frame.entries.saturating_add(1);
        if frame.entries > program.fuel(frame.flow) {
            return Some(Step::Close(at, Err(Fault::malformed("it holds a loop without `max`"))));
        }
        let visit = count_visit(frame, node_id);
        self.approve(at, node_id, visit);
        let frame = self.state.frame(at)?;
        let record = Record::Entered { frame: frame.id, flow: frame.flow, node: node_id, visit, now_ms };
        self.record(|| record);
        self.begin_work(at, node)
    }

    fn begin_work(&mut self, at: FrameRef, node: &'a Node) -> Option<Step> {
        match &node.work {
            Work::Route => self.route(at, node),
            Work::Call(_) => {
                self.with_frame(at, |frame| frame.work = Working::One(Branch::default()));
                self.start_call(at, 0)
            }
            Work::All { branches, limits, .. } => self.begin_many(at, branches.len(), None, limits),
            Work::Each { list, limits, .. } => match self.eval(at, list) {
                Ok(Value::List(items)) => self.begin_many(at, items.len(), Some(items), limits),
                Ok(_) => Some(Step::Finish(at, Err(Fault::malformed("`each` is given no list")))),
                Err(fault) => Some(Step::Finish(at, Err(fault))),
            },
        }
    }

    /// Starts all branches in order. One that fails at once keeps the rest from starting.
    fn begin_many(
        &mut self,
        at: FrameRef,
        n_branches: usize,
        items: Option<std::sync::Arc<[Value]>>,
        limits: &Limits,
    ) -> Option<Step> {
        let meter = self.state.meter(limits);
        let branches: Vec<Branch> = std::iter::repeat_with(Branch::default).take(n_branches).collect();
        let many = Box::new(Many { branches, open: n_branches, items, meter });
        self.with_frame(at, |frame| frame.work = Working::Many(many));
        if n_branches == 0 {
            return self.collect(at);
        }
        if let Some(after_ms) = limits.time_ms {
            let timer = self.start_timer(after_ms, Waiter::NodeLimit(at));
            self.with_many(at, |many| many.meter.timer = Some(timer));
        }
        for branch in 0..n_branches as u32 {
            match self.start_call(at, branch) {
                Some(Step::Settle(at, branch, settled)) => match self.settle(at, branch, settled) {
                    None => {}
                    done => return done,
                },
                Some(step) => self.state.steps.push_back(step),
                None => {}
            }
        }
        None
    }

    /// Takes the first normal edge that holds.
    pub(super) fn route(&mut self, at: FrameRef, node: &'a Node) -> Option<Step> {
        let from = self.state.frame(at)?.at;
        match self.choose(at, &node.edges, Some(from), None) {
            Ok(Some(step)) => Some(step),
            Ok(None) => {
                let message = format!("no edge of `{}` holds", node.name);
                Some(Step::Close(at, Err(Fault::new(ErrorClass::Failed, message))))
            }
            Err(fault) => self.raise(at, node, fault),
        }
    }

    /// Offers an error to the node's error edges; if none takes it, the flow ends with it.
    pub(super) fn raise(&mut self, at: FrameRef, node: &'a Node, fault: Fault) -> Option<Step> {
        let class = fault.class;
        let error = RunError {
            class,
            message: fault.message.clone(),
            node: node.name.clone(),
            attempt: fault.attempt,
        };
        self.record_raised(at, &fault);
        let frame = self.state.frame_mut(at)?;
        frame.error = Some(Box::new(error));
        let from = frame.at;
        match self.choose(at, &node.edges, Some(from), Some(class)) {
            Ok(Some(step)) => Some(step),
            Ok(None) => Some(Step::Close(at, Err(fault))),
            Err(worse) => Some(Step::Close(at, Err(worse))),
        }
    }

    /// The first edge that holds: normal ones without a class, else those that take the class.
    fn choose(
        &mut self,
        at: FrameRef,
        edges: &'a [Edge],
        from: Option<NodeId>,
        class: Option<ErrorClass>,
    ) -> Result<Option<Step>, Fault> {
        for (index, edge) in edges.iter().enumerate() {
            let is_meant = match class {
                Some(class) => edge.on.contains(&class),
                None => edge.on.is_empty(),
            };
            if is_meant && !self.is_spent(at, edge) && self.holds(at, edge)? {
                return self.take(at, edge, index as u32, from);
            }
        }
        Ok(None)
    }

    /// Whether a `max` edge was taken as often as it may be.
    fn is_spent(&self, at: FrameRef, edge: &Edge) -> bool {
        let Some(counter) = edge.max else { return false };
        let Some(frame) = self.state.frame(at) else { return true };
        let max = self.program.flow(frame.flow).and_then(|flow| flow.counters.get(counter.index()));
        let taken = frame.counters.get(counter.index());
        max.is_none_or(|max| taken.is_none_or(|taken| taken >= max))
    }

    fn holds(&self, at: FrameRef, edge: &Edge) -> Result<bool, Fault> {
        let Some(condition) = &edge.when else { return Ok(true) };
        match self.eval(at, condition)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Fault::malformed("a condition is no bool")),
        }
    }

    /// Leaves along an edge. Nothing has changed if its arguments have no value.
    fn take(
        &mut self,
        at: FrameRef,
        edge: &'a Edge,
        index: u32,
        from: Option<NodeId>,
    ) -> Result<Option<Step>, Fault> {
        let step = match &edge.to {
            Target::Node(node, args) => {
                let values = args.iter().map(|arg| self.eval(at, arg)).collect::<Result<Vec<_>, _>>()?;
                self.fill_params(at, *node, values);
                Step::Enter(at, *node)
            }
            Target::Return(None) => Step::Close(at, Ok(Value::Nothing)),
            Target::Return(Some(result)) => Step::Close(at, Ok(self.eval(at, result)?)),
            Target::Fail(message) => Step::Close(at, Err(self.failure(at, message.as_ref())?)),
        };
        let Some(frame) = self.state.frame_mut(at) else { return Ok(None) };
        if let Some(taken) = edge.max.and_then(|counter| frame.counters.get_mut(counter.index())) {
            *taken = taken.saturating_add(1);
        }
        frame.clearings = frame.clearings.saturating_add(u32::from(!edge.clears.is_empty()));
        let left_main_line = edge.implicit && !std::mem::replace(&mut frame.outside, true);
        let record = Record::Took { frame: frame.id, flow: frame.flow, node: from, edge: index };
        let timer = if left_main_line { frame.meter.timer.take() } else { None };
        self.record(|| record);
        self.stop_timer(timer);
        Ok(Some(step))
    }

    fn fill_params(&mut self, at: FrameRef, node: NodeId, values: Vec<Value>) {
        let program = self.program;
        self.with_frame(at, |frame| {
            let Some(node) = program.node(frame.flow, node) else { return };
            for (slot, value) in node.params.iter().zip(values) {
                put(&mut frame.slots, slot.index(), value);
            }
        });
    }

    fn failure(&self, at: FrameRef, message: Option<&flow_ir::expr::Expr>) -> Result<Fault, Fault> {
        let Some(message) = message else { return Ok(Fault::new(ErrorClass::Failed, "the flow failed")) };
        match self.eval(at, message)? {
            Value::Text(text) => Ok(Fault::new(ErrorClass::Failed, text)),
            _ => Err(Fault::malformed("the message of a `fail` is no text")),
        }
    }

    /// Adds a note, if anybody watches.
    pub(super) fn record(&mut self, make: impl FnOnce() -> Record) {
        if self.state.watched {
            self.out.push(Command::Record(make()));
        }
    }

    fn record_raised(&mut self, at: FrameRef, fault: &Fault) {
        if !self.state.watched {
            return;
        }
        let Some(frame) = self.state.frame(at) else { return };
        let known = frame.nodes.get(frame.at.index()).and_then(|node| node.facts.clone());
        let record = Record::Raised {
            frame: frame.id,
            flow: frame.flow,
            node: frame.at,
            class: fault.class,
            message: fault.message.clone(),
            facts: known.unwrap_or_default(),
            now_ms: self.state.now_ms,
        };
        self.out.push(Command::Record(record));
    }

    pub(super) fn with_frame(&mut self, at: FrameRef, change: impl FnOnce(&mut Frame)) {
        if let Some(frame) = self.state.frame_mut(at) {
            change(frame);
        }
    }

    pub(super) fn with_many(&mut self, at: FrameRef, change: impl FnOnce(&mut Many)) {
        self.with_frame(at, |frame| match &mut frame.work {
            Working::Many(many) => change(many),
            Working::Nothing | Working::One(_) => {}
        });
    }
}

/// Writes into a row of slots; a place outside of it is ignored.
pub(super) fn put(slots: &mut [Option<Value>], index: usize, value: Value) {
    if let Some(slot) = slots.get_mut(index) {
        *slot = Some(value);
    }
}

fn count_visit(frame: &mut Frame, node: NodeId) -> u32 {
    let Some(state) = frame.nodes.get_mut(node.index()) else { return 1 };
    state.visits = state.visits.saturating_add(1);
    state.visits
}

fn new_frame(
    id: u32,
    flow_id: FlowId,
    flow: &Flow,
    args: &[Value],
    parent: Option<(FrameRef, u32)>,
) -> Frame {
    let mut slots: Vec<Option<Value>> = vec![None; flow.slots.len().max(flow.params.len())];
    for (index, value) in args.iter().enumerate() {
        put(&mut slots, index, value.clone());
    }
    Frame {
        id,
        flow: flow_id,
        parent,
        depth: 0,
        slots,
        counters: vec![0; flow.counters.len()],
        nodes: vec![NodeState::default(); flow.nodes.len()],
        at: NodeId(0),
        entered_ms: 0,
        entries: 0,
        work: Working::Nothing,
        error: None,
        meter: super::state::Meter::default(),
        expired: false,
        outside: false,
        clearings: 0,
        approved: false,
    }
}
