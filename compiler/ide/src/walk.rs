//! Finds what stands around an offset.

use flow_grammar::Span;
use flow_grammar::ast::{Expr, File, Item, ItemKind, Ty, TypeBody};
use flow_grammar::visit;

use crate::decl;

/// The item around an offset, docs included.
pub(crate) fn item_at(file: &File, offset: u32) -> Option<&Item> {
    file.items.iter().find(|item| whole(item).touches(offset))
}

/// An item with its docs.
pub(crate) fn whole(item: &Item) -> Span {
    item.docs.first().map_or(item.span, |doc| doc.span.to(item.span))
}

/// The expressions around an offset, outer ones first.
pub(crate) fn exprs_at(item: &Item, offset: u32) -> Vec<&Expr> {
    let mut found = Vec::new();
    visit::exprs(item, &mut |expr| {
        if expr.span.touches(offset) {
            found.push(expr);
        }
    });
    found
}

/// Every type that is written in an item.
pub(crate) fn types_of(item: &Item) -> Vec<&Ty> {
    let mut found: Vec<&Ty> = decl::params_of(item).iter().map(|param| &param.ty).collect();
    found.extend(decl::result_of(item));
    match &item.kind {
        ItemKind::Type(decl) => match &decl.body {
            TypeBody::Record(fields) => found.extend(fields.iter().map(|field| &field.ty)),
            TypeBody::Alias(ty) => found.push(ty),
        },
        ItemKind::Enum(decl) => {
            let params = decl.variants.iter().flat_map(|variant| variant.params.iter().flatten());
            found.extend(params.map(|param| &param.ty));
        }
        ItemKind::Flow(flow) => {
            let params = flow.nodes.iter().flat_map(|node| node.params.iter().flatten());
            found.extend(params.map(|param| &param.ty));
        }
        _ => {}
    }
    let mut all = Vec::new();
    found.into_iter().for_each(|ty| nested(ty, &mut all));
    all
}

fn nested<'a>(ty: &'a Ty, all: &mut Vec<&'a Ty>) {
    all.push(ty);
    ty.args.iter().for_each(|arg| nested(arg, all));
}
