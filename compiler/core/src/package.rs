//! What a package declares: modules, types, signatures. No bodies.

mod collect;
pub(crate) mod imports;
pub(crate) mod signatures;
mod typedefs;

use std::cell::OnceCell;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast;
use flow_ir::setup::ResourceKind;
use flow_ir::types::Labels;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::knowledge::Recorder;
use crate::manifest::Manifest;
use crate::names::{Item, Module};
use crate::report::At;
use crate::types::{Def, DefBody, DefId, FieldDef, Ty, VariantDef};

/// Everything that is declared.
#[derive(Debug)]
pub(crate) struct Package<'a> {
    /// The prelude first, then the package's files, then the standard library's modules that are imported.
    pub(crate) modules: Vec<Module<'a>>,
    pub(crate) defs: Vec<Def>,
    /// Declared types, inner ones first.
    pub(crate) def_order: Vec<DefId>,
    pub(crate) sigs: FxHashMap<Item, Sig>,
    /// By `ResourceId`.
    pub(crate) resources: Vec<ResourceDecl>,
    /// Which enums have a variant of this name, and where.
    pub(crate) variants: FxHashMap<SmolStr, Vec<(DefId, u32)>>,
    pub(crate) manifest: &'a Manifest,
    /// By row of a module: the rows of those that it imports.
    pub(crate) imports: Vec<Vec<u32>>,
    /// By row of a module: the rows of those that it imports, directly or not, and its own.
    pub(crate) reach: Vec<OnceCell<FxHashSet<u32>>>,
    /// What is written down for editors; nothing, unless they ask.
    pub(crate) record: Recorder,
}

/// The outside of a callable.
#[derive(Clone, Debug)]
pub(crate) struct Sig {
    pub(crate) name: SmolStr,
    pub(crate) params: Vec<FieldDef>,
    pub(crate) ret: Ty,
    pub(crate) ret_labels: Labels,
    /// Row of the module that declares it.
    pub(crate) module: usize,
    /// Which item of that module's file it is.
    pub(crate) index: usize,
}

/// A resource's kind and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct ResourceDecl {
    /// `None` if it could not be made out.
    pub(crate) kind: Option<ResourceKind>,
    pub(crate) item: Ty,
    /// Of what it holds.
    pub(crate) labels: Labels,
    /// Row of the module that declares it.
    pub(crate) module: u32,
    /// Of the name.
    pub(crate) span: flow_diagnostics::Span,
}

/// A file to be checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: At,
    pub(crate) file: &'a ast::File,
    /// Of the standard library: only what is imported becomes part of the package.
    pub(crate) is_std: bool,
}

impl<'a> Package<'a> {
    /// Collects the declarations of all files. `sources` begins with the prelude.
    /// `known` are the names of all modules of the package, for "did you mean".
    pub(crate) fn collect<'n>(
        sources: &[Source<'a>],
        known: impl Iterator<Item = &'n str>,
        manifest: &'a Manifest,
        out: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut package = Self {
            modules: Vec::new(),
            defs: Vec::new(),
            def_order: Vec::new(),
            sigs: FxHashMap::default(),
            resources: Vec::new(),
            variants: FxHashMap::default(),
            manifest,
            imports: Vec::new(),
            reach: Vec::new(),
            record: Recorder::default(),
        };
        collect::declare(&mut package, sources, out);
        imports::resolve(&mut package, &known.collect::<Vec<_>>(), out);
        typedefs::resolve(&mut package, out);
        signatures::resolve(&mut package, out);
        package
    }

    /// The module of a file.
    pub(crate) fn module_at(&self, at: At) -> Option<&Module<'a>> {
        self.modules.iter().find(|module| module.at == at)
    }

    /// The declared type of an id.
    pub(crate) fn def(&self, id: DefId) -> Option<&Def> {
        self.defs.get(id.0 as usize)
    }

    /// The fields of a record, or of the record that a `Partial` is of.
    pub(crate) fn fields(&self, ty: &Ty) -> Option<&[FieldDef]> {
        match ty {
            Ty::Named(id, _) | Ty::Partial(id, _) => self.def(*id)?.fields(),
            _ => None,
        }
    }

    /// Whether a module sees a declared type: its own, those of the modules it imports, directly or not, and those
    /// of the prelude. What a file means never depends on files that it does not import.
    pub(crate) fn sees(&self, module: &Module<'_>, id: DefId) -> bool {
        self.def(id).is_some_and(|def| self.sees_module(module.row, def.module))
    }

    /// Whether what a module declares can have a meaning in another one, by their rows.
    pub(crate) fn sees_module(&self, from: u32, other: u32) -> bool {
        other == 0 || other == from || self.reach(from).contains(&other)
    }

    /// The row of the module that declares a callable.
    pub(crate) fn module_of(&self, item: Item) -> Option<u32> {
        u32::try_from(self.sig(item)?.module).ok()
    }

    fn reach(&self, row: u32) -> &FxHashSet<u32> {
        static NOTHING: std::sync::LazyLock<FxHashSet<u32>> = std::sync::LazyLock::new(FxHashSet::default);
        let Some(cell) = self.reach.get(row as usize) else { return &NOTHING };
        cell.get_or_init(|| {
            let mut seen = FxHashSet::default();
            let mut open = vec![row];
            while let Some(row) = open.pop() {
                if seen.insert(row) {
                    open.extend(self.imports.get(row as usize).into_iter().flatten());
                }
            }
            seen
        })
    }

    /// The alternatives of an enum.
    pub(crate) fn enum_variants(&self, ty: &Ty) -> Option<&[VariantDef]> {
        match ty {
            Ty::Named(id, _) => self.def(*id)?.variants(),
            _ => None,
        }
    }

    /// Whether nothing may be said about values of this type because its declaration is broken.
    pub(crate) fn is_unknown(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Named(id, _) => self.def(*id).is_none_or(|def| matches!(def.body, DefBody::Poison)),
            other => other.is_poison(),
        }
    }

    /// The AST item that declares a callable.
    pub(crate) fn ast_item(&self, sig: &Sig) -> Option<&'a ast::Item> {
        self.modules.get(sig.module)?.file.items.get(sig.index)
    }

    /// The outside of a callable.
    pub(crate) fn sig(&self, item: Item) -> Option<&Sig> {
        self.sigs.get(&item)
    }
}

/// `///` lines as one text.
pub(crate) fn doc_text(docs: &[ast::Doc]) -> SmolStr {
    match docs {
        [] => SmolStr::default(),
        [only] => SmolStr::from(only.text.as_str()),
        many => many.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n").into(),
    }
}
