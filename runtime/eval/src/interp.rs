//! The reference interpreter: walks the tree, does exactly what `expr` says, and nothing clever.
//!
//! What the other tiers compute is defined by what this one computes.

mod lambda;
mod template;
#[cfg(test)]
mod tests;

use flow_ir::expr::{Expr, ExprKind, Test};
use flow_ir::setup::{Check, MessageTemplate};
use flow_ir::{FunctionId, LocalId};

use crate::context::Context;
use crate::invalid::{Invalid, Outcome};
use crate::json;
use crate::ops::builtin::{Types, builtin};
use crate::ops::compare::constant;
use crate::ops::{arith, compare, fields, truth};
use crate::{Media, Value};

/// How deep an expression may be, calls of functions included. Deeper ones raise `Invalid`, so that no
/// Bundle can overflow the stack: 256 levels of any kind fit 2 MiB, a thread's usual stack, without optimisation.
pub const MAX_DEPTH: usize = 256;

/// The value of an expression.
///
/// # Errors
/// [`Invalid`] where it has none.
pub fn eval(expr: &Expr, cx: &Context<'_>) -> Outcome {
    Frame::new(*cx, 0).eval(expr)
}

/// The result of a function for these arguments.
///
/// # Errors
/// [`Invalid`] where it has none.
pub fn eval_function(cx: &Context<'_>, function: FunctionId, args: Vec<Value>) -> Outcome {
    Frame::new(*cx, 0).call(function, args)
}

/// A check: its first argument, if every need holds.
///
/// # Errors
/// [`Invalid`] with the message of the first need that does not hold.
pub fn run_check(cx: &Context<'_>, check: &Check, args: Vec<Value>) -> Outcome {
    let slots: Vec<Option<Value>> = args.into_iter().map(Some).collect();
    let inner = Context { slots: &slots, locals: &[], ..*cx };
    for need in &check.needs {
        if !truth(&eval(&need.condition, &inner)?)? {
            let message = eval(&need.message, &inner)?;
            return Err(Invalid::new(message.as_text().unwrap_or_default()));
        }
    }
    Ok(slots.into_iter().next().flatten().unwrap_or(Value::Nothing))
}

/// A piece of a rendered message: text, and the media between it.
#[derive(Clone, PartialEq, Debug)]
pub enum Rendered {
    /// Never empty.
    Text(String),
    /// A hole of type `image`, `audio` or `file`.
    Media(std::sync::Arc<Media>),
}

/// A prompt's message in pieces; media stand where their holes are.
///
/// `turns` has no text of its own: use [`eval`] for its list of messages.
///
/// # Errors
/// [`Invalid`] where a hole has no value.
pub fn render(cx: &Context<'_>, message: &MessageTemplate) -> Outcome<Vec<Rendered>> {
    match message {
        MessageTemplate::System(expr) | MessageTemplate::User(expr) | MessageTemplate::Assistant(expr) => {
            template::pieces(&mut Frame::new(*cx, 0), expr)
        }
        MessageTemplate::Turns(_) => Err(Invalid::new("`turns` is a list of messages, not a text")),
    }
}

/// One evaluation: the context, and what is bound inside the expression.
pub(crate) struct Frame<'a> {
    pub(crate) cx: Context<'a>,
    pub(crate) bound: Vec<(LocalId, Value)>,
    depth: usize,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(cx: Context<'a>, depth: usize) -> Self {
        Self { cx, bound: Vec::new(), depth }
    }

    pub(crate) fn eval(&mut self, expr: &Expr) -> Outcome {
        if self.depth >= MAX_DEPTH {
            return Err(Invalid::new(format!("an expression is nested deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        let value = self.kind(expr);
        self.depth -= 1;
        value
    }

    fn kind(&mut self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Const(literal) => Ok(constant(literal)),
            ExprKind::Slot(slot) => slot_value(&self.cx, slot.index()).cloned(),
            ExprKind::Local(local) => self.local(*local).cloned(),
            ExprKind::NodeFact(fact, node) => Ok(self.cx.facts.node_fact(*fact, *node)),
            ExprKind::RunFact(fact) => Ok(self.cx.facts.run_fact(*fact)),
            ExprKind::ErrorFact(fact) => Ok(self.cx.facts.error_fact(*fact)),
            ExprKind::Record(parts) => self.all(parts).map(Value::record),
            ExprKind::List(parts) => self.all(parts).map(Value::list),
            ExprKind::Variant { variant, fields } => {
                self.all(fields).map(|payload| Value::Variant(*variant, payload.into()))
            }
            ExprKind::Call { function, args } => {
                let args = self.all(args)?;
                self.call(*function, args)
            }
            ExprKind::Builtin { op, args, lambda: None } => {
                let values = self.all(args)?;
                let receiver = args.first().map_or(expr.ty, |arg| arg.ty);
                builtin(*op, Types { bundle: self.cx.bundle, receiver, result: expr.ty }, &values)
            }
            ExprKind::Builtin { op, args, lambda: Some(lambda) } => self.with_lambda(*op, args, lambda),
            ExprKind::Let { local, value, body } => {
                let value = self.eval(value)?;
                self.bind(*local, value, body)
            }
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::Field { .. }
            | ExprKind::Payload { .. }
            | ExprKind::Neg(_)
            | ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Arith(..)
            | ExprKind::Compare(..)
            | ExprKind::Is { .. }
            | ExprKind::If(..)
            | ExprKind::Convert(_) => self.operator(expr),
        }
    }

    /// The rest of [`Frame::kind`]: two halves keep the stack frame of each small.
    fn operator(&mut self, expr: &Expr) -> Outcome {
        match &expr.kind {
            ExprKind::Field { base, field } => {
                let base = self.eval(base)?;
                fields::field(&base, *field).cloned()
            }
            ExprKind::Payload { base, variant, field } => {
                let value = self.eval(base)?;
                fields::payload(self.cx.bundle, base.ty, &value, *variant, *field).cloned()
            }
            ExprKind::Neg(inner) => arith::negated(&self.eval(inner)?),
            ExprKind::Not(inner) => Ok(Value::Bool(!self.holds(inner)?)),
            ExprKind::And(left, right) => Ok(Value::Bool(self.holds(left)? && self.holds(right)?)),
            ExprKind::Or(left, right) => Ok(Value::Bool(self.holds(left)? || self.holds(right)?)),
            ExprKind::Arith(op, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                arith::arith(*op, &left, &right)
            }
            ExprKind::Compare(op, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                compare::compare(*op, &left, &right).map(Value::Bool)
            }
            ExprKind::Is { value, test } => self.is(value, test),
            ExprKind::If(condition, then, otherwise) => {
                let branch = if self.holds(condition)? { then } else { otherwise };
                self.eval(branch)
            }
            ExprKind::Convert(inner) => {
                let value = self.eval(inner)?;
                json::converted(self.cx.bundle, inner.ty, expr.ty, &value)
            }
            ExprKind::Const(_)
            | ExprKind::Slot(_)
            | ExprKind::Local(_)
            | ExprKind::NodeFact(..)
            | ExprKind::RunFact(_)
            | ExprKind::ErrorFact(_)
            | ExprKind::Record(_)
            | ExprKind::List(_)
            | ExprKind::Variant { .. }
            | ExprKind::Call { .. }
            | ExprKind::Builtin { .. }
            | ExprKind::Let { .. }
            | ExprKind::Template(_) => self.kind(expr),
        }
    }

    fn is(&mut self, value: &Expr, test: &Test) -> Outcome {
        let value = self.eval(value)?;
        Ok(Value::Bool(compare::is(&value, test)))
    }

    pub(crate) fn holds(&mut self, condition: &Expr) -> Outcome<bool> {
        truth(&self.eval(condition)?)
    }

    fn all(&mut self, exprs: &[Expr]) -> Outcome<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn local(&self, local: LocalId) -> Outcome<&Value> {
        let inner = self.bound.iter().rev().find(|(id, _)| *id == local);
        let found = inner.or_else(|| self.cx.locals.iter().rev().find(|(id, _)| *id == local));
        found.map(|(_, value)| value).ok_or_else(|| Invalid::new("a binder has no value here"))
    }

    /// Evaluates with one more binder.
    pub(crate) fn bind(&mut self, local: LocalId, value: Value, body: &Expr) -> Outcome {
        self.bound.push((local, value));
        let result = self.eval(body);
        self.bound.pop();
        result
    }

    pub(crate) fn call(&mut self, function: FunctionId, args: Vec<Value>) -> Outcome {
        let bundle = self.cx.bundle;
        let function = bundle.functions.get(function.index());
        let function = function.ok_or_else(|| Invalid::new("a function that this bundle does not have"))?;
        let slots: Vec<Option<Value>> = args.into_iter().map(Some).collect();
        let cx = Context { slots: &slots, locals: &[], ..self.cx };
        Frame::new(cx, self.depth).eval(&function.body)
    }
}

/// The value of a slot.
pub(crate) fn slot_value<'a>(cx: &Context<'a>, slot: usize) -> Outcome<&'a Value> {
    let value = cx.slots.get(slot).and_then(Option::as_ref);
    value.ok_or_else(|| Invalid::new("a value that is needed here was never computed"))
}
