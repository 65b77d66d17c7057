//! Calls inside expressions: functions, constructors, the library. Whatever does work needs a node.

use flow_grammar::ast::{self, ExprKind as Ast};
use flow_ir::expr::{Expr, ExprKind};

use super::coerce::Why;
use super::{Argument, Elab, Typed};
use crate::names::Item;
use crate::report;
use crate::types::{FieldDef, Ty};

impl Elab<'_, '_> {
    /// `callee(args)`.
    pub(super) fn call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Typed {
        match &callee.kind {
            Ast::Upper(name) => self.upper(expr, name, Some(args), want),
            Ast::Name(name) => self.named_call(expr, callee, name, args, want),
            Ast::Field { base, name } => self.method_call(expr, base, name, args, want),
            Ast::Paren(inner) => self.call(expr, inner, args, want),
            _ => {
                let span = self.span(callee.span);
                self.elaborate_quietly(args);
                if !matches!(callee.kind, Ast::Missing) {
                    self.out.push(report::types::not_callable(span, "this", "a value"));
                }
                self.poison()
            }
        }
    }

    fn named_call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        name: &smol_str::SmolStr,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Typed {
        let is_local = self.scope.locals.iter().any(|(bound, _, _)| bound == name);
        if !is_local && let Some(item) = self.names().find(name) {
            return self.item_call(expr, callee, item, None, args);
        }
        if let Some(found) = self.prelude_call(expr, name, args, want) {
            return found;
        }
        let span = self.span(callee.span);
        self.elaborate_quietly(args);
        if is_local || self.scope.value(name).is_some() {
            self.out.push(report::types::not_callable(span, name, "a value"));
        } else if self.reported.insert(name.clone()) {
            let mut known = self.names().candidates(|item| !matches!(item, Item::Type(_) | Item::Broken));
            known.extend(super::prelude::FUNCTIONS.iter().map(|name| ((*name).into(), "")));
            known.sort();
            self.out.push(report::names::unknown(span, name, &known));
        }
        self.poison()
    }

    /// A call of something declared; `first` is the receiver of `a.f(b)`.
    fn item_call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        item: Item,
        first: Option<&ast::Expr>,
        args: &[ast::Arg],
    ) -> Typed {
        let span = self.span(callee.span);
        let name = super::path_of(callee).map_or_else(|| "this".to_owned(), |path| path.join("."));
        match item {
            Item::Fn(id) => self.function_call(expr, id, first, args),
            Item::Check(_)
            | Item::Prompt(_)
            | Item::Tool(_)
            | Item::Human(_)
            | Item::Split(_)
            | Item::Flow(_) => {
                self.out.push(report::calls::effect_in_expression(span, &name));
                self.elaborate_quietly(args);
                self.poison()
            }
            Item::Model(_) | Item::Resource(_) | Item::Type(_) | Item::Module(_) => {
                self.elaborate_quietly(args);
                let noun = format!("a {}", item.noun());
                self.out.push(report::types::not_callable(span, &name, &noun));
                self.poison()
            }
            Item::Broken => {
                self.elaborate_quietly(args);
                self.poison()
            }
        }
    }

    fn function_call(
        &mut self,
        expr: &ast::Expr,
        id: flow_ir::FunctionId,
        first: Option<&ast::Expr>,
        args: &[ast::Arg],
    ) -> Typed {
        let Some(sig) = self.pkg.sig(Item::Fn(id)) else { return self.poison() };
        let (name, ret, params) = (sig.name.clone(), sig.ret.clone(), sig.params.as_slice());
        let values = match first {
            None => self.arguments(&name, params, args, expr.span),
            Some(receiver) => self.receiver_arguments(&name, params, receiver, args, expr.span),
        };
        match values {
            Some(args) => self.typed(ret, ExprKind::Call { function: id, args }),
            None => self.typed(ret, ExprKind::Const(flow_ir::expr::Const::Nothing)),
        }
    }

    /// The arguments of a call, each as its parameter wants it; absent ones are `none`.
    pub(crate) fn arguments(
        &mut self,
        owner: &str,
        params: &[FieldDef],
        args: &[ast::Arg],
        span: flow_grammar::Span,
    ) -> Option<Vec<Expr>> {
        let slots = self.assign(owner, params, args, span)?;
        let before = self.out.len();
        let values = slots.iter().map(|slot| self.argument(owner, slot)).collect();
        self.say_swapped(owner, &slots, before);
        Some(values)
    }

    /// Two arguments that fit each other's parameter are one mistake, not two.
    fn say_swapped(&mut self, owner: &str, slots: &[Argument<'_>], before: usize) {
        let wrong: Vec<&Argument<'_>> =
            slots.iter().filter(|slot| self.is_mismatched(slot, before)).collect();
        let &[one, other] = wrong.as_slice() else { return };
        let (Some(first), Some(second)) = (one.value, other.value) else { return };
        if self.out.len() != before + 2 {
            return;
        }
        let reported = self.out.split_off(before);
        self.check(first, &other.ty, Why::Param(owner, &other.name));
        self.check(second, &one.ty, Why::Param(owner, &one.name));
        if self.out.len() > before {
            self.out.truncate(before);
            self.out.extend(reported);
            return;
        }
        let spans = (self.span(first.span), self.span(second.span));
        let texts = super::path_of(first).zip(super::path_of(second));
        let texts = texts.map(|(one, other)| (one.join("."), other.join(".")));
        self.out.push(report::types::swapped(spans, owner, (&one.name, &other.name), texts));
    }

    fn is_mismatched(&self, slot: &Argument<'_>, before: usize) -> bool {
        let Some(span) = slot.value.map(|value| self.span(value.span)) else { return false };
        let mut new = self.out.iter().skip(before);
        new.any(|found| found.code.number == "FL0101" && found.primary.span == span)
    }

    fn argument(&mut self, owner: &str, slot: &Argument<'_>) -> Expr {
        match slot.value {
            Some(value) => self.check(value, &slot.ty, Why::Param(owner, &slot.name)),
            None => self.none().expr,
        }
    }

    fn receiver_arguments(
        &mut self,
        owner: &str,
        params: &[FieldDef],
        receiver: &ast::Expr,
        args: &[ast::Arg],
        span: flow_grammar::Span,
    ) -> Option<Vec<Expr>> {
        let Some((first, rest)) = params.split_first() else {
            let span = self.span(span);
            self.out.push(report::types::too_many(span, owner, 0, args.len() + 1));
            return None;
        };
        let mut values = vec![self.check(receiver, &first.ty, Why::Param(owner, &first.name))];
        values.extend(self.arguments(owner, rest, args, span)?);
        Some(values)
    }

    /// `base.name(args)`: a resource's method, the library, or a `fn` with its first argument in front.
    fn method_call(
        &mut self,
        expr: &ast::Expr,
        base: &ast::Expr,
        name: &ast::Name,
        args: &[ast::Arg],
        want: Option<&Ty>,
    ) -> Typed {
        if let Ast::Name(root) = &base.kind
            && self.scope.value(root).is_none()
            && !self.scope.locals.iter().any(|(bound, _, _)| bound == root)
        {
            match self.names().find(root) {
                Some(Item::Module(module)) => return self.module_call(expr, root, module, name, args),
                Some(Item::Resource(id)) => {
                    self.elaborate_quietly(args);
                    return self.misplaced_method(root, id, base, name);
                }
                _ => {}
            }
        }
        if name.is_missing() {
            self.elaborate_quietly(args);
            return self.poison();
        }
        let from = self.expr(base, None);
        if self.pkg.is_unknown(&from.ty) {
            self.elaborate_quietly(args);
            return self.poison();
        }
        if let Some(found) = self.library_call(&from, expr, base, name, args, want) {
            return found;
        }
        match self.names().find(&name.text) {
            Some(item @ Item::Fn(_)) => {
                let callee = ast::Expr { kind: Ast::Name(name.text.clone()), span: name.span };
                self.item_call(expr, &callee, item, Some(base), args)
            }
            _ => {
                self.elaborate_quietly(args);
                self.no_method(from, base, name)
            }
        }
    }

    /// A method of a resource inside an expression, or one that the resource does not have.
    fn misplaced_method(
        &mut self,
        root: &str,
        id: flow_ir::ResourceId,
        base: &ast::Expr,
        name: &ast::Name,
    ) -> Typed {
        let kind = self.pkg.resources.get(id.index()).and_then(|resource| resource.kind);
        if let (Some(kind), false) = (kind, name.is_missing()) {
            let diagnostic = match crate::methods::find(kind, &name.text) {
                Ok(_) => {
                    let span = self.span(base.span.to(name.span));
                    report::calls::effect_in_expression(span, &format!("{root}.{}", name.text))
                }
                Err(known) => {
                    let known = report::names::plain(known.iter().map(smol_str::SmolStr::as_str));
                    report::types::unknown_field(self.span(name.span), root, &name.text, &known)
                }
            };
            self.out.push(diagnostic);
        }
        self.poison()
    }

    fn module_call(
        &mut self,
        expr: &ast::Expr,
        root: &str,
        module: u32,
        name: &ast::Name,
        args: &[ast::Arg],
    ) -> Typed {
        match self.names().find_in(module, &name.text) {
            Some(item) => {
                let callee = ast::Expr { kind: Ast::Name(name.text.clone()), span: name.span };
                self.item_call(expr, &callee, item, None, args)
            }
            None => {
                let span = self.span(name.span);
                self.elaborate_quietly(args);
                self.out.push(report::names::not_in_module(span, &name.text, root, &[]));
                self.poison()
            }
        }
    }
}
