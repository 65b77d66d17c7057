//! FL0401: a loop has no `max`.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::Guard;

use super::{Cx, EdgeIx, FlowGraph, GraphEdge, Vertex, path};
use crate::report;

/// Reports every knot of loops that is left when the arrows with `max` are taken away, by one of its shortest
/// loops.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let may = |edge: &GraphEdge<'_>| edge.certain && edge.ast.max.is_none();
    let knots = Knots::new(cx.graph, may);
    for first in knots.firsts(cx.graph) {
        let inside = |edge: &GraphEdge<'_>| may(edge) && edge.to.is_some_and(|to| knots.same(first, to));
        let Some(arrows) = shortest_loop(cx.graph, first, inside) else { continue };
        let way: Vec<Vertex> = arrows.iter().map(|arrow| arrow.from).chain([first]).collect();
        let bound_here = arrows.iter().rev().find(|arrow| goes_on_without(cx.graph, arrow));
        let bound_here = bound_here.map(|arrow| arrow.ast.span);
        let arrows: Vec<_> = arrows.iter().map(|arrow| (arrow.ast.span, cx.line(arrow.ast.span))).collect();
        out.push(report::limits::unbounded_loop(cx.at, &path::spell(cx.graph, &way), &arrows, bound_here));
    }
}

/// Whether a later arrow of the node takes the runs that a used-up `arrow` leaves: only there `max` alone is the
/// whole fix.
fn goes_on_without(graph: &FlowGraph<'_>, arrow: &GraphEdge<'_>) -> bool {
    let is_normal = |edge: &GraphEdge<'_>| !matches!(edge.ast.guard, Some(Guard::On(_)));
    let mut later = graph.outgoing(arrow.from).map(|(_, edge)| edge);
    is_normal(arrow) && later.any(|edge| edge.ast.span.start > arrow.ast.span.start && is_normal(edge))
}

/// The edges of a shortest loop through `first`; the last one closes it.
fn shortest_loop<'g, 'a>(
    graph: &'g FlowGraph<'a>,
    first: Vertex,
    inside: impl Fn(&GraphEdge<'a>) -> bool,
) -> Option<Vec<&'g GraphEdge<'a>>> {
    let closes = |vertex: Vertex| {
        let mut edges = graph.outgoing(vertex).map(|(_, edge)| edge);
        edges.find(|edge| edge.to == Some(first) && inside(edge))
    };
    let way = path::shortest(graph, first, |_, edge| inside(edge), |vertex| closes(vertex).is_some())?;
    let step = |pair: &[Vertex]| {
        let [from, to] = pair else { return None };
        graph.outgoing(*from).map(|(_, edge)| edge).find(|edge| edge.to == Some(*to) && inside(edge))
    };
    let mut arrows: Vec<&GraphEdge<'a>> = way.windows(2).filter_map(step).collect();
    arrows.extend(way.last().and_then(|last| closes(*last)));
    Some(arrows)
}

/// The strongly connected parts of a graph, by Tarjan's algorithm without recursion.
pub(super) struct Knots {
    /// The part each vertex belongs to; `None` if it is on no loop.
    part: Vec<Option<u32>>,
}

impl Knots {
    /// The parts over the edges that `may` allows, among vertices that can be reached.
    pub(super) fn new(graph: &FlowGraph<'_>, may: impl Fn(&GraphEdge<'_>) -> bool) -> Self {
        let mut search = Search::new(graph.size());
        for vertex in graph.order() {
            search.from(graph, *vertex, &may);
        }
        Self { part: search.part }
    }

    /// Whether a vertex is on a loop.
    pub(super) fn is_on_loop(&self, vertex: Vertex) -> bool {
        self.of(vertex).is_some()
    }

    fn same(&self, a: Vertex, b: Vertex) -> bool {
        self.of(a).is_some() && self.of(a) == self.of(b)
    }

    fn of(&self, vertex: Vertex) -> Option<u32> {
        self.part.get(vertex.slot()).copied().flatten()
    }

    /// Of every part with loops the vertex that a run reaches first.
    fn firsts(&self, graph: &FlowGraph<'_>) -> Vec<Vertex> {
        let mut seen = rustc_hash::FxHashSet::default();
        let order = graph.order().iter().copied();
        order.filter(|vertex| self.of(*vertex).is_some_and(|part| seen.insert(part))).collect()
    }
}

struct Search {
    number: Vec<u32>,
    low: Vec<u32>,
    open: Vec<Vertex>,
    is_open: Vec<bool>,
    part: Vec<Option<u32>>,
    next: u32,
}

impl Search {
    fn new(size: usize) -> Self {
        let (number, low) = (vec![0; size], vec![0; size]);
        Self { number, low, open: Vec::new(), is_open: vec![false; size], part: vec![None; size], next: 1 }
    }

    fn from(&mut self, graph: &FlowGraph<'_>, root: Vertex, may: &impl Fn(&GraphEdge<'_>) -> bool) {
        if self.number_of(root) != 0 {
            return;
        }
        self.enter(root);
        let mut stack = vec![(root, edges_of(graph, root, may))];
        while let Some((vertex, edges)) = stack.last_mut() {
            let vertex = *vertex;
            let to = edges.pop().and_then(|ix| graph.edge(ix)).and_then(|edge| edge.to);
            match to {
                Some(to) if self.number_of(to) == 0 => {
                    self.enter(to);
                    stack.push((to, edges_of(graph, to, may)));
                }
                Some(to) if self.is_open.get(to.slot()) == Some(&true) => {
                    self.lower(vertex, self.number_of(to))
                }
                Some(_) => {}
                None if edges.is_empty() => {
                    stack.pop();
                    self.close(graph, vertex, may);
                    if let Some((above, _)) = stack.last() {
                        self.lower(*above, self.low.get(vertex.slot()).copied().unwrap_or(u32::MAX));
                    }
                }
                None => {}
            }
        }
    }

    fn number_of(&self, vertex: Vertex) -> u32 {
        self.number.get(vertex.slot()).copied().unwrap_or(u32::MAX)
    }

    fn enter(&mut self, vertex: Vertex) {
        for list in [&mut self.number, &mut self.low] {
            list.iter_mut().skip(vertex.slot()).take(1).for_each(|slot| *slot = self.next);
        }
        self.next += 1;
        self.open.push(vertex);
        self.is_open.iter_mut().skip(vertex.slot()).take(1).for_each(|open| *open = true);
    }

    fn lower(&mut self, vertex: Vertex, to: u32) {
        self.low.iter_mut().skip(vertex.slot()).take(1).for_each(|low| *low = (*low).min(to));
    }

    /// Takes a finished part off the stack, if `vertex` is the one it was entered by.
    fn close(&mut self, graph: &FlowGraph<'_>, vertex: Vertex, may: &impl Fn(&GraphEdge<'_>) -> bool) {
        if self.low.get(vertex.slot()) != self.number.get(vertex.slot()) {
            return;
        }
        let from = self.open.iter().rposition(|open| *open == vertex).unwrap_or(0);
        let part = self.open.split_off(from);
        let loops_itself = || graph.outgoing(vertex).any(|(_, edge)| edge.to == Some(vertex) && may(edge));
        let is_knot = part.len() > 1 || loops_itself();
        for member in part {
            self.is_open.iter_mut().skip(member.slot()).take(1).for_each(|open| *open = false);
            let id = is_knot.then_some(vertex.0);
            self.part.iter_mut().skip(member.slot()).take(1).for_each(|slot| *slot = id);
        }
    }
}

fn edges_of(graph: &FlowGraph<'_>, vertex: Vertex, may: &impl Fn(&GraphEdge<'_>) -> bool) -> Vec<EdgeIx> {
    graph.outgoing(vertex).filter(|(_, edge)| edge.to.is_some() && may(edge)).map(|(ix, _)| ix).collect()
}
