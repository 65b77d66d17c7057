//! Which vertices lie on every way from the root to another.
//!
//! Lengauer and Tarjan's algorithm with path compression, O(m log n): the usual iterative one is quadratic on
//! long flows with an error handler, where every node leads to one vertex. Nothing recurses.

/// The dominator tree of a graph with vertices `0..n`, rooted at 0.
#[derive(Debug)]
pub(super) struct Dominators {
    /// For each vertex its place in a walk of the tree and how many vertices it dominates, itself included.
    /// Zero vertices: not reachable.
    spans: Vec<(u32, u32)>,
}

const NO: u32 = u32::MAX;

impl Dominators {
    /// Computes the tree. `next` lists the successors of each vertex.
    pub(super) fn new(next: &[Vec<u32>]) -> Self {
        let walk = Walk::new(next);
        let parents = immediate(next, &walk);
        Self { spans: number(next.len(), &walk, &parents) }
    }

    /// Whether every way from the root to `below` leads over `above`. A vertex dominates itself; nothing
    /// dominates, and nothing is dominated by, what cannot be reached.
    pub(super) fn dominates(&self, above: u32, below: u32) -> bool {
        let (start, size) = self.span(above);
        let (at, reached) = self.span(below);
        reached > 0 && start <= at && at < start + size
    }

    /// Whether there is a way from the root.
    pub(super) fn is_reachable(&self, vertex: u32) -> bool {
        self.span(vertex).1 > 0
    }

    /// The place of a vertex in a walk of the tree, and how many vertices it dominates.
    pub(super) fn span(&self, vertex: u32) -> (u32, u32) {
        self.spans.get(vertex as usize).copied().unwrap_or((0, 0))
    }
}

/// A depth-first walk: everything below is numbered in its order.
struct Walk {
    /// Vertex of each number.
    vertex: Vec<u32>,
    /// Number of each vertex, `NO` if not reachable.
    number: Vec<u32>,
    /// Number of the parent of each number.
    parent: Vec<u32>,
}

impl Walk {
    fn new(next: &[Vec<u32>]) -> Self {
        let mut walk = Self { vertex: Vec::new(), number: vec![NO; next.len()], parent: Vec::new() };
        walk.visit(0, 0);
        let mut stack = vec![(0_u32, 0_usize)];
        while let Some((vertex, place)) = stack.pop() {
            let Some(to) = next.get(vertex as usize).and_then(|list| list.get(place)) else { continue };
            stack.push((vertex, place + 1));
            if at(&walk.number, *to) == NO {
                let parent = at(&walk.number, vertex);
                walk.visit(*to, parent);
                stack.push((*to, 0));
            }
        }
        walk
    }

    fn visit(&mut self, vertex: u32, parent: u32) {
        set(&mut self.number, vertex, self.vertex.len() as u32);
        self.vertex.push(vertex);
        self.parent.push(parent);
    }
}

/// The immediate dominator of each number, as a number.
fn immediate(next: &[Vec<u32>], walk: &Walk) -> Vec<u32> {
    let size = walk.vertex.len() as u32;
    let before = predecessors(next, walk);
    let mut semi: Vec<u32> = (0..size).collect();
    let mut forest = Forest { above: vec![NO; size as usize], best: (0..size).collect() };
    let mut buckets: Vec<Vec<u32>> = vec![Vec::new(); size as usize];
    let mut idom = vec![0_u32; size as usize];
    for w in (1..size).rev() {
        for v in before.get(w as usize).into_iter().flatten() {
            let candidate = at(&semi, forest.best_above(*v, &semi));
            if candidate < at(&semi, w) {
                set(&mut semi, w, candidate);
            }
        }
        if let Some(bucket) = buckets.get_mut(at(&semi, w) as usize) {
            bucket.push(w);
        }
        let parent = at(&walk.parent, w);
        set(&mut forest.above, w, parent);
        for v in buckets.get_mut(parent as usize).map(std::mem::take).unwrap_or_default() {
            let u = forest.best_above(v, &semi);
            set(&mut idom, v, if at(&semi, u) < at(&semi, v) { u } else { parent });
        }
    }
    for w in 1..size {
        if at(&idom, w) != at(&semi, w) {
            let up = at(&idom, at(&idom, w));
            set(&mut idom, w, up);
        }
    }
    idom
}

fn predecessors(next: &[Vec<u32>], walk: &Walk) -> Vec<Vec<u32>> {
    let mut before = vec![Vec::new(); walk.vertex.len()];
    for (number, vertex) in walk.vertex.iter().enumerate() {
        for to in next.get(*vertex as usize).into_iter().flatten() {
            if let Some(list) = before.get_mut(at(&walk.number, *to) as usize) {
                list.push(number as u32);
            }
        }
    }
    before
}

/// The part of the walk that is done, with the vertex of smallest semi-dominator on the way up.
struct Forest {
    above: Vec<u32>,
    best: Vec<u32>,
}

impl Forest {
    fn best_above(&mut self, v: u32, semi: &[u32]) -> u32 {
        if at(&self.above, v) == NO {
            return v;
        }
        let mut way = Vec::new();
        let mut up = v;
        while at(&self.above, at(&self.above, up)) != NO {
            way.push(up);
            up = at(&self.above, up);
        }
        for w in way.into_iter().rev() {
            let above = at(&self.above, w);
            if at(semi, at(&self.best, above)) < at(semi, at(&self.best, w)) {
                let better = at(&self.best, above);
                set(&mut self.best, w, better);
            }
            let top = at(&self.above, above);
            set(&mut self.above, w, top);
        }
        at(&self.best, v)
    }
}

/// Numbers the dominator tree so that everything a vertex dominates follows it.
fn number(size: usize, walk: &Walk, idom: &[u32]) -> Vec<(u32, u32)> {
    let count = walk.vertex.len() as u32;
    let mut below = vec![1_u32; walk.vertex.len()];
    for w in (1..count).rev() {
        let up = at(idom, w);
        let sum = at(&below, up) + at(&below, w);
        set(&mut below, up, sum);
    }
    let mut free = vec![1_u32; walk.vertex.len()];
    let mut place = vec![0_u32; walk.vertex.len()];
    for w in 1..count {
        let up = at(idom, w);
        let offset = at(&free, up);
        set(&mut free, up, offset + at(&below, w));
        let start = at(&place, up) + offset;
        set(&mut place, w, start);
    }
    let mut spans = vec![(0, 0); size];
    for (vertex, span) in walk.vertex.iter().zip(place.into_iter().zip(below)) {
        if let Some(slot) = spans.get_mut(*vertex as usize) {
            *slot = span;
        }
    }
    spans
}

fn at(list: &[u32], index: u32) -> u32 {
    list.get(index as usize).copied().unwrap_or(NO)
}

fn set(list: &mut [u32], index: u32, value: u32) {
    if let Some(slot) = list.get_mut(index as usize) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests;
