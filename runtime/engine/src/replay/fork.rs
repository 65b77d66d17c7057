//! A run that goes another way from a node on.

use std::collections::BTreeSet;
use std::sync::Arc;

use flow_ir::setup::Callee;

use super::recorded::{Answer, Recorded};
use super::{Place, Tape, Walked, time_of};
use crate::clock::Clock;
use crate::machine::Machine;
use crate::port::{Deltas, Effects, InvokeContext, Purse, Reply};
use crate::protocol::{Command, Event, Facts, Invocation, OpId, Outcome};

/// What is different, and from where.
#[derive(Clone)]
pub struct Fork {
    /// From this visit on; what its own calls ask is asked anew.
    pub from: Place,
    /// Callees that are asked anew wherever they are called from there on.
    pub changed: Vec<Callee>,
    /// Who is asked: prompts, and tools that only read.
    pub effects: Arc<dyn Effects>,
    /// How long what is asked anew takes.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Fork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fork")
            .field("from", &self.from)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

/// How the other way went.
#[derive(Clone, PartialEq, Debug)]
pub struct Forked {
    /// From the start of the run.
    pub walked: Walked,
    /// Operations that were asked anew.
    pub asked: u32,
    /// Operations that were answered as then although their arguments are others: writes and people.
    pub stood_in: Vec<Callee>,
    /// Why it did not come to an end.
    pub stuck: Option<Stuck>,
}

/// Why a fork did not come to an end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Stuck {
    /// The node was not entered so often.
    #[error("the run was not there that often")]
    NeverThere,
    /// It wants to do something that the run did not do.
    #[error("the new way calls something that the run did not, and that a replay never does")]
    Unheard(Callee),
    /// Nothing is under way that could move it on.
    #[error("the new way waits for something that did not happen then")]
    Waits,
}

/// Something that will be heard.
#[derive(Clone, PartialEq, Debug)]
struct Due {
    at_ms: i64,
    event: Event,
}

/// A fork under way.
struct Walk<'a> {
    tape: &'a Tape,
    fork: &'a Fork,
    machine: Machine,
    said: Vec<Command>,
    recorded: Recorded,
    /// What will be heard, in no order.
    due: Vec<Due>,
    now_ms: i64,
    purse: Purse,
    cancelled: BTreeSet<OpId>,
    forked: Forked,
}

impl Tape {
    /// Walks to a node with what was heard, and on from there with a change.
    ///
    /// # Cancel safety
    /// Dropping it drops what is asked anew; nothing was written.
    pub async fn fork(&self, fork: &Fork) -> Forked {
        let mut said = Vec::new();
        let machine = self.start(&mut said);
        let mut walk = Walk {
            tape: self,
            fork,
            machine,
            said: Vec::new(),
            recorded: Recorded::of(self),
            due: Vec::new(),
            now_ms: self.header.started_ms,
            purse: Purse::default(),
            cancelled: BTreeSet::new(),
            forked: Forked {
                walked: Walked { said: Vec::new(), result: None, usage: Default::default() },
                asked: 0,
                stood_in: Vec::new(),
                stuck: None,
            },
        };
        let stuck = walk.run(said).await.err();
        let Walk { machine, said, forked, .. } = walk;
        let walked = Walked { said, result: machine.result().cloned(), usage: machine.usage() };
        Forked { walked, stuck, ..forked }
    }
}

impl Walk<'_> {
    async fn run(&mut self, first: Vec<Command>) -> Result<(), Stuck> {
        let last = self.prefix(first)?;
        self.obey(last).await?;
        while self.machine.result().is_none() {
            let next = self.next().ok_or(Stuck::Waits)?;
            self.now_ms = self.now_ms.max(next.at_ms);
            let mut said = Vec::new();
            self.machine.apply_into(next.event, &mut said);
            self.obey(said).await?;
        }
        Ok(())
    }

    /// Up to the place with what was heard. What was said on entering it is returned; what was under way then goes on
    /// as it did.
    fn prefix(&mut self, first: Vec<Command>) -> Result<Vec<Command>, Stuck> {
        let mut visits = 0;
        let mut said = first;
        let mut rest = self.tape.events.iter();
        while !self.fork.from.is_entered(&said, &mut visits) {
            self.remember(&said);
            self.said.append(&mut said);
            let event = rest.next().ok_or(Stuck::NeverThere)?;
            self.now_ms = self.now_ms.max(time_of(event));
            self.forget(event);
            self.machine.apply_into(event.clone(), &mut said);
        }
        Ok(said)
    }

    /// What is begun before the place is answered as then.
    fn remember(&mut self, said: &[Command]) {
        for command in said {
            match command {
                Command::Invoke(call) => {
                    if let Some(answer) = self.recorded.same(call) {
                        self.answer(call.op, answer);
                    }
                }
                Command::Timer { op, after_ms } => self.set_timer(*op, *after_ms),
                Command::Cancel { op } => self.drop_due(*op),
                Command::Record(_) | Command::Compare(_) | Command::Shadow(_) | Command::Finish(_) => {}
            }
        }
    }

    fn forget(&mut self, event: &Event) {
        if let Event::Resolved { op, .. } | Event::Fired { op, .. } = event {
            self.drop_due(*op);
        }
    }

    fn drop_due(&mut self, gone: OpId) {
        self.due.retain(|due| op_of(&due.event) != Some(gone));
    }

    fn set_timer(&mut self, op: OpId, after_ms: u64) {
        let at_ms = self.now_ms.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX));
        self.due.push(Due { at_ms, event: Event::Fired { op, now_ms: at_ms } });
    }

    fn answer(&mut self, op: OpId, answer: Answer) {
        let Some(outcome) = answer.outcome else { return };
        let at_ms = self.now_ms.saturating_add(answer.took_ms);
        self.due.push(Due { at_ms, event: Event::Resolved { op, outcome, now_ms: at_ms } });
    }

    /// The earliest; of those at one time, answers before timers, and the lowest operation first.
    fn next(&mut self) -> Option<Due> {
        let order = |due: &Due| (due.at_ms, matches!(due.event, Event::Fired { .. }), op_of(&due.event));
        let at = self.due.iter().enumerate().min_by_key(|(_, due)| order(due))?.0;
        Some(self.due.swap_remove(at))
    }

    async fn obey(&mut self, commands: Vec<Command>) -> Result<(), Stuck> {
        // A call that is cancelled in the same breath is not made.
        let cancelled = commands.iter().filter_map(|command| match command {
            Command::Cancel { op } => Some(*op),
            Command::Invoke(_)
            | Command::Timer { .. }
            | Command::Record(_)
            | Command::Compare(_)
            | Command::Shadow(_)
            | Command::Finish(_) => None,
        });
        self.cancelled.extend(cancelled);
        for command in &commands {
            match command {
                Command::Invoke(call) if !self.cancelled.contains(&call.op) => {
                    self.invoke(call).await?;
                }
                Command::Timer { op, after_ms } => self.set_timer(*op, *after_ms),
                Command::Cancel { op } => self.drop_due(*op),
                // Nothing is compared with what might have been.
                Command::Invoke(_)
                | Command::Record(_)
                | Command::Compare(_)
                | Command::Shadow(_)
                | Command::Finish(_) => {}
            }
        }
        self.said.extend(commands);
        Ok(())
    }

    async fn invoke(&mut self, call: &Invocation) -> Result<(), Stuck> {
        if self.is_asked_anew(call) {
            // What it was answered then is nobody else's answer.
            drop(self.recorded.same(call));
            return self.ask(call).await;
        }
        if let Some(answer) = self.recorded.same(call) {
            self.answer(call.op, answer);
            return Ok(());
        }
        if self.may_ask(call.callee) {
            return self.ask(call).await;
        }
        if call.callee == Callee::Tell {
            let outcome = Some(nothing());
            self.answer(call.op, Answer { outcome, took_ms: 0 });
            return Ok(());
        }
        let answer = self.recorded.alike(call).ok_or(Stuck::Unheard(call.callee))?;
        self.forked.stood_in.push(call.callee);
        self.answer(call.op, answer);
        Ok(())
    }

    /// Calls of the node itself and of what was changed.
    fn is_asked_anew(&self, call: &Invocation) -> bool {
        let Place { flow, node, .. } = self.fork.from;
        let is_there = (call.flow, call.node) == (flow, node);
        (is_there || self.fork.changed.contains(&call.callee)) && self.may_ask(call.callee)
    }

    /// What changes nothing outside, and asks nobody.
    fn may_ask(&self, callee: Callee) -> bool {
        !self.tape.program.is_write(callee) && !matches!(callee, Callee::Human(_))
    }

    async fn ask(&mut self, call: &Invocation) -> Result<(), Stuck> {
        self.purse = self.purse.with_pools(&call.pools);
        let header = Arc::clone(self.machine.header());
        let cx = InvokeContext {
            now_ms: self.now_ms,
            clock: Arc::clone(&self.fork.clock),
            purse: self.purse.clone(),
            deltas: Deltas::new(None, Arc::clone(&header), call.op),
            header,
        };
        let began_ms = self.fork.clock.now_ms();
        let outcome = match self.fork.effects.invoke(&cx, Box::new(call.clone())) {
            Reply::Now(outcome) => outcome,
            Reply::Later(outcome) => outcome.await,
        };
        let took_ms = self.fork.clock.now_ms().saturating_sub(began_ms).max(0);
        self.forked.asked += 1;
        self.answer(call.op, Answer { outcome: Some(outcome), took_ms });
        Ok(())
    }
}

fn op_of(event: &Event) -> Option<OpId> {
    match event {
        Event::Resolved { op, .. } | Event::Fired { op, .. } => Some(*op),
        Event::Paused { .. } | Event::CancelRequested { .. } => None,
    }
}

fn nothing() -> Outcome {
    Outcome::Ok { value: flow_eval::Value::Nothing, facts: Box::new(Facts::default()) }
}
