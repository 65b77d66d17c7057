//! The outsides of callables: parameters and results.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ItemKind, SetupKind};
use flow_ir::setup::ResourceKind;
use flow_ir::types::Labels;

use super::{Package, ResourceDecl, Sig, typedefs};
use crate::names::Item;
use crate::report;
use crate::types::Ty;

/// Fills the table of signatures.
pub(super) fn resolve(package: &mut Package<'_>, out: &mut Vec<Diagnostic>) {
    for module in 0..package.modules.len() {
        let count = package.modules.get(module).map_or(0, |module| module.items.len());
        for index in 0..count {
            let Some((item, ast)) = entry(package, module, index) else { continue };
            if let Some(sig) = signature(package, module, index, ast, out) {
                package.sigs.insert(item, sig);
            }
            if let (Item::Resource(_), ItemKind::Setup(setup)) = (item, &ast.kind) {
                let decl = resource(package, module, setup, out);
                package.resources.push(decl);
            }
        }
    }
}

fn entry<'a>(package: &Package<'a>, module: usize, index: usize) -> Option<(Item, &'a ast::Item)> {
    let module = package.modules.get(module)?;
    Some((module.items.get(index).copied().flatten()?, module.file.items.get(index)?))
}

fn signature(
    package: &Package<'_>,
    module: usize,
    index: usize,
    item: &ast::Item,
    out: &mut Vec<Diagnostic>,
) -> Option<Sig> {
    let (name, params, ret) = match &item.kind {
        ItemKind::Fn(decl) => (&decl.name, decl.params.as_slice(), Some(&decl.ret)),
        ItemKind::Check(decl) => (&decl.name, decl.params.as_slice(), Some(&decl.ret)),
        ItemKind::Split(decl) => (&decl.name, decl.params.as_slice(), Some(&decl.ret)),
        ItemKind::Flow(decl) => (&decl.name, decl.params.as_slice(), decl.ret.as_ref()),
        ItemKind::Setup(setup) => setup_parts(setup)?,
        ItemKind::Import(_)
        | ItemKind::Type(_)
        | ItemKind::Enum(_)
        | ItemKind::Trigger(_)
        | ItemKind::Test(_)
        | ItemKind::Broken(_) => return None,
    };
    let at = package.modules.get(module)?.at;
    let place = format!("the parameters of `{}`", name.text);
    let params = typedefs::params(package, module, params, &place, out);
    let (ret, ret_labels) = match ret {
        Some(written) => typedefs::typed(package, module, written, out)?,
        None => (missing_result(item, at, out), Labels::default()),
    };
    if let (ItemKind::Setup(setup), true) = (&item.kind, ret_labels.trusted)
        && setup.kind == SetupKind::Prompt
        && let Some(written) = &setup.ty
    {
        out.push(report::types::trusted_prompt(at.span(written.span), &name.text));
    }
    Some(Sig { name: name.text.clone(), params, ret, ret_labels, module, index })
}

type Parts<'i> = (&'i ast::Name, &'i [ast::Param], Option<&'i ast::Ty>);

fn setup_parts(setup: &ast::Setup) -> Option<Parts<'_>> {
    match setup.kind {
        SetupKind::Prompt | SetupKind::Tool | SetupKind::Human => {
            Some((&setup.name, setup.params.as_deref().unwrap_or(&[]), setup.ty.as_ref()))
        }
        SetupKind::Model | SetupKind::Resource => None,
    }
}

/// Tools and flows may return nothing; a model or a person always answers something.
fn missing_result(item: &ast::Item, at: crate::report::At, out: &mut Vec<Diagnostic>) -> Ty {
    match &item.kind {
        ItemKind::Setup(setup) if matches!(setup.kind, SetupKind::Prompt | SetupKind::Human) => {
            out.push(report::tools::no_result(at.span(setup.name.span), &setup.name.text));
            Ty::Poison
        }
        _ => Ty::Nothing,
    }
}

/// The kinds of resources, as written.
pub(crate) const KINDS: [(&str, ResourceKind); 8] = [
    ("Memory", ResourceKind::Memory),
    ("Index", ResourceKind::Index),
    ("Cache", ResourceKind::Cache),
    ("Slots", ResourceKind::Slots),
    ("Queue", ResourceKind::Queue),
    ("Topic", ResourceKind::Topic),
    ("Events", ResourceKind::Events),
    ("Dataset", ResourceKind::Dataset),
];

fn resource(
    package: &Package<'_>,
    module: usize,
    setup: &ast::Setup,
    out: &mut Vec<Diagnostic>,
) -> ResourceDecl {
    let labels = Labels::default();
    let row = u32::try_from(module).unwrap_or(u32::MAX);
    let unknown =
        ResourceDecl { kind: None, item: Ty::Poison, labels, module: row, span: Default::default() };
    let Some(at) = package.modules.get(module).map(|module| module.at) else { return unknown };
    let Some(written) = &setup.ty else {
        out.push(report::tools::no_kind(at.span(setup.name.span), &setup.name.text));
        return unknown;
    };
    if written.base.is_missing() {
        return unknown;
    }
    let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == written.base.text) else {
        let known: Vec<smol_str::SmolStr> = KINDS.iter().map(|(name, _)| (*name).into()).collect();
        out.push(report::types::unknown_type(at.span(written.base.span), &written.base.text, &known));
        return unknown;
    };
    if let Some((label, span)) = written.labels.first() {
        let label = crate::types::label_text(*label);
        out.push(report::types::label_on_resource(at.span(*span), label));
    }
    let [only] = written.args.as_slice() else {
        let place = at.span(written.span);
        out.push(report::types::type_arguments(place, &written.base.text, 1, written.args.len()));
        return unknown;
    };
    let (item, labels) = typedefs::typed(package, module, only, out).unwrap_or((Ty::Poison, labels));
    if *kind == ResourceKind::Slots && package.fields(&item).is_none() && !package.is_unknown(&item) {
        out.push(report::types::partial_of(at.span(only.span), &item.to_string()));
        return unknown;
    }
    ResourceDecl { kind: Some(*kind), item, labels, module: row, span: at.span(setup.name.span) }
}
