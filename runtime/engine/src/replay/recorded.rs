//! What a run's operations were, and how they ended.

use std::collections::BTreeMap;

use flow_eval::Value;
use flow_ir::setup::Callee;
use flow_ir::{FlowId, NodeId};

use super::{Tape, time_of};
use crate::protocol::{Command, Event, Invocation, OpId, Outcome};

/// An operation of the run.
#[derive(Clone, Debug)]
struct Call {
    callee: Callee,
    place: (FlowId, NodeId, u32),
    args: Vec<Value>,
    /// `None` if it never ended: nobody answered in time.
    outcome: Option<Outcome>,
    took_ms: i64,
    is_used: bool,
}

/// How an operation of a fork is answered from the run.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// `None` if it never ended.
    pub(super) outcome: Option<Outcome>,
    pub(super) took_ms: i64,
}

/// The operations of a run that have not been given to a fork yet.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    calls: Vec<Call>,
}

impl Recorded {
    /// All operations of a run.
    pub(super) fn of(tape: &Tape) -> Self {
        let mut recorded = Self::default();
        let mut open: BTreeMap<OpId, (usize, i64)> = BTreeMap::new();
        let mut said = Vec::new();
        let mut machine = tape.start(&mut said);
        recorded.begin(&mut open, &mut said, tape.header.started_ms);
        for event in &tape.events {
            let now_ms = time_of(event);
            if let Event::Resolved { op, outcome, .. } = event
                && let Some((at, since_ms)) = open.remove(op)
                && let Some(call) = recorded.calls.get_mut(at)
            {
                call.outcome = Some(outcome.clone());
                call.took_ms = now_ms.saturating_sub(since_ms).max(0);
            }
            machine.apply_into(event.clone(), &mut said);
            recorded.begin(&mut open, &mut said, now_ms);
        }
        recorded
    }

    fn begin(&mut self, open: &mut BTreeMap<OpId, (usize, i64)>, said: &mut Vec<Command>, now_ms: i64) {
        for command in said.drain(..) {
            let Command::Invoke(call) = command else { continue };
            open.insert(call.op, (self.calls.len(), now_ms));
            self.calls.push(Call {
                callee: call.callee,
                place: (call.flow, call.node, call.branch),
                args: call.args,
                outcome: None,
                took_ms: 0,
                is_used: false,
            });
        }
    }

    /// The same call: equal arguments, here if there is one here, else anywhere. Each is given once.
    pub(super) fn same(&mut self, call: &Invocation) -> Option<Answer> {
        self.take(call, |known| known.args == call.args)
    }

    /// A call of the same callee, whatever its arguments were.
    pub(super) fn alike(&mut self, call: &Invocation) -> Option<Answer> {
        self.take(call, |_| true)
    }

    fn take(&mut self, call: &Invocation, fits: impl Fn(&Call) -> bool) -> Option<Answer> {
        let here = (call.flow, call.node, call.branch);
        let is_free = |known: &Call| !known.is_used && known.callee == call.callee && fits(known);
        let at_home = self.calls.iter().position(|known| is_free(known) && known.place == here);
        let at = at_home.or_else(|| self.calls.iter().position(is_free))?;
        let found = self.calls.get_mut(at)?;
        found.is_used = true;
        Some(Answer { outcome: found.outcome.clone(), took_ms: found.took_ms })
    }
}
