//! Which runs may go on in a new version of their package.
//!
//! A run is parked at a node, with the values that are needed there or later. It may move to another Bundle iff the
//! flow and the node are still there, everything that the new node and what follows it read is among the values that
//! the run keeps, and each of them has a type that the new version can read. No replay, no rules for authors: nodes
//! have names, and state is explicit.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::bundle::Bundle;
use crate::flow::{Flow, Node, Work};
use crate::ids::{FlowId, SlotId, TypeId};
use crate::setup::Callee;
use crate::subtype::Subtypes;

/// For every node of the old version, whether runs parked there can move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// In the order of the old Bundle.
    pub flows: Vec<FlowPlan>,
}

/// A flow of the old version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowPlan {
    /// As declared.
    pub flow: SmolStr,
    /// In the order declared.
    pub nodes: Vec<NodePlan>,
}

/// A node of the old version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodePlan {
    /// As declared.
    pub node: SmolStr,
    /// Whether runs wait here for a person, an event or time, or in a flow that does.
    pub waits: bool,
    /// Why a run parked here cannot move; empty if it can.
    pub obstacles: Vec<Obstacle>,
}

/// Why a run cannot move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The new version has no flow of this name.
    FlowGone,
    /// The flow has no node of this name any more. The other is a new node that does the same work, if there is one.
    NodeGone(Option<SmolStr>),
    /// The node or what follows it reads a value that runs of the old version do not have there.
    Needs(SmolStr),
    /// It reads a value whose type can no longer hold what the run has.
    Retyped(SmolStr),
    /// A run waits in a flow that the node called; now it calls something else.
    CallsAnother(SmolStr),
}

impl Plan {
    /// Compares two versions of a package.
    #[must_use]
    pub fn new(old: &Bundle, new: &Bundle) -> Self {
        let mut subtypes = Subtypes::new(old, new);
        let waiting = waiting_flows(old);
        let flows = old.flows.iter().map(|flow| {
            let next = new.flows.iter().find(|other| other.name == flow.name);
            let nodes = flow.nodes.iter().map(|node| NodePlan {
                node: node.name.clone(),
                waits: waits(node, old, &waiting),
                obstacles: match next {
                    None => vec![Obstacle::FlowGone],
                    Some(next) => obstacles((old, flow, node), (new, next), &mut subtypes),
                },
            });
            FlowPlan { flow: flow.name.clone(), nodes: nodes.collect() }
        });
        Self { flows: flows.collect() }
    }

    /// Whether every run can move, wherever it is parked.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.flows.iter().flat_map(|flow| &flow.nodes).all(|node| node.obstacles.is_empty())
    }
}

fn obstacles(
    (old, from, node): (&Bundle, &Flow, &Node),
    (new, to): (&Bundle, &Flow),
    subtypes: &mut Subtypes<'_>,
) -> Vec<Obstacle> {
    let Some(next) = to.nodes.iter().find(|other| other.name == node.name) else {
        return vec![Obstacle::NodeGone(renamed(old, (from, node), new, to))];
    };
    let kept = kept(from, node);
    let mut found = Vec::new();
    for slot in &next.live {
        let Some(wanted) = to.slots.get(slot.index()) else { continue };
        match kept.get(&wanted.name) {
            None => found.push(Obstacle::Needs(wanted.name.clone())),
            Some(ty) if !subtypes.fits(*ty, wanted.ty) => found.push(Obstacle::Retyped(wanted.name.clone())),
            Some(_) => {}
        }
    }
    let mut called = flow_names(node, old);
    let calls = flow_names(next, new);
    called.retain(|flow| !calls.contains(flow));
    found.extend(called.into_iter().map(Obstacle::CallsAnother));
    found
}

/// Names and types of the values that a run parked at a node surely has: what is needed there or later, and the
/// parameters of the node and of its flow.
fn kept(flow: &Flow, node: &Node) -> BTreeMap<SmolStr, TypeId> {
    let params = (0..flow.params.len()).map(|index| SlotId(index as u32));
    let slots = params.chain(node.live.iter().copied()).chain(node.params.iter().copied());
    slots.filter_map(|slot| flow.slots.get(slot.index())).map(|slot| (slot.name.clone(), slot.ty)).collect()
}

/// A node that only the new version has and that calls the same thing.
fn renamed(old: &Bundle, (from, node): (&Flow, &Node), new: &Bundle, to: &Flow) -> Option<SmolStr> {
    let work = callees(node, old);
    let is_new = |other: &&Node| from.nodes.iter().all(|known| known.name != other.name);
    let mut same = to.nodes.iter().filter(is_new).filter(|other| callees(other, new) == work);
    let first = same.next()?;
    same.next().is_none().then(|| first.name.clone())
}

/// What a node calls, by name: numbers mean nothing in another Bundle.
fn callees(node: &Node, bundle: &Bundle) -> Vec<(&'static str, SmolStr)> {
    node.work.calls().map(|call| callee(call.callee, bundle)).collect()
}

fn callee(callee: Callee, bundle: &Bundle) -> (&'static str, SmolStr) {
    let kind = match callee {
        Callee::Value => "value",
        Callee::Function(_) => "fn",
        Callee::Check(_) => "check",
        Callee::Prompt(_) => "prompt",
        Callee::Tool(_) => "tool",
        Callee::Human(_) => "human",
        Callee::Split(_) => "split",
        Callee::Flow(_) => "flow",
        Callee::Method(..) => "resource",
        Callee::Sleep => "sleep",
        Callee::Tell => "tell",
    };
    (kind, bundle.callee_name(callee).cloned().unwrap_or_default())
}

fn flow_names(node: &Node, bundle: &Bundle) -> Vec<SmolStr> {
    let flows = callees(node, bundle).into_iter().filter(|(kind, _)| *kind == "flow");
    flows.map(|(_, name)| name).collect()
}

/// Which flows wait for a person, an event or time, themselves or in a flow that they call.
fn waiting_flows(bundle: &Bundle) -> Vec<bool> {
    let mut waiting = vec![false; bundle.flows.len()];
    // Calls form no circles, so as many rounds as flows are enough.
    for _ in 0..bundle.flows.len() {
        let next: Vec<bool> = bundle
            .flows
            .iter()
            .map(|flow| flow.nodes.iter().any(|node| waits(node, bundle, &waiting)))
            .collect();
        if next == waiting {
            break;
        }
        waiting = next;
    }
    waiting
}

fn waits(node: &Node, bundle: &Bundle, waiting: &[bool]) -> bool {
    let flow_waits = |id: FlowId| waiting.get(id.index()).copied().unwrap_or(false);
    match &node.work {
        Work::Route => false,
        Work::Call(_) | Work::All { .. } | Work::Each { .. } => {
            node.work.calls().any(|call| call_waits(call.callee, bundle, &flow_waits))
        }
    }
}

fn call_waits(callee: Callee, bundle: &Bundle, flow_waits: &dyn Fn(FlowId) -> bool) -> bool {
    match callee {
        Callee::Human(_) | Callee::Sleep => true,
        Callee::Method(_, method) => method == crate::setup::Method::EventsWait,
        Callee::Flow(id) => flow_waits(id),
        Callee::Split(id) => bundle.splits.get(id.index()).is_some_and(|split| {
            // Arms are no splits, so this ends.
            split.arms.iter().any(|arm| match arm.call.callee {
                Callee::Split(_) => false,
                other => call_waits(other, bundle, flow_waits),
            })
        }),
        Callee::Value
        | Callee::Function(_)
        | Callee::Check(_)
        | Callee::Prompt(_)
        | Callee::Tool(_)
        | Callee::Tell => false,
    }
}
