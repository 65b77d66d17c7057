//! FL0710: what is kept under a key depends on more than the key.
//!
//! A repetition is answered from what is kept, so the answer must be the one that would be given anew. For every
//! `cache.put(key, value)` the inputs of the flow that the value is made of are compared with those that the key is
//! made of: see [`follow`]. A flow that only others of its file call is looked at with what they pass. What decides
//! on the way (`when`) is not followed, and neither is the world that tools look at.
//!
//! What is said about a file follows from what it imports alone: a mistake that a flow makes by what it passes to one of
//! another file is reported at the call.
//!
//! A `cache:` of a prompt needs no such rule: its key is all that is sent.

mod follow;
mod origin;

use std::collections::BTreeSet;

use flow_diagnostics::Diagnostic;
use flow_ir::bundle::Bundle;
use flow_ir::types::{Field, Type};
use flow_ir::{FlowId, TypeId};

use self::follow::Follower;
use self::origin::{Input, Origin, Root, Step};
use crate::report;
use crate::trust::Places;

/// A place where something is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    flow: FlowId,
    node: usize,
    call: u32,
}

/// What is kept at a place, in terms of the parameters of the flow that is looked at.
#[derive(Clone, Debug)]
struct Kept {
    /// The `put`, or the call of a flow of another file that leads there.
    place: Place,
    key: Origin,
    value: Origin,
}

impl Kept {
    /// Inputs of the value that no input of the key holds. A pair that a caller hands over is no result.
    fn uncovered(&self) -> Vec<Input> {
        if !self.value.is_made() {
            return Vec::new();
        }
        let key = self.key.inputs();
        let is_held = |input: &Input| key.iter().any(|held| held.holds(input));
        self.value.inputs().into_iter().filter(|input| !is_held(input)).collect()
    }
}

/// Reports values that their keys do not determine.
pub(super) fn check(places: &Places<'_>, out: &mut Vec<Diagnostic>) {
    let mut follower = Follower::new(places);
    let mut told = BTreeSet::new();
    for (index, flow) in (0_u32..).zip(&places.bundle.flows) {
        let id = FlowId(index);
        if !is_entry(places.bundle, id) {
            continue;
        }
        for kept in follower.kept(id) {
            let beside = kept.uncovered();
            if !beside.is_empty() && told.insert(kept.place.clone()) {
                let paths: Vec<String> =
                    beside.iter().map(|input| path(places.bundle, &flow.params, input)).collect();
                out.extend(diagnostic(places, &kept.place, &paths));
            }
        }
    }
}

/// Whether a flow can be started from outside; flows that nobody calls are looked at as if.
fn is_entry(bundle: &Bundle, id: FlowId) -> bool {
    let callee = flow_ir::setup::Callee::Flow(id);
    let calls = |flow: &flow_ir::flow::Flow| {
        flow.nodes.iter().flat_map(|node| node.work.calls()).any(|call| call.callee == callee)
    };
    let is_public = bundle.flows.get(id.index()).is_some_and(|flow| flow.public);
    is_public || bundle.triggers.iter().any(|it| it.target == callee) || !bundle.flows.iter().any(calls)
}

fn diagnostic(places: &Places<'_>, place: &Place, paths: &[String]) -> Option<Diagnostic> {
    let node = places.bundle.flows.get(place.flow.index())?.nodes.get(place.node)?;
    let call = node.work.calls().nth(place.call as usize)?;
    if let flow_ir::setup::Callee::Flow(_) = call.callee {
        let (at, ast) = places.call(place.flow, place.node, place.call)?;
        let span = at.span(ast.expr.span);
        return Some(report::rules::passed_without_key(span, &places.text(span), paths));
    }
    let argument = |index| places.argument(place.flow, place.node, (place.call, call), index);
    let (key, value) = (argument(0)?, argument(1)?);
    Some(report::rules::not_in_key(value, &places.text(value), paths, (key, &places.text(key))))
}

/// As it would be written: `ticket.customer`.
fn path(bundle: &Bundle, params: &[Field], input: &Input) -> String {
    let Root::Param(root) = input.root else { return "run.user".to_owned() };
    let Some(param) = params.get(root as usize) else { return String::new() };
    let (mut text, mut ty) = (param.name.to_string(), param.ty);
    for step in &input.steps {
        let Some(field) = field_of(bundle, ty, *step) else { break };
        text = format!("{text}.{}", field.name);
        ty = field.ty;
    }
    text
}

fn field_of(bundle: &Bundle, ty: TypeId, step: Step) -> Option<&Field> {
    match (bundle.ty(ty), step) {
        (Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. }, _) => {
            field_of(bundle, *item, step)
        }
        (Type::Partial { record }, _) => field_of(bundle, *record, step),
        (Type::Record(record), Step::Field(index)) => record.fields.get(index as usize),
        (Type::Enum(body), Step::Payload(variant, index)) => {
            body.variants.get(variant as usize)?.fields.get(index as usize)
        }
        _ => None,
    }
}
