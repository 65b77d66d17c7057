//! What a package declares: modules, types, signatures. No bodies.

mod collect;
pub(crate) mod imports;
pub(crate) mod signatures;
mod typedefs;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast;
use flow_ir::setup::ResourceKind;
use flow_ir::types::Labels;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

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
    pub(crate) fn collect(sources: &[Source<'a>], manifest: &'a Manifest, out: &mut Vec<Diagnostic>) -> Self {
        let mut package = Self {
            modules: Vec::new(),
            defs: Vec::new(),
            def_order: Vec::new(),
            sigs: FxHashMap::default(),
            resources: Vec::new(),
            variants: FxHashMap::default(),
            manifest,
        };
        collect::declare(&mut package, sources, out);
        imports::resolve(&mut package, out);
        typedefs::resolve(&mut package, out);
        signatures::resolve(&mut package, out);
        package
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
