//! Operators: arithmetic with units and bounds, comparisons, logic, `is`.

use flow_grammar::ast::{self, BinaryOp, ExprKind as Ast, PatternKind, UnaryOp};
use flow_ir::expr::{Arith, Builtin, Compare, Const, ExprKind, Test};
use smol_str::SmolStr;

use super::coerce::Why;
use super::scope::Place;
use super::{Elab, Typed, describe, path_of};
use crate::report;
use crate::types::{Bounds, Ty};

impl Elab<'_, '_> {
    /// `-a`, `not a`.
    pub(super) fn unary(
        &mut self,
        expr: &ast::Expr,
        op: UnaryOp,
        operand: &ast::Expr,
        want: Option<&Ty>,
    ) -> Typed {
        match op {
            UnaryOp::Not => {
                let value = self.condition(operand);
                self.typed(Ty::Bool, ExprKind::Not(Box::new(value)))
            }
            UnaryOp::Neg => {
                let value = self.expr(operand, want);
                let value = self.demand_present(value, operand);
                let ty = match &value.ty {
                    Ty::Int(bounds) => Ty::Int(bounds.negated()),
                    Ty::Float(bounds) => Ty::Float(bounds.negated()),
                    Ty::Duration(bounds) => Ty::Duration(bounds.negated()),
                    Ty::Money(currency, bounds) => Ty::Money(*currency, bounds.negated()),
                    Ty::Poison => return self.poison(),
                    other => {
                        let found = other.to_string();
                        let span = self.span(expr.span);
                        self.out.push(report::types::mismatch(span, "`-` wants", "a number", &found));
                        return self.poison();
                    }
                };
                self.typed(ty, ExprKind::Neg(Box::new(value.expr)))
            }
        }
    }

    /// `a op b`.
    pub(super) fn binary(
        &mut self,
        expr: &ast::Expr,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        want: Option<&Ty>,
    ) -> Typed {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let a = self.condition(left);
                let holds = op == BinaryOp::And;
                let b = self.assuming(left, holds, |elab| elab.condition(right));
                let (a, b) = (Box::new(a), Box::new(b));
                let kind = if holds { ExprKind::And(a, b) } else { ExprKind::Or(a, b) };
                self.typed(Ty::Bool, kind)
            }
            BinaryOp::Eq => self.compare(expr, Compare::Eq, op, left, right),
            BinaryOp::Ne => self.compare(expr, Compare::Ne, op, left, right),
            BinaryOp::Lt => self.compare(expr, Compare::Lt, op, left, right),
            BinaryOp::Le => self.compare(expr, Compare::Le, op, left, right),
            BinaryOp::Gt => self.compare(expr, Compare::Gt, op, left, right),
            BinaryOp::Ge => self.compare(expr, Compare::Ge, op, left, right),
            BinaryOp::Add => self.arith(expr, Arith::Add, op, left, right, want),
            BinaryOp::Sub => self.arith(expr, Arith::Sub, op, left, right, want),
            BinaryOp::Mul => self.arith(expr, Arith::Mul, op, left, right, want),
            BinaryOp::Div => self.arith(expr, Arith::Div, op, left, right, want),
        }
    }

    /// Both operands; the one that is a bare literal takes the other's type as a hint.
    fn operands(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Typed, Typed) {
        if is_literal(left) && !is_literal(right) {
            let b = self.expr(right, None);
            let a = self.expr(left, Some(&b.ty.clone()));
            return (a, b);
        }
        let a = self.expr(left, None);
        let b = self.expr(right, Some(&a.ty.clone()));
        (a, b)
    }

    fn compare(
        &mut self,
        expr: &ast::Expr,
        op: Compare,
        written: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Typed {
        if let Some(text) = self.variant_as_text(expr, written, left, right) {
            return text;
        }
        let (a, b) = self.operands(left, right);
        if self.pkg.is_unknown(&a.ty) || self.pkg.is_unknown(&b.ty) {
            return self.typed(Ty::Bool, ExprKind::Const(Const::Bool(false)));
        }
        let (a, b) = match op {
            Compare::Eq | Compare::Ne => (a, b),
            Compare::Lt | Compare::Le | Compare::Gt | Compare::Ge => {
                (self.demand_present(a, left), self.demand_present(b, right))
            }
        };
        if let Some(problem) = self.incomparable(expr, op, written, &a.ty, &b.ty) {
            self.out.push(problem);
            return self.typed(Ty::Bool, ExprKind::Const(Const::Bool(false)));
        }
        self.equality_lints(expr, op, left, right, &a.ty);
        let joined = a.ty.join(&b.ty).unwrap_or(Ty::Poison);
        let (a, b) = (self.convert_quietly(a, &joined), self.convert_quietly(b, &joined));
        self.typed(Ty::Bool, ExprKind::Compare(op, Box::new(a), Box::new(b)))
    }

    fn incomparable(
        &self,
        expr: &ast::Expr,
        op: Compare,
        written: BinaryOp,
        a: &Ty,
        b: &Ty,
    ) -> Option<flow_diagnostics::Diagnostic> {
        let span = self.span(expr.span);
        let (left, right) = (a.to_string(), b.to_string());
        if a.is_poison() || b.is_poison() {
            return None;
        }
        if let Some((one, other)) = mixed_units(a.present(), b.present()) {
            let what = format!("{left} {} {right}", written.text());
            return Some(report::types::mixed_units(span, &what, one, other));
        }
        if a.join(b).is_none() {
            return Some(report::types::never_equal(span, &left, &right));
        }
        let ordered = matches!(
            a,
            Ty::Int(_)
                | Ty::Float(_)
                | Ty::Duration(_)
                | Ty::Money(_, _)
                | Ty::Tokens
                | Ty::Bytes
                | Ty::Date
                | Ty::Time
        );
        let wants_order = matches!(op, Compare::Lt | Compare::Le | Compare::Gt | Compare::Ge);
        (wants_order && !ordered).then(|| report::types::operands(span, written.text(), &left, &right))
    }

    /// FL0109: `intent == "spam"`.
    fn variant_as_text(
        &mut self,
        expr: &ast::Expr,
        written: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Option<Typed> {
        let (value, text) = match (&left.kind, &right.kind) {
            (_, Ast::Text(text)) => (left, text.as_plain()?),
            (Ast::Text(text), _) => (right, text.as_plain()?),
            _ => return None,
        };
        let before = self.out.len();
        let found = self.expr(value, None);
        self.out.truncate(before);
        let variants = self.pkg.enum_variants(found.ty.present())?;
        let wanted = text.replace(['_', ' ', '-'], "").to_lowercase();
        let same = |name: &str| name.to_lowercase() == wanted;
        let variant = variants.iter().find(|variant| same(&variant.name) || variant.wire == text);
        let what = describe(value);
        let span = self.span(expr.span);
        let name = variant.map(|variant| variant.name.as_str());
        self.out.push(report::types::variant_as_text(
            span,
            what.trim_matches('`'),
            (written.text(), &text),
            name,
        ));
        Some(self.typed(Ty::Bool, ExprKind::Const(Const::Bool(false))))
    }

    /// FL0110 and FL0111. A test may compare what it gave itself.
    fn equality_lints(
        &mut self,
        expr: &ast::Expr,
        op: Compare,
        left: &ast::Expr,
        right: &ast::Expr,
        ty: &Ty,
    ) {
        if self.scope.place == Place::Test || !matches!(op, Compare::Eq | Compare::Ne) {
            return;
        }
        let span = self.span(expr.span);
        if let Ty::Named(_, name) = ty.present() {
            let variants = self.pkg.enum_variants(ty.present()).unwrap_or_default();
            let free = variants.iter().flat_map(|variant| &variant.fields).any(|field| field.ty.is_text());
            if free {
                self.out.push(report::types::free_text_equality(
                    span,
                    if op == Compare::Ne { "!=" } else { "==" },
                    name,
                ));
            }
        }
        let value = match (&left.kind, &right.kind) {
            (_, Ast::Text(_)) => left,
            (Ast::Text(_), _) => right,
            _ => return,
        };
        let root = path_of(value).and_then(|path| path.first().cloned());
        if root.and_then(|root| self.scope.value(&root)).is_some_and(|value| value.from_model) {
            let what = describe(value);
            self.out.push(report::types::text_literal(span, &what));
        }
    }

    fn arith(
        &mut self,
        expr: &ast::Expr,
        op: Arith,
        written: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        want: Option<&Ty>,
    ) -> Typed {
        let (a, b) = match want.map(Ty::present) {
            Some(hint @ (Ty::List(_, _) | Ty::Float(_))) if op == Arith::Add || op == Arith::Sub => {
                let hint = hint.clone();
                (self.expr(left, Some(&hint)), self.expr(right, Some(&hint)))
            }
            _ => (self.expr(left, None), self.expr(right, None)),
        };
        let (a, b) = (self.demand_present(a, left), self.demand_present(b, right));
        if a.ty.is_poison() || b.ty.is_poison() {
            return self.poison();
        }
        if let Some(found) = self.date_arith(op, &a, &b) {
            return found;
        }
        match result_of(op, &a.ty, &b.ty) {
            Some(ty) => {
                let (a, b) = self.with_floats(&ty, a, b);
                self.typed(ty, ExprKind::Arith(op, Box::new(a.expr), Box::new(b.expr)))
            }
            None => {
                let span = self.span(expr.span);
                let problem = match mixed_units(&a.ty, &b.ty) {
                    Some((one, other)) => {
                        let what = format!(
                            "{} {} {}",
                            literal_text(left, &a.ty),
                            written.text(),
                            literal_text(right, &b.ty)
                        );
                        report::types::mixed_units(span, &what, one, other)
                    }
                    None => {
                        report::types::operands(span, written.text(), &a.ty.to_string(), &b.ty.to_string())
                    }
                };
                self.out.push(problem);
                self.poison()
            }
        }
    }

    /// An `int` beside a `float` becomes one.
    fn with_floats(&mut self, ty: &Ty, a: Typed, b: Typed) -> (Typed, Typed) {
        if !matches!(ty, Ty::Float(_)) {
            return (a, b);
        }
        let mut float = |value: Typed| match value.ty {
            Ty::Int(bounds) => {
                self.typed(Ty::Float(bounds.to_micros()), ExprKind::Convert(Box::new(value.expr)))
            }
            _ => value,
        };
        (float(a), float(b))
    }

    fn date_arith(&mut self, op: Arith, a: &Typed, b: &Typed) -> Option<Typed> {
        let (builtin, ty) = match (op, &a.ty, &b.ty) {
            (Arith::Add, Ty::Date, Ty::Duration(_)) => (Builtin::DatePlus, Ty::Date),
            (Arith::Sub, Ty::Date, Ty::Date) => (Builtin::DateMinus, Ty::DURATION),
            _ => return None,
        };
        let args = vec![a.expr.clone(), b.expr.clone()];
        Some(self.typed(ty, ExprKind::Builtin { op: builtin, args, lambda: None }))
    }

    /// `value is pattern`.
    pub(super) fn is(&mut self, value: &ast::Expr, negated: bool, pattern: &ast::Pattern) -> Typed {
        if let Some(found) = self.error_is(value, negated, pattern) {
            return found;
        }
        let found = self.raw(value);
        let test = if self.pkg.is_unknown(&found.ty) { None } else { self.pattern(&found.ty, pattern) };
        let Some(test) = test else {
            return self.typed(Ty::Bool, ExprKind::Const(Const::Bool(false)));
        };
        let tested = self.typed(Ty::Bool, ExprKind::Is { value: Box::new(found.expr), test });
        if negated { self.typed(Ty::Bool, ExprKind::Not(Box::new(tested.expr))) } else { tested }
    }

    /// A value as declared, whatever is known about it: it is about to be tested.
    fn raw(&mut self, value: &ast::Expr) -> Typed {
        match &value.kind {
            Ast::Name(name) => self.raw_name(value, name),
            Ast::Field { base, name } => self.raw_field(value, base, name),
            Ast::Paren(inner) => self.raw(inner),
            _ => self.expr(value, None),
        }
    }

    /// A pattern as a test of a value of type `ty`; `None` if it can never match, which is reported.
    pub(super) fn pattern(&mut self, ty: &Ty, pattern: &ast::Pattern) -> Option<Test> {
        let inner = ty.present();
        let found = match (&pattern.kind, inner) {
            (PatternKind::Missing | PatternKind::Any, _) => return None,
            (PatternKind::None, _) if matches!(ty, Ty::Optional(_)) => Some(Test::None),
            (PatternKind::Variant(name), _) => {
                let variants = self.pkg.enum_variants(inner).unwrap_or_default();
                let index = variants.iter().position(|variant| variant.name == *name);
                index.and_then(|index| u32::try_from(index).ok()).map(Test::Variant)
            }
            (PatternKind::Bool(value), Ty::Bool) => Some(Test::Equals(Const::Bool(*value))),
            (PatternKind::Text(value), Ty::Text(_)) => Some(Test::Equals(Const::Text(value.clone()))),
            (PatternKind::Number(number), Ty::Int(_)) => number.as_int().map(Const::Int).map(Test::Equals),
            (PatternKind::Number(number), Ty::Float(_)) => {
                Some(Test::Equals(Const::Float(number.as_float())))
            }
            _ => None,
        };
        if found.is_none() {
            self.bad_pattern(ty, pattern);
        }
        found
    }

    fn bad_pattern(&mut self, ty: &Ty, pattern: &ast::Pattern) {
        let span = self.span(pattern.span);
        let written = match &pattern.kind {
            PatternKind::Variant(name) => name.clone(),
            PatternKind::None => "none".into(),
            PatternKind::Bool(value) => value.to_string().into(),
            PatternKind::Text(text) => text.clone(),
            PatternKind::Number(number) => number.text.clone(),
            PatternKind::Any | PatternKind::Missing => SmolStr::default(),
        };
        let variants = self.pkg.enum_variants(ty.present()).unwrap_or_default();
        if let (PatternKind::Text(text), false) = (&pattern.kind, variants.is_empty()) {
            let same = |name: &str| name.eq_ignore_ascii_case(text);
            let variant = variants.iter().find(|variant| same(&variant.name)).map(|v| v.name.as_str());
            self.out.push(report::types::variant_as_text(span, "…", ("==", text), variant));
            return;
        }
        let known: Vec<report::names::Candidate> =
            variants.iter().map(|variant| (variant.name.clone(), "")).collect();
        self.out.push(report::types::bad_pattern(span, &written, &ty.to_string(), &known));
    }
}

/// Literals and names of variants take the type of what they stand beside.
fn is_literal(expr: &ast::Expr) -> bool {
    match &expr.kind {
        Ast::Upper(_) | Ast::Number(_) | Ast::List(_) | Ast::None => true,
        Ast::Call { callee, .. } => matches!(callee.kind, Ast::Upper(_)),
        Ast::Paren(inner) => is_literal(inner),
        Ast::Unary { op: UnaryOp::Neg, operand } => is_literal(operand),
        _ => false,
    }
}

/// A literal amount in words, or the type of anything else.
fn literal_text(expr: &ast::Expr, ty: &Ty) -> String {
    match &expr.kind {
        Ast::Quantity(amount) => {
            let blank = if amount.unit.text().len() > 2 { " " } else { "" };
            format!("{}{blank}{}", amount.number.text, amount.unit.text())
        }
        _ => super::path_of(expr).map_or_else(|| ty.to_string(), |path| path.join(".")),
    }
}

/// What kind of amount a type measures, if it has a unit.
fn unit_of(ty: &Ty) -> Option<&'static str> {
    match ty {
        Ty::Duration(_) => Some("time"),
        Ty::Money(Some(flow_ir::units::Currency::Usd), _) => Some("USD"),
        Ty::Money(Some(flow_ir::units::Currency::Eur), _) => Some("EUR"),
        Ty::Money(Some(flow_ir::units::Currency::Gbp), _) => Some("GBP"),
        Ty::Money(None, _) => Some("money"),
        Ty::Tokens => Some("tokens"),
        Ty::Bytes => Some("bytes"),
        Ty::Int(_) | Ty::Float(_) => Some("a plain number"),
        _ => None,
    }
}

/// The words for two units that do not go together.
fn mixed_units(a: &Ty, b: &Ty) -> Option<(&'static str, &'static str)> {
    let (one, other) = (unit_of(a)?, unit_of(b)?);
    let numbers = |ty: &Ty| matches!(ty, Ty::Int(_) | Ty::Float(_));
    let both_money = matches!((a, b), (Ty::Money(x, _), Ty::Money(y, _)) if x.is_none() || y.is_none());
    if one == other || both_money || (numbers(a) && numbers(b)) {
        return None;
    }
    let word = |unit: &'static str, ty: &Ty, beside: &Ty| match (ty, beside) {
        (Ty::Money(_, _), Ty::Money(_, _)) => unit,
        (Ty::Money(_, _), _) => "money",
        _ => unit,
    };
    Some((word(one, a, b), word(other, b, a)))
}

/// The type of a result, if the operands go together.
fn result_of(op: Arith, a: &Ty, b: &Ty) -> Option<Ty> {
    let combined = |x: Bounds, y: Bounds| match op {
        Arith::Add => x.plus(y),
        Arith::Sub => x.plus(y.negated()),
        Arith::Mul | Arith::Div => Bounds::ANY,
    };
    match (op, a, b) {
        (Arith::Add, Ty::Text(x), Ty::Text(y)) => Some(Ty::Text(x.plus(*y))),
        (Arith::Add, Ty::List(x, sx), Ty::List(y, sy)) => Some(x.join(y)?.list(sx.plus(*sy))),
        (Arith::Add | Arith::Sub, Ty::Int(x), Ty::Int(y)) => Some(Ty::Int(combined(*x, *y))),
        (Arith::Add | Arith::Sub, Ty::Duration(x), Ty::Duration(y)) => Some(Ty::Duration(combined(*x, *y))),
        (Arith::Add | Arith::Sub, Ty::Money(cx, x), Ty::Money(cy, y)) => match (cx, cy) {
            (Some(one), Some(other)) if one != other => None,
            _ => Some(Ty::Money(cx.or(*cy), combined(*x, *y))),
        },
        (Arith::Add | Arith::Sub, Ty::Tokens, Ty::Tokens) => Some(Ty::Tokens),
        (Arith::Add | Arith::Sub, Ty::Bytes, Ty::Bytes) => Some(Ty::Bytes),
        (Arith::Mul, Ty::Int(x), Ty::Int(y)) => Some(Ty::Int(x.times(*y))),
        (Arith::Mul, Ty::Money(c, _), Ty::Int(_) | Ty::Float(_))
        | (Arith::Mul, Ty::Int(_) | Ty::Float(_), Ty::Money(c, _)) => Some(Ty::Money(*c, Bounds::ANY)),
        (Arith::Mul, Ty::Duration(_), Ty::Int(_) | Ty::Float(_))
        | (Arith::Mul, Ty::Int(_) | Ty::Float(_), Ty::Duration(_))
        | (Arith::Div, Ty::Duration(_), Ty::Int(_) | Ty::Float(_)) => Some(Ty::DURATION),
        (Arith::Div, Ty::Money(cx, _), Ty::Money(cy, _)) => match (cx, cy) {
            (Some(one), Some(other)) if one != other => None,
            _ => Some(Ty::FLOAT),
        },
        (Arith::Div, Ty::Duration(_), Ty::Duration(_)) | (Arith::Div, Ty::Tokens, Ty::Tokens) => {
            Some(Ty::FLOAT)
        }
        (Arith::Div, Ty::Money(c, _), Ty::Int(_) | Ty::Float(_)) => Some(Ty::Money(*c, Bounds::ANY)),
        (Arith::Div, Ty::Money(_, _), Ty::Tokens) => Some(Ty::Price),
        (_, Ty::Int(_) | Ty::Float(_), Ty::Int(_) | Ty::Float(_)) => {
            let micros = |ty: &Ty| match ty {
                Ty::Int(bounds) => bounds.to_micros(),
                Ty::Float(bounds) => *bounds,
                _ => Bounds::ANY,
            };
            Some(Ty::Float(combined(micros(a), micros(b))))
        }
        _ => None,
    }
}

impl Elab<'_, '_> {
    /// A condition with its message, of a `check` or a test.
    pub(crate) fn need(&mut self, need: &ast::Need, fallback: &str) -> flow_ir::setup::Need {
        self.scope.reset_locals();
        let condition = self.check(&need.condition, &Ty::Bool, Why::Condition);
        let message = match &need.message {
            Some(text) => self.text(text, None).expr,
            None => self.constant(Ty::TEXT, Const::Text(fallback.into())),
        };
        flow_ir::setup::Need { condition, message }
    }
}
