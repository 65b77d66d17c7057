//! What boxes take, and the dearest way through them.

use std::collections::BTreeSet;

use flow_compiler::bounds::{Bounds, FlowBound, Most, NodeBound};
use flow_ir::flow::Flow;
use flow_ir::units::Usd;
use flow_ir::{Bundle, NodeId};

use super::{Cost, Kind, Picture, Share};

impl Picture {
    /// The picture of a flow with what it costs.
    #[must_use]
    pub fn costed(flow: &Flow, bundle: &Bundle) -> Self {
        let picture = Self::of(flow, bundle);
        match Bounds::of(bundle).flows.iter().find(|bound| bound.name == flow.name) {
            Some(bound) => picture.with_costs(bound),
            None => picture,
        }
    }

    /// The picture with the bounds of its flow: costs on boxes, the dearest way marked.
    fn with_costs(mut self, bound: &FlowBound) -> Self {
        let (start, nodes) = (std::iter::once(cost(bound.usual.cost, bound.worst.cost)), &bound.nodes);
        let costs = start.chain(nodes.iter().map(of_node));
        for (shape, cost) in self.boxes.iter_mut().zip(costs) {
            shape.cost = cost;
        }
        if bound.worst.cost > Most::ZERO {
            self.mark_boxes(bound);
            self.mark_arrows(&bound.walk);
        }
        self
    }

    fn mark_boxes(&mut self, bound: &FlowBound) {
        let total = bound.path.iter().fold(Most::ZERO, |all, share| all.plus(share.cost));
        for share in &bound.path {
            if let Some(shape) = self.boxes.get_mut(box_of(share.node)) {
                shape.dearest = Some(Share { visits: share.times, part: part(share.cost, total) });
            }
        }
    }

    fn mark_arrows(&mut self, walk: &[NodeId]) {
        let (Some(first), Some(last)) = (walk.first(), walk.last()) else { return };
        let mut steps = BTreeSet::from([(0, box_of(*first))]);
        steps.extend(walk.iter().zip(walk.iter().skip(1)).map(|(from, to)| (box_of(*from), box_of(*to))));
        for (from, to) in steps {
            self.mark_step(from, to);
        }
        // The walk does not say by which exit it leaves; if there is one only, by that.
        let leaves =
            |at: usize| self.boxes.get(at).is_some_and(|to| matches!(to.kind, Kind::Return | Kind::Fail));
        let exits = self.arrows.iter_mut().filter(|arrow| arrow.from == box_of(*last) && leaves(arrow.to));
        if let [exit] = exits.collect::<Vec<_>>().as_mut_slice() {
            exit.is_dearest = true;
        }
    }

    /// Marks the arrow of a step. An error that the header takes is drawn from the start.
    fn mark_step(&mut self, from: usize, to: usize) {
        let found = [(from, false), (from, true), (0, true)].into_iter().find_map(|(from, is_error)| {
            let fits = |arrow: &super::Arrow| (arrow.from, arrow.to, arrow.is_error) == (from, to, is_error);
            self.arrows.iter().position(fits)
        });
        if let Some(arrow) = found.and_then(|at| self.arrows.get_mut(at)) {
            arrow.is_dearest = true;
        }
    }
}

/// The box of a node: the start is the first.
fn box_of(node: NodeId) -> usize {
    node.index() + 1
}

fn of_node(node: &NodeBound) -> Option<Cost> {
    cost(node.usual.cost, node.worst.cost)
}

fn cost(usual: Most, worst: Most) -> Option<Cost> {
    (worst > Most::ZERO).then_some(Cost { usual, worst })
}

fn part(cost: Most, total: Most) -> f64 {
    match (cost.get(), total.get()) {
        (Some(cost), Some(total)) if total > 0 => cost as f64 / total as f64,
        (None, _) => 1.0,
        _ => 0.0,
    }
}

/// `0.157 USD`.
pub(crate) fn money(most: Most) -> String {
    most.as_usd().map_or_else(|| "no bound".to_owned(), Usd::short)
}
