//! FL0303, FL0305 and FL0306: what is produced or passed, and never read.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::Target;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::loops::Knots;
use super::uses::{Use, uses_of_edge, uses_of_work};
use super::{Binding, Cx, Effect, GraphEdge, NodeIx, Place, Vertex};
use crate::report;

/// Reports nodes, parameters and answers that nobody reads.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    let reads = Reads::new(cx);
    unused_params(cx, &reads, out);
    let knots = Knots::new(cx.graph, |edge| edge.certain);
    for (ix, node) in cx.graph.nodes().filter(|(ix, _)| cx.scope.is_reachable(Place::Work(*ix))) {
        // Of two things with one name, every use means the first.
        let is_hidden = cx.scope.resolve(&node.name.text, Place::Work(ix)) != Some(Binding::Result(ix));
        let is_read = reads.nodes.contains_key(&ix) || is_hidden;
        let is_used = is_read || node.name.is_missing() || !cx.callees.has_value(ix);
        let is_on_loop = knots.is_on_loop(ix.into());
        match (is_used, cx.callees.effect(ix)) {
            (true, _) => unread_answers(cx, ix, &reads, out),
            (false, Some(Effect::Model | Effect::Human)) if is_on_loop => {
                out.push(report::data::unread_on_loop(cx.at, &node.name));
            }
            (false, Some(Effect::Pure | Effect::Read | Effect::Model)) => {
                out.push(report::data::unused_node(cx.at, &node.name));
            }
            (false, Some(Effect::Check | Effect::Human | Effect::Write) | None) => {}
        }
    }
}

/// A payload field of a person's answer that no edge and no node reads: the person types it for nothing.
fn unread_answers(cx: &Cx<'_>, node: NodeIx, reads: &Reads, out: &mut Vec<Diagnostic>) {
    let Some(read) = reads.nodes.get(&node).filter(|read| !read.whole) else { return };
    for answer in cx.callees.answer_fields(node) {
        if !read.fields.contains(&answer.field) {
            let name = cx.graph.node(node).map(|node| &node.name);
            out.extend(
                name.map(|name| report::data::unread_answer(cx.at, name, &answer.variant, &answer.field)),
            );
        }
    }
}

fn unused_params(cx: &Cx<'_>, reads: &Reads, out: &mut Vec<Diagnostic>) {
    let flow = cx.graph.flow.params.iter().enumerate();
    let flow = flow.map(|(index, param)| (Binding::FlowParam(index as u32), &param.name));
    let nodes = cx.graph.nodes().filter(|(ix, _)| cx.scope.is_reachable(Place::Work(*ix)));
    let nodes = nodes.flat_map(|(ix, node)| {
        let params = node.params.iter().flatten().enumerate();
        params.map(move |(index, param)| (Binding::NodeParam(ix, index as u32), &param.name))
    });
    for (binding, name) in flow.chain(nodes).filter(|(_, name)| !name.is_missing()) {
        if !reads.params.contains(&key(binding)) {
            out.push(report::data::unused_parameter(cx.at, name));
        }
    }
}

/// What is read of a node's result.
#[derive(Default)]
struct Read {
    fields: FxHashSet<SmolStr>,
    whole: bool,
}

/// Everything that a flow reads.
#[derive(Default)]
struct Reads {
    nodes: FxHashMap<NodeIx, Read>,
    params: FxHashSet<(u32, u32)>,
}

impl Reads {
    fn new(cx: &Cx<'_>) -> Self {
        let mut reads = Self::default();
        for (ix, node) in cx.graph.nodes() {
            let uses = node.work.as_ref().map(uses_of_work).unwrap_or_default();
            reads.add(cx, Place::Work(ix), &uses);
        }
        for (ix, edge) in cx.graph.vertices().flat_map(|vertex| cx.graph.written(vertex)) {
            reads.add(cx, Place::Edge(ix), &uses_of_edge(edge.ast));
            // An edge that passes too little was reported; what it should pass may well be this.
            if let Some(node) = edge.from.node().filter(|_| passes_too_little(cx, edge)) {
                reads.nodes.entry(node).or_default().whole = true;
            }
        }
        reads
    }

    fn add(&mut self, cx: &Cx<'_>, place: Place, uses: &[Use]) {
        for read in uses {
            match cx.scope.resolve(&read.name, place) {
                Some(Binding::Result(node)) if place != Place::Work(node) && !read.only_visits => {
                    self.nodes.entry(node).or_default().add(read);
                }
                Some(binding @ (Binding::FlowParam(_) | Binding::NodeParam(..))) => {
                    self.params.insert(key(binding));
                }
                Some(Binding::Result(_)) | None => {}
            }
        }
    }
}

fn passes_too_little(cx: &Cx<'_>, edge: &GraphEdge<'_>) -> bool {
    let Target::Node { args, .. } = &edge.ast.target else { return false };
    let node = edge.to.and_then(Vertex::node).and_then(|node| cx.graph.node(node));
    let wanted = node.and_then(|node| node.params.as_ref()).map_or(0, Vec::len);
    args.as_ref().map_or(0, Vec::len) < wanted
}

impl Read {
    fn add(&mut self, read: &Use) {
        match read.fields.first() {
            Some(field) => {
                self.fields.insert(field.clone());
            }
            None => self.whole |= !read.only_looks,
        }
    }
}

fn key(binding: Binding) -> (u32, u32) {
    match binding {
        Binding::FlowParam(index) => (0, index),
        Binding::NodeParam(node, index) => (node.0 + 1, index),
        Binding::Result(node) => (node.0 + 1, u32::MAX),
    }
}
