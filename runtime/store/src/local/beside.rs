//! Resources in a file of runs.

use crate::error::Error;
use crate::journal::{Entry, Log};
use crate::runs::{Change, Writer};

/// Hands changes to the thread that writes the log of runs. Nobody waits for the disk here: the outcome of the
/// operation that made a change is kept after it, and nothing is done with an outcome before it is kept.
#[derive(Debug)]
pub(super) struct BesideRuns {
    writer: Writer,
}

pub(super) fn open(writer: Writer, held: &[String]) -> Result<(BesideRuns, Vec<Entry>), Error> {
    Ok((BesideRuns { writer }, entries(held)?))
}

/// What a file of runs holds.
pub(super) fn entries(held: &[String]) -> Result<Vec<Entry>, Error> {
    let entries: Result<Vec<Entry>, serde_json::Error> =
        held.iter().map(|entry| serde_json::from_str(entry)).collect();
    let found = |error: serde_json::Error| Error::Format {
        path: "resources of the store".into(),
        found: error.to_string(),
    };
    entries.map_err(found)
}

impl BesideRuns {
    fn send(&self, change: Change) -> Result<(), Error> {
        if let Some(failure) = self.writer.failure() {
            return Err(failure.into());
        }
        self.writer.send(vec![change], None);
        Ok(())
    }
}

impl Log for BesideRuns {
    fn append(&mut self, entry: &Entry) -> Result<(), Error> {
        self.send(Change::Resource(text_of(entry)))
    }

    fn rewrite(&mut self, entries: &[Entry]) -> Result<(), Error> {
        self.send(Change::Resources(entries.iter().map(text_of).collect()))
    }
}

fn text_of(entry: &Entry) -> String {
    // Writing to memory cannot fail, and every map has keys of text.
    serde_json::to_string(entry).unwrap_or_default()
}
