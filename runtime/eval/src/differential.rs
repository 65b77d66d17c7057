//! The three tiers against each other, on random expressions.

use flow_ir::expr::{Arith, Builtin, Compare, Const, Encoding, Expr, ExprKind, Lambda, Part, Test};
use flow_ir::types::{Field, Record, Type};
use flow_ir::units::Currency;
use flow_ir::{LocalId, TypeId};
use proptest::prelude::*;

use crate::testing::{Types, builtin, eur, field, literal, local, slot};
use crate::{Context, Value, compile, compile_predicate, eval};

/// A record of everything that a word can hold, and lists of it.
struct World {
    types: Types,
    amount: TypeId,
    maybe_int: TypeId,
    row: TypeId,
    rows: TypeId,
}

/// Local of the lambda under test.
const ROW: u32 = 0;

impl World {
    fn new() -> Self {
        let mut types = Types::new();
        let mut add = |ty: Type| {
            types.bundle.types.push(ty);
            TypeId(types.bundle.types.len() as u32 - 1)
        };
        let amount = add(Type::Money { currency: Some(Currency::Eur), min: None, max: None });
        let maybe_int = add(Type::Optional { item: types.int });
        let fields: [(&str, TypeId); 8] = [
            ("n", types.int),
            ("x", types.float),
            ("ok", types.bool),
            ("price", amount),
            ("age", types.duration),
            ("maybe", maybe_int),
            ("intent", types.intent),
            ("name", types.text),
        ];
        let fields: Vec<Field> = fields.iter().map(|(name, ty)| field(name, *ty)).collect();
        let ty = Type::Record(Record { name: "Row".into(), doc: "".into(), fields });
        types.bundle.types.push(ty);
        let row = TypeId(types.bundle.types.len() as u32 - 1);
        types.bundle.types.push(Type::List { item: row, size: flow_ir::types::ListSize::default() });
        let rows = TypeId(types.bundle.types.len() as u32 - 1);
        Self { types, amount, maybe_int, row, rows }
    }

    fn of_row(&self, at: u32, ty: TypeId) -> Expr {
        let base = Box::new(local(self.row, ROW));
        Expr { ty, kind: ExprKind::Field { base, field: at } }
    }
}

fn an_int() -> BoxedStrategy<i64> {
    prop_oneof![-3_i64..4, any::<i64>(), Just(i64::MIN), Just(i64::MAX)].boxed()
}

fn a_float() -> BoxedStrategy<f64> {
    let odd = prop_oneof![Just(0.0), Just(-0.0), Just(0.5), Just(-2.5), Just(f64::MAX), Just(5e-324)];
    prop_oneof![odd, -4.0..4.0_f64, prop::num::f64::NORMAL].boxed()
}

fn a_row() -> BoxedStrategy<Value> {
    let maybe = prop_oneof![Just(Value::None), an_int().prop_map(Value::Int)];
    let intent = prop_oneof![
        Just(Value::unit_variant(0)),
        an_int().prop_map(|n| Value::Variant(1, [eur(n), Value::None].into()))
    ];
    let numbers = (an_int(), a_float(), any::<bool>(), an_int(), an_int());
    (numbers, maybe, intent, "[a-c]{0,3}")
        .prop_map(|((n, x, ok, price, age), maybe, intent, name)| {
            let words = [Value::Int(n), Value::Float(x), Value::Bool(ok), eur(price), Value::Duration(age)];
            Value::record(words.into_iter().chain([maybe, intent, Value::text(name)]))
        })
        .boxed()
}

/// What a random expression may have as its type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sort {
    Int,
    Float,
    Bool,
    Money,
    Duration,
    Text,
}

/// Picks from a stream of random numbers, so that shrinking shortens the stream.
struct Dice<'a> {
    world: &'a World,
    rolls: std::slice::Iter<'a, u64>,
    /// Whether only what machine code knows may be used.
    words_only: bool,
    locals: Vec<(u32, Sort)>,
}

impl Dice<'_> {
    fn roll(&mut self, sides: u64) -> u64 {
        self.rolls.next().copied().unwrap_or(0) % sides
    }

    fn ty(&self, sort: Sort) -> TypeId {
        let types = &self.world.types;
        match sort {
            Sort::Int => types.int,
            Sort::Float => types.float,
            Sort::Bool => types.bool,
            Sort::Money => self.world.amount,
            Sort::Duration => types.duration,
            Sort::Text => types.text,
        }
    }

    fn make(&self, sort: Sort, kind: ExprKind) -> Expr {
        Expr { ty: self.ty(sort), kind }
    }

    fn leaf(&mut self, sort: Sort) -> Expr {
        if let Some((at, _)) = self.locals.iter().rev().find(|(_, known)| *known == sort)
            && self.rolls.len().is_multiple_of(3)
        {
            return local(self.ty(sort), *at);
        }
        let small = self.roll(7) as i64 - 3;
        match (sort, self.roll(3)) {
            (Sort::Int, 0) => literal(self.ty(sort), Const::Int(small)),
            (Sort::Int, 1) => self.world.of_row(0, self.world.types.int),
            (Sort::Int, _) => self.world.of_row(5, self.world.types.int),
            (Sort::Float, 0) => literal(self.ty(sort), Const::Float(small as f64 * 0.75)),
            (Sort::Float, 1) => slot(self.ty(sort), 1),
            (Sort::Float, _) => self.world.of_row(1, self.world.types.float),
            (Sort::Bool, 0) => literal(self.ty(sort), Const::Bool(small > 0)),
            (Sort::Bool, _) => self.world.of_row(2, self.world.types.bool),
            (Sort::Money, 0) => literal(self.ty(sort), Const::Money(small * 500_001, Currency::Eur)),
            (Sort::Money, 1) => {
                let base = Box::new(self.world.of_row(6, self.world.types.intent));
                self.make(sort, ExprKind::Payload { base, variant: 1, field: 0 })
            }
            (Sort::Money, _) => self.world.of_row(3, self.world.amount),
            (Sort::Duration, 0) => literal(self.ty(sort), Const::Duration(small * 1_000)),
            (Sort::Duration, _) => self.world.of_row(4, self.world.types.duration),
            (Sort::Text, 0) => literal(self.ty(sort), Const::Text("ab".into())),
            (Sort::Text, _) => self.world.of_row(7, self.world.types.text),
        }
    }

    fn expr(&mut self, sort: Sort, depth: u32) -> Expr {
        if depth == 0 {
            return self.leaf(sort);
        }
        let boxed = |expr| Box::new(expr);
        match self.roll(10) {
            0 => self.leaf(sort),
            1 => {
                let condition = self.expr(Sort::Bool, depth - 1);
                let (then, otherwise) = (self.expr(sort, depth - 1), self.expr(sort, depth - 1));
                self.make(sort, ExprKind::If(boxed(condition), boxed(then), boxed(otherwise)))
            }
            2 => self.bind(sort, depth),
            _ => match sort {
                Sort::Bool => self.condition(depth),
                Sort::Text => self.text(depth),
                Sort::Int | Sort::Float | Sort::Money | Sort::Duration => self.number(sort, depth),
            },
        }
    }

    fn bind(&mut self, sort: Sort, depth: u32) -> Expr {
        let known = [Sort::Int, Sort::Float, Sort::Bool, Sort::Money][self.roll(4) as usize];
        let value = self.expr(known, depth - 1);
        let at = 10 + self.locals.len() as u32;
        self.locals.push((at, known));
        let body = self.expr(sort, depth - 1);
        self.locals.pop();
        self.make(sort, ExprKind::Let { local: LocalId(at), value: Box::new(value), body: Box::new(body) })
    }

    fn number(&mut self, sort: Sort, depth: u32) -> Expr {
        let op = [Arith::Add, Arith::Sub, Arith::Mul, Arith::Div][self.roll(4) as usize];
        let is_amount = matches!(sort, Sort::Money | Sort::Duration);
        match self.roll(6) {
            0 => {
                let inner = self.expr(sort, depth - 1);
                self.make(sort, ExprKind::Neg(Box::new(inner)))
            }
            1 => {
                let inner = self.expr(sort, depth - 1);
                builtin(self.ty(sort), Builtin::Abs, vec![inner], None)
            }
            2 => {
                let args = (0..3).map(|_| self.expr(sort, depth - 1)).collect();
                builtin(self.ty(sort), Builtin::Clamp, args, None)
            }
            3 if sort == Sort::Float => {
                let inner = self.expr(Sort::Int, depth - 1);
                self.make(sort, ExprKind::Convert(Box::new(inner)))
            }
            3 | 4 if is_amount && matches!(op, Arith::Mul | Arith::Div) => {
                let left = self.expr(sort, depth - 1);
                let scale = if self.roll(2) == 0 { Sort::Int } else { Sort::Float };
                let right = self.expr(scale, depth - 1);
                self.make(sort, ExprKind::Arith(op, Box::new(left), Box::new(right)))
            }
            _ => {
                let op = match (sort, op) {
                    (Sort::Int, Arith::Div) => Arith::Mul,
                    (Sort::Money | Sort::Duration, Arith::Mul | Arith::Div) => Arith::Sub,
                    (_, op) => op,
                };
                let (left, right) = (self.expr(sort, depth - 1), self.expr(sort, depth - 1));
                self.make(sort, ExprKind::Arith(op, Box::new(left), Box::new(right)))
            }
        }
    }

    fn condition(&mut self, depth: u32) -> Expr {
        let types = &self.world.types;
        let (bool, intent, maybe) = (types.bool, types.intent, self.world.maybe_int);
        let kind = match self.roll(7) {
            0 => ExprKind::Not(Box::new(self.expr(Sort::Bool, depth - 1))),
            1 => ExprKind::And(
                Box::new(self.expr(Sort::Bool, depth - 1)),
                Box::new(self.expr(Sort::Bool, depth - 1)),
            ),
            2 => ExprKind::Or(
                Box::new(self.expr(Sort::Bool, depth - 1)),
                Box::new(self.expr(Sort::Bool, depth - 1)),
            ),
            3 => ExprKind::Is {
                value: Box::new(self.world.of_row(6, intent)),
                test: Test::Variant(self.roll(2) as u32),
            },
            4 => ExprKind::Is { value: Box::new(self.world.of_row(5, maybe)), test: Test::None },
            _ => {
                let all = [Compare::Eq, Compare::Ne, Compare::Lt, Compare::Le, Compare::Gt, Compare::Ge];
                let op = all[self.roll(6) as usize];
                let sorts = [Sort::Int, Sort::Float, Sort::Money, Sort::Duration, Sort::Text];
                let sort = sorts[self.roll(if self.words_only { 4 } else { 5 }) as usize];
                let (left, right) = (self.expr(sort, depth - 1), self.expr(sort, depth - 1));
                ExprKind::Compare(op, Box::new(left), Box::new(right))
            }
        };
        Expr { ty: bool, kind }
    }

    fn text(&mut self, depth: u32) -> Expr {
        match self.roll(3) {
            0 => {
                let (left, right) = (self.expr(Sort::Text, depth - 1), self.expr(Sort::Text, depth - 1));
                self.make(Sort::Text, ExprKind::Arith(Arith::Add, Box::new(left), Box::new(right)))
            }
            1 => {
                let inner = self.expr(Sort::Text, depth - 1);
                builtin(self.ty(Sort::Text), Builtin::Upper, vec![inner], None)
            }
            _ => {
                let sorts = [Sort::Int, Sort::Float, Sort::Money, Sort::Duration, Sort::Bool, Sort::Text];
                let sort = sorts[self.roll(6) as usize];
                let hole = self.expr(sort, depth - 1);
                let condition = self.expr(Sort::Bool, depth - 1);
                let then = vec![Part::Text("yes".into())];
                let parts =
                    vec![Part::Hole(hole, Encoding::Plain), Part::If { condition, then, otherwise: vec![] }];
                self.make(Sort::Text, ExprKind::Template(parts))
            }
        }
    }
}

fn message(outcome: Result<Value, crate::Invalid>) -> Result<Value, String> {
    outcome.map_err(|why| why.message.into())
}

/// Equal down to the bits of floats: `-0.0` is not `0.0` here.
fn bits(outcome: &Result<Value, String>) -> String {
    format!("{outcome:?}")
}

fn sort() -> impl Strategy<Value = Sort> {
    prop_oneof![
        Just(Sort::Int),
        Just(Sort::Float),
        Just(Sort::Bool),
        Just(Sort::Money),
        Just(Sort::Duration),
        Just(Sort::Text)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn closures_equal_the_interpreter(
        rolls in prop::collection::vec(any::<u64>(), 0..80),
        sort in sort(), row in a_row(), x in a_float(),
    ) {
        let world = World::new();
        let mut dice = Dice { world: &world, rolls: rolls.iter(), words_only: false, locals: vec![] };
        let expr = dice.expr(sort, 5);
        let slots = [Some(row.clone()), Some(Value::Float(x))];
        let locals = [(LocalId(ROW), row)];
        let cx = Context::new(&world.types.bundle, &slots).with_locals(&locals);
        let wanted = message(eval(&expr, &cx));
        prop_assert_eq!(bits(&message(compile(&world.types.bundle, &expr).eval(&cx))), bits(&wanted));
        if sort == Sort::Bool {
            let held = compile_predicate(&world.types.bundle, &expr).holds(&cx).map(Value::Bool);
            prop_assert_eq!(bits(&message(held)), bits(&wanted));
        }
    }

    #[test]
    fn lambdas_equal_the_interpreter(
        rolls in prop::collection::vec(any::<u64>(), 0..60),
        op in 0_usize..6, rows in prop::collection::vec(a_row(), 0..5), x in a_float(),
    ) {
        let world = World::new();
        let expr = over_rows(&world, &rolls, op);
        let slots = [Some(Value::list(rows)), Some(Value::Float(x))];
        let cx = Context::new(&world.types.bundle, &slots);
        let wanted = message(eval(&expr, &cx));
        prop_assert_eq!(bits(&message(compile(&world.types.bundle, &expr).eval(&cx))), bits(&wanted));
    }
}

/// A built-in with a random lambda over slot 0.
fn over_rows(world: &World, rolls: &[u64], op: usize) -> Expr {
    let all = [Builtin::Filter, Builtin::Any, Builtin::All, Builtin::Count, Builtin::Map, Builtin::SortBy];
    let op = all[op];
    let sort = if matches!(op, Builtin::Map | Builtin::SortBy) { Sort::Float } else { Sort::Bool };
    let mut dice = Dice { world, rolls: rolls.iter(), words_only: true, locals: vec![] };
    let lambda = Lambda { param: LocalId(ROW), body: dice.expr(sort, 4) };
    builtin(world.types.int, op, vec![slot(world.rows, 0)], Some(lambda))
}

#[cfg(feature = "jit")]
mod machine_code {
    use proptest::strategy::ValueTree;

    use super::*;
    use crate::jit::Batch;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn equals_the_interpreter(
            rolls in prop::collection::vec(any::<u64>(), 0..60),
            sort in sort(), rows in prop::collection::vec(a_row(), 0..4), x in a_float(),
        ) {
            prop_assume!(sort != Sort::Text);
            let world = World::new();
            let mut dice = Dice { world: &world, rolls: rolls.iter(), words_only: true, locals: vec![] };
            let body = dice.expr(sort, 4);
            let lambda = Lambda { param: LocalId(ROW), body };
            let slots = [Some(Value::None), Some(Value::Float(x))];
            let cx = Context::new(&world.types.bundle, &slots);
            let Some(batch) = Batch::compile(&world.types.bundle, &lambda, world.row) else {
                return Ok(());
            };
            let wanted: Result<Vec<Value>, _> = rows.iter().map(|row| {
                eval(&lambda.body, &cx.with_locals(&[(LocalId(ROW), row.clone())]))
            }).collect();
            let found = message(batch.map(&cx, &rows).map(Value::list));
            prop_assert_eq!(bits(&found), bits(&message(wanted.map(Value::list))));
        }
    }

    /// Enough elements that closures hand over to machine code.
    #[test]
    fn takes_over_on_long_lists() {
        let world = World::new();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy =
            (prop::collection::vec(any::<u64>(), 0..40), 0_usize..5, prop::collection::vec(a_row(), 8));
        let mut taken = 0;
        for _ in 0..60 {
            let (rolls, op, rows) = strategy.new_tree(&mut runner).unwrap().current();
            let expr = over_rows(&world, &rolls, op);
            if let ExprKind::Builtin { lambda: Some(lambda), .. } = &expr.kind {
                taken += usize::from(Batch::pays(&world.types.bundle, lambda, world.row));
            }
            let rows: Vec<Value> = rows.into_iter().cycle().take(6_000).collect();
            let slots = [Some(Value::list(rows)), Some(Value::Float(0.5))];
            let cx = Context::new(&world.types.bundle, &slots);
            let wanted = message(eval(&expr, &cx));
            assert_eq!(bits(&message(compile(&world.types.bundle, &expr).eval(&cx))), bits(&wanted));
        }
        assert!(taken >= 5, "{taken} of 60 were handed over");
    }

    #[test]
    fn most_random_expressions_compile() {
        let world = World::new();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = prop::collection::vec(any::<u64>(), 40..60);
        let made = (0..200).filter(|_| {
            let rolls = strategy.new_tree(&mut runner).unwrap().current();
            let mut dice = Dice { world: &world, rolls: rolls.iter(), words_only: true, locals: vec![] };
            let lambda = Lambda { param: LocalId(ROW), body: dice.expr(Sort::Bool, 4) };
            Batch::compile(&world.types.bundle, &lambda, world.row).is_some()
        });
        let made = made.count();
        assert!(made >= 100, "{made} of 200");
    }
}
