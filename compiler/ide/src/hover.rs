//! Hover: what a name is, its type here, what it may raise, what was written about it.

use flow_grammar::Span;
use flow_grammar::ast::{Item, ItemKind, Node, SetupKind, Ty};

use crate::cost;
use crate::decl::{self, Decl};
use crate::package::{Package, View};
use crate::resolve::{Kind, Occurrence};
use crate::walk;
use crate::words;

/// What to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hover {
    /// What it is about.
    pub span: Span,
    /// Markdown.
    pub text: String,
}

/// What there is to know about what stands under the cursor.
#[must_use]
pub fn hover(package: &Package, view: &View, offset: u32) -> Option<Hover> {
    if let Some(found) = view.occurrence(offset) {
        return Some(Hover { span: found.span, text: of_name(package, view, found)? });
    }
    setting(view, offset).or_else(|| expression(view, offset))
}

fn of_name(package: &Package, view: &View, found: &Occurrence) -> Option<String> {
    let mut text = match found.kind {
        Kind::Module => {
            let path = &*found.target.path;
            code(&format!(
                "// module {}",
                package.module(path).unwrap_or_else(|| path.trim_end_matches(".flow"))
            ))
        }
        Kind::Local => code(&format!("{}: {}", view.slice(found.span), local_type(view, found)?)),
        _ => package.decl(&found.target, |decl, source| shown(view, found, decl, source))?,
    };
    let version = package.decl(&found.target, version).flatten();
    version.into_iter().for_each(|version| text.push_str(&format!("\n\n{version}")));
    costs(view, found).into_iter().for_each(|costs| text.push_str(&format!("\n\n{costs}")));
    if let Some(why) = narrowing(view, found) {
        text.push_str(&format!("\n\n{why}"));
    }
    let docs = package.decl(&found.target, |decl, _| decl::doc_text(decl.docs())).unwrap_or_default();
    if !docs.is_empty() {
        text.push_str(&format!("\n\n{docs}"));
    }
    Some(text)
}

/// Where a prompt comes from, or which version it says it is.
fn version(decl: Decl<'_>, source: &str) -> Option<String> {
    let Decl::Item(Item { kind: ItemKind::Setup(setup), .. }) = decl else { return None };
    if setup.kind != SetupKind::Prompt {
        return None;
    }
    let slice = |span: Span| source.get(span.range()).unwrap_or("");
    let said = setup.settings.iter().find(|setting| setting.name.text == "version");
    match (&setup.source, said) {
        (Some(from), _) => Some(format!("the version behind `{}`", slice(from.span))),
        (None, Some(said)) => Some(format!("`{}`", slice(said.span))),
        (None, None) => None,
    }
}

/// What a flow or node of this file costs.
fn costs(view: &View, found: &Occurrence) -> Option<String> {
    let name = view.slice(found.span);
    match found.kind {
        Kind::Flow => {
            let total = cost::of_flow(view, name)?;
            let way =
                cost::worst_way(view, name).map(|way| format!("\n\nworst way: {way}")).unwrap_or_default();
            Some(format!("{total}{way}"))
        }
        Kind::Node => {
            let item = walk::item_at(&view.parsed.file, found.target.span.start)?;
            cost::of_node(view, named(item), name).filter(|_| *found.target.path == *view.path)
        }
        _ => None,
    }
}

fn local_type(view: &View, found: &Occurrence) -> Option<String> {
    let knowledge = &view.analysis.knowledge;
    let ty = knowledge.type_at(found.span).or_else(|| knowledge.type_at(found.target.span))?;
    Some(ty.text())
}

fn code(text: &str) -> String {
    format!("```flow\n{text}\n```")
}

fn shown(view: &View, found: &Occurrence, decl: Decl<'_>, source: &str) -> String {
    let slice = |span: Span| source.get(span.range()).unwrap_or("").to_owned();
    match decl {
        Decl::Item(item) => code(&head(item, source)),
        Decl::Field(item, field) => code(&format!("{}.{}", named(item), slice(field.span))),
        Decl::Param(item, param) => code(&format!("{}  // of {}", slice(param.span), named(item))),
        Decl::Variant(item, variant) => code(&format!("{}.{}", named(item), slice(variant.span))),
        Decl::NodeParam(node, param) => {
            code(&format!("{}  // of node {}", slice(param.span), node.name.text))
        }
        Decl::Branch(branch) => code(&slice(branch.span)),
        Decl::Node(node) => of_node(view, found, node, source),
        Decl::Module(_) => code(&found.target.path),
    }
}

fn named(item: &Item) -> &str {
    decl::name_of(item).map_or("", |name| name.text.as_str())
}

/// A node: its call, what it gives, what it may raise.
fn of_node(view: &View, found: &Occurrence, node: &Node, source: &str) -> String {
    let head = source.get(node.head.range()).unwrap_or("").trim_end();
    let mut text = code(head);
    let is_here = *found.target.path == *view.path;
    let knowledge = &view.analysis.knowledge;
    if let Some(ty) = knowledge.declared_at(node.name.span).filter(|_| is_here) {
        text.push_str(&format!("\n\ngives `{}`", ty.text()));
    }
    if let Some(raises) = knowledge.raises(node.name.span).filter(|_| is_here) {
        let names: Vec<&str> = raises.iter().map(flow_ir::units::ErrorClass::name).collect();
        text.push_str(&match names.as_slice() {
            [] => " · raises nothing".to_owned(),
            names => format!(" · may raise {}", names.join(", ")),
        });
    }
    text
}

/// The outside of an item, without its body.
pub(crate) fn head(item: &Item, source: &str) -> String {
    let text = source.get(item.span.range()).unwrap_or("");
    let is_body = matches!(item.kind, ItemKind::Type(_) | ItemKind::Enum(_));
    if is_body && text.lines().count() <= 16 {
        return text.to_owned();
    }
    let end = match &item.kind {
        ItemKind::Fn(found) => Some(found.ret.span.end),
        ItemKind::Check(found) => Some(found.ret.span.end),
        ItemKind::Split(found) => Some(found.ret.span.end),
        ItemKind::Flow(found) => Some(found.head.end),
        ItemKind::Setup(found) => match found.kind {
            SetupKind::Model | SetupKind::Tool => found.source.as_ref().map(|source| source.span.end),
            SetupKind::Prompt | SetupKind::Human | SetupKind::Resource => {
                found.ty.as_ref().map(|ty| ty.span.end)
            }
        },
        _ => None,
    };
    let end = end.unwrap_or_else(|| item.span.start + first_line(text));
    source.get(item.span.start as usize..end as usize).unwrap_or("").trim_end_matches(['{', ' ']).to_owned()
}

fn first_line(text: &str) -> u32 {
    u32::try_from(text.lines().next().unwrap_or("").len()).unwrap_or(0)
}

/// The type that is written beside the name of a declaration.
pub(crate) fn written_type(decl: Decl<'_>) -> Option<&Ty> {
    match decl {
        Decl::Field(_, field) => Some(&field.ty),
        Decl::Param(_, param) | Decl::NodeParam(_, param) => Some(&param.ty),
        Decl::Item(item) => decl::result_of(item),
        Decl::Variant(..) | Decl::Node(..) | Decl::Branch(_) | Decl::Module(_) => None,
    }
}

/// `Listing` here, `Listing?` as declared.
fn narrowing(view: &View, found: &Occurrence) -> Option<String> {
    let item = walk::item_at(&view.parsed.file, found.span.start)?;
    let ending = |span: Span| span.end == found.span.end;
    let expr = walk::exprs_at(item, found.span.start).into_iter().find(|expr| ending(expr.span))?;
    let knowledge = &view.analysis.knowledge;
    let (here, declared) = (knowledge.type_at(expr.span)?.text(), knowledge.declared_at(expr.span)?.text());
    match found.kind {
        _ if here != declared => {
            Some(format!("here `{here}`: the way to this place says so (declared `{declared}`)"))
        }
        Kind::Param | Kind::Local | Kind::Node => None,
        Kind::Field => Some(format!("here `{here}`")),
        _ => None,
    }
}

/// A setting's name.
fn setting(view: &View, offset: u32) -> Option<Hover> {
    let item = walk::item_at(&view.parsed.file, offset)?;
    let ItemKind::Setup(setup) = &item.kind else { return None };
    let setting = setup.settings.iter().find(|setting| setting.name.span.touches(offset))?;
    let text = words::setting(setup.kind, &setting.name.text)?;
    Some(Hover { span: setting.name.span, text: format!("**{}**: {text}", setting.name.text) })
}

/// The type of the innermost expression.
fn expression(view: &View, offset: u32) -> Option<Hover> {
    let item = walk::item_at(&view.parsed.file, offset)?;
    let inner = walk::exprs_at(item, offset).into_iter().last()?;
    let ty = view.analysis.knowledge.type_at(inner.span)?;
    Some(Hover { span: inner.span, text: code(&ty.text()) })
}
