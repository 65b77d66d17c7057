//! One run of a driver.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::AbortHandle;

use super::RunKey;
use super::beside::Beside;
use crate::machine::Machine;
use crate::port::{Purse, Watch};
use crate::program::Program;
use crate::protocol::{Command, Event, OpId, Record, RunHeader, RunResult};

/// A machine and what surrounds it.
pub(super) struct Run {
    pub(super) key: RunKey,
    pub(super) machine: Machine,
    pub(super) watch: Option<Arc<dyn Watch>>,
    /// Whether it is the call of a shadow, and beside which run.
    pub(super) beside: Option<Box<Beside>>,
    /// What it has been told and not yet applied, in total order.
    pub(super) inbox: VecDeque<Event>,
    /// Whether it waits for its turn.
    pub(super) queued: bool,
    pub(super) purse: Purse,
    pub(super) under_way: Vec<Under>,
    /// Timers that are set, with their times.
    pub(super) timers: Vec<(OpId, i64)>,
    pub(super) result: Option<RunResult>,
    told_end: bool,
}

/// An operation under way.
pub(super) struct Under {
    pub(super) op: OpId,
    /// Writes have none: they are always awaited.
    pub(super) abort: Option<AbortHandle>,
    pub(super) is_write: bool,
}

impl Run {
    pub(super) fn start(
        key: RunKey,
        program: Arc<Program>,
        header: Arc<RunHeader>,
        watch: Option<Arc<dyn Watch>>,
        out: &mut Vec<Command>,
    ) -> Self {
        Self {
            key,
            machine: Machine::start_into(program, header, watch.is_some(), out),
            watch,
            beside: None,
            inbox: VecDeque::new(),
            queued: false,
            purse: Purse::default(),
            under_way: Vec::new(),
            timers: Vec::new(),
            result: None,
            told_end: false,
        }
    }

    pub(super) fn apply(&mut self, event: Event, out: &mut Vec<Command>) {
        if let Some(watch) = &self.watch {
            watch.event(self.machine.header(), &event);
        }
        self.machine.apply_into(event, out);
    }

    pub(super) fn show(&self, command: &Command) {
        if let Some(watch) = &self.watch {
            watch.command(self.machine.header(), command);
        }
    }

    pub(super) fn note(&mut self, record: &Record) {
        if let Some(beside) = &mut self.beside {
            beside.note(record);
        }
    }

    /// The machine has ended.
    pub(super) fn finished(&mut self, result: RunResult) {
        if result == RunResult::Cancelled {
            self.under_way.iter().filter_map(|under| under.abort.as_ref()).for_each(AbortHandle::abort);
        }
        self.result = Some(result);
    }

    /// An operation's future has ended.
    pub(super) fn landed(&mut self, op: OpId) {
        self.under_way.retain(|under| under.op != op);
    }

    /// Aborts an operation, unless it is a write.
    pub(super) fn abort(&mut self, op: OpId) {
        let under = self.under_way.iter().find(|under| under.op == op);
        if let Some(abort) = under.and_then(|under| under.abort.as_ref()) {
            abort.abort();
        }
    }

    pub(super) fn forget_timer(&mut self, op: OpId) -> Option<i64> {
        let found = self.timers.iter().position(|(timer, _)| *timer == op)?;
        Some(self.timers.swap_remove(found).1)
    }

    /// The result, once: when no write is in flight.
    pub(super) fn end(&mut self) -> Option<RunResult> {
        let writes = self.under_way.iter().any(|under| under.is_write);
        if self.told_end || writes {
            return None;
        }
        let result = self.result.clone()?;
        self.told_end = true;
        Some(result)
    }

    /// Whether nothing of it is left.
    pub(super) fn is_over(&self) -> bool {
        self.told_end && self.under_way.is_empty() && self.inbox.is_empty()
    }
}
