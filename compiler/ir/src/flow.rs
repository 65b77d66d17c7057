//! Graphs: nodes, edges, and the slots their values live in.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::expr::Expr;
use crate::ids::{CounterId, LocalId, NodeId, SlotId, TypeId};
use crate::setup::{Call, Callee};
use crate::types::{Field, Labels};
use crate::units::{ErrorClass, Limits};

/// A graph. One token walks it: it stands at a node, the node does its work, one edge is taken.
///
/// All values live in *slots*: first the parameters, then nodes' parameters and results. The compiler has
/// proved that a slot is filled wherever it is read. `max` counters count per activation of the flow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// As declared.
    pub name: SmolStr,
    /// The `///` lines.
    pub doc: SmolStr,
    /// Whether it may be started from outside.
    pub public: bool,
    /// Slots `0..params.len()`.
    pub params: Vec<Field>,
    /// `Type::Nothing` if it declares none.
    pub ret: TypeId,
    /// Of the whole flow.
    pub limits: Limits,
    /// Every value of the flow.
    pub slots: Vec<Slot>,
    /// `max` of each counter.
    pub counters: Vec<u32>,
    /// Where the flow starts: the normal edges of its header.
    pub entry: Vec<Edge>,
    /// In the order declared.
    pub nodes: Vec<Node>,
}

/// A place for a value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// As declared.
    pub name: SmolStr,
    /// Of the value.
    pub ty: TypeId,
    /// As a parameter declares them.
    #[serde(skip_serializing_if = "Labels::is_none", default)]
    pub labels: Labels,
}

/// A box of the graph.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// As declared.
    pub name: SmolStr,
    /// The `///` lines.
    pub doc: SmolStr,
    /// Filled by the edge that leads here, in order.
    pub params: Vec<SlotId>,
    /// Where the result goes; `None` for routers.
    pub result: Option<SlotId>,
    /// What it does.
    pub work: Work,
    /// Normal edges first match, then error edges first match; in the order declared, implicit ones (from the
    /// flow's header) last.
    pub edges: Vec<Edge>,
    /// Slots whose values are needed here or later: what a parked run must keep.
    pub live: Vec<SlotId>,
    /// Whether an error of this node is handled by the flow's header, so that it is a node of the main line.
    pub handler: bool,
}

/// What a node does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Work {
    /// Nothing: it only routes.
    Route,
    /// One call, or one pure expression (`Callee::Value`).
    Call(Call),
    /// Several calls at once; the result is a record of them in order.
    All {
        /// Names and calls.
        branches: Vec<(SmolStr, Call)>,
        /// Of the whole node.
        limits: Limits,
        /// The record.
        ret: TypeId,
    },
    /// One call per element, order kept.
    Each {
        /// The element.
        local: LocalId,
        /// The list.
        list: Expr,
        /// Sees `local`.
        call: Call,
        /// Of the whole node.
        limits: Limits,
        /// The list of results.
        ret: TypeId,
    },
}

impl Work {
    /// Every call in it.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let calls: Vec<&Call> = match self {
            Self::Route => Vec::new(),
            Self::Call(call) | Self::Each { call, .. } => vec![call],
            Self::All { branches, .. } => branches.iter().map(|(_, call)| call).collect(),
        };
        calls.into_iter()
    }
}

impl Work {
    /// Every call in it, to be changed.
    pub fn calls_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        let calls: Vec<&mut Call> = match self {
            Self::Route => Vec::new(),
            Self::Call(call) | Self::Each { call, .. } => vec![call],
            Self::All { branches, .. } => branches.iter_mut().map(|(_, call)| call).collect(),
        };
        calls.into_iter()
    }
}

/// An arrow.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Where it leads.
    pub to: Target,
    /// Bool; `None` always holds. Only on normal edges.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub when: Option<Expr>,
    /// Classes it takes; empty for normal edges.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub on: Vec<ErrorClass>,
    /// Counts how often it was taken; taken at most `Flow::counters[c]` times.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max: Option<CounterId>,
    /// Put here by the flow's header.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub implicit: bool,
    /// Calls of the node, by position, that approved what they were shown: a person whose answer approves, a
    /// `check` that returns `trusted`, a flow that returns only behind one of these. An edge with such a call is a
    /// *clearing edge*: a `Sensitive` tool runs only behind one, and once for each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub clears: Vec<u32>,
}

/// Where an edge leads.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// Another node, with values for its parameters in order.
    Node(NodeId, Vec<Expr>),
    /// The flow ends with this result, or with nothing.
    Return(Option<Expr>),
    /// The flow raises `Failed` with this text.
    Fail(Option<Expr>),
}

/// `on http.post("/chat", key: event.session) -> hello(event.session, event.message)`.
///
/// The event is slot 0 of every expression.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// What starts it.
    pub source: TriggerSource,
    /// Of the event, derived from what the target takes.
    pub event: TypeId,
    /// Runs of one key go one after another. `None` with `key: none` or without the setting.
    pub key: Option<Expr>,
    /// Text: a repeat gets the first result.
    pub once: Option<Expr>,
    /// Whether text is streamed to the caller.
    pub stream: bool,
    /// Roles that may call it; empty is everybody.
    pub allow: Vec<SmolStr>,
    /// What is started: a flow or a write method.
    pub target: Callee,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// What starts a trigger.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TriggerSource {
    /// Verb and path.
    Http(crate::setup::HttpMethod, SmolStr),
    /// An embedded queue's name.
    Queue(SmolStr),
    /// A broker's queue.
    Broker(SmolStr),
    /// Five fields, and the time zone.
    Cron(SmolStr, SmolStr),
    /// A `Queue` or `Topic` resource.
    Resource(crate::ids::ResourceId),
}
