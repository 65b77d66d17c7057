//! Renumbering types and functions of an expression.

use crate::bundle::Bundle;
use crate::expr::{Expr, ExprKind, Part};
use crate::ids::{FunctionId, TypeId};
use crate::setup::{MessageTemplate, Prompt};
use crate::types::{Field, Type};

/// By how much the rows of a version move.
#[derive(Clone, Copy)]
pub(super) struct Offsets {
    types: u32,
    functions: u32,
}

impl Offsets {
    /// Behind the rows that are there.
    pub(super) fn after(bundle: &Bundle) -> Self {
        Self { types: bundle.types.len() as u32, functions: bundle.functions.len() as u32 }
    }

    /// Appends the types and functions of a version.
    pub(super) fn append(self, bundle: &mut Bundle, version: &Bundle) {
        bundle.types.extend(version.types.iter().cloned().map(|mut ty| {
            self.ty(&mut ty);
            ty
        }));
        bundle.functions.extend(version.functions.iter().cloned().map(|mut function| {
            self.fields(&mut function.params);
            self.id(&mut function.ret);
            self.expr(&mut function.body);
            function
        }));
    }

    pub(super) fn prompt(self, prompt: &mut Prompt) {
        self.fields(&mut prompt.params);
        self.id(&mut prompt.ret);
        for message in &mut prompt.messages {
            match message {
                MessageTemplate::System(expr)
                | MessageTemplate::User(expr)
                | MessageTemplate::Assistant(expr)
                | MessageTemplate::Turns(expr) => self.expr(expr),
            }
        }
        prompt.temperature.iter_mut().for_each(|expr| self.expr(expr));
    }

    fn id(self, id: &mut TypeId) {
        id.0 += self.types;
    }

    fn fields(self, fields: &mut [Field]) {
        fields.iter_mut().for_each(|field| self.id(&mut field.ty));
    }

    fn ty(self, ty: &mut Type) {
        ty.parts_mut().into_iter().for_each(|part| self.id(part));
    }

    fn all(self, exprs: &mut [Expr]) {
        exprs.iter_mut().for_each(|expr| self.expr(expr));
    }

    fn expr(self, expr: &mut Expr) {
        self.id(&mut expr.ty);
        match &mut expr.kind {
            ExprKind::Const(_)
            | ExprKind::Slot(_)
            | ExprKind::Local(_)
            | ExprKind::NodeFact(..)
            | ExprKind::RunFact(_)
            | ExprKind::ErrorFact(_) => {}
            ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } => self.expr(base),
            ExprKind::Record(items) | ExprKind::List(items) => self.all(items),
            ExprKind::Variant { fields, .. } => self.all(fields),
            ExprKind::Call { function, args } => {
                *function = FunctionId(function.0 + self.functions);
                self.all(args);
            }
            ExprKind::Builtin { args, lambda, .. } => {
                self.all(args);
                lambda.iter_mut().for_each(|lambda| self.expr(&mut lambda.body));
            }
            ExprKind::Neg(inner) | ExprKind::Not(inner) | ExprKind::Convert(inner) => self.expr(inner),
            ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Arith(_, a, b)
            | ExprKind::Compare(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Is { value, .. } => self.expr(value),
            ExprKind::If(a, b, c) => [a, b, c].into_iter().for_each(|part| self.expr(part)),
            ExprKind::Let { value, body, .. } => {
                self.expr(value);
                self.expr(body);
            }
            ExprKind::Template(parts) => self.parts(parts),
        }
    }

    fn parts(self, parts: &mut [Part]) {
        for part in parts {
            match part {
                Part::Text(_) => {}
                Part::Hole(hole, _) => self.expr(hole),
                Part::Each { list, body, .. } => {
                    self.expr(list);
                    self.parts(body);
                }
                Part::If { condition, then, otherwise } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
            }
        }
    }
}
