//! How large a value can be when a prompt prints it.
//!
//! Expressions of the Bundle know the shape of their values, not their bounds; those are on slots, parameters,
//! fields and results. So a [`Shape`] follows the values from there through the library: `.take(6)`, `.cut(200)`,
//! `.join(", ")`. What is not followed counts as its type says.

mod expr;
mod print;
mod weight;

use std::rc::Rc;

use flow_ir::flow::Flow;
use flow_ir::types::{ListSize, Type};
use flow_ir::{Bundle, LocalId, TypeId};
use smol_str::SmolStr;

pub(super) use expr::Hole;
pub(super) use weight::Weight;

/// A value as far as its size goes.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// As large as its type allows.
    Of(TypeId),
    /// A text.
    Text(Weight),
    /// A list.
    List {
        /// The largest element.
        item: Rc<Shape>,
        /// Most elements; `u64::MAX` is no bound.
        count: u64,
        /// Most tokens of all elements together.
        tokens: Option<u64>,
    },
    /// A record of this type with these fields.
    Record(TypeId, Rc<[Shape]>),
}

/// Where expressions are sized.
#[derive(Clone, Debug)]
pub(super) struct Sizer<'b> {
    pub(super) bundle: &'b Bundle,
    /// By slot; shared, because every binder makes a frame of its own.
    slots: Rc<[Shape]>,
    /// What slots are called.
    slot_names: Rc<[SmolStr]>,
    /// Binders of lambdas, `let` and `each`.
    locals: Vec<(LocalId, Shape)>,
    /// Binders over lists with a bound in tokens: what all elements have together.
    totals: Vec<(LocalId, u64)>,
    /// What binders go over.
    names: Vec<(LocalId, String, Option<u32>)>,
}

impl<'b> Sizer<'b> {
    /// In a frame whose slots hold these values.
    pub(super) fn new(bundle: &'b Bundle, slots: Vec<Shape>, slot_names: Vec<SmolStr>) -> Self {
        let (locals, totals, names) = (Vec::new(), Vec::new(), Vec::new());
        Self { bundle, slots: slots.into(), slot_names: slot_names.into(), locals, totals, names }
    }

    /// In a flow: its slots hold what their types say. One is enough for all its nodes.
    pub(super) fn of_flow(bundle: &'b Bundle, flow: &Flow) -> Self {
        let shapes = flow.slots.iter().map(|slot| Shape::Of(slot.ty)).collect();
        Self::new(bundle, shapes, flow.slots.iter().map(|slot| slot.name.clone()).collect())
    }

    /// The same with one more binder.
    pub(super) fn with(&self, local: LocalId, shape: Shape) -> Self {
        let mut inner = self.clone();
        inner.locals.push((local, shape));
        inner
    }

    /// What is inside of `T?`.
    fn present(&self, ty: TypeId) -> TypeId {
        match self.bundle.ty(ty) {
            Type::Optional { item } => self.present(*item),
            _ => ty,
        }
    }

    /// The element, the most elements, the most tokens of a list.
    pub(super) fn list(&self, shape: &Shape) -> Option<(Rc<Shape>, u64, Option<u64>)> {
        match shape {
            Shape::List { item, count, tokens } => Some((Rc::clone(item), *count, *tokens)),
            Shape::Of(ty) => match self.bundle.ty(self.present(*ty)) {
                Type::List { item, size } | Type::Map { item, size } => {
                    let ListSize { max, max_tokens, .. } = *size;
                    Some((Rc::new(Shape::Of(*item)), max.unwrap_or(u64::MAX), max_tokens))
                }
                _ => None,
            },
            Shape::Text(_) | Shape::Record(..) => None,
        }
    }

    fn field(&self, shape: &Shape, position: usize) -> Option<Shape> {
        match shape {
            Shape::Record(_, fields) => fields.get(position).cloned(),
            Shape::Of(ty) => match self.bundle.ty(self.present(*ty)) {
                Type::Record(record) => record.fields.get(position).map(|field| Shape::Of(field.ty)),
                Type::Partial { record } => self.field(&Shape::Of(*record), position),
                _ => None,
            },
            Shape::Text(_) | Shape::List { .. } => None,
        }
    }

    fn payload(&self, shape: &Shape, variant: usize, position: usize) -> Option<Shape> {
        let Shape::Of(ty) = shape else { return None };
        match self.bundle.ty(self.present(*ty)) {
            Type::Enum(it) => {
                let field = it.variants.get(variant)?.fields.get(position)?;
                Some(Shape::Of(field.ty))
            }
            _ => None,
        }
    }

    /// The smaller of what was passed and what may be passed.
    pub(super) fn narrower(&self, passed: Shape, declared: TypeId) -> Shape {
        let allowed = Shape::Of(declared);
        if self.json(&passed).nominal() <= self.json(&allowed).nominal() { passed } else { allowed }
    }

    /// Large enough for both.
    fn either(&self, a: Shape, b: Shape) -> Shape {
        if let (Some((item_a, count_a, tokens_a)), Some((item_b, count_b, tokens_b))) =
            (self.list(&a), self.list(&b))
        {
            let item = Rc::new(self.either((*item_a).clone(), (*item_b).clone()));
            let tokens = match (tokens_a, tokens_b, count_a, count_b) {
                (Some(a), Some(b), _, _) => Some(a.max(b)),
                (Some(a), None, _, 0) | (None, Some(a), 0, _) => Some(a),
                _ => None,
            };
            return Shape::List { item, count: count_a.max(count_b), tokens };
        }
        match (&a, &b) {
            (Shape::Of(left), Shape::Of(right)) if left == right => a,
            (Shape::Text(_), _) | (_, Shape::Text(_)) => {
                Shape::Text(self.printed(&a).largest(self.printed(&b)))
            }
            _ if self.json(&a).nominal() >= self.json(&b).nominal() => a,
            _ => b,
        }
    }
}
