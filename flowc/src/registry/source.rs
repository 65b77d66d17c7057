//! The registry, for runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flow_ir::{Bundle, Digest};
use flow_registry::{Follower, FollowerOptions, Kind, Reference};
use flow_runtime::effects::{FoundVersion, Performer, VersionSource, Wanted};

use super::{store, vaults};
use crate::exit::Stop;

/// Between two looks at the file: how long a run may use what a pointer named before.
const POLL: Duration = Duration::from_millis(100);

/// Follows a registry, and reads each content once.
struct Followed {
    follower: Follower,
    known: Mutex<BTreeMap<Digest, Arc<Bundle>>>,
}

impl VersionSource for Followed {
    fn version(&self, wanted: Wanted, reference: &str) -> Result<FoundVersion, String> {
        let kind = match wanted {
            Wanted::Prompt => Kind::Prompt,
            Wanted::Model => Kind::Model,
        };
        let parsed: Reference =
            reference.parse().map_err(|error: flow_registry::BadName| error.to_string())?;
        let found = self.follower.resolve(kind, &parsed).map_err(|error| error.to_string())?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let bundle = match known.get(&found.digest) {
            Some(bundle) => Arc::clone(bundle),
            None => {
                let bundle: Bundle = serde_json::from_slice(&found.body)
                    .map_err(|error| format!("`{reference}` was published by another flowc: {error}"))?;
                let bundle = Arc::new(bundle);
                known.insert(found.digest, Arc::clone(&bundle));
                bundle
            }
        };
        Ok(FoundVersion { number: found.number, digest: found.digest, bundle })
    }
}

/// What runs of a bundle ask for versions; `None` if the bundle takes nothing from a registry.
///
/// # Errors
/// When it does, and neither the registry nor what was kept of it can be read.
pub(crate) fn of(
    bundle: &Bundle,
    root: &Path,
    file: Option<&Path>,
) -> Result<Option<Arc<dyn VersionSource>>, Stop> {
    let mut asked = bundle.registry_prompts().map(|(_, reference)| reference);
    let mut models = bundle.registry_models().map(|(_, reference)| reference);
    let Some(reference) = asked.next().or_else(|| models.next()) else { return Ok(None) };
    let path = file.map_or_else(|| store::beside(root), Path::to_owned);
    let kinds = &[Kind::Prompt, Kind::Model];
    let options = FollowerOptions {
        kinds,
        poll: POLL,
        cache: Some(kept(&path)),
        max_staleness: None,
        vaults: Some(vaults::all()),
    };
    let follower = Follower::start(&path, options).map_err(|error| {
        Stop::usage(format!("the package takes `{reference}` from the registry, and {error}"))
            .help("--registry FILE names one; `flowc prompt publish` fills it")
    })?;
    Ok(Some(Arc::new(Followed { follower, known: Mutex::default() })))
}

/// Effects that ask it, if there is one to ask.
pub(crate) fn given(effects: Performer, versions: Option<Arc<dyn VersionSource>>) -> Performer {
    match versions {
        Some(versions) => effects.with_registry(versions),
        None => effects,
    }
}

/// Where the last verified state is kept, beside the registry.
fn kept(path: &Path) -> PathBuf {
    path.with_extension("snapshot")
}

#[cfg(test)]
mod tests;
