//! Bodies: everything behind the outsides, file by file, into the tables of the Bundle.

mod circles;

use flow_diagnostics::{Diagnostic, Echo, SourceMap};
use flow_grammar::ast::{self, ItemKind, SetupKind};
use flow_ir::FlowId;
use flow_ir::bundle::Bundle;
use flow_ir::flow::Flow;
use flow_ir::setup::{Check, Function};
use flow_ir::testing::Test;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::callee::FlowClasses;
use crate::expr::{Elab, Place, Scope, Why};
use crate::names::{Item, Module};
use crate::package::{Package, Sig};
use crate::setup::{self, Decl};
use crate::trust;
use crate::types::{Interner, Ty};
use crate::{flow, report, tests_of, trigger};

pub(crate) use circles::CallOrder;

/// Everything that was lowered; only meaningful if nothing was wrong.
#[derive(Default)]
pub(crate) struct Lowered {
    pub(crate) bundle: Bundle,
    pub(crate) tests: Vec<Test>,
    pub(crate) order: CallOrder,
    /// Whether it is known what values are: then it can be asked whom they can be trusted by.
    pub(crate) is_sound: bool,
}

/// Checks and lowers all bodies.
pub(crate) fn lower(pkg: &Package<'_>, sources: &SourceMap, out: &mut Vec<Diagnostic>) -> Lowered {
    let mut types = Interner::default();
    for id in &pkg.def_order {
        if let Some(def) = pkg.def(*id).filter(|def| is_users(pkg, def.span)) {
            types.exact(&pkg.defs, &Ty::Named(*id, def.name.clone()));
        }
    }
    let mut lowered = Lowered { order: circles::call_order(pkg, out), ..Lowered::default() };
    lowered.bundle.package = pkg.manifest.package.as_str().into();
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            if let Some(declared) = declared {
                lower_item(pkg, module, item, *declared, (&mut types, out), &mut lowered.bundle);
            }
        }
    }
    lowered.bundle.flows = flows(pkg, &lowered.order.flows, sources, &mut types, out);
    for module in &pkg.modules {
        for item in &module.file.items {
            match &item.kind {
                ItemKind::Trigger(found) => {
                    let lowered_trigger = trigger::lower(pkg, module, found, &mut types, out);
                    lowered.bundle.triggers.extend(lowered_trigger);
                }
                ItemKind::Test(test) if test.is_eval => {
                    let all = (sources, &lowered.bundle);
                    let eval = tests_of::eval::lower(pkg, (module, item), test, all, &mut types, out);
                    lowered.bundle.evals.extend(eval);
                }
                ItemKind::Test(test) => {
                    lowered.tests.extend(tests_of::lower(pkg, module, test, sources, &mut types, out));
                }
                _ => {}
            }
        }
    }
    lowered.bundle.types = types.finish();
    if !out.iter().any(Diagnostic::is_error) {
        let mut last = Vec::new();
        trigger::stream::check(pkg, &lowered.bundle, &mut last);
        // When this package is a part of a larger one, the error may be in the rest.
        out.extend(last.into_iter().map(|found| found.echo(Echo::OfErrors)));
    }
    trust::mark_clearing(&mut lowered.bundle, &lowered.order);
    lowered.is_sound = is_whole(pkg, &lowered.bundle) && !out.iter().any(hides_values);
    lowered
}

/// Whether something is wrong with the text, names or types, or flows call themselves: then nothing is known about
/// values.
pub(crate) fn hides_values(found: &Diagnostic) -> bool {
    found.is_error() && (found.code.number < "FL0200" || found.code.number == "FL0212")
}

/// Whether every table has a row for every declaration.
fn is_whole(pkg: &Package<'_>, bundle: &Bundle) -> bool {
    let count = |wanted: fn(&Item) -> bool| pkg.sigs.keys().filter(|item| wanted(item)).count();
    bundle.flows.len() == count(|item| matches!(item, Item::Flow(_)))
        && bundle.checks.len() == count(|item| matches!(item, Item::Check(_)))
        && bundle.prompts.len() == count(|item| matches!(item, Item::Prompt(_)))
        && bundle.tools.len() == count(|item| matches!(item, Item::Tool(_)))
        && bundle.humans.len() == count(|item| matches!(item, Item::Human(_)))
        && bundle.splits.len() == count(|item| matches!(item, Item::Split(_)))
        && bundle.resources.len() == pkg.resources.len()
}

/// Whether a type is declared by the package itself, not by the prelude.
fn is_users(pkg: &Package<'_>, span: flow_diagnostics::Span) -> bool {
    pkg.modules.first().is_none_or(|prelude| prelude.at.0 != span.file)
}

fn lower_item(
    pkg: &Package<'_>,
    module: &Module<'_>,
    item: &ast::Item,
    declared: Item,
    (types, out): (&mut Interner, &mut Vec<Diagnostic>),
    bundle: &mut Bundle,
) {
    let sig = pkg.sig(declared);
    match (&item.kind, sig) {
        (ItemKind::Fn(decl), Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Body, sig);
            bundle.functions.push(function(&mut elab, decl, sig));
        }
        (ItemKind::Check(decl), Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Body, sig);
            bundle.checks.push(check(&mut elab, decl, sig));
        }
        (ItemKind::Split(decl), Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Setting, sig);
            bundle.splits.push(setup::split(&mut elab, decl, sig));
        }
        (ItemKind::Setup(decl), sig) => {
            lower_setup(pkg, module, (item, decl), declared, sig, (types, out), bundle);
        }
        _ => {}
    }
}

fn lower_setup(
    pkg: &Package<'_>,
    module: &Module<'_>,
    (item, setup): (&ast::Item, &ast::Setup),
    declared: Item,
    sig: Option<&Sig>,
    (types, out): (&mut Interner, &mut Vec<Diagnostic>),
    bundle: &mut Bundle,
) {
    match (setup.kind, sig) {
        (SetupKind::Prompt, Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Prompt, sig);
            bundle.prompts.push(setup::prompt(&mut elab, Decl { setup, item, sig }));
        }
        (SetupKind::Tool, Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Setting, sig);
            bundle.tools.push(setup::tool(&mut elab, Decl { setup, item, sig }));
        }
        (SetupKind::Human, Some(sig)) => {
            let mut elab = elab(pkg, module, types, out, Place::Setting, sig);
            bundle.humans.push(setup::human(&mut elab, Decl { setup, item, sig }));
        }
        (SetupKind::Model, _) => {
            let scope = Scope::new(Place::Setting, &setup.name.text);
            let mut elab = Elab::new(pkg, module, types, out, scope);
            bundle.models.push(setup::model(&mut elab, setup));
        }
        (SetupKind::Resource, _) => {
            let Item::Resource(id) = declared else { return };
            let Some(decl) = pkg.resources.get(id.index()) else { return };
            let scope = Scope::new(Place::Setting, &setup.name.text);
            let mut elab = Elab::new(pkg, module, types, out, scope);
            bundle.resources.push(setup::resource(&mut elab, setup, decl));
        }
        (SetupKind::Prompt | SetupKind::Tool | SetupKind::Human, None) => {}
    }
}

fn elab<'p, 'o>(
    pkg: &'p Package<'p>,
    module: &'p Module<'p>,
    types: &'o mut Interner,
    out: &'o mut Vec<Diagnostic>,
    place: Place,
    sig: &Sig,
) -> Elab<'p, 'o> {
    let scope = Scope::of_params(place, &sig.name, &sig.params);
    Elab::new(pkg, module, types, out, scope)
}

fn function(elab: &mut Elab<'_, '_>, decl: &ast::FnDecl, sig: &Sig) -> Function {
    let body = elab.check(&decl.body, &sig.ret, Why::Return(&sig.name));
    unused_parameters(elab, &decl.params, crate::graph::uses_of_expr(&decl.body));
    Function {
        name: sig.name.clone(),
        params: elab.types.fields(&elab.pkg.defs, &sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &sig.ret),
        body,
    }
}

/// FL0305: parameters that are not among what is read.
fn unused_parameters(
    elab: &mut Elab<'_, '_>,
    params: &[ast::Param],
    read: impl IntoIterator<Item = crate::graph::Use>,
) {
    let used: FxHashSet<SmolStr> = read.into_iter().map(|found| found.name).collect();
    for param in params.iter().filter(|param| !param.name.is_missing() && !used.contains(&param.name.text)) {
        elab.out.push(report::data::unused_parameter(elab.at, &param.name));
    }
}

/// A check gives back its first parameter.
fn check(elab: &mut Elab<'_, '_>, decl: &ast::CheckDecl, sig: &Sig) -> Check {
    let needs =
        decl.needs.iter().map(|need| elab.need(need, &format!("`{}` does not hold", sig.name))).collect();
    // The first is given back, so it is used.
    let others = decl.params.get(1..).unwrap_or_default();
    unused_parameters(elab, others, decl.needs.iter().flat_map(crate::graph::uses_of_need));
    let first = sig.params.first().map(|param| &param.ty);
    let fits = first.is_some_and(|first| {
        // A check is how a wide range is made narrow, so the range may differ.
        crate::types::fit(first, &sig.ret) <= crate::types::Fit::Range
    });
    if !fits && !elab.pkg.is_unknown(&sig.ret) && !first.is_some_and(|first| elab.pkg.is_unknown(first)) {
        let span = elab.span(decl.ret.span);
        let found = first.map_or_else(|| "nothing".to_owned(), Ty::to_string);
        let subject = format!("`{}` gives back its first parameter and returns", sig.name);
        elab.out.push(report::types::mismatch(span, &subject, &sig.ret.to_string(), &found));
    }
    Check {
        name: sig.name.clone(),
        params: elab.types.fields(&elab.pkg.defs, &sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &sig.ret),
        trusted: sig.ret_labels.trusted,
        needs,
    }
}

/// Flows in an order in which the errors of callees are known, put back into the order declared.
fn flows(
    pkg: &Package<'_>,
    order: &[FlowId],
    sources: &SourceMap,
    types: &mut Interner,
    out: &mut Vec<Diagnostic>,
) -> Vec<Flow> {
    let mut classes = FlowClasses::default();
    let mut lowered: Vec<(FlowId, Flow)> = Vec::with_capacity(order.len());
    for id in order {
        let Some(sig) = pkg.sig(Item::Flow(*id)) else { continue };
        let (Some(item), Some(module)) = (pkg.ast_item(sig), pkg.modules.get(sig.module)) else { continue };
        let (ItemKind::Flow(decl), Some(source)) = (&item.kind, sources.get(module.at.0)) else { continue };
        let mut shared = flow::Shared { pkg, types, out, classes: &mut classes };
        if let Some(flow) = flow::lower(&mut shared, *id, decl, item, source) {
            lowered.push((*id, flow));
        }
    }
    lowered.sort_by_key(|(id, _)| *id);
    lowered.into_iter().map(|(_, flow)| flow).collect()
}
