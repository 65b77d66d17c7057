//! Performing operations of runs.

use std::sync::Arc;

use futures_util::future::{AbortHandle, Abortable};

use super::keeper::Keeper;
use super::record::Record;
use super::run::{Run, Under};
use super::step::is_unrepeatable;
use crate::port::{Deltas, InvokeContext, Purse, Reply};
use crate::protocol::{Event, Invocation, OpId, Outcome};

impl Keeper {
    pub(super) fn context(&self, run: &mut Run, invocation: &Invocation) -> InvokeContext {
        run.purse = run.purse.with_pools(&invocation.pools);
        let header = Arc::clone(run.machine.header());
        InvokeContext {
            now_ms: self.options.clock.now_ms(),
            clock: Arc::clone(&self.options.clock),
            purse: run.purse.clone(),
            deltas: Deltas::new(run.watch.clone(), Arc::clone(&header), invocation.op),
            header,
        }
    }

    /// Starts an operation, unless a question stands for it, it was cancelled before it could start, or the
    /// process is ending.
    pub(super) fn invoke(&mut self, run: &mut Run, invocation: Box<Invocation>) {
        let op = invocation.op;
        if run.questions.contains_key(&op) || !is_pending(run, op) {
            return;
        }
        let callee = invocation.callee;
        // What was announced must be done: undone, it would be in doubt for ever.
        if self.is_draining && !is_unrepeatable(&run.host.program, callee) {
            self.append(run, &Record::Untouched(op));
            return;
        }
        let mut cx = self.context(run, &invocation);
        cx.purse = cx.purse.after_loss(run.lost.remove(&op).unwrap_or(0));
        let is_write = run.host.program.is_write(callee);
        let purse = cx.purse.clone();
        match run.host.effects.invoke(&cx, invocation) {
            Reply::Now(outcome) => {
                let outcome = with_loss(outcome, &purse);
                self.tell(run, Event::Resolved { op, outcome, now_ms: cx.now_ms });
            }
            Reply::Later(future) => {
                let (abort, registration) = AbortHandle::new_pair();
                let abort = (!is_write).then_some(abort);
                run.under_way.push(Under { op, abort });
                let (no, flight) = (run.no, Abortable::new(future, registration));
                self.flights.push(Box::pin(async move {
                    let outcome = flight.await.map(|outcome| with_loss(outcome, &purse));
                    (no, op, outcome)
                }));
            }
        }
    }
}

pub(super) fn is_pending(run: &Run, op: OpId) -> bool {
    run.machine.pending().any(|pending| pending == op)
}

/// Adds what cut-off attempts were charged.
fn with_loss(mut outcome: Outcome, purse: &Purse) -> Outcome {
    let lost = purse.charged_for_loss();
    let (Outcome::Ok { facts, .. } | Outcome::Err { facts, .. }) = &mut outcome;
    facts.cost = facts.cost.plus(lost.cost);
    facts.input_tokens = facts.input_tokens.saturating_add(lost.tokens);
    outcome
}
