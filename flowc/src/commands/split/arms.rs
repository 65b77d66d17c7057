//! The arms of splits that a store knows, and which of them are paused.

use std::collections::HashMap;

use flow_ir::Bundle;
use flow_runtime::home::durable::arm_name;
use flow_store::runs::{PauseRow, Reader};

use crate::durable;
use crate::exit::Stop;

/// An arm of a split, as the newest bundle of its package declares it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) package: String,
    pub(super) split: String,
    /// From 1.
    pub(super) number: usize,
    pub(super) arm: String,
    /// In hundredths of a percent.
    pub(super) share: u32,
    /// Since when and why it gets no calls.
    pub(super) paused: Option<PauseRow>,
}

/// Pauses that are in force, by package, split and arm.
pub(super) fn in_force(reader: &Reader) -> Result<HashMap<(String, String, String), PauseRow>, Stop> {
    let mut found = HashMap::new();
    for row in reader.pauses().map_err(|error| durable::stop(&error))? {
        let key = (row.package.clone(), row.split.clone(), row.arm.clone());
        match row.paused {
            true => drop(found.insert(key, row)),
            false => drop(found.remove(&key)),
        }
    }
    Ok(found)
}

/// The arms of every package's newest bundle.
pub(super) fn known(reader: &Reader) -> Result<Vec<Known>, Stop> {
    let failed = |error: flow_store::runs::Error| durable::stop(&error);
    let paused = in_force(reader)?;
    let mut packages: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for digest in reader.bundles().map_err(failed)? {
        let row = reader.bundle(&digest).map_err(failed)?;
        let Some(bundle) = row.and_then(|row| Bundle::from_file(&row.file).ok()) else { continue };
        let package = bundle.package.to_string();
        if packages.contains(&package) {
            continue;
        }
        found.extend(of(&bundle, &paused));
        packages.push(package);
    }
    Ok(found)
}

fn of(bundle: &Bundle, paused: &HashMap<(String, String, String), PauseRow>) -> Vec<Known> {
    let mut found = Vec::new();
    for split in &bundle.splits {
        for (at, arm) in split.arms.iter().enumerate() {
            let key =
                (bundle.package.to_string(), split.name.to_string(), arm_name(bundle, split, at as u32));
            let paused = paused.get(&key).cloned();
            let (package, split, name) = key;
            found.push(Known { package, split, number: at + 1, arm: name, share: arm.share, paused });
        }
    }
    found
}
