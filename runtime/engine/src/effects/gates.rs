//! What stands before every call that leaves the process: breakers, rates, keys, retry budgets, permits.
//!
//! The rules are in `flow_policy`; here is what they are kept in. A [`Registry`] holds the state of every target
//! of a process, under its name, so that two packages that ask the same model see the same breaker. A call looks
//! nothing up in it: a [`Gates`] has found its targets when the performer was made, and each target has locks of
//! its own. So calls of different targets never wait for each other.
//!
//! ```
//! # use std::sync::Arc;
//! # use flow_ir::setup::{Model, Provider};
//! # use flow_runtime::clock::{Clock, SystemClock};
//! # use flow_runtime::effects::gates::{Admission, Ended, Registry, Target};
//! let registry = Registry::new();
//! let targets = Target::of_model(&registry, &Model::new("fast", Provider::Openai, "m-1"));
//! let clock: Arc<dyn Clock> = Arc::new(SystemClock);
//! let Admission::Go(pass) = targets[0].admit(&clock, 100) else { panic!("nothing has failed yet") };
//! pass.end(Ended { error: None, limits: Default::default(), took_ms: 12, streamed: false, tokens: Some(90),
//!     hurried: false, retried: None });
//! ```

mod pass;
mod permits;
mod registry;
mod saved;
mod target;
mod tools;

pub use pass::{Admission, Ended, Pass, Shut};
pub use registry::Registry;
pub use saved::{BreakerState, GateStates, KeyState, StateError};
pub use target::Target;

pub(crate) use tools::enter;

use std::sync::Arc;

use flow_ir::{Bundle, ModelId, ToolId};
use tokio::sync::OwnedSemaphorePermit;

use permits::Permits;

/// The targets of one bundle.
#[derive(Debug)]
pub(crate) struct Gates {
    permits: Permits,
    /// By model; one for every key that it may be asked with.
    models: Vec<Vec<Arc<Target>>>,
    tools: Vec<Arc<Target>>,
}

impl Gates {
    pub(crate) fn of(bundle: &Bundle, registry: &Registry) -> Self {
        Self {
            permits: Permits::of(bundle, registry),
            models: bundle.models.iter().map(|model| Target::of_model(registry, model)).collect(),
            tools: bundle.tools.iter().map(|tool| Target::of_tool(registry, &bundle.package, tool)).collect(),
        }
    }

    /// The targets of a model, in the order of its keys.
    pub(crate) fn model(&self, id: ModelId) -> &[Arc<Target>] {
        self.models.get(id.index()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The target of a tool.
    pub(crate) fn tool(&self, id: ToolId) -> Option<&Arc<Target>> {
        self.tools.get(id.index())
    }

    /// Waits for a place among the calls that a model gets at once.
    pub(crate) async fn model_permit(&self, id: ModelId) -> Option<OwnedSemaphorePermit> {
        self.permits.model(id).await
    }

    /// Waits for a place among the calls that a tool gets at once.
    pub(crate) async fn tool_permit(&self, id: ToolId) -> Option<OwnedSemaphorePermit> {
        self.permits.tool(id).await
    }
}
