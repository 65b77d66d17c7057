//! What a run parked at a node must keep: the values that are read there or later.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::trie::Trie;
use super::uses::{Use, uses_of_edge, uses_of_work};
use super::{Binding, FlowGraph, NodeIx, Place, Scope, Vertex};

type Set = Trie<()>;

/// The live values of every node.
#[derive(Debug)]
pub struct Liveness {
    sets: Vec<Set>,
    bindings: Vec<Binding>,
}

impl Liveness {
    /// Values that are read in the node or after it, its own result excepted; in no particular, but a fixed order.
    pub fn at(&self, node: NodeIx) -> impl Iterator<Item = Binding> {
        let set = self.sets.get(Vertex::from(node).slot());
        set.into_iter().flat_map(Set::iter).filter_map(|(id, ())| self.bindings.get(id as usize).copied())
    }
}

/// Finds the live values of every node.
#[must_use]
pub fn live(graph: &FlowGraph<'_>, scope: &Scope<'_>) -> Liveness {
    let mut bindings = Bindings::default();
    let work: Vec<Set> =
        graph.vertices().map(|vertex| read_in_work(graph, scope, vertex, &mut bindings)).collect();
    let edges: Vec<Set> = graph
        .edges()
        .map(|(ix, edge)| bindings.set(scope, Place::Edge(ix), uses_of_edge(edge.ast)))
        .collect();
    let mut sets = vec![Set::default(); graph.size()];
    let mut todo: BTreeSet<(u32, Vertex)> = BTreeSet::new();
    let mut place = vec![0_u32; graph.size()];
    for (at, vertex) in graph.order().iter().rev().enumerate() {
        todo.insert((at as u32, *vertex));
        place.iter_mut().skip(vertex.slot()).take(1).for_each(|slot| *slot = at as u32);
    }
    while let Some((_, vertex)) = todo.pop_first() {
        let mut set = Set::default();
        for (ix, edge) in graph.outgoing(vertex) {
            set = union(set, edges.get(ix.0 as usize));
            let after = edge.to.and_then(|to| sets.get(to.slot()).map(|set| (to, set.clone())));
            set = union(set, after.map(|(to, after)| bindings.without_params(graph, to, after)).as_ref());
        }
        if let Some(own) = vertex.node().and_then(|node| bindings.known(Binding::Result(node))) {
            set.remove(own);
        }
        set = union(set, work.get(vertex.slot()));
        let Some(old) = sets.get_mut(vertex.slot()) else { continue };
        let grown = old.union(&set);
        if !grown.same(old) {
            *old = grown;
            let before = graph.incoming(vertex).map(|(_, edge)| edge.from);
            todo.extend(before.filter_map(|from| Some((*place.get(from.slot())?, from))));
        }
    }
    Liveness { sets, bindings: bindings.list }
}

fn union(set: Set, more: Option<&Set>) -> Set {
    more.map_or_else(|| set.clone(), |more| set.union(more))
}

fn read_in_work(graph: &FlowGraph<'_>, scope: &Scope<'_>, vertex: Vertex, bindings: &mut Bindings) -> Set {
    let Some(node) = vertex.node() else { return Set::default() };
    let work = graph.node(node).and_then(|node| node.work.as_ref());
    let mut set = Set::default();
    for read in work.map(uses_of_work).unwrap_or_default() {
        bindings.add(&mut set, scope, Place::Work(node), &read);
    }
    set
}

/// Dense numbers for the names that are read.
#[derive(Default)]
struct Bindings {
    list: Vec<Binding>,
    params: FxHashMap<NodeIx, Vec<u32>>,
    ids: FxHashMap<(u32, u32, u32), u32>,
}

impl Bindings {
    fn set(&mut self, scope: &Scope<'_>, place: Place, uses: Vec<Use>) -> Set {
        let mut set = Set::default();
        for read in &uses {
            self.add(&mut set, scope, place, read);
        }
        set
    }

    fn add(&mut self, set: &mut Set, scope: &Scope<'_>, place: Place, read: &Use) {
        if let Some(binding) = scope.resolve(&read.name, place).filter(|_| !read.only_visits) {
            let id = self.id(binding);
            set.insert(id, ());
        }
    }

    fn id(&mut self, binding: Binding) -> u32 {
        let next = self.list.len() as u32;
        let id = *self.ids.entry(key(binding)).or_insert(next);
        if id == next {
            self.list.push(binding);
            if let Binding::NodeParam(node, _) = binding {
                self.params.entry(node).or_default().push(id);
            }
        }
        id
    }

    fn known(&self, binding: Binding) -> Option<u32> {
        self.ids.get(&key(binding)).copied()
    }

    /// What must be kept before an edge: the parameters of its target come with the edge.
    fn without_params(&self, graph: &FlowGraph<'_>, to: Vertex, mut set: Set) -> Set {
        let node = to.node().filter(|ix| graph.node(*ix).is_some_and(|node| node.params.is_some()));
        let params = node.and_then(|node| self.params.get(&node));
        params.into_iter().flatten().for_each(|id| set.remove(*id));
        set
    }
}

fn key(binding: Binding) -> (u32, u32, u32) {
    match binding {
        Binding::FlowParam(index) => (0, 0, index),
        Binding::Result(node) => (1, node.0, 0),
        Binding::NodeParam(node, index) => (2, node.0, index),
    }
}
