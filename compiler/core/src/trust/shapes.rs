//! What types say about labels, and values followed field by field.

use std::sync::Arc;

use flow_diagnostics::Span;
use flow_ir::TypeId;
use flow_ir::bundle::Bundle;
use flow_ir::types::{Field, Labels, Type};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::labels::{Marks, Origin, Taint};
use crate::package::Package;
use crate::types::DefBody;

/// A declaration that says `pii` or `secret`.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// `Email.sender`, or the name of a parameter.
    pub(crate) name: SmolStr,
    /// The name there.
    pub(crate) span: Span,
}

/// The types of a Bundle with their labels.
pub(crate) struct Shapes<'b> {
    bundle: &'b Bundle,
    declared: Vec<Declared>,
    /// Every label that is declared anywhere.
    anything: Marks,
    by_name: FxHashMap<SmolStr, Origin>,
    /// By type: labels somewhere inside, and whether some part is not declared `trusted`.
    inside: Vec<Marks>,
}

impl<'b> Shapes<'b> {
    /// Reads the labels of all types.
    pub(crate) fn new(bundle: &'b Bundle, pkg: &Package<'_>) -> Self {
        let mut shapes = Self {
            bundle,
            declared: Vec::new(),
            anything: Marks::OUTSIDE,
            by_name: FxHashMap::default(),
            inside: Vec::new(),
        };
        shapes.collect(pkg);
        // Types are interned inner ones first only for the most part, so each is looked at on demand.
        let mut done: Vec<Option<Marks>> = vec![None; bundle.types.len()];
        for id in (0_u32..).take(bundle.types.len()) {
            shapes.look_inside(TypeId(id), &mut done);
        }
        shapes.inside = done.into_iter().map(Option::unwrap_or_default).collect();
        shapes
    }

    fn collect(&mut self, pkg: &Package<'_>) {
        for def in &pkg.defs {
            let fields: Vec<_> = match &def.body {
                DefBody::Record(fields) => fields.iter().collect(),
                DefBody::Enum(body) => body.variants.iter().flat_map(|variant| &variant.fields).collect(),
                DefBody::Poison | DefBody::Alias(_, _) => Vec::new(),
            };
            for field in fields.into_iter().filter(|field| field.labels.pii || field.labels.secret) {
                self.declare(&format!("{}.{}", def.name, field.name), field.labels, field.span);
            }
        }
        for (decl, resource) in pkg.resources.iter().zip(&self.bundle.resources) {
            if decl.labels.pii || decl.labels.secret {
                self.declare(&resource.name, decl.labels, decl.span);
            }
        }
        let mut sigs: Vec<_> = pkg.sigs.values().collect();
        sigs.sort_by_key(|sig| (sig.module, sig.index));
        for sig in sigs {
            for param in sig.params.iter().filter(|param| param.labels.pii || param.labels.secret) {
                self.declare(&param.name, param.labels, param.span);
            }
            let module = pkg.modules.get(sig.module);
            let place = module.zip(pkg.ast_item(sig)).map(|(module, item)| module.at.span(item.span));
            if let Some(place) = place.filter(|_| sig.ret_labels.pii || sig.ret_labels.secret) {
                self.declare(&sig.name, sig.ret_labels, place);
            }
        }
    }

    /// What is safe to assume about a value of which nothing is known.
    pub(crate) const fn anything(&self) -> Marks {
        self.anything
    }

    /// The origin of that name.
    pub(crate) fn declare(&mut self, name: &str, labels: Labels, span: Span) -> Origin {
        let next = Origin(u32::try_from(self.declared.len()).unwrap_or(u32::MAX));
        let origin = *self.by_name.entry(name.into()).or_insert(next);
        if origin == next {
            self.declared.push(Declared { name: name.into(), span });
        }
        self.anything.pii = self.anything.pii.or(labels.pii.then_some(origin));
        self.anything.secret = self.anything.secret.or(labels.secret.then_some(origin));
        origin
    }

    /// Where a label was declared.
    pub(crate) fn origin(&self, origin: Origin) -> Option<&Declared> {
        self.declared.get(origin.0 as usize)
    }

    /// The marks that labels add, under that name.
    fn marks_of(&self, labels: Labels, name: &str) -> Marks {
        let origin = || Some(self.by_name.get(name).copied().unwrap_or(Origin(0)));
        Marks {
            untrusted: !labels.trusted,
            pii: labels.pii.then(origin).flatten(),
            secret: labels.secret.then(origin).flatten(),
        }
    }

    fn look_inside(&self, ty: TypeId, done: &mut Vec<Option<Marks>>) -> Marks {
        if let Some(known) = done.get(ty.index()).copied().flatten() {
            return known;
        }
        let marks = match self.bundle.ty(ty) {
            Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => {
                self.look_inside(*item, done)
            }
            Type::Partial { record } => self.look_inside(*record, done),
            Type::Record(record) => self.look_into_fields(&record.name, &record.fields, done),
            Type::Enum(body) => {
                let fields: Vec<Field> =
                    body.variants.iter().flat_map(|variant| variant.fields.clone()).collect();
                // Which variant it is, is told by whoever made it.
                self.look_into_fields(&body.name, &fields, done).outside()
            }
            _ => Marks::OUTSIDE,
        };
        if let Some(place) = done.get_mut(ty.index()) {
            *place = Some(marks);
        }
        marks
    }

    fn look_into_fields(&self, owner: &str, fields: &[Field], done: &mut Vec<Option<Marks>>) -> Marks {
        let mut all = Marks::CLEAN;
        for field in fields {
            let own = self.marks_of(field.labels, &format!("{owner}.{}", field.name));
            let inner = self.look_inside(field.ty, done);
            let untrusted = own.untrusted && inner.untrusted;
            all = all.join(Marks { untrusted, ..own.join(inner) });
        }
        all
    }

    /// What is known about a value that has a declared type and labels, coming from outside.
    pub(crate) fn boundary(&self, labels: Labels, name: &str) -> Taint {
        Taint::Whole(self.marks_of(labels, name))
    }

    /// The same value in a place with declared labels.
    pub(crate) fn labelled(&self, taint: &Taint, labels: Labels, name: &str) -> Taint {
        let own = self.marks_of(labels, name).vouched();
        let taint = taint.add(own);
        if labels.trusted { taint.vouched() } else { taint }
    }

    /// The fields of a record, of a list of records, of an optional record.
    pub(crate) fn record(&self, ty: TypeId) -> Option<(TypeId, &'b SmolStr, &'b [Field])> {
        let mut at = ty;
        loop {
            match self.bundle.ty(at) {
                Type::Optional { item } | Type::List { item, .. } | Type::Map { item, .. } => at = *item,
                Type::Partial { record } => at = *record,
                Type::Record(record) => return Some((at, &record.name, &record.fields)),
                _ => return None,
            }
        }
    }

    /// Whether a value of the type says nothing but which of a few cases it is: `bool`, variants without payload.
    pub(crate) fn is_open(&self, ty: TypeId) -> bool {
        match self.bundle.ty(ty) {
            Type::Bool | Type::Nothing => true,
            Type::Optional { item } | Type::List { item, .. } => self.is_open(*item),
            Type::Enum(body) => body.variants.iter().all(|variant| variant.fields.is_empty()),
            _ => false,
        }
    }

    /// Marks of a value of that type, made from values with these.
    pub(crate) fn made(&self, ty: TypeId, marks: Marks) -> Marks {
        if self.is_open(ty) { marks.open() } else { marks }
    }

    /// A field of a value.
    pub(crate) fn field(&self, ty: TypeId, taint: &Taint, field: u32) -> Taint {
        match (taint, self.record(ty)) {
            (Taint::Parts(_, parts), _) => parts.get(field as usize).cloned().unwrap_or_default(),
            (Taint::Whole(marks), Some((_, owner, fields))) => fields
                .get(field as usize)
                .map_or_else(|| taint.clone(), |field| self.part(owner, field, *marks)),
            (Taint::Whole(_), None) => taint.clone(),
        }
    }

    fn part(&self, owner: &str, field: &Field, marks: Marks) -> Taint {
        let inherited = Taint::Whole(self.made(field.ty, marks));
        if field.labels == Labels::default() {
            return inherited;
        }
        self.labelled(&inherited, field.labels, &format!("{owner}.{}", field.name))
    }

    /// A field of a variant's payload.
    pub(crate) fn payload(&self, ty: TypeId, taint: &Taint, variant: u32, field: u32) -> Taint {
        let mut at = ty;
        while let Type::Optional { item } = self.bundle.ty(at) {
            at = *item;
        }
        let (Taint::Whole(marks), Type::Enum(body)) = (taint, self.bundle.ty(at)) else {
            return taint.clone();
        };
        let fields = body.variants.get(variant as usize).map(|variant| variant.fields.as_slice());
        let found = fields.and_then(|fields| fields.get(field as usize));
        found.map_or_else(|| taint.clone(), |field| self.part(&body.name, field, *marks))
    }

    /// What holds for the value as a whole.
    pub(crate) fn total(&self, ty: TypeId, taint: &Taint) -> Marks {
        match taint {
            Taint::Whole(marks) => {
                let inside = self.inside.get(ty.index()).copied().unwrap_or(Marks::OUTSIDE);
                let untrusted = marks.untrusted && inside.untrusted;
                Marks { untrusted, ..marks.join(inside) }
            }
            Taint::Parts(record, parts) => {
                let fields = self.record(*record).map_or(&[][..], |(_, _, fields)| fields);
                let of = |(field, part): (&Field, &Taint)| self.total(field.ty, part);
                fields.iter().zip(parts.iter()).map(of).fold(Marks::CLEAN, Marks::join)
            }
        }
    }

    /// What is known about each field of a record.
    fn spread(&self, record: TypeId, taint: &Taint) -> Arc<[Taint]> {
        match taint {
            Taint::Parts(_, parts) => Arc::clone(parts),
            Taint::Whole(_) => {
                let n_fields = self.record(record).map_or(0, |(_, _, fields)| fields.len());
                (0_u32..).take(n_fields).map(|field| self.field(record, taint, field)).collect()
            }
        }
    }

    /// What holds for a value that may be either.
    pub(crate) fn join(&self, a: &Taint, b: &Taint) -> Taint {
        self.combine(a, b, &Marks::join)
    }

    /// The first, trusted where either is.
    pub(crate) fn grant(&self, value: &Taint, by: &Taint) -> Taint {
        self.combine(value, by, &|own, by| Marks { untrusted: own.untrusted && by.untrusted, ..own })
    }

    fn combine(&self, a: &Taint, b: &Taint, how: &impl Fn(Marks, Marks) -> Marks) -> Taint {
        let record = match (a, b) {
            (Taint::Whole(a), Taint::Whole(b)) => return Taint::Whole(how(*a, *b)),
            (Taint::Parts(record, _), _) | (_, Taint::Parts(record, _)) => *record,
        };
        let (left, right) = (self.spread(record, a), self.spread(record, b));
        let parts = left.iter().zip(right.iter()).map(|(a, b)| self.combine(a, b, how));
        Taint::Parts(record, parts.collect())
    }

    /// The value with a change to the part at a path of fields.
    pub(crate) fn change(
        &self,
        ty: TypeId,
        taint: &Taint,
        path: &[u32],
        how: &impl Fn(&Taint) -> Taint,
    ) -> Taint {
        let Some((field, rest)) = path.split_first() else { return how(taint) };
        let Some((record, _, fields)) = self.record(ty) else { return taint.clone() };
        let mut parts: Vec<Taint> = self.spread(record, taint).to_vec();
        if let (Some(part), Some(field)) = (parts.get_mut(*field as usize), fields.get(*field as usize)) {
            *part = self.change(field.ty, part, rest, how);
        }
        Taint::Parts(record, parts.into())
    }
}
