//! Values followed from the parameters of a flow to where they are kept.
//!
//! A flow's slots are each filled in one place, or, for parameters of nodes, by every edge that leads there; so what
//! a slot is made of is found by repeating until nothing changes. Functions and flows have summaries in terms of
//! their own parameters.

use std::collections::BTreeMap;

use flow_ir::bundle::Bundle;
use flow_ir::expr::{Expr, ExprKind, NodeFact, RunFact};
use flow_ir::flow::{Edge, Flow, Target, Work};
use flow_ir::setup::{Call, Callee, MessageTemplate, Method, Prompt};
use flow_ir::types::Type;
use flow_ir::{FlowId, FunctionId, LocalId};

use super::origin::{Input, Origin, Root, Step};
use super::{Kept, Place};
use crate::names::Item;
use crate::trust::Places;

/// How many calls deep functions and splits are followed; none may call itself.
const DEEPEST: u32 = 32;

/// Slots that are known so far.
#[derive(Default)]
struct Frame {
    slots: Vec<Option<Origin>>,
    locals: Vec<(LocalId, Origin)>,
    /// By node.
    results: Vec<Option<u32>>,
}

impl Frame {
    fn of_args(args: &[Origin]) -> Self {
        Self { slots: args.iter().cloned().map(Some).collect(), ..Self::default() }
    }

    fn slot(&self, slot: u32) -> Origin {
        self.slots.get(slot as usize).cloned().flatten().unwrap_or_default()
    }

    /// Whether more is known now.
    fn add(&mut self, slot: usize, origin: Origin) -> bool {
        let Some(known) = self.slots.get_mut(slot) else { return false };
        let joined = known.as_ref().map_or_else(|| origin.clone(), |known| known.join(&origin));
        let is_new = known.as_ref() != Some(&joined);
        *known = Some(joined);
        is_new
    }
}

/// What a flow gives back and keeps, in terms of its parameters.
#[derive(Clone, Default)]
struct Summary {
    result: Origin,
    kept: Vec<Kept>,
}

/// Follows values through a package.
pub(super) struct Follower<'b> {
    bundle: &'b Bundle,
    /// The file of every flow.
    modules: Vec<usize>,
    flows: BTreeMap<FlowId, Summary>,
    depth: u32,
}

impl<'b> Follower<'b> {
    pub(super) fn new(places: &Places<'b>) -> Self {
        let flows = (0_u32..).zip(&places.bundle.flows).map(|(index, _)| Item::Flow(FlowId(index)));
        let modules = flows.map(|item| places.pkg.sig(item).map_or(0, |sig| sig.module)).collect();
        Self { bundle: places.bundle, modules, flows: BTreeMap::new(), depth: 0 }
    }

    fn module(&self, flow: FlowId) -> Option<usize> {
        self.modules.get(flow.index()).copied()
    }

    /// What is kept in a flow and in those that it calls.
    pub(super) fn kept(&mut self, id: FlowId) -> Vec<Kept> {
        self.summary(id).kept
    }

    fn summary(&mut self, id: FlowId) -> Summary {
        if let Some(known) = self.flows.get(&id) {
            return known.clone();
        }
        let Some(flow) = self.bundle.flows.get(id.index()).filter(|_| self.depth < DEEPEST) else {
            return Summary::default();
        };
        self.depth += 1;
        let mut frame = self.frame(flow);
        let summary = self.summarize(id, flow, &mut frame);
        self.depth -= 1;
        self.flows.insert(id, summary.clone());
        summary
    }

    /// What every slot of a flow is made of.
    fn frame(&mut self, flow: &'b Flow) -> Frame {
        let mut frame = Frame { slots: vec![None; flow.slots.len()], ..Frame::default() };
        frame.results = flow.nodes.iter().map(|node| node.result.map(|slot| slot.0)).collect();
        for (index, _) in (0_u32..).zip(&flow.params) {
            frame.add(index as usize, Origin::param(index));
        }
        let mut changed = true;
        while changed {
            changed = false;
            for node in &flow.nodes {
                if let Some(slot) = node.result {
                    let origin = self.work(&node.work, &mut frame);
                    changed |= frame.add(slot.index(), origin);
                }
            }
            for edge in edges(flow) {
                let Target::Node(target, values) = &edge.to else { continue };
                let params = flow.nodes.get(target.index()).map_or(&[][..], |node| node.params.as_slice());
                for (value, slot) in values.iter().zip(params) {
                    let origin = self.eval(value, &mut frame);
                    changed |= frame.add(slot.index(), origin);
                }
            }
        }
        frame
    }

    fn summarize(&mut self, id: FlowId, flow: &'b Flow, frame: &mut Frame) -> Summary {
        let mut results = Vec::new();
        for edge in edges(flow) {
            if let Target::Return(Some(value)) = &edge.to {
                results.push(self.eval(value, frame));
            }
        }
        let result = results.into_iter().reduce(|all, next| all.join(&next)).unwrap_or_default();
        let mut kept = Vec::new();
        for (node, work) in flow.nodes.iter().map(|node| &node.work).enumerate() {
            self.enter(work, frame);
            for (index, call) in (0_u32..).zip(work.calls()) {
                let place = Place { flow: id, node, call: index };
                self.keep(call, place, frame, &mut kept);
            }
            frame.locals.clear();
        }
        Summary { result, kept }
    }

    /// What a call keeps.
    fn keep(&mut self, call: &'b Call, place: Place, frame: &mut Frame, out: &mut Vec<Kept>) {
        match (call.callee, call.args.as_slice()) {
            (Callee::Method(_, Method::CachePut), [key, value]) => {
                let (key, value) = (self.eval(key, frame), self.eval(value, frame));
                out.push(Kept { place, key, value });
            }
            (Callee::Flow(id), args) => {
                let args = self.eval_all(args, frame);
                let here = self.module(place.flow);
                for kept in self.summary(id).kept {
                    let is_here = self.module(kept.place.flow) == here;
                    // A mistake of another file is reported there.
                    if is_here || kept.uncovered().is_empty() {
                        out.push(Kept {
                            key: kept.key.with(&args),
                            value: kept.value.with(&args),
                            place: if is_here { kept.place } else { place.clone() },
                        });
                    }
                }
            }
            _ => {}
        }
    }

    /// The element of an `each` is what its list is made of.
    fn enter(&mut self, work: &'b Work, frame: &mut Frame) {
        if let Work::Each { local, list, .. } = work {
            let item = self.eval(list, frame);
            frame.locals.push((*local, item));
        }
    }

    fn work(&mut self, work: &'b Work, frame: &mut Frame) -> Origin {
        self.enter(work, frame);
        let results: Vec<Origin> = work.calls().map(|call| self.call(call, frame)).collect();
        frame.locals.clear();
        match work {
            Work::All { .. } => Origin::Parts(results),
            Work::Route | Work::Call(_) | Work::Each { .. } => results.into_iter().next().unwrap_or_default(),
        }
    }

    fn call(&mut self, call: &'b Call, frame: &mut Frame) -> Origin {
        let args = self.eval_all(&call.args, frame);
        let result = self.result(call.callee, &args);
        match &call.otherwise {
            Some(otherwise) => result.join(&self.eval(otherwise, frame)),
            None => result,
        }
    }

    /// What a call gives back.
    fn result(&mut self, callee: Callee, args: &[Origin]) -> Origin {
        match callee {
            // A check gives back its first parameter.
            Callee::Value | Callee::Check(_) => args.first().cloned().unwrap_or_default(),
            Callee::Function(id) => self.function(id).with(args),
            Callee::Flow(id) => self.summary(id).result.with(args),
            Callee::Prompt(id) => match self.bundle.prompts.get(id.index()) {
                Some(prompt) if prompt.registry.is_none() => self.prompt(prompt, args),
                _ => Origin::made(args),
            },
            Callee::Split(id) => {
                let arms = self.bundle.splits.get(id.index()).map_or(&[][..], |split| split.arms.as_slice());
                let mut frame = Frame::of_args(args);
                let results: Vec<Origin> = arms.iter().map(|arm| self.call(&arm.call, &mut frame)).collect();
                Origin::made(&results)
            }
            Callee::Tool(_) | Callee::Human(_) | Callee::Method(..) => Origin::made(args),
            Callee::Sleep | Callee::Tell => Origin::default(),
        }
    }

    /// What a model is told.
    fn prompt(&mut self, prompt: &'b Prompt, args: &[Origin]) -> Origin {
        let mut frame = Frame::of_args(args);
        let messages = prompt.messages.iter().map(|message| match message {
            MessageTemplate::System(text)
            | MessageTemplate::User(text)
            | MessageTemplate::Assistant(text)
            | MessageTemplate::Turns(text) => text,
        });
        let told: Vec<Origin> =
            messages.chain(&prompt.temperature).map(|expr| self.eval(expr, &mut frame)).collect();
        Origin::made(&told)
    }

    fn function(&mut self, id: FunctionId) -> Origin {
        let Some(function) = self.bundle.functions.get(id.index()).filter(|_| self.depth < DEEPEST) else {
            return Origin::default();
        };
        let params: Vec<Origin> =
            (0_u32..).zip(&function.params).map(|(index, _)| Origin::param(index)).collect();
        self.depth += 1;
        let result = self.eval(&function.body, &mut Frame::of_args(&params));
        self.depth -= 1;
        result
    }

    fn eval_all(&mut self, exprs: &'b [Expr], frame: &mut Frame) -> Vec<Origin> {
        exprs.iter().map(|expr| self.eval(expr, frame)).collect()
    }

    fn eval(&mut self, expr: &'b Expr, frame: &mut Frame) -> Origin {
        match &expr.kind {
            ExprKind::Slot(slot) => frame.slot(slot.0),
            ExprKind::Local(local) => {
                let found = frame.locals.iter().rev().find(|(other, _)| other == local);
                found.map(|(_, origin)| origin.clone()).unwrap_or_default()
            }
            ExprKind::Field { base, field } => self.eval(base, frame).step(Step::Field(*field)),
            ExprKind::Payload { base, variant, field } => {
                self.eval(base, frame).step(Step::Payload(*variant, *field))
            }
            ExprKind::Record(values) if matches!(self.bundle.ty(expr.ty), Type::Record(_)) => {
                Origin::Parts(self.eval_all(values, frame))
            }
            ExprKind::Call { function, args } => {
                let args = self.eval_all(args, frame);
                self.function(*function).with(&args)
            }
            ExprKind::Convert(inner) => self.eval(inner, frame),
            ExprKind::Let { local, value, body } => {
                let value = self.eval(value, frame);
                frame.locals.push((*local, value));
                let result = self.eval(body, frame);
                frame.locals.pop();
                result
            }
            ExprKind::RunFact(RunFact::User) => {
                Origin::Made([Input { root: Root::User, steps: Vec::new() }].into())
            }
            ExprKind::NodeFact(NodeFact::Messages, node) => {
                let result = frame.results.get(node.index()).copied().flatten();
                Origin::made(&[result.map(|slot| frame.slot(slot)).unwrap_or_default()])
            }
            // Binders inside hold parts of what they go over, which is among the children itself.
            _ => {
                let parts: Vec<Origin> =
                    expr.children().into_iter().map(|part| self.eval(part, frame)).collect();
                Origin::made(&parts)
            }
        }
    }
}

fn edges(flow: &Flow) -> impl Iterator<Item = &Edge> {
    flow.entry.iter().chain(flow.nodes.iter().flat_map(|node| &node.edges))
}
