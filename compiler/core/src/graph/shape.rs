//! A flow as vertices and edges with dense numbers.

use flow_grammar::Span;
use flow_grammar::ast::{Edge, Flow, Guard, Node, Target};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::ClassSet;
use super::target::Guess;

/// A node of a flow, by its place in [`Flow::nodes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeIx(pub u32);

/// A place where the token can stand: the flow's header, or a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vertex(pub u32);

impl Vertex {
    /// The header of the flow.
    pub const ENTRY: Self = Self(0);

    /// The node, unless it is the header.
    #[must_use]
    pub fn node(self) -> Option<NodeIx> {
        self.0.checked_sub(1).map(NodeIx)
    }

    pub(super) fn slot(self) -> usize {
        self.0 as usize
    }
}

impl From<NodeIx> for Vertex {
    fn from(node: NodeIx) -> Self {
        Self(node.0 + 1)
    }
}

/// An edge of a [`FlowGraph`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EdgeIx(pub u32);

/// When an edge is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EdgeKind {
    /// After the node's work succeeded.
    Normal,
    /// `on Class`, written at the node.
    Error,
    /// `on Class`, written at the header: nothing stands there that could fail, it stands for all `Implicit` ones.
    Handler,
    /// Put here by the header: the node may raise a class that it does not handle itself.
    Implicit,
    /// Nobody wrote it: where a flow that does not say so probably starts. Its tree means nothing.
    Guess,
}

/// An arrow, with where it was written.
#[derive(Clone, Copy, Debug)]
pub struct GraphEdge<'a> {
    /// Where it leaves.
    pub from: Vertex,
    /// Where it leads; `None` for `return`, `fail` and targets that do not exist.
    pub to: Option<Vertex>,
    /// When it is taken.
    pub kind: EdgeKind,
    /// The tree. Implicit edges have the header's edge.
    pub ast: &'a Edge,
    /// Whether it is surely there. Edges guessed from a misspelled name, and implicit ones of a callable that is
    /// not known, only keep their targets reachable; `Handler` edges are never certain.
    pub certain: bool,
}

impl GraphEdge<'_> {
    /// Whether it is taken after success.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        self.kind == EdgeKind::Normal
    }

    /// Whether it is taken whenever it is reached.
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        self.ast.guard.is_none() && self.ast.max.is_none()
    }
}

/// A flow as a graph. Vertex 0 is the header, vertex `i + 1` is node `i`.
#[derive(Debug)]
pub struct FlowGraph<'a> {
    /// The tree it was made from.
    pub flow: &'a Flow,
    /// Whether recovery or a misspelled target left a hole, so that a missing way is no news.
    pub has_holes: bool,
    edges: Vec<GraphEdge<'a>>,
    outgoing: Vec<Vec<EdgeIx>>,
    incoming: Vec<Vec<EdgeIx>>,
    by_name: FxHashMap<SmolStr, NodeIx>,
    handler: Vec<bool>,
    order: Vec<Vertex>,
}

impl<'a> FlowGraph<'a> {
    /// Builds the graph. `raises` says which classes leave a node's work, `None` if nobody knows.
    pub fn new(flow: &'a Flow, raises: impl Fn(NodeIx) -> Option<ClassSet>) -> Self {
        let mut graph = Self::empty(flow);
        let mut guess = Guess::new(&graph.by_name);
        graph.add_edges(Vertex::ENTRY, &flow.entry, &mut guess);
        for (index, node) in flow.nodes.iter().enumerate() {
            graph.add_edges(NodeIx(index as u32).into(), &node.edges, &mut guess);
        }
        graph.guess_start();
        graph.find_handler();
        graph.add_implicit_edges(raises);
        graph.find_order();
        graph
    }

    fn empty(flow: &'a Flow) -> Self {
        let mut by_name = FxHashMap::default();
        for (index, node) in flow.nodes.iter().enumerate().filter(|(_, node)| !node.name.is_missing()) {
            by_name.entry(node.name.text.clone()).or_insert(NodeIx(index as u32));
        }
        let size = flow.nodes.len() + 1;
        Self {
            flow,
            has_holes: flow.nodes.iter().any(|node| node.name.is_missing()),
            edges: Vec::new(),
            outgoing: vec![Vec::new(); size],
            incoming: vec![Vec::new(); size],
            by_name,
            handler: vec![false; size],
            order: Vec::new(),
        }
    }

    fn add_edges(&mut self, from: Vertex, edges: &'a [Edge], guess: &mut Guess) {
        for ast in edges {
            let kind = match (&ast.guard, from) {
                (Some(Guard::On(_)), Vertex::ENTRY) => EdgeKind::Handler,
                (Some(Guard::On(_)), _) => EdgeKind::Error,
                (Some(Guard::When(_)) | None, _) => EdgeKind::Normal,
            };
            let (to, known) = self.resolve(ast, guess);
            self.push(GraphEdge { from, to, kind, ast, certain: known && kind != EdgeKind::Handler });
        }
    }

    /// The target of an edge, and whether it is what was written.
    fn resolve(&mut self, ast: &Edge, guess: &mut Guess) -> (Option<Vertex>, bool) {
        let name = match &ast.target {
            Target::Return(..) | Target::Fail(..) => return (None, true),
            Target::Missing(_) => {
                self.has_holes = true;
                return (None, false);
            }
            Target::Node { name, .. } => name,
        };
        if let Some(node) = self.by_name.get(&name.text) {
            return (Some((*node).into()), true);
        }
        let meant = guess.closest(&name.text).and_then(|near| self.by_name.get(&near));
        self.has_holes |= meant.is_none();
        (meant.map(|node| (*node).into()), false)
    }

    /// A flow that does not say where it starts probably starts at its first node.
    fn guess_start(&mut self) {
        let has_start = self.outgoing(Vertex::ENTRY).any(|(_, edge)| edge.is_normal());
        if has_start {
            return;
        }
        self.has_holes = true;
        let any = self.flow.nodes.iter().flat_map(|node| &node.edges).chain(&self.flow.entry).next();
        let to = self.flow.nodes.first().map(|_| NodeIx(0).into());
        if let (Some(ast), Some(_)) = (any, to) {
            self.push(GraphEdge { from: Vertex::ENTRY, to, kind: EdgeKind::Guess, ast, certain: false });
        }
    }

    fn push(&mut self, edge: GraphEdge<'a>) {
        let ix = EdgeIx(self.edges.len() as u32);
        if let Some(list) = self.outgoing.get_mut(edge.from.slot()) {
            list.push(ix);
        }
        if let Some(list) = edge.to.and_then(|to| self.incoming.get_mut(to.slot())) {
            list.push(ix);
        }
        self.edges.push(edge);
    }

    fn find_handler(&mut self) {
        let mut todo: Vec<Vertex> = self.handler_edges().filter_map(|edge| edge.to).collect();
        while let Some(vertex) = todo.pop() {
            let Some(seen) = self.handler.get_mut(vertex.slot()) else { continue };
            if !std::mem::replace(seen, true) {
                todo.extend(self.outgoing(vertex).filter_map(|(_, edge)| edge.to));
            }
        }
    }

    /// Errors that a node outside the handler does not handle itself go where the header says.
    fn add_implicit_edges(&mut self, raises: impl Fn(NodeIx) -> Option<ClassSet>) {
        let handlers: Vec<GraphEdge<'a>> = self.handler_edges().copied().collect();
        if handlers.is_empty() {
            return;
        }
        for (index, node) in self.flow.nodes.iter().enumerate() {
            let ix = NodeIx(index as u32);
            if self.is_handler(ix) {
                continue;
            }
            let raised = raises(ix);
            let mut open = raised.unwrap_or(ClassSet::ALL).without(handled(node));
            for handler in &handlers {
                let taken = open.common(classes(handler.ast));
                if taken.is_empty() {
                    continue;
                }
                if handler.ast.max.is_none() {
                    open = open.without(taken);
                }
                let certain = raised.is_some() && handler.to.is_some();
                self.push(GraphEdge { from: ix.into(), kind: EdgeKind::Implicit, certain, ..*handler });
            }
        }
    }

    /// Reverse post-order: every vertex comes before those it leads to, but for edges that close a loop.
    fn find_order(&mut self) {
        let mut seen = vec![false; self.outgoing.len()];
        let mut stack = vec![(Vertex::ENTRY, 0_usize)];
        mark(&mut seen, Vertex::ENTRY);
        let mut post = Vec::new();
        while let Some((vertex, next)) = stack.pop() {
            let Some(edge) = self.outgoing.get(vertex.slot()).and_then(|list| list.get(next)) else {
                post.push(vertex);
                continue;
            };
            stack.push((vertex, next + 1));
            let to = self.edge(*edge).and_then(|edge| edge.to);
            if let Some(to) = to.filter(|to| mark(&mut seen, *to)) {
                stack.push((to, 0));
            }
        }
        post.reverse();
        self.order = post;
    }

    /// The edges of the header that take errors.
    pub fn handler_edges(&self) -> impl Iterator<Item = &GraphEdge<'a>> {
        self.outgoing(Vertex::ENTRY).map(|(_, edge)| edge).filter(|edge| edge.kind == EdgeKind::Handler)
    }

    /// How many vertices there are: nodes and the header.
    #[must_use]
    pub fn size(&self) -> usize {
        self.outgoing.len()
    }

    /// All vertices.
    pub fn vertices(&self) -> impl Iterator<Item = Vertex> + use<> {
        (0..self.outgoing.len() as u32).map(Vertex)
    }

    /// All nodes, with their trees.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIx, &'a Node)> + use<'a> {
        self.flow.nodes.iter().enumerate().map(|(index, node)| (NodeIx(index as u32), node))
    }

    /// The tree of a node.
    #[must_use]
    pub fn node(&self, ix: NodeIx) -> Option<&'a Node> {
        self.flow.nodes.get(ix.0 as usize)
    }

    /// The first node of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeIx> {
        self.by_name.get(name).copied()
    }

    /// What the node is called; the header is `start`.
    #[must_use]
    pub fn name(&self, vertex: Vertex) -> &'a str {
        let node = vertex.node().and_then(|ix| self.node(ix));
        node.map_or("start", |node| node.name.text.as_str())
    }

    /// All edges.
    pub fn edges(&self) -> impl Iterator<Item = (EdgeIx, &GraphEdge<'a>)> {
        self.edges.iter().enumerate().map(|(index, edge)| (EdgeIx(index as u32), edge))
    }

    /// One edge.
    #[must_use]
    pub fn edge(&self, ix: EdgeIx) -> Option<&GraphEdge<'a>> {
        self.edges.get(ix.0 as usize)
    }

    /// Edges as written at a vertex, in order.
    pub fn written(&self, vertex: Vertex) -> impl Iterator<Item = (EdgeIx, &GraphEdge<'a>)> {
        let is_written = |kind| matches!(kind, EdgeKind::Normal | EdgeKind::Error | EdgeKind::Handler);
        self.outgoing(vertex).filter(move |(_, edge)| is_written(edge.kind))
    }

    /// Edges that leave a vertex: those written there in order, then the implicit ones.
    pub fn outgoing(&self, vertex: Vertex) -> impl Iterator<Item = (EdgeIx, &GraphEdge<'a>)> {
        self.list(&self.outgoing, vertex)
    }

    /// Edges that lead to a vertex.
    pub fn incoming(&self, vertex: Vertex) -> impl Iterator<Item = (EdgeIx, &GraphEdge<'a>)> {
        self.list(&self.incoming, vertex)
    }

    fn list<'g>(
        &'g self,
        lists: &'g [Vec<EdgeIx>],
        vertex: Vertex,
    ) -> impl Iterator<Item = (EdgeIx, &'g GraphEdge<'a>)> {
        let list = lists.get(vertex.slot()).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|ix| self.edge(*ix).map(|edge| (*ix, edge)))
    }

    /// Whether the node runs only, or also, when another one failed: its own errors fail the run.
    #[must_use]
    pub fn is_handler(&self, node: NodeIx) -> bool {
        self.handler.get(Vertex::from(node).slot()).copied().unwrap_or(false)
    }

    /// Reachable vertices, each before those it leads to, but for edges that close a loop.
    #[must_use]
    pub fn order(&self) -> &[Vertex] {
        &self.order
    }

    /// Where a message about a vertex points: the node's name, or the header.
    #[must_use]
    pub fn span(&self, vertex: Vertex) -> Span {
        vertex.node().and_then(|ix| self.node(ix)).map_or(self.flow.name.span, |node| node.name.span)
    }
}

/// Notes a vertex as seen; says whether it was new.
fn mark(seen: &mut [bool], vertex: Vertex) -> bool {
    seen.get_mut(vertex.slot()).is_some_and(|seen| !std::mem::replace(seen, true))
}

/// The classes an edge takes; names that are no class take nothing.
pub(super) fn classes(edge: &Edge) -> ClassSet {
    let Some(Guard::On(names)) = &edge.guard else { return ClassSet::NONE };
    let sets = names.iter().filter_map(|name| ClassSet::named(&name.text));
    sets.fold(ClassSet::NONE, ClassSet::and)
}

/// The classes a node surely handles itself: a `max` may be used up.
fn handled(node: &Node) -> ClassSet {
    let edges = node.edges.iter().filter(|edge| edge.max.is_none());
    edges.map(classes).fold(ClassSet::NONE, ClassSet::and)
}
