//! What a call calls, found by name alone: before anything has a type.

use flow_diagnostics::Span;
use flow_grammar::ast::{self, ExprKind as Ast};
use flow_ir::ResourceId;
use flow_ir::setup::{Callee, Effect, Method};
use flow_ir::units::ErrorClass;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::expr::Elab;
use crate::graph::{self, ClassSet};
use crate::methods;
use crate::names::{Item, Names};
use crate::package::Package;
use crate::report;
use crate::types::{FieldDef, Size, Ty};

/// What a call calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Target {
    /// Nothing that does work: an expression.
    Pure,
    /// A check, prompt, tool, human, split or flow.
    Item(Item),
    Method(ResourceId, Method),
    Sleep,
    Tell,
    /// Something that is broken or unknown; elaborating the expression reports what.
    Broken,
}

/// What is known about callables before bodies are looked at.
pub(crate) type FlowClasses = FxHashMap<flow_ir::FlowId, ClassSet>;

/// What an expression in the place of a call calls.
pub(crate) fn target(names: &Names<'_, '_>, pkg: &Package<'_>, expr: &ast::Expr) -> Target {
    match &expr.kind {
        Ast::Paren(inner) => target(names, pkg, inner),
        Ast::Call { callee, .. } => callee_target(names, pkg, callee),
        Ast::Missing => Target::Broken,
        _ => Target::Pure,
    }
}

fn callee_target(names: &Names<'_, '_>, pkg: &Package<'_>, callee: &ast::Expr) -> Target {
    match &callee.kind {
        Ast::Name(name) => match names.find(name) {
            Some(item) => of_item(item),
            None if name == "sleep" => Target::Sleep,
            None if name == "tell" => Target::Tell,
            None if is_prelude_function(name) => Target::Pure,
            None => Target::Broken,
        },
        Ast::Field { base, name } => match &base.kind {
            Ast::Name(root) => match names.peek(root) {
                Some(Item::Resource(id)) => {
                    names.find(root);
                    let kind = pkg.resources.get(id.index()).and_then(|resource| resource.kind);
                    match kind.map(|kind| methods::find(kind, &name.text)) {
                        Some(Ok(row)) => Target::Method(id, row.method),
                        Some(Err(_)) | None => Target::Broken,
                    }
                }
                Some(Item::Module(module)) => {
                    names.find(root);
                    names.find_in(module, &name.text).map_or(Target::Broken, of_item)
                }
                Some(Item::Broken) => Target::Broken,
                _ => Target::Pure,
            },
            _ => Target::Pure,
        },
        _ => Target::Pure,
    }
}

fn is_prelude_function(name: &str) -> bool {
    crate::expr::PRELUDE_FUNCTIONS.contains(&name)
}

const fn of_item(item: Item) -> Target {
    match item {
        Item::Check(_)
        | Item::Prompt(_)
        | Item::Tool(_)
        | Item::Human(_)
        | Item::Split(_)
        | Item::Flow(_) => Target::Item(item),
        Item::Fn(_) => Target::Pure,
        Item::Type(_) | Item::Model(_) | Item::Resource(_) | Item::Module(_) | Item::Broken => Target::Broken,
    }
}

/// The callee as the Bundle names it.
pub(crate) const fn lowered(target: Target) -> Callee {
    match target {
        Target::Pure | Target::Broken => Callee::Value,
        Target::Method(resource, method) => Callee::Method(resource, method),
        Target::Sleep => Callee::Sleep,
        Target::Tell => Callee::Tell,
        Target::Item(item) => match item {
            Item::Fn(id) => Callee::Function(id),
            Item::Check(id) => Callee::Check(id),
            Item::Prompt(id) => Callee::Prompt(id),
            Item::Tool(id) => Callee::Tool(id),
            Item::Human(id) => Callee::Human(id),
            Item::Split(id) => Callee::Split(id),
            Item::Flow(id) => Callee::Flow(id),
            Item::Type(_) | Item::Model(_) | Item::Resource(_) | Item::Module(_) | Item::Broken => {
                Callee::Value
            }
        },
    }
}

/// The classes that a callee can raise; `None` if nobody knows.
pub(crate) fn raises(pkg: &Package<'_>, flows: &FlowClasses, target: Target) -> Option<ClassSet> {
    let set = |classes: &[ErrorClass]| Some(classes.iter().copied().collect::<ClassSet>());
    match target {
        Target::Broken => None,
        Target::Pure | Target::Sleep | Target::Tell => Some(ClassSet::NONE),
        Target::Method(_, method) => Some(methods::raises(method)),
        Target::Item(item) => match item {
            Item::Check(_) => set(&[ErrorClass::Invalid]),
            Item::Prompt(_) => set(&[
                ErrorClass::Timeout,
                ErrorClass::Overload,
                ErrorClass::Refused,
                ErrorClass::Invalid,
                ErrorClass::Denied,
                ErrorClass::Budget,
            ]),
            Item::Tool(_) => set(&[
                ErrorClass::Timeout,
                ErrorClass::Overload,
                ErrorClass::Invalid,
                ErrorClass::Denied,
                ErrorClass::Budget,
                ErrorClass::Failed,
            ]),
            Item::Human(_) => set(&[ErrorClass::Expired, ErrorClass::Denied, ErrorClass::Budget]),
            Item::Flow(id) => flows.get(&id).copied(),
            Item::Split(_) => arms(pkg, item)
                .try_fold(ClassSet::NONE, |all, arm| raises(pkg, flows, arm).map(|classes| all.and(classes))),
            Item::Fn(_)
            | Item::Type(_)
            | Item::Model(_)
            | Item::Resource(_)
            | Item::Module(_)
            | Item::Broken => None,
        },
    }
}

/// What the arms of a split call, shadows excepted.
pub(crate) fn arms<'a>(pkg: &'a Package<'_>, split: Item) -> impl Iterator<Item = Target> + 'a {
    let sig = pkg.sig(split);
    let ast = sig.and_then(|sig| pkg.ast_item(sig));
    let module = sig.and_then(|sig| pkg.modules.get(sig.module));
    let items = match ast.map(|item| &item.kind) {
        Some(ast::ItemKind::Split(split)) => split.items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(move |item| match item {
        ast::SplitItem::Arm { call, .. } => {
            let module = module?;
            let mut sink = Vec::new();
            let names = Names { at: module.at, module, modules: &pkg.modules, out: &mut sink };
            // A split in a split would need a fixed point; its arms are prompts and flows.
            match target(&names, pkg, &call.expr) {
                Target::Item(Item::Split(_)) => Some(Target::Broken),
                other => Some(other),
            }
        }
        ast::SplitItem::Shadow { .. } | ast::SplitItem::Setting(_) => None,
    })
}

/// What a callee does to the world; `None` if nobody knows.
pub(crate) fn effect(pkg: &Package<'_>, target: Target) -> Option<graph::Effect> {
    match target {
        Target::Broken => None,
        Target::Pure => Some(graph::Effect::Pure),
        Target::Sleep | Target::Tell => Some(graph::Effect::Write),
        Target::Method(_, method) => methods::row_of(method).map(|row| match row.effect {
            // Taking from a queue and waiting for an event are read by somebody only once.
            Effect::Read if matches!(method, Method::QueueTake | Method::EventsWait) => graph::Effect::Write,
            Effect::Read => graph::Effect::Read,
            Effect::Write | Effect::Sensitive => graph::Effect::Write,
        }),
        Target::Item(item) => match item {
            Item::Check(_) => Some(graph::Effect::Check),
            Item::Prompt(_) | Item::Split(_) => Some(graph::Effect::Model),
            Item::Human(_) => Some(graph::Effect::Human),
            Item::Flow(_) => Some(graph::Effect::Write),
            Item::Tool(_) => match tool_effect(pkg, item)? {
                Effect::Read => Some(graph::Effect::Read),
                Effect::Write | Effect::Sensitive => Some(graph::Effect::Write),
            },
            Item::Fn(_)
            | Item::Type(_)
            | Item::Model(_)
            | Item::Resource(_)
            | Item::Module(_)
            | Item::Broken => None,
        },
    }
}

/// The settings of a declared set-up.
pub(crate) fn settings<'a>(pkg: &'a Package<'_>, item: Item) -> &'a [ast::Setting] {
    match pkg.sig(item).and_then(|sig| pkg.ast_item(sig)).map(|item| &item.kind) {
        Some(ast::ItemKind::Setup(setup)) => &setup.settings,
        _ => &[],
    }
}

/// The `effect:` of a tool, if it says one.
pub(crate) fn tool_effect(pkg: &Package<'_>, tool: Item) -> Option<Effect> {
    let setting = settings(pkg, tool).iter().find(|setting| setting.name.text == "effect")?;
    match &setting.value {
        ast::ArgValue::Expr(ast::Expr { kind: Ast::Upper(name), .. }) => match name.as_str() {
            "Read" => Some(Effect::Read),
            "Write" => Some(Effect::Write),
            "Sensitive" => Some(Effect::Sensitive),
            _ => None,
        },
        _ => None,
    }
}

/// The answers of a human that `approves:` lists.
pub(crate) fn approving(pkg: &Package<'_>, human: Item) -> Vec<SmolStr> {
    let setting = settings(pkg, human).iter().find(|setting| setting.name.text == "approves");
    let items = match setting.map(|setting| &setting.value) {
        Some(ast::ArgValue::Expr(ast::Expr { kind: Ast::List(items), .. })) => items.as_slice(),
        _ => &[],
    };
    let names = items.iter().filter_map(|item| match &item.kind {
        Ast::Upper(name) | Ast::Name(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// Parameters and result of a callee, as far as they do not depend on arguments.
pub(crate) fn signature(pkg: &Package<'_>, target: Target) -> Option<(Vec<FieldDef>, Ty)> {
    match target {
        Target::Item(item) => pkg.sig(item).map(|sig| (sig.params.clone(), sig.ret.clone())),
        Target::Method(id, method) => {
            let item = pkg.resources.get(id.index()).map(|resource| resource.item.clone())?;
            let params = methods::params(method, &item);
            Some((params, methods::result(method, &item, Size::ANY, pkg.fields(&item))))
        }
        Target::Pure | Target::Sleep | Target::Tell | Target::Broken => None,
    }
}

/// `history.last` or `review` as a callable, for tests and prompts' tools.
pub(crate) fn path_target(
    names: &mut Names<'_, '_>,
    pkg: &Package<'_>,
    segments: &[(SmolStr, Span)],
) -> Option<Target> {
    match segments {
        [(name, span)] => match names.find(name) {
            Some(Item::Broken) => None,
            Some(item) => match of_item(item) {
                Target::Item(item) => Some(Target::Item(item)),
                _ => {
                    let noun = format!("a {}", item.noun());
                    names.out.push(report::types::not_callable(*span, name, &noun));
                    None
                }
            },
            None => {
                let known = names.candidates(|item| matches!(of_item(item), Target::Item(_)));
                names.out.push(report::names::unknown(*span, name, &known));
                None
            }
        },
        [(root, root_span), (name, span)] => match names.find(root) {
            Some(Item::Resource(id)) => {
                let kind = pkg.resources.get(id.index()).and_then(|resource| resource.kind)?;
                match methods::find(kind, name) {
                    Ok(row) => Some(Target::Method(id, row.method)),
                    Err(known) => {
                        let known = report::names::plain(known.iter().map(SmolStr::as_str));
                        names.out.push(report::types::unknown_field(*span, root, name, &known));
                        None
                    }
                }
            }
            Some(Item::Module(module)) => match names.find_in(module, name).map(of_item) {
                Some(Target::Item(item)) => Some(Target::Item(item)),
                _ => {
                    names.out.push(report::names::not_in_module(*span, name, root, &[]));
                    None
                }
            },
            Some(Item::Broken) => None,
            Some(item) => {
                let noun = format!("a {}", item.noun());
                names.out.push(report::types::not_callable(*root_span, root, &noun));
                None
            }
            None => {
                let known = names.candidates(|item| matches!(item, Item::Resource(_)));
                names.out.push(report::names::unknown(*root_span, root, &known));
                None
            }
        },
        _ => None,
    }
}

impl Elab<'_, '_> {
    /// A callable named by an expression: `calls(history.add)`.
    pub(crate) fn callable_path(&mut self, expr: &ast::Expr) -> Option<(Callee, Vec<FieldDef>)> {
        let segments: Vec<(SmolStr, Span)> = match &expr.kind {
            Ast::Name(name) => vec![(name.clone(), self.span(expr.span))],
            Ast::Field { base, name } => match &base.kind {
                Ast::Name(root) => {
                    vec![(root.clone(), self.span(base.span)), (name.text.clone(), self.span(name.span))]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        if segments.is_empty() {
            let span = self.span(expr.span);
            self.out.push(report::types::not_callable(span, "this", "a value"));
            return None;
        }
        let pkg = self.pkg;
        let target = path_target(&mut self.names(), pkg, &segments)?;
        let (params, _) = signature(pkg, target)?;
        Some((lowered(target), params))
    }
}
