//! Imports: which names of other files a file sees, and circles among files.

use std::cell::{Cell, OnceCell};

use flow_diagnostics::{Diagnostic, Edit, Span};
use flow_grammar::ast::{self, ItemKind};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::Package;
use crate::components::Components;
use crate::flow_paths::joined;
use crate::names::{Entry, Item, Module};
use crate::report;

/// Puts imported names into the scopes. `known` are the names of all modules of the package.
pub(super) fn resolve(package: &mut Package<'_>, known: &[&str], out: &mut Vec<Diagnostic>) {
    let rows: FxHashMap<String, u32> =
        (0u32..).zip(&package.modules).map(|(row, module)| (module.name.clone(), row)).collect();
    let mut arrows: Vec<Vec<(u32, Span)>> = vec![Vec::new(); package.modules.len()];
    for row in 0..package.modules.len() {
        let Some(module) = package.modules.get(row) else { continue };
        let imports: Vec<&ast::Import> = imports_of(module.file).collect();
        for import in imports {
            if let Some(target) = import_one(package, row, import, &rows, known, out) {
                let place = package.modules.get(row).map(|module| module.at.span(path_span(&import.path)));
                if let (Some(list), Some(place)) = (arrows.get_mut(row), place) {
                    list.push((target, place));
                }
            }
        }
    }
    circles(package, &arrows, out);
    package.imports = arrows.iter().map(|list| list.iter().map(|(row, _)| *row).collect()).collect();
    package.reach = vec![OnceCell::new(); package.modules.len()];
}

fn imports_of(file: &ast::File) -> impl Iterator<Item = &ast::Import> {
    file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(import),
        _ => None,
    })
}

fn path_span(path: &[ast::Name]) -> flow_grammar::Span {
    let first = path.first().map(|name| name.span).unwrap_or_default();
    path.last().map_or(first, |last| first.to(last.span))
}

/// The module that is imported, if there is one.
fn import_one(
    package: &mut Package<'_>,
    row: usize,
    import: &ast::Import,
    rows: &FxHashMap<String, u32>,
    known: &[&str],
    out: &mut Vec<Diagnostic>,
) -> Option<u32> {
    let at = package.modules.get(row)?.at;
    let path = joined(&import.path);
    let broken = import.path.iter().any(ast::Name::is_missing);
    if rows.get(&path).is_some_and(|target| *target as usize == row) {
        let span = at.span(path_span(&import.path));
        out.push(report::names::import_cycle(span, &[path.clone(), path]));
        return None;
    }
    let found = rows.get(&path).copied().filter(|target| *target != 0);
    if found.is_none() && !broken {
        let mut known: Vec<&str> = known.iter().copied().chain(["std/prelude"]).collect();
        known.extend(flow_stdlib::MODULES.iter().map(|(name, _)| *name));
        known.sort_unstable();
        known.dedup();
        let span = at.span(path_span(&import.path));
        out.push(report::names::unknown_module(span, &path, &report::names::plain(known)));
    }
    let Some(names) = &import.names else {
        let last = import.path.last()?;
        let item = found.map_or(Item::Broken, Item::Module);
        bind(package, row, &last.text, at.span(last.span), item, out);
        return found;
    };
    for name in names.iter().filter(|name| !name.is_missing()) {
        let span = at.span(name.span);
        let item = match found {
            Some(target) => exported(package, target, name, span, out),
            None => Item::Broken,
        };
        bind(package, row, &name.text, span, item, out);
    }
    found
}

fn exported(
    package: &Package<'_>,
    target: u32,
    name: &ast::Name,
    span: Span,
    out: &mut Vec<Diagnostic>,
) -> Item {
    let Some(module) = package.modules.get(target as usize) else { return Item::Broken };
    match module.scope.get(&name.text).filter(|entry| !entry.imported) {
        Some(entry) if entry.public || entry.item == Item::Broken => entry.item,
        Some(entry) => {
            let declared = Span { start: item_start(module, &name.text, entry.span.start), ..entry.span };
            out.push(report::names::private(span, &name.text, &module.name, declared));
            entry.item
        }
        None => {
            let known: Vec<_> = declared_names(module).collect();
            out.push(report::names::not_in_module(span, &name.text, &module.name, &known));
            Item::Broken
        }
    }
}

/// Where the declaration of `name` begins, for the edit that makes it `pub`.
fn item_start(module: &Module<'_>, name: &str, fallback: u32) -> u32 {
    let declared = module.scope.get(name).map(|entry| entry.item);
    let index = module.items.iter().position(|item| item.is_some() && *item == declared);
    index.and_then(|index| module.file.items.get(index)).map_or(fallback, |item| item.span.start)
}

fn declared_names<'m>(module: &'m Module<'_>) -> impl Iterator<Item = (SmolStr, &'static str)> + 'm {
    let public = module.scope.iter().filter(|(_, entry)| entry.public && !entry.imported);
    public.map(|(name, entry)| (name.clone(), entry.item.noun()))
}

fn bind(
    package: &mut Package<'_>,
    row: usize,
    name: &SmolStr,
    span: Span,
    item: Item,
    out: &mut Vec<Diagnostic>,
) {
    let Some(module) = package.modules.get_mut(row) else { return };
    if let Some(first) = module.scope.get(name) {
        let (here, there) = if first.imported { (span, first.span) } else { (first.span, span) };
        if item != Item::Broken && first.item != Item::Broken {
            out.push(report::names::duplicate(here, name, there, "this file"));
        }
        return;
    }
    let entry = Entry { item, span, public: false, imported: true, used: Cell::new(false) };
    module.scope.insert(name.clone(), entry);
}

/// FL0019: each circle once, at the import that closes it. Depth first, without recursion.
///
/// Only ways among modules that import each other are followed, from the first of them: which import closes a circle must
/// not depend on who else imports one of its modules.
fn circles(package: &Package<'_>, arrows: &[Vec<(u32, Span)>], out: &mut Vec<Diagnostic>) {
    let targets: Vec<Vec<usize>> =
        arrows.iter().map(|list| list.iter().map(|(row, _)| *row as usize).collect()).collect();
    let parts = Components::new(&targets);
    let mut state = vec![0u8; arrows.len()];
    for start in 0..arrows.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if state.get(start) == Some(&0) {
            path.push((start, 0));
        }
        while let Some((row, next)) = path.last_mut() {
            let (row, index) = (*row, *next);
            *next += 1;
            if let Some(mark) = state.get_mut(row) {
                *mark = 1;
            }
            match arrows.get(row).and_then(|list| list.get(index)) {
                None => {
                    if let Some(mark) = state.get_mut(row) {
                        *mark = 2;
                    }
                    path.pop();
                }
                Some((target, _)) if parts.of.get(*target as usize) != parts.of.get(row) => {}
                Some((target, span)) => match state.get(*target as usize) {
                    Some(0) => path.push((*target as usize, 0)),
                    Some(1) => out.push(report::names::import_cycle(*span, &names(package, &path, *target))),
                    _ => {}
                },
            }
        }
    }
}

fn names(package: &Package<'_>, path: &[(usize, usize)], target: u32) -> Vec<String> {
    let from = path.iter().position(|(row, _)| *row == target as usize).unwrap_or(0);
    let rows = path.iter().skip(from).map(|(row, _)| *row).chain([target as usize]);
    rows.filter_map(|row| package.modules.get(row)).map(|module| module.name.clone()).collect()
}

/// FL0020, once all bodies have been looked at.
pub(crate) fn unused(module: &Module<'_>, text: &str, out: &mut Vec<Diagnostic>) {
    for import in imports_of(module.file) {
        let names: Vec<&ast::Name> = match &import.names {
            Some(names) => names.iter().collect(),
            None => import.path.last().into_iter().collect(),
        };
        for name in &names {
            let Some(entry) = module.scope.get(&name.text) else { continue };
            let span = module.at.span(name.span);
            if entry.imported && entry.span == span && !entry.used.get() && entry.item != Item::Broken {
                let edit = (import.names.is_some() && names.len() > 1).then(|| removal(text, span));
                out.push(report::names::unused_import(span, &name.text, edit));
            }
        }
    }
}

/// Takes a name out of a list together with the comma behind it, or else the one before.
fn removal(text: &str, span: Span) -> Edit {
    let after = text.get(span.end as usize..).unwrap_or("");
    let before = text.get(..span.start as usize).unwrap_or("");
    let blank = |text: &str| text.len() - text.trim_start().len();
    let span = match after.trim_start().strip_prefix(',') {
        Some(rest) => {
            let end = after.len() - rest.len() + blank(rest);
            Span { end: span.end + u32::try_from(end).unwrap_or(0), ..span }
        }
        None => {
            let start = before.trim_end().trim_end_matches(',').len();
            Span { start: u32::try_from(start).unwrap_or(span.start), ..span }
        }
    };
    Edit { span, text: String::new() }
}
