//! Machine code for expressions.

use std::cell::Cell;

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::FunctionBuilder;
use flow_ir::expr::{Arith, Builtin, Compare, Const, Expr, ExprKind, Lambda, Test};
use flow_ir::types::Type;
use flow_ir::{Bundle, LocalId, TypeId};

use super::call::MAX_CELLS;
use super::column::{Column, Kind, NONE, PRESENT, Root, Step, UNREADABLE};

/// A lambda that can be emitted, and what it reads.
pub(super) struct Program<'a> {
    bundle: &'a Bundle,
    lambda: &'a Lambda,
    pub(super) columns: Vec<Column>,
    pub(super) result: Kind,
    /// Operations on numbers.
    pub(super) arithmetic: usize,
}

/// The deepest body: emitting recurses.
const MAX_DEPTH: usize = 128;

/// Plans a lambda, if its result fits a word. Whether its body does shows when it is emitted.
pub(super) fn program<'a>(bundle: &'a Bundle, lambda: &'a Lambda, element: TypeId) -> Option<Program<'a>> {
    let mut columns = Vec::new();
    let scan = Scan { bundle, param: lambda.param, element, arithmetic: Cell::new(0) };
    scan.expr(&lambda.body, &mut Vec::new(), &mut columns, MAX_DEPTH)?;
    let result = match bundle.ty(lambda.body.ty) {
        Type::Optional { .. } => return None,
        _ => Kind::of(bundle, lambda.body.ty)?,
    };
    let arithmetic = scan.arithmetic.get();
    (columns.len() <= MAX_CELLS).then_some(Program { bundle, lambda, columns, result, arithmetic })
}

/// The place that an expression names. `bound` are binders inside the lambda: they are values, not places.
fn place(param: LocalId, bound: &[LocalId], expr: &Expr) -> Option<(Root, Vec<Step>)> {
    let (mut at, mut path) = (expr, Vec::new());
    let root = loop {
        match &at.kind {
            ExprKind::Field { base, field } => {
                path.push(Step::Field(*field));
                at = base;
            }
            ExprKind::Payload { base, variant, field } => {
                path.push(Step::Payload(*variant, *field));
                at = base;
            }
            ExprKind::Slot(slot) => break Root::Slot(slot.index()),
            ExprKind::Local(local) if bound.contains(local) => return None,
            ExprKind::Local(local) if *local == param => break Root::Element,
            ExprKind::Local(local) => break Root::Local(*local),
            _ => return None,
        }
    };
    path.reverse();
    Some((root, path))
}

/// Finds every column; `None` where the body needs more than words.
struct Scan<'a> {
    bundle: &'a Bundle,
    param: LocalId,
    element: TypeId,
    /// Operations on numbers seen so far.
    arithmetic: Cell<usize>,
}

impl Scan<'_> {
    fn column(&self, expr: &Expr, kind: Kind, bound: &[LocalId], found: &mut Vec<Column>) -> Option<()> {
        let (root, path) = place(self.param, bound, expr)?;
        // A parameter of another type than the list's elements: no compiler wrote this.
        let is_element = root == Root::Element && path.is_empty();
        if is_element
            && kind != Kind::Presence
            && kind != Kind::Tag
            && Kind::of(self.bundle, self.element) != Some(kind)
        {
            return None;
        }
        let column = Column { root, path, kind };
        if !found.contains(&column) {
            found.push(column);
        }
        Some(())
    }

    fn expr(
        &self,
        expr: &Expr,
        bound: &mut Vec<LocalId>,
        found: &mut Vec<Column>,
        room: usize,
    ) -> Option<()> {
        let room = room.checked_sub(1)?;
        if matches!(expr.kind, ExprKind::Arith(..) | ExprKind::Neg(_) | ExprKind::Builtin { .. }) {
            self.arithmetic.set(self.arithmetic.get() + 1);
        }
        match &expr.kind {
            ExprKind::Const(_) => Some(()),
            ExprKind::Local(local) if bound.contains(local) => Some(()),
            ExprKind::Slot(_) | ExprKind::Local(_) | ExprKind::Field { .. } | ExprKind::Payload { .. } => {
                self.column(expr, Kind::of(self.bundle, expr.ty)?, bound, found)
            }
            ExprKind::Is { value, test: Test::None } => self.column(value, Kind::Presence, bound, found),
            ExprKind::Is { value, test: Test::Variant(_) } => self.column(value, Kind::Tag, bound, found),
            ExprKind::Is { value, test: Test::Equals(_) } => self.expr(value, bound, found, room),
            ExprKind::Not(inner) | ExprKind::Neg(inner) | ExprKind::Convert(inner) => {
                self.expr(inner, bound, found, room)
            }
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Arith(_, left, right)
            | ExprKind::Compare(_, left, right) => {
                self.expr(left, bound, found, room)?;
                self.expr(right, bound, found, room)
            }
            ExprKind::If(condition, then, otherwise) => {
                self.expr(condition, bound, found, room)?;
                self.expr(then, bound, found, room)?;
                self.expr(otherwise, bound, found, room)
            }
            ExprKind::Let { local, value, body } => {
                self.expr(value, bound, found, room)?;
                bound.push(*local);
                let done = self.expr(body, bound, found, room);
                bound.pop();
                done
            }
            ExprKind::Builtin { op: Builtin::Abs | Builtin::Clamp, args, lambda: None } => {
                args.iter().try_for_each(|arg| self.expr(arg, bound, found, room))
            }
            ExprKind::Builtin { .. } | ExprKind::Call { .. } | ExprKind::Template(_) => None,
            ExprKind::NodeFact(..) | ExprKind::RunFact(_) | ExprKind::ErrorFact(_) => None,
            ExprKind::Record(_) | ExprKind::List(_) | ExprKind::Variant { .. } => None,
            ExprKind::Is { test: Test::Class(_), .. } => None,
        }
    }
}

/// A value in a register.
#[derive(Clone, Copy)]
struct Typed {
    value: ir::Value,
    kind: Kind,
}

struct Emitter<'p, 'b, 'f> {
    program: &'p Program<'p>,
    builder: &'b mut FunctionBuilder<'f>,
    row: ir::Value,
    /// Where everything goes that is not plain.
    give_up: ir::Block,
    bound: Vec<(LocalId, Typed)>,
}

impl Program<'_> {
    pub(super) fn emit(&self, builder: &mut FunctionBuilder<'_>, _: TargetFrontendConfig) -> Option<()> {
        let (entry, give_up) = (builder.create_block(), builder.create_block());
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let &[row, result] = builder.block_params(entry) else {
            return None;
        };
        let mut emitter = Emitter { program: self, builder, row, give_up, bound: Vec::new() };
        let value = emitter.expr(&self.lambda.body)?;
        if value.kind != self.result {
            return None;
        }
        let word = emitter.word(value);
        builder.ins().store(MemFlagsData::trusted(), word, result, 0);
        let done = builder.ins().iconst(types::I64, 1);
        builder.ins().return_(&[done]);
        builder.switch_to_block(give_up);
        let gave_up = builder.ins().iconst(types::I64, 0);
        builder.ins().return_(&[gave_up]);
        Some(())
    }
}

/// In registers, bools are 8 bits, floats are floats, the rest is 64 bits.
const fn register(kind: Kind) -> ir::Type {
    match kind {
        Kind::Bool => types::I8,
        Kind::Float => types::F64,
        Kind::Int | Kind::Money(_) | Kind::Duration | Kind::Tag | Kind::Presence => types::I64,
    }
}

impl Emitter<'_, '_, '_> {
    /// Goes on only where the condition does not hold.
    fn give_up_if(&mut self, condition: ir::Value) {
        let next = self.builder.create_block();
        self.builder.ins().brif(condition, self.give_up, &[], next, &[]);
        self.builder.switch_to_block(next);
    }

    fn word(&mut self, it: Typed) -> ir::Value {
        match it.kind {
            Kind::Bool => self.builder.ins().uextend(types::I64, it.value),
            Kind::Float => self.builder.ins().bitcast(types::I64, MemFlagsData::new(), it.value),
            Kind::Int | Kind::Money(_) | Kind::Duration | Kind::Tag | Kind::Presence => it.value,
        }
    }

    /// The state and the offset of the word of a place.
    fn cell(&mut self, expr: &Expr, kind: Kind) -> Option<(ir::Value, i32)> {
        let bound: Vec<LocalId> = self.bound.iter().map(|(local, _)| *local).collect();
        let (root, path) = place(self.program.lambda.param, &bound, expr)?;
        let wanted = Column { root, path, kind };
        let index = self.program.columns.iter().position(|column| *column == wanted)?;
        let offset = i32::try_from(index * size_of::<super::column::Cell>()).ok()?;
        let state = self.builder.ins().load(types::I64, MemFlagsData::trusted(), self.row, offset);
        Some((state, offset + 8))
    }

    fn read(&mut self, expr: &Expr) -> Option<Typed> {
        if let ExprKind::Local(local) = &expr.kind
            && let Some((_, it)) = self.bound.iter().rev().find(|(id, _)| id == local)
        {
            return Some(*it);
        }
        let kind = Kind::of(self.program.bundle, expr.ty)?;
        let (state, offset) = self.cell(expr, kind)?;
        let is_absent = self.builder.ins().icmp_imm_s(IntCC::NotEqual, state, PRESENT.cast_signed());
        self.give_up_if(is_absent);
        let memory = if kind == Kind::Float { types::F64 } else { types::I64 };
        let word = self.builder.ins().load(memory, MemFlagsData::trusted(), self.row, offset);
        let value = if kind == Kind::Bool { self.builder.ins().ireduce(types::I8, word) } else { word };
        Some(Typed { value, kind })
    }

    fn constant(&mut self, literal: &Const) -> Option<Typed> {
        let mut int = |kind, n: i64| Typed { value: self.builder.ins().iconst(register(kind), n), kind };
        match literal {
            Const::Bool(it) => Some(int(Kind::Bool, i64::from(*it))),
            Const::Int(it) => Some(int(Kind::Int, *it)),
            Const::Money(micros, currency) => Some(int(Kind::Money(*currency), *micros)),
            Const::Duration(ms) => Some(int(Kind::Duration, *ms)),
            Const::Float(it) => Some(Typed { value: self.builder.ins().f64const(*it), kind: Kind::Float }),
            Const::None | Const::Nothing | Const::Text(_) | Const::Tokens(_) => None,
            Const::Bytes(_) | Const::Date(..) | Const::Time(..) => None,
        }
    }

    fn expr(&mut self, expr: &Expr) -> Option<Typed> {
        match &expr.kind {
            ExprKind::Const(literal) => self.constant(literal),
            ExprKind::Slot(_) | ExprKind::Local(_) | ExprKind::Field { .. } | ExprKind::Payload { .. } => {
                self.read(expr)
            }
            ExprKind::Not(inner) => {
                let inner = self.bool(inner)?;
                let value = self.builder.ins().bxor_imm_u(inner, 1);
                Some(Typed { value, kind: Kind::Bool })
            }
            ExprKind::And(left, right) => self.short(left, right, false),
            ExprKind::Or(left, right) => self.short(left, right, true),
            ExprKind::Neg(inner) => {
                let inner = self.expr(inner)?;
                self.negated(inner)
            }
            ExprKind::Arith(op, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.arith(*op, left, right)
            }
            ExprKind::Compare(op, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.compare(*op, left, right)
            }
            ExprKind::Is { value, test } => self.is(value, test),
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.bool(condition)?;
                self.branch(condition, |emitter| emitter.expr(then), |emitter| emitter.expr(otherwise))
            }
            ExprKind::Let { local, value, body } => {
                let value = self.expr(value)?;
                self.bound.push((*local, value));
                let body = self.expr(body);
                self.bound.pop();
                body
            }
            ExprKind::Convert(inner) => {
                let inner = self.expr(inner)?;
                self.converted(inner, expr.ty)
            }
            ExprKind::Builtin { op: Builtin::Abs, args, lambda: None } => match args.as_slice() {
                [arg] => {
                    let arg = self.expr(arg)?;
                    self.abs(arg)
                }
                _ => None,
            },
            ExprKind::Builtin { op: Builtin::Clamp, args, lambda: None } => match args.as_slice() {
                [value, low, high] => {
                    let all = [self.expr(value)?, self.expr(low)?, self.expr(high)?];
                    self.clamp(all)
                }
                _ => None,
            },
            ExprKind::Builtin { .. } | ExprKind::Call { .. } | ExprKind::Template(_) => None,
            ExprKind::NodeFact(..) | ExprKind::RunFact(_) | ExprKind::ErrorFact(_) => None,
            ExprKind::Record(_) | ExprKind::List(_) | ExprKind::Variant { .. } => None,
        }
    }

    fn bool(&mut self, expr: &Expr) -> Option<ir::Value> {
        self.expr(expr).filter(|it| it.kind == Kind::Bool).map(|it| it.value)
    }

    /// One of two, computed only where it is needed.
    fn branch(
        &mut self,
        condition: ir::Value,
        then: impl FnOnce(&mut Self) -> Option<Typed>,
        otherwise: impl FnOnce(&mut Self) -> Option<Typed>,
    ) -> Option<Typed> {
        let [yes, no, join] = [(); 3].map(|()| self.builder.create_block());
        self.builder.ins().brif(condition, yes, &[], no, &[]);
        self.builder.switch_to_block(yes);
        let left = then(self)?;
        let joined = self.builder.declare_var(register(left.kind));
        self.builder.def_var(joined, left.value);
        self.builder.ins().jump(join, &[]);
        self.builder.switch_to_block(no);
        let right = otherwise(self)?;
        if right.kind != left.kind {
            return None;
        }
        self.builder.def_var(joined, right.value);
        self.builder.ins().jump(join, &[]);
        self.builder.switch_to_block(join);
        // Both ends are sealed only when all is emitted; `use_var` waits for that.
        Some(Typed { value: self.builder.use_var(joined), kind: left.kind })
    }

    /// `and` stops at `false`, `or` at `true`.
    fn short(&mut self, left: &Expr, right: &Expr, stops_at: bool) -> Option<Typed> {
        let left = self.bool(left)?;
        let stopped = Typed { value: left, kind: Kind::Bool };
        let rest = |emitter: &mut Self| emitter.bool(right).map(|value| Typed { value, kind: Kind::Bool });
        if stops_at {
            self.branch(left, |_| Some(stopped), rest)
        } else {
            self.branch(left, rest, |_| Some(stopped))
        }
    }

    fn is(&mut self, value: &Expr, test: &Test) -> Option<Typed> {
        let value = match test {
            Test::None => {
                let (state, _) = self.cell(value, Kind::Presence)?;
                self.give_up_unless_readable(state);
                self.builder.ins().icmp_imm_s(IntCC::Equal, state, NONE.cast_signed())
            }
            Test::Variant(wanted) => {
                let (state, offset) = self.cell(value, Kind::Tag)?;
                self.give_up_unless_readable(state);
                let tag = self.builder.ins().load(types::I64, MemFlagsData::trusted(), self.row, offset);
                let is_present = self.builder.ins().icmp_imm_s(IntCC::Equal, state, PRESENT.cast_signed());
                let is_same = self.builder.ins().icmp_imm_s(IntCC::Equal, tag, i64::from(*wanted));
                self.builder.ins().band(is_present, is_same)
            }
            Test::Equals(literal) => {
                let (left, right) = (self.expr(value)?, self.constant(literal)?);
                return self.compare(Compare::Eq, left, right);
            }
            Test::Class(_) => return None,
        };
        Some(Typed { value, kind: Kind::Bool })
    }

    fn give_up_unless_readable(&mut self, state: ir::Value) {
        let is_unreadable = self.builder.ins().icmp_imm_s(IntCC::Equal, state, UNREADABLE.cast_signed());
        self.give_up_if(is_unreadable);
    }

    fn float(&mut self, it: Typed) -> ir::Value {
        match it.kind {
            Kind::Float => it.value,
            _ => self.builder.ins().fcvt_from_sint(types::F64, it.value),
        }
    }

    fn compare(&mut self, op: Compare, left: Typed, right: Typed) -> Option<Typed> {
        let is_equality = matches!(op, Compare::Eq | Compare::Ne);
        let value = match (left.kind, right.kind) {
            (Kind::Float, Kind::Float | Kind::Int) | (Kind::Int, Kind::Float) => {
                let (left, right) = (self.float(left), self.float(right));
                self.builder.ins().fcmp(float_condition(op), left, right)
            }
            (Kind::Bool, Kind::Bool) if !is_equality => return None,
            (a, b) if a == b => self.builder.ins().icmp(int_condition(op), left.value, right.value),
            _ => return None,
        };
        Some(Typed { value, kind: Kind::Bool })
    }

    fn negated(&mut self, it: Typed) -> Option<Typed> {
        match it.kind {
            Kind::Float => Some(Typed { value: self.builder.ins().fneg(it.value), ..it }),
            Kind::Int | Kind::Money(_) | Kind::Duration => {
                self.give_up_if_least(it.value);
                Some(Typed { value: self.builder.ins().ineg(it.value), ..it })
            }
            Kind::Bool | Kind::Tag | Kind::Presence => None,
        }
    }

    /// The least number has no negative.
    fn give_up_if_least(&mut self, value: ir::Value) {
        let is_least = self.builder.ins().icmp_imm_s(IntCC::Equal, value, i64::MIN);
        self.give_up_if(is_least);
    }

    fn abs(&mut self, it: Typed) -> Option<Typed> {
        match it.kind {
            Kind::Float => Some(Typed { value: self.builder.ins().fabs(it.value), ..it }),
            Kind::Int | Kind::Money(_) | Kind::Duration => {
                self.give_up_if_least(it.value);
                let is_negative = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, it.value, 0);
                let negative = self.builder.ins().ineg(it.value);
                Some(Typed { value: self.builder.ins().select(is_negative, negative, it.value), ..it })
            }
            Kind::Bool | Kind::Tag | Kind::Presence => None,
        }
    }

    fn clamp(&mut self, [it, low, high]: [Typed; 3]) -> Option<Typed> {
        let is_number = matches!(it.kind, Kind::Int | Kind::Float | Kind::Money(_) | Kind::Duration);
        if !is_number || it.kind != low.kind || it.kind != high.kind {
            return None;
        }
        let is_empty = self.compare(Compare::Gt, low, high)?;
        self.give_up_if(is_empty.value);
        let (is_low, is_high) = (self.compare(Compare::Lt, it, low)?, self.compare(Compare::Gt, it, high)?);
        let below = self.builder.ins().select(is_high.value, high.value, it.value);
        Some(Typed { value: self.builder.ins().select(is_low.value, low.value, below), ..it })
    }

    fn arith(&mut self, op: Arith, left: Typed, right: Typed) -> Option<Typed> {
        let is_number = |kind| matches!(kind, Kind::Int | Kind::Float);
        let is_amount = |kind| matches!(kind, Kind::Money(_) | Kind::Duration);
        match (left.kind, right.kind) {
            (Kind::Int, Kind::Int) if op != Arith::Div => self.checked(op, left, right.value),
            (a, b) if is_number(a) && is_number(b) => self.floats(op, left, right),
            (a, b) if is_amount(a) && a == b => match op {
                Arith::Add | Arith::Sub => self.checked(op, left, right.value),
                Arith::Div => self.floats(op, left, right),
                Arith::Mul => None,
            },
            (a, b) if is_amount(a) && is_number(b) => self.scaled(op, left, right),
            (a, b) if is_number(a) && is_amount(b) && op == Arith::Mul => self.scaled(op, right, left),
            _ => None,
        }
    }

    /// On whole numbers; an overflow is not plain.
    fn checked(&mut self, op: Arith, left: Typed, right: ir::Value) -> Option<Typed> {
        let (value, overflows) = match op {
            Arith::Add => self.builder.ins().sadd_overflow(left.value, right),
            Arith::Sub => self.builder.ins().ssub_overflow(left.value, right),
            Arith::Mul => self.builder.ins().smul_overflow(left.value, right),
            Arith::Div => return None,
        };
        self.give_up_if(overflows);
        Some(Typed { value, kind: left.kind })
    }

    fn floats(&mut self, op: Arith, left: Typed, right: Typed) -> Option<Typed> {
        let (left, right) = (self.float(left), self.float(right));
        if op == Arith::Div {
            self.give_up_if_zero(right);
        }
        let value = match op {
            Arith::Add => self.builder.ins().fadd(left, right),
            Arith::Sub => self.builder.ins().fsub(left, right),
            Arith::Mul => self.builder.ins().fmul(left, right),
            Arith::Div => self.builder.ins().fdiv(left, right),
        };
        let size = self.builder.ins().fabs(value);
        let infinity = self.builder.ins().f64const(f64::INFINITY);
        let is_not_finite = self.builder.ins().fcmp(FloatCC::UnorderedOrGreaterThanOrEqual, size, infinity);
        self.give_up_if(is_not_finite);
        Some(Typed { value, kind: Kind::Float })
    }

    fn give_up_if_zero(&mut self, value: ir::Value) {
        let zero = self.builder.ins().f64const(0.0);
        let is_zero = self.builder.ins().fcmp(FloatCC::Equal, value, zero);
        self.give_up_if(is_zero);
    }

    /// An amount times or by a number. By an int is exact in whole numbers, and left to closures.
    fn scaled(&mut self, op: Arith, amount: Typed, scale: Typed) -> Option<Typed> {
        match (op, scale.kind) {
            (Arith::Mul, Kind::Int) => self.checked(op, amount, scale.value),
            (Arith::Mul, Kind::Float) => {
                let exact = self.float(amount);
                let product = self.builder.ins().fmul(exact, scale.value);
                Some(Typed { value: self.rounded(product), ..amount })
            }
            (Arith::Div, Kind::Float) => {
                self.give_up_if_zero(scale.value);
                let exact = self.float(amount);
                let quotient = self.builder.ins().fdiv(exact, scale.value);
                Some(Typed { value: self.rounded(quotient), ..amount })
            }
            _ => None,
        }
    }

    /// Halves away from zero: adds the largest float below one half, then drops the rest.
    fn rounded(&mut self, exact: ir::Value) -> ir::Value {
        let almost_half = self.builder.ins().f64const(0.499_999_999_999_999_94);
        let towards = self.builder.ins().fcopysign(almost_half, exact);
        let moved = self.builder.ins().fadd(exact, towards);
        let size = self.builder.ins().fabs(moved);
        let limit = self.builder.ins().f64const(9.2e18);
        let is_large = self.builder.ins().fcmp(FloatCC::UnorderedOrGreaterThanOrEqual, size, limit);
        self.give_up_if(is_large);
        self.builder.ins().fcvt_to_sint_sat(types::I64, moved)
    }

    fn converted(&mut self, it: Typed, to: TypeId) -> Option<Typed> {
        let mut to = self.program.bundle.ty(to);
        if let Type::Optional { item } = to {
            to = self.program.bundle.ty(*item);
        }
        match (to, it.kind) {
            (Type::Bool, Kind::Bool) => Some(it),
            (Type::Int { min, max }, Kind::Int) => Some(self.bounded(it, *min, *max)),
            (Type::Duration { min, max }, Kind::Duration) => Some(self.bounded(it, *min, *max)),
            (Type::Money { currency, min, max }, Kind::Money(found))
                if currency.is_none_or(|wanted| wanted == found) =>
            {
                Some(self.bounded(it, *min, *max))
            }
            (Type::Float { min, max }, Kind::Int | Kind::Float) => {
                let value = self.float(it);
                for (bound, condition) in [(min, FloatCC::LessThan), (max, FloatCC::GreaterThan)] {
                    if let Some(bound) = bound {
                        let bound = self.builder.ins().f64const(*bound);
                        let is_outside = self.builder.ins().fcmp(condition, value, bound);
                        self.give_up_if(is_outside);
                    }
                }
                Some(Typed { value, kind: Kind::Float })
            }
            _ => None,
        }
    }

    fn bounded(&mut self, it: Typed, min: Option<i64>, max: Option<i64>) -> Typed {
        for (bound, condition) in [(min, IntCC::SignedLessThan), (max, IntCC::SignedGreaterThan)] {
            if let Some(bound) = bound {
                let is_outside = self.builder.ins().icmp_imm_s(condition, it.value, bound);
                self.give_up_if(is_outside);
            }
        }
        it
    }
}

/// Values are never NaN.
const fn float_condition(op: Compare) -> FloatCC {
    match op {
        Compare::Eq => FloatCC::Equal,
        Compare::Ne => FloatCC::NotEqual,
        Compare::Lt => FloatCC::LessThan,
        Compare::Le => FloatCC::LessThanOrEqual,
        Compare::Gt => FloatCC::GreaterThan,
        Compare::Ge => FloatCC::GreaterThanOrEqual,
    }
}

const fn int_condition(op: Compare) -> IntCC {
    match op {
        Compare::Eq => IntCC::Equal,
        Compare::Ne => IntCC::NotEqual,
        Compare::Lt => IntCC::SignedLessThan,
        Compare::Le => IntCC::SignedLessThanOrEqual,
        Compare::Gt => IntCC::SignedGreaterThan,
        Compare::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}
