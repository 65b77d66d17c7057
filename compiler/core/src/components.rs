//! Strongly connected parts of a graph, without recursion.

/// The part of every vertex. Parts are numbered so that an edge never leads to a smaller number.
#[derive(Debug)]
pub(crate) struct Components {
    /// By vertex.
    pub(crate) of: Vec<usize>,
    /// Vertices of each part.
    pub(crate) members: Vec<Vec<usize>>,
}

impl Components {
    /// Kosaraju's algorithm: vertices in the order they are left, then the same against the arrows.
    pub(crate) fn new(edges: &[Vec<usize>]) -> Self {
        let mut order = Vec::with_capacity(edges.len());
        let mut seen = vec![false; edges.len()];
        for root in 0..edges.len() {
            visit(edges, root, &mut seen, &mut order);
        }
        let backwards = reversed(edges);
        let mut of = vec![usize::MAX; edges.len()];
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut seen = vec![false; edges.len()];
        for root in order.into_iter().rev() {
            let mut part = Vec::new();
            visit(&backwards, root, &mut seen, &mut part);
            if part.is_empty() {
                continue;
            }
            for vertex in &part {
                if let Some(slot) = of.get_mut(*vertex) {
                    *slot = members.len();
                }
            }
            members.push(part);
        }
        Self { of, members }
    }
}

/// Depth first; a vertex is added when it is left.
fn visit(edges: &[Vec<usize>], root: usize, seen: &mut [bool], left: &mut Vec<usize>) {
    if !mark(seen, root) {
        return;
    }
    let mut stack = vec![(root, 0_usize)];
    while let Some((vertex, next)) = stack.pop() {
        match edges.get(vertex).and_then(|list| list.get(next)) {
            Some(to) => {
                stack.push((vertex, next + 1));
                if mark(seen, *to) {
                    stack.push((*to, 0));
                }
            }
            None => left.push(vertex),
        }
    }
}

fn mark(seen: &mut [bool], vertex: usize) -> bool {
    seen.get_mut(vertex).is_some_and(|seen| !std::mem::replace(seen, true))
}

fn reversed(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut backwards = vec![Vec::new(); edges.len()];
    for (from, list) in edges.iter().enumerate() {
        for to in list {
            if let Some(list) = backwards.get_mut(*to) {
                list.push(from);
            }
        }
    }
    backwards
}
