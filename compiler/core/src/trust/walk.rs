//! A flow, walked until what is known at every node no longer changes.

use std::collections::BTreeSet;

use flow_ir::expr::{Expr, ExprKind};
use flow_ir::flow::{Edge, Flow, Node, Target, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::{FlowId, NodeId, SlotId};

use super::Analysis;
use super::calls::Called;
use super::eval::{Env, State, frame};
use super::labels::{Marks, Taint};
use crate::names::Item;

/// What a flow's caller learns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) result: Taint,
    /// What is known about the parameters at every `return`.
    pub(crate) params: Vec<Taint>,
    /// What the message of an error may hold.
    pub(crate) error: Marks,
    returns: bool,
}

/// What the work of a node gives.
#[derive(Default)]
pub(crate) struct Worked {
    pub(crate) result: Taint,
    pub(crate) calls: Vec<Called>,
}

/// What is known before every node, with row 0 for the header.
pub(crate) type States = Vec<Option<State>>;

impl Analysis<'_> {
    /// What the caller of a flow learns. Looked at once for each way it is called.
    pub(crate) fn summary(&mut self, id: FlowId, args: &[Taint]) -> Summary {
        let known = self.summaries.get(id.index()).into_iter().flatten();
        if let Some((_, summary)) = known.into_iter().find(|(other, _)| other == args) {
            return summary.clone();
        }
        if self.is_too_deep(Item::Flow(id)) {
            return self.blurred(id, args);
        }
        let notes = self.notes.take();
        let (_, summary) = self.walk(id, args);
        self.notes = notes;
        if let Some(known) = self.summaries.get_mut(id.index()) {
            known.push((args.to_vec(), summary.clone()));
        }
        summary
    }

    /// A summary that is safe without looking: everything may be in the result, nothing was shown to anybody.
    fn blurred(&self, id: FlowId, args: &[Taint]) -> Summary {
        let params = self.bundle.flows.get(id.index()).map_or(&[][..], |flow| flow.params.as_slice());
        let of = params.iter().zip(args).map(|(param, arg)| self.shapes.total(param.ty, arg));
        let all = of.fold(self.anything(id), Marks::join).outside();
        Summary { result: all.into(), params: args.to_vec(), error: all, returns: true }
    }

    /// Everything that can be in a value that a flow makes: what is declared where it looks, and what is kept there.
    fn anything(&self, id: FlowId) -> Marks {
        let module = self.pkg.module_of(Item::Flow(id)).unwrap_or_default();
        let declared = self.shapes.anything(|row| self.pkg.sees_module(module, row));
        let kept = self.pkg.resources.iter().zip(&self.resources);
        let seen = kept.filter(|(decl, _)| self.pkg.sees_module(module, decl.module));
        seen.fold(declared, |all, (_, marks)| all.join(*marks))
    }

    /// Walks a flow from what is known about its parameters.
    pub(crate) fn walk(&mut self, id: FlowId, args: &[Taint]) -> (States, Summary) {
        let mut states: States = Vec::new();
        let mut summary = Summary::default();
        let Some(flow) = self.bundle.flows.get(id.index()) else { return (states, summary) };
        states.resize(flow.nodes.len() + 1, None);
        if let Some(entry) = states.first_mut() {
            *entry = Some(frame(args));
        }
        let order = order(flow);
        let mut todo = BTreeSet::from([0_u32]);
        while let Some(at) = todo.pop_first() {
            let Some(vertex) = order.vertices.get(at as usize).copied() else { continue };
            let Some(state) = states.get(vertex).cloned().flatten() else { continue };
            for (edge, after) in self.leave(flow, vertex, &state, &mut summary) {
                let Target::Node(target, values) = &edge.to else {
                    self.end(flow, edge, &after, &mut summary);
                    continue;
                };
                let after = self.enter(flow, *target, values, after);
                if self.arrive(&mut states, *target, after) {
                    todo.extend(order.place.get(target.index() + 1).copied());
                }
            }
        }
        (states, summary)
    }

    /// What is known on every edge that leaves a vertex.
    pub(crate) fn leave<'f>(
        &mut self,
        flow: &'f Flow,
        vertex: usize,
        state: &State,
        summary: &mut Summary,
    ) -> Vec<(&'f Edge, State)> {
        let Some(node) = vertex.checked_sub(1).and_then(|index| flow.nodes.get(index)) else {
            return flow.entry.iter().map(|edge| (edge, state.clone())).collect();
        };
        let worked = self.work(node, &mut env(flow, state));
        let failed = failed(flow, vertex - 1, state, &worked);
        let mut done = state.clone();
        if let Some(result) = node.result {
            done.insert(result.0, worked.result.clone());
        }
        let sent = worked.calls.iter().fold(Marks::CLEAN, |all, call| all.join(call.sent));
        summary.error = worked.calls.iter().fold(summary.error, |all, call| all.join(call.error));
        done.insert(env(flow, state).sent(vertex as u32 - 1), Taint::Whole(sent));
        let of = |edge: &'f Edge| match edge.on.is_empty() {
            true => (edge, self.cleared(node, edge, &worked, done.clone())),
            false => (edge, failed.clone()),
        };
        node.edges.iter().map(of).collect()
    }

    /// Looks at the work of a node.
    pub(crate) fn work(&mut self, node: &Node, env: &mut Env<'_>) -> Worked {
        match &node.work {
            Work::Route => Worked::default(),
            Work::Call(call) => {
                let called = self.call(call, env);
                Worked { result: called.result.clone(), calls: vec![called] }
            }
            Work::All { branches, ret, .. } => {
                let calls: Vec<Called> = branches.iter().map(|(_, call)| self.call(call, env)).collect();
                let parts = calls.iter().map(|call| call.result.clone()).collect();
                Worked { result: Taint::Parts(*ret, parts), calls }
            }
            Work::Each { local, list, call, .. } => {
                let item = self.eval(list, env);
                // How many results there are, is told by the list.
                let length = self.shapes.total(list.ty, &item).open();
                env.locals.push((*local, item));
                let called = self.call(call, env);
                env.locals.pop();
                Worked { result: called.result.add(length), calls: vec![called] }
            }
        }
    }

    /// What was shown to whoever approved is trusted behind an edge that says so.
    fn cleared(&self, node: &Node, edge: &Edge, worked: &Worked, mut state: State) -> State {
        let calls: Vec<&Call> = node.work.calls().collect();
        for branch in &edge.clears {
            let (Some(call), Some(called)) =
                (calls.get(*branch as usize), worked.calls.get(*branch as usize))
            else {
                continue;
            };
            for (index, arg) in call.args.iter().enumerate() {
                match call.callee {
                    Callee::Human(_) => self.approve(&mut state, arg, &Taint::default()),
                    Callee::Flow(_) => {
                        let shown = called.shown.get(index).cloned().unwrap_or(Marks::OUTSIDE.into());
                        self.approve(&mut state, arg, &shown);
                    }
                    _ => {}
                }
            }
        }
        state
    }

    /// Whoever saw the value of an expression saw what it was made of.
    fn approve(&self, state: &mut State, shown: &Expr, by: &Taint) {
        match &shown.kind {
            ExprKind::Slot(_) | ExprKind::Field { .. } | ExprKind::Convert(_) => {
                if let Some((slot, root, path)) = path(shown) {
                    let value = state.get(slot.0).cloned().unwrap_or_default();
                    let grant = |part: &Taint| self.shapes.grant(part, by);
                    state.insert(slot.0, self.shapes.change(root.ty, &value, &path, &grant));
                }
            }
            ExprKind::Record(values) => {
                for (field, value) in (0_u32..).zip(values) {
                    self.approve(state, value, &self.shapes.field(shown.ty, by, field));
                }
            }
            ExprKind::List(values) | ExprKind::Variant { fields: values, .. } => {
                values.iter().for_each(|value| self.approve(state, value, by));
            }
            _ => {}
        }
    }

    fn enter(&mut self, flow: &Flow, target: NodeId, values: &[Expr], mut state: State) -> State {
        let values = self.eval_all(values, &mut env(flow, &state.clone()));
        let params = flow.nodes.get(target.index()).map_or(&[][..], |node| node.params.as_slice());
        for (slot, value) in params.iter().zip(values) {
            let declared = flow.slots.get(slot.index());
            let value =
                declared.map_or(value.clone(), |it| self.shapes.labelled(&value, it.labels, &it.name));
            state.insert(slot.0, value);
        }
        state
    }

    fn arrive(&self, states: &mut States, target: NodeId, state: State) -> bool {
        let Some(known) = states.get_mut(target.index() + 1) else { return false };
        let joined = match known.as_ref() {
            None => state,
            Some(old) => old.common(&state, &|a, b| Some(self.shapes.join(a, b))),
        };
        let is_news = known.as_ref().is_none_or(|old| !old.same(&joined));
        *known = Some(joined);
        is_news
    }

    fn end(&mut self, flow: &Flow, edge: &Edge, state: &State, summary: &mut Summary) {
        match &edge.to {
            Target::Return(value) => {
                let value = value.as_ref().map(|value| self.eval(value, &mut env(flow, state)));
                let params = (0_u32..).take(flow.params.len());
                let params: Vec<Taint> =
                    params.map(|slot| state.get(slot).cloned().unwrap_or_default()).collect();
                let value = value.unwrap_or_default();
                if summary.returns {
                    summary.result = self.shapes.join(&summary.result, &value);
                    let both = summary.params.iter().zip(&params);
                    summary.params = both.map(|(a, b)| self.shapes.join(a, b)).collect();
                } else {
                    summary.result = value;
                    summary.params = params;
                }
                summary.returns = true;
            }
            Target::Fail(Some(message)) => {
                summary.error = summary.error.join(self.total_of(message, &mut env(flow, state)));
            }
            Target::Fail(None) | Target::Node(..) => {}
        }
    }
}

/// Where the expressions of a flow are looked at.
pub(crate) fn env<'s>(flow: &Flow, state: &'s State) -> Env<'s> {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Env { state, n_slots: count(flow.slots.len()), n_nodes: count(flow.nodes.len()), locals: Vec::new() }
}

/// What is known when a node failed: it has no result, and there is an error.
fn failed(flow: &Flow, index: usize, state: &State, worked: &Worked) -> State {
    let mut failed = state.clone();
    if let Some(result) = flow.nodes.get(index).and_then(|node| node.result) {
        failed.remove(result.0);
    }
    let error = worked.calls.iter().fold(Marks::OUTSIDE, |all, call| all.join(call.error));
    failed.insert(env(flow, state).error(), Taint::Whole(error));
    failed
}

/// A slot with fields behind it.
pub(crate) fn path(expr: &Expr) -> Option<(SlotId, &Expr, Vec<u32>)> {
    let mut fields = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Slot(slot) => {
                fields.reverse();
                return Some((*slot, at, fields));
            }
            ExprKind::Field { base, field } => {
                fields.push(*field);
                at = base;
            }
            ExprKind::Convert(inner) => at = inner,
            _ => return None,
        }
    }
}

/// The vertices of a flow in an order in which most come before those they lead to.
struct Order {
    vertices: Vec<usize>,
    /// By vertex.
    place: Vec<u32>,
}

fn order(flow: &Flow) -> Order {
    let mut seen = vec![false; flow.nodes.len() + 1];
    let mut vertices = Vec::new();
    let mut path: Vec<(usize, usize)> = vec![(0, 0)];
    seen.iter_mut().take(1).for_each(|seen| *seen = true);
    while let Some((vertex, next)) = path.last_mut() {
        let edge = edges(flow, *vertex).get(*next);
        *next += 1;
        let Some(edge) = edge else {
            vertices.extend(path.pop().map(|(vertex, _)| vertex));
            continue;
        };
        if let Target::Node(node, _) = &edge.to
            && let Some(seen) = seen.get_mut(node.index() + 1)
            && !std::mem::replace(seen, true)
        {
            path.push((node.index() + 1, 0));
        }
    }
    vertices.reverse();
    let mut place = vec![0; flow.nodes.len() + 1];
    for (at, vertex) in (0_u32..).zip(&vertices) {
        place.iter_mut().skip(*vertex).take(1).for_each(|place| *place = at);
    }
    Order { vertices, place }
}

/// The edges that leave a vertex.
pub(crate) fn edges(flow: &Flow, vertex: usize) -> &[Edge] {
    match vertex.checked_sub(1) {
        None => &flow.entry,
        Some(index) => flow.nodes.get(index).map_or(&[], |node| node.edges.as_slice()),
    }
}
