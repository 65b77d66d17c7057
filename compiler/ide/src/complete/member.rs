//! Behind a dot, and behind `is`.

use flow_compiler::{Type, vocabulary};
use flow_grammar::ast::{Expr, ExprKind, Guard, ItemKind, Path, PatternKind, Work};

use super::context::Context;
use super::{CompletionKind, List};
use crate::decl::{self, Decl};
use crate::package::{Package, View};
use crate::resolve::{Kind, reach};
use crate::walk;

/// Fields and methods of what stands before the dot.
pub(super) fn after_dot(package: &Package, view: &View, offset: u32, list: &mut List) {
    let Some(item) = walk::item_at(&view.parsed.file, offset) else { return };
    if let Some(path) = using_at(item, offset) {
        let root = path.segments.first().map(|name| name.text.as_str()).unwrap_or("");
        named(package, view, root, list);
        return;
    }
    let around = walk::exprs_at(item, offset);
    let base = around.iter().rev().find_map(|expr| match &expr.kind {
        ExprKind::Field { base, name } if name.span.touches(offset) => Some(&**base),
        _ => None,
    });
    let Some(base) = base else { return };
    if let ExprKind::Name(root) = &base.kind
        && named(package, view, root, list)
    {
        return;
    }
    let knowledge = &view.analysis.knowledge;
    if let Some(ty) = knowledge.type_at(base.span).or_else(|| knowledge.declared_at(base.span)) {
        of_type(package, view, ty, list);
    }
}

fn using_at(item: &flow_grammar::ast::Item, offset: u32) -> Option<&Path> {
    let ItemKind::Flow(flow) = &item.kind else { return None };
    let calls = flow.nodes.iter().flat_map(|node| match &node.work {
        Some(Work::Call(call) | Work::Each { call, .. }) => vec![call],
        Some(Work::All { branches, .. }) => branches.iter().map(|branch| &branch.call).collect(),
        None => Vec::new(),
    });
    calls
        .filter_map(|call| call.using.as_ref())
        .find(|path| path.span.touches(offset) && path.segments.len() > 1)
}

/// `run.`, `error.`, a resource or a module. Whether the name is one of them.
fn named(package: &Package, view: &View, root: &str, list: &mut List) -> bool {
    match root {
        "run" => facts(vocabulary::run_facts(), "of this run", list),
        "error" => facts(vocabulary::error_facts(), "of the error", list),
        _ => {
            let Some(found) = reach::global(package, &view.path, &view.parsed.file, root) else {
                return false;
            };
            return match found.kind {
                Kind::Module => {
                    exported(package, &found.target.path, list);
                    true
                }
                Kind::Resource => {
                    let kind = package.decl(&found.target, |decl, _| match decl {
                        Decl::Item(item) => decl::result_of(item).map(|ty| ty.base.text.clone()),
                        _ => None,
                    });
                    for method in vocabulary::resource_methods(&kind.flatten().unwrap_or_default()) {
                        list.add(method, CompletionKind::Method, "", 0);
                    }
                    true
                }
                _ => false,
            };
        }
    }
    true
}

fn facts(names: impl Iterator<Item = &'static str>, detail: &str, list: &mut List) {
    for name in names {
        list.add(name, CompletionKind::Named(Kind::Field), detail, 0);
    }
}

fn exported(package: &Package, path: &str, list: &mut List) {
    let Some(parsed) = package.parsed(path) else { return };
    for item in parsed.file.items.iter().filter(|item| item.public.is_some()) {
        if let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) {
            list.add(&name.text, CompletionKind::Named(kind), kind.word(), 0);
        }
    }
}

fn of_type(package: &Package, view: &View, ty: Type<'_>, list: &mut List) {
    for (name, ty) in ty.fields() {
        list.add(name, CompletionKind::Named(Kind::Field), &ty.text(), 0);
    }
    let docs = ty.declaration().and_then(|span| view.place(span)).and_then(|place| {
        package.decl(&place, |decl, _| match decl {
            Decl::Item(item) => Some(field_docs(item)),
            _ => None,
        })?
    });
    for (name, text) in docs.unwrap_or_default() {
        list.entries
            .iter_mut()
            .filter(|entry| entry.label == name)
            .for_each(|entry| entry.docs.clone_from(&text));
    }
    for method in ty.methods() {
        list.add(method, CompletionKind::Method, "", 1);
    }
}

fn field_docs(item: &flow_grammar::ast::Item) -> Vec<(String, String)> {
    let ItemKind::Type(found) = &item.kind else { return Vec::new() };
    let flow_grammar::ast::TypeBody::Record(fields) = &found.body else { return Vec::new() };
    fields.iter().map(|field| (field.name.text.to_string(), decl::doc_text(&field.docs))).collect()
}

/// What `is` can test for; first what no edge above tests.
pub(super) fn variants(view: &View, at: &Context<'_>, list: &mut List) {
    let Some((item, end)) = walk::item_at(&view.parsed.file, at.offset).zip(at.tested_end()) else { return };
    let tested = walk::exprs_at(item, end)
        .into_iter()
        .filter(|expr| expr.span.end == end)
        .max_by_key(|expr| expr.span.end - expr.span.start);
    let Some(value) = tested.map(unwrapped) else { return };
    let Some(ty) = view.analysis.knowledge.declared_at(value.span) else { return };
    let covered = covered(view, item, view.slice(value.span), at.offset);
    for name in ty.variants() {
        let rank = u8::from(covered.iter().any(|known| known == name));
        let detail = if rank == 0 { "" } else { "an edge above takes it" };
        list.add(name, CompletionKind::Named(Kind::Variant), detail, rank);
    }
    if ty.is_optional() {
        list.keywords(&["none", "not none"], 0);
    }
    if ty.is_bool() {
        list.keywords(&["true", "false"], 0);
    }
    list.keywords(&["not"], 2);
}

/// `x` of `x is …`, whose test may end there too.
fn unwrapped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Is { value, .. } => value,
        _ => expr,
    }
}

/// Variants that the edges above test the same value for.
fn covered(view: &View, item: &flow_grammar::ast::Item, value: &str, offset: u32) -> Vec<String> {
    let ItemKind::Flow(flow) = &item.kind else { return Vec::new() };
    let Some(node) = flow.nodes.iter().rfind(|node| node.span.start <= offset) else { return Vec::new() };
    let mut found = Vec::new();
    for edge in node.edges.iter().filter(|edge| edge.span.end < offset) {
        let Some(Guard::When(condition)) = &edge.guard else { continue };
        if let ExprKind::Is { value: tested, negated: false, pattern } = &condition.kind
            && let PatternKind::Variant(name) = &pattern.kind
            && view.slice(tested.span) == value
        {
            found.push(name.to_string());
        }
    }
    found
}
