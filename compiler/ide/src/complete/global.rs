//! Words of the language and names of files.

use flow_compiler::vocabulary;
use flow_grammar::ast::{ItemKind, SetupKind, Unit};

use super::context::Context;
use super::{CompletionKind, List};
use crate::decl;
use crate::package::{Package, View};
use crate::resolve::Kind;
use crate::walk;
use crate::words;

/// At the beginning of a file's line.
pub(super) fn items(list: &mut List) {
    for (word, pattern, what) in words::ITEMS {
        list.snippet(word, pattern, what, 0);
    }
    list.keywords(&["pub"], 1);
}

/// Modules of the package and of the library.
pub(super) fn modules(package: &Package, view: &View, at: &Context<'_>, list: &mut List) {
    let own = package.module(&view.path).unwrap_or("").to_owned();
    let text = view.text().get(..at.word.start as usize).unwrap_or("");
    let line = text.rsplit('\n').next().unwrap_or("");
    let typed = line.trim_start().trim_start_matches("import").trim_start().to_owned();
    let library = flow_stdlib::MODULES.iter().map(|(name, _)| (*name).to_owned());
    let known = package.paths().filter_map(|path| package.module(path)).map(str::to_owned).chain(library);
    for module in known.filter(|module| *module != own) {
        // `import shop/` goes on with what is behind the slash.
        if let Some(rest) = module.strip_prefix(&typed) {
            list.add(rest, CompletionKind::Named(Kind::Module), "", 0);
        }
    }
}

/// What a module lets others see.
pub(super) fn exported(package: &Package, view: &View, module: &str, list: &mut List) {
    let Some(path) = package.file_of(module) else { return };
    let Some(parsed) = package.parsed(&path) else { return };
    let imported: Vec<String> = view
        .parsed
        .file
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Import(import) => import.names.as_ref(),
            _ => None,
        })
        .flatten()
        .map(|name| name.text.to_string())
        .collect();
    for item in parsed.file.items.iter().filter(|item| item.public.is_some()) {
        let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) else { continue };
        let is_new = !imported.contains(&name.text.to_string());
        if let Some(entry) = list.add(&name.text, CompletionKind::Named(kind), kind.word(), u8::from(!is_new))
        {
            entry.docs = decl::doc_text(&item.docs);
        }
    }
}

/// Built-in types and declared ones.
pub(super) fn types(package: &Package, view: &View, list: &mut List) {
    of_kinds(package, view, &[Kind::Type, Kind::Enum], list);
    for name in vocabulary::SCALARS {
        list.add(name, CompletionKind::Builtin, "", 1);
    }
    for name in vocabulary::resource_kinds() {
        list.add(name, CompletionKind::Builtin, "a kind of resource", 3);
    }
    list.keywords(&["trusted", "pii", "secret"], 2);
}

/// Names of the file, of its imports and of the prelude, of some kinds.
pub(super) fn of_kinds(package: &Package, view: &View, kinds: &[Kind], list: &mut List) {
    let mut add = |item: &flow_grammar::ast::Item, source: &str, rank: u8| {
        let (Some(name), Some(kind)) = (decl::name_of(item), decl::kind_of(item)) else { return };
        if kinds.contains(&kind)
            && let Some(entry) = list.add(&name.text, CompletionKind::Named(kind), kind.word(), rank)
        {
            entry.docs =
                format!("```flow\n{}\n```\n{}", crate::hover::head(item, source), decl::doc_text(&item.docs));
        }
    };
    for item in &view.parsed.file.items {
        add(item, view.text(), 0);
        let ItemKind::Import(import) = &item.kind else { continue };
        let module = import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("/");
        let Some(path) = package.file_of(&module) else { continue };
        let (Some(parsed), Some(source)) = (package.parsed(&path), package.source(&path)) else { continue };
        for name in import.names.iter().flatten() {
            decl::find(&parsed.file, &name.text).into_iter().for_each(|item| add(item, &source.text, 0));
        }
    }
    if let (Some(parsed), Some(source)) =
        (package.parsed("std/prelude.flow"), package.source("std/prelude.flow"))
    {
        parsed.file.items.iter().for_each(|item| add(item, &source.text, 2));
    }
    if kinds.contains(&Kind::Module) {
        for item in &view.parsed.file.items {
            if let ItemKind::Import(import) = &item.kind
                && let (None, Some(last)) = (&import.names, import.path.last())
            {
                list.add(&last.text, CompletionKind::Named(Kind::Module), "module", 1);
            }
        }
    }
}

/// Settings that the declaration does not have yet.
pub(super) fn settings(view: &View, offset: u32, list: &mut List) {
    let Some(item) = walk::item_at(&view.parsed.file, offset) else { return };
    let ItemKind::Setup(setup) = &item.kind else { return };
    let repeats = |name: &str| {
        setup.kind == SetupKind::Prompt && matches!(name, "system" | "user" | "assistant" | "turns")
    };
    for name in vocabulary::settings(setup.kind) {
        let here = setup.settings.iter().find(|setting| setting.name.text == *name);
        let is_typed = here.is_some_and(|setting| setting.name.span.touches(offset));
        if here.is_some() && !is_typed && !repeats(name) {
            continue;
        }
        let docs = words::setting(setup.kind, name).unwrap_or("");
        if let Some(entry) = list.add(name, CompletionKind::Setting, "", u8::from(here.is_some())) {
            entry.docs = docs.to_owned();
            entry.insert = format!("{name}: ");
        }
    }
}

/// Behind the digits of a number.
pub(super) fn units(view: &View, list: &mut List) {
    let digits = view.slice(list.span).chars().take_while(|c| c.is_ascii_digit() || *c == '_').count();
    list.span.start += u32::try_from(digits).unwrap_or(0);
    for (_, unit) in Unit::ALL {
        list.add(unit, CompletionKind::Unit, "", 0);
    }
}

/// Lines of a test.
pub(super) fn steps(list: &mut List) {
    list.snippet("given", "given ${1:callable} = ${2:answer}", "how a callable answers", 0);
    list.snippet("when", "when ${1:flow}(${2:input})", "what is tested", 0);
    list.snippet("need", "need ${1:result is Done}", "what must hold", 0);
}
