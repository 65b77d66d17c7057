//! What a flow takes: its nodes on the dearest way, inside of its limits.

use flow_ir::flow::{Edge, Flow, Node, Target, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::types::Type;
use flow_ir::units::Limits;
use flow_ir::{Bundle, NodeId};

use super::call::{Costs, Taken};
use super::size::{Shape, Sizer};
use super::walk::{Arc, Dearest, Graph, Solver};
use super::{Bounds, Effort, FlowBound, Method, Most, NodeBound, Share, quantiles};
use crate::components::Components;

/// All flows, each after those it calls.
pub(super) fn all(bundle: &Bundle) -> (Costs<'_>, Bounds) {
    let calls: Vec<Vec<usize>> = bundle.flows.iter().map(|flow| called(bundle, flow)).collect();
    let parts = Components::new(&calls);
    let mut costs = Costs::new(bundle);
    for part in parts.members.iter().rev() {
        for index in part {
            let Some(flow) = bundle.flows.get(*index) else { continue };
            let bound = of(&costs, flow);
            if let Some(slot) = costs.flows.get_mut(*index) {
                *slot = Some(bound);
            }
        }
    }
    let flows = costs.flows.iter().flatten().cloned().collect();
    (costs, Bounds { flows })
}

/// The flows that a flow calls, through splits too.
fn called(bundle: &Bundle, flow: &Flow) -> Vec<usize> {
    let mut found = Vec::new();
    let mut todo: Vec<Callee> =
        flow.nodes.iter().flat_map(|node| node.work.calls()).map(|call| call.callee).collect();
    let mut splits = vec![false; bundle.splits.len()];
    while let Some(callee) = todo.pop() {
        match callee {
            Callee::Flow(id) => found.push(id.index()),
            Callee::Split(id) => {
                let fresh = splits.get_mut(id.index()).is_some_and(|seen| !std::mem::replace(seen, true));
                let split = bundle.splits.get(id.index()).filter(|_| fresh);
                let arms = split.into_iter().flat_map(|split| split.arms.iter().chain(&split.shadows));
                todo.extend(arms.map(|arm| arm.call.callee));
            }
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What one visit of a node takes.
fn node(costs: &Costs<'_>, sizer: &Sizer<'_>, node: &Node) -> Taken {
    match &node.work {
        Work::Route => Taken::default(),
        Work::Call(call) => costs.call(call, sizer),
        Work::All { branches, limits, .. } => {
            let calls = branches.iter().map(|(_, call)| costs.call(call, sizer));
            calls.reduce(Taken::with).unwrap_or_default().within(limits)
        }
        Work::Each { local, list, call, limits, ret } => {
            let shape = sizer.shape(list);
            let (item, count, tokens) =
                sizer.list(&shape).unwrap_or((std::rc::Rc::new(Shape::Of(list.ty)), u64::MAX, None));
            let declared = match costs.bundle.ty(*ret) {
                Type::List { size, .. } => size.max.unwrap_or(u64::MAX),
                _ => u64::MAX,
            };
            let count = sizer.at_most(&item, count, tokens).min(declared);
            costs.call(call, &sizer.with(*local, (*item).clone())).times(count).within(limits)
        }
    }
}

/// What a node, or one of its calls, would take without its own limits.
pub(super) fn unlimited(costs: &Costs<'_>, sizer: &Sizer<'_>, it: &Node, only: Option<&Call>) -> Effort {
    let free = |call: &Call| Call { limits: Limits::default(), ..call.clone() };
    let work = match (&it.work, only) {
        (_, Some(call)) if matches!(it.work, Work::Call(_) | Work::All { .. }) => Work::Call(free(call)),
        (Work::Each { local, list, call, ret, .. }, Some(_)) => {
            // One element: the limit is of each call.
            let item = sizer.list(&sizer.shape(list)).map(|(item, _, _)| (*item).clone());
            let sizer = sizer.with(*local, item.unwrap_or(Shape::Of(*ret)));
            return costs.call(&free(call), &sizer).worst;
        }
        (Work::All { branches, ret, .. }, None) => {
            Work::All { branches: branches.clone(), limits: Limits::default(), ret: *ret }
        }
        (Work::Each { local, list, call, ret, .. }, None) => Work::Each {
            local: *local,
            list: list.clone(),
            call: call.clone(),
            limits: Limits::default(),
            ret: *ret,
        },
        (other, _) => other.clone(),
    };
    node(costs, sizer, &Node { work, ..it.clone() }).worst
}

/// A flow as graphs: with everything, without what the header adds, and without mishaps.
struct Graphs {
    full: Graph,
    main: Graph,
    usual: Graph,
    /// Where the header's error edges lead.
    handlers: Vec<usize>,
}

impl Graphs {
    fn of(flow: &Flow) -> Self {
        let counters: Vec<u64> = flow.counters.iter().map(|max| u64::from(*max)).collect();
        let rows = || std::iter::once(&flow.entry).chain(flow.nodes.iter().map(|node| &node.edges));
        let graph = |keep: &dyn Fn(&Edge) -> bool| Graph {
            arcs: rows().map(|edges| edges.iter().filter(|edge| keep(edge)).map(arc).collect()).collect(),
            counters: counters.clone(),
        };
        let implicit = rows().flatten().filter(|edge| edge.implicit);
        Self {
            full: graph(&|_| true),
            main: graph(&|edge| !edge.implicit),
            usual: graph(&|edge| edge.on.is_empty() && edge.max.is_none()),
            handlers: implicit.filter_map(|edge| arc(edge).to).collect(),
        }
    }
}

fn arc(edge: &Edge) -> Arc {
    let to = match &edge.to {
        Target::Node(node, _) => Some(node.index() + 1),
        Target::Return(_) | Target::Fail(_) => None,
    };
    Arc { to, counter: edge.max.map(flow_ir::CounterId::index) }
}

fn of(costs: &Costs<'_>, flow: &Flow) -> FlowBound {
    let sizer = Sizer::of_flow(costs.bundle, flow);
    let taken: Vec<Taken> = flow.nodes.iter().map(|it| node(costs, &sizer, it)).collect();
    let graphs = Graphs::of(flow);
    let weights = |pick: &dyn Fn(&Taken) -> Most| -> Vec<Most> {
        std::iter::once(Most::ZERO).chain(taken.iter().map(pick)).collect()
    };
    let (full, main) = (Solver::new(&graphs.full), Solver::new(&graphs.main));
    let usual = Solver::new(&graphs.usual);
    let dearest = full.dearest(&weights(&|taken| taken.worst.cost));
    let usually = usual.dearest(&weights(&|taken| taken.usual.cost));
    let waiting = full.dearest(&weights(&|taken| taken.waits_ms));
    let unlimited = effort(&main, &|pick| weights(&|taken| pick(&taken.worst)));
    let everything = effort(&full, &|pick| weights(&|taken| pick(&taken.worst)));
    let handlers = handler(&full, &graphs.handlers, &|pick| weights(&|taken| pick(&taken.worst)));
    let mut unpriced: Vec<_> = taken.iter().flat_map(|taken| taken.unpriced.iter().copied()).collect();
    unpriced.sort_unstable();
    unpriced.dedup();
    FlowBound {
        name: flow.name.clone(),
        public: flow.public,
        worst: stopped(everything, unlimited, handlers, &flow.limits),
        usual: effort(&usual, &|pick| weights(&|taken| pick(&taken.usual))),
        unlimited,
        path: shares(flow, &taken, &dearest, |taken| taken.worst.cost),
        walk: walk(&dearest),
        usual_path: shares(flow, &taken, &usually, |taken| taken.usual.cost),
        method: dearest.method,
        limit: flow.limits.cost,
        p95_ms: p95(&taken, &usually),
        waits_ms: waiting.weight(),
        waiting: shares(flow, &taken, &waiting, |taken| taken.waits_ms),
        nodes: flow.nodes.iter().zip(&taken).map(|(node, taken)| bound(node, taken)).collect(),
        unpriced,
    }
}

fn bound(node: &Node, taken: &Taken) -> NodeBound {
    NodeBound { name: node.name.clone(), worst: taken.worst, usual: taken.usual, waits_ms: taken.waits_ms }
}

type Pick = fn(&Effort) -> Most;

/// The most of everything, each along its own way.
fn effort(solver: &Solver<'_>, weights: &dyn Fn(Pick) -> Vec<Most>) -> Effort {
    let most = |pick: Pick| solver.dearest(&weights(pick)).weight();
    Effort {
        cost: most(|effort| effort.cost),
        tokens: most(|effort| effort.tokens),
        calls: most(|effort| effort.calls),
        time_ms: most(|effort| effort.time_ms),
        shadows: most(|effort| effort.shadows),
    }
}

/// What the dearest handler takes: it runs outside of the flow's limits.
fn handler(solver: &Solver<'_>, starts: &[usize], weights: &dyn Fn(Pick) -> Vec<Most>) -> Effort {
    if starts.is_empty() {
        return Effort::default();
    }
    let most = |pick: Pick| {
        let dearest = solver.dearest(&weights(pick));
        starts.iter().map(|start| dearest.from(*start)).max().unwrap_or_default()
    };
    Effort {
        cost: most(|effort| effort.cost),
        tokens: most(|effort| effort.tokens),
        calls: Most::ZERO,
        time_ms: most(|effort| effort.time_ms),
        shadows: Most::ZERO,
    }
}

/// The limits stop the main line, then a handler may run.
fn stopped(everything: Effort, main: Effort, handler: Effort, limits: &Limits) -> Effort {
    let stop = |all: Most, main: Most, handler: Most, limit: Option<Most>| match limit {
        Some(limit) if main > limit => all.min(limit.plus(handler)),
        Some(_) | None => all,
    };
    Effort {
        cost: stop(everything.cost, main.cost, handler.cost, limits.cost.map(Most::usd)),
        tokens: stop(everything.tokens, main.tokens, handler.tokens, limits.tokens.map(Most::new)),
        time_ms: stop(everything.time_ms, main.time_ms, handler.time_ms, limits.time_ms.map(Most::new)),
        ..everything
    }
}

fn shares(flow: &Flow, taken: &[Taken], way: &Dearest, cost: fn(&Taken) -> Most) -> Vec<Share> {
    let share = |(vertex, times): &(usize, u64)| {
        let index = vertex.checked_sub(1)?;
        Some(Share {
            node: NodeId(u32::try_from(index).ok()?),
            name: flow.nodes.get(index)?.name.clone(),
            times: *times,
            cost: cost(taken.get(index)?).times(*times),
        })
    };
    way.visits.iter().filter_map(share).collect()
}

fn walk(way: &Dearest) -> Vec<NodeId> {
    let nodes = way.walk.iter().filter_map(|vertex| u32::try_from(vertex.checked_sub(1)?).ok());
    nodes.map(NodeId).collect()
}

fn p95(taken: &[Taken], way: &Dearest) -> Option<u64> {
    let step = |(vertex, times): &(usize, u64)| {
        let taken = taken.get(vertex.checked_sub(1)?)?;
        Some((taken.latencies.clone(), *times))
    };
    let steps: Vec<_> = way.visits.iter().filter_map(step).collect();
    if way.method == Method::Walk { quantiles::p95(&steps) } else { None }
}
