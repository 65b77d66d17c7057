//! Graphs: nodes, edges and calls, from the tree to the Bundle.
//!
//! One flow at a time, after every flow it calls (so that the errors those raise are known). First the plan:
//! what each node calls, by name alone. Then the graph and what it knows. Then the nodes in an order in which
//! values come before their uses, each typed under what is known there. Then the edges.

mod calls;
mod clearing;
mod edges;
mod fallible;
mod outcomes;
mod plan;
mod swallowed;

use flow_diagnostics::{Diagnostic, SourceFile};
use flow_grammar::ast;
use flow_ir::flow::{Flow, Node, Slot, Work};
use flow_ir::types::Labels;
use flow_ir::{FlowId, NodeId, SlotId};
use smol_str::SmolStr;

use crate::callee::FlowClasses;
use crate::expr::{Elab, Inside, NodeInfo, Place, Scope, Value};
use crate::graph::{self, Binding, ClassSet, Facts, FlowGraph, NodeIx, Vertex};
use crate::names::{Item, Names};
use crate::package::{Package, Sig, doc_text};
use crate::types::{FieldDef, Interner, Ty, labels_of, resolve_ty};

pub(crate) use calls::{describe_call, limits};
pub(crate) use plan::NodePlan;

/// What all flows share while they are lowered.
pub(crate) struct Shared<'p, 'o> {
    pub(crate) pkg: &'p Package<'p>,
    pub(crate) types: &'o mut Interner,
    pub(crate) out: &'o mut Vec<Diagnostic>,
    pub(crate) classes: &'o mut FlowClasses,
}

/// A node's slots: parameters, then the result.
#[derive(Clone, Debug, Default)]
struct Slots {
    params: Vec<(SlotId, FieldDef)>,
    result: Option<SlotId>,
}

/// A flow on its way to the Bundle.
pub(crate) struct Lowering<'p, 'e, 'o> {
    elab: &'e mut Elab<'p, 'o>,
    graph: &'p FlowGraph<'p>,
    scope: &'p graph::Scope<'p>,
    facts: &'p Facts,
    plans: &'p [NodePlan],
    sig: &'p Sig,
    slots: Vec<(SmolStr, Ty, Labels)>,
    nodes: Vec<Slots>,
}

/// Checks a flow and lowers it.
pub(crate) fn lower(
    shared: &mut Shared<'_, '_>,
    id: FlowId,
    flow: &ast::Flow,
    item: &ast::Item,
    source: &SourceFile,
) -> Option<Flow> {
    let pkg = shared.pkg;
    let sig = pkg.sig(Item::Flow(id))?;
    let module = pkg.modules.get(sig.module)?;
    let plans = {
        let mut names = Names { at: module.at, module, modules: &pkg.modules, out: shared.out };
        plan::plan(&mut names, pkg, shared.classes, flow)
    };
    for (node, plan) in flow.nodes.iter().zip(&plans) {
        plan.raises.iter().for_each(|classes| pkg.record.raises(module.at.span(node.name.span), *classes));
    }
    let graph = FlowGraph::new(flow, |node| plans.get(node.0 as usize).and_then(|plan| plan.raises));
    let names = graph::Scope::new(&graph);
    let facts = Facts::new(&graph);
    shared.classes.insert(id, outcomes::leaving(&graph, &plans));
    let scope = Scope::of_params(Place::Flow, &sig.name, &sig.params);
    let mut elab = Elab::new(pkg, module, shared.types, shared.out, scope);
    let mut lowering = Lowering {
        elab: &mut elab,
        graph: &graph,
        scope: &names,
        facts: &facts,
        plans: &plans,
        sig,
        slots: sig.params.iter().map(|param| (param.name.clone(), param.ty.clone(), param.labels)).collect(),
        nodes: vec![Slots::default(); flow.nodes.len()],
    };
    lowering.declare(flow);
    let works = lowering.works(flow);
    let lowered = lowering.finish(flow, item, works);
    outcomes::check(&mut elab, &graph, &plans, flow);
    swallowed::check(&mut elab, flow, &plans);
    let callees = plan::Known { pkg, plans: &plans, graph: &graph, scope: &elab.scope };
    let cx =
        graph::Cx { graph: &graph, scope: &names, facts: &facts, callees: &callees, at: module.at, source };
    let mut found = Vec::new();
    graph::check(&cx, &mut found);
    shared.out.extend(found);
    Some(lowered)
}

impl<'p> Lowering<'p, '_, '_> {
    fn add_slot(&mut self, name: &SmolStr, ty: Ty, labels: Labels) -> SlotId {
        self.slots.push((name.clone(), ty, labels));
        SlotId(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
    }

    /// Makes the names of parameters and nodes visible; results have no type yet.
    fn declare(&mut self, flow: &ast::Flow) {
        for (index, node) in flow.nodes.iter().enumerate() {
            let id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            let params: Vec<(SlotId, FieldDef)> =
                node.params.iter().flatten().map(|param| self.declare_param(id, param)).collect();
            let plan = self.plans.get(index);
            let result = if node.work.is_some() && !node.name.is_missing() {
                Some(self.add_slot(&node.name.text, Ty::Poison, Labels::default()))
            } else {
                None
            };
            let first = self.graph.find(&node.name.text) == Some(NodeIx(id.0));
            if let (Some(slot), true) = (result, first) {
                let from_model = plan.is_some_and(|plan| plan.from_model);
                let value = Value { slot, ty: Ty::Poison, owner: None, from_model };
                // A flow parameter of the same name is reported by the graph; it stays what it was.
                if self.scope_param(&node.name.text).is_none() {
                    self.elab.scope.bind(&node.name.text, value);
                }
            }
            if first && let Some(plan) = plan {
                let info = NodeInfo { id, confidence: plan.confidence.clone() };
                self.elab.scope.nodes.insert(node.name.text.clone(), info);
            }
            if let Some(slots) = self.nodes.get_mut(index) {
                *slots = Slots { params, result };
            }
        }
    }

    fn scope_param(&self, name: &str) -> Option<&FieldDef> {
        self.sig.params.iter().find(|param| param.name == name)
    }

    fn declare_param(&mut self, node: NodeId, param: &ast::Param) -> (SlotId, FieldDef) {
        let defs = &self.elab.pkg.defs;
        let span = self.elab.span(param.name.span);
        let mut names = self.elab.names();
        let ty = resolve_ty(&mut names, defs, &param.ty);
        let labels = labels_of(&names, defs, &param.ty);
        let name = param.name.text.clone();
        let slot = self.add_slot(&name, ty.clone(), labels);
        if self.scope_param(&name).is_none() && !param.name.is_missing() {
            let value = Value { slot, ty: ty.clone(), owner: Some(node), from_model: false };
            self.elab.scope.bind(&name, value);
        }
        let doc = SmolStr::default();
        (slot, FieldDef { wire: name.clone(), name, doc, ty, labels, span })
    }

    /// Types the work of all nodes, values before their uses.
    fn works(&mut self, flow: &ast::Flow) -> Vec<Option<Work>> {
        let mut works: Vec<Option<Work>> = vec![None; flow.nodes.len()];
        let mut order: Vec<NodeIx> = self.graph.order().iter().filter_map(|vertex| vertex.node()).collect();
        let mut seen = vec![false; flow.nodes.len()];
        for ix in &order {
            if let Some(seen) = seen.get_mut(ix.0 as usize) {
                *seen = true;
            }
        }
        let rest = (0u32..).zip(&seen).filter(|(_, seen)| !**seen).map(|(index, _)| NodeIx(index));
        order.extend(rest);
        for ix in order {
            let Some(node) = flow.nodes.get(ix.0 as usize) else { continue };
            self.enter(graph::Place::Work(ix));
            let (work, ty) = self.work(ix, node);
            self.produce(ix, node, ty);
            if let Some(place) = works.get_mut(ix.0 as usize) {
                *place = Some(work);
            }
        }
        works
    }

    /// Moves to a place of the graph: what is known there, whether there is an `error`.
    fn enter(&mut self, place: graph::Place) {
        let scope = &mut self.elab.scope;
        scope.reset_locals();
        scope.facts.clear();
        scope.known = Some(match place {
            graph::Place::Work(node) => self.facts.at_node(node),
            graph::Place::Edge(edge) => self.facts.on_edge(edge),
        });
        scope.has_error = match place {
            graph::Place::Work(node) => self.graph.is_handler(node),
            graph::Place::Edge(edge) => self.graph.edge(edge).is_some_and(|edge| {
                let from_handler = edge.from.node().is_some_and(|node| self.graph.is_handler(node));
                !edge.is_normal() || from_handler
            }),
        };
        scope.inside = Some(Inside { graph: self.graph, scope: self.scope, facts: self.facts, place });
    }

    /// Notes the type of a node's result.
    fn produce(&mut self, ix: NodeIx, node: &ast::Node, ty: Ty) {
        let slot = self.nodes.get(ix.0 as usize).and_then(|slots| slots.result);
        let Some(slot) = slot else { return };
        self.elab.pkg.record.declared(self.elab.span(node.name.span), &ty);
        if let Some(entry) = self.slots.get_mut(slot.index()) {
            entry.1 = ty.clone();
        }
        let values = self.elab.scope.values.get_mut(&node.name.text);
        if let Some(value) = values.and_then(|values| values.iter_mut().find(|value| value.slot == slot)) {
            value.ty = ty;
        }
    }

    fn finish(mut self, flow: &ast::Flow, item: &ast::Item, works: Vec<Option<Work>>) -> Flow {
        let mut counters = Vec::new();
        let handlers = self.handlers(&mut counters);
        let entry = self.edges_of(Vertex::ENTRY, &mut counters, &handlers);
        let liveness = graph::live(self.graph, self.scope);
        let mut nodes = Vec::with_capacity(flow.nodes.len());
        for ((index, node), work) in (0u32..).zip(&flow.nodes).zip(works) {
            let ix = NodeIx(index);
            let edges = self.edges_of(ix.into(), &mut counters, &handlers);
            let mut live: Vec<SlotId> = liveness.at(ix).filter_map(|binding| self.slot_of(binding)).collect();
            live.sort_unstable();
            live.dedup();
            let slots = self.nodes.get(ix.0 as usize).cloned().unwrap_or_default();
            nodes.push(Node {
                name: node.name.text.clone(),
                doc: doc_text(&node.docs),
                params: slots.params.iter().map(|(slot, _)| *slot).collect(),
                result: slots.result,
                work: work.unwrap_or(Work::Route),
                edges,
                live,
                handler: !self.graph.is_handler(ix),
            });
        }
        let limits = limits(self.elab, flow.within.as_ref());
        let (pkg, types) = (self.elab.pkg, &mut *self.elab.types);
        let slots = self
            .slots
            .iter()
            .map(|(name, ty, labels)| Slot {
                name: name.clone(),
                ty: types.exact(&pkg.defs, ty),
                labels: *labels,
            })
            .collect();
        Flow {
            name: self.sig.name.clone(),
            doc: doc_text(&item.docs),
            public: item.public.is_some(),
            params: types.fields(&pkg.defs, &self.sig.params),
            ret: types.exact(&pkg.defs, &self.sig.ret),
            limits,
            slots,
            counters,
            entry,
            nodes,
        }
    }

    fn slot_of(&self, binding: Binding) -> Option<SlotId> {
        match binding {
            Binding::FlowParam(index) => Some(SlotId(index)),
            Binding::Result(node) => self.nodes.get(node.0 as usize)?.result,
            Binding::NodeParam(node, index) => {
                let slots = self.nodes.get(node.0 as usize)?;
                slots.params.get(index as usize).map(|(slot, _)| *slot)
            }
        }
    }
}

/// The classes of errors that leave a set of edges of a node.
pub(crate) fn handled(edges: &[ast::Edge]) -> ClassSet {
    edges.iter().filter(|edge| edge.max.is_none()).fold(ClassSet::NONE, |all, edge| all.and(takes(edge)))
}

/// The classes that an edge takes.
pub(crate) fn takes(edge: &ast::Edge) -> ClassSet {
    let names: &[ast::Name] = match &edge.guard {
        Some(ast::Guard::On(names)) => names,
        Some(ast::Guard::When(_)) | None => &[],
    };
    let known = names.iter().filter_map(|name| ClassSet::named(&name.text));
    known.fold(ClassSet::NONE, ClassSet::and)
}
