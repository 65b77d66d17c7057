//! Limits of money, tokens and time: what is left around a call, and the timers.

use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_policy::budget::Left;

use super::state::{Fault, Frame, FrameRef, Meter, Ready, Spend, State, Step, Waiter, Working};
use super::walk::Walk;
use crate::protocol::{Command, OpId, Pool};

/// The limits around a call, its own included.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Innermost first.
    pub(super) pools: Vec<Pool>,
    /// The smallest of all.
    pub(super) left: Left,
    /// The earliest of all.
    pub(super) deadline_ms: Option<i64>,
    /// A flow whose time is over.
    pub(super) expired: bool,
}

impl Around {
    fn add(&mut self, meter: &Meter) {
        if let Some(id) = meter.pool {
            let left = meter.left();
            self.left = self.left.smallest(left);
            self.pools.push(Pool { id, left });
        }
        self.deadline_ms = self.deadline_ms.into_iter().chain(meter.deadline_ms).min();
    }

    fn add_flow(&mut self, frame: &Frame) {
        if !frame.outside {
            self.add(&frame.meter);
            self.expired |= frame.expired;
        }
    }
}

impl State {
    /// The limits around a call.
    pub(super) fn around(&self, at: FrameRef, branch: u32) -> Around {
        let mut around = Around::default();
        let mut here = Some((at, branch));
        while let Some((at, branch)) = here {
            let Some(frame) = self.frame(at) else { break };
            if let Some(branch) = frame.work.branch(branch) {
                around.add(&branch.meter);
            }
            if let Working::Many(many) = &frame.work {
                around.add(&many.meter);
            }
            around.add_flow(frame);
            here = frame.parent;
        }
        around
    }

    /// What is left around an activation.
    pub(super) fn left(&self, frame: &Frame) -> Left {
        let mut around = Around::default();
        around.add_flow(frame);
        let outer = frame.parent.map(|(at, branch)| self.around(at, branch).left);
        around.left.smallest(outer.unwrap_or_default())
    }

    /// Charges a call to the run and to every limit around it.
    pub(super) fn charge(&mut self, at: FrameRef, branch: u32, spend: Spend) {
        self.spent.add(spend);
        let mut here = Some((at, branch));
        while let Some((at, branch)) = here {
            let Some(frame) = self.frame_mut(at) else { return };
            if let Some(branch) = frame.work.branch_mut(branch) {
                branch.meter.spent.add(spend);
            }
            if let Working::Many(many) = &mut frame.work {
                many.meter.spent.add(spend);
            }
            frame.meter.spent.add(spend);
            here = frame.parent;
        }
    }
}

impl Walk<'_> {
    /// Gives the call a meter of its own.
    pub(super) fn meter_call(&mut self, at: FrameRef, branch: u32, limits: &Limits) {
        if limits.cost.is_some() || limits.time_ms.is_some() || limits.tokens.is_some() {
            let meter = self.state.meter(limits);
            self.with_branch(at, branch, |branch| branch.meter = meter);
        }
    }

    pub(super) fn start_call_timer(&mut self, at: FrameRef, branch: u32, limits: &Limits) {
        if let Some(after_ms) = limits.time_ms {
            let timer = self.start_timer(after_ms, Waiter::CallLimit(at, branch));
            self.with_branch(at, branch, |branch| branch.meter.timer = Some(timer));
        }
    }

    pub(super) fn start_timer(&mut self, after_ms: u64, waiter: Waiter) -> OpId {
        let op = self.state.new_op();
        self.state.expect(op, waiter);
        self.out.push(Command::Timer { op, after_ms });
        op
    }

    pub(super) fn stop_timer(&mut self, timer: Option<OpId>) {
        self.cancel_op(timer);
    }

    /// Whether a limit forbids the operation. What costs nothing is allowed after the last cent.
    pub(super) fn admit(&self, at: FrameRef, branch: u32, ready: &Ready) -> Result<(), Fault> {
        let around = self.state.around(at, branch);
        if around.expired {
            return Err(Fault::new(ErrorClass::Timeout, "the time of the flow is over"));
        }
        let no_money = around.left.cost.is_some_and(|left| left <= Usd(0));
        if no_money && self.program.can_cost(ready.callee, ready.model) {
            return Err(Fault::new(ErrorClass::Budget, "the money of this call is spent"));
        }
        if around.left.tokens == Some(0) && self.program.uses_tokens(ready.callee) {
            return Err(Fault::new(ErrorClass::Budget, "the tokens of this call are spent"));
        }
        Ok(())
    }

    /// The time of a call is over.
    pub(super) fn call_expired(&mut self, at: FrameRef, branch: u32) {
        let Some(frame) = self.state.frame(at) else { return };
        let Some(call) = frame.work.branch(branch) else { return };
        let limit = call.meter.deadline_ms.map_or(0, |deadline| deadline.saturating_sub(frame.entered_ms));
        let fault = overdue(call.patient, limit);
        self.with_branch(at, branch, |branch| branch.meter.timer = None);
        self.cancel_branch(at, branch);
        self.go(Some(Step::Settle(at, branch, Err(fault))));
    }

    /// The time of an `all` or `each` is over.
    pub(super) fn node_expired(&mut self, at: FrameRef) {
        let Some(frame) = self.state.frame(at) else { return };
        let Working::Many(many) = &frame.work else { return };
        let limit = many.meter.deadline_ms.map_or(0, |deadline| deadline.saturating_sub(frame.entered_ms));
        let waits = many.branches.iter().any(|branch| branch.patient && branch.is_under_way());
        let fault = overdue(waits, limit);
        self.with_many(at, |many| many.meter.timer = None);
        self.cancel_work(at);
        self.go(Some(Step::Finish(at, Err(fault))));
    }

    /// The time of a flow is over: the node it stands at raises `Timeout`.
    pub(super) fn flow_expired(&mut self, at: FrameRef) {
        let Some(frame) = self.state.frame_mut(at) else { return };
        frame.meter.timer = None;
        frame.expired = true;
        if frame.outside {
            return;
        }
        let name = self.program.flow(frame.flow).map_or("", |flow| flow.name.as_str());
        let fault = Fault::new(ErrorClass::Timeout, format!("the time of flow `{name}` is over"));
        self.cancel_work(at);
        self.go(Some(Step::Finish(at, Err(fault))));
    }
}

/// The error of a time limit: nobody answered, or nothing did.
fn overdue(waits_for_somebody: bool, limit_ms: i64) -> Fault {
    let limit = flow_eval::print::duration(limit_ms);
    if waits_for_somebody {
        return Fault::new(ErrorClass::Expired, format!("nobody answered within {limit}"));
    }
    Fault::new(ErrorClass::Timeout, format!("no answer within {limit}"))
}
