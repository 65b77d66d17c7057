//! Which node's text is the result: it may be shown while it is written, because nothing can take it back.
//!
//! A node streams if it asks a prompt for plain text, every path from it ends in `return` of its value, no
//! condition on those paths reads it, and no node between can raise.

use flow_ir::expr::{Expr, ExprKind, Part};
use flow_ir::flow::{Flow, Node, Target, Work};
use flow_ir::setup::Callee;
use flow_ir::types::Type;
use flow_ir::{Bundle, NodeId, SlotId};

/// Whether the text that `node` writes is final as it is written.
pub(super) fn final_text(flow: &Flow, node: NodeId, bundle: &Bundle) -> bool {
    let Some(start) = flow.nodes.get(node.index()) else {
        return false;
    };
    let Some(value) = start.result.filter(|_| writes_text(start, bundle)) else {
        return false;
    };
    // The node itself is on the way, so that a way back to it is no end.
    let mut on_the_way = vec![node];
    ends_in(flow, start, value, &mut on_the_way)
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

fn ends_in(flow: &Flow, node: &Node, value: SlotId, on_the_way: &mut Vec<NodeId>) -> bool {
    node.edges.iter().filter(|edge| edge.on.is_empty()).all(|edge| {
        if edge.when.as_ref().is_some_and(|condition| reads(condition, value)) {
            return false;
        }
        match &edge.to {
            Target::Return(Some(result)) => is_slot(result, value),
            Target::Return(None) | Target::Fail(_) => false,
            Target::Node(next, _) if on_the_way.contains(next) => false,
            Target::Node(next, _) => {
                on_the_way.push(*next);
                let next = flow.nodes.get(next.index());
                next.is_some_and(|next| cannot_raise(next) && ends_in(flow, next, value, on_the_way))
            }
        }
    })
}

fn cannot_raise(node: &Node) -> bool {
    node.work.calls().all(|call| call.otherwise.is_some())
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
