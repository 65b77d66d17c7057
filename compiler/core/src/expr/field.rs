//! What stands behind a dot: fields, payloads, facts of the run, and the library without brackets.

use flow_grammar::ast::{self, ExprKind as Ast, Name};
use flow_ir::expr::{ErrorFact, ExprKind, RunFact};
use smol_str::SmolStr;

use super::scope::Place;
use super::{Elab, Typed, describe};
use crate::graph::{self, FactPath};
use crate::names::Item;
use crate::report;
use crate::types::{Bounds, Ty, VariantDef};

/// `run.…` with its type.
pub(crate) const RUN_FACTS: [(&str, RunFact, Ty); 9] = [
    ("id", RunFact::Id, Ty::TEXT),
    ("tenant", RunFact::Tenant, Ty::TEXT),
    ("user", RunFact::User, Ty::TEXT),
    ("cost", RunFact::Cost, Ty::USD),
    ("left", RunFact::Left, Ty::USD),
    ("elapsed", RunFact::Elapsed, Ty::DURATION),
    ("tokens", RunFact::Tokens, Ty::Tokens),
    ("started", RunFact::Started, Ty::TEXT),
    ("now", RunFact::Now, Ty::TEXT),
];

const ERROR_FACTS: [(&str, ErrorFact, Ty); 4] = [
    ("class", ErrorFact::Class, Ty::TEXT),
    ("message", ErrorFact::Message, Ty::TEXT),
    ("node", ErrorFact::Node, Ty::TEXT),
    ("attempt", ErrorFact::Attempt, Ty::Int(Bounds { min: Some(1), max: None })),
];

/// Names of the facts of a run.
pub(crate) fn run_facts() -> impl Iterator<Item = &'static str> {
    RUN_FACTS.iter().map(|(name, _, _)| *name)
}

/// Names of the facts of an error.
pub(crate) fn error_facts() -> impl Iterator<Item = &'static str> {
    ERROR_FACTS.iter().map(|(name, _, _)| *name)
}

impl Elab<'_, '_> {
    /// `base.name` as a value.
    pub(super) fn field(&mut self, expr: &ast::Expr, base: &ast::Expr, name: &Name) -> Typed {
        let found = self.raw_field(expr, base, name);
        self.narrowed(expr, found)
    }

    /// The same without what is known at this place.
    pub(super) fn raw_field(&mut self, expr: &ast::Expr, base: &ast::Expr, name: &Name) -> Typed {
        if let Some(found) = self.fact_field(base, name) {
            return found;
        }
        if let Some(found) = self.qualified(expr, base, name) {
            return found;
        }
        let from = self.expr(base, None);
        if name.is_missing() || self.pkg.is_unknown(&from.ty) {
            return self.poison();
        }
        let from = self.demand_present(from, base);
        let found = self.member(from, base, name);
        self.pkg.record.declared(self.span(expr.span), &found.ty);
        found
    }

    /// A field, payload field or method without brackets of a value.
    fn member(&mut self, from: Typed, base: &ast::Expr, name: &Name) -> Typed {
        if from.ty.is_poison() {
            return self.poison();
        }
        if let Some(found) = self.record_field(&from, name) {
            return found;
        }
        if let Some(variants) = self.pkg.enum_variants(&from.ty)
            && let Some(found) = self.payload(&from, base, name, variants)
        {
            return found;
        }
        if let Some(found) = self.library_property(&from, base, name) {
            return found;
        }
        self.no_field(&from.ty, name);
        self.poison()
    }

    fn record_field(&mut self, from: &Typed, name: &Name) -> Option<Typed> {
        let (index, ty) = match &from.ty {
            Ty::Anon(anon) => {
                let index = anon.fields.iter().position(|(field, _)| *field == name.text)?;
                (index, anon.fields.get(index)?.1.clone())
            }
            other => {
                let fields = self.pkg.fields(other)?;
                let index = fields.iter().position(|field| field.name == name.text)?;
                let ty = fields.get(index)?.ty.clone();
                (index, if matches!(other, Ty::Partial(_, _)) { ty.optional() } else { ty })
            }
        };
        let field = u32::try_from(index).ok()?;
        Some(self.typed(ty, ExprKind::Field { base: Box::new(from.expr.clone()), field }))
    }

    /// A field of a variant: only where it is known which variant it is.
    fn payload(
        &mut self,
        from: &Typed,
        base: &ast::Expr,
        name: &Name,
        variants: &[VariantDef],
    ) -> Option<Typed> {
        let has = |variant: &VariantDef| variant.fields.iter().position(|field| field.name == name.text);
        let owners: Vec<SmolStr> =
            variants.iter().filter(|v| has(v).is_some()).map(|v| v.name.clone()).collect();
        if owners.is_empty() {
            return None;
        }
        let path = FactPath::of(base);
        let known = path
            .as_ref()
            .and_then(|path| self.known_variant(path, variants, |variant| has(variant).is_some()));
        let known = known.or(if self.scope.place == Place::Test && owners.len() == 1 {
            variants.iter().position(|variant| has(variant).is_some())
        } else {
            None
        });
        let at = known.and_then(|index| Some((index, variants.get(index)?)));
        if let Some((index, variant)) = at
            && let Some(field) = has(variant)
        {
            let ty = variant.fields.get(field)?.ty.clone();
            let (variant, field) = (u32::try_from(index).ok()?, u32::try_from(field).ok()?);
            let kind = ExprKind::Payload { base: Box::new(from.expr.clone()), variant, field };
            return Some(self.typed(ty, kind));
        }
        let span = self.span(name.span);
        let scrutinee = describe(base);
        let edges = path.and_then(|path| {
            self.unaware_edges(&path, |case| owners.iter().any(|owner| owner == case), variants)
        });
        let edges = edges.as_ref().map(|(unaware, all, node)| (*unaware, *all, node.as_str()));
        self.out.push(report::types::variant_field(span, &name.text, &scrutinee, &owners, edges));
        Some(self.poison())
    }

    /// Of the edges into the node at hand, how many do not know what `path` is, and into which node.
    fn unaware_edges(
        &self,
        path: &FactPath,
        suits: impl Fn(&str) -> bool,
        variants: &[VariantDef],
    ) -> Option<(usize, usize, SmolStr)> {
        let inside = self.scope.inside?;
        let graph::Place::Work(node) = inside.place else { return None };
        let all: Vec<SmolStr> = variants.iter().map(|variant| variant.name.clone()).collect();
        let is_known = |cases: &graph::Cases| cases.left(&all).all(|case| suits(case));
        let (at, edges, dark) = inside.facts.unaware(inside.graph, node, path, is_known);
        if dark.is_empty() || edges < 2 {
            return None;
        }
        Some((dark.len(), edges, inside.graph.name(at.into()).into()))
    }

    /// FL0103 with everything that could have been meant.
    fn no_field(&mut self, ty: &Ty, name: &Name) {
        let mut known: Vec<report::names::Candidate> = Vec::new();
        if let Ty::Anon(anon) = ty {
            known.extend(anon.fields.iter().map(|(field, _)| (field.clone(), "")));
        }
        known.extend(self.pkg.fields(ty).unwrap_or_default().iter().map(|field| (field.name.clone(), "")));
        for variant in self.pkg.enum_variants(ty).unwrap_or_default() {
            known.extend(variant.fields.iter().map(|field| (field.name.clone(), "")));
        }
        known.extend(super::library::methods_of(ty).map(|method| (SmolStr::from(method), "")));
        let span = self.span(name.span);
        self.out.push(report::types::unknown_field(span, &ty.to_string(), &name.text, &known));
    }

    /// `run.cost`, `error.message`.
    fn fact_field(&mut self, base: &ast::Expr, name: &Name) -> Option<Typed> {
        let Ast::Name(root) = &base.kind else { return None };
        if self.scope.value(root).is_some() {
            return None;
        }
        match root.as_str() {
            "run" => Some(self.run_fact(name)),
            "error" if self.scope.has_error => Some(self.error_fact(name)),
            _ => None,
        }
    }

    fn run_fact(&mut self, name: &Name) -> Typed {
        let found = RUN_FACTS.iter().find(|(fact, _, _)| *fact == name.text);
        match found {
            Some((_, fact, ty)) => match self.test_run_fact(*fact, ty) {
                Some(found) => found,
                None => self.typed(ty.clone(), ExprKind::RunFact(*fact)),
            },
            None => self.unknown_fact("run", name, RUN_FACTS.iter().map(|(fact, _, _)| *fact)),
        }
    }

    fn error_fact(&mut self, name: &Name) -> Typed {
        let found = ERROR_FACTS.iter().find(|(fact, _, _)| *fact == name.text);
        match found {
            Some((_, fact, ty)) => self.typed(ty.clone(), ExprKind::ErrorFact(*fact)),
            None => self.unknown_fact("error", name, ERROR_FACTS.iter().map(|(fact, _, _)| *fact)),
        }
    }

    fn unknown_fact<'a>(&mut self, owner: &str, name: &Name, known: impl Iterator<Item = &'a str>) -> Typed {
        if !name.is_missing() {
            let known = report::names::plain(known);
            let span = self.span(name.span);
            self.out.push(report::types::unknown_field(span, owner, &name.text, &known));
        }
        self.poison()
    }

    /// `models.fast` of a module imported as a whole, and resources used as values.
    fn qualified(&mut self, expr: &ast::Expr, base: &ast::Expr, name: &Name) -> Option<Typed> {
        let Ast::Name(root) = &base.kind else { return None };
        if self.scope.value(root).is_some() || self.scope.locals.iter().any(|(bound, _, _)| bound == root) {
            return None;
        }
        let span = self.span(expr.span);
        match self.names().find(root)? {
            Item::Module(module) => {
                match self.names().find_in(module, &name.text) {
                    Some(item) => {
                        let help = "it can be called by a node, not passed on";
                        self.out.push(report::types::not_a_value(span, &name.text, item.noun(), help));
                    }
                    None => {
                        let span = self.span(name.span);
                        self.out.push(report::names::not_in_module(span, &name.text, root, &[]));
                    }
                }
                Some(self.poison())
            }
            Item::Resource(_) => {
                self.out.push(report::calls::effect_in_expression(span, &format!("{root}.{}", name.text)));
                Some(self.poison())
            }
            _ => None,
        }
    }
}
