//! Where an expression stands: names with a value here, functions, constructors, variants.

use flow_compiler::vocabulary;
use flow_grammar::ast::{ArgValue, Expr, ExprKind, Item, ItemKind, TemplatePart};

use super::{CompletionKind, List, edge, global};
use crate::decl;
use crate::package::{Package, View};
use crate::resolve::{Kind, reach};
use crate::walk;

/// Everything that can begin an expression.
pub(super) fn values(package: &Package, view: &View, offset: u32, list: &mut List) {
    let item = walk::item_at(&view.parsed.file, offset);
    if let Some(item) = item {
        locals(view, item, offset, list);
        for param in decl::params_of(item).iter().filter(|_| !matches!(item.kind, ItemKind::Flow(_))) {
            list.add(&param.name.text, CompletionKind::Named(Kind::Param), view.slice(param.ty.span), 0);
        }
        sources(item, offset, list);
    }
    edge::values(view, offset, list);
    let callables = [Kind::Check, Kind::Prompt, Kind::Tool, Kind::Human, Kind::Split, Kind::Flow];
    let in_graph = item.is_some_and(|item| {
        matches!(item.kind, ItemKind::Flow(_) | ItemKind::Test(_) | ItemKind::Trigger(_) | ItemKind::Split(_))
    });
    if in_graph {
        global::of_kinds(package, view, &callables, list);
        global::of_kinds(package, view, &[Kind::Resource, Kind::Module], list);
    }
    global::of_kinds(package, view, &[Kind::Fn, Kind::Type], list);
    if item.is_some_and(|item| matches!(item.kind, ItemKind::Setup(_))) {
        global::of_kinds(package, view, &[Kind::Model], list);
    }
    variants(package, view, list);
    for name in vocabulary::functions() {
        list.add(name, CompletionKind::Named(Kind::Fn), "built in", 3);
    }
    list.keywords(&["none", "true", "false", "not", "case"], 4);
    list.keywords(&["run", "error"], 4);
}

/// Names of lambdas and template loops around the offset.
fn locals(view: &View, item: &Item, offset: u32, list: &mut List) {
    let inside = view.occurrences.iter().filter(|found| found.kind == Kind::Local && found.is_definition);
    let mut scopes = Vec::new();
    flow_grammar::visit::exprs(item, &mut |expr| binders(expr, &mut scopes));
    for found in inside {
        let is_visible = scopes.iter().any(|(name, scope)| *name == found.span && scope.touches(offset));
        if is_visible {
            let ty = view.analysis.knowledge.declared_at(found.span);
            let detail = ty.map(flow_compiler::Type::text).unwrap_or_default();
            list.add(view.slice(found.span), CompletionKind::Named(Kind::Local), &detail, 0);
        }
    }
}

/// The names that an expression binds, with where they are visible.
fn binders(expr: &Expr, scopes: &mut Vec<(flow_grammar::Span, flow_grammar::Span)>) {
    match &expr.kind {
        ExprKind::Call { args, .. } => {
            for arg in args {
                if let ArgValue::Lambda { param, body, .. } = &arg.value {
                    scopes.push((param.span, body.span));
                }
            }
        }
        ExprKind::Text(text) => parts(&text.parts, scopes),
        _ => {}
    }
}

fn parts(list: &[TemplatePart], scopes: &mut Vec<(flow_grammar::Span, flow_grammar::Span)>) {
    for part in list {
        match part {
            TemplatePart::Each { var, body, span, .. } => {
                scopes.push((var.span, *span));
                parts(body, scopes);
            }
            TemplatePart::If { then, otherwise, .. } => {
                parts(then, scopes);
                parts(otherwise, scopes);
            }
            TemplatePart::Text { .. } | TemplatePart::Hole(_) => {}
        }
    }
}

/// Providers and transports behind the `=` of a declaration.
fn sources(item: &Item, offset: u32, list: &mut List) {
    let ItemKind::Setup(setup) = &item.kind else { return };
    let first = setup.settings.first().map_or(u32::MAX, |setting| setting.span.start);
    if offset < first {
        for source in vocabulary::sources(setup.kind) {
            list.add(source, CompletionKind::Named(Kind::Fn), "", 0);
        }
    }
}

fn variants(package: &Package, view: &View, list: &mut List) {
    for place in reach::enums(package, &view.path, &view.parsed.file) {
        let found = package.decl(&place, |decl, _| match decl {
            decl::Decl::Item(item) => match &item.kind {
                ItemKind::Enum(found) => {
                    let names = found.variants.iter().map(|variant| variant.name.text.to_string());
                    (found.name.text.to_string(), names.collect())
                }
                _ => (String::new(), Vec::new()),
            },
            _ => (String::new(), Vec::new()),
        });
        let Some((owner, names)): Option<(String, Vec<String>)> = found else { continue };
        let rank = if crate::is_library(&place.path) { 4 } else { 2 };
        for name in names {
            list.add(&name, CompletionKind::Named(Kind::Variant), &owner, rank);
        }
    }
}
