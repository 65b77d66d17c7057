//! Declared types: aliases first, then records and enums, then circles.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ItemKind, TypeBody};
use flow_ir::types::Labels;
use rustc_hash::FxHashMap;

use super::{Package, doc_text};
use crate::names::{Item, Names};
use crate::report;
use crate::types::{DefBody, DefId, EnumDef, FieldDef, Ty, VariantDef, labels_of, resolve_ty};

/// Fills the table of declared types.
pub(super) fn resolve(package: &mut Package<'_>, out: &mut Vec<Diagnostic>) {
    let declared: Vec<(usize, usize, DefId)> = declared(package);
    aliases(package, &declared, out);
    for (module, index, id) in declared {
        let body = body(package, module, index, out);
        if let (Some(body), Some(def)) = (body, package.defs.get_mut(id.0 as usize)) {
            def.body = body;
        }
    }
    circles(package, out);
    for (index, def) in (0u32..).zip(&package.defs) {
        for (at, variant) in (0u32..).zip(def.variants().unwrap_or_default()) {
            package.variants.entry(variant.name.clone()).or_default().push((DefId(index), at));
        }
    }
}

fn declared(package: &Package<'_>) -> Vec<(usize, usize, DefId)> {
    let mut found = Vec::new();
    for (module, row) in package.modules.iter().enumerate() {
        for (index, item) in row.items.iter().enumerate() {
            if let Some(Item::Type(id)) = item {
                found.push((module, index, *id));
            }
        }
    }
    found
}

/// Resolves aliases in an order in which each one's own aliases come first.
fn aliases(package: &mut Package<'_>, declared: &[(usize, usize, DefId)], out: &mut Vec<Diagnostic>) {
    let mut written: FxHashMap<DefId, (usize, &ast::Ty)> = FxHashMap::default();
    for (module, index, id) in declared {
        let item = package.modules.get(*module).and_then(|module| module.file.items.get(*index));
        if let Some(ItemKind::Type(ast::TypeDecl { body: TypeBody::Alias(ty), .. })) =
            item.map(|item| &item.kind)
        {
            written.insert(*id, (*module, ty));
        }
    }
    let mut done: FxHashMap<DefId, bool> = FxHashMap::default();
    for (_, _, start) in declared {
        let mut stack = vec![(*start, false)];
        while let Some((id, leaving)) = stack.pop() {
            let Some((module, ty)) = written.get(&id) else { continue };
            if leaving {
                finish_alias(package, *module, id, ty, out);
                done.insert(id, true);
                continue;
            }
            match done.get(&id) {
                Some(true) => continue,
                Some(false) => {
                    circular_alias(package, id, out);
                    done.insert(id, true);
                    continue;
                }
                None => {}
            }
            done.insert(id, false);
            stack.push((id, true));
            stack.extend(mentioned(package, *module, ty).into_iter().map(|inner| (inner, false)));
        }
    }
}

fn mentioned(package: &Package<'_>, module: usize, ty: &ast::Ty) -> Vec<DefId> {
    let mut found: Vec<DefId> = ty.args.iter().flat_map(|arg| mentioned(package, module, arg)).collect();
    let scope = package.modules.get(module).map(|module| &module.scope);
    if let Some(Item::Type(id)) = scope.and_then(|scope| scope.get(&ty.base.text)).map(|entry| entry.item) {
        found.push(id);
    }
    found
}

fn finish_alias(
    package: &mut Package<'_>,
    module: usize,
    id: DefId,
    ty: &ast::Ty,
    out: &mut Vec<Diagnostic>,
) {
    let Some((ty, labels)) = typed(package, module, ty, out) else { return };
    if let Some(def) = package.defs.get_mut(id.0 as usize)
        && !matches!(def.body, DefBody::Alias(_, _))
    {
        def.body = DefBody::Alias(ty, labels);
    }
}

fn circular_alias(package: &mut Package<'_>, id: DefId, out: &mut Vec<Diagnostic>) {
    if let Some(def) = package.defs.get_mut(id.0 as usize) {
        out.push(report::types::recursive(def.span, &def.name, &[]));
        def.body = DefBody::Alias(Ty::Poison, Labels::default());
    }
}

/// A written type with its labels.
pub(super) fn typed(
    package: &Package<'_>,
    module: usize,
    written: &ast::Ty,
    out: &mut Vec<Diagnostic>,
) -> Option<(Ty, Labels)> {
    let module = package.modules.get(module)?;
    let mut names = Names { at: module.at, module, modules: &package.modules, out };
    let ty = resolve_ty(&mut names, &package.defs, written);
    Some((ty, labels_of(&names, &package.defs, written)))
}

fn body(package: &Package<'_>, module: usize, index: usize, out: &mut Vec<Diagnostic>) -> Option<DefBody> {
    let item = package.modules.get(module)?.file.items.get(index)?;
    match &item.kind {
        ItemKind::Type(decl) => match &decl.body {
            TypeBody::Alias(_) => None,
            TypeBody::Record(fields) => Some(DefBody::Record(record(package, module, fields, out))),
        },
        ItemKind::Enum(decl) => Some(DefBody::Enum(enumeration(package, module, decl, out))),
        _ => None,
    }
}

fn record(
    package: &Package<'_>,
    module: usize,
    fields: &[ast::Field],
    out: &mut Vec<Diagnostic>,
) -> Vec<FieldDef> {
    let mut found: Vec<FieldDef> = Vec::with_capacity(fields.len());
    for field in fields.iter().filter(|field| !field.name.is_missing()) {
        let wire = field.wire.as_ref();
        let made = self::field(package, module, &field.name, wire, &field.ty, &field.docs, out);
        push_unique(&mut found, made, "this record", out);
    }
    found
}

fn push_unique(found: &mut Vec<FieldDef>, made: Option<FieldDef>, place: &str, out: &mut Vec<Diagnostic>) {
    let Some(made) = made else { return };
    match found.iter().find(|other| other.name == made.name) {
        Some(first) => out.push(report::names::duplicate(made.span, &made.name, first.span, place)),
        None => found.push(made),
    }
}

fn field(
    package: &Package<'_>,
    module: usize,
    name: &ast::Name,
    wire: Option<&ast::WireName>,
    ty: &ast::Ty,
    docs: &[ast::Doc],
    out: &mut Vec<Diagnostic>,
) -> Option<FieldDef> {
    let at = package.modules.get(module)?.at;
    let (ty, labels) = typed(package, module, ty, out)?;
    Some(FieldDef {
        name: name.text.clone(),
        wire: wire.map_or_else(|| name.text.clone(), |wire| wire.text.clone()),
        doc: doc_text(docs),
        ty,
        labels,
        span: at.span(name.span),
    })
}

/// Parameters of anything, payloads of variants.
pub(super) fn params(
    package: &Package<'_>,
    module: usize,
    params: &[ast::Param],
    place: &str,
    out: &mut Vec<Diagnostic>,
) -> Vec<FieldDef> {
    let mut found = Vec::with_capacity(params.len());
    for param in params.iter().filter(|param| !param.name.is_missing()) {
        let made = field(package, module, &param.name, param.wire.as_ref(), &param.ty, &[], out);
        push_unique(&mut found, made, place, out);
    }
    found
}

fn enumeration(
    package: &Package<'_>,
    module: usize,
    decl: &ast::EnumDecl,
    out: &mut Vec<Diagnostic>,
) -> EnumDef {
    let mut variants: Vec<VariantDef> = Vec::with_capacity(decl.variants.len());
    let mut spans: FxHashMap<&str, flow_grammar::Span> = FxHashMap::default();
    for variant in decl.variants.iter().filter(|variant| !variant.name.is_missing()) {
        if let Some(first) = spans.insert(&variant.name.text, variant.name.span) {
            if let Some(at) = package.modules.get(module).map(|module| module.at) {
                let (here, there) = (at.span(variant.name.span), at.span(first));
                out.push(report::names::duplicate(here, &variant.name.text, there, "this enum"));
            }
            continue;
        }
        let name = variant.name.text.clone();
        variants.push(VariantDef {
            wire: variant.wire.as_ref().map_or_else(|| name.clone(), |wire| wire.text.clone()),
            name,
            doc: doc_text(&variant.docs),
            fields: params(package, module, variant.params.as_deref().unwrap_or(&[]), "this variant", out),
        });
    }
    EnumDef { tag: decl.tag.as_ref().map(|tag| tag.text.clone()), variants }
}

/// FL0108: a type that contains itself is reported at the field that closes the circle, which is poisoned.
fn circles(package: &mut Package<'_>, out: &mut Vec<Diagnostic>) {
    let mut state = vec![0u8; package.defs.len()];
    let mut poisoned = Vec::new();
    for start in 0..package.defs.len() {
        let mut path: Vec<(usize, Vec<(DefId, flow_diagnostics::Span)>)> = Vec::new();
        if state.get(start) == Some(&0) {
            path.push((start, contained(package, start)));
        }
        while let Some((row, rest)) = path.last_mut() {
            let row = *row;
            if let Some(mark) = state.get_mut(row) {
                *mark = 1;
            }
            let Some((inner, span)) = rest.pop() else {
                if let Some(mark) = state.get_mut(row) {
                    *mark = 2;
                }
                package.def_order.push(DefId(u32::try_from(row).unwrap_or(u32::MAX)));
                path.pop();
                continue;
            };
            match state.get(inner.0 as usize) {
                Some(0) => path.push((inner.0 as usize, contained(package, inner.0 as usize))),
                Some(1) => {
                    poisoned.push((row, span));
                    report_circle(package, &path, inner, span, out);
                }
                _ => {}
            }
        }
    }
    for (row, span) in poisoned {
        poison_field(package, row, span);
    }
}

fn report_circle(
    package: &Package<'_>,
    path: &[(usize, Vec<(DefId, flow_diagnostics::Span)>)],
    inner: DefId,
    span: flow_diagnostics::Span,
    out: &mut Vec<Diagnostic>,
) {
    let from = path.iter().position(|(row, _)| *row == inner.0 as usize).unwrap_or(0);
    let through: Vec<String> = path
        .iter()
        .skip(from)
        .filter_map(|(row, _)| package.defs.get(*row))
        .map(|def| def.name.to_string())
        .collect();
    let name = package.def(inner).map(|def| def.name.clone()).unwrap_or_default();
    out.push(report::types::recursive(span, &name, &through));
}

/// The declared types that a declared type contains, with the field that does.
fn contained(package: &Package<'_>, row: usize) -> Vec<(DefId, flow_diagnostics::Span)> {
    let mut found = Vec::new();
    let Some(def) = package.defs.get(row) else { return found };
    let fields: Vec<&FieldDef> = match &def.body {
        DefBody::Record(fields) => fields.iter().collect(),
        DefBody::Enum(body) => body.variants.iter().flat_map(|variant| &variant.fields).collect(),
        DefBody::Poison | DefBody::Alias(_, _) => Vec::new(),
    };
    for field in fields {
        if let Some(id) = innermost(&field.ty) {
            found.push((id, field.span));
        }
    }
    found.reverse();
    found
}

fn innermost(ty: &Ty) -> Option<DefId> {
    match ty {
        Ty::Optional(inner) | Ty::List(inner, _) | Ty::Map(inner, _) => innermost(inner),
        Ty::Named(id, _) | Ty::Partial(id, _) => Some(*id),
        _ => None,
    }
}

fn poison_field(package: &mut Package<'_>, row: usize, span: flow_diagnostics::Span) {
    let Some(def) = package.defs.get_mut(row) else { return };
    let fields: Vec<&mut FieldDef> = match &mut def.body {
        DefBody::Record(fields) => fields.iter_mut().collect(),
        DefBody::Enum(body) => body.variants.iter_mut().flat_map(|variant| &mut variant.fields).collect(),
        DefBody::Poison | DefBody::Alias(_, _) => Vec::new(),
    };
    for field in fields.into_iter().filter(|field| field.span == span) {
        field.ty = Ty::Poison;
    }
}
