//! Records and variants.

use flow_grammar::ast;
use flow_ir::expr::{Const, Expr, ExprKind};
use smol_str::SmolStr;

use super::coerce::Why;
use super::{Elab, Typed};
use crate::names::Item;
use crate::report;
use crate::types::{DefId, FieldDef, Ty};

impl Elab<'_, '_> {
    /// An upper-case name, with arguments if it is called.
    pub(super) fn upper(
        &mut self,
        expr: &ast::Expr,
        name: &SmolStr,
        args: Option<&[ast::Arg]>,
        want: Option<&Ty>,
    ) -> Typed {
        if name == "Partial" {
            return self.partial(expr, args, want);
        }
        if let Some((id, variant)) = self.wanted_variant(name, want) {
            return self.variant(expr, id, variant, args);
        }
        match self.names().find(name) {
            Some(Item::Type(id)) => return self.declared(expr, name, id, args),
            Some(_) => {
                self.elaborate_quietly(args.unwrap_or_default());
                return self.poison();
            }
            None => {}
        }
        match self.some_variant(name) {
            Some((id, variant)) => self.variant(expr, id, variant, args),
            None => self.unknown_upper(expr, name, args, want),
        }
    }

    /// The variant of the wanted enum.
    fn wanted_variant(&self, name: &str, want: Option<&Ty>) -> Option<(DefId, usize)> {
        let Some(Ty::Named(id, _)) = want.map(Ty::present) else { return None };
        let variants = self.pkg.def(*id)?.variants()?;
        Some((*id, variants.iter().position(|variant| variant.name == name)?))
    }

    /// The only variant of this name, among the enums visible here if there are several.
    fn some_variant(&mut self, name: &str) -> Option<(DefId, usize)> {
        let mut all = self.pkg.variants.get(name)?.clone();
        all.retain(|(id, _)| self.pkg.sees(self.module, *id));
        let found = match all.as_slice() {
            [only] => Some(*only),
            several => {
                let names = self.names();
                let mut visible = several.iter().filter(|(id, _)| {
                    let def = names.module.scope.iter().find(|(_, entry)| entry.item == Item::Type(*id));
                    def.is_some()
                });
                let first = visible.next().copied();
                first.filter(|_| visible.next().is_none())
            }
        };
        found.map(|(id, variant)| (id, variant as usize))
    }

    fn unknown_upper(
        &mut self,
        expr: &ast::Expr,
        name: &SmolStr,
        args: Option<&[ast::Arg]>,
        want: Option<&Ty>,
    ) -> Typed {
        self.elaborate_quietly(args.unwrap_or_default());
        if self.reported.insert(name.clone()) {
            let mut known: Vec<report::names::Candidate> = Vec::new();
            if let Some(variants) = want.and_then(|want| self.pkg.enum_variants(want.present())) {
                known.extend(variants.iter().map(|variant| (variant.name.clone(), "variant")));
            }
            if known.is_empty() {
                let seen = self
                    .pkg
                    .variants
                    .iter()
                    .filter(|(_, enums)| enums.iter().any(|(id, _)| self.pkg.sees(self.module, *id)));
                known.extend(seen.map(|(name, _)| (name.clone(), "variant")));
                known.extend(self.names().candidates(|item| matches!(item, Item::Type(_))));
            }
            known.sort();
            let start = ast_name_span(expr, name);
            let span = self.span(start);
            self.out.push(report::names::unknown(span, name, &known));
        }
        self.poison()
    }

    fn declared(&mut self, expr: &ast::Expr, name: &SmolStr, id: DefId, args: Option<&[ast::Arg]>) -> Typed {
        let Some(def) = self.pkg.def(id) else { return self.poison() };
        let ty = Ty::Named(id, def.name.clone());
        let (Some(fields), Some(args)) = (def.fields(), args) else {
            let known = def.fields().is_some() || def.variants().is_some();
            self.elaborate_quietly(args.unwrap_or_default());
            if known {
                let help = if def.fields().is_some() {
                    format!("make one: `{name}(…)`")
                } else {
                    "name one of its variants".to_owned()
                };
                let span = self.span(expr.span);
                self.out.push(report::types::not_a_value(span, name, "type", &help));
            }
            return self.poison();
        };
        match self.filled(&def.name, fields, args, expr.span) {
            Some(values) => self.typed(ty, ExprKind::Record(values)),
            None => self.poison_as(ty),
        }
    }

    /// A value whose parts are wrong, which is reported; it still has its type.
    fn poison_as(&mut self, ty: Ty) -> Typed {
        self.typed(ty, ExprKind::Const(Const::Nothing))
    }

    /// The values of fields in order, absent ones `none`.
    fn filled(
        &mut self,
        owner: &str,
        fields: &[FieldDef],
        args: &[ast::Arg],
        span: flow_grammar::Span,
    ) -> Option<Vec<Expr>> {
        let slots = self.assign(owner, fields, args, span)?;
        let mut values = Vec::with_capacity(slots.len());
        for slot in slots {
            values.push(match slot.value {
                Some(value) => self.check(value, &slot.ty, Why::Field(owner, &slot.name)),
                None => self.none().expr,
            });
        }
        Some(values)
    }

    fn variant(&mut self, expr: &ast::Expr, id: DefId, index: usize, args: Option<&[ast::Arg]>) -> Typed {
        let Some(def) = self.pkg.def(id) else { return self.poison() };
        let ty = Ty::Named(id, def.name.clone());
        let Some(variant) = def.variants().and_then(|variants| variants.get(index)) else {
            return self.poison();
        };
        let filled = self.filled(&variant.name, &variant.fields, args.unwrap_or_default(), expr.span);
        match (filled, u32::try_from(index)) {
            (Some(fields), Ok(variant)) => self.typed(ty, ExprKind::Variant { variant, fields }),
            _ => self.poison_as(ty),
        }
    }

    /// `Partial(team_size: 12)`: which record it is follows from what is wanted.
    fn partial(&mut self, expr: &ast::Expr, args: Option<&[ast::Arg]>, want: Option<&Ty>) -> Typed {
        let args = args.unwrap_or_default();
        let Some((id, name)) = want.and_then(|want| match want.present() {
            Ty::Partial(id, name) | Ty::Named(id, name) => Some((*id, name.clone())),
            _ => None,
        }) else {
            self.elaborate_quietly(args);
            if !want.is_some_and(Ty::is_poison) {
                let span = self.span(expr.span);
                let help = "it can stand where a `Partial(…)` is wanted";
                self.out.push(report::types::not_a_value(span, "Partial", "type of no known record", help));
            }
            return self.poison();
        };
        let Some(fields) = self.pkg.def(id).and_then(|def| def.fields()) else { return self.poison() };
        let optional: Vec<FieldDef> = fields
            .iter()
            .map(|field| FieldDef { ty: field.ty.clone().optional(), ..field.clone() })
            .collect();
        let ty = Ty::Partial(id, name.clone());
        match self.filled(&name, &optional, args, expr.span) {
            Some(values) => self.typed(ty, ExprKind::Record(values)),
            None => self.poison_as(ty),
        }
    }
}

/// The place of the name at the beginning of an expression.
fn ast_name_span(expr: &ast::Expr, name: &str) -> flow_grammar::Span {
    let length = u32::try_from(name.len()).unwrap_or(0);
    let end = (expr.span.start + length).min(expr.span.end);
    flow_grammar::Span::new(expr.span.start, end)
}
