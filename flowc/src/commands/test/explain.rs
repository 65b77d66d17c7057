//! Why a `need` does not hold: its source text, and the values on both sides of what is false in it.

use flow_eval::{Context, Value, eval, json};
use flow_ir::Bundle;
use flow_ir::expr::{Expr, ExprKind};
use flow_ir::setup::Need;
use flow_ir::testing::Test;

use crate::graph::text::{self, Names};
use crate::trial;

/// A `need` that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    /// Its source text; empty if the test could not be judged.
    pub(crate) need: String,
    /// Its own message, or why it could not be judged; may be empty.
    pub(crate) message: String,
    /// Expressions in it and their values, as JSON.
    pub(crate) values: Vec<(String, String)>,
}

impl Failure {
    /// Something else than a `need` is wrong.
    pub(super) fn alone(message: String) -> Self {
        Self { need: String::new(), message, values: Vec::new() }
    }
}

/// Judges the needs of one test.
pub(super) struct Judge<'a> {
    bundle: &'a Bundle,
    slots: &'a [Option<Value>],
    names: Names<'a>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(bundle: &'a Bundle, test: &Test, slots: &'a [Option<Value>]) -> Self {
        let names = test.values.iter().map(|(value, _)| trial::name(bundle, value, "row")).collect();
        Self { bundle, slots, names: Names::of_slots(bundle, names) }
    }

    /// `None` if the need holds.
    pub(super) fn failure(&self, need: &Need, source: &str) -> Option<Failure> {
        let message = match self.value(&need.condition) {
            Ok(Value::Bool(true)) => return None,
            Ok(_) => self.message(need, source),
            Err(message) => message,
        };
        let mut values = Vec::new();
        self.sides(&need.condition, true, &mut values);
        values.dedup();
        Some(Failure { need: source.to_owned(), message, values })
    }

    fn value(&self, expr: &Expr) -> Result<Value, String> {
        let cx = Context::new(self.bundle, self.slots);
        eval(expr, &cx).map_err(|invalid| invalid.to_string())
    }

    /// What the test says itself about this need.
    fn message(&self, need: &Need, source: &str) -> String {
        match self.value(&need.message) {
            // Without `else` the message is the condition itself.
            Ok(Value::Text(text)) if text.as_str() != source => text.to_string(),
            Ok(_) | Err(_) => String::new(),
        }
    }

    /// The values that decided: of a conjunction only the parts that are not as wanted.
    fn sides(&self, expr: &Expr, wanted: bool, out: &mut Vec<(String, String)>) {
        if self.value(expr) == Ok(Value::Bool(wanted)) {
            return;
        }
        match &expr.kind {
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.sides(left, wanted, out);
                self.sides(right, wanted, out);
            }
            ExprKind::Not(inner) => self.sides(inner, !wanted, out),
            ExprKind::Compare(_, left, right) => {
                self.side(left, out);
                self.side(right, out);
            }
            ExprKind::Is { value, .. } => self.side(value, out),
            _ => self.side(expr, out),
        }
    }

    fn side(&self, expr: &Expr, out: &mut Vec<(String, String)>) {
        if matches!(expr.kind, ExprKind::Const(_)) {
            return;
        }
        let value = match self.value(expr) {
            Ok(value) => json::encode(self.bundle, expr.ty, &value).to_string(),
            Err(message) => format!("no value: {message}"),
        };
        out.push((text::expr(&self.names, expr), value));
    }
}
