//! A kept run, told again.

use std::path::Path;
use std::sync::Arc;

use flow_eval::Value;
use flow_runtime::home::durable::{RECORDS, header_of, read, result_of};
use flow_runtime::program::Program;
use flow_runtime::protocol::{Command, Record, RunHeader, RunResult};
use flow_store::runs::{Reader, RunRow};

use crate::commands::resume::program_of;
use crate::durable;
use crate::exit::Stop;
use crate::journal::{self, Step};

/// A run with everything that is known about it.
pub(super) struct Told {
    pub(super) reader: Reader,
    pub(super) row: RunRow,
    pub(super) program: Arc<Program>,
    pub(super) header: Arc<RunHeader>,
    pub(super) result: Option<RunResult>,
    pub(super) steps: Vec<Step>,
    /// What the work of each step gave.
    pub(super) values: Vec<Option<Value>>,
}

impl Told {
    /// The run of this name.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub(super) fn of(store: &Path, id: &str) -> Result<Self, Stop> {
        let reader = durable::visit(store)?;
        let row = reader.run(id).map_err(|error| durable::stop(&error))?;
        let row = row.ok_or_else(|| {
            Stop::usage(format!("there is no run {id} in `{}`", store.display()))
                .help(format!("flowc runs list --store {}", store.display()))
        })?;
        let program = program_of(&reader, id)?;
        let unreadable = || {
            Stop::usage(format!(
                "run {id} was kept by another version: its records are {}, not {RECORDS}",
                row.records
            ))
        };
        let header = header_of(&row.header).filter(|_| row.records == RECORDS).ok_or_else(unreadable)?;
        let log = reader.log(row.no).map_err(|error| durable::stop(&error))?;
        let told = read(&program, &header, &log, true)
            .map_err(|error| Stop::run_failed(format!("run {id}: {error}")))?;
        let result = row.result.as_deref().and_then(result_of);
        let (mut steps, mut values) = (Vec::new(), Vec::new());
        for command in told.said {
            if let Command::Record(record) = command {
                let at = journal::note(&mut steps, &record);
                values.resize(steps.len(), None);
                if let (Some(at), Record::Produced { value, .. }) = (at, record)
                    && let Some(slot) = values.get_mut(at)
                {
                    *slot = Some(value);
                }
            }
        }
        Ok(Self { reader, row, program, header, result, steps, values })
    }

    /// `result` or `error`, if it has ended with one.
    pub(super) fn end(&self) -> Option<(&'static str, serde_json::Value)> {
        let bundle = self.program.bundle();
        match self.result.as_ref()? {
            RunResult::Returned(value) => {
                let flow = bundle.flow(self.header.flow)?;
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
        let bundle = self.program.bundle();
        let flow = bundle.flow(step.flow)?;
        let slot = flow.nodes.get(step.node?.index())?.result?;
        let ty = flow.slots.get(slot.index())?.ty;
        Some(flow_eval::json::encode(bundle, ty, value))
    }
}
