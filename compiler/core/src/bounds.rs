//! What a flow costs before it runs: money, tokens, calls and time, at most and usually.
//!
//! Whole-program facts of a [`Bundle`]: every number comes from the Bundle and from [`flow_ir::effort`], which the
//! runtime reads too. [`Bounds::of`] computes them; nothing here looks at a text. `checks` compares them with what
//! the package promises (`within …`) and reports.
//!
//! From the inside out: `size` bounds what a value prints as, `request` what a prompt sends, `call` what a call
//! takes, `walk` the dearest way through a graph, `flow` puts them together. Start reading at [`FlowBound`].

mod call;
pub(crate) mod checks;
mod circulation;
mod flow;
mod quantiles;
mod request;
mod size;
mod walk;

#[cfg(test)]
mod tests;

use flow_ir::units::Usd;
use flow_ir::{Bundle, FlowId, ModelId, NodeId};
use serde::{Serialize, Serializer};
use smol_str::SmolStr;

pub use call::{Attempt, attempts};

/// An amount that may have no bound.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Most(u64);

impl Most {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Any amount.
    pub const UNBOUNDED: Self = Self(u64::MAX);

    /// So much.
    #[must_use]
    pub const fn new(amount: u64) -> Self {
        Self(amount)
    }

    /// So many micro-dollars.
    #[must_use]
    pub fn usd(amount: Usd) -> Self {
        if amount.0 == i64::MAX { Self::UNBOUNDED } else { Self(u64::try_from(amount.0).unwrap_or(0)) }
    }

    /// The amount, if it has a bound.
    #[must_use]
    pub const fn get(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }

    /// As money, if it has a bound.
    #[must_use]
    pub fn as_usd(self) -> Option<Usd> {
        self.get().map(|amount| Usd(i64::try_from(amount).unwrap_or(i64::MAX)))
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Serialize for Most {
    /// A number, or `null` where there is no bound.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

/// What something takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Effort {
    /// Micro-dollars, on the limits of the run.
    pub cost: Most,
    /// Input and output together.
    pub tokens: Most,
    /// Attempts on models, tools and people.
    pub calls: Most,
    /// Milliseconds, without waiting for a place where `parallel` limits them.
    pub time_ms: Most,
    /// Micro-dollars of shadows, which draw on no limit.
    pub shadows: Most,
}

impl Effort {
    /// Any amount of everything.
    pub const UNBOUNDED: Self = Self {
        cost: Most::UNBOUNDED,
        tokens: Most::UNBOUNDED,
        calls: Most::UNBOUNDED,
        time_ms: Most::UNBOUNDED,
        shadows: Most::UNBOUNDED,
    };

    /// One after the other.
    #[must_use]
    pub const fn then(self, other: Self) -> Self {
        Self { time_ms: self.time_ms.plus(other.time_ms), ..self.beside(other, self.time_ms) }
    }

    /// At the same time.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        self.beside(other, self.time_ms.max(other.time_ms))
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            cost: self.cost.max(other.cost),
            tokens: self.tokens.max(other.tokens),
            calls: self.calls.max(other.calls),
            time_ms: self.time_ms.max(other.time_ms),
            shadows: self.shadows.max(other.shadows),
        }
    }

    const fn beside(self, other: Self, time_ms: Most) -> Self {
        Self {
            cost: self.cost.plus(other.cost),
            tokens: self.tokens.plus(other.tokens),
            calls: self.calls.plus(other.calls),
            time_ms,
            shadows: self.shadows.plus(other.shadows),
        }
    }
}

/// What one visit of a node takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NodeBound {
    /// As declared.
    pub name: SmolStr,
    /// Every retry, fallback, repair and round made and billed.
    pub worst: Effort,
    /// Every call once, the first model, nothing repaired.
    pub usual: Effort,
    /// How long people and events may be waited for, ms.
    pub waits_ms: Most,
}

/// A node on a way, with how often it is visited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Share {
    /// The node.
    #[serde(skip)]
    pub node: NodeId,
    /// Its name.
    pub name: SmolStr,
    /// Visits.
    pub times: u64,
    /// Micro-dollars of all visits.
    pub cost: Most,
}

/// How good a bound is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The dearest walk itself: some run of the graph costs exactly this if every attempt is billed in full.
    Walk,
    /// The flow of most cost through the graph: never less than the dearest walk.
    Flow,
    /// Every loop as often as it may, each time along its dearest segment.
    Segments,
}

/// What a flow takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FlowBound {
    /// As declared.
    pub name: SmolStr,
    /// Whether it can be started from outside.
    pub public: bool,
    /// What nothing can exceed.
    pub worst: Effort,
    /// The dearest way on which nothing fails and no bounded arrow is taken.
    pub usual: Effort,
    /// What the walk takes before the limit of the flow stops it: what is compared with `within`.
    pub unlimited: Effort,
    /// Of the way of most cost, the nodes in the order of their first visit.
    pub path: Vec<Share>,
    /// The nodes of that way, visit by visit; empty if only its cost is known.
    #[serde(skip)]
    pub walk: Vec<NodeId>,
    /// Of the usual way.
    pub usual_path: Vec<Share>,
    /// How the worst cost was found.
    pub method: Method,
    /// Declared money of the whole flow, micro-dollars.
    pub limit: Option<Usd>,
    /// 95 % of usual runs end within this, ms, if the declared latencies are right; `None` if none is declared.
    pub p95_ms: Option<u64>,
    /// How long people and events may be waited for on any way, ms.
    pub waits_ms: Most,
    /// Of the way of longest waits, the nodes that wait; `cost` is in ms.
    #[serde(skip)]
    pub waiting: Vec<Share>,
    /// In the order declared.
    pub nodes: Vec<NodeBound>,
    /// Models that are asked and have no price.
    pub unpriced: Vec<ModelId>,
}

/// What all flows of a package take.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Bounds {
    /// By [`FlowId`].
    pub flows: Vec<FlowBound>,
}

impl Bounds {
    /// Of every flow.
    #[must_use]
    pub fn of(bundle: &Bundle) -> Self {
        flow::all(bundle).1
    }

    /// Of one flow.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&FlowBound> {
        self.flows.get(id.index())
    }
}
