//! Starting one call: arguments, splits, limits, and then a value, a flow, a timer or an operation.

use std::sync::Arc;

use flow_eval::Value;
use flow_ir::LocalId;
use flow_ir::expr::{Expr, Lambda};
use flow_ir::flow::Work;
use flow_ir::setup::{Call, Callee, Method, Split};
use flow_ir::units::Limits;
use flow_ir::{CheckId, FlowId, SplitId};
use flow_policy::guard::choose;

use super::state::{Branch, Fault, Frame, FrameRef, Phase, Ready, Step, Via, Waiter};
use super::walk::Walk;
use crate::ids::{IdempotencyKey, Place, sticky_draw};
use crate::protocol::{Arm, Command, Filter, Invocation, OpId};

/// What became of a call's preparation.
enum Prepared {
    /// It was a pure expression.
    Value(Value),
    /// It is to be started.
    Call(Ready),
}

/// Where a call's expressions are evaluated.
struct Scope<'s> {
    frame: &'s Frame,
    /// The flow's, or a split's arguments.
    slots: &'s [Option<Value>],
    locals: &'s [(LocalId, Value)],
}

impl<'a> Walk<'a> {
    /// Starts the call of a branch. Returns its end if it ends at once.
    pub(super) fn start_call(&mut self, at: FrameRef, branch: u32) -> Option<Step> {
        let mut via = Vec::new();
        let prepared = self.prepare(at, branch, &mut via);
        self.with_branch(at, branch, |branch| branch.via = via);
        let settled = match prepared {
            Ok(Prepared::Value(value)) => Ok(value),
            Ok(Prepared::Call(ready)) => return self.launch(at, branch, ready),
            Err(fault) => Err(fault),
        };
        Some(Step::Settle(at, branch, settled))
    }

    /// The call of a branch, as declared.
    pub(super) fn declared_call(&self, frame: &Frame, branch: u32) -> Option<&'a Call> {
        let program = self.program;
        match &program.node(frame.flow, frame.at)?.work {
            Work::Route => None,
            Work::Call(call) | Work::Each { call, .. } => Some(call),
            Work::All { branches, .. } => branches.get(branch as usize).map(|(_, call)| call),
        }
    }

    /// Evaluates arguments and decides splits. Every split that was decided is added to `via`, even if a later
    /// argument has no value, so that the arm's `else` can answer.
    fn prepare(&self, at: FrameRef, branch: u32, via: &mut Vec<Via>) -> Result<Prepared, Fault> {
        let nowhere = || Fault::malformed("a call has no place");
        let frame = self.state.frame(at).ok_or_else(nowhere)?;
        let mut call = self.declared_call(frame, branch).ok_or_else(nowhere)?;
        let element = self.element(frame, branch);
        let locals = element.as_slice();
        let mut limits = call.limits.clone();
        let mut args = self.arguments(call, &Scope { frame, slots: &frame.slots, locals })?;
        while let Callee::Split(split) = call.callee {
            if via.len() > self.program.bundle().splits.len() {
                return Err(Fault::malformed("its splits call each other in a circle"));
            }
            let decided = self.decide(frame, split, std::mem::take(&mut args))?;
            let arm = self.arm_call(decided.split, decided.arm).ok_or_else(nowhere)?;
            via.push(decided);
            call = arm;
            limits = smallest(&limits, &call.limits);
            let slots = via.last().map_or(&[][..], |via| &via.slots);
            args = self.arguments(call, &Scope { frame, slots, locals: &[] })?;
        }
        if call.callee == Callee::Value {
            let value = args.pop().ok_or_else(|| Fault::malformed("a value is missing"))?;
            return Ok(Prepared::Value(value));
        }
        let slots = via.last().map_or(&frame.slots[..], |via| &via.slots);
        let locals = if via.is_empty() { locals } else { &[] };
        let filter = call.filter.as_ref().map(|lambda| captured(lambda, slots, locals));
        Ok(Prepared::Call(Ready { callee: call.callee, args, filter, model: call.model, limits }))
    }

    fn arguments(&self, call: &Call, scope: &Scope<'_>) -> Result<Vec<Value>, Fault> {
        let value = |arg: &Expr| self.eval_in(scope.frame, scope.slots, scope.locals, arg);
        call.args.iter().map(value).collect()
    }

    /// Chooses an arm: the same key meets the same arm.
    fn decide(&self, frame: &Frame, id: SplitId, args: Vec<Value>) -> Result<Via, Fault> {
        let missing = || Fault::malformed("it calls a split it does not hold");
        let split = self.program.bundle().splits.get(id.index()).ok_or_else(missing)?;
        let slots: Vec<Option<Value>> = args.into_iter().map(Some).collect();
        let Value::Text(key) = self.eval_in(frame, &slots, &[], &split.key)? else {
            return Err(Fault::malformed("the key of a split is no text"));
        };
        let draw = sticky_draw(&key, &split.name);
        let mut below = 0u32;
        let taken = split.arms.iter().position(|arm| {
            below = below.saturating_add(arm.share);
            draw < below
        });
        let last = split.arms.len().saturating_sub(1);
        let drawn = taken.unwrap_or(last) as u32;
        Ok(Via { split: id, arm: self.open_arm(split, id, drawn), key, slots })
    }

    /// The arm that a caller gets who was drawn to this one.
    fn open_arm(&self, split: &Split, id: SplitId, drawn: u32) -> u32 {
        let paused = |index: u32| self.state.paused.contains(&Arm { split: id, index });
        if !paused(drawn) {
            return drawn;
        }
        let shares: Vec<u32> = split.arms.iter().map(|arm| arm.share).collect();
        choose(&shares, paused, drawn)
    }

    pub(super) fn arm_call(&self, split: SplitId, arm: u32) -> Option<&'a Call> {
        let program = self.program;
        Some(&program.bundle().splits.get(split.index())?.arms.get(arm as usize)?.call)
    }

    fn launch(&mut self, at: FrameRef, branch: u32, ready: Ready) -> Option<Step> {
        let settled = match ready.callee {
            Callee::Function(function) => {
                flow_eval::eval_function(&self.pure_context(), function, ready.args).map_err(Fault::from)
            }
            Callee::Check(check) => self.check(check, ready.args),
            Callee::Flow(flow) => return self.call_flow(at, branch, flow, &ready),
            Callee::Sleep => return self.sleep(at, branch, &ready),
            Callee::Prompt(_) | Callee::Tool(_) | Callee::Human(_) | Callee::Method(..) | Callee::Tell => {
                return self.operate(at, branch, ready);
            }
            Callee::Value | Callee::Split(_) => Err(Fault::malformed("a call leads nowhere")),
        };
        Some(Step::Settle(at, branch, settled))
    }

    fn check(&self, check: CheckId, args: Vec<Value>) -> Result<Value, Fault> {
        let missing = || Fault::malformed("it calls a check it does not hold");
        let check = self.program.bundle().checks.get(check.index()).ok_or_else(missing)?;
        flow_eval::run_check(&self.pure_context(), check, args).map_err(Fault::from)
    }

    fn call_flow(&mut self, at: FrameRef, branch: u32, flow: FlowId, ready: &Ready) -> Option<Step> {
        self.meter_call(at, branch, &ready.limits);
        match self.open_frame(flow, &ready.args, Some((at, branch))) {
            Ok(inner) => {
                self.with_branch(at, branch, |branch| branch.phase = Phase::Inside(inner));
                self.start_call_timer(at, branch, &ready.limits);
                self.state.steps.push_back(Step::Open(inner));
                None
            }
            Err(fault) => Some(Step::Settle(at, branch, Err(fault))),
        }
    }

    fn sleep(&mut self, at: FrameRef, branch: u32, ready: &Ready) -> Option<Step> {
        let Some(Value::Duration(ms)) = ready.args.first() else {
            return Some(Step::Settle(at, branch, Err(Fault::malformed("`sleep` is given no duration"))));
        };
        if let Err(fault) = self.admit(at, branch, ready) {
            return Some(Step::Settle(at, branch, Err(fault)));
        }
        self.meter_call(at, branch, &ready.limits);
        let op = self.start_timer(u64::try_from(*ms).unwrap_or(0), Waiter::Sleep(at, branch));
        self.with_branch(at, branch, |branch| branch.phase = Phase::Waiting(op));
        self.start_call_timer(at, branch, &ready.limits);
        None
    }

    /// Asks the home for an operation, unless a limit forbids it.
    fn operate(&mut self, at: FrameRef, branch: u32, ready: Ready) -> Option<Step> {
        if let Err(fault) = self.admit(at, branch, &ready).and_then(|()| self.permit(at, ready.callee)) {
            return Some(Step::Settle(at, branch, Err(fault)));
        }
        self.meter_call(at, branch, &ready.limits);
        let limits = ready.limits.clone();
        let op = self.state.new_op();
        let waits = matches!(ready.callee, Callee::Human(_) | Callee::Method(_, Method::EventsWait));
        let arm = self.with_branch(at, branch, |branch| {
            branch.phase = Phase::Waiting(op);
            branch.patient = waits;
            branch.via.last().map(|via| Arm { split: via.split, index: via.arm })
        });
        let invocation = self.invocation(at, branch, op, ready, arm.flatten())?;
        self.state.expect(op, Waiter::Call(at, branch));
        self.out.push(Command::Invoke(invocation));
        self.start_call_timer(at, branch, &limits);
        None
    }

    fn invocation(
        &self,
        at: FrameRef,
        branch: u32,
        op: OpId,
        ready: Ready,
        arm: Option<Arm>,
    ) -> Option<Box<Invocation>> {
        let frame = self.state.frame(at)?;
        let visit = frame.nodes.get(frame.at.index()).map_or(1, |node| node.visits);
        let around = self.state.around(at, branch);
        let place = Place { frame: frame.id, node: frame.at, visit, branch };
        let until = |deadline: i64| deadline.saturating_sub(self.state.now_ms).max(0).unsigned_abs();
        Some(Box::new(Invocation {
            op,
            frame: frame.id,
            flow: frame.flow,
            node: frame.at,
            branch,
            visit,
            callee: ready.callee,
            args: ready.args,
            filter: ready.filter,
            model: ready.model,
            timeout_ms: around.deadline_ms.map(until),
            left: around.left.cost,
            pools: around.pools,
            arm,
            shadow: false,
            idempotency_key: IdempotencyKey { run: self.state.header.run.clone(), place },
        }))
    }

    pub(super) fn with_branch<T>(
        &mut self,
        at: FrameRef,
        branch: u32,
        change: impl FnOnce(&mut Branch) -> T,
    ) -> Option<T> {
        self.state.frame_mut(at)?.work.branch_mut(branch).map(change)
    }
}

/// A predicate with what it may read.
pub(super) fn captured(lambda: &Lambda, slots: &[Option<Value>], locals: &[(LocalId, Value)]) -> Filter {
    Filter { lambda: lambda.clone(), slots: Arc::from(slots), locals: Arc::from(locals) }
}

/// The smaller of both limits in each respect.
fn smallest(outer: &Limits, inner: &Limits) -> Limits {
    fn least<T: Ord + Copy>(a: Option<T>, b: Option<T>) -> Option<T> {
        a.into_iter().chain(b).min()
    }
    Limits {
        cost: least(outer.cost, inner.cost),
        time_ms: least(outer.time_ms, inner.time_ms),
        tokens: least(outer.tokens, inner.tokens),
        quantiles_ms: Vec::new(),
    }
}
