//! Names that are taken, and names that are not.

use flow_grammar::ast::{Flow, ItemKind};

use crate::decl;
use crate::package::View;

/// A name that a flow does not use: the wanted one, with a number behind it if need be.
pub(super) fn fresh(flow: &Flow, wanted: &str) -> String {
    let params = flow.params.iter().map(|param| &param.name.text);
    let nodes = flow.nodes.iter().map(|node| &node.name.text);
    let inner = flow.nodes.iter().flat_map(|node| node.params.iter().flatten()).map(|param| &param.name.text);
    let taken: Vec<&smol_str::SmolStr> = params.chain(nodes).chain(inner).collect();
    numbered(wanted, |name| !taken.iter().any(|known| known.as_str() == name))
}

/// The wanted name, or the first with a number behind it that is free.
pub(super) fn numbered(wanted: &str, is_free: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{wanted}{number}"));
    let mut all = std::iter::once(wanted.to_owned()).chain(numbered);
    all.find(|name| is_free(name)).unwrap_or_else(|| wanted.to_owned())
}

/// What a file declares and imports by name.
pub(super) fn visible(view: &View) -> impl Iterator<Item = &str> {
    view.parsed.file.items.iter().flat_map(|item| {
        let imported = match &item.kind {
            ItemKind::Import(import) => import.names.as_deref().unwrap_or_default(),
            _ => &[],
        };
        decl::name_of(item).into_iter().chain(imported).map(|name| name.text.as_str())
    })
}
