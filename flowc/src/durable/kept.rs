//! A kept run, found by its name.

use std::path::Path;
use std::sync::Arc;

use flow_ir::Bundle;
use flow_runtime::home::durable::{RECORDS, header_of};
use flow_runtime::program::Program;
use flow_runtime::protocol::RunHeader;
use flow_store::runs::{BundleRow, Reader, RunRow};

use super::stop;
use crate::exit::Stop;

/// A run of a store, and what its records are read with.
pub(crate) struct Kept {
    pub(crate) reader: Reader,
    pub(crate) row: RunRow,
    pub(crate) bundle: BundleRow,
    pub(crate) program: Arc<Program>,
    pub(crate) header: Arc<RunHeader>,
}

impl Kept {
    /// The run of this name.
    ///
    /// # Errors
    /// When it is not there, or another version of the program kept it.
    pub(crate) fn of(store: &Path, id: &str) -> Result<Self, Stop> {
        let reader = super::visit(store)?;
        let row = run_row(&reader, store, id)?;
        let header = header_of(&row.header).filter(|_| row.records == RECORDS);
        let header = header.ok_or_else(|| of_another_version(&row))?;
        let (bundle, program) = program_of(&reader, &row)?;
        Ok(Self { reader, row, bundle, program, header })
    }

    /// What it heard so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn log(&self) -> Result<Vec<Vec<u8>>, Stop> {
        self.reader.log(self.row.no).map_err(|error| stop(&error))
    }

    /// The row as it is now.
    ///
    /// # Errors
    /// When it was purged meanwhile, or the file cannot be read.
    pub(crate) fn look_again(&mut self, store: &Path) -> Result<(), Stop> {
        self.row = run_row(&self.reader, store, &self.row.id)?;
        Ok(())
    }
}

/// The row of the run of this name.
///
/// # Errors
/// When it is not there.
pub(crate) fn run_row(reader: &Reader, store: &Path, id: &str) -> Result<RunRow, Stop> {
    let row = reader.run(id).map_err(|error| stop(&error))?;
    row.ok_or_else(|| {
        Stop::usage(format!("there is no run {id} in `{}`", store.display()))
            .help(format!("flowc runs list --store {}", store.display()))
    })
}

/// What a run is pinned to.
///
/// # Errors
/// When its bundle is not in the store, or cannot be read.
pub(crate) fn program_of(reader: &Reader, row: &RunRow) -> Result<(BundleRow, Arc<Program>), Stop> {
    let missing = || Stop::usage(format!("the bundle of run {} is not in the store", row.id));
    let kept = reader.bundle(&row.bundle).map_err(|error| stop(&error))?.ok_or_else(missing)?;
    let bundle = Bundle::from_file(&kept.file).map_err(|error| Stop::usage(error.to_string()))?;
    Ok((kept, Program::new(bundle)))
}

fn of_another_version(row: &RunRow) -> Stop {
    let (id, records) = (&row.id, row.records);
    Stop::usage(format!("run {id} was kept by another version: its records are {records}, not {RECORDS}"))
}
