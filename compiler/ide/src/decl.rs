//! Declarations of a tree by the place of their names.

use flow_grammar::Span;
use flow_grammar::ast::{
    Branch, Doc, EnumDecl, Field, File, Item, ItemKind, Name, Node, Param, Setup, SetupKind, TypeBody,
    Variant, Work,
};

use crate::resolve::Kind;

/// Something with a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decl<'a> {
    Item(&'a Item),
    Field(&'a Item, &'a Field),
    Variant(&'a Item, &'a Variant),
    /// A parameter of an item or payload field of a variant.
    Param(&'a Item, &'a Param),
    Node(&'a Node),
    NodeParam(&'a Node, &'a Param),
    Branch(&'a Branch),
    /// The whole file: a module.
    Module(&'a File),
}

impl<'a> Decl<'a> {
    /// The declaration whose name stands exactly there.
    pub(crate) fn at(file: &'a File, name: Span) -> Option<Self> {
        if name == Span::default() {
            return Some(Self::Module(file));
        }
        let item = file.items.iter().find(|item| item.span.touches(name.start))?;
        if name_of(item).is_some_and(|found| found.span == name) {
            return Some(Self::Item(item));
        }
        inside(item, name)
    }

    /// The `///` lines above.
    pub(crate) fn docs(self) -> &'a [Doc] {
        match self {
            Self::Item(item) => &item.docs,
            Self::Field(_, field) => &field.docs,
            Self::Variant(_, variant) => &variant.docs,
            Self::Node(node) => &node.docs,
            Self::Module(file) => &file.docs,
            Self::Param(..) | Self::NodeParam(..) | Self::Branch(_) => &[],
        }
    }
}

fn inside(item: &Item, name: Span) -> Option<Decl<'_>> {
    let param = params_of(item).iter().find(|param| param.name.span == name);
    if let Some(param) = param {
        return Some(Decl::Param(item, param));
    }
    match &item.kind {
        ItemKind::Type(decl) => match &decl.body {
            TypeBody::Record(fields) => {
                let found = fields.iter().find(|field| field.name.span == name);
                found.map(|field| Decl::Field(item, field))
            }
            TypeBody::Alias(_) => None,
        },
        ItemKind::Enum(decl) => decl.variants.iter().find_map(|variant| {
            if variant.name.span == name {
                return Some(Decl::Variant(item, variant));
            }
            let param = variant.params.iter().flatten().find(|param| param.name.span == name);
            param.map(|param| Decl::Param(item, param))
        }),
        ItemKind::Flow(flow) => flow.nodes.iter().find_map(|node| in_node(node, name)),
        _ => None,
    }
}

fn in_node(node: &Node, name: Span) -> Option<Decl<'_>> {
    if node.name.span == name {
        return Some(Decl::Node(node));
    }
    if let Some(param) = node.params.iter().flatten().find(|param| param.name.span == name) {
        return Some(Decl::NodeParam(node, param));
    }
    match &node.work {
        Some(Work::All { branches, .. }) => {
            branches.iter().find(|branch| branch.name.span == name).map(Decl::Branch)
        }
        _ => None,
    }
}

/// The name that an item declares.
pub(crate) fn name_of(item: &Item) -> Option<&Name> {
    item.kind.name().filter(|name| !name.is_missing())
}

/// What an item declares.
pub(crate) fn kind_of(item: &Item) -> Option<Kind> {
    Some(match &item.kind {
        ItemKind::Type(_) => Kind::Type,
        ItemKind::Enum(_) => Kind::Enum,
        ItemKind::Fn(_) => Kind::Fn,
        ItemKind::Check(_) => Kind::Check,
        ItemKind::Setup(Setup { kind, .. }) => match kind {
            SetupKind::Model => Kind::Model,
            SetupKind::Prompt => Kind::Prompt,
            SetupKind::Tool => Kind::Tool,
            SetupKind::Human => Kind::Human,
            SetupKind::Resource => Kind::Resource,
        },
        ItemKind::Split(_) => Kind::Split,
        ItemKind::Flow(_) => Kind::Flow,
        ItemKind::Import(_) | ItemKind::Trigger(_) | ItemKind::Test(_) | ItemKind::Broken(_) => return None,
    })
}

/// The parameters of a callable.
pub(crate) fn params_of(item: &Item) -> &[Param] {
    match &item.kind {
        ItemKind::Fn(decl) => &decl.params,
        ItemKind::Check(decl) => &decl.params,
        ItemKind::Setup(decl) => decl.params.as_deref().unwrap_or_default(),
        ItemKind::Split(decl) => &decl.params,
        ItemKind::Flow(decl) => &decl.params,
        _ => &[],
    }
}

/// The declared result of a callable.
pub(crate) fn result_of(item: &Item) -> Option<&flow_grammar::ast::Ty> {
    match &item.kind {
        ItemKind::Fn(decl) => Some(&decl.ret),
        ItemKind::Check(decl) => Some(&decl.ret),
        ItemKind::Setup(decl) => decl.ty.as_ref(),
        ItemKind::Split(decl) => Some(&decl.ret),
        ItemKind::Flow(decl) => decl.ret.as_ref(),
        _ => None,
    }
}

/// The item of a file that declares a name.
pub(crate) fn find<'a>(file: &'a File, name: &str) -> Option<&'a Item> {
    file.items.iter().find(|item| name_of(item).is_some_and(|found| found.text == name))
}

/// An enum's variant by name.
pub(crate) fn variant<'a>(decl: &'a EnumDecl, name: &str) -> Option<&'a Variant> {
    decl.variants.iter().find(|variant| variant.name.text == name)
}

/// `///` lines as one text.
pub(crate) fn doc_text(docs: &[Doc]) -> String {
    docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n")
}
