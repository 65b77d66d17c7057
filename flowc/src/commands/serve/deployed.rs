//! A pointer of the registry that names what is served, followed wherever it moves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use flow_registry::{Error, Follower, FollowerOptions, Found, Kind, Reference, Registry, Selector, Who};
use flow_runtime::clock::{Clock as _, SystemClock};

use crate::registry::vaults;

/// Between two looks at the registry: how long requests may get what a pointer named before.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// A pointer of the registry.
pub(super) struct Deployed {
    registry: PathBuf,
    reference: Reference,
    /// `None` until there is a registry.
    follower: Option<Follower>,
}

impl Deployed {
    pub(super) fn new(registry: PathBuf, reference: Reference) -> Self {
        Self { registry, reference, follower: None }
    }

    pub(super) fn reference(&self) -> &Reference {
        &self.reference
    }

    pub(super) fn place(&self) -> String {
        self.registry.display().to_string()
    }

    /// What it names now; `None` as long as nothing is deployed.
    pub(super) fn now(&mut self) -> Result<Option<Found>, Error> {
        self.start()?;
        let Some(follower) = &self.follower else { return Ok(None) };
        match follower.resolve(Kind::Bundle, &self.reference) {
            Ok(found) => Ok(Some(found)),
            Err(Error::NoPointer { .. } | Error::NoName { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to follow as soon as there is a registry.
    fn start(&mut self) -> Result<(), Error> {
        let cache = self.registry.with_extension("bundles");
        if self.follower.is_none() && (self.registry.exists() || cache.exists()) {
            let options = FollowerOptions {
                kinds: &[Kind::Bundle],
                poll: POLL,
                cache: Some(cache),
                max_staleness: None,
                vaults: Some(vaults::all()),
            };
            self.follower = Some(Follower::start(&self.registry, options)?);
        }
        Ok(())
    }

    /// A note for the registry's log: from now on this server serves that version.
    pub(super) fn note(&self, server: &str, number: u32) -> Note {
        let Self { registry, reference, .. } = self;
        Note { registry: registry.clone(), reference: reference.clone(), actor: server.to_owned(), number }
    }
}

/// See [`Deployed::note`].
pub(super) struct Note {
    registry: PathBuf,
    reference: Reference,
    actor: String,
    number: u32,
}

impl Note {
    /// Writes it. Blocks while somebody else changes the registry.
    pub(super) fn write(self) -> Result<(), Error> {
        let Self { registry, reference, actor, number } = self;
        let Selector::Pointer(pointer) = &reference.selector else { return Ok(()) };
        let who = Who { actor, reason: String::new(), now_ms: SystemClock.now_ms() };
        let mut registry = Registry::existing(Path::new(&registry))?;
        registry.change(&who, |change| change.serves(&reference.name, pointer, number).map(drop))
    }
}
