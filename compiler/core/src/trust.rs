//! Who vouches for a value, who may see it, and who approved what is done with it.
//!
//! Works on the lowered Bundle, where every name is resolved and every value has a type. Three questions:
//!
//! - *Approval.* A `Sensitive` tool runs only behind a clearing edge, once for each (see [`approval`]), and only with
//!   arguments that somebody vouches for: literals, configuration, the result of a `check` that returns `trusted`,
//!   the answer of a trusted role, and whatever a person saw and approved, until it is produced again.
//! - *Confidentiality.* `pii` and `secret` go with a value through expressions, templates, prompts, people, flows and
//!   resources. They stop at `bool` and variants without payload. Where values leave, [`sinks`] looks at the rules.
//! - *Integrity.* Everything from outside is untrusted.
//!
//! Flows are looked at callers first, with what is known about their arguments; a callee's effect on its caller is
//! a summary for exactly these arguments. What a package keeps in resources is one set of marks for each, found by
//! repeating until nothing changes. What decides (`when`) is not followed, only what flows.
//!
//! Start reading at [`labels`], then `eval`, `calls`, `walk`.

mod approval;
mod by_file;
mod calls;
mod clearing;
mod eval;
mod explain;
mod labels;
mod notes;
pub(crate) mod outside;
mod places;
mod shapes;
mod sinks;
mod walk;

use std::collections::BTreeMap;

use flow_diagnostics::{Diagnostic, Span};
use flow_ir::bundle::Bundle;
use flow_ir::flow::{Target, TriggerSource};
use flow_ir::setup::{Call, Callee};
use flow_ir::types::Labels;
use flow_ir::{FlowId, ResourceId};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

pub(crate) use by_file::ByFile;
pub(crate) use places::Places;
pub(crate) use shapes::Rank;
pub use sinks::Sink;

use self::labels::{Marks, Taint};
use self::notes::Note;
use self::shapes::Shapes;
use self::walk::{States, Summary};
use crate::bodies::CallOrder;
use crate::names::Item;
use crate::package::Package;

/// What calls deeper than this is not followed; the answer is safe, but blurred.
///
/// Counted from the innermost call, so that what is said about a flow does not depend on who calls it.
const DEEPEST: u32 = 24;

/// How often the package is looked at until its resources no longer change: three labels can be added to each.
const ROUNDS: usize = 64;

/// What is known about a package so far.
pub(crate) struct Analysis<'b> {
    bundle: &'b Bundle,
    pkg: &'b Package<'b>,
    order: &'b CallOrder,
    shapes: Shapes<'b>,
    returns: BTreeMap<Callee, Labels>,
    trusted_roles: FxHashSet<String>,
    functions: Vec<Vec<(Vec<Taint>, Taint)>>,
    summaries: Vec<Vec<(Vec<Taint>, Summary)>>,
    /// What was put into each.
    resources: Vec<Marks>,
    /// Whether more was put into one.
    changed: bool,
    /// What is seen, while somebody listens.
    notes: Option<Vec<Note>>,
    /// How each flow is called.
    entries: Vec<Option<Vec<Taint>>>,
}

/// Everything that was found out about a flow.
struct Walked {
    flow: FlowId,
    states: States,
    summary: Summary,
    /// Of every call of every node: node, call, what was seen.
    calls: Vec<(usize, u32, Vec<Note>)>,
    /// Of every edge: vertex, edge, what was seen.
    edges: Vec<(usize, usize, Vec<Note>)>,
}

/// Marks the edges behind flows that approve.
pub(crate) fn mark_clearing(bundle: &mut Bundle, order: &CallOrder) {
    clearing::mark(bundle, &order.flows);
}

/// Reports everything that is wrong with labels and approval, and lists the places where values leave.
pub(crate) fn check(places: &Places<'_>, order: &CallOrder, out: &mut Vec<Diagnostic>) -> Vec<Sink> {
    let unapproved = approval::check(places, &order.flows, out);
    let mut analysis = Analysis::new(places, order, std::iter::empty());
    let mut walked = Vec::new();
    for _ in 0..ROUNDS {
        walked = analysis.round();
        if !analysis.changed {
            break;
        }
    }
    let mut found = Vec::new();
    for flow in &walked {
        found.extend(sinks::check(places, &mut analysis, (flow, &unapproved), out));
    }
    found.sort_by_key(|sink| (sink.flow, sink.node, sink.call));
    found
}

impl<'b> Analysis<'b> {
    fn new(
        places: &Places<'b>,
        order: &'b CallOrder,
        elsewhere: impl Iterator<Item = (SmolStr, Span)>,
    ) -> Self {
        let Places { pkg, bundle, .. } = *places;
        let shapes = Shapes::new(bundle, pkg, elsewhere);
        let resources = pkg.resources.iter().zip(&bundle.resources).map(|(decl, resource)| {
            let held = shapes.boundary(decl.labels, &resource.name);
            shapes.total(resource.item, &held).vouched()
        });
        let resources = resources.collect();
        let trusted = pkg.manifest.roles.iter().filter(|role| role.trusted);
        Self {
            bundle,
            pkg,
            order,
            returns: returns(pkg),
            trusted_roles: trusted.map(|role| role.name.clone()).collect(),
            functions: vec![Vec::new(); bundle.functions.len()],
            summaries: vec![Vec::new(); bundle.flows.len()],
            resources,
            changed: false,
            notes: None,
            entries: vec![None; bundle.flows.len()],
            shapes,
        }
    }

    /// Whether too much lies behind a callable to be followed.
    fn is_too_deep(&self, item: Item) -> bool {
        self.order.height(item) > DEEPEST
    }

    /// The labels that a callable declares for its result. Only tools and checks can vouch for theirs.
    fn returns(&self, callee: Callee) -> Labels {
        let labels = self.returns.get(&callee).copied().unwrap_or_default();
        let vouches = matches!(callee, Callee::Tool(_) | Callee::Check(_));
        Labels { trusted: labels.trusted && vouches, ..labels }
    }

    fn name(&self, callee: Callee) -> String {
        places::name_of(self.bundle, callee).to_owned()
    }

    /// Walks all flows once, callers first.
    fn round(&mut self) -> Vec<Walked> {
        self.forget();
        self.order.flows.iter().rev().map(|flow| self.look_at(*flow)).collect()
    }

    /// Before a round: what was found out follows from resources that have changed since.
    fn forget(&mut self) {
        self.changed = false;
        self.functions.iter_mut().for_each(Vec::clear);
        self.summaries.iter_mut().for_each(Vec::clear);
        self.entries.iter_mut().for_each(|entry| *entry = None);
    }

    fn look_at(&mut self, flow: FlowId) -> Walked {
        let args = self.entry(flow);
        let (states, summary) = self.walk(flow, &args);
        let (calls, edges) = (self.listen_to_calls(flow, &states), self.listen_to_edges(flow, &states));
        Walked { flow, states, summary, calls, edges }
    }

    /// What is known about the parameters of a flow: from outside if it can be started there, else what its callers
    /// pass.
    fn entry(&mut self, id: FlowId) -> Vec<Taint> {
        let Some(flow) = self.bundle.flows.get(id.index()) else { return Vec::new() };
        let called = self.entries.get_mut(id.index()).and_then(Option::take);
        let triggers = || self.bundle.triggers.iter().filter(|trigger| trigger.target == Callee::Flow(id));
        let is_entry = flow.public || triggers().next().is_some();
        if let Some(called) = called.as_ref().filter(|_| !is_entry) {
            return called.clone();
        }
        let mut args: Vec<Taint> =
            flow.params.iter().map(|param| self.shapes.boundary(param.labels, &param.name)).collect();
        for trigger in triggers() {
            if let TriggerSource::Resource(id) = trigger.source {
                let held = self.held(id);
                args.iter_mut().for_each(|arg| *arg = arg.add(held));
            }
        }
        match called {
            Some(called) => args.iter().zip(&called).map(|(a, b)| self.shapes.join(a, b)).collect(),
            None => args,
        }
    }

    fn held(&self, id: ResourceId) -> Marks {
        self.resources.get(id.index()).copied().unwrap_or(Marks::CLEAN)
    }

    /// What is seen in every call of every node that can be reached.
    fn listen_to_calls(&mut self, id: FlowId, states: &States) -> Vec<(usize, u32, Vec<Note>)> {
        let mut heard = Vec::new();
        let Some(flow) = self.bundle.flows.get(id.index()) else { return heard };
        for (index, node) in flow.nodes.iter().enumerate() {
            let Some(state) = states.get(index + 1).and_then(Option::as_ref) else { continue };
            let mut env = walk::env(flow, state);
            if let flow_ir::flow::Work::Each { local, list, .. } = &node.work {
                let item = self.eval(list, &mut env);
                env.locals.push((*local, item));
            }
            let calls: Vec<&Call> = node.work.calls().collect();
            for (at, call) in (0_u32..).zip(calls) {
                self.notes = Some(Vec::new());
                self.call(call, &mut env);
                heard.push((index, at, self.notes.take().unwrap_or_default()));
            }
        }
        heard
    }

    /// What is seen in the arguments and results of every edge.
    fn listen_to_edges(&mut self, id: FlowId, states: &States) -> Vec<(usize, usize, Vec<Note>)> {
        let mut heard = Vec::new();
        let Some(flow) = self.bundle.flows.get(id.index()) else { return heard };
        for (vertex, state) in states.iter().enumerate() {
            let Some(state) = state else { continue };
            let left = self.leave(flow, vertex, state, &mut Summary::default());
            for (at, (edge, after)) in left.into_iter().enumerate() {
                self.notes = Some(Vec::new());
                let mut env = walk::env(flow, &after);
                match &edge.to {
                    Target::Node(target, values) => {
                        let params = flow.nodes.get(target.index()).map_or(&[][..], |node| &node.params[..]);
                        for (value, slot) in values.iter().zip(params) {
                            let taint = self.eval(value, &mut env);
                            self.demand_slot(flow.slots.get(slot.index()), value, &taint);
                        }
                    }
                    Target::Return(value) | Target::Fail(value) => {
                        value.iter().for_each(|value| drop(self.eval(value, &mut env)));
                    }
                }
                heard.push((vertex, at, self.notes.take().unwrap_or_default()));
            }
        }
        heard
    }

    fn demand_slot(
        &mut self,
        slot: Option<&flow_ir::flow::Slot>,
        value: &flow_ir::expr::Expr,
        taint: &Taint,
    ) {
        let Some(slot) = slot.filter(|slot| slot.labels.trusted) else { return };
        if self.shapes.total(value.ty, taint).untrusted
            && let Some(notes) = &mut self.notes
        {
            notes.push(Note::Untrusted(slot.name.to_string()));
        }
    }
}

/// What every callable declares for its result.
fn returns(pkg: &Package<'_>) -> BTreeMap<Callee, Labels> {
    let callee = |item: &Item| match item {
        Item::Fn(id) => Some(Callee::Function(*id)),
        Item::Check(id) => Some(Callee::Check(*id)),
        Item::Prompt(id) => Some(Callee::Prompt(*id)),
        Item::Tool(id) => Some(Callee::Tool(*id)),
        Item::Human(id) => Some(Callee::Human(*id)),
        Item::Split(id) => Some(Callee::Split(*id)),
        Item::Flow(id) => Some(Callee::Flow(*id)),
        Item::Type(_) | Item::Model(_) | Item::Resource(_) | Item::Module(_) | Item::Broken => None,
    };
    pkg.sigs.iter().filter_map(|(item, sig)| Some((callee(item)?, sig.ret_labels))).collect()
}
