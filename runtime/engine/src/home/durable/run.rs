//! One run in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_store::runs::RunNo;
use futures_util::future::AbortHandle;

use super::Host;
use crate::machine::Machine;
use crate::port::{Purse, Watch};
use crate::protocol::{Invocation, OpId, RunResult};

/// A machine and what surrounds it.
pub(super) struct Run {
    pub(super) no: RunNo,
    pub(super) host: Arc<Host>,
    pub(super) machine: Machine,
    /// Records of its log.
    pub(super) n_records: u32,
    pub(super) lane: Option<String>,
    pub(super) watch: Option<Arc<dyn Watch>>,
    pub(super) purse: Purse,
    pub(super) under_way: Vec<Under>,
    /// Timers that are set, with their times.
    pub(super) timers: Vec<(OpId, i64)>,
    /// Questions that are open.
    pub(super) questions: BTreeMap<OpId, Asked>,
    /// Attempts that crashes cut off, of operations that are to be started.
    pub(super) lost: BTreeMap<OpId, u32>,
    /// Steps that are not on the disk yet.
    pub(super) uncommitted: u32,
    pub(super) result: Option<RunResult>,
    /// Which state of the guards it was told of.
    pub(super) guards_seen: u64,
    /// It was under way when the process ended hard, and has not come on since.
    pub(super) is_suspect: bool,
}

/// An open question.
pub(super) struct Asked {
    pub(super) invocation: Box<Invocation>,
    /// Who has answered.
    pub(super) by: Vec<String>,
}

/// An operation under way.
pub(super) struct Under {
    pub(super) op: OpId,
    /// Writes have none: they are always awaited.
    pub(super) abort: Option<AbortHandle>,
}

impl Run {
    pub(super) fn new(no: RunNo, host: Arc<Host>, machine: Machine, lane: Option<String>) -> Self {
        Self {
            no,
            host,
            machine,
            n_records: 0,
            lane,
            watch: None,
            purse: Purse::default(),
            under_way: Vec::new(),
            timers: Vec::new(),
            questions: BTreeMap::new(),
            lost: BTreeMap::new(),
            uncommitted: 0,
            result: None,
            guards_seen: 0,
            is_suspect: false,
        }
    }

    pub(super) fn landed(&mut self, op: OpId) {
        self.under_way.retain(|under| under.op != op);
    }

    /// Aborts an operation, unless it is a write.
    pub(super) fn abort(&self, op: OpId) {
        let under = self.under_way.iter().find(|under| under.op == op);
        if let Some(abort) = under.and_then(|under| under.abort.as_ref()) {
            abort.abort();
        }
    }

    /// The run has ended: nobody waits for what it reads.
    pub(super) fn abort_all(&self) {
        self.under_way.iter().filter_map(|under| under.abort.as_ref()).for_each(AbortHandle::abort);
    }

    pub(super) fn forget_timer(&mut self, op: OpId) -> Option<i64> {
        let found = self.timers.iter().position(|(timer, _)| *timer == op)?;
        Some(self.timers.swap_remove(found).1)
    }

    /// Whether its end may be told: it is on the disk, and no write is in flight.
    pub(super) fn is_over(&self) -> bool {
        self.result.is_some() && self.uncommitted == 0 && !self.writes()
    }

    fn writes(&self) -> bool {
        self.under_way.iter().any(|under| under.abort.is_none())
    }
}
