//! `flow.lock`: what a package was checked against that is not its own text.
//!
//! Four things can change under a package that nobody edited: the part of the standard library that it imports
//! (prices and limits of models), the contracts behind the registry's pointers of its prompts and models, and the
//! tools of MCP servers. And one thing must not change without saying so: the text of a prompt that has a version.
//! [`Lock::of`] says what all but the tools are now, [`servers`] knows about those; [`compare`] reports what differs from
//! the file (FL0805), [`reworded`] texts of the same version (FL0515).

mod contract;
mod file;
pub mod servers;
mod wording;

use std::collections::BTreeMap;

use flow_diagnostics::{Diagnostic, FileId, SourceMap, Span};
use flow_grammar::ast::{self, ExprKind as Ast, ItemKind, SetupKind};
use flow_ir::Bundle;
use flow_ir::setup::{Provider, Transport};
use flow_ir::shape::Shapes;

use crate::flow_paths::joined;
use crate::names::{Item, Module};
use crate::package::Package;
use crate::report;

pub(crate) use file::{Written, read};
pub use servers::{LockedTool, Server, mcp_tools};

/// What `flow.lock` says or should say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lock {
    entries: BTreeMap<(Kind, String), String>,
    servers: BTreeMap<String, Server>,
}

/// What is locked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// A module of the standard library, by its text.
    Std,
    /// The contract of a prompt behind a pointer.
    Prompt,
    /// The contract of a model behind a pointer.
    Model,
    /// The text of a prompt that says its version.
    Text,
}

impl Kind {
    /// All, in the order of the file.
    const ALL: [Self; 4] = [Self::Std, Self::Prompt, Self::Model, Self::Text];

    /// The table of `flow.lock`.
    const fn table(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::Prompt => "prompts",
            Self::Model => "models",
            Self::Text => "texts",
        }
    }

    /// What an entry of another digest means.
    pub(crate) const fn change(self) -> &'static str {
        match self {
            Self::Std => "the standard library that comes with this compiler has other prices or limits",
            Self::Prompt => "its parameters, result or limits are others than when it was locked",
            Self::Model => "what it can do, holds or costs is not what was locked",
            Self::Text => "its text is not what was locked",
        }
    }
}

impl Lock {
    /// What the lock of a package must say now.
    pub(crate) fn of(pkg: &Package<'_>, sources: &SourceMap, bundle: &Bundle) -> Self {
        let entries =
            needed(pkg, sources, bundle).into_iter().map(|need| ((need.kind, need.name), need.digest));
        Self { entries: entries.collect(), servers: BTreeMap::new() }
    }

    /// What a file says.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Vec::new();
        match read(FileId(0), text, &mut out) {
            Some(written) => Ok(written.lock()),
            None => Err(out.into_iter().map(|found| found.message).next().unwrap_or_default()),
        }
    }

    /// Whether there is nothing to lock.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.servers.is_empty()
    }

    /// How many things are locked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len() + self.servers.values().map(|server| server.tools.len()).sum::<usize>()
    }

    /// What was locked of an MCP server.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.get(name)
    }

    /// Locks a tool of an MCP server that calls itself `about`.
    pub fn put(&mut self, server: &str, about: &str, tool: &str, locked: LockedTool) {
        let server = self.servers.entry(server.to_owned()).or_default();
        about.clone_into(&mut server.about);
        server.tools.insert(tool.to_owned(), locked);
    }

    /// The text of `flow.lock`: the same for the same content.
    #[must_use]
    pub fn to_text(&self) -> String {
        file::write(self)
    }
}

/// Something that must be locked, and where the package asks for it.
struct Need {
    kind: Kind,
    name: String,
    digest: String,
    span: Span,
}

/// FL0805 where there is something to lock and no file.
pub(crate) fn no_file(pkg: &Package<'_>, sources: &SourceMap, bundle: &Bundle, out: &mut Vec<Diagnostic>) {
    // One thing is as good as another to say that there is no file.
    let needs = needed(pkg, sources, bundle).into_iter().map(|need| (need.span, need.name));
    let first = needs.chain(declared_tools(pkg, bundle).map(|found| (found.span, found.shown()))).next();
    out.extend(first.map(|(span, name)| report::lock::no_file(span, &name)));
}

/// FL0805 for everything that the file does not say, says otherwise, or says in vain.
pub(crate) fn compare(
    pkg: &Package<'_>,
    sources: &SourceMap,
    bundle: &Bundle,
    written: &Written,
    out: &mut Vec<Diagnostic>,
) {
    let mut found = written.entries.clone();
    for need in &needed(pkg, sources, bundle) {
        match found.remove(&(need.kind, need.name.clone())) {
            Some((digest, _)) if digest == need.digest => {}
            // `reworded` says it.
            Some(_) if need.kind == Kind::Text => {}
            Some(_) => out.push(report::lock::changed(need.span, &need.name, need.kind.change())),
            None => out.push(report::lock::missing(need.span, &need.name)),
        }
    }
    let left = found.into_iter().map(|((_, name), (_, span))| (name, span));
    let mut tools = written.tools.clone();
    for tool in declared_tools(pkg, bundle) {
        let name = (tool.server.to_owned(), tool.tool.to_owned());
        tools.remove(&name);
        if !written.tools.contains_key(&name) {
            out.push(report::lock::missing(tool.span, &tool.shown()));
        }
    }
    let tools = tools.into_iter().map(|((server, tool), span)| (mcp_name(&server, &tool), span));
    out.extend(left.chain(tools).map(|(name, span)| report::lock::left_over(span, &name)));
}

/// FL0515 for every text that changed under a version that did not.
pub(crate) fn reworded(
    pkg: &Package<'_>,
    sources: &SourceMap,
    bundle: &Bundle,
    written: &Written,
    out: &mut Vec<Diagnostic>,
) {
    for need in needed(pkg, sources, bundle).into_iter().filter(|need| need.kind == Kind::Text) {
        let known = written.entries.get(&(Kind::Text, need.name.clone()));
        if known.is_some_and(|(digest, _)| *digest != need.digest) {
            let (name, version) = need.name.rsplit_once('@').unwrap_or((&need.name, ""));
            let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
            out.push(report::lock::reworded(need.span, name, version));
        }
    }
}

/// A tool of an MCP server that is declared.
struct DeclaredTool<'b> {
    server: &'b str,
    tool: &'b str,
    span: Span,
}

impl DeclaredTool<'_> {
    fn shown(&self) -> String {
        mcp_name(self.server, self.tool)
    }
}

fn mcp_name(server: &str, tool: &str) -> String {
    format!("mcp:{server}/{tool}")
}

fn declared_tools<'b>(pkg: &'b Package<'_>, bundle: &'b Bundle) -> impl Iterator<Item = DeclaredTool<'b>> {
    let items = pkg.modules.iter().flat_map(|module| {
        module.file.items.iter().zip(&module.items).map(move |(item, declared)| (module, item, declared))
    });
    items.filter_map(|(module, item, declared)| {
        let (ItemKind::Setup(setup), Some(Item::Tool(id))) = (&item.kind, declared) else { return None };
        let Transport::Mcp { server, tool, .. } = &bundle.tools.get(id.index())?.transport else {
            return None;
        };
        let span = setup.source.as_ref().map_or(setup.name.span, |source| source.span);
        Some(DeclaredTool { server, tool, span: module.at.span(span) })
    })
}

/// Each once, in the order of the files.
fn needed(pkg: &Package<'_>, sources: &SourceMap, bundle: &Bundle) -> Vec<Need> {
    let mut shapes = Shapes::new(bundle);
    let mut needs: Vec<Need> = Vec::new();
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let found = match &item.kind {
                ItemKind::Import(import) => std_module(import),
                ItemKind::Setup(setup) => pointer(setup, *declared, bundle, &mut shapes)
                    .or_else(|| text(module, setup, *declared, sources)),
                _ => None,
            };
            let Some((kind, name, digest, span)) = found else { continue };
            if !needs.iter().any(|need| need.kind == kind && need.name == name) {
                needs.push(Need { kind, name, digest, span: module.at.span(span) });
            }
        }
    }
    needs
}

type Found = (Kind, String, String, flow_grammar::Span);

fn std_module(import: &ast::Import) -> Option<Found> {
    let path = joined(&import.path);
    let (name, text) = flow_stdlib::MODULES.iter().find(|(name, _)| *name == path)?;
    let first = import.path.first()?;
    let last = import.path.last()?;
    let span = flow_grammar::Span::new(first.span.start, last.span.end);
    Some((Kind::Std, (*name).to_owned(), flow_ir::Digest::of(text.as_bytes()).to_string(), span))
}

fn text(
    module: &Module<'_>,
    setup: &ast::Setup,
    declared: Option<Item>,
    sources: &SourceMap,
) -> Option<Found> {
    let Item::Prompt(_) = declared? else { return None };
    let (version, span) = wording::version(setup)?;
    let source = sources.get(module.at.0)?;
    let name = format!("{}.{}@{version}", module.name, setup.name.text);
    Some((Kind::Text, name, wording::digest(setup, &source.text), span))
}

fn pointer(
    setup: &ast::Setup,
    declared: Option<Item>,
    bundle: &Bundle,
    shapes: &mut Shapes<'_>,
) -> Option<Found> {
    let span = setup.source.as_ref().filter(|source| !matches!(source.kind, Ast::Missing))?.span;
    match (setup.kind, declared?) {
        (SetupKind::Prompt, Item::Prompt(id)) => {
            let prompt = bundle.prompts.get(id.index())?;
            let name = prompt.registry.as_ref()?.to_string();
            Some((Kind::Prompt, name, contract::prompt(prompt, shapes), span))
        }
        (SetupKind::Model, Item::Model(id)) => {
            let model = bundle.models.get(id.index())?;
            let found = (Kind::Model, model.id.to_string(), contract::model(model), span);
            (model.provider == Provider::Registry).then_some(found)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
