//! `case`: lowered to `If` and `Let`, with what each arm knows.

use flow_grammar::ast::{self, ArmTest, PatternKind};
use flow_ir::expr::{Const, Expr, ExprKind, Test};

use super::narrow::{Fact, case_of_pattern};
use super::{Elab, Typed};
use crate::graph::{Cases, FactPath, constraints};
use crate::report;
use crate::types::{Fit, Ty, fit};

/// An arm after elaboration: its test (`None` for `_`) and its value.
struct Made<'a> {
    test: Option<Expr>,
    value: Typed,
    body: &'a ast::Expr,
}

impl Elab<'_, '_> {
    /// `case x { … }` or `case { … }`.
    pub(super) fn case(
        &mut self,
        expr: &ast::Expr,
        scrutinee: Option<&ast::Expr>,
        arms: &[ast::Arm],
        want: Option<&Ty>,
    ) -> Typed {
        match scrutinee {
            Some(scrutinee) => self.case_of(expr, scrutinee, arms, want),
            None => self.case_conditions(expr, arms, want),
        }
    }

    fn case_conditions(&mut self, expr: &ast::Expr, arms: &[ast::Arm], want: Option<&Ty>) -> Typed {
        let mut made = Vec::with_capacity(arms.len());
        let before = self.scope.facts.len();
        let mut closed = false;
        for arm in arms {
            let (test, facts) = match &arm.test {
                ArmTest::Condition(condition) => {
                    let test = self.condition(condition);
                    (Some(test), constraints(condition, true))
                }
                ArmTest::Pattern(pattern) => {
                    closed |= matches!(pattern.kind, PatternKind::Any | PatternKind::Missing);
                    (None, Vec::new())
                }
            };
            let value = self.knowing(facts, |elab| elab.expr(&arm.body, want));
            made.push(Made { test, value, body: &arm.body });
            if let ArmTest::Condition(condition) = &arm.test {
                self.scope.facts.extend(constraints(condition, false));
            }
        }
        self.scope.facts.truncate(before);
        if !closed {
            self.out.push(report::types::case_not_exhaustive(self.span(expr.span), &[]));
        }
        self.chain(made, want)
    }

    fn case_of(
        &mut self,
        expr: &ast::Expr,
        scrutinee: &ast::Expr,
        arms: &[ast::Arm],
        want: Option<&Ty>,
    ) -> Typed {
        let value = self.expr(scrutinee, None);
        let ty = value.ty.clone();
        let path = FactPath::of(scrutinee);
        let local = self.scope.fresh_local();
        let bound = self.typed(ty.clone(), ExprKind::Local(local)).expr;
        let before = self.scope.facts.len();
        let mut made = Vec::with_capacity(arms.len());
        let mut seen: Vec<Test> = Vec::new();
        let mut closed = self.pkg.is_unknown(&ty);
        for arm in arms {
            let ArmTest::Pattern(pattern) = &arm.test else { continue };
            let any = matches!(pattern.kind, PatternKind::Any | PatternKind::Missing);
            closed |= any;
            let tested = if any || self.pkg.is_unknown(&ty) { None } else { self.pattern(&ty, pattern) };
            closed |= tested.is_none();
            let fact = |matches: bool| -> Option<Fact> {
                let case = Cases::only(case_of_pattern(&pattern.kind)?);
                Some((path.clone()?, if matches { case } else { case.negated() }))
            };
            let value = self.knowing(fact(true).into_iter().collect(), |elab| elab.expr(&arm.body, want));
            self.scope.facts.extend(fact(false));
            let test = tested.map(|test| {
                seen.push(test.clone());
                self.typed(Ty::Bool, ExprKind::Is { value: Box::new(bound.clone()), test }).expr
            });
            made.push(Made { test, value, body: &arm.body });
        }
        self.scope.facts.truncate(before);
        if !closed {
            let missing = self.uncovered(&ty, &seen);
            if missing.as_ref().is_none_or(|missing| !missing.is_empty()) {
                let span = self.span(expr.span);
                self.out.push(report::types::case_not_exhaustive(span, &missing.unwrap_or_default()));
            }
        }
        let chain = self.chain(made, want);
        let body = Box::new(chain.expr);
        self.typed(chain.ty, ExprKind::Let { local, value: Box::new(value.expr), body })
    }

    /// What no test covers; `None` if the values cannot be listed.
    fn uncovered(&self, ty: &Ty, seen: &[Test]) -> Option<Vec<String>> {
        let mut missing = Vec::new();
        if matches!(ty, Ty::Optional(_)) && !seen.contains(&Test::None) {
            missing.push("none".to_owned());
        }
        match ty.present() {
            Ty::Bool => {
                for value in [true, false] {
                    if !seen.contains(&Test::Equals(Const::Bool(value))) {
                        missing.push(value.to_string());
                    }
                }
            }
            inner => {
                for (index, variant) in (0u32..).zip(self.pkg.enum_variants(inner)?) {
                    if !seen.contains(&Test::Variant(index)) {
                        missing.push(variant.name.to_string());
                    }
                }
            }
        }
        Some(missing)
    }

    /// Nested `If`s; the last arm is taken otherwise.
    fn chain(&mut self, made: Vec<Made<'_>>, want: Option<&Ty>) -> Typed {
        let ty = self.arms_type(&made, want);
        let mut result: Option<Expr> = None;
        for arm in made.into_iter().rev() {
            let value = self.convert_quietly(arm.value, &ty);
            result = Some(match (arm.test, result) {
                (Some(test), Some(rest)) => {
                    let kind = ExprKind::If(Box::new(test), Box::new(value), Box::new(rest));
                    self.typed(ty.clone(), kind).expr
                }
                (Some(_) | None, _) => value,
            });
        }
        match result {
            Some(expr) => Typed { expr, ty },
            None => self.poison(),
        }
    }

    fn arms_type(&mut self, made: &[Made<'_>], want: Option<&Ty>) -> Ty {
        let mut joined = Ty::Never;
        for arm in made {
            match joined.join(&arm.value.ty) {
                Some(ty) => joined = ty,
                None if want.is_some_and(|want| fit(&arm.value.ty, want) == Fit::No) => {}
                None => {
                    let (first, other) = (joined.to_string(), arm.value.ty.to_string());
                    let span = self.span(arm.body.span);
                    self.out.push(report::types::mixed_arms(span, &first, &other));
                    return Ty::Poison;
                }
            }
        }
        joined
    }
}
