//! From trees to closures.

use std::sync::Arc;

use flow_ir::expr::{Arith, Expr, ExprKind, Part};
use flow_ir::{Bundle, FunctionId, LocalId};

use super::code::{Code, Frame};
use super::place::Place;
use super::{Compiled, Functions, Predicate, called, interpreted};
use crate::interp::MAX_DEPTH;
use crate::invalid::{Invalid, Outcome};
use crate::ops::arith;
use crate::ops::builtin::{self, Types};
use crate::{Value, json};

pub(super) fn expr(bundle: &Bundle, functions: &Functions, expr: &Expr) -> Compiled {
    match depth(bundle, expr, MAX_DEPTH) {
        Some(_) => Compiled { code: Arc::from(Builder::new(functions).code(expr)) },
        None => interpreted(expr),
    }
}

pub(super) fn predicate(bundle: &Bundle, functions: &Functions, expr: &Expr) -> Predicate {
    if depth(bundle, expr, MAX_DEPTH).is_some() {
        return Predicate { test: Arc::from(Builder::new(functions).test(expr)) };
    }
    let code = interpreted(expr);
    Predicate { test: Arc::new(move |frame: &mut Frame<'_>| crate::ops::truth(&(code.code)(frame)?)) }
}

/// All functions, callees before callers.
pub(super) fn functions(bundle: &Bundle) -> Functions {
    let mut functions: Functions = vec![None; bundle.functions.len()];
    for index in 0..bundle.functions.len() {
        add(bundle, &mut functions, FunctionId(index as u32), MAX_DEPTH);
    }
    functions
}

/// `room` ends chains of calls that are deeper than any expression may be, cycles included: those are left to
/// the interpreter by `depth`.
fn add(bundle: &Bundle, functions: &mut Functions, id: FunctionId, room: usize) {
    let (Some(function), Some(None)) = (bundle.functions.get(id.index()), functions.get(id.index())) else {
        return;
    };
    if room > 0 && depth(bundle, &function.body, MAX_DEPTH).is_some() {
        let mut callees = Vec::new();
        each_call(&function.body, &mut |callee| callees.push(callee));
        callees.into_iter().for_each(|callee| add(bundle, functions, callee, room - 1));
    }
    let compiled = expr(bundle, functions, &function.body);
    if let Some(place) = functions.get_mut(id.index()) {
        *place = Some(compiled);
    }
}

fn each_call(expr: &Expr, found: &mut dyn FnMut(FunctionId)) {
    if let ExprKind::Call { function, .. } = &expr.kind {
        found(*function);
    }
    each_child(expr, &mut |child| {
        each_call(child, found);
        true
    });
}

/// How deep an expression is, functions included; `None` if deeper than `room`.
fn depth(bundle: &Bundle, expr: &Expr, room: usize) -> Option<usize> {
    let room = room.checked_sub(1)?;
    let mut deepest = Some(0);
    let mut visit = |child: &Expr| {
        deepest = deepest.zip(depth(bundle, child, room)).map(|(a, b)| a.max(b));
        deepest.is_some()
    };
    if let ExprKind::Call { function, .. } = &expr.kind
        && let Some(function) = bundle.functions.get(function.index())
    {
        visit(&function.body);
    }
    each_child(expr, &mut visit);
    deepest.map(|deepest| deepest + 1)
}

/// Visits the expressions right below; stops when the visitor says `false`.
fn each_child(expr: &Expr, visit: &mut dyn FnMut(&Expr) -> bool) -> bool {
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Slot(_) | ExprKind::Local(_) => true,
        ExprKind::NodeFact(..) | ExprKind::RunFact(_) | ExprKind::ErrorFact(_) => true,
        ExprKind::Field { base: inner, .. }
        | ExprKind::Payload { base: inner, .. }
        | ExprKind::Neg(inner)
        | ExprKind::Not(inner)
        | ExprKind::Convert(inner)
        | ExprKind::Is { value: inner, .. } => visit(inner),
        ExprKind::Record(parts) | ExprKind::List(parts) => parts.iter().all(visit),
        ExprKind::Variant { fields, .. } => fields.iter().all(visit),
        ExprKind::Call { args, .. } => args.iter().all(visit),
        ExprKind::Builtin { args, lambda, .. } => {
            args.iter().all(&mut *visit) && lambda.as_ref().is_none_or(|lambda| visit(&lambda.body))
        }
        ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Arith(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::Let { value: left, body: right, .. } => visit(left) && visit(right),
        ExprKind::If(condition, then, otherwise) => visit(condition) && visit(then) && visit(otherwise),
        ExprKind::Template(parts) => parts.iter().all(|part| each_in_part(part, visit)),
    }
}

fn each_in_part(part: &Part, visit: &mut dyn FnMut(&Expr) -> bool) -> bool {
    match part {
        Part::Text(_) => true,
        Part::Hole(expr, _) => visit(expr),
        Part::Each { list, body, .. } => visit(list) && body.iter().all(|part| each_in_part(part, visit)),
        Part::If { condition, then, otherwise } => {
            visit(condition) && then.iter().chain(otherwise).all(|part| each_in_part(part, visit))
        }
    }
}

/// Compiles one expression; knows which binders are around the part at hand.
pub(super) struct Builder<'a> {
    functions: &'a Functions,
    scope: Vec<LocalId>,
}

impl<'a> Builder<'a> {
    fn new(functions: &'a Functions) -> Self {
        Self { functions, scope: Vec::new() }
    }

    /// Where a binder of this expression will be.
    pub(super) fn position(&self, local: LocalId) -> Option<usize> {
        self.scope.iter().rposition(|id| *id == local)
    }

    /// The binders around the part at hand, by position.
    pub(super) fn scope(&self) -> &[LocalId] {
        &self.scope
    }

    /// Compiles something that sees one more binder.
    pub(super) fn within<T>(&mut self, local: LocalId, compile: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.push(local);
        let compiled = compile(self);
        self.scope.pop();
        compiled
    }

    pub(super) fn code(&mut self, expr: &Expr) -> Box<Code> {
        if let Some(place) = Place::of(expr, self) {
            return Box::new(move |frame| place.get(frame).cloned());
        }
        match &expr.kind {
            ExprKind::NodeFact(fact, node) => {
                let (fact, node) = (*fact, *node);
                Box::new(move |frame| Ok(frame.cx.facts.node_fact(fact, node)))
            }
            ExprKind::RunFact(fact) => {
                let fact = *fact;
                Box::new(move |frame| Ok(frame.cx.facts.run_fact(fact)))
            }
            ExprKind::ErrorFact(fact) => {
                let fact = *fact;
                Box::new(move |frame| Ok(frame.cx.facts.error_fact(fact)))
            }
            ExprKind::Record(parts) => {
                let parts = self.all(parts);
                Box::new(move |frame| run_all(&parts, frame).map(Value::record))
            }
            ExprKind::List(parts) => {
                let parts = self.all(parts);
                Box::new(move |frame| run_all(&parts, frame).map(Value::list))
            }
            ExprKind::Variant { variant, fields } => {
                let (variant, fields) = (*variant, self.all(fields));
                Box::new(move |frame| Ok(Value::Variant(variant, run_all(&fields, frame)?.into())))
            }
            ExprKind::Call { function, args } => self.call(*function, args),
            ExprKind::Builtin { op, args, lambda: Some(lambda) } => self.lambda(*op, args, lambda),
            ExprKind::Builtin { op, args, lambda: None } => self.builtin(*op, args, expr),
            ExprKind::Let { local, value, body } => {
                let value = self.code(value);
                let body = self.within(*local, |inner| inner.code(body));
                Box::new(move |frame| {
                    let value = value(frame)?;
                    frame.with(value, |frame| body(frame))
                })
            }
            ExprKind::If(condition, then, otherwise) => {
                let (condition, then, otherwise) =
                    (self.test(condition), self.code(then), self.code(otherwise));
                Box::new(move |frame| if condition(frame)? { then(frame) } else { otherwise(frame) })
            }
            ExprKind::Template(parts) => self.template(parts),
            _ => self.operator(expr),
        }
    }

    fn operator(&mut self, expr: &Expr) -> Box<Code> {
        match &expr.kind {
            ExprKind::Field { base, field } => {
                let (base, field) = (self.code(base), *field);
                Box::new(move |frame| crate::ops::fields::field(&base(frame)?, field).cloned())
            }
            ExprKind::Payload { base, variant, field } => {
                let (ty, code, variant, field) = (base.ty, self.code(base), *variant, *field);
                Box::new(move |frame| {
                    let base = code(frame)?;
                    crate::ops::fields::payload(frame.cx.bundle, ty, &base, variant, field).cloned()
                })
            }
            ExprKind::Neg(inner) => {
                let inner = self.code(inner);
                Box::new(move |frame| arith::negated(&inner(frame)?))
            }
            ExprKind::Arith(op, left, right) => self.arith(*op, left, right),
            ExprKind::Convert(inner) => {
                let (code, from, to) = (self.code(inner), inner.ty, expr.ty);
                Box::new(move |frame| {
                    let value = code(frame)?;
                    json::converted(frame.cx.bundle, from, to, &value)
                })
            }
            // Conditions; everything else was compiled by `code`.
            _ => {
                let test = self.test(expr);
                Box::new(move |frame| test(frame).map(Value::Bool))
            }
        }
    }

    fn all(&mut self, exprs: &[Expr]) -> Vec<Box<Code>> {
        exprs.iter().map(|expr| self.code(expr)).collect()
    }

    fn arith(&mut self, op: Arith, left: &Expr, right: &Expr) -> Box<Code> {
        let places = (Place::of(left, self), Place::of(right, self));
        if let (Some(left), Some(right)) = places {
            return Box::new(move |frame| arith::arith(op, left.get(frame)?, right.get(frame)?));
        }
        if let Some(right) = places.1 {
            let left = self.code(left);
            return Box::new(move |frame| {
                let left = left(frame)?;
                arith::arith(op, &left, right.get(frame)?)
            });
        }
        let (left, right) = (self.code(left), self.code(right));
        Box::new(move |frame| {
            let left = left(frame)?;
            arith::arith(op, &left, &right(frame)?)
        })
    }

    fn call(&mut self, function: FunctionId, args: &[Expr]) -> Box<Code> {
        let args = self.all(args);
        match self.functions.get(function.index()).cloned().flatten() {
            Some(function) => Box::new(move |frame| {
                let args = run_all(&args, frame)?;
                called(&function, frame, args)
            }),
            None => Box::new(move |frame| {
                run_all(&args, frame)?;
                Err(Invalid::new("a function that this bundle does not have"))
            }),
        }
    }

    fn builtin(&mut self, op: flow_ir::expr::Builtin, args: &[Expr], whole: &Expr) -> Box<Code> {
        let receiver = args.first().map_or(whole.ty, |arg| arg.ty);
        let result = whole.ty;
        let args = self.all(args);
        match <[Box<Code>; 1]>::try_from(args) {
            Ok([only]) => Box::new(move |frame| {
                let value = only(frame)?;
                builtin::builtin(op, Types::new(frame.cx.bundle, receiver, result), &[value])
            }),
            Err(args) => Box::new(move |frame| {
                let values = run_all(&args, frame)?;
                builtin::builtin(op, Types::new(frame.cx.bundle, receiver, result), &values)
            }),
        }
    }
}

pub(super) fn run_all(codes: &[Box<Code>], frame: &mut Frame<'_>) -> Outcome<Vec<Value>> {
    codes.iter().map(|code| code(frame)).collect()
}
