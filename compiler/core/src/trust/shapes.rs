//! What types say about labels, and values followed field by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_diagnostics::Span;
use flow_grammar::ast::ItemKind;
use flow_ir::TypeId;
use flow_ir::bundle::Bundle;
use flow_ir::types::{Field, Labels, Type};
use smol_str::SmolStr;

use super::labels::{Marks, Origin, Taint};
use crate::names;
use crate::package::Package;
use crate::types::{DefBody, labels_of};

/// A name under which something is declared `pii` or `secret`.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// `Email.sender`, or the name of a parameter.
    pub(crate) name: SmolStr,
    /// Where: types first, then resources, then parameters and results, then nodes; files in their order.
    places: Vec<Declaration>,
    /// Where it is declared first, if that is in no file of this look.
    elsewhere: Option<Span>,
}

/// One place where a name is declared.
#[derive(Clone, Copy, Debug)]
struct Declaration {
    rank: Rank,
    /// Row of the module.
    row: u32,
    span: Span,
    labels: Labels,
}

/// What declares a name; those before are meant first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rank {
    Type,
    Resource,
    Callable,
    Node,
}

/// The types of a Bundle with their labels.
pub(crate) struct Shapes<'b> {
    bundle: &'b Bundle,
    /// By `Origin`, sorted by name: which of two labels a message mentions depends on no file but theirs.
    declared: Vec<Declared>,
    /// By type: labels somewhere inside, and whether some part is not declared `trusted`.
    inside: Vec<Marks>,
}

impl<'b> Shapes<'b> {
    /// Reads the labels of all types. `elsewhere` are names that other files know, with their places.
    pub(crate) fn new(
        bundle: &'b Bundle,
        pkg: &Package<'_>,
        elsewhere: impl Iterator<Item = (SmolStr, Span)>,
    ) -> Self {
        let mut names = Names::default();
        names.collect(bundle, pkg);
        for (name, span) in elsewhere {
            names.entry(&name).elsewhere = Some(span);
        }
        let mut shapes = Self { bundle, declared: names.0.into_values().collect(), inside: Vec::new() };
        // Types are interned inner ones first only for the most part, so each is looked at on demand.
        let mut done: Vec<Option<Marks>> = vec![None; bundle.types.len()];
        for id in (0_u32..).take(bundle.types.len()) {
            shapes.look_inside(TypeId(id), &mut done);
        }
        shapes.inside = done.into_iter().map(Option::unwrap_or_default).collect();
        shapes
    }

    /// What is safe to assume about a value of which nothing is known, in a module that sees those of `is_seen`.
    pub(crate) fn anything(&self, is_seen: impl Fn(u32) -> bool) -> Marks {
        let mut marks = Marks::OUTSIDE;
        for (origin, declared) in (0_u32..).zip(&self.declared) {
            for place in declared.places.iter().filter(|place| is_seen(place.row)) {
                marks.pii = marks.pii.or(place.labels.pii.then_some(Origin(origin)));
                marks.secret = marks.secret.or(place.labels.secret.then_some(Origin(origin)));
            }
        }
        marks
    }

    /// The name of a label, and where it is declared as a module sees it that sees those of `is_seen`.
    pub(crate) fn declared(
        &self,
        origin: Origin,
        module: u32,
        is_seen: impl Fn(u32) -> bool,
    ) -> Option<(&SmolStr, Option<Span>)> {
        let declared = self.declared.get(origin.0 as usize)?;
        let find = |wanted: &dyn Fn(u32) -> bool| declared.places.iter().find(|place| wanted(place.row));
        let near = find(&|row| row == module).or_else(|| find(&is_seen)).map(|place| place.span);
        let first = || declared.places.first().map(|place| place.span);
        Some((&declared.name, near.or(declared.elsewhere).or_else(first)))
    }

    /// The name of a label.
    pub(crate) fn name(&self, origin: Origin) -> Option<&SmolStr> {
        self.declared.get(origin.0 as usize).map(|declared| &declared.name)
    }

    /// The label of that name.
    pub(crate) fn origin(&self, name: &str) -> Option<Origin> {
        let found = self.declared.binary_search_by(|declared| declared.name.as_str().cmp(name));
        found.ok().and_then(|at| u32::try_from(at).ok()).map(Origin)
    }

    /// The names that a module declares.
    pub(crate) fn declared_by(&self, module: u32) -> impl Iterator<Item = (&SmolStr, Rank, Span)> {
        self.declared.iter().flat_map(move |declared| {
            let own = declared.places.iter().filter(move |place| place.row == module);
            own.map(|place| (&declared.name, place.rank, place.span))
        })
    }

    /// The marks that labels add, under that name.
    fn marks_of(&self, labels: Labels, name: &str) -> Marks {
        let origin = || Some(self.origin(name).unwrap_or(Origin(0)));
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

/// Names so far.
#[derive(Default)]
struct Names(BTreeMap<SmolStr, Declared>);

impl Names {
    fn entry(&mut self, name: &SmolStr) -> &mut Declared {
        let new = || Declared { name: name.clone(), places: Vec::new(), elsewhere: None };
        self.0.entry(name.clone()).or_insert_with(new)
    }

    fn add(&mut self, name: &SmolStr, labels: Labels, rank: Rank, (row, span): (u32, Span)) {
        if labels.pii || labels.secret {
            self.entry(name).places.push(Declaration { rank, row, span, labels });
        }
    }

    fn collect(&mut self, bundle: &Bundle, pkg: &Package<'_>) {
        for def in &pkg.defs {
            let fields: Vec<_> = match &def.body {
                DefBody::Record(fields) => fields.iter().collect(),
                DefBody::Enum(body) => body.variants.iter().flat_map(|variant| &variant.fields).collect(),
                DefBody::Poison | DefBody::Alias(_, _) => Vec::new(),
            };
            for field in fields.into_iter().filter(|field| field.labels.pii || field.labels.secret) {
                let name = format!("{}.{}", def.name, field.name).into();
                self.add(&name, field.labels, Rank::Type, (def.module, field.span));
            }
        }
        for (decl, resource) in pkg.resources.iter().zip(&bundle.resources) {
            self.add(&resource.name, decl.labels, Rank::Resource, (decl.module, decl.span));
        }
        let mut sigs: Vec<_> = pkg.sigs.values().collect();
        sigs.sort_by_key(|sig| (sig.module, sig.index));
        for sig in sigs {
            let row = u32::try_from(sig.module).unwrap_or(u32::MAX);
            for param in &sig.params {
                self.add(&param.name, param.labels, Rank::Callable, (row, param.span));
            }
            let module = pkg.modules.get(sig.module);
            let place = module.zip(pkg.ast_item(sig)).map(|(module, item)| module.at.span(item.span));
            self.add(&sig.name, sig.ret_labels, Rank::Callable, (row, place.unwrap_or_default()));
        }
        self.collect_nodes(pkg);
    }

    /// Parameters of nodes.
    fn collect_nodes(&mut self, pkg: &Package<'_>) {
        for module in &pkg.modules {
            let flows = module.file.items.iter().filter_map(|item| match &item.kind {
                ItemKind::Flow(flow) => Some(flow),
                _ => None,
            });
            let names = names::Names { at: module.at, module, modules: &pkg.modules, out: &mut Vec::new() };
            for param in flows.flat_map(|flow| &flow.nodes).flat_map(|node| node.params.iter().flatten()) {
                let labels = labels_of(&names, &pkg.defs, &param.ty);
                let place = (module.row, module.at.span(param.name.span));
                self.add(&param.name.text, labels, Rank::Node, place);
            }
        }
    }
}
