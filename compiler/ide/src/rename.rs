//! Rename, across files, holes and tests. Refused where the new name would mean something else.

use flow_grammar::Span;
use flow_grammar::ast::ItemKind;

use crate::Change;
use crate::decl::{self, Decl};
use crate::package::{Package, View, is_library};
use crate::refer;
use crate::resolve::{Kind, Occurrence, reach};

/// Why something keeps its name, in the user's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal(pub String);

/// The name under the cursor, if it can be renamed.
///
/// # Errors
/// When there is no name, or it is not the package's own.
pub fn prepare_rename(view: &View, offset: u32) -> Result<Span, Refusal> {
    own(view, offset).map(|found| found.span)
}

/// The edits that give what stands under the cursor a new name.
///
/// # Errors
/// When the name is no name of that kind, or is taken where the thing is visible.
pub fn rename(package: &Package, view: &View, offset: u32, name: &str) -> Result<Vec<Change>, Refusal> {
    let found = own(view, offset)?;
    if view.slice(found.span) == name {
        return Ok(Vec::new());
    }
    spelled(found.kind, name)?;
    let places = refer::all(package, &found.target);
    for (view, list) in &places {
        free(package, view, list, found, name)?;
    }
    let change = |view: &View, found: &Occurrence| Change {
        path: view.path.clone(),
        span: found.span,
        text: name.to_owned(),
    };
    let mut changes: Vec<Change> =
        places.iter().flat_map(|(view, list)| list.iter().map(|found| change(view, found))).collect();
    changes.sort();
    changes.dedup();
    Ok(changes)
}

fn own(view: &View, offset: u32) -> Result<&Occurrence, Refusal> {
    let Some(found) = view.occurrence(offset) else {
        return Err(Refusal("there is no name here that can be changed".to_owned()));
    };
    if found.kind == Kind::Module {
        return Err(Refusal("a module is called as its file: rename the file".to_owned()));
    }
    if is_library(&found.target.path) {
        let name = view.slice(found.span);
        return Err(Refusal(format!("`{name}` belongs to the standard library")));
    }
    Ok(found)
}

/// Whether the text can be a name of that kind.
fn spelled(kind: Kind, name: &str) -> Result<(), Refusal> {
    let is_upper = matches!(kind, Kind::Type | Kind::Enum | Kind::Variant);
    let lexed = flow_grammar::lexer::lex(name);
    let is_name = match lexed.tokens.as_slice() {
        [only] => {
            let whole = only.span.range() == (0..name.len()) && lexed.errors.is_empty();
            whole
                && match only.kind {
                    flow_grammar::lexer::TokenKind::Lower => !is_upper,
                    flow_grammar::lexer::TokenKind::Upper => is_upper,
                    _ => false,
                }
        }
        _ => false,
    };
    if is_name {
        return Ok(());
    }
    let wanted = if is_upper { "UpperCamel, like `Triage`" } else { "lower_case, like `draft_reply`" };
    Err(Refusal(format!(
        "`{name}` cannot be the name of a {}: it must be {wanted}, and no keyword",
        kind.word()
    )))
}

/// Whether the new name is free in a file where the thing is mentioned.
fn free(
    package: &Package,
    view: &View,
    list: &[Occurrence],
    found: &Occurrence,
    name: &str,
) -> Result<(), Refusal> {
    let taken = |what: &str| Err(Refusal(format!("`{name}` is already {what} in `{}`", view.path)));
    match found.kind {
        Kind::Field | Kind::Variant => match sibling(package, found, name) {
            Some(what) => Err(Refusal(format!("`{name}` is already {what}"))),
            None => Ok(()),
        },
        Kind::Node | Kind::Param | Kind::Local => {
            for occurrence in list {
                let Some(item) = crate::walk::item_at(&view.parsed.file, occurrence.span.start) else {
                    continue;
                };
                if is_named_in(view, item.span, name) {
                    return taken("a name");
                }
            }
            Ok(())
        }
        _ => {
            if let Some(other) = reach::global(package, &view.path, &view.parsed.file, name) {
                return taken(&format!("a {}", other.kind.word()));
            }
            // A parameter or node of that name would hide it.
            let hidden = list.iter().find_map(|occurrence| {
                let item = crate::walk::item_at(&view.parsed.file, occurrence.span.start)?;
                let is_body = !matches!(item.kind, ItemKind::Import(_)) && !occurrence.is_definition;
                (is_body && is_named_in(view, item.span, name)).then_some(())
            });
            if hidden.is_some() { taken("a name where this one is used") } else { Ok(()) }
        }
    }
}

/// Whether an item gives or uses a name that is no field.
fn is_named_in(view: &View, item: Span, name: &str) -> bool {
    view.occurrences.iter().any(|other| {
        let is_inside = item.start <= other.span.start && other.span.end <= item.end;
        is_inside && !matches!(other.kind, Kind::Field | Kind::Variant) && view.slice(other.span) == name
    })
}

/// What else the declaration around a field or variant calls so.
fn sibling(package: &Package, found: &Occurrence, name: &str) -> Option<&'static str> {
    package.decl(&found.target, |own, _| match own {
        Decl::Field(item, _) | Decl::Variant(item, _) | Decl::Param(item, _) => match &item.kind {
            ItemKind::Enum(enumeration) => {
                let field = enumeration
                    .variants
                    .iter()
                    .filter(|variant| {
                        let params = variant.params.iter().flatten();
                        params.clone().any(|param| param.name.span == found.target.span)
                    })
                    .flat_map(|variant| variant.params.iter().flatten())
                    .any(|param| param.name.text == name);
                let variant = decl::variant(enumeration, name).is_some();
                (variant || field).then_some("part of this enum")
            }
            ItemKind::Type(decl) => {
                let flow_grammar::ast::TypeBody::Record(fields) = &decl.body else { return None };
                fields.iter().any(|field| field.name.text == name).then_some("a field of this type")
            }
            _ => None,
        },
        _ => None,
    })?
}
