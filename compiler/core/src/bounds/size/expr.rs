//! Shapes of expressions, and the weight of templates.

use std::rc::Rc;

use flow_ir::expr::{Arith, Builtin, Const, Encoding, ErrorFact, Expr, ExprKind, Lambda, Part, RunFact};
use flow_ir::tokens::{LONGEST_SEAM, count, seam};
use flow_ir::types::Type;

use super::{Shape, Sizer, Weight};

/// What a hole adds to a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::bounds) struct Hole {
    /// As it would be written: `mail.body`.
    pub(in crate::bounds) name: String,
    /// The slot it is made of, if it is made of one.
    pub(in crate::bounds) slot: Option<u32>,
    /// All times that it is printed.
    pub(in crate::bounds) weight: Weight,
}

impl Sizer<'_> {
    /// How large the value of an expression can be.
    pub(in crate::bounds) fn shape(&self, expr: &Expr) -> Shape {
        match &expr.kind {
            ExprKind::Const(Const::Text(text)) => Shape::Text(Weight::tokens(count(text))),
            ExprKind::Const(Const::None) => Shape::Text(Weight::tokens(2)),
            ExprKind::Slot(slot) => self.slots.get(slot.index()).cloned().unwrap_or(Shape::Of(expr.ty)),
            ExprKind::Local(local) => {
                let found = self.locals.iter().rev().find(|(known, _)| known == local);
                found.map_or(Shape::Of(expr.ty), |(_, shape)| shape.clone())
            }
            ExprKind::Field { base, field } => {
                self.field(&self.shape(base), *field as usize).unwrap_or(Shape::Of(expr.ty))
            }
            ExprKind::Payload { base, variant, field } => {
                let payload = self.payload(&self.shape(base), *variant as usize, *field as usize);
                payload.unwrap_or(Shape::Of(expr.ty))
            }
            ExprKind::Record(fields) => {
                Shape::Record(expr.ty, fields.iter().map(|field| self.shape(field)).collect())
            }
            ExprKind::List(items) => self.literal(items),
            ExprKind::Call { function, .. } => {
                let function = self.bundle.functions.get(function.index());
                function.map_or(Shape::Of(expr.ty), |function| Shape::Of(function.ret))
            }
            ExprKind::Builtin { op, args, lambda } => self.builtin(expr, *op, args, lambda.as_deref()),
            ExprKind::Arith(Arith::Add, a, b) => self.sum(expr, a, b),
            ExprKind::If(_, then, otherwise) => self.either(self.shape(then), self.shape(otherwise)),
            ExprKind::Let { local, value, body } => self.with(*local, self.shape(value)).shape(body),
            ExprKind::Template(parts) => Shape::Text(self.parts(parts, 1, &mut Vec::new())),
            ExprKind::Convert(inner) if self.is_sized(expr) => self.shape(inner),
            ExprKind::RunFact(fact) => match fact {
                RunFact::Id | RunFact::Tenant | RunFact::User => Shape::Text(Weight::chars(200)),
                RunFact::Started | RunFact::Now => Shape::Text(Weight::tokens(24)),
                RunFact::Cost | RunFact::Left | RunFact::Elapsed | RunFact::Tokens => Shape::Of(expr.ty),
            },
            ExprKind::ErrorFact(ErrorFact::Class) => Shape::Text(Weight::tokens(2)),
            ExprKind::Const(_)
            | ExprKind::NodeFact(..)
            | ExprKind::ErrorFact(_)
            | ExprKind::Variant { .. }
            | ExprKind::Neg(_)
            | ExprKind::Not(_)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Arith(..)
            | ExprKind::Compare(..)
            | ExprKind::Is { .. }
            | ExprKind::Convert(_) => Shape::Of(expr.ty),
        }
    }

    /// Whether values of the type have a size that a conversion keeps.
    fn is_sized(&self, expr: &Expr) -> bool {
        let inner = self.bundle.ty(self.present(expr.ty));
        matches!(inner, Type::Text { .. } | Type::List { .. } | Type::Record(_) | Type::Enum(_))
    }

    fn literal(&self, items: &[Expr]) -> Shape {
        let mut shapes = items.iter().map(|item| self.shape(item));
        let Some(first) = shapes.next() else {
            let item = Rc::new(Shape::Text(Weight::ZERO));
            return Shape::List { item, count: 0, tokens: Some(0) };
        };
        let item = Rc::new(shapes.fold(first, |all, next| self.either(all, next)));
        Shape::List { item, count: items.len() as u64, tokens: None }
    }

    fn sum(&self, expr: &Expr, a: &Expr, b: &Expr) -> Shape {
        let (a, b) = (self.shape(a), self.shape(b));
        match (self.bundle.ty(expr.ty), self.list(&a), self.list(&b)) {
            (Type::Text { .. }, _, _) => {
                Shape::Text(self.printed(&a).plus(self.printed(&b)).plus(Weight::tokens(LONGEST_SEAM)))
            }
            (Type::List { .. }, Some((left, n, s)), Some((right, m, t))) => Shape::List {
                item: Rc::new(self.either((*left).clone(), (*right).clone())),
                count: n.saturating_add(m),
                tokens: s.zip(t).map(|(s, t)| s.saturating_add(t)),
            },
            _ => Shape::Of(expr.ty),
        }
    }

    fn builtin(&self, expr: &Expr, op: Builtin, args: &[Expr], lambda: Option<&Lambda>) -> Shape {
        let fallback = Shape::Of(expr.ty);
        let Some(receiver) = args.first() else { return fallback };
        let from = self.shape(receiver);
        let number = args.get(1).and_then(constant);
        let list = self.list(&from);
        match (op, list) {
            (Builtin::Take | Builtin::TakeLast, Some((item, count, tokens))) => {
                Shape::List { item, count: number.map_or(count, |n| n.min(count)), tokens }
            }
            (Builtin::TakeTokens | Builtin::TakeLastTokens, Some((item, count, tokens))) => {
                let tokens = number.into_iter().chain(tokens).min();
                Shape::List { item, count, tokens }
            }
            (
                Builtin::Filter
                | Builtin::Unique
                | Builtin::SortBy
                | Builtin::Reverse
                | Builtin::Drop
                | Builtin::Present,
                Some((item, count, tokens)),
            ) => Shape::List { item, count, tokens },
            (Builtin::Map, Some((item, count, tokens))) => {
                let Some(lambda) = lambda else { return fallback };
                let count = self.at_most(&item, count, tokens);
                let item = self.with(lambda.param, (*item).clone()).shape(&lambda.body);
                Shape::List { item: Rc::new(item), count, tokens: None }
            }
            (Builtin::First | Builtin::Last | Builtin::At | Builtin::Get, Some((item, _, tokens))) => {
                self.one_of(item, tokens)
            }
            (Builtin::Join, Some((item, count, tokens))) => self.joined(&item, count, tokens, args.get(1)),
            (Builtin::Flat, Some((item, count, _))) => match self.list(&item) {
                Some((inner, each, _)) => {
                    Shape::List { item: inner, count: count.saturating_mul(each), tokens: None }
                }
                None => fallback,
            },
            _ => self.text_builtin(op, &from, (args, number), fallback),
        }
    }

    /// One element is at most as large as all of them together.
    fn one_of(&self, item: Rc<Shape>, tokens: Option<u64>) -> Shape {
        match tokens {
            Some(tokens) if self.is_text(&item) => {
                Shape::Text(self.printed(&item).smallest(Weight::tokens(tokens)))
            }
            _ => (*item).clone(),
        }
    }

    fn joined(&self, item: &Shape, count: u64, tokens: Option<u64>, separator: Option<&Expr>) -> Shape {
        let between = separator.map_or(Weight::ZERO, |it| self.printed(&self.shape(it)));
        let between = between.plus(Weight::tokens(LONGEST_SEAM));
        let count = self.at_most(item, count, tokens);
        let each = self.printed(item).plus(between).times(count);
        let measured = tokens.map(|tokens| Weight::tokens(tokens).plus(between.times(count)));
        Shape::Text(measured.map_or(each, |measured| each.smallest(measured)))
    }

    fn text_builtin(
        &self,
        op: Builtin,
        from: &Shape,
        (args, number): (&[Expr], Option<u64>),
        fallback: Shape,
    ) -> Shape {
        let own = self.printed(from);
        match op {
            Builtin::Cut => Shape::Text(number.map_or(own, |n| own.smallest(Weight::chars(n)))),
            Builtin::CutTokens => Shape::Text(number.map_or(own, |n| own.smallest(Weight::tokens(n)))),
            Builtin::Trim | Builtin::ToText => Shape::Text(own),
            // A letter may become up to three.
            Builtin::Lower | Builtin::Upper => Shape::Text(own.times(3)),
            Builtin::Replace if shrinks(args) => Shape::Text(own),
            Builtin::Replace => Shape::Text(Weight::UNBOUNDED),
            Builtin::ToJson => Shape::Text(self.json(from)),
            Builtin::Split | Builtin::Lines => {
                let tokens = Some(own.nominal()).filter(|_| own.is_bounded());
                Shape::List { item: Rc::new(Shape::Text(own)), count: u64::MAX, tokens }
            }
            Builtin::Or => match args.get(1) {
                Some(other) => self.either(from.clone(), self.shape(other)),
                None => from.clone(),
            },
            Builtin::VariantName | Builtin::VariantDoc => self.described(from, op),
            Builtin::Clamp | Builtin::Round | Builtin::Floor | Builtin::Ceil | Builtin::Abs => fallback,
            _ => fallback,
        }
    }

    fn described(&self, from: &Shape, op: Builtin) -> Shape {
        let Shape::Of(ty) = from else { return Shape::Text(Weight::UNBOUNDED) };
        let Type::Enum(it) = self.bundle.ty(self.present(*ty)) else {
            return Shape::Text(Weight::UNBOUNDED);
        };
        let texts = it.variants.iter().map(|variant| match op {
            Builtin::VariantDoc => count(&variant.doc),
            _ => count(&variant.wire),
        });
        Shape::Text(Weight::tokens(texts.max().unwrap_or(0)))
    }

    /// All that a template prints, `times` over; its holes are added to `holes`.
    pub(in crate::bounds) fn parts(&self, parts: &[Part], times: u64, holes: &mut Vec<Hole>) -> Weight {
        let mut total = Weight::ZERO;
        let mut edge = Edge::Nothing;
        for part in parts {
            let (weight, joins) = match part {
                Part::Text(text) => {
                    let joins = edge.meets(text.chars().next());
                    edge = text.chars().next_back().map_or(edge, Edge::Letter);
                    (Weight::tokens(count(text)).times(times), joins)
                }
                Part::Hole(expr, encoding) => {
                    let joins = edge.meets(None);
                    edge = Edge::Unknown;
                    (self.hole(expr, *encoding, times, holes), joins)
                }
                Part::Each { local, list, body } => {
                    let joins = edge.meets(None).saturating_add(LONGEST_SEAM);
                    edge = Edge::Unknown;
                    (self.each(*local, list, body, times, holes), joins)
                }
                Part::If { then, otherwise, .. } => {
                    let joins = edge.meets(None);
                    edge = Edge::Unknown;
                    let one = self.parts(then, times, holes);
                    (one.largest(self.parts(otherwise, times, holes)), joins)
                }
            };
            total = total.plus(weight).plus(Weight::tokens(joins).times(times));
        }
        total
    }

    fn hole(&self, expr: &Expr, encoding: Encoding, times: u64, holes: &mut Vec<Hole>) -> Weight {
        let shape = self.shape(expr);
        let once = match encoding {
            Encoding::Json => self.json(&shape),
            Encoding::Plain | Encoding::Url | Encoding::Line => self.printed(&shape),
        };
        let mut weight = once.times(times);
        // Texts of the elements of a list with a bound in tokens have that bound together.
        if let Some(tokens) = self.shared(expr) {
            let all = Weight::tokens(tokens.saturating_add(times));
            weight = weight.smallest(all);
        }
        let (name, slot) = self.named(expr);
        holes.push(Hole { name, slot, weight });
        weight
    }

    fn each(
        &self,
        local: flow_ir::LocalId,
        list: &Expr,
        body: &[Part],
        times: u64,
        holes: &mut Vec<Hole>,
    ) -> Weight {
        let shape = self.shape(list);
        let Some((item, count, tokens)) = self.list(&shape) else { return Weight::UNBOUNDED };
        let count = self.at_most(&item, count, tokens);
        let mut inner = self.with(local, (*item).clone());
        if let Some(tokens) = tokens {
            inner.totals.push((local, tokens.saturating_mul(times)));
        }
        let (owner, slot) = self.named(list);
        inner.names.push((local, owner, slot));
        let seams = Weight::tokens(LONGEST_SEAM).times(count.saturating_mul(times));
        inner.parts(body, times.saturating_mul(count), holes).plus(seams)
    }

    /// The tokens that all texts of this hole have together, if they come from such a list.
    fn shared(&self, expr: &Expr) -> Option<u64> {
        match &expr.kind {
            ExprKind::Local(local) => {
                self.totals.iter().rev().find(|(known, _)| known == local).map(|(_, tokens)| *tokens)
            }
            ExprKind::Field { base, .. } | ExprKind::Payload { base, .. } | ExprKind::Convert(base) => {
                self.shared(base)
            }
            _ => None,
        }
    }

    /// How an expression is written, as far as it is a path, and the slot it starts from.
    pub(in crate::bounds) fn named(&self, expr: &Expr) -> (String, Option<u32>) {
        match &expr.kind {
            ExprKind::Slot(slot) => {
                let name = self.slot_names.get(slot.index()).map(ToString::to_string);
                (name.unwrap_or_default(), Some(slot.0))
            }
            ExprKind::Local(local) => {
                let found = self.names.iter().rev().find(|(known, _, _)| known == local);
                found.map(|(_, name, slot)| (name.clone(), *slot)).unwrap_or_default()
            }
            ExprKind::Field { base, field } => {
                let (name, slot) = self.named(base);
                match self.field_name(base, *field as usize) {
                    Some(field) if !name.is_empty() => (format!("{name}.{field}"), slot),
                    _ => (name, slot),
                }
            }
            ExprKind::Payload { base, .. } | ExprKind::Convert(base) => self.named(base),
            ExprKind::Builtin { args, .. } => args.first().map(|first| self.named(first)).unwrap_or_default(),
            _ => (String::new(), None),
        }
    }

    fn field_name(&self, base: &Expr, position: usize) -> Option<String> {
        let ty = match self.shape(base) {
            Shape::Of(ty) | Shape::Record(ty, _) => self.present(ty),
            Shape::Text(_) | Shape::List { .. } => return None,
        };
        match self.bundle.ty(ty) {
            Type::Record(record) => record.fields.get(position).map(|field| field.name.to_string()),
            Type::Partial { record } => match self.bundle.ty(*record) {
                Type::Record(record) => record.fields.get(position).map(|field| field.name.to_string()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a template ended with so far.
#[derive(Clone, Copy)]
enum Edge {
    Nothing,
    Letter(char),
    Unknown,
}

impl Edge {
    /// What joining the next part can add; `next` is its first letter, if it is known.
    const fn meets(self, next: Option<char>) -> u64 {
        match (self, next) {
            (Self::Nothing, _) => 0,
            (Self::Letter(letter), _) | (Self::Unknown, Some(letter)) => seam(letter),
            (Self::Unknown, None) => LONGEST_SEAM,
        }
    }
}

fn constant(expr: &Expr) -> Option<u64> {
    match &expr.kind {
        ExprKind::Const(Const::Int(n)) => u64::try_from(*n).ok(),
        ExprKind::Const(Const::Tokens(n)) => Some(*n),
        ExprKind::Convert(inner) => constant(inner),
        _ => None,
    }
}

/// Whether `.replace(from, to)` never makes a text longer.
fn shrinks(args: &[Expr]) -> bool {
    let text = |expr: &Expr| match &expr.kind {
        ExprKind::Const(Const::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let pair = args.get(1).and_then(text).zip(args.get(2).and_then(text));
    pair.is_some_and(|(from, to)| to.is_empty() && !from.is_empty())
}
