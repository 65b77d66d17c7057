//! The dearest walk through a graph whose loops are bounded on their arrows.
//!
//! Without the bounded arrows the graph has no loop, so a walk ends. Counters of one strongly connected part do
//! not matter in another, so each part is solved by itself, from the ends to the start: over all pairs of a vertex
//! and what is left of the part's counters, exactly, while there are at most [`MOST_STATES`] of them. Beyond that
//! the flow of most cost through the part ([`super::circulation`]) is an upper bound.

use super::circulation;
use super::{Method, Most};
use crate::components::Components;

/// Pairs of a vertex and counters that are looked at.
const MOST_STATES: usize = 65_536;

/// An arrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Arc {
    /// Where it leads; `None` ends the walk.
    pub(super) to: Option<usize>,
    /// Which counter it uses up.
    pub(super) counter: Option<usize>,
}

/// A graph; walks start at vertex 0 and may end anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// By vertex.
    pub(super) arcs: Vec<Vec<Arc>>,
    /// How often the arrows of each counter may be taken.
    pub(super) counters: Vec<u64>,
}

/// The dearest walk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Dearest {
    /// Of the dearest walk from each vertex.
    values: Vec<Most>,
    /// The vertices in order; empty if only the weight is known.
    pub(super) walk: Vec<usize>,
    /// Visits of each vertex, in the order of the first; empty if only the weight is known.
    pub(super) visits: Vec<(usize, u64)>,
    /// How it was found.
    pub(super) method: Method,
}

impl Dearest {
    /// The weight of the walk.
    pub(super) fn weight(&self) -> Most {
        self.from(0)
    }

    /// The weight of the dearest walk from another vertex.
    pub(super) fn from(&self, vertex: usize) -> Most {
        self.values.get(vertex).copied().unwrap_or_default()
    }
}

/// The graph with its parts: equal for all weights.
#[derive(Debug)]
pub(super) struct Solver<'g> {
    graph: &'g Graph,
    parts: Components,
}

impl<'g> Solver<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let live = |arc: &Arc| arc.counter.is_none_or(|counter| graph.limit(counter) > 0);
        let edges: Vec<Vec<usize>> = graph
            .arcs
            .iter()
            .map(|arcs| arcs.iter().filter(|arc| live(arc)).filter_map(|arc| arc.to).collect())
            .collect();
        Self { graph, parts: Components::new(&edges) }
    }

    /// The dearest walk under these weights of vertices.
    pub(super) fn dearest(&self, weights: &[Most]) -> Dearest {
        if weights.iter().all(|weight| *weight == Most::ZERO) {
            let (walk, visits) = (vec![0], vec![(0, 1)]);
            return Dearest { values: weights.to_vec(), walk, visits, method: Method::Walk };
        }
        let mut run = Run::new(self, weights);
        for part in (0..self.parts.members.len()).rev() {
            run.solve(part);
        }
        run.finish()
    }

    fn arcs(&self, vertex: usize) -> &'g [Arc] {
        self.graph.arcs.get(vertex).map(Vec::as_slice).unwrap_or_default()
    }

    fn part(&self, vertex: usize) -> usize {
        self.parts.of.get(vertex).copied().unwrap_or(usize::MAX)
    }
}

impl Graph {
    pub(super) fn limit(&self, counter: usize) -> u64 {
        self.counters.get(counter).copied().unwrap_or(0)
    }
}

/// What is best from a vertex with all counters of its part.
#[derive(Clone, Debug)]
struct Best {
    weight: Most,
    /// The vertices of the way inside of the part, the vertex itself first.
    inside: Vec<usize>,
    /// Where it goes on.
    next: Option<usize>,
}

struct Run<'s, 'g, 'w> {
    solver: &'s Solver<'g>,
    weights: &'w [Most],
    best: Vec<Option<Best>>,
    method: Method,
}

impl<'s, 'g, 'w> Run<'s, 'g, 'w> {
    fn new(solver: &'s Solver<'g>, weights: &'w [Most]) -> Self {
        Self { solver, weights, best: vec![None; solver.graph.arcs.len()], method: Method::Walk }
    }

    fn weight(&self, vertex: usize) -> Most {
        self.weights.get(vertex).copied().unwrap_or_default()
    }

    fn value(&self, vertex: usize) -> Most {
        self.best.get(vertex).and_then(Option::as_ref).map_or(Most::ZERO, |best| best.weight)
    }

    fn set(&mut self, vertex: usize, best: Best) {
        if let Some(slot) = self.best.get_mut(vertex) {
            *slot = Some(best);
        }
    }

    /// The best way out of the part from a vertex: where to, and what comes then.
    fn leave(&self, vertex: usize) -> (Option<usize>, Most) {
        let part = self.solver.part(vertex);
        let outside = self.solver.arcs(vertex).iter().filter(|arc| self.is_live(arc));
        let outside = outside.filter_map(|arc| arc.to).filter(|to| self.solver.part(*to) != part);
        let best = outside.map(|to| (Some(to), self.value(to))).max_by_key(|(_, value)| *value);
        best.unwrap_or((None, Most::ZERO))
    }

    fn is_live(&self, arc: &Arc) -> bool {
        arc.counter.is_none_or(|counter| self.solver.graph.limit(counter) > 0)
    }

    fn solve(&mut self, part: usize) {
        let solver = self.solver;
        let members = solver.parts.members.get(part).map(Vec::as_slice).unwrap_or_default();
        let loops = |vertex: usize| solver.arcs(vertex).iter().any(|arc| arc.to == Some(vertex));
        match members {
            [only] if !loops(*only) => {
                let (next, rest) = self.leave(*only);
                let weight = self.weight(*only).plus(rest);
                self.set(*only, Best { weight, inside: vec![*only], next });
            }
            _ => match Part::new(self, members) {
                None => self.give_up(members),
                Some(part) if part.states() <= MOST_STATES => part.exactly(self),
                Some(part) => part.roughly(self),
            },
        }
    }

    /// A loop without a bound: the compiler refuses it, a foreign bundle may hold one.
    fn give_up(&mut self, members: &[usize]) {
        for vertex in members {
            let best = Best { weight: Most::UNBOUNDED, inside: vec![*vertex], next: None };
            self.set(*vertex, best);
        }
    }

    fn finish(self) -> Dearest {
        let mut visits: Vec<(usize, u64)> = Vec::new();
        let mut place = rustc_hash::FxHashMap::default();
        let mut at = Some(0);
        let mut walk = Vec::new();
        while let Some(best) = at.and_then(|at| self.best.get(at)).and_then(Option::as_ref) {
            walk.extend(&best.inside);
            for vertex in &best.inside {
                let index = *place.entry(*vertex).or_insert_with(|| {
                    visits.push((*vertex, 0));
                    visits.len() - 1
                });
                if let Some((_, times)) = visits.get_mut(index) {
                    *times += 1;
                }
            }
            at = best.next;
        }
        if self.method != Method::Walk {
            (walk, visits) = (Vec::new(), Vec::new());
        }
        let values = (0..self.best.len()).map(|vertex| self.value(vertex)).collect();
        Dearest { values, walk, visits, method: self.method }
    }
}

/// A part with loops, in numbers of its own.
struct Part {
    members: Vec<usize>,
    /// By member: members that follow without a counter.
    free: Vec<Vec<usize>>,
    /// By member: members that follow, with the counter.
    counted: Vec<Vec<(usize, usize)>>,
    /// Uses of each counter of the part.
    limits: Vec<u64>,
    /// Members, each before those that follow it without a counter.
    order: Vec<usize>,
}

impl Part {
    /// `None` if it has a loop without a counter.
    fn new(run: &Run<'_, '_, '_>, members: &[usize]) -> Option<Self> {
        let local: rustc_hash::FxHashMap<usize, usize> =
            members.iter().enumerate().map(|(index, vertex)| (*vertex, index)).collect();
        let mut part = Self {
            members: members.to_vec(),
            free: vec![Vec::new(); members.len()],
            counted: vec![Vec::new(); members.len()],
            limits: Vec::new(),
            order: Vec::new(),
        };
        let mut known = rustc_hash::FxHashMap::default();
        for (from, vertex) in members.iter().enumerate() {
            for arc in run.solver.arcs(*vertex).iter().filter(|arc| run.is_live(arc)) {
                let Some(to) = arc.to.and_then(|to| local.get(&to)) else { continue };
                match arc.counter {
                    None => part.free.get_mut(from)?.push(*to),
                    Some(counter) => {
                        let index = *known.entry(counter).or_insert_with(|| {
                            part.limits.push(run.solver.graph.limit(counter));
                            part.limits.len() - 1
                        });
                        part.counted.get_mut(from)?.push((*to, index));
                    }
                }
            }
        }
        part.order = topological(&part.free)?;
        Some(part)
    }

    /// Pairs of a member and counters.
    fn states(&self) -> usize {
        let levels = self.limits.iter().map(|limit| usize::try_from(*limit).unwrap_or(usize::MAX));
        levels.fold(self.members.len(), |all, limit| all.saturating_mul(limit.saturating_add(1)))
    }

    /// All states, those with less left of the counters first.
    fn exactly(&self, run: &mut Run<'_, '_, '_>) {
        let size = self.members.len();
        let codes = self.states() / size.max(1);
        let steps = self.steps();
        let exits: Vec<(Option<usize>, Most)> =
            self.members.iter().map(|vertex| run.leave(*vertex)).collect();
        let own: Vec<Most> = self.members.iter().map(|vertex| run.weight(*vertex)).collect();
        let mut table = Table { size, rows: vec![(Most::ZERO, Choice::Leave); size * codes] };
        for code in 0..codes {
            for member in self.order.iter().rev() {
                let exit = exits.get(*member).copied().unwrap_or_default();
                let (rest, choice) = self.choose(&table, (*member, code), exit, &steps);
                let weight = own.get(*member).copied().unwrap_or_default().plus(rest);
                table.set(*member, code, (weight, choice));
            }
        }
        for (member, vertex) in self.members.iter().enumerate() {
            let best = self.trace(&table, member, codes.saturating_sub(1), &exits);
            run.set(*vertex, best);
        }
    }

    /// What each counter is worth in a code.
    fn steps(&self) -> Vec<usize> {
        let mut worth = 1_usize;
        let step = |limit: &u64| {
            let step = worth;
            worth = worth.saturating_mul(usize::try_from(*limit).unwrap_or(usize::MAX).saturating_add(1));
            step
        };
        self.limits.iter().map(step).collect()
    }

    fn choose(
        &self,
        table: &Table,
        (member, code): (usize, usize),
        (exit, rest): (Option<usize>, Most),
        steps: &[usize],
    ) -> (Most, Choice) {
        let mut best = (rest, Choice::Leave);
        for to in self.free.get(member).into_iter().flatten() {
            let value = table.get(*to, code).0;
            // A way that goes on for nothing is told to its end.
            if value > best.0 || (value == best.0 && exit.is_none()) {
                best = (value, Choice::Go(*to, code));
            }
        }
        for (to, counter) in self.counted.get(member).into_iter().flatten() {
            let Some(rest) = self.spend(code, *counter, steps) else { continue };
            let value = table.get(*to, rest).0;
            if value > best.0 {
                best = (value, Choice::Go(*to, rest));
            }
        }
        best
    }

    /// The code with one use less of a counter, if there is one left.
    fn spend(&self, code: usize, counter: usize, steps: &[usize]) -> Option<usize> {
        let step = *steps.get(counter)?;
        let levels = usize::try_from(*self.limits.get(counter)?).ok()?.checked_add(1)?;
        let left = (code / step) % levels;
        (left > 0).then(|| code - step)
    }

    fn trace(&self, table: &Table, member: usize, code: usize, exits: &[(Option<usize>, Most)]) -> Best {
        let weight = table.get(member, code).0;
        let (mut member, mut code) = (member, code);
        let mut inside = Vec::new();
        loop {
            inside.extend(self.members.get(member));
            match table.get(member, code).1 {
                Choice::Go(to, rest) => (member, code) = (to, rest),
                Choice::Leave => break,
            }
        }
        let next = exits.get(member).and_then(|(next, _)| *next);
        Best { weight, inside, next }
    }

    /// Too many states: a bound from above.
    fn roughly(&self, run: &mut Run<'_, '_, '_>) {
        let own: Vec<Most> = self.members.iter().map(|vertex| run.weight(*vertex)).collect();
        let exits: Vec<Most> = self.members.iter().map(|vertex| run.leave(*vertex).1).collect();
        let arcs = circulation::Network {
            weights: &own,
            exits: &exits,
            free: &self.free,
            counted: &self.counted,
            limits: &self.limits,
            order: &self.order,
        };
        let (bound, method) = arcs.bound();
        run.method = method.max(run.method);
        for vertex in &self.members {
            run.set(*vertex, Best { weight: bound, inside: vec![*vertex], next: None });
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    Leave,
    Go(usize, usize),
}

struct Table {
    size: usize,
    rows: Vec<(Most, Choice)>,
}

impl Table {
    fn get(&self, member: usize, code: usize) -> (Most, Choice) {
        self.rows.get(code * self.size + member).copied().unwrap_or((Most::ZERO, Choice::Leave))
    }

    fn set(&mut self, member: usize, code: usize, row: (Most, Choice)) {
        if let Some(slot) = self.rows.get_mut(code * self.size + member) {
            *slot = row;
        }
    }
}

/// Vertices, each before those that follow it; `None` if there is a loop.
fn topological(edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut into = vec![0_usize; edges.len()];
    for to in edges.iter().flatten() {
        *into.get_mut(*to)? += 1;
    }
    let mut ready: Vec<usize> = (0..edges.len()).filter(|vertex| into.get(*vertex) == Some(&0)).collect();
    let mut order = Vec::with_capacity(edges.len());
    while let Some(vertex) = ready.pop() {
        order.push(vertex);
        for to in edges.get(vertex).into_iter().flatten() {
            let count = into.get_mut(*to)?;
            *count -= 1;
            if *count == 0 {
                ready.push(*to);
            }
        }
    }
    (order.len() == edges.len()).then_some(order)
}
