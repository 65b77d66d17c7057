//! The flow of most cost through a part of a graph: an upper bound on the dearest walk, like the linear program of
//! worst-case execution time (implicit path enumeration), solved exactly because its matrix is a network.
//!
//! One unit runs from the way in to a way out; a counted arrow carries at most its limit. Cycles that no unit
//! comes by are allowed too, which makes it a bound and not a walk. Solved by adding gaining cycles until there is
//! none; if that takes too long, every loop is counted along its dearest segment instead.

use super::{Method, Most};

/// Rounds of adding a cycle before giving up.
const MOST_CYCLES: usize = 2_000;

/// Vertices times arcs beyond which no cycle is looked for.
const MOST_WORK: usize = 200_000;

/// A part of a graph.
pub(super) struct Network<'a> {
    /// Of each vertex.
    pub(super) weights: &'a [Most],
    /// What comes after leaving from each vertex.
    pub(super) exits: &'a [Most],
    /// Arrows that may be taken any number of times; without a loop.
    pub(super) free: &'a [Vec<usize>],
    /// Arrows with a counter.
    pub(super) counted: &'a [Vec<(usize, usize)>],
    /// Of the counters.
    pub(super) limits: &'a [u64],
    /// Vertices, each before those that follow it on a free arrow.
    pub(super) order: &'a [usize],
}

/// An arc of the residual graph; arc `i ^ 1` is its reverse.
#[derive(Clone, Copy)]
struct Residual {
    from: usize,
    to: usize,
    left: u64,
    gain: i128,
}

impl Network<'_> {
    /// A bound for a walk that enters anywhere.
    pub(super) fn bound(&self) -> (Most, Method) {
        let segments = self.segments();
        if segments.get().is_none() {
            return (Most::UNBOUNDED, Method::Segments);
        }
        match self.flow() {
            Some(flow) if flow <= segments => (flow, Method::Flow),
            Some(_) | None => (segments, Method::Segments),
        }
    }

    /// Every counted arrow as often as it may, each time followed by the dearest free segment.
    fn segments(&self) -> Most {
        let mut longest = vec![Most::ZERO; self.weights.len()];
        for vertex in self.order.iter().rev() {
            let next = self.free.get(*vertex).into_iter().flatten();
            let rest = next.filter_map(|to| longest.get(*to)).max().copied().unwrap_or_default();
            let own = self.weights.get(*vertex).copied().unwrap_or_default();
            if let Some(slot) = longest.get_mut(*vertex) {
                *slot = own.plus(rest);
            }
        }
        let longest = longest.into_iter().max().unwrap_or_default();
        let rounds = self.limits.iter().fold(1_u64, |all, limit| all.saturating_add(*limit));
        longest.times(rounds).plus(self.exits.iter().max().copied().unwrap_or_default())
    }

    fn flow(&self) -> Option<Most> {
        let mut arcs = self.arcs();
        let vertices = self.weights.len() + 2;
        if vertices.saturating_mul(arcs.len()) > MOST_WORK {
            return None;
        }
        let mut gained = 0_i128;
        for _ in 0..MOST_CYCLES {
            let Some(cycle) = gaining_cycle(&arcs, vertices) else {
                return u64::try_from(gained).ok().map(Most::new);
            };
            let units = cycle.iter().filter_map(|arc| arcs.get(*arc)).map(|arc| arc.left).min()?;
            for index in cycle {
                gained += arcs.get(index)?.gain * i128::from(units);
                arcs.get_mut(index)?.left -= units;
                arcs.get_mut(index ^ 1)?.left += units;
            }
        }
        None
    }

    /// The way in is vertex `n`, the way out `n + 1`, and one unit comes back.
    fn arcs(&self) -> Vec<Residual> {
        let (start, end) = (self.weights.len(), self.weights.len() + 1);
        // No walk takes an arrow more often than all counters together allow, plus once.
        let free = self.limits.iter().fold(1_u64, |all, limit| all.saturating_add(*limit));
        let gain = |most: &Most| i128::from(most.get().unwrap_or(u64::MAX));
        let own = |to: usize| self.weights.get(to).map_or(0, gain);
        let mut arcs = Vec::new();
        let mut add = |from, to, left, gain| {
            arcs.push(Residual { from, to, left, gain });
            arcs.push(Residual { from: to, to: from, left: 0, gain: -gain });
        };
        for vertex in 0..self.weights.len() {
            add(start, vertex, 1, own(vertex));
            add(vertex, end, 1, self.exits.get(vertex).map_or(0, gain));
            for to in self.free.get(vertex).into_iter().flatten() {
                add(vertex, *to, free, own(*to));
            }
            for (to, counter) in self.counted.get(vertex).into_iter().flatten() {
                add(vertex, *to, self.limits.get(*counter).copied().unwrap_or(0), own(*to));
            }
        }
        add(end, start, 1, 0);
        arcs
    }
}

/// The arcs of a cycle that gains something, by Bellman and Ford.
fn gaining_cycle(arcs: &[Residual], vertices: usize) -> Option<Vec<usize>> {
    let mut best = vec![0_i128; vertices];
    let mut by: Vec<Option<usize>> = vec![None; vertices];
    let mut last = None;
    for _ in 0..vertices {
        last = None;
        for (index, arc) in arcs.iter().enumerate().filter(|(_, arc)| arc.left > 0) {
            let value = best.get(arc.from)? + arc.gain;
            if value > *best.get(arc.to)? {
                *best.get_mut(arc.to)? = value;
                *by.get_mut(arc.to)? = Some(index);
                last = Some(arc.to);
            }
        }
        last?;
    }
    // After so many rounds whoever still improved hangs on a cycle; so many steps back lead onto it.
    let mut at = last?;
    for _ in 0..vertices {
        at = arcs.get((*by.get(at)?)?)?.from;
    }
    let first = at;
    let mut cycle = Vec::new();
    loop {
        let arc = (*by.get(at)?)?;
        cycle.push(arc);
        at = arcs.get(arc)?.from;
        if at == first {
            return Some(cycle);
        }
    }
}
