//! Ends: of a call, of a node's work, of a flow, of the run.

use flow_eval::Value;
use flow_ir::flow::Work;
use smol_str::SmolStr;

use super::state::{Fault, Frame, FrameRef, Phase, Settled, Spend, Step, Working};
use super::walk::{Walk, put};
use crate::protocol::{Facts, OpId, Outcome, Record, RunError, RunResult};

impl Walk<'_> {
    /// An operation has ended.
    pub(super) fn resolved(&mut self, at: FrameRef, branch: u32, outcome: Outcome) {
        let (settled, facts) = match outcome {
            Outcome::Ok { value, facts } => (Ok(value), facts),
            Outcome::Err { class, message, facts } => {
                (Err(Fault { class, message, attempt: facts.attempts }), facts)
            }
        };
        self.state.charge(at, branch, Spend::of(&facts));
        self.with_branch(at, branch, |branch| {
            branch.phase = Phase::Idle;
            branch.facts = Some(facts);
        });
        self.go(Some(Step::Settle(at, branch, settled)));
    }

    /// `sleep` is over.
    pub(super) fn woke(&mut self, at: FrameRef, branch: u32) {
        self.with_branch(at, branch, |branch| branch.phase = Phase::Idle);
        self.go(Some(Step::Settle(at, branch, Ok(Value::Nothing))));
    }

    /// A call has ended: `else` may answer for it, then the node may be done.
    pub(super) fn settle(&mut self, at: FrameRef, branch: u32, settled: Settled) -> Option<Step> {
        let call = self.state.frame_mut(at)?.work.branch_mut(branch)?;
        if matches!(call.phase, Phase::Done(_)) {
            return None;
        }
        call.phase = Phase::Idle;
        let timer = call.meter.timer.take();
        self.stop_timer(timer);
        self.compare(at, branch, &settled);
        let settled = settled.or_else(|fault| self.answer_instead(at, branch, fault));
        let frame = self.state.frame_mut(at)?;
        let Working::Many(many) = &mut frame.work else { return Some(Step::Finish(at, settled)) };
        match settled {
            Ok(value) => {
                if let Some(call) = many.branches.get_mut(branch as usize) {
                    call.phase = Phase::Done(value);
                }
                many.open = many.open.saturating_sub(1);
                if many.open > 0 {
                    return None;
                }
                self.collect(at)
            }
            Err(fault) => {
                self.cancel_work(at);
                Some(Step::Finish(at, Err(fault)))
            }
        }
    }

    /// The value of `else`: the innermost arm's first, then the call's own.
    fn answer_instead(&mut self, at: FrameRef, branch: u32, fault: Fault) -> Settled {
        let answer = self.find_answer(at, branch);
        let Some(settled) = answer else { return Err(fault) };
        self.with_branch(at, branch, |branch| branch.degraded = true);
        settled
    }

    fn find_answer(&self, at: FrameRef, branch: u32) -> Option<Settled> {
        let frame = self.state.frame(at)?;
        let call = frame.work.branch(branch)?;
        for via in call.via.iter().rev() {
            if let Some(value) = &self.arm_call(via.split, via.arm)?.otherwise {
                return Some(self.eval_in(frame, &via.slots, &[], value));
            }
        }
        let value = self.declared_call(frame, branch)?.otherwise.as_ref()?;
        let element = self.element(frame, branch);
        Some(self.eval_in(frame, &frame.slots, element.as_slice(), value))
    }

    /// All branches have a value: a record of an `all`, a list of an `each`.
    pub(super) fn collect(&mut self, at: FrameRef) -> Option<Step> {
        let program = self.program;
        let frame = self.state.frame_mut(at)?;
        let node = program.node(frame.flow, frame.at)?;
        let Working::Many(many) = &mut frame.work else { return None };
        let value_of = |phase: &mut Phase| match std::mem::take(phase) {
            Phase::Done(value) => value,
            Phase::Idle | Phase::Waiting(_) | Phase::Inside(_) => Value::None,
        };
        let values = many.branches.iter_mut().map(|branch| value_of(&mut branch.phase)).collect();
        let value = match node.work {
            Work::Each { .. } => Value::List(values),
            Work::Route | Work::Call(_) | Work::All { .. } => Value::Record(values),
        };
        Some(Step::Finish(at, Ok(value)))
    }

    /// The node's work has ended: keep its result and facts, then leave along an edge.
    pub(super) fn finish(&mut self, at: FrameRef, settled: Settled) -> Option<Step> {
        let program = self.program;
        let now_ms = self.state.now_ms;
        let frame = self.state.frame_mut(at)?;
        let node = program.node(frame.flow, frame.at)?;
        let work = std::mem::replace(&mut frame.work, Working::Nothing);
        let degraded = work.branches().iter().any(|branch| branch.degraded);
        let Summed { facts, timer } = summed(frame, work, now_ms);
        if let Some(state) = frame.nodes.get_mut(frame.at.index()) {
            state.degraded = degraded;
            state.facts = facts;
        }
        self.stop_timer(timer);
        let value = match settled {
            Ok(value) => value,
            Err(fault) => return self.raise(at, node, fault),
        };
        self.record_produced(at, &value);
        if let Some(slot) = node.result {
            self.with_frame(at, |frame| put(&mut frame.slots, slot.index(), value));
        }
        self.route(at, node)
    }

    fn record_produced(&mut self, at: FrameRef, value: &Value) {
        if !self.state.watched {
            return;
        }
        let now_ms = self.state.now_ms;
        let Some(frame) = self.state.frame(at) else { return };
        let state = frame.nodes.get(frame.at.index());
        let record = Record::Produced {
            frame: frame.id,
            flow: frame.flow,
            node: frame.at,
            value: value.clone(),
            degraded: state.is_some_and(|state| state.degraded),
            facts: state.and_then(|state| state.facts.clone()).unwrap_or_default(),
            now_ms,
        };
        self.record(|| record);
    }

    /// A flow has ended: its caller goes on, or the run ends.
    pub(super) fn close(&mut self, at: FrameRef, settled: Settled) -> Option<Step> {
        let mut frame = self.state.remove(at)?;
        self.stop_timer(frame.meter.timer.take());
        match frame.parent {
            Some((caller, branch)) => Some(Step::Settle(caller, branch, settled)),
            None => {
                let node = self.program.node(frame.flow, frame.at).filter(|_| frame.entries > 0);
                let node = node.map(|node| node.name.clone()).unwrap_or_default();
                self.end_with(settled, node)
            }
        }
    }

    pub(super) fn end_with(&mut self, settled: Settled, node: SmolStr) -> Option<Step> {
        self.end_run(match settled {
            Ok(value) => RunResult::Returned(value),
            Err(Fault { class, message, attempt }) => {
                RunResult::Failed(RunError { class, message, node, attempt })
            }
        });
        None
    }
}

/// What is left of a node's work.
#[derive(Default)]
struct Summed {
    facts: Option<Box<Facts>>,
    timer: Option<OpId>,
}

/// The facts of a node's only operation as they are, else sums over its calls.
fn summed(frame: &Frame, work: Working, now_ms: i64) -> Summed {
    let (spent, timer) = match work {
        Working::Nothing => return Summed::default(),
        Working::One(branch) => {
            if branch.facts.is_some() {
                return Summed { facts: branch.facts, timer: branch.meter.timer };
            }
            (branch.meter.spent, branch.meter.timer)
        }
        Working::Many(many) => (many.meter.spent, many.meter.timer),
    };
    let facts = Facts {
        cost: spent.cost,
        input_tokens: spent.input_tokens,
        output_tokens: spent.output_tokens,
        attempts: spent.attempts,
        latency_ms: now_ms.saturating_sub(frame.entered_ms).max(0).unsigned_abs(),
        ..Facts::default()
    };
    Summed { facts: Some(Box::new(facts)), timer }
}
