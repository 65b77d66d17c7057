//! The work of nodes: calls with their clauses, `all`, `each`.

use flow_grammar::ast;
use flow_ir::expr::{Const, Expr, Lambda};
use flow_ir::flow::Work;
use flow_ir::setup::{Call, Callee, Method};
use flow_ir::units::{Currency, Limits, Usd};
use flow_ir::{ModelId, ResourceId};

use super::Lowering;
use crate::callee::{Target, lowered};
use crate::expr::{Elab, Why, describe, money_micros};
use crate::graph::NodeIx;
use crate::methods;
use crate::names::Item;
use crate::report;
use crate::types::{Size, Ty, unit_ms};

impl Lowering<'_, '_, '_> {
    /// The work of a node and the type of its result.
    pub(super) fn work(&mut self, ix: NodeIx, node: &ast::Node) -> (Work, Ty) {
        let targets = self.plans.get(ix.0 as usize).map(|plan| plan.targets.as_slice()).unwrap_or_default();
        let elab = &mut *self.elab;
        match &node.work {
            None => (Work::Route, Ty::Poison),
            Some(ast::Work::Call(call)) => {
                let target = targets.first().copied().unwrap_or(Target::Broken);
                let (call, ty) = elab.work_call(call, target);
                (Work::Call(call), ty)
            }
            Some(ast::Work::All { branches, within, .. }) => {
                let mut calls = Vec::with_capacity(branches.len());
                let mut fields: Vec<(smol_str::SmolStr, Ty)> = Vec::with_capacity(branches.len());
                for (branch, target) in branches.iter().zip(targets) {
                    let (call, ty) = elab.work_call(&branch.call, *target);
                    elab.unique_branch(&branch.name, branches);
                    calls.push((branch.name.text.clone(), call));
                    fields.push((branch.name.text.clone(), ty));
                }
                let limits = limits(elab, within.as_ref());
                let ty = Ty::record(node.name.text.clone(), fields);
                let ret = elab.types.exact(&elab.pkg.defs, &ty);
                (Work::All { branches: calls, limits, ret }, ty)
            }
            Some(ast::Work::Each { var, list, call, within, .. }) => {
                let target = targets.first().copied().unwrap_or(Target::Broken);
                let (item, size, list) = elab.each_list(var, list);
                let (local, (call, ty)) =
                    elab.with_local(var, item, |elab, local| (local, elab.work_call(call, target)));
                let limits = limits(elab, within.as_ref());
                let ty = ty.list(size);
                let ret = elab.types.exact(&elab.pkg.defs, &ty);
                (Work::Each { local, list, call, limits, ret }, ty)
            }
        }
    }
}

impl Elab<'_, '_> {
    fn unique_branch(&mut self, name: &ast::Name, branches: &[ast::Branch]) {
        let first = branches.iter().find(|other| other.name.text == name.text);
        if let Some(first) = first.filter(|first| first.name.span != name.span && !name.is_missing()) {
            let (here, there) = (self.span(name.span), self.span(first.name.span));
            self.out.push(report::names::duplicate(here, &name.text, there, "this node"));
        }
    }

    /// The list of an `each`: element type, bounds, expression.
    fn each_list(&mut self, var: &ast::Name, list: &ast::Expr) -> (Ty, Size, Expr) {
        let found = self.expr(list, None);
        let found = self.demand_present(found, list);
        match &found.ty {
            Ty::List(item, size) => {
                if size.max.is_none() && !found.ty.is_poison() {
                    let (span, what) = (self.span(list.span), describe(list));
                    let what = if what == "this" { "" } else { what.trim_matches('`') };
                    self.out.push(report::tools::unbounded_each(span, &var.text, what));
                }
                (item.as_ref().clone(), Size::new(size.min, size.max), found.expr)
            }
            Ty::Poison => (Ty::Poison, Size::ANY, found.expr),
            other => {
                let span = self.span(list.span);
                let text = other.to_string();
                self.out.push(report::types::mismatch(span, "`each` goes over a", "list", &text));
                (Ty::Poison, Size::ANY, found.expr)
            }
        }
    }

    /// A call with its clauses, and the type of what it gives.
    pub(crate) fn work_call(&mut self, call: &ast::Call, target: Target) -> (Call, Ty) {
        let mut made = match target {
            Target::Pure => self.pure_call(call),
            Target::Broken => self.broken_call(call),
            Target::Item(item) => self.item_work(call, item),
            Target::Method(resource, method) => self.method_work(call, resource, method),
            Target::Sleep => self.builtin_work(call, Callee::Sleep, &Ty::DURATION, "sleep"),
            Target::Tell => self.builtin_work(call, Callee::Tell, &Ty::TEXT, "tell"),
        };
        made.0.limits = limits(self, call.within.as_ref());
        self.model_clause(call, target, &mut made.0);
        if let Some(otherwise) = &call.otherwise {
            let (value, ty) = self.otherwise(otherwise, &made.1, &describe_call(call));
            made.0.otherwise = Some(value);
            made.1 = ty;
        }
        made.0.ret = self.types.exact(&self.pkg.defs, &made.1);
        made
    }

    fn made(&mut self, callee: Callee, args: Vec<Expr>, ty: Ty) -> (Call, Ty) {
        let ret = self.types.exact(&self.pkg.defs, &ty);
        let limits = Limits::default();
        (Call { callee, args, filter: None, model: None, limits, otherwise: None, ret }, ty)
    }

    fn pure_call(&mut self, call: &ast::Call) -> (Call, Ty) {
        let value = self.expr(&call.expr, None);
        if let Some(within) = &call.within {
            let span = self.span(within.span);
            self.out.push(report::calls::clause_without_call(span, "within"));
        }
        let ty = value.ty.clone();
        self.made(Callee::Value, vec![value.expr], ty)
    }

    /// Elaborates what is there, which says what is wrong; the result is poisoned.
    fn broken_call(&mut self, call: &ast::Call) -> (Call, Ty) {
        let value = self.expr(&call.expr, None);
        self.made(Callee::Value, vec![value.expr], Ty::Poison)
    }

    fn item_work(&mut self, call: &ast::Call, item: Item) -> (Call, Ty) {
        let Some(sig) = self.pkg.sig(item) else { return self.broken_call(call) };
        let (name, ret) = (sig.name.clone(), sig.ret.clone());
        let (args, span) = arguments_of(&call.expr);
        let values = self.arguments(&name, &sig.params, args, span).unwrap_or_default();
        self.made(lowered(Target::Item(item)), values, ret)
    }

    fn builtin_work(&mut self, call: &ast::Call, callee: Callee, want: &Ty, name: &str) -> (Call, Ty) {
        let (args, span) = arguments_of(&call.expr);
        let values = match args {
            [ast::Arg { value: ast::ArgValue::Expr(value), .. }] => {
                vec![self.check(value, want, Why::Library(name))]
            }
            _ => {
                let span = self.span(span);
                self.out.push(if args.is_empty() {
                    report::types::missing(span, name, &["its argument".into()])
                } else {
                    report::types::too_many(span, name, 1, args.len())
                });
                self.elaborate_quietly(args);
                Vec::new()
            }
        };
        self.made(callee, values, Ty::Nothing)
    }

    fn method_work(&mut self, call: &ast::Call, resource: ResourceId, method: Method) -> (Call, Ty) {
        let item = self.pkg.resources.get(resource.index()).map(|resource| resource.item.clone());
        let Some(item) = item else { return self.broken_call(call) };
        let (args, span) = arguments_of(&call.expr);
        let params = methods::params(method, &item);
        let name = methods::row_of(method).map_or("", |row| row.name);
        let (filter, rest) = split_filter(method, args);
        let slots = self.assign_mixed(name, &params, &rest, span);
        let mut count = Size::ANY;
        let mut values = Vec::new();
        for slot in slots.unwrap_or_default() {
            values.push(match slot.value {
                Some(value) if slot.name == "count" || slot.name == "top" => {
                    let (expr, size) = self.count(value, name, method == Method::MemoryLast);
                    count = size;
                    expr
                }
                Some(value) => self.check(value, &slot.ty, Why::Param(name, &slot.name)),
                None => self.none().expr,
            });
        }
        let filter = filter.and_then(|arg| self.filter(arg, &item));
        let ret = methods::result(method, &item, count, self.pkg.fields(&item));
        let mut made = self.made(Callee::Method(resource, method), values, ret);
        made.0.filter = filter;
        made
    }

    /// A number of elements, or tokens, and what that says about the result.
    fn count(&mut self, value: &ast::Expr, name: &str, tokens_too: bool) -> (Expr, Size) {
        let found = self.expr(value, None);
        if tokens_too && found.ty == Ty::Tokens {
            let max_tokens = match &found.expr.kind {
                flow_ir::expr::ExprKind::Const(Const::Tokens(tokens)) => Some(*tokens),
                _ => None,
            };
            return (found.expr, Size { min: 0, max: None, max_tokens });
        }
        let max = match &found.ty {
            Ty::Int(bounds) => bounds.max.and_then(|max| u64::try_from(max).ok()),
            _ => None,
        };
        let want = Ty::Int(crate::types::Bounds::from(1));
        (self.coerce(found, &want, value, Why::Library(name)), Size::new(0, max))
    }

    fn filter(&mut self, arg: &ast::Arg, item: &Ty) -> Option<Lambda> {
        match &arg.value {
            ast::ArgValue::Lambda { param, body, .. } => {
                let (mut lambda, ty) = self.lambda(param, body, item, Some(&Ty::Bool));
                let found = crate::expr::Typed { expr: lambda.body, ty };
                lambda.body = self.coerce(found, &Ty::Bool, body, Why::Condition);
                Some(lambda)
            }
            ast::ArgValue::Expr(value) => {
                let span = self.span(value.span);
                self.out.push(report::types::lambda_argument(span, "where", true));
                None
            }
        }
    }

    /// `using`: wanted by prompts, refused by everything else.
    fn model_clause(&mut self, call: &ast::Call, target: Target, made: &mut Call) {
        let wants = matches!(target, Target::Item(Item::Prompt(_)));
        match (&call.using, wants) {
            (Some(path), true) => made.model = self.model(path),
            (None, false) => {}
            (None, true) => {
                let span = self.span(call.expr.span);
                let models = self.names().candidates(|item| matches!(item, Item::Model(_)));
                let only = match models.as_slice() {
                    [(only, _)] => Some(only.clone()),
                    _ => None,
                };
                self.out.push(report::prompts::no_model(span, &describe_call(call), only.as_deref()));
            }
            (Some(path), false) => {
                self.model(path);
                let span = self.span(path.span);
                match target {
                    Target::Item(item) => {
                        let name = describe_call(call);
                        self.out.push(report::prompts::model_not_wanted(span, &name, item.noun()));
                    }
                    Target::Broken => {}
                    Target::Pure | Target::Method(_, _) | Target::Sleep | Target::Tell => {
                        self.out.push(report::calls::clause_without_call(span, "using"));
                    }
                }
            }
        }
    }

    /// The model that a path names.
    pub(crate) fn model(&mut self, path: &ast::Path) -> Option<ModelId> {
        let first = path.segments.first().filter(|name| !name.is_missing())?;
        let span = self.span(path.span);
        let found = self.names().find(&first.text);
        let (found, name) = match (found, path.segments.get(1)) {
            (Some(Item::Module(module)), Some(second)) => {
                (self.names().find_in(module, &second.text), &second.text)
            }
            (found, _) => (found, &first.text),
        };
        match found {
            Some(Item::Model(id)) => Some(id),
            Some(Item::Broken) => None,
            Some(item) => {
                self.out.push(report::prompts::no_model_name(span, name, item.noun()));
                None
            }
            None => {
                let known = self.names().candidates(|item| matches!(item, Item::Model(_)));
                if self.reported.insert(name.clone()) {
                    self.out.push(report::names::unknown(span, name, &known));
                }
                None
            }
        }
    }

    /// `else value`, and the type that call and value have together.
    fn otherwise(&mut self, value: &ast::Expr, ret: &Ty, callee: &str) -> (Expr, Ty) {
        if *ret == Ty::Nothing {
            // Whatever it is, nobody can read it; `none` is how one writes it.
            self.expr(value, None);
            return (self.constant(Ty::Nothing, Const::Nothing), Ty::Nothing);
        }
        let found = self.expr(value, Some(ret));
        match ret.join(&found.ty) {
            Some(ty) => {
                let expr = self.convert_to(found, &ty);
                (expr, ty)
            }
            None => (self.coerce(found, ret, value, Why::Otherwise(callee)), ret.clone()),
        }
    }
}

/// The arguments of the outermost call.
fn arguments_of(expr: &ast::Expr) -> (&[ast::Arg], flow_grammar::Span) {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => arguments_of(inner),
        ast::ExprKind::Call { args, .. } => (args, expr.span),
        _ => (&[], expr.span),
    }
}

/// The callee's name as written.
pub(crate) fn describe_call(call: &ast::Call) -> String {
    let callee = match &call.expr.kind {
        ast::ExprKind::Call { callee, .. } => callee,
        _ => &call.expr,
    };
    describe(callee).trim_matches('`').to_owned()
}

/// `where: x => …` of a search stands beside its other arguments.
fn split_filter(method: Method, args: &[ast::Arg]) -> (Option<&ast::Arg>, Vec<&ast::Arg>) {
    let is_filter = |arg: &&ast::Arg| {
        method == Method::IndexSearch && arg.label.as_ref().is_some_and(|l| l.text == "where")
    };
    let filter = args.iter().find(is_filter);
    (filter, args.iter().filter(|arg| !is_filter(arg)).collect())
}

/// `within` as limits.
pub(crate) fn limits(elab: &mut Elab<'_, '_>, within: Option<&ast::Within>) -> Limits {
    let mut limits = Limits::default();
    for limit in within.map(|within| within.limits.as_slice()).unwrap_or_default() {
        let span = elab.span(limit.quantity.span);
        let ms = unit_ms(limit.quantity.unit).and_then(|scale| {
            u64::try_from(limit.quantity.number.micros * i128::from(scale) / 1_000_000).ok()
        });
        if let Some(label) = &limit.label {
            let quantile = label.text.strip_prefix('p').and_then(|p| p.parse::<u8>().ok());
            match quantile.filter(|p| (1..100).contains(p)).zip(ms) {
                Some(entry) => limits.quantiles_ms.push(entry),
                None => elab.out.push(report::names::wrong_setting(
                    span,
                    format!("`{}` is no limit", label.text),
                    "a limit is `5s`, `0.02 USD`, `4k tokens` or `p95 2s`",
                )),
            }
            continue;
        }
        let money = money_micros(&limit.quantity);
        let tokens = (limit.quantity.unit == ast::Unit::Tokens).then(|| limit.quantity.number.as_int());
        match (ms, money, tokens.flatten().and_then(|tokens| u64::try_from(tokens).ok())) {
            (Some(ms), _, _) => limits.time_ms = Some(ms),
            (None, Some((micros, Currency::Usd)), _) => limits.cost = Some(Usd(micros)),
            (None, None, Some(tokens)) => limits.tokens = Some(tokens),
            _ => elab.out.push(report::names::wrong_setting(
                span,
                "a limit is time, USD or tokens",
                "for example `within 0.02 USD, 20s`",
            )),
        }
    }
    limits
}

/// What a callee is, for messages: `a prompt`.
pub(crate) fn noun(target: Target) -> &'static str {
    match target {
        Target::Item(item) => match item {
            Item::Prompt(_) => "a prompt",
            Item::Tool(_) => "a tool",
            Item::Human(_) => "a human",
            Item::Check(_) => "a check",
            Item::Split(_) => "a split",
            Item::Flow(_) => "a flow",
            _ => "a value",
        },
        Target::Method(_, _) => "a resource's method",
        Target::Sleep | Target::Tell | Target::Pure | Target::Broken => "an expression",
    }
}

/// The name of what a target calls, for messages.
pub(crate) fn target_name(pkg: &crate::package::Package<'_>, target: Target) -> Option<String> {
    match target {
        Target::Item(item) => pkg.sig(item).map(|sig| sig.name.to_string()),
        Target::Method(_, method) => methods::row_of(method).map(|row| row.name.to_owned()),
        Target::Pure | Target::Broken | Target::Sleep | Target::Tell => None,
    }
}

/// What a callee raises, for messages.
pub(crate) fn possible(classes: crate::graph::ClassSet) -> Vec<&'static str> {
    classes.iter().map(flow_ir::units::ErrorClass::name).collect()
}
