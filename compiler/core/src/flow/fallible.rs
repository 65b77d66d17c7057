//! Which expressions can raise `Invalid`: seen from their form, before anything has a type.
//!
//! On the safe side: what may have no value for some arguments counts, because a handler that is not told about an
//! error is worse than one that is never needed. Numbers may get too large, whatever they are; texts and lists do not.
//! That a text may grow beyond 64 MiB is no error of the expression but the end of the run, and is left out.

use flow_grammar::ast::{ArgValue, ArmTest, BinaryOp, Expr, ExprKind, Template, TemplatePart, UnaryOp};

use crate::expr::PRELUDE_FUNCTIONS;
use crate::expr::library::is_method;

/// Methods and properties that have no value for some receivers: too large, out of the calendar, of an empty list.
const PARTIAL: [&str; 9] = ["clamp", "sum", "mean", "round", "floor", "ceil", "abs", "plus", "minus"];

/// Whether computing an expression can raise `Invalid`.
pub(super) fn may_fail(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Binary { op, left, right, .. } => {
            is_partial(*op, left, right) || may_fail(left) || may_fail(right)
        }
        ExprKind::Call { callee, .. } => call_may_fail(expr, callee),
        ExprKind::Field { base, name } => PARTIAL.contains(&name.text.as_str()) || may_fail(base),
        ExprKind::Unary { op, operand } => (*op == UnaryOp::Neg && !is_number(operand)) || may_fail(operand),
        ExprKind::Paren(inner) | ExprKind::Is { value: inner, .. } => may_fail(inner),
        ExprKind::List(items) => items.iter().any(may_fail),
        ExprKind::Case { scrutinee, arms } => {
            let test = |test: &ArmTest| matches!(test, ArmTest::Condition(condition) if may_fail(condition));
            scrutinee.as_deref().is_some_and(may_fail)
                || arms.iter().any(|arm| test(&arm.test) || may_fail(&arm.body))
        }
        ExprKind::Text(template) => template_may_fail(template),
        ExprKind::Name(_)
        | ExprKind::Upper(_)
        | ExprKind::Number(_)
        | ExprKind::Quantity(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Missing => false,
    }
}

/// Whether computing what a call is given can: the call itself raises what its callee does.
pub(super) fn arguments_may_fail(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => arguments_may_fail(inner),
        ExprKind::Call { args, .. } => args.iter().any(|arg| match &arg.value {
            ArgValue::Expr(value) => may_fail(value),
            ArgValue::Lambda { body, .. } => may_fail(body),
        }),
        _ => false,
    }
}

fn call_may_fail(call: &Expr, callee: &Expr) -> bool {
    let own = match &callee.kind {
        // What a function does is in its body; a call of it may be deep in another's.
        ExprKind::Name(name) => !PRELUDE_FUNCTIONS.contains(&name.as_str()),
        // `a.f(b)` may be a function of the user too.
        ExprKind::Field { base, name } => {
            let partial = PARTIAL.contains(&name.text.as_str()) || !is_method(&name.text);
            (partial && !is_clamp_between_numbers(call)) || may_fail(base)
        }
        _ => false,
    };
    own || arguments_may_fail(call)
}

/// `x.clamp(0, 100)`: the bounds are seen to be in order.
fn is_clamp_between_numbers(call: &Expr) -> bool {
    let ExprKind::Call { callee, args } = &call.kind else { return false };
    let is_clamp = matches!(&callee.kind, ExprKind::Field { name, .. } if name.text == "clamp");
    let bound = |arg: &flow_grammar::ast::Arg| match &arg.value {
        ArgValue::Expr(Expr { kind: ExprKind::Number(number), .. }) => Some(number.micros),
        _ => None,
    };
    match args.as_slice() {
        [low, high] => is_clamp && bound(low).zip(bound(high)).is_some_and(|(low, high)| low <= high),
        _ => false,
    }
}

/// Whether an operation has no value for some operands. `+` of texts and of lists always has one.
fn is_partial(op: BinaryOp, left: &Expr, right: &Expr) -> bool {
    match op {
        BinaryOp::Add => !is_whole(left) && !is_whole(right),
        BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => true,
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge => false,
    }
}

/// A text or list for sure.
fn is_whole(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Text(_) | ExprKind::List(_) => true,
        ExprKind::Paren(inner) => is_whole(inner),
        ExprKind::Binary { op: BinaryOp::Add, left, right, .. } => is_whole(left) || is_whole(right),
        _ => false,
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Number(_) | ExprKind::Quantity(_))
}

fn template_may_fail(template: &Template) -> bool {
    template.parts.iter().any(part_may_fail)
}

fn part_may_fail(part: &TemplatePart) -> bool {
    match part {
        TemplatePart::Text { .. } => false,
        TemplatePart::Hole(hole) => may_fail(hole),
        TemplatePart::Each { list, body, .. } => may_fail(list) || body.iter().any(part_may_fail),
        TemplatePart::If { condition, then, otherwise, .. } => {
            may_fail(condition) || then.iter().chain(otherwise).any(part_may_fail)
        }
    }
}
