//! A kept run, walked again.
//!
//! [`Tape::again`] tells a fresh machine what the first one heard: the same bundle and events give the same run, on
//! any machine, at any time. [`Tape::fork`] does so up to a node and goes on from there with something changed: what
//! the change does not touch is answered as it was then, the rest is asked anew.
//!
//! A fork never changes the world. Writes, sensitive tools and people answer as they did; where the new way wants one
//! that the run did not have, the fork ends and says so. Time is the run's own: nobody waits for timers.

mod fork;
mod recorded;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use flow_ir::{FlowId, NodeId};

use crate::home::durable::{Record as Kept, Unreadable};
use crate::machine::{Machine, Usage};
use crate::program::Program;
use crate::protocol::{Command, Event, Record, RunHeader, RunResult};

pub use fork::{Fork, Forked, Stuck};

/// What a run heard, in order.
#[derive(Clone, Debug)]
pub struct Tape {
    /// What was walked.
    pub program: Arc<Program>,
    /// What never changed about it.
    pub header: Arc<RunHeader>,
    /// What it heard.
    pub events: Vec<Event>,
}

/// A walk with everything that was said on the way.
#[derive(Clone, PartialEq, Debug)]
pub struct Walked {
    /// In order.
    pub said: Vec<Command>,
    /// How it ended; `None` if what it heard ends before.
    pub result: Option<RunResult>,
    /// What it used.
    pub usage: Usage,
}

/// A visit of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its flow.
    pub flow: FlowId,
    /// Which node.
    pub node: NodeId,
    /// Counted over the whole run, from 1.
    pub time: u32,
}

impl Tape {
    /// Of the log of a run.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn of(program: Arc<Program>, header: Arc<RunHeader>, log: &[Vec<u8>]) -> Result<Self, Unreadable> {
        let mut events = Vec::new();
        for (index, bytes) in log.iter().enumerate() {
            match Kept::from_bytes(bytes).ok_or(Unreadable::Record(index + 1))? {
                Kept::Event(event) => events.push(event),
                // How often an operation was started changes nothing about what was heard.
                Kept::Intent(_) | Kept::Lost(_) | Kept::Untouched(_) => {}
            }
        }
        Ok(Self { program, header, events })
    }

    /// The walk with what was heard.
    #[must_use]
    pub fn again(&self) -> Walked {
        let mut said = Vec::new();
        let mut machine = self.start(&mut said);
        for event in &self.events {
            machine.apply_into(event.clone(), &mut said);
        }
        Walked { said, result: machine.result().cloned(), usage: machine.usage() }
    }

    fn start(&self, said: &mut Vec<Command>) -> Machine {
        Machine::start_into(Arc::clone(&self.program), Arc::clone(&self.header), true, said)
    }
}

impl Place {
    /// Whether these commands begin the visit; `before` counts the visits so far.
    fn is_entered(self, said: &[Command], before: &mut u32) -> bool {
        let is_here = |command: &&Command| {
            matches!(command, Command::Record(Record::Entered { flow, node, .. })
                if *flow == self.flow && *node == self.node)
        };
        let now = said.iter().filter(is_here).count();
        let entered = *before + u32::try_from(now).unwrap_or(u32::MAX);
        let is_it = *before < self.time && self.time <= entered;
        *before = entered;
        is_it
    }
}

/// When something was heard, ms since the Unix epoch.
fn time_of(event: &Event) -> i64 {
    event.now_ms()
}
