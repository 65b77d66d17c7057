//! Arrows: conditions, arguments, results, and the error edges that the header gives to every node.

use flow_grammar::ast;
use flow_ir::expr::Expr;
use flow_ir::flow::{Edge, Target};
use flow_ir::units::ErrorClass;
use flow_ir::{CounterId, NodeId};

use super::{Lowering, handled, takes};
use crate::expr::Why;
use crate::graph::{self, ClassSet, EdgeIx, EdgeKind, GraphEdge, Vertex};
use crate::report;
use crate::types::Ty;

/// An error edge of the header, lowered once for all nodes.
pub(super) struct Handler {
    classes: ClassSet,
    edge: Edge,
}

impl Lowering<'_, '_, '_> {
    /// The error edges of the header.
    pub(super) fn handlers(&mut self, counters: &mut Vec<u32>) -> Vec<Handler> {
        let graph = self.graph;
        let mut handlers = Vec::new();
        for (ix, edge) in graph.outgoing(Vertex::ENTRY).filter(|(_, edge)| edge.kind == EdgeKind::Handler) {
            let classes = takes(edge.ast);
            let edge = Edge { implicit: true, ..self.edge(ix, edge, ClassSet::ALL, counters) };
            handlers.push(Handler { classes, edge });
        }
        handlers
    }

    /// The edges of a node in the order of the Bundle: normal ones, error ones, implicit ones.
    pub(super) fn edges_of(
        &mut self,
        vertex: Vertex,
        counters: &mut Vec<u32>,
        handlers: &[Handler],
    ) -> Vec<Edge> {
        let graph = self.graph;
        let plan = vertex.node().and_then(|ix| self.plans.get(ix.0 as usize));
        let raises = plan.and_then(|plan| plan.raises).unwrap_or(ClassSet::ALL);
        let mut normal = Vec::new();
        let mut errors = Vec::new();
        for (ix, edge) in graph.outgoing(vertex) {
            match edge.kind {
                EdgeKind::Normal => normal.push(self.edge(ix, edge, raises, counters)),
                EdgeKind::Error => errors.push(self.edge(ix, edge, raises, counters)),
                EdgeKind::Handler | EdgeKind::Implicit | EdgeKind::Guess => {}
            }
        }
        let own = vertex.node().and_then(|ix| graph.node(ix));
        if let Some(node) = own.filter(|_| vertex.node().is_some_and(|ix| !graph.is_handler(ix))) {
            let mut left = raises.without(handled(&node.edges));
            for handler in handlers {
                let on: Vec<ErrorClass> = handler.classes.common(left).iter().collect();
                if !on.is_empty() {
                    errors.push(Edge { on, ..handler.edge.clone() });
                }
                if handler.edge.max.is_none() {
                    left = left.without(handler.classes);
                }
            }
        }
        normal.append(&mut errors);
        normal
    }

    fn edge(&mut self, ix: EdgeIx, edge: &GraphEdge<'_>, raises: ClassSet, counters: &mut Vec<u32>) -> Edge {
        let when = match &edge.ast.guard {
            Some(ast::Guard::When(condition)) => {
                self.enter(graph::Place::Edge(ix));
                self.elab.scope.known = Some(self.facts.before_edge(ix));
                Some(self.elab.condition(condition))
            }
            Some(ast::Guard::On(_)) | None => None,
        };
        self.enter(graph::Place::Edge(ix));
        let to = self.target(edge.ast);
        let max = edge.ast.max.map(|max| {
            counters.push(max.count);
            CounterId(u32::try_from(counters.len() - 1).unwrap_or(u32::MAX))
        });
        let on = takes(edge.ast).common(raises).iter().collect();
        let clears = if edge.is_normal() { self.clears(ix, edge) } else { Vec::new() };
        Edge { to, when, on, max, implicit: false, clears }
    }

    fn target(&mut self, edge: &ast::Edge) -> Target {
        match &edge.target {
            ast::Target::Node { name, args, .. } => self.node_target(name, args.as_deref().unwrap_or(&[])),
            ast::Target::Return(value, span) => Target::Return(self.returned(value.as_ref(), *span)),
            ast::Target::Fail(value, _) => {
                let message = value.as_ref().map(|value| {
                    self.elab.scope.reset_locals();
                    self.elab.check(value, &Ty::TEXT, Why::Library("fail"))
                });
                Target::Fail(message)
            }
            ast::Target::Missing(_) => Target::Fail(None),
        }
    }

    fn node_target(&mut self, name: &ast::Name, args: &[ast::Arg]) -> Target {
        let Some(node) = self.graph.find(&name.text) else {
            self.elab.elaborate_quietly(args);
            return Target::Fail(None);
        };
        let params = self.nodes.get(node.0 as usize).map(|slots| slots.params.clone()).unwrap_or_default();
        let mut values = Vec::with_capacity(params.len());
        for (index, (_, param)) in params.iter().enumerate() {
            let labelled =
                args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| label.text == param.name));
            let arg = labelled.or_else(|| args.get(index).filter(|arg| arg.label.is_none()));
            let Some(arg) = arg else { continue };
            self.elab.scope.reset_locals();
            values.push(self.argument(arg, &name.text, &param.name, &param.ty));
        }
        Target::Node(NodeId(node.0), values)
    }

    fn argument(&mut self, arg: &ast::Arg, node: &str, param: &str, ty: &Ty) -> Expr {
        match &arg.value {
            ast::ArgValue::Expr(value) => self.elab.check(value, ty, Why::NodeParam(node, param)),
            ast::ArgValue::Lambda { span, .. } => {
                let span = self.elab.span(*span);
                self.elab.out.push(report::types::lambda_argument(span, node, false));
                self.elab.poison().expr
            }
        }
    }

    fn returned(&mut self, value: Option<&ast::Expr>, span: flow_grammar::Span) -> Option<Expr> {
        let ret = self.sig.ret.clone();
        let name = self.sig.name.clone();
        self.elab.scope.reset_locals();
        match (value, &ret) {
            (None, Ty::Nothing) => None,
            (None, _) => {
                let place = self.elab.span(span);
                if !ret.is_poison() {
                    self.elab.out.push(report::types::returns_nothing(place, &name, &ret.to_string()));
                }
                None
            }
            (Some(value), Ty::Nothing) => {
                let found = self.elab.expr(value, None);
                let place = self.elab.span(value.span);
                if !found.ty.is_poison() {
                    self.elab.out.push(report::types::returns_value(place, &name));
                }
                None
            }
            (Some(value), ret) => Some(self.elab.check(value, ret, Why::Return(&name))),
        }
    }
}
