//! The symbols of a file, as a tree.

use flow_grammar::Span;
use flow_grammar::ast::{Item, ItemKind, Name, TypeBody};

use crate::decl;
use crate::package::View;
use crate::resolve::Kind;
use crate::walk;

/// A symbol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Its name; the title of a test, the source of a trigger.
    pub name: String,
    /// What it is; `None` for tests and triggers.
    pub kind: Option<Kind>,
    /// A few words: the type or call.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
    /// What is in it.
    pub children: Vec<Symbol>,
}

/// Everything that a file declares.
#[must_use]
pub fn outline(view: &View) -> Vec<Symbol> {
    view.parsed.file.items.iter().filter_map(|item| symbol(view, item)).collect()
}

fn symbol(view: &View, item: &Item) -> Option<Symbol> {
    let span = walk::whole(item);
    let unnamed = |name_span: Span, detail: &str| {
        let name = view.slice(name_span).trim_matches('"').to_owned();
        Symbol { name, kind: None, detail: detail.to_owned(), span, name_span, children: Vec::new() }
    };
    match &item.kind {
        ItemKind::Test(test) => Some(unnamed(test.title.span, if test.is_eval { "eval" } else { "test" })),
        ItemKind::Trigger(trigger) => Some(unnamed(trigger.source.span, "trigger")),
        _ => {
            let (name, kind) = (decl::name_of(item)?, decl::kind_of(item)?);
            let detail = decl::result_of(item).map_or("", |ty| view.slice(ty.span));
            let mut symbol = leaf(name, kind, detail, span);
            symbol.children = children(view, item);
            Some(symbol)
        }
    }
}

fn leaf(name: &Name, kind: Kind, detail: &str, span: Span) -> Symbol {
    Symbol {
        name: name.text.to_string(),
        kind: Some(kind),
        detail: detail.split_whitespace().collect::<Vec<_>>().join(" "),
        span,
        name_span: name.span,
        children: Vec::new(),
    }
}

fn children(view: &View, item: &Item) -> Vec<Symbol> {
    let symbols: Vec<Symbol> = match &item.kind {
        ItemKind::Type(found) => match &found.body {
            TypeBody::Record(fields) => fields
                .iter()
                .map(|field| leaf(&field.name, Kind::Field, view.slice(field.ty.span), field.span))
                .collect(),
            TypeBody::Alias(_) => Vec::new(),
        },
        ItemKind::Enum(found) => found
            .variants
            .iter()
            .map(|variant| leaf(&variant.name, Kind::Variant, "", variant.span))
            .collect(),
        ItemKind::Flow(flow) => flow
            .nodes
            .iter()
            .map(|node| {
                let call = Span::new(node.name.span.end, node.head.end.max(node.name.span.end));
                let call = view.slice(call).trim_start_matches([' ', '=']);
                leaf(&node.name, Kind::Node, call, node.span)
            })
            .collect(),
        _ => Vec::new(),
    };
    // An editor refuses a symbol without a name.
    symbols.into_iter().filter(|symbol| !symbol.name.is_empty()).collect()
}
