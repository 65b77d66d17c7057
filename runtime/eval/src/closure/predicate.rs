//! Conditions: what edges, filters and checks are made of.

use std::cmp::Ordering;

use flow_ir::expr::{Builtin, Compare, Const, Expr, ExprKind, Test as IsTest};

use super::build::Builder;
use super::code::Test;
use super::place::Place;
use crate::Value;
use crate::ops::{compare, text, truth};

impl Builder<'_> {
    pub(super) fn test(&mut self, expr: &Expr) -> Box<Test> {
        match &expr.kind {
            ExprKind::Not(inner) => {
                let inner = self.test(inner);
                Box::new(move |frame| Ok(!inner(frame)?))
            }
            ExprKind::And(left, right) => {
                let (left, right) = (self.test(left), self.test(right));
                Box::new(move |frame| Ok(left(frame)? && right(frame)?))
            }
            ExprKind::Or(left, right) => {
                let (left, right) = (self.test(left), self.test(right));
                Box::new(move |frame| Ok(left(frame)? || right(frame)?))
            }
            ExprKind::Compare(op, left, right) => self.compare(*op, left, right),
            ExprKind::Is { value, test } => self.is(value, test),
            ExprKind::Builtin { op: Builtin::Matches, args, lambda: None } => self.matches(args, expr),
            _ => self.truth(expr),
        }
    }

    /// Whatever gives a bool.
    fn truth(&mut self, expr: &Expr) -> Box<Test> {
        if let Some(place) = Place::of(expr, self) {
            return Box::new(move |frame| truth(place.get(frame)?));
        }
        let code = self.code(expr);
        Box::new(move |frame| truth(&code(frame)?))
    }

    fn compare(&mut self, op: Compare, left: &Expr, right: &Expr) -> Box<Test> {
        match (Place::of(left, self), &right.kind) {
            (Some(left), ExprKind::Const(Const::Int(literal))) => return with_int(op, left, *literal),
            (Some(left), ExprKind::Const(Const::Float(literal))) => return with_float(op, left, *literal),
            (Some(left), _) => {
                if let Some(right) = Place::of(right, self) {
                    return Box::new(move |frame| compare::compare(op, left.get(frame)?, right.get(frame)?));
                }
            }
            (None, _) => {
                if let Some(right) = Place::of(right, self) {
                    let left = self.code(left);
                    return Box::new(move |frame| {
                        let left = left(frame)?;
                        compare::compare(op, &left, right.get(frame)?)
                    });
                }
            }
        }
        let (left, right) = (self.code(left), self.code(right));
        Box::new(move |frame| {
            let left = left(frame)?;
            compare::compare(op, &left, &right(frame)?)
        })
    }

    fn is(&mut self, value: &Expr, test: &IsTest) -> Box<Test> {
        let test = test.clone();
        match (Place::of(value, self), test) {
            (Some(place), IsTest::Variant(wanted)) => Box::new(move |frame| {
                Ok(matches!(place.get(frame)?, Value::Variant(found, _) if *found == wanted))
            }),
            (Some(place), IsTest::None) => {
                Box::new(move |frame| Ok(matches!(place.get(frame)?, Value::None)))
            }
            (Some(place), test) => Box::new(move |frame| Ok(compare::is(place.get(frame)?, &test))),
            (None, test) => {
                let code = self.code(value);
                Box::new(move |frame| Ok(compare::is(&code(frame)?, &test)))
            }
        }
    }

    /// The pattern is compiled here, once. A bad one fails when it is reached, as the interpreter's does.
    fn matches(&mut self, args: &[Expr], whole: &Expr) -> Box<Test> {
        let [subject, Expr { kind: ExprKind::Const(Const::Text(source)), .. }] = args else {
            return self.truth(whole);
        };
        let (subject, pattern) = (self.code(subject), text::pattern(source));
        Box::new(move |frame| {
            let subject = subject(frame)?;
            let subject = text::text("`.matches`", &subject)?;
            match &pattern {
                Ok(pattern) => Ok(pattern.is_match(subject)),
                Err(why) => Err(why.clone()),
            }
        })
    }
}

/// `place < 3`: one closure per operator, so that nothing is decided per call.
fn with_int(op: Compare, place: Place, literal: i64) -> Box<Test> {
    match op {
        Compare::Eq => ints(place, literal, op, |a, b| a == b),
        Compare::Ne => ints(place, literal, op, |a, b| a != b),
        Compare::Lt => ints(place, literal, op, |a, b| a < b),
        Compare::Le => ints(place, literal, op, |a, b| a <= b),
        Compare::Gt => ints(place, literal, op, |a, b| a > b),
        Compare::Ge => ints(place, literal, op, |a, b| a >= b),
    }
}

fn ints(
    place: Place,
    literal: i64,
    op: Compare,
    holds: impl Fn(i64, i64) -> bool + Send + Sync + 'static,
) -> Box<Test> {
    Box::new(move |frame| match place.get(frame)? {
        Value::Int(value) => Ok(holds(*value, literal)),
        other => compare::compare(op, other, &Value::Int(literal)),
    })
}

fn with_float(op: Compare, place: Place, literal: f64) -> Box<Test> {
    match op {
        Compare::Eq => floats(place, literal, op, Ordering::is_eq),
        Compare::Ne => floats(place, literal, op, Ordering::is_ne),
        Compare::Lt => floats(place, literal, op, Ordering::is_lt),
        Compare::Le => floats(place, literal, op, Ordering::is_le),
        Compare::Gt => floats(place, literal, op, Ordering::is_gt),
        Compare::Ge => floats(place, literal, op, Ordering::is_ge),
    }
}

fn floats(
    place: Place,
    literal: f64,
    op: Compare,
    holds: impl Fn(Ordering) -> bool + Send + Sync + 'static,
) -> Box<Test> {
    Box::new(move |frame| match place.get(frame)? {
        Value::Float(value) => Ok(holds(compare::float_order(*value, literal))),
        other => compare::compare(op, other, &Value::Float(literal)),
    })
}
