//! Labels of expressions.

use flow_ir::LocalId;
use flow_ir::expr::{Builtin, ErrorFact, Expr, ExprKind, Lambda, NodeFact, Part};
use flow_ir::types::Type;

use super::Analysis;
use super::labels::{Marks, Taint};
use crate::graph::Trie;

/// What is known about every slot of a frame. Behind the slots: what nodes sent, then the error.
pub(crate) type State = Trie<Taint>;

/// Where an expression is looked at.
pub(crate) struct Env<'s> {
    pub(crate) state: &'s State,
    /// How many slots the frame has.
    pub(crate) n_slots: u32,
    /// How many nodes.
    pub(crate) n_nodes: u32,
    pub(crate) locals: Vec<(LocalId, Taint)>,
}

impl<'s> Env<'s> {
    /// A frame that has slots only.
    pub(crate) fn of_args(state: &'s State, n_slots: usize) -> Self {
        Self { state, n_slots: u32::try_from(n_slots).unwrap_or(u32::MAX), n_nodes: 0, locals: Vec::new() }
    }

    fn get(&self, key: u32) -> Taint {
        self.state.get(key).cloned().unwrap_or_default()
    }

    /// Where it is kept what a node sent to a model.
    pub(crate) const fn sent(&self, node: u32) -> u32 {
        self.n_slots.saturating_add(node)
    }

    /// Where the error is kept.
    pub(crate) const fn error(&self) -> u32 {
        self.n_slots.saturating_add(self.n_nodes)
    }
}

/// Slots filled with arguments.
pub(crate) fn frame(args: &[Taint]) -> State {
    let mut state = State::default();
    for (slot, taint) in (0_u32..).zip(args) {
        state.insert(slot, taint.clone());
    }
    state
}

impl Analysis<'_> {
    /// What is known about the value of an expression.
    pub(crate) fn eval(&mut self, expr: &Expr, env: &mut Env<'_>) -> Taint {
        match &expr.kind {
            ExprKind::Const(_) | ExprKind::RunFact(_) => Taint::default(),
            ExprKind::Slot(slot) => env.get(slot.0),
            ExprKind::Local(local) => {
                let found = env.locals.iter().rev().find(|(other, _)| other == local);
                found.map(|(_, taint)| taint.clone()).unwrap_or_default()
            }
            ExprKind::NodeFact(fact, node) => match fact {
                NodeFact::Messages => env.get(env.sent(node.0)).map(&Marks::outside),
                NodeFact::Confidence => Marks::OUTSIDE.into(),
                NodeFact::Cost | NodeFact::Latency | NodeFact::By | NodeFact::Degraded => Taint::default(),
            },
            ExprKind::ErrorFact(fact) => match fact {
                ErrorFact::Message => env.get(env.error()).map(&Marks::outside),
                ErrorFact::Class | ErrorFact::Node | ErrorFact::Attempt => Taint::default(),
            },
            ExprKind::Field { base, field } => {
                let value = self.eval(base, env);
                self.shapes.field(base.ty, &value, *field)
            }
            ExprKind::Payload { base, variant, field } => {
                let value = self.eval(base, env);
                self.shapes.payload(base.ty, &value, *variant, *field)
            }
            ExprKind::Record(fields) => self.record(expr, fields, env),
            ExprKind::Variant { variant, fields } => self.variant(expr, *variant, fields, env),
            ExprKind::List(items) => {
                let mut all: Option<Taint> = None;
                for item in items {
                    let taint = self.eval(item, env);
                    all = Some(all.map_or_else(|| taint.clone(), |all| self.shapes.join(&all, &taint)));
                }
                all.unwrap_or_default()
            }
            ExprKind::Call { function, args } => {
                let args = self.eval_all(args, env);
                self.function(*function, &args)
            }
            ExprKind::Builtin { op, args, lambda } => self.builtin(expr, *op, args, lambda.as_deref(), env),
            ExprKind::Convert(inner) => self.convert(expr, inner, env),
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.total_of(condition, env).open();
                let (then, otherwise) = (self.eval(then, env), self.eval(otherwise, env));
                self.shapes.join(&then, &otherwise).add(condition)
            }
            ExprKind::Let { local, value, body } => {
                let value = self.eval(value, env);
                self.with_local(*local, value, body, env)
            }
            ExprKind::Template(parts) => Taint::Whole(self.template(parts, env)),
            ExprKind::Neg(inner) | ExprKind::Not(inner) => self.computed(expr, &[inner], env),
            ExprKind::Is { value, .. } => self.computed(expr, &[value], env),
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Arith(_, left, right)
            | ExprKind::Compare(_, left, right) => self.computed(expr, &[left, right], env),
        }
    }

    /// What is known about each of several values.
    pub(crate) fn eval_all(&mut self, exprs: &[Expr], env: &mut Env<'_>) -> Vec<Taint> {
        exprs.iter().map(|expr| self.eval(expr, env)).collect()
    }

    /// What holds for the value of an expression as a whole.
    pub(crate) fn total_of(&mut self, expr: &Expr, env: &mut Env<'_>) -> Marks {
        let taint = self.eval(expr, env);
        self.shapes.total(expr.ty, &taint)
    }

    fn with_local(&mut self, local: LocalId, value: Taint, body: &Expr, env: &mut Env<'_>) -> Taint {
        env.locals.push((local, value));
        let taint = self.eval(body, env);
        env.locals.pop();
        taint
    }

    /// A value computed from others, of which nothing but its type is left.
    fn computed(&mut self, expr: &Expr, from: &[&Expr], env: &mut Env<'_>) -> Taint {
        if matches!(self.bundle.ty(expr.ty), Type::List { .. }) {
            let taints: Vec<Taint> = from.iter().map(|expr| self.eval(expr, env)).collect();
            let mut all = taints.into_iter();
            let first = all.next().unwrap_or_default();
            return all.fold(first, |all, next| self.shapes.join(&all, &next));
        }
        let mut marks = Marks::CLEAN;
        for part in from {
            marks = marks.join(self.total_of(part, env));
        }
        Taint::Whole(self.shapes.made(expr.ty, marks))
    }

    fn record(&mut self, expr: &Expr, values: &[Expr], env: &mut Env<'_>) -> Taint {
        let Some((record, owner, fields)) = self.shapes.record(expr.ty) else {
            return self.computed(expr, &values.iter().collect::<Vec<_>>(), env);
        };
        let mut parts = Vec::with_capacity(values.len());
        for (value, field) in values.iter().zip(fields) {
            let taint = self.eval(value, env);
            let name = format!("{owner}.{}", field.name);
            self.demand(field, &name, value, &taint);
            parts.push(self.shapes.labelled(&taint, field.labels, &name));
        }
        Taint::Parts(record, parts.into())
    }

    fn variant(&mut self, expr: &Expr, variant: u32, values: &[Expr], env: &mut Env<'_>) -> Taint {
        let Type::Enum(body) = self.bundle.ty(expr.ty) else {
            return self.computed(expr, &values.iter().collect::<Vec<_>>(), env);
        };
        let fields = body.variants.get(variant as usize).map_or(&[][..], |variant| variant.fields.as_slice());
        let mut marks = Marks::CLEAN;
        for (value, field) in values.iter().zip(fields) {
            let taint = self.eval(value, env);
            let name = format!("{}.{}", body.name, field.name);
            self.demand(field, &name, value, &taint);
            let taint = self.shapes.labelled(&taint, field.labels, &name);
            marks = marks.join(self.shapes.total(field.ty, &taint));
        }
        Taint::Whole(marks)
    }

    fn convert(&mut self, expr: &Expr, inner: &Expr, env: &mut Env<'_>) -> Taint {
        let taint = self.eval(inner, env);
        match self.shapes.record(expr.ty) {
            Some(_) => taint,
            None => match taint {
                Taint::Whole(_) if self.shapes.record(inner.ty).is_none() => taint,
                _ => Taint::Whole(self.shapes.total(inner.ty, &taint)),
            },
        }
    }

    /// What the text of a template holds.
    pub(crate) fn template(&mut self, parts: &[Part], env: &mut Env<'_>) -> Marks {
        let mut marks = Marks::CLEAN;
        for part in parts {
            marks = marks.join(match part {
                Part::Text(_) => Marks::CLEAN,
                Part::Hole(expr, _) => self.total_of(expr, env),
                Part::Each { local, list, body } => {
                    let item = self.eval(list, env);
                    let trust = self.shapes.total(list.ty, &item).open();
                    env.locals.push((*local, item));
                    let body = self.template(body, env);
                    env.locals.pop();
                    body.join(trust)
                }
                Part::If { condition, then, otherwise } => {
                    let condition = self.total_of(condition, env).open();
                    condition.join(self.template(then, env)).join(self.template(otherwise, env))
                }
            });
        }
        marks
    }

    fn builtin(
        &mut self,
        expr: &Expr,
        op: Builtin,
        args: &[Expr],
        lambda: Option<&Lambda>,
        env: &mut Env<'_>,
    ) -> Taint {
        let taints = self.eval_all(args, env);
        let receiver = taints.first().cloned().unwrap_or_default();
        let body = lambda.map(|lambda| {
            let body = self.with_local(lambda.param, receiver.clone(), &lambda.body, env);
            (self.shapes.total(lambda.body.ty, &body), body)
        });
        let total = |index: usize| match (args.get(index), taints.get(index)) {
            (Some(arg), Some(taint)) => self.shapes.total(arg.ty, taint),
            _ => Marks::CLEAN,
        };
        let rest = (1..args.len()).map(total).fold(Marks::CLEAN, Marks::join);
        match op {
            Builtin::First
            | Builtin::Last
            | Builtin::Take
            | Builtin::TakeTokens
            | Builtin::TakeLast
            | Builtin::TakeLastTokens
            | Builtin::Drop
            | Builtin::Filter
            | Builtin::Unique
            | Builtin::SortBy
            | Builtin::Present
            | Builtin::At
            | Builtin::Flat
            | Builtin::Min
            | Builtin::Max
            | Builtin::Reverse
            | Builtin::Get
            | Builtin::Values => {
                receiver.add(rest.join(body.map_or(Marks::CLEAN, |(marks, _)| marks.open())))
            }
            Builtin::Map => body.map(|(_, taint)| taint.add(total(0).open())).unwrap_or_default(),
            Builtin::Or => taints.get(1).map_or(receiver.clone(), |other| self.shapes.join(&receiver, other)),
            Builtin::Zip => match self.shapes.record(expr.ty) {
                Some((pair, _, _)) => Taint::Parts(pair, taints.into()),
                None => Taint::Whole(total(0).join(rest)),
            },
            Builtin::With => self.with(args, &taints),
            Builtin::VariantDoc | Builtin::VariantName => Taint::Whole(total(0).open()),
            _ => {
                let marks = total(0).join(rest).join(body.map_or(Marks::CLEAN, |(marks, _)| marks));
                Taint::Whole(self.shapes.made(expr.ty, marks))
            }
        }
    }

    /// `record.with(field: v)`: alternating positions and values behind the record.
    fn with(&mut self, args: &[Expr], taints: &[Taint]) -> Taint {
        let (Some(record), Some(first)) = (args.first(), taints.first()) else { return Taint::default() };
        let mut value = first.clone();
        let (mut exprs, mut new) = (args.iter().skip(1), taints.iter().skip(1));
        while let (Some(position), Some(_), Some(expr), Some(taint)) =
            (exprs.next(), new.next(), exprs.next(), new.next())
        {
            let ExprKind::Const(flow_ir::expr::Const::Int(field)) = position.kind else { continue };
            let field = u32::try_from(field).unwrap_or(u32::MAX);
            let fields = self.shapes.record(record.ty);
            let Some((_, owner, fields)) = fields else { continue };
            let Some(declared) = fields.get(field as usize) else { continue };
            let name = format!("{owner}.{}", declared.name);
            self.demand(declared, &name, expr, taint);
            let labelled = self.shapes.labelled(taint, declared.labels, &name);
            value = self.shapes.change(record.ty, &value, &[field], &|_| labelled.clone());
        }
        value
    }
}
