//! Which names each file declares.

use std::cell::Cell;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ItemKind, SetupKind};
use flow_ir::{CheckId, FlowId, FunctionId, HumanId, ModelId, PromptId, ResourceId, SplitId, ToolId};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::{Package, Source, doc_text};
use crate::flow_paths::joined;
use crate::names::{Entry, Item, Module};
use crate::report;
use crate::types::{Def, DefBody, DefId};

/// The next free row of each table.
#[derive(Default)]
struct Counters {
    next: [u32; 9],
}

impl Counters {
    fn take(&mut self, table: usize) -> u32 {
        let Some(next) = self.next.get_mut(table) else { return 0 };
        *next += 1;
        *next - 1
    }
}

/// Gives every declaration of every file its item.
pub(super) fn declare<'a>(package: &mut Package<'a>, sources: &[Source<'a>], out: &mut Vec<Diagnostic>) {
    let wanted = std_names(sources);
    let mut counters = Counters::default();
    for source in sources {
        let names = if source.is_std { wanted.get(source.name) } else { None };
        let mut module = Module {
            row: u32::try_from(package.modules.len()).unwrap_or(u32::MAX),
            name: source.name.to_owned(),
            at: source.at,
            file: source.file,
            items: Vec::with_capacity(source.file.items.len()),
            scope: FxHashMap::default(),
        };
        for item in &source.file.items {
            let is_part = |name: &SmolStr| match names {
                Some(Wanted::Some(names)) => names.contains(name),
                Some(Wanted::All) | None => true,
            };
            let declared = declare_item(package, &mut counters, &mut module, item, &is_part, out);
            module.items.push(declared);
        }
        package.modules.push(module);
    }
}

/// Which names of a module of the standard library are imported.
enum Wanted {
    All,
    Some(FxHashSet<SmolStr>),
}

fn std_names(sources: &[Source<'_>]) -> FxHashMap<String, Wanted> {
    let mut wanted: FxHashMap<String, Wanted> = FxHashMap::default();
    for item in sources.iter().flat_map(|source| &source.file.items) {
        let ItemKind::Import(import) = &item.kind else { continue };
        let entry = wanted.entry(joined(&import.path)).or_insert_with(|| Wanted::Some(FxHashSet::default()));
        match (&import.names, entry) {
            (None, entry) => *entry = Wanted::All,
            (Some(names), Wanted::Some(set)) => set.extend(names.iter().map(|name| name.text.clone())),
            (Some(_), Wanted::All) => {}
        }
    }
    wanted
}

fn declare_item(
    package: &mut Package<'_>,
    counters: &mut Counters,
    module: &mut Module<'_>,
    item: &ast::Item,
    is_part: &dyn Fn(&SmolStr) -> bool,
    out: &mut Vec<Diagnostic>,
) -> Option<Item> {
    let name = item.kind.name()?;
    let is_type = matches!(item.kind, ItemKind::Type(_) | ItemKind::Enum(_));
    if name.is_missing() || (!is_type && !is_part(&name.text)) {
        return None;
    }
    let span = module.at.span(name.span);
    if let Some(first) = module.scope.get(&name.text) {
        if first.item != Item::Broken {
            out.push(report::names::duplicate(span, &name.text, first.span, "this file"));
        }
        return None;
    }
    let declared = number(package, counters, item, name, span);
    let entry = Entry {
        item: declared,
        span,
        public: item.public.is_some(),
        imported: false,
        used: Cell::new(false),
    };
    module.scope.insert(name.text.clone(), entry);
    Some(declared)
}

fn number(
    package: &mut Package<'_>,
    counters: &mut Counters,
    item: &ast::Item,
    name: &ast::Name,
    span: flow_diagnostics::Span,
) -> Item {
    match &item.kind {
        ItemKind::Type(_) | ItemKind::Enum(_) => {
            let id = DefId(u32::try_from(package.defs.len()).unwrap_or(u32::MAX));
            let doc = doc_text(&item.docs);
            let module = u32::try_from(package.modules.len()).unwrap_or(u32::MAX);
            package.defs.push(Def { name: name.text.clone(), span, module, doc, body: DefBody::Poison });
            Item::Type(id)
        }
        ItemKind::Fn(_) => Item::Fn(FunctionId(counters.take(0))),
        ItemKind::Check(_) => Item::Check(CheckId(counters.take(1))),
        ItemKind::Split(_) => Item::Split(SplitId(counters.take(2))),
        ItemKind::Flow(_) => Item::Flow(FlowId(counters.take(3))),
        ItemKind::Setup(setup) => match setup.kind {
            SetupKind::Model => Item::Model(ModelId(counters.take(4))),
            SetupKind::Prompt => Item::Prompt(PromptId(counters.take(5))),
            SetupKind::Tool => Item::Tool(ToolId(counters.take(6))),
            SetupKind::Human => Item::Human(HumanId(counters.take(7))),
            SetupKind::Resource => Item::Resource(ResourceId(counters.take(8))),
        },
        ItemKind::Broken(_) | ItemKind::Import(_) | ItemKind::Trigger(_) | ItemKind::Test(_) => Item::Broken,
    }
}
