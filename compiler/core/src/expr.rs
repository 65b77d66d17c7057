//! Expressions: from the tree to typed, resolved, lowered expressions in one pass.
//!
//! [`Elab::expr`] takes what is wanted as a hint (for literals, variants, lists) and returns what was found;
//! [`Elab::check`] also makes it fit. What is known at a place (`x is not none`) is in [`Scope::facts`].

mod aggregate;
mod args;
mod call;
mod case;
mod coerce;
mod construct;
mod field;
pub(crate) mod library;
mod literal;
pub(crate) mod narrow;
mod operators;
mod prelude;
pub(crate) use field::{error_facts, run_facts};
pub(crate) use prelude::FUNCTIONS as PRELUDE_FUNCTIONS;
mod scope;
mod template;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ExprKind as Ast};
use flow_ir::LocalId;
use flow_ir::expr::{Const, Expr, ExprKind, Lambda};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

pub(crate) use aggregate::{EvalSlots, Level};
pub(crate) use args::Argument;
pub(crate) use coerce::Why;
pub(crate) use literal::money_micros;
pub(crate) use scope::{Inside, NodeInfo, Place, Scope, TestSlots, Value};

use crate::names::{Module, Names};
use crate::package::Package;
use crate::report::At;
use crate::types::{Interner, Ty};

/// A lowered expression with its type.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) ty: Ty,
}

/// Elaborates the expressions of one body.
pub(crate) struct Elab<'p, 'o> {
    pub(crate) pkg: &'p Package<'p>,
    pub(crate) module: &'p Module<'p>,
    pub(crate) at: At,
    pub(crate) types: &'o mut Interner,
    pub(crate) out: &'o mut Vec<Diagnostic>,
    pub(crate) scope: Scope<'p>,
    /// Unknown names that are reported already: one typo in a declaration is one error.
    pub(crate) reported: FxHashSet<SmolStr>,
}

impl<'p, 'o> Elab<'p, 'o> {
    /// For one body of a module.
    pub(crate) fn new(
        pkg: &'p Package<'p>,
        module: &'p Module<'p>,
        types: &'o mut Interner,
        out: &'o mut Vec<Diagnostic>,
        scope: Scope<'p>,
    ) -> Self {
        Self { pkg, module, at: module.at, types, out, scope, reported: FxHashSet::default() }
    }

    /// Name look-up in this file.
    pub(crate) fn names(&mut self) -> Names<'_, '_> {
        Names { at: self.at, module: self.module, modules: &self.pkg.modules, out: self.out }
    }

    /// Puts a kind and a type together.
    pub(crate) fn typed(&mut self, ty: Ty, kind: ExprKind) -> Typed {
        let id = self.types.shape(&self.pkg.defs, &ty);
        Typed { expr: Expr { ty: id, kind }, ty }
    }

    /// What stands for something that is wrong and reported.
    pub(crate) fn poison(&mut self) -> Typed {
        self.typed(Ty::Poison, ExprKind::Const(Const::Nothing))
    }

    /// The absent value.
    pub(crate) fn none(&mut self) -> Typed {
        self.typed(Ty::none(), ExprKind::Const(Const::None))
    }

    /// A place of the tree in the source map.
    pub(crate) fn span(&self, span: flow_grammar::Span) -> flow_diagnostics::Span {
        self.at.span(span)
    }

    /// Elaborates an expression; `want` is a hint, not a demand.
    pub(crate) fn expr(&mut self, expr: &ast::Expr, want: Option<&Ty>) -> Typed {
        let found = self.expr_of_kind(expr, want);
        self.pkg.record.narrowed(self.span(expr.span), &found.ty);
        found
    }

    fn expr_of_kind(&mut self, expr: &ast::Expr, want: Option<&Ty>) -> Typed {
        match &expr.kind {
            Ast::Name(name) => self.name(expr, name),
            Ast::Upper(name) => self.upper(expr, name, None, want),
            Ast::Number(number) => self.number(number, want),
            Ast::Quantity(amount) => self.quantity(amount, want),
            Ast::Text(text) => self.text(text, want),
            Ast::Bool(value) => self.typed(Ty::Bool, ExprKind::Const(Const::Bool(*value))),
            Ast::None => self.none(),
            Ast::List(items) => self.list(items, want),
            Ast::Paren(inner) => self.expr(inner, want),
            Ast::Field { base, name } => self.field(expr, base, name),
            Ast::Call { callee, args } => self.call(expr, callee, args, want),
            Ast::Unary { op, operand } => self.unary(expr, *op, operand, want),
            Ast::Binary { op, left, right, .. } => self.binary(expr, *op, left, right, want),
            Ast::Is { value, negated, pattern } => self.is(value, *negated, pattern),
            Ast::Case { scrutinee, arms } => self.case(expr, scrutinee.as_deref(), arms, want),
            Ast::Missing => self.poison(),
        }
    }

    /// Elaborates an expression that must have a type.
    pub(crate) fn check(&mut self, expr: &ast::Expr, want: &Ty, why: Why<'_>) -> Expr {
        let found = self.expr(expr, Some(want));
        self.coerce(found, want, expr, why)
    }

    /// A condition.
    pub(crate) fn condition(&mut self, expr: &ast::Expr) -> Expr {
        self.check(expr, &Ty::Bool, Why::Condition)
    }

    /// Binds the parameter of a lambda while `body` is elaborated.
    pub(crate) fn with_local<T>(
        &mut self,
        name: &ast::Name,
        ty: Ty,
        body: impl FnOnce(&mut Self, LocalId) -> T,
    ) -> T {
        self.shadowing(name);
        self.pkg.record.declared(self.span(name.span), &ty);
        let local = self.scope.fresh_local();
        self.scope.locals.push((name.text.clone(), local, ty));
        let result = body(self, local);
        self.scope.locals.pop();
        result
    }

    /// Elaborates a lambda over elements of `item`.
    pub(crate) fn lambda(
        &mut self,
        param: &ast::Name,
        body: &ast::Expr,
        item: &Ty,
        want: Option<&Ty>,
    ) -> (Lambda, Ty) {
        self.with_local(param, item.clone(), |elab, local| {
            let body = elab.expr(body, want);
            (Lambda { param: local, body: body.expr }, body.ty)
        })
    }

    /// A list literal.
    fn list(&mut self, items: &[ast::Expr], want: Option<&Ty>) -> Typed {
        let wanted = match want.map(Ty::present) {
            Some(Ty::List(item, _)) => Some(item.as_ref().clone()),
            _ => None,
        };
        let mut joined = Ty::Never;
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let typed = self.expr(item, wanted.as_ref());
            match joined.join(&typed.ty) {
                Some(ty) => joined = ty,
                None if wanted.is_some() => {}
                None => {
                    let (first, other) = (joined.to_string(), typed.ty.to_string());
                    self.out.push(crate::report::types::mixed_elements(self.span(item.span), &first, &other));
                    joined = Ty::Poison;
                }
            }
            found.push((typed, item));
        }
        let count = u64::try_from(items.len()).ok();
        let size = crate::types::Size { min: count.unwrap_or(0), max: count, max_tokens: None };
        if let Some(item_ty) = wanted {
            let values: Vec<Expr> = found
                .into_iter()
                .map(|(typed, item)| self.coerce(typed, &item_ty, item, Why::Element))
                .collect();
            return self.typed(item_ty.list(size), ExprKind::List(values));
        }
        let values: Vec<Expr> =
            found.into_iter().map(|(typed, _)| self.convert_quietly(typed, &joined)).collect();
        self.typed(joined.list(size), ExprKind::List(values))
    }
}

/// A path as it was written: `sort.intent`. `None` for anything that is not names and dots.
pub(crate) fn path_of(expr: &ast::Expr) -> Option<Vec<SmolStr>> {
    match &expr.kind {
        Ast::Name(name) => Some(vec![name.clone()]),
        Ast::Paren(inner) => path_of(inner),
        Ast::Field { base, name } => {
            let mut path = path_of(base)?;
            path.push(name.text.clone());
            Some(path)
        }
        _ => None,
    }
}

/// The words for an expression in a message: `` `sort.intent` ``, or `this`.
pub(crate) fn describe(expr: &ast::Expr) -> String {
    path_of(expr).map_or_else(|| "this".to_owned(), |path| format!("`{}`", path.join(".")))
}
