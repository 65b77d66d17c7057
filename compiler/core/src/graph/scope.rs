//! The names of a flow, and where each has a value.
//!
//! A value can be used where every way from the start has produced it: a flow parameter everywhere, a node's
//! parameter wherever its node dominates, a node's result wherever its *success* dominates. The last differs
//! from the node itself, because on an error edge there is no result; so the dominator tree has two vertices
//! per node, one before the work and one after its success.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::dominators::Dominators;
use super::{EdgeIx, EdgeKind, FlowGraph, NodeIx, Vertex};

/// Where an expression of a flow stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the work of a node.
    Work(NodeIx),
    /// In the condition, arguments or result of an edge.
    Edge(EdgeIx),
}

/// What a name of a flow means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// The parameter with that index.
    FlowParam(u32),
    /// The result of a node.
    Result(NodeIx),
    /// The parameter with that index of a node.
    NodeParam(NodeIx, u32),
}

/// The names of one flow.
#[derive(Debug)]
pub struct Scope<'a> {
    graph: &'a FlowGraph<'a>,
    params: FxHashMap<&'a str, u32>,
    node_params: FxHashMap<&'a str, Vec<Candidate>>,
    tree: Dominators,
}

/// A parameter of a node, with the part of the dominator tree in which it is visible.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) node: NodeIx,
    pub(super) index: u32,
    start: u32,
    end: u32,
    /// The next wider candidate of that name, by its place in the list.
    pub(super) within: Option<u32>,
}

impl<'a> Scope<'a> {
    /// Collects the names and finds out where they have values.
    #[must_use]
    pub fn new(graph: &'a FlowGraph<'a>) -> Self {
        let mut params = FxHashMap::default();
        for (index, param) in graph.flow.params.iter().enumerate() {
            params.entry(param.name.text.as_str()).or_insert(index as u32);
        }
        let tree = Dominators::new(&moments(graph));
        let mut node_params: FxHashMap<&str, Vec<Candidate>> = FxHashMap::default();
        for (node, ast) in graph.nodes() {
            let (start, size) = tree.span(entered(node.into()));
            for (index, param) in (0_u32..).zip(ast.params.iter().flatten()) {
                let candidate = Candidate { node, index, start, end: start + size, within: None };
                node_params.entry(param.name.text.as_str()).or_default().push(candidate);
            }
        }
        node_params.values_mut().for_each(|list| nest(list));
        Self { graph, params, node_params, tree }
    }

    /// What `name` means at `place`, whether or not it has a value there. `None`: the flow has no such name.
    ///
    /// Siblings may have parameters of one name; the innermost that is visible wins.
    #[must_use]
    pub fn resolve(&self, name: &str, place: Place) -> Option<Binding> {
        if let Some(index) = self.params.get(name) {
            return Some(Binding::FlowParam(*index));
        }
        if let Some(node) = self.graph.find(name) {
            return Some(Binding::Result(node));
        }
        let candidates = self.node_params.get(name)?;
        let found = self.covering(candidates, self.moment(place)).or(candidates.first());
        found.map(|found| Binding::NodeParam(found.node, found.index))
    }

    /// The innermost candidate that is visible at a vertex of the dominator tree.
    fn covering<'c>(&self, candidates: &'c [Candidate], here: u32) -> Option<&'c Candidate> {
        let (at, size) = self.tree.span(here);
        let before = candidates.partition_point(|candidate| candidate.start <= at);
        let mut found = candidates.get(before.checked_sub(1)?).filter(|_| size > 0)?;
        while found.end <= at {
            found = candidates.get(found.within? as usize)?;
        }
        Some(found)
    }

    /// Whether every way to `place` gives the name a value. True where no sure way leads: nothing is known.
    #[must_use]
    pub fn has_value(&self, binding: Binding, place: Place) -> bool {
        let here = self.moment(place);
        if !self.tree.is_reachable(here) {
            return true;
        }
        match binding {
            Binding::FlowParam(_) => true,
            Binding::Result(node) => self.tree.dominates(done(node.into()), here),
            Binding::NodeParam(node, _) => self.tree.dominates(entered(node.into()), here),
        }
    }

    /// Whether every way to `place` leads over `node`, successful or not.
    #[must_use]
    pub fn has_tried(&self, node: NodeIx, place: Place) -> bool {
        self.tree.dominates(entered(node.into()), self.moment(place))
    }

    /// Whether the place can be reached for sure.
    #[must_use]
    pub fn is_reachable(&self, place: Place) -> bool {
        self.tree.is_reachable(self.moment(place))
    }

    /// Parameters of nodes by name, sorted so that each comes behind those it lies within.
    pub(super) fn node_params(&self) -> impl Iterator<Item = (&'a str, &[Candidate])> {
        self.node_params.iter().map(|(name, list)| (*name, list.as_slice()))
    }

    /// All names that could stand at `place`, for "did you mean".
    pub fn visible(&self, place: Place) -> impl Iterator<Item = SmolStr> {
        let params = self.params.keys().map(|name| SmolStr::from(*name));
        let node = move |(ix, node): (NodeIx, &flow_grammar::ast::Node)| {
            self.has_value(Binding::Result(ix), place).then(|| node.name.text.clone())
        };
        let here = self.moment(place);
        let visible = move |(name, list): (&&str, &Vec<Candidate>)| {
            self.covering(list, here).map(|_| SmolStr::from(*name))
        };
        params.chain(self.graph.nodes().filter_map(node)).chain(self.node_params.iter().filter_map(visible))
    }

    /// The vertex of the dominator tree that stands for a place.
    fn moment(&self, place: Place) -> u32 {
        match place {
            Place::Work(node) => entered(node.into()),
            Place::Edge(ix) => match self.graph.edge(ix) {
                Some(edge) if edge.is_normal() => done(edge.from),
                Some(edge) if edge.kind == EdgeKind::Implicit => entered(Vertex::ENTRY),
                Some(edge) => entered(edge.from),
                None => entered(Vertex::ENTRY),
            },
        }
    }
}

/// Sorts candidates along the dominator tree and links each to the one around it.
fn nest(list: &mut [Candidate]) {
    list.sort_by_key(|candidate| (candidate.start, candidate.node, candidate.index));
    let mut open: Vec<(u32, u32)> = Vec::new();
    for (place, candidate) in (0_u32..).zip(list) {
        while open.last().is_some_and(|(_, end)| *end <= candidate.start) {
            open.pop();
        }
        candidate.within = open.last().map(|(place, _)| *place);
        open.push((place, candidate.end));
    }
}

fn entered(vertex: Vertex) -> u32 {
    vertex.0 * 2
}

fn done(vertex: Vertex) -> u32 {
    vertex.0 * 2 + 1
}

/// The graph with each vertex split into "entered" and "done".
fn moments(graph: &FlowGraph<'_>) -> Vec<Vec<u32>> {
    let mut next = vec![Vec::new(); graph.size() * 2];
    for vertex in graph.vertices() {
        let targets = |normal: bool| {
            let edges =
                graph.outgoing(vertex).filter(move |(_, edge)| edge.certain && edge.is_normal() == normal);
            edges.filter_map(|(_, edge)| edge.to.map(entered))
        };
        if let Some(list) = next.get_mut(entered(vertex) as usize) {
            list.push(done(vertex));
            list.extend(targets(false));
        }
        if let Some(list) = next.get_mut(done(vertex) as usize) {
            list.extend(targets(true));
        }
    }
    next
}
