//! `parallel: n`: at most n calls at once, over all runs of a process.

use std::sync::Arc;

use flow_ir::Bundle;
use flow_ir::{ModelId, ToolId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::registry::Registry;

/// The places of models and tools; those without a limit have none.
#[derive(Debug)]
pub(super) struct Permits {
    models: Vec<Option<Arc<Semaphore>>>,
    tools: Vec<Option<Arc<Semaphore>>>,
}

impl Permits {
    /// A package has its places once in a process, however many of its bundles are walked.
    pub(super) fn of(bundle: &Bundle, registry: &Registry) -> Self {
        let gate = |kind: &str, name: &str, parallel: Option<u32>| {
            let places = parallel?.max(1);
            let name = format!("{} {kind} {name} {places}", bundle.package);
            Some(registry.places.get(&name, || Semaphore::new(places as usize)))
        };
        Self {
            models: bundle.models.iter().map(|model| gate("model", &model.name, model.parallel)).collect(),
            tools: bundle.tools.iter().map(|tool| gate("tool", &tool.name, tool.parallel)).collect(),
        }
    }

    /// Waits for a place. Held until it is dropped; first come, first served.
    pub(super) async fn model(&self, id: ModelId) -> Option<OwnedSemaphorePermit> {
        enter(self.models.get(id.index())).await
    }

    /// Waits for a place.
    pub(super) async fn tool(&self, id: ToolId) -> Option<OwnedSemaphorePermit> {
        enter(self.tools.get(id.index())).await
    }
}

async fn enter(gate: Option<&Option<Arc<Semaphore>>>) -> Option<OwnedSemaphorePermit> {
    let gate = Arc::clone(gate?.as_ref()?);
    // The semaphores are never closed.
    gate.acquire_owned().await.ok()
}
