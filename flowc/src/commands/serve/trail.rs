//! What is decided about a running server, in the registry's log as well.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use flow_registry::{Registry, Who};
use flow_runtime::home::durable::Decided;
use flow_store::runs::PauseRow;

/// The log of a registry, as far as there is one: what is decided is in the store in any case.
pub(super) struct Trail {
    registry: PathBuf,
    /// What the log calls the server; known when it listens.
    server: OnceLock<String>,
}

impl Trail {
    pub(super) fn new(registry: PathBuf) -> Arc<Self> {
        Arc::new(Self { registry, server: OnceLock::new() })
    }

    pub(super) fn name(&self, server: String) {
        // Set once, when it listens.
        let _ = self.server.set(server);
    }

    /// Notes arms that are paused and resumed.
    pub(super) fn of_arms(self: &Arc<Self>) -> Decided {
        let trail = Arc::clone(self);
        Arc::new(move |row: &PauseRow| {
            let (trail, row) = (Arc::clone(&trail), row.clone());
            // Writing waits for whoever changes the registry.
            drop(tokio::task::spawn_blocking(move || trail.arm(&row)));
        })
    }

    fn arm(&self, row: &PauseRow) {
        let server = || self.server.get().map_or("flowc serve", String::as_str);
        let actor = if row.by.is_empty() { server() } else { &row.by };
        let who = Who { actor: actor.to_owned(), reason: row.reason.clone(), now_ms: row.at_ms };
        let subject = format!("split {} {} {}", row.package, row.split, row.arm);
        let after = if row.paused { "paused" } else { "open" };
        if !self.registry.exists() {
            return;
        }
        let noted = Registry::existing(&self.registry)
            .and_then(|mut registry| registry.change(&who, |change| change.operates("arm", &subject, after)));
        if let Err(error) = noted {
            tracing::warn!(%error, "the registry's log could not be written");
        }
    }
}
