//! What the world must answer so that a run takes the way that a bound spells out.

use std::collections::HashMap;

use flow_compiler::bounds::Bounds;

use super::generate::{Edge, Flow, Guard, Package, Work};

/// How a visit of a node ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Verdict(usize),
    Timeout,
}

/// The answers of one prompt or person: one end a visit, over and over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    pub(crate) ends: Vec<End>,
    /// Conversations or answers of one visit.
    pub(crate) several: u32,
    /// Whether the first model is asked before the second.
    pub(crate) chain: bool,
}

/// By the name of a prompt or person.
pub(crate) type Plan = HashMap<String, Lines>;

/// The plan for the dearest walk of a flow and of those it calls; `None` if no answers lead along it.
pub(crate) fn worst(package: &Package, flow: usize, bounds: &Bounds) -> Option<Plan> {
    let mut plan = Plan::new();
    add(package, flow, bounds, &mut plan)?;
    Some(plan)
}

fn add(package: &Package, index: usize, bounds: &Bounds, plan: &mut Plan) -> Option<()> {
    let flow = &package.flows[index];
    let walk: Vec<usize> = bounds.flows[index].walk.iter().map(|node| node.index()).collect();
    let mut left: Vec<Vec<Option<u32>>> =
        flow.nodes.iter().map(|node| node.edges.iter().map(|edge| edge.max).collect()).collect();
    for (step, node) in walk.iter().enumerate() {
        let end = choose(flow, *node, walk.get(step + 1).copied(), &mut left)?;
        match &flow.nodes[*node].work {
            Work::Prompt(name, votes, chain) => speak(plan, name, end, (*votes, *chain)),
            Work::Many(names, several) => {
                for (name, chain) in names {
                    speak(plan, name, end, (*several, *chain));
                }
            }
            Work::Human(name, quorum) => speak(plan, name, end, (*quorum, false)),
            Work::Tool(name) => speak(plan, name, end, (1, false)),
            // A flow that is called goes the same way each time.
            Work::Flow(callee) => {
                add_once(package, *callee, bounds, plan)?;
            }
            Work::Nothing => {}
        }
    }
    Some(())
}

fn speak(plan: &mut Plan, name: &str, end: End, (several, chain): (u32, bool)) {
    let lines = plan.entry(name.to_owned()).or_default();
    lines.ends.push(end);
    (lines.several, lines.chain) = (several, chain);
}

fn add_once(package: &Package, callee: usize, bounds: &Bounds, plan: &mut Plan) -> Option<()> {
    let mut own = Plan::new();
    add(package, callee, bounds, &mut own)?;
    plan.extend(own);
    Some(())
}

/// How the visit must end so that the run goes on to `next`; its counter is used up.
fn choose(flow: &Flow, node: usize, next: Option<usize>, left: &mut [Vec<Option<u32>>]) -> Option<End> {
    let edges = &flow.nodes[node].edges;
    let is_live = |at: usize, left: &[Vec<Option<u32>>]| left[node][at] != Some(0);
    let taken = |guard: Guard, before: usize, left: &[Vec<Option<u32>>]| {
        edges.iter().take(before).enumerate().any(|(at, edge)| edge.guard == guard && is_live(at, left))
    };
    let handler = flow.handled.then(|| flow.nodes.len() - 1);
    for (at, edge) in edges.iter().enumerate().filter(|(_, edge)| edge.to == next) {
        if !is_live(at, left) {
            continue;
        }
        let end = match edge.guard {
            Guard::Is(verdict) if !taken(edge.guard, at, left) => End::Verdict(verdict),
            // Nobody waits for Dan.
            Guard::Always => End::Verdict(3),
            Guard::Timeout if !taken(edge.guard, at, left) => End::Timeout,
            Guard::Is(_) | Guard::Timeout | Guard::Expired => continue,
        };
        if let Some(count) = &mut left[node][at] {
            *count -= 1;
        }
        return Some(end);
    }
    let fails = |edge: &Edge| edge.guard == Guard::Timeout;
    let unhandled = !edges.iter().enumerate().any(|(at, edge)| fails(edge) && is_live(at, left));
    if next == handler
        && handler != Some(node)
        && next.is_some()
        && unhandled
        && can_time_out(&flow.nodes[node].work)
    {
        return Some(End::Timeout);
    }
    // The way may end anywhere; any end will do.
    next.is_none().then_some(End::Verdict(3))
}

const fn can_time_out(work: &Work) -> bool {
    matches!(work, Work::Prompt(..) | Work::Tool(_))
}
