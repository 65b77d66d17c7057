//! `parallel: n`: at most n calls at once, over all runs of a process.

use std::sync::Arc;

use flow_ir::Bundle;
use flow_ir::{ModelId, ToolId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of models and tools; those without a limit have none.
#[derive(Debug)]
pub(super) struct Permits {
    models: Vec<Option<Arc<Semaphore>>>,
    tools: Vec<Option<Arc<Semaphore>>>,
}

impl Permits {
    pub(super) fn of(bundle: &Bundle) -> Self {
        let gate = |parallel: Option<u32>| parallel.map(|n| Arc::new(Semaphore::new(n.max(1) as usize)));
        Self {
            models: bundle.models.iter().map(|model| gate(model.parallel)).collect(),
            tools: bundle.tools.iter().map(|tool| gate(tool.parallel)).collect(),
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
