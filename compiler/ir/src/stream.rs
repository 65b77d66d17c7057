//! Which node's text is the result: it may be shown while it is written, because nothing can take it back.
//!
//! A node streams if it asks a prompt for plain text, every path from it ends in `return` of its value, no
//! condition on those paths reads it, and no node between can raise.

use std::collections::{BTreeSet, VecDeque};

use crate::bundle::Bundle;
use crate::expr::{Builtin, Expr, ExprKind, Part};
use crate::flow::{Flow, Node, Target, Work};
use crate::ids::{NodeId, SlotId};
use crate::setup::Callee;
use crate::types::Type;

/// Why the text of a node is not final while it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The node asks no prompt for plain text.
    NoText,
    /// An edge of this node decides by the text.
    Decides(NodeId),
    /// This node comes after it and can fail.
    Raises(NodeId),
    /// After this node the flow ends with something else.
    EndsOtherwise(NodeId),
    /// After this node the text is written once more.
    Repeats(NodeId),
}

/// Whether the text that `node` writes is final as it is written.
///
/// # Errors
/// The first thing on a path from it that prevents that.
pub fn final_text(flow: &Flow, node: NodeId, bundle: &Bundle) -> Result<(), Obstacle> {
    let start = flow.nodes.get(node.index()).ok_or(Obstacle::NoText)?;
    let value = start.result.filter(|_| writes_text(start, bundle)).ok_or(Obstacle::NoText)?;
    let mut seen = BTreeSet::from([node]);
    let mut todo = VecDeque::from([(node, start)]);
    while let Some((id, at)) = todo.pop_front() {
        for edge in at.edges.iter().filter(|edge| edge.on.is_empty()) {
            if edge.when.as_ref().is_some_and(|condition| reads(condition, value)) {
                return Err(Obstacle::Decides(id));
            }
            match &edge.to {
                Target::Return(Some(result)) if is_slot(result, value) => {}
                Target::Return(_) | Target::Fail(_) => return Err(Obstacle::EndsOtherwise(id)),
                Target::Node(next, _) if *next == node => return Err(Obstacle::Repeats(id)),
                Target::Node(next, _) if seen.insert(*next) => {
                    let after = flow.nodes.get(next.index()).ok_or(Obstacle::EndsOtherwise(id))?;
                    if !cannot_raise(after) {
                        return Err(Obstacle::Raises(*next));
                    }
                    todo.push_back((*next, after));
                }
                Target::Node(..) => {}
            }
        }
    }
    Ok(())
}

/// Why no text of a flow is final while it is written; `None` if one is. The obstacle is that of the last node that
/// writes text, which is the one its author most likely has in mind.
#[must_use]
pub fn obstacle(flow: &Flow, bundle: &Bundle) -> Option<(Option<NodeId>, Obstacle)> {
    let mut last = (None, Obstacle::NoText);
    for index in 0..flow.nodes.len() {
        let node = NodeId(index as u32);
        match final_text(flow, node, bundle) {
            Ok(()) => return None,
            Err(Obstacle::NoText) => {}
            Err(obstacle) => last = (Some(node), obstacle),
        }
    }
    Some(last)
}

fn writes_text(node: &Node, bundle: &Bundle) -> bool {
    let Work::Call(call) = &node.work else {
        return false;
    };
    let Callee::Prompt(id) = call.callee else {
        return false;
    };
    let prompt = bundle.prompts.get(id.index());
    prompt.is_some_and(|prompt| matches!(bundle.ty(prompt.ret), Type::Text { .. }))
}

/// What has an answer for every error, and what surely ends well.
fn cannot_raise(node: &Node) -> bool {
    node.work.calls().all(|call| {
        let is_total = call.callee == Callee::Value && call.args.iter().all(is_total);
        call.otherwise.is_some() || is_total
    })
}

/// Whether an expression has a value for every input. Arithmetic can run over, a conversion can fail, and a function
/// is not looked into.
fn is_total(expr: &Expr) -> bool {
    let all = |items: &[Expr]| items.iter().all(is_total);
    match &expr.kind {
        ExprKind::Const(_)
        | ExprKind::Slot(_)
        | ExprKind::Local(_)
        | ExprKind::NodeFact(..)
        | ExprKind::RunFact(_)
        | ExprKind::ErrorFact(_) => true,
        ExprKind::Arith(..) | ExprKind::Convert(_) | ExprKind::Call { .. } | ExprKind::Neg(_) => false,
        ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } => is_total(base),
        ExprKind::Record(items) | ExprKind::List(items) => all(items),
        ExprKind::Variant { fields, .. } => all(fields),
        ExprKind::Builtin { op, args, lambda } => {
            let may_fail = [
                Builtin::Abs,
                Builtin::Ceil,
                Builtin::Clamp,
                Builtin::DateMinus,
                Builtin::DatePlus,
                Builtin::Floor,
                Builtin::Mean,
                Builtin::Round,
                Builtin::Sum,
            ];
            !may_fail.contains(op) && all(args) && lambda.as_ref().is_none_or(|lambda| is_total(&lambda.body))
        }
        ExprKind::Not(inner) => is_total(inner),
        ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Compare(_, a, b) => is_total(a) && is_total(b),
        ExprKind::Is { value, .. } => is_total(value),
        ExprKind::If(a, b, c) => [a, b, c].iter().all(|part| is_total(part)),
        ExprKind::Let { value, body, .. } => is_total(value) && is_total(body),
        ExprKind::Template(parts) => parts.iter().all(part_is_total),
    }
}

fn part_is_total(part: &Part) -> bool {
    let all = |parts: &[Part]| parts.iter().all(part_is_total);
    match part {
        Part::Text(_) => true,
        Part::Hole(hole, _) => is_total(hole),
        Part::Each { list, body, .. } => is_total(list) && all(body),
        Part::If { condition, then, otherwise } => is_total(condition) && all(then) && all(otherwise),
    }
}

fn is_slot(expr: &Expr, value: SlotId) -> bool {
    match &expr.kind {
        ExprKind::Slot(slot) => *slot == value,
        ExprKind::Convert(inner) => is_slot(inner, value),
        _ => false,
    }
}

fn reads(expr: &Expr, value: SlotId) -> bool {
    let any = |items: &[Expr]| items.iter().any(|item| reads(item, value));
    match &expr.kind {
        ExprKind::Slot(slot) => *slot == value,
        ExprKind::Const(_)
        | ExprKind::Local(_)
        | ExprKind::NodeFact(..)
        | ExprKind::RunFact(_)
        | ExprKind::ErrorFact(_) => false,
        ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } => reads(base, value),
        ExprKind::Record(items) | ExprKind::List(items) => any(items),
        ExprKind::Variant { fields, .. } => any(fields),
        ExprKind::Call { args, .. } => any(args),
        ExprKind::Builtin { args, lambda, .. } => {
            any(args) || lambda.as_ref().is_some_and(|lambda| reads(&lambda.body, value))
        }
        ExprKind::Neg(inner) | ExprKind::Not(inner) | ExprKind::Convert(inner) => reads(inner, value),
        ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Arith(_, a, b) | ExprKind::Compare(_, a, b) => {
            reads(a, value) || reads(b, value)
        }
        ExprKind::Is { value: tested, .. } => reads(tested, value),
        ExprKind::If(a, b, c) => [a, b, c].iter().any(|part| reads(part, value)),
        ExprKind::Let { value: bound, body, .. } => reads(bound, value) || reads(body, value),
        ExprKind::Template(parts) => parts.iter().any(|part| part_reads(part, value)),
    }
}

fn part_reads(part: &Part, value: SlotId) -> bool {
    let any = |parts: &[Part]| parts.iter().any(|part| part_reads(part, value));
    match part {
        Part::Text(_) => false,
        Part::Hole(hole, _) => reads(hole, value),
        Part::Each { list, body, .. } => reads(list, value) || any(body),
        Part::If { condition, then, otherwise } => reads(condition, value) || any(then) || any(otherwise),
    }
}
