//! Values that are already somewhere: read by reference, never cloned to be tested.

use flow_ir::expr::{Expr, ExprKind};
use flow_ir::{LocalId, TypeId};

use super::build::Builder;
use super::code::Frame;
use crate::Value;
use crate::interp::slot_value;
use crate::invalid::{Invalid, Outcome};
use crate::ops::{compare::constant, fields};

/// A slot, binder or literal, and the way to a part of it.
pub(super) struct Place {
    root: Root,
    path: Vec<Step>,
}

enum Root {
    Slot(usize),
    /// A binder of this expression, by position.
    Bound(usize),
    /// A binder around this expression.
    Outer(LocalId),
    Const(Value),
}

enum Step {
    Field(u32),
    Payload { of: TypeId, variant: u32, field: u32 },
}

impl Place {
    /// The place that an expression names, if it is one.
    pub(super) fn of(expr: &Expr, scope: &Builder<'_>) -> Option<Self> {
        let mut path = Vec::new();
        let mut at = expr;
        loop {
            let root = match &at.kind {
                ExprKind::Slot(slot) => Root::Slot(slot.index()),
                ExprKind::Local(local) => scope.position(*local).map_or(Root::Outer(*local), Root::Bound),
                ExprKind::Const(literal) => Root::Const(constant(literal)),
                ExprKind::Field { base, field } => {
                    path.push(Step::Field(*field));
                    at = base;
                    continue;
                }
                ExprKind::Payload { base, variant, field } => {
                    path.push(Step::Payload { of: base.ty, variant: *variant, field: *field });
                    at = base;
                    continue;
                }
                _ => return None,
            };
            path.reverse();
            return Some(Self { root, path });
        }
    }

    pub(super) fn get<'f>(&'f self, frame: &'f Frame<'_>) -> Outcome<&'f Value> {
        let mut value = match &self.root {
            Root::Slot(slot) => slot_value(&frame.cx, *slot)?,
            Root::Bound(at) => frame.bound.get(*at).ok_or_else(unbound)?,
            Root::Outer(local) => outer(frame, *local)?,
            Root::Const(value) => value,
        };
        for step in &self.path {
            value = match step {
                Step::Field(field) => fields::field(value, *field)?,
                Step::Payload { of, variant, field } => {
                    fields::payload(frame.cx.bundle, *of, value, *variant, *field)?
                }
            };
        }
        Ok(value)
    }
}

fn outer<'f>(frame: &'f Frame<'_>, local: LocalId) -> Outcome<&'f Value> {
    let found = frame.cx.locals.iter().rev().find(|(id, _)| *id == local);
    found.map(|(_, value)| value).ok_or_else(unbound)
}

fn unbound() -> Invalid {
    Invalid::new("a binder has no value here")
}
