//! A kept run, told again.

use flow_eval::Value;
use flow_runtime::home::durable::{read, result_of};
use flow_runtime::protocol::{Command, Record, RunResult};

use super::One;
use crate::durable::kept::Kept;
use crate::exit::Stop;
use crate::journal::{self, Step};

/// A run with everything that is known about it.
pub(super) struct Told {
    pub(super) kept: Kept,
    pub(super) result: Option<RunResult>,
    pub(super) steps: Vec<Step>,
    /// What the work of each step gave.
    pub(super) values: Vec<Option<Value>>,
    /// How much of its log this tells.
    n_records: usize,
}

impl Told {
    /// The run of this name.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub(super) fn of(one: &One) -> Result<Self, Stop> {
        let kept = Kept::of(&one.common.store, &one.run)?;
        let mut told =
            Self { kept, result: None, steps: Vec::new(), values: Vec::new(), n_records: usize::MAX };
        told.catch_up()?;
        Ok(told)
    }

    /// What has become of it since.
    ///
    /// # Errors
    /// When it is no longer there, or cannot be read.
    pub(super) fn look_again(&mut self, one: &One) -> Result<(), Stop> {
        self.kept.look_again(&one.common.store)?;
        self.catch_up()
    }

    fn catch_up(&mut self) -> Result<(), Stop> {
        let log = self.kept.log()?;
        self.result = self.kept.row.result.as_deref().and_then(result_of);
        if log.len() == self.n_records {
            return Ok(());
        }
        self.n_records = log.len();
        let told = read(&self.kept.program, &self.kept.header, &log, true)
            .map_err(|error| Stop::run_failed(format!("run {}: {error}", self.kept.row.id)))?;
        self.steps.clear();
        self.values.clear();
        told.said.into_iter().for_each(|command| self.note(command));
        Ok(())
    }

    fn note(&mut self, command: Command) {
        let Command::Record(record) = command else { return };
        let at = journal::note(&mut self.steps, &record);
        self.values.resize(self.steps.len(), None);
        if let (Some(at), Record::Produced { value, .. }) = (at, record)
            && let Some(slot) = self.values.get_mut(at)
        {
            *slot = Some(value);
        }
    }

    /// `result` or `error`, if it has ended with one.
    pub(super) fn end(&self) -> Option<(&'static str, serde_json::Value)> {
        let bundle = self.kept.program.bundle();
        match self.result.as_ref()? {
            RunResult::Returned(value) => {
                let flow = bundle.flow(self.kept.header.flow)?;
                Some(("result", flow_eval::json::encode(bundle, flow.ret, value)))
            }
            RunResult::Failed(error) => {
                let (class, message, node) = (error.class.name(), &error.message, &error.node);
                Some(("error", serde_json::json!({ "class": class, "message": message, "node": node })))
            }
            RunResult::Cancelled => None,
        }
    }

    /// The value of a step as JSON.
    pub(super) fn value(&self, at: usize) -> Option<serde_json::Value> {
        let (step, value) = (self.steps.get(at)?, self.values.get(at)?.as_ref()?);
        let bundle = self.kept.program.bundle();
        let flow = bundle.flow(step.flow)?;
        let slot = flow.nodes.get(step.node?.index())?.result?;
        let ty = flow.slots.get(slot.index())?.ty;
        Some(flow_eval::json::encode(bundle, ty, value))
    }
}
