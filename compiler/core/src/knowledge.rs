//! What a check learned about one file, for editors: types of expressions, errors of nodes.
//!
//! Nothing here is needed to check a package, so it is written down only when asked for
//! ([`Workspace::analyze`](crate::Workspace::analyze)). Names are not here: they follow from the tree alone,
//! except for fields and variants, which follow from the [`Type`] of what they stand behind.

use std::cell::RefCell;

use flow_diagnostics::{FileId, Span};
use rustc_hash::FxHashMap;

use crate::expr::library;
use crate::graph::ClassSet;
use crate::names::Item;
use crate::package::Package;
use crate::types::{Def, DefBody, Ty};

/// Where `start..end` of the file stands, as a key.
type Range = (u32, u32);

/// Notes taken while a package is checked. Off unless a file is wanted.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    wanted: Option<FileId>,
    notes: RefCell<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// Without what is known at the place.
    declared: FxHashMap<Range, Ty>,
    /// With it.
    narrowed: FxHashMap<Range, Ty>,
    raises: FxHashMap<Range, ClassSet>,
}

impl Recorder {
    /// Takes notes about one file.
    pub(crate) fn of(file: FileId) -> Self {
        Self { wanted: Some(file), notes: RefCell::default() }
    }

    fn wants(&self, span: Span) -> bool {
        self.wanted == Some(span.file)
    }

    /// The type of an expression where it stands.
    pub(crate) fn narrowed(&self, span: Span, ty: &Ty) {
        if self.wants(span) {
            self.notes.borrow_mut().narrowed.insert((span.start, span.end), ty.clone());
        }
    }

    /// The type of a name or field as declared.
    pub(crate) fn declared(&self, span: Span, ty: &Ty) {
        if self.wants(span) {
            self.notes.borrow_mut().declared.insert((span.start, span.end), ty.clone());
        }
    }

    /// The classes that leave the work of a node, by the place of its name.
    pub(crate) fn raises(&self, span: Span, classes: ClassSet) {
        if self.wants(span) {
            self.notes.borrow_mut().raises.insert((span.start, span.end), classes);
        }
    }
}

/// Types and errors of one file, by place.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    declared: FxHashMap<Range, Ty>,
    narrowed: FxHashMap<Range, Ty>,
    raises: FxHashMap<Range, ClassSet>,
    defs: Vec<Def>,
    /// Results of callables, by the place of their names.
    results: FxHashMap<Span, Ty>,
}

impl Knowledge {
    pub(crate) fn of(package: &Package<'_>) -> Self {
        let notes = package.record.notes.take();
        let result = |sig: &crate::package::Sig| {
            let module = package.modules.get(sig.module)?;
            let entry = module.scope.get(&sig.name)?;
            Some((entry.span, sig.ret.clone()))
        };
        let callables = package.sigs.iter().filter(|(item, _)| !matches!(item, Item::Broken));
        Self {
            declared: notes.declared,
            narrowed: notes.narrowed,
            raises: notes.raises,
            results: callables.filter_map(|(_, sig)| result(sig)).collect(),
            defs: package.defs.clone(),
        }
    }

    /// The type of the expression or name at exactly this place, with what is known there.
    #[must_use]
    pub fn type_at(&self, span: flow_grammar::Span) -> Option<Type<'_>> {
        let key = (span.start, span.end);
        let ty = self.narrowed.get(&key).or_else(|| self.declared.get(&key))?;
        self.known(ty)
    }

    /// The same as declared: `text?` where a test says that it is not `none`.
    #[must_use]
    pub fn declared_at(&self, span: flow_grammar::Span) -> Option<Type<'_>> {
        let key = (span.start, span.end);
        let ty = self.declared.get(&key).or_else(|| self.narrowed.get(&key))?;
        self.known(ty)
    }

    /// What the callable whose name stands at `name` gives.
    #[must_use]
    pub fn result_of(&self, name: Span) -> Option<Type<'_>> {
        self.known(self.results.get(&name)?)
    }

    /// The classes that leave the work of the node whose name stands there; `None` if nobody knows.
    #[must_use]
    pub fn raises(&self, name: flow_grammar::Span) -> Option<ClassSet> {
        self.raises.get(&(name.start, name.end)).copied()
    }

    fn known<'k>(&'k self, ty: &'k Ty) -> Option<Type<'k>> {
        (!matches!(ty, Ty::Poison)).then_some(Type { of: self, ty })
    }
}

/// A type, with the declarations it may name.
#[derive(Clone, Copy, Debug)]
pub struct Type<'k> {
    of: &'k Knowledge,
    ty: &'k Ty,
}

impl<'k> Type<'k> {
    /// As the user would write it.
    #[must_use]
    pub fn text(self) -> String {
        self.ty.to_string()
    }

    /// Whether it may be `none`.
    #[must_use]
    pub fn is_optional(self) -> bool {
        matches!(self.ty, Ty::Optional(_))
    }

    /// Whether it is `bool`.
    #[must_use]
    pub fn is_bool(self) -> bool {
        matches!(self.ty, Ty::Bool)
    }

    /// Where the name of the declared record or enum stands, `none` taken away.
    #[must_use]
    pub fn declaration(self) -> Option<Span> {
        match self.ty.present() {
            Ty::Named(id, _) | Ty::Partial(id, _) => self.of.defs.get(id.0 as usize).map(|def| def.span),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn element(self) -> Option<Type<'k>> {
        match self.ty.present() {
            Ty::List(item, _) => Some(Type { of: self.of, ty: item }),
            _ => None,
        }
    }

    /// Fields of a record, payload fields of an enum's variants, with their types.
    #[must_use]
    pub fn fields(self) -> Vec<(&'k str, Type<'k>)> {
        let typed = |name: &'k smol_str::SmolStr, ty: &'k Ty| (name.as_str(), Type { of: self.of, ty });
        match self.ty.present() {
            Ty::Anon(anon) => anon.fields.iter().map(|(name, ty)| typed(name, ty)).collect(),
            Ty::Named(id, _) | Ty::Partial(id, _) => {
                match self.of.defs.get(id.0 as usize).map(|def| &def.body) {
                    Some(DefBody::Record(fields)) => {
                        fields.iter().map(|field| typed(&field.name, &field.ty)).collect()
                    }
                    Some(DefBody::Enum(body)) => {
                        let fields = body.variants.iter().flat_map(|variant| &variant.fields);
                        fields.map(|field| typed(&field.name, &field.ty)).collect()
                    }
                    Some(DefBody::Poison | DefBody::Alias(_, _)) | None => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// Names of the variants, if it is an enum.
    #[must_use]
    pub fn variants(self) -> Vec<&'k str> {
        let id = match self.ty.present() {
            Ty::Named(id, _) => *id,
            _ => return Vec::new(),
        };
        let variants = self.of.defs.get(id.0 as usize).and_then(Def::variants).unwrap_or_default();
        variants.iter().map(|variant| variant.name.as_str()).collect()
    }

    /// Names of the library's methods that it has.
    #[must_use]
    pub fn methods(self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = library::methods_of(self.ty.present()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
