//! `flowc explain NAME`: a declaration of the package, with its documentation and where it is used.

use std::path::Path;

use flow_diagnostics::SourceFile;
use flow_grammar::Span;
use flow_grammar::ast::{Doc, Flow, Item, ItemKind, Name, Node, SetupKind, TypeBody};

use super::closest;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Package;
use crate::terminal::{BOLD, DIM, NAME, Terminal, paint};

/// Something that has a name.
struct Found {
    kind: &'static str,
    name: String,
    docs: String,
    place: String,
    text: String,
}

/// Prints what `what` is in the package at `path`.
pub(super) fn explain(what: &str, path: &Path, terminal: &Terminal) -> Outcome {
    let package = Package::at(path).map_err(|stop| {
        Stop::usage(format!("`{what}` is no diagnostic, and there is no package to look it up in"))
            .help(stop.message)
            .help("`flowc explain --list` shows every diagnostic")
    })?;
    let all = declarations(&package);
    let found: Vec<&Found> = all.iter().filter(|found| found.name == what).collect();
    if found.is_empty() {
        return Err(unknown(what, &package, &all));
    }
    for (at, found) in found.iter().enumerate() {
        if at > 0 {
            terminal.line("")?;
        }
        terminal.print(&written(found))?;
    }
    Ok(Exit::Ok)
}

fn written(found: &Found) -> String {
    let mut text = format!(
        "{} {}  {}\n",
        found.kind,
        paint(BOLD, &found.name),
        paint(DIM, format!("at {}", found.place))
    );
    if !found.docs.is_empty() {
        text.push_str(&format!("\n{}\n", found.docs));
    }
    text.push('\n');
    for line in found.text.lines() {
        text.push_str(&format!("    {}\n", paint(NAME, line)));
    }
    text
}

fn unknown(what: &str, package: &Package, all: &[Found]) -> Stop {
    let stop = Stop::usage(format!("nothing is called `{what}` in `{}`", package.shown));
    match closest(what, all.iter().map(|found| found.name.as_str())) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None => stop.help("`flowc explain --list` shows every diagnostic"),
    }
}

fn declarations(package: &Package) -> Vec<Found> {
    let mut all = Vec::new();
    for file in &package.files {
        let text = flow_grammar::decode(&file.bytes);
        let parsed = flow_grammar::parse(&text);
        let source = SourceFile::new(file.shown.clone(), text);
        for item in &parsed.file.items {
            add(&mut all, &source, item);
        }
    }
    all
}

fn add(all: &mut Vec<Found>, source: &SourceFile, item: &Item) {
    let Some((kind, name)) = named(&item.kind) else {
        return;
    };
    all.push(found(source, kind, name.text.to_string(), &item.docs, item.span));
    if let ItemKind::Flow(flow) = &item.kind {
        for node in &flow.nodes {
            all.push(of_node(source, flow, node));
        }
    }
}

fn of_node(source: &SourceFile, flow: &Flow, node: &Node) -> Found {
    let name = format!("{}.{}", flow.name.text, node.name.text);
    found(source, "node", name, &node.docs, node.span)
}

fn found(source: &SourceFile, kind: &'static str, name: String, docs: &[Doc], span: Span) -> Found {
    let docs: Vec<&str> = docs.iter().map(|doc| doc.text.trim()).collect();
    let text = source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let place = format!("{}:{}", source.path, source.line_column(span.start).line);
    Found { kind, name, docs: docs.join("\n"), place, text: text.trim_end().to_owned() }
}

fn named(kind: &ItemKind) -> Option<(&'static str, &Name)> {
    match kind {
        ItemKind::Type(of) => Some((
            match of.body {
                TypeBody::Record(_) => "record",
                TypeBody::Alias(_) => "type",
            },
            &of.name,
        )),
        ItemKind::Enum(of) => Some(("enum", &of.name)),
        ItemKind::Fn(of) => Some(("fn", &of.name)),
        ItemKind::Check(of) => Some(("check", &of.name)),
        ItemKind::Setup(of) => Some((
            match of.kind {
                SetupKind::Model => "model",
                SetupKind::Prompt => "prompt",
                SetupKind::Tool => "tool",
                SetupKind::Human => "human",
                SetupKind::Resource => "resource",
            },
            &of.name,
        )),
        ItemKind::Split(of) => Some(("split", &of.name)),
        ItemKind::Flow(of) => Some(("flow", &of.name)),
        ItemKind::Broken(of) => of.name.as_ref().map(|name| ("unreadable", name)),
        ItemKind::Import(_) | ItemKind::Trigger(_) | ItemKind::Test(_) => None,
    }
}
