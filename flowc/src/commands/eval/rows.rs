//! The rows of a dataset: those in the package, and those that runs have added.

use std::path::Path;

use flow_eval::{Value, json};
use flow_ir::evals::Eval;
use flow_ir::setup::{Resource, ResourceKind};
use flow_ir::{Bundle, Digest};
use flow_store::{LocalStore, Place, Store as _};
use serde_json::Value as Json;

use super::Args;
use crate::compile::Built;
use crate::durable;
use crate::exit::Stop;
use crate::load;
use crate::statistics::Random;

/// Where runs of the command line keep what resources hold.
const TENANT: &str = "default";

/// One row.
pub(super) struct Row {
    /// `datasets/labels.jsonl:3`, or `labels[17]` of what runs have added.
    pub(super) place: String,
    /// Of its JSON: the same row is the same in every order of rows.
    pub(super) digest: Digest,
    pub(super) value: Value,
}

/// The rows that are run.
pub(super) struct Rows {
    /// In the order of the dataset.
    pub(super) chosen: Vec<Row>,
    /// How many the dataset has.
    pub(super) total: usize,
    /// Of all chosen rows.
    pub(super) digest: Digest,
}

/// Reads the rows of an eval's dataset, and chooses a sample of them if it wants one.
///
/// # Errors
/// When a row cannot be read or does not fit, or there is none.
pub(super) fn load(args: &Args, built: &Built, eval: &Eval) -> Result<Rows, Stop> {
    let Some(dataset) = built.bundle.resources.get(eval.dataset.index()) else {
        return Err(Stop::usage("the eval's dataset is not in the bundle"));
    };
    let mut rows = in_package(&built.root, &built.bundle, dataset)?;
    for (at, row) in added(args, dataset)?.into_iter().enumerate() {
        rows.push(decoded(&built.bundle, dataset, format!("{}[{at}]", dataset.name), &row)?);
    }
    if rows.is_empty() {
        let file = format!("datasets/{}.jsonl", dataset.name);
        return Err(Stop::usage(format!("`{}` has no rows, so `{}` says nothing", dataset.name, eval.title))
            .help(format!("write them to `{file}`, one JSON object a line"))
            .help("--data DIR or --store FILE take those that runs have added"));
    }
    let total = rows.len();
    let chosen = match eval.sample {
        Some(most) => sample(rows, most as usize, args.seed),
        None => rows,
    };
    let bytes: Vec<u8> = chosen.iter().flat_map(|row| row.digest.0).collect();
    Ok(Rows { chosen, total, digest: Digest::of(&bytes) })
}

fn in_package(root: &Path, bundle: &Bundle, dataset: &Resource) -> Result<Vec<Row>, Stop> {
    let path = root.join("datasets").join(format!("{}.jsonl", dataset.name));
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let (shown, text) = (load::shown(&path), load::read_text(&path)?);
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let one = |(number, line): (u32, &str)| {
        let place = format!("{shown}:{number}");
        let row = serde_json::from_str(line)
            .map_err(|error| Stop::usage(format!("`{place}` is no JSON: {error}")))?;
        decoded(bundle, dataset, place, &row)
    };
    lines.map(one).collect()
}

/// What `--data` and `--store` hold.
fn added(args: &Args, dataset: &Resource) -> Result<Vec<Json>, Stop> {
    let store = match (&args.data, &args.store) {
        (Some(directory), _) => {
            let failed = |error| Stop::usage(format!("cannot read `{}`: {error}", directory.display()));
            LocalStore::open(directory).map_err(failed)?.0
        }
        (None, Some(file)) => {
            let held = durable::visit(file)?.resources().map_err(|error| durable::stop(&error))?;
            LocalStore::holding(&held).map_err(|error| Stop::usage(format!("{}: {error}", file.display())))?
        }
        (None, None) => return Ok(Vec::new()),
    };
    let tenant = (!dataset.shared).then(|| TENANT.to_owned());
    let place = Place { resource: dataset.name.to_string(), tenant };
    store.list(&place, ResourceKind::Dataset).map_err(|error| Stop::usage(error.to_string()))
}

fn decoded(bundle: &Bundle, dataset: &Resource, place: String, row: &Json) -> Result<Row, Stop> {
    let value = json::decode(bundle, dataset.item, row)
        .map_err(|error| Stop::usage(format!("`{place}` does not fit `{}`: {error}", dataset.name)))?;
    // As the type writes it, so that spelling and order of the fields make no difference.
    let written = json::encode(bundle, dataset.item, &value).to_string();
    Ok(Row { place, digest: Digest::of(written.as_bytes()), value })
}

/// The same rows for the same seed; of those chosen once, almost all stay when the dataset grows.
fn sample(rows: Vec<Row>, most: usize, seed: u64) -> Vec<Row> {
    let key = |row: &Row| {
        let first = row.digest.0.first_chunk().copied().map_or(0, u64::from_le_bytes);
        Random(seed ^ first).next()
    };
    let mut keyed: Vec<(u64, usize)> = rows.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
    keyed.sort_unstable();
    keyed.truncate(most);
    let kept: std::collections::BTreeSet<usize> = keyed.into_iter().map(|(_, at)| at).collect();
    rows.into_iter().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, row)| row).collect()
}
