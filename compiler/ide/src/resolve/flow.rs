//! Names of a flow: parameters, nodes, parameters of nodes.

use flow_compiler::graph::{Binding, FlowGraph, NodeIx, Place as Moment, Scope, Vertex};
use flow_grammar::ast::{Edge, Flow, Guard, Node, Target, Work};

use super::{Kind, Meaning, Resolver};
use crate::package::View;

/// The flow around a place.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    flow: &'a Flow,
    scope: &'a Scope<'a>,
    moment: Moment,
}

impl Around<'_> {
    /// What a name of the flow stands for here.
    pub(super) fn meaning(&self, view: &View, name: &str) -> Option<Meaning> {
        let binding = self.scope.resolve(name, self.moment)?;
        let (name, kind) = match binding {
            Binding::FlowParam(index) => (&self.flow.params.get(index as usize)?.name, Kind::Param),
            Binding::Result(node) => (&self.flow.nodes.get(node.0 as usize)?.name, Kind::Node),
            Binding::NodeParam(node, index) => {
                let params = self.flow.nodes.get(node.0 as usize)?.params.as_ref()?;
                (&params.get(index as usize)?.name, Kind::Param)
            }
        };
        Some(Meaning { target: view.here(name.span), kind })
    }
}

/// The graph of a flow as the compiler sees it.
pub(crate) fn graph<'a>(view: &View, flow: &'a Flow) -> FlowGraph<'a> {
    FlowGraph::new(flow, |node| {
        let name = flow.nodes.get(node.0 as usize)?.name.span;
        view.analysis.knowledge.raises(name)
    })
}

impl<'a> Resolver<'a> {
    /// Everything behind the head of a flow.
    pub(super) fn flow_body(&mut self, flow: &'a Flow) {
        for node in &flow.nodes {
            self.define(&node.name, Kind::Node);
            node.params.iter().flatten().for_each(|param| drop(self.param(param, Kind::Param)));
        }
        let graph = graph(self.view, flow);
        let scope = Scope::new(&graph);
        let around = |moment| Around { flow, scope: &scope, moment };
        let mut inner = Resolver {
            package: self.package,
            view: self.view,
            own: self.own,
            // The scope of the graph knows the parameters too.
            scope: Vec::new(),
            flow: None,
            out: std::mem::take(&mut self.out),
        };
        for vertex in graph.vertices() {
            if let Some((node, ast)) =
                vertex.node().and_then(|node| Some((node, flow.nodes.get(node.0 as usize)?)))
            {
                inner.flow = Some(around(Moment::Work(node)));
                inner.work(ast);
            }
            for (edge, found) in graph.written(vertex) {
                inner.flow = Some(around(Moment::Edge(edge)));
                inner.edge(found.ast, flow);
            }
        }
        self.out = inner.out;
    }

    fn work(&mut self, node: &'a Node) {
        match &node.work {
            None => {}
            Some(Work::Call(call)) => self.call(call),
            Some(Work::All { branches, .. }) => branches.iter().for_each(|branch| {
                self.define(&branch.name, Kind::Field);
                self.call(&branch.call);
            }),
            Some(Work::Each { var, list, call, .. }) => {
                self.expr(list);
                self.with_local(var, |inner| inner.call(call));
            }
        }
    }

    fn edge(&mut self, edge: &'a Edge, flow: &'a Flow) {
        match &edge.target {
            Target::Node { name, args, .. } => {
                let node = flow.nodes.iter().find(|node| node.name.text == name.text);
                let place = node.map(|node| self.view.here(node.name.span));
                if let Some(place) = &place {
                    let meaning = Meaning { target: place.clone(), kind: Kind::Node };
                    self.push(name, &meaning, false);
                }
                if let Some(args) = args {
                    self.args(args, place.as_ref());
                }
            }
            Target::Return(value, _) | Target::Fail(value, _) => {
                value.iter().for_each(|value| self.expr(value));
            }
            Target::Missing(_) => {}
        }
        if let Some(Guard::When(condition)) = &edge.guard {
            self.expr(condition);
        }
    }
}

/// Where in a flow an offset lies: in the work of a node, or in one of the edges.
pub(crate) fn moment(graph: &FlowGraph<'_>, offset: u32) -> Option<Moment> {
    let edge = graph.edges().find(|(_, edge)| {
        edge.ast.span.touches(offset) && edge.kind != flow_compiler::graph::EdgeKind::Implicit
    });
    if let Some((edge, _)) = edge {
        return Some(Moment::Edge(edge));
    }
    let before = graph.nodes().filter(|(_, node)| node.span.start <= offset).last();
    let (node, ast) = before?;
    let edges: Vec<_> = graph.written(Vertex::from(node)).collect();
    // Behind the last edge, something is being typed into it.
    match edges.iter().rev().find(|(_, edge)| edge.ast.span.start <= offset) {
        Some((edge, _)) if offset > ast.head.end => Some(Moment::Edge(*edge)),
        _ => Some(Moment::Work(NodeIx(node.0))),
    }
}
