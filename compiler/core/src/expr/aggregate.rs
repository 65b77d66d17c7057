//! `mean(…)`, `p95(…)` and the like in an `eval`: expressions over one row, become one value of all rows.

use flow_grammar::ast;
use flow_ir::evals::{Aggregate, Measure};
use flow_ir::testing::TestValue;
use smol_str::SmolStr;

use super::{Elab, Typed};
use crate::report;
use crate::types::{Bounds, Ty};

/// What an expression of an eval is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Level {
    /// The row that is run.
    Row,
    /// All rows, after they were run.
    All,
}

/// What an eval has that a test has not.
#[derive(Clone, Debug)]
pub(crate) struct EvalSlots {
    /// What the row is called, and its type.
    pub(crate) row: (SmolStr, Ty),
    pub(crate) level: Level,
    pub(crate) measures: Vec<Measure>,
    /// Values of one row that were used where all rows are meant.
    pub(crate) strays: Vec<String>,
}

impl Elab<'_, '_> {
    /// A call of an aggregate; `None` if this is none, or no eval.
    pub(super) fn aggregate_call(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        args: &[ast::Arg],
    ) -> Option<Typed> {
        let aggregate = Aggregate::named(name)?;
        let level = self.scope.test.as_ref()?.eval.as_ref()?.level;
        let span = self.span(expr.span);
        if level == Level::Row {
            self.out.push(report::evals::nested(span, name));
            self.elaborate_quietly(args);
            return Some(self.poison());
        }
        let arg = self.only_argument(expr, name, args)?;
        self.set_level(Level::Row);
        let of = self.expr(arg, None);
        self.set_level(Level::All);
        if self.pkg.is_unknown(&of.ty) {
            return Some(self.poison());
        }
        let Some(ty) = result(aggregate, of.ty.present()) else {
            let wants = wants(aggregate);
            self.out.push(report::types::mismatch(
                self.span(arg.span),
                &format!("`{name}` takes"),
                wants,
                &of.ty.to_string(),
            ));
            return Some(self.poison());
        };
        let at = self.measure(Measure { aggregate, of: of.expr })?;
        self.test_slot(TestValue::Measure(at), ty)
    }

    pub(crate) fn set_level(&mut self, level: Level) {
        if let Some(eval) = self.scope.test.as_mut().and_then(|test| test.eval.as_mut()) {
            eval.level = level;
        }
    }

    /// The position of a measure; one that is there already is not made twice.
    fn measure(&mut self, measure: Measure) -> Option<u32> {
        let measures = &mut self.scope.test.as_mut()?.eval.as_mut()?.measures;
        let found = measures.iter().position(|known| *known == measure);
        let at = found.unwrap_or_else(|| {
            measures.push(measure);
            measures.len() - 1
        });
        u32::try_from(at).ok()
    }
}

const fn wants(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "a condition",
        Aggregate::Mean => "a condition, a number, money, a span of time or tokens",
        Aggregate::Sum | Aggregate::Quantile(_) => "a number, money, a span of time or tokens",
    }
}

/// The type of an aggregate over values of a type; `None` if it makes no sense.
fn result(aggregate: Aggregate, of: &Ty) -> Option<Ty> {
    match (aggregate, of) {
        (Aggregate::Count, Ty::Bool) => Some(Ty::Int(Bounds::from(0))),
        (Aggregate::Mean, Ty::Bool) => Some(Ty::Float(Bounds::new(0, 1_000_000))),
        (Aggregate::Count, _) | (_, Ty::Bool) => None,
        (Aggregate::Mean, Ty::Int(_) | Ty::Float(_)) => Some(Ty::FLOAT),
        (_, Ty::Int(_)) => Some(Ty::INT),
        (_, Ty::Float(_)) => Some(Ty::FLOAT),
        (_, Ty::Money(currency, _)) => Some(Ty::Money(*currency, Bounds::ANY)),
        (_, Ty::Duration(_)) => Some(Ty::DURATION),
        (_, Ty::Tokens) => Some(Ty::Tokens),
        _ => None,
    }
}
