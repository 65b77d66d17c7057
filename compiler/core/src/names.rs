//! What names mean in a file: its own declarations, its imports, and the prelude.

use std::cell::Cell;

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast;
use flow_ir::{CheckId, FlowId, FunctionId, HumanId, ModelId, PromptId, ResourceId, SplitId, ToolId};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::report::At;
use crate::report::names::Candidate;
use crate::types::DefId;

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum Item {
    Type(DefId),
    Fn(FunctionId),
    Check(CheckId),
    Model(ModelId),
    Prompt(PromptId),
    Tool(ToolId),
    Human(HumanId),
    Resource(ResourceId),
    Split(SplitId),
    Flow(FlowId),
    /// `import shop/models`: a whole module, by its row.
    Module(u32),
    /// Declared, but unreadable: nothing is reported about its uses.
    Broken,
}

impl Item {
    /// The keyword that declares it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Type(_) => "type",
            Self::Fn(_) => "fn",
            Self::Check(_) => "check",
            Self::Model(_) => "model",
            Self::Prompt(_) => "prompt",
            Self::Tool(_) => "tool",
            Self::Human(_) => "human",
            Self::Resource(_) => "resource",
            Self::Split(_) => "split",
            Self::Flow(_) => "flow",
            Self::Module(_) => "module",
            Self::Broken => "",
        }
    }
}

/// One name of a file's scope.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) item: Item,
    /// The declared or imported name in this file.
    pub(crate) span: Span,
    pub(crate) public: bool,
    pub(crate) imported: bool,
    pub(crate) used: Cell<bool>,
}

/// A file with its scope.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    /// Its row in the package.
    pub(crate) row: u32,
    /// `shop/models`.
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) file: &'a ast::File,
    /// What each item of the file declares; `None` for items without a name and for repeated ones.
    pub(crate) items: Vec<Option<Item>>,
    pub(crate) scope: FxHashMap<SmolStr, Entry>,
}

/// Looks names up for one file, and collects what is wrong.
pub(crate) struct Names<'m, 'o> {
    pub(crate) at: At,
    pub(crate) module: &'m Module<'m>,
    pub(crate) modules: &'m [Module<'m>],
    pub(crate) out: &'o mut Vec<Diagnostic>,
}

impl Names<'_, '_> {
    /// What a name stands for; it counts as used.
    pub(crate) fn find(&self, name: &str) -> Option<Item> {
        if let Some(entry) = self.module.scope.get(name) {
            entry.used.set(true);
            return Some(entry.item);
        }
        self.prelude().and_then(|prelude| prelude.scope.get(name)).map(|entry| entry.item)
    }

    /// What a name stands for, without counting it as used.
    pub(crate) fn peek(&self, name: &str) -> Option<Item> {
        let own = self.module.scope.get(name);
        own.or_else(|| self.prelude()?.scope.get(name)).map(|entry| entry.item)
    }

    /// A public name of a module that was imported as a whole.
    pub(crate) fn find_in(&self, module: u32, name: &str) -> Option<Item> {
        let entry = self.modules.get(module as usize)?.scope.get(name)?;
        (entry.public && !entry.imported).then_some(entry.item)
    }

    /// All visible names that `wanted` accepts, for "did you mean".
    pub(crate) fn candidates(&self, wanted: impl Fn(Item) -> bool) -> Vec<Candidate> {
        let scopes = [Some(self.module), self.prelude()];
        let entries = scopes.into_iter().flatten().flat_map(|module| module.scope.iter());
        entries
            .filter(|(_, entry)| wanted(entry.item))
            .map(|(name, entry)| (name.clone(), entry.item.noun()))
            .collect()
    }

    /// The prelude is always the first module.
    fn prelude(&self) -> Option<&Module<'_>> {
        self.modules.first()
    }
}
