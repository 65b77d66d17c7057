//! A Bundle made ready to be walked.

pub mod alone;
mod beside;

use std::sync::{Arc, OnceLock};

use flow_ir::flow::{Flow, Node};
use flow_ir::setup::{Callee, Effect, Method, Model};
use flow_ir::units::Usd;
use flow_ir::{Bundle, Digest, FlowId, ModelId, NodeId};

use self::beside::Beside;
use crate::protocol::Arm;

/// A Bundle and what is worth computing once. Shared by all runs of it.
#[derive(Debug)]
pub struct Program {
    bundle: Bundle,
    digest: Digest,
    /// By flow: how many nodes an activation may enter.
    fuel: Vec<u64>,
    /// Made when the first shadow is.
    beside: OnceLock<Option<Beside>>,
}

impl Program {
    /// Of this Bundle.
    #[must_use]
    pub fn new(bundle: Bundle) -> Arc<Self> {
        let fuel = bundle.flows.iter().map(longest_walk).collect();
        Arc::new(Self { digest: bundle.digest(), fuel, bundle, beside: OnceLock::new() })
    }

    /// The Bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What the Bundle is called.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// A flow.
    #[must_use]
    pub fn flow(&self, flow: FlowId) -> Option<&Flow> {
        self.bundle.flow(flow)
    }

    /// A node.
    #[must_use]
    pub fn node(&self, flow: FlowId, node: NodeId) -> Option<&Node> {
        self.flow(flow)?.nodes.get(node.index())
    }

    /// A program and its flow that makes the call of a shadow, given the split's arguments.
    pub(crate) fn beside(&self, shadow: Arm) -> Option<(Arc<Self>, FlowId)> {
        self.beside.get_or_init(|| Beside::of(&self.bundle)).as_ref()?.flow(shadow)
    }

    /// Whether an operation changes something outside: it is never aborted half-way.
    #[must_use]
    pub fn is_write(&self, callee: Callee) -> bool {
        match callee {
            Callee::Tool(tool) => {
                let tool = self.bundle.tools.get(tool.index());
                tool.is_none_or(|tool| matches!(tool.effect, Effect::Write | Effect::Sensitive))
            }
            Callee::Method(_, method) => method_writes(method),
            Callee::Tell => true,
            Callee::Value
            | Callee::Function(_)
            | Callee::Check(_)
            | Callee::Prompt(_)
            | Callee::Human(_)
            | Callee::Split(_)
            | Callee::Flow(_)
            | Callee::Sleep => false,
        }
    }

    /// Whether an operation may only be done with somebody's approval.
    #[must_use]
    pub fn is_sensitive(&self, callee: Callee) -> bool {
        match callee {
            Callee::Tool(tool) => {
                self.bundle.tools.get(tool.index()).is_some_and(|tool| tool.effect == Effect::Sensitive)
            }
            _ => false,
        }
    }

    /// How many nodes an activation of this flow can enter at most if its loops are bounded.
    pub(crate) fn fuel(&self, flow: FlowId) -> u64 {
        self.fuel.get(flow.index()).copied().unwrap_or(0)
    }

    /// Whether the operation can cost money, so that an empty pool forbids it.
    pub(crate) fn can_cost(&self, callee: Callee, model: Option<ModelId>) -> bool {
        match callee {
            Callee::Prompt(_) => self.chain_costs(model),
            Callee::Tool(tool) => self.bundle.tools.get(tool.index()).is_some_and(|tool| tool.cost > Usd(0)),
            Callee::Human(human) => {
                self.bundle.humans.get(human.index()).is_some_and(|human| human.cost > Usd(0))
            }
            Callee::Method(resource, _) => {
                let resource = self.bundle.resources.get(resource.index());
                resource.is_some_and(|resource| resource.embed.is_some() && self.chain_costs(resource.embed))
            }
            Callee::Value
            | Callee::Function(_)
            | Callee::Check(_)
            | Callee::Split(_)
            | Callee::Flow(_)
            | Callee::Sleep
            | Callee::Tell => false,
        }
    }

    /// Whether the operation uses tokens of a model.
    pub(crate) fn uses_tokens(&self, callee: Callee) -> bool {
        match callee {
            Callee::Prompt(_) => true,
            Callee::Method(resource, _) => {
                let resource = self.bundle.resources.get(resource.index());
                resource.is_some_and(|resource| resource.embed.is_some())
            }
            Callee::Value
            | Callee::Function(_)
            | Callee::Check(_)
            | Callee::Tool(_)
            | Callee::Human(_)
            | Callee::Split(_)
            | Callee::Flow(_)
            | Callee::Sleep
            | Callee::Tell => false,
        }
    }

    /// Whether a model or one of its fallbacks has a price.
    fn chain_costs(&self, model: Option<ModelId>) -> bool {
        let has_price =
            |model: &Model| [model.price_in, model.price_out].iter().flatten().any(|price| *price > Usd(0));
        let found = |id: ModelId| self.bundle.models.get(id.index());
        let Some(model) = model.and_then(found) else { return false };
        has_price(model) || model.fallback.iter().copied().filter_map(found).any(has_price)
    }
}

/// Deleting the `max` edges leaves no cycle, so a walk is at most `1 + Σ max` walks through every node.
fn longest_walk(flow: &Flow) -> u64 {
    let segments = flow.counters.iter().fold(1u64, |sum, max| sum.saturating_add(u64::from(*max)));
    segments.saturating_mul(flow.nodes.len() as u64)
}

const fn method_writes(method: Method) -> bool {
    match method {
        Method::MemoryLast | Method::IndexSearch | Method::CacheGet | Method::EventsWait => false,
        Method::MemoryAdd
        | Method::MemoryForget
        | Method::IndexPut
        | Method::CachePut
        | Method::SlotsFill
        | Method::SlotsDrop
        | Method::EventsPut
        | Method::QueueAdd
        | Method::QueueTake
        | Method::TopicEmit
        | Method::DatasetAdd => true,
    }
}
