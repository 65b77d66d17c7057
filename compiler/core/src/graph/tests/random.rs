//! Random small flows: every analysis against a slow one that follows its definition.

use flow_grammar::ast::{Flow, Guard};
use proptest::prelude::*;
use smol_str::SmolStr;

use super::sample::{World, flow};
use crate::graph::uses::{uses_of_edge, uses_of_work};
use crate::graph::{
    Binding, Callees, EdgeIx, EdgeKind, FactPath, Facts, FlowGraph, GraphEdge, NodeIx, Place, Scope, Vertex,
    live,
};

const CASES: [&str; 3] = ["Yes", "No", "Maybe"];

/// Target (the last means `return`), kind, and the node a condition looks at.
type EdgeSpec = (usize, u8, usize);

fn text(nodes: &[Vec<EdgeSpec>], header: &[EdgeSpec]) -> String {
    let count = nodes.len();
    let edge = |indent: &str, (to, kind, about): &EdgeSpec| {
        let target = if *to < count { format!("n{to}") } else { "return 1".to_owned() };
        let about = if *about < count { format!("n{about}") } else { "p".to_owned() };
        let clause = match kind {
            0 => String::new(),
            1 => format!(" when {about} is Yes"),
            2 => format!(" when {about} is not Yes"),
            3 => format!(" when {about} is No max 1"),
            4 => " max 2".to_owned(),
            5 => format!(" when {about} is Yes or {about} is No"),
            6 => " on Timeout".to_owned(),
            _ => " on Error".to_owned(),
        };
        format!("{indent}-> {target}{clause}\n")
    };
    let mut out = String::from("flow f(p: Verdict): int {\n");
    header.iter().for_each(|spec| out.push_str(&edge("  ", spec)));
    for (index, edges) in nodes.iter().enumerate() {
        let reads = edges.first().map_or(0, |(to, ..)| to % count);
        out.push_str(&format!("\n  node n{index} = ask(n{reads})\n"));
        edges.iter().for_each(|spec| out.push_str(&edge("    ", spec)));
    }
    out.push_str("}\n");
    out
}

fn source() -> impl Strategy<Value = String> {
    (1..7_usize).prop_flat_map(|count| {
        let edge = (0..=count, 0..8_u8, 0..=count);
        let nodes = proptest::collection::vec(proptest::collection::vec(edge.clone(), 1..4), count);
        (nodes, proptest::collection::vec(edge, 1..4)).prop_map(|(nodes, header)| text(&nodes, &header))
    })
}

fn build(flow: &Flow) -> FlowGraph<'_> {
    FlowGraph::new(flow, |node| World(flow).raises(node))
}

/// Whether a vertex can be reached over sure edges that `may` allows.
fn reaches(graph: &FlowGraph<'_>, from: Vertex, to: Vertex, may: impl Fn(&GraphEdge<'_>) -> bool) -> bool {
    let mut seen = vec![false; graph.size()];
    let mut todo = vec![from];
    while let Some(vertex) = todo.pop() {
        if !std::mem::replace(&mut seen[vertex.0 as usize], true) {
            let edges = graph.outgoing(vertex).map(|(_, edge)| edge).filter(|edge| edge.certain && may(edge));
            todo.extend(edges.filter_map(|edge| edge.to));
        }
    }
    seen[to.0 as usize]
}

fn start_of(graph: &FlowGraph<'_>, place: Place) -> Vertex {
    match place {
        Place::Work(node) => node.into(),
        Place::Edge(ix) => graph.edge(ix).unwrap().from,
    }
}

/// Definite assignment by deletion: no way to the place avoids the success of the node.
fn surely_assigned(graph: &FlowGraph<'_>, node: NodeIx, place: Place) -> bool {
    let here = start_of(graph, place);
    let at_own_edge =
        matches!(place, Place::Edge(ix) if graph.edge(ix).unwrap().is_normal() && here == node.into());
    let avoids = |edge: &GraphEdge<'_>| !(edge.from == node.into() && edge.is_normal());
    at_own_edge || !reaches(graph, Vertex::ENTRY, here, avoids)
}

/// Whether some round trip uses no arrow with `max`, by trying all simple ways.
fn has_free_loop(graph: &FlowGraph<'_>) -> bool {
    let free = |edge: &GraphEdge<'_>| edge.ast.max.is_none();
    let closes = |edge: &GraphEdge<'_>| edge.to.is_some_and(|to| reaches(graph, to, edge.from, free));
    let reached = |vertex| graph.order().contains(&vertex);
    graph.edges().any(|(_, edge)| edge.certain && free(edge) && reached(edge.from) && closes(edge))
}

/// Liveness by definition: some way leads from before the work to a read, with no new value on it.
fn is_live(graph: &FlowGraph<'_>, scope: &Scope<'_>, binding: Binding, node: NodeIx) -> bool {
    let reads = |place: Place, uses: Vec<crate::graph::Use>| {
        uses.iter().any(|read| !read.only_visits && scope.resolve(&read.name, place) == Some(binding))
    };
    let in_work =
        |ix: NodeIx| reads(Place::Work(ix), uses_of_work(graph.node(ix).unwrap().work.as_ref().unwrap()));
    let mut seen = vec![false; graph.size()];
    let mut todo = vec![node];
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut seen[at.0 as usize], true) {
            continue;
        }
        if in_work(at) {
            return true;
        }
        if binding == Binding::Result(at) {
            continue;
        }
        for (ix, edge) in graph.outgoing(at.into()) {
            if reads(Place::Edge(ix), uses_of_edge(edge.ast)) {
                return true;
            }
            todo.extend(edge.to.and_then(Vertex::node));
        }
    }
    false
}

/// A walk through the graph with real values, as a run would do it.
struct Run<'g, 'a> {
    graph: &'g FlowGraph<'a>,
    facts: &'g Facts,
    values: std::collections::HashMap<String, &'static str>,
    taken: std::collections::HashMap<EdgeIx, u32>,
    seed: u64,
}

impl Run<'_, '_> {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    fn knows_no_lie(&self, known: &crate::graph::Known<'_>, except: &str) {
        for (name, value) in self.values.iter().filter(|(name, _)| *name != except) {
            let path = FactPath { root: SmolStr::from(name.as_str()), fields: Vec::new() };
            if let Some(cases) = known.cases(&path) {
                assert!(cases.allows(value), "`{name}` is {value}, thought to be {cases:?}");
            }
        }
    }

    fn holds(&self, edge: &GraphEdge<'_>) -> bool {
        let Some(Guard::When(condition)) = &edge.ast.guard else { return true };
        let says = crate::graph::constraints(condition, true);
        says.iter().all(|(path, cases)| cases.allows(self.values[path.root.as_str()]))
    }

    fn go(&mut self) {
        let mut at = Vertex::ENTRY;
        for _ in 0..30 {
            let mut failed = false;
            if let Some(node) = at.node() {
                let name = self.graph.name(at).to_owned();
                self.knows_no_lie(&self.facts.at_node(node), &name);
                failed = self.random(4) == 0;
                let value = CASES[self.random(3) as usize];
                self.values.insert(name, value);
            }
            let edges: Vec<_> = self.graph.outgoing(at).map(|(ix, edge)| (ix, *edge)).collect();
            let fits = |run: &Self, ix: &EdgeIx, edge: &GraphEdge<'_>| {
                let left = edge.ast.max.is_none_or(|max| run.taken.get(ix).copied().unwrap_or(0) < max.count);
                let kind = if failed { !edge.is_normal() } else { edge.is_normal() && run.holds(edge) };
                left && kind && edge.kind != EdgeKind::Handler
            };
            let Some((ix, edge)) = edges.into_iter().find(|(ix, edge)| fits(self, ix, edge)) else { return };
            *self.taken.entry(ix).or_default() += 1;
            self.knows_no_lie(&self.facts.on_edge(ix), if failed { self.graph.name(at) } else { "" });
            let Some(to) = edge.to else { return };
            at = to;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn values_are_there_where_no_way_avoids_them(source in source()) {
        let flow = flow(&source);
        let graph = build(&flow);
        let scope = Scope::new(&graph);
        let works = graph.nodes().map(|(ix, _)| Place::Work(ix));
        let edges = graph.vertices().flat_map(|vertex| graph.written(vertex)).map(|(ix, _)| Place::Edge(ix));
        for place in works.chain(edges).filter(|place| reaches(&graph, Vertex::ENTRY, start_of(&graph, *place), |_| true)) {
            for (node, _) in graph.nodes() {
                let expect = surely_assigned(&graph, node, place);
                prop_assert_eq!(scope.has_value(Binding::Result(node), place), expect, "{:?} {:?}\n{}", node, place, source);
            }
        }
    }

    #[test]
    fn loops_without_a_bound_are_found(source in source()) {
        let flow = flow(&source);
        let graph = build(&flow);
        let reported = super::found(&source).iter().any(|line| line.ends_with("FL0401"));
        prop_assert_eq!(reported, has_free_loop(&graph), "{}", source);
    }

    #[test]
    fn live_values_are_those_that_some_way_reads(source in source()) {
        let flow = flow(&source);
        let graph = build(&flow);
        let scope = Scope::new(&graph);
        let alive = live(&graph, &scope);
        for vertex in graph.order().iter().filter_map(|vertex| vertex.node()) {
            let found: Vec<Binding> = alive.at(vertex).collect();
            let all = graph.nodes().map(|(ix, _)| Binding::Result(ix)).chain([Binding::FlowParam(0)]);
            for binding in all {
                let expect = is_live(&graph, &scope, binding, vertex);
                prop_assert_eq!(found.contains(&binding), expect, "{:?} at {:?}\n{}", binding, vertex, source);
            }
        }
    }

    #[test]
    fn facts_hold_in_every_run(source in source(), seed in any::<u64>()) {
        let flow = flow(&source);
        let graph = build(&flow);
        let facts = Facts::new(&graph);
        for round in 0..20 {
            let names = graph.nodes().map(|(_, node)| node.name.text.to_string()).chain(["p".to_owned()]);
            let mut run = Run {
                graph: &graph,
                facts: &facts,
                values: std::collections::HashMap::new(),
                taken: std::collections::HashMap::new(),
                seed: seed.wrapping_add(round),
            };
            for name in names {
                let value = CASES[run.random(3) as usize];
                run.values.insert(name, value);
            }
            run.go();
        }
    }
}
