//! Expressions in three tiers, beside native Rust and the `cel` crate.
//!
//! Three conditions of growing weight over records of eight fields. Each benchmark evaluates one condition over
//! the same 4,096 records; divan shows the time of all of them, `items/s` the rate.
//!
//! - `interpreter`, `closures`: one evaluation per record, as an edge of a flow does it.
//! - `machine_code`: `Batch::count` over the list, reading out of the values included.
//! - `filter_closures`, `filter_machine_code`: the same through `rows.count(r => …)`, where the JIT would be used.
//! - `native`: the same records as a Rust struct.
//! - `cel`: the context is made once per record and not measured.

use std::hint::black_box;

use cel::{Context as CelContext, Program as CelProgram};
use divan::Bencher;
use divan::counter::ItemsCount;
use flow_eval::{Batch, Context, Value, compile_predicate, eval};
use flow_ir::expr::{Arith, Compare, Const, Expr, ExprKind, Lambda, Test};
use flow_ir::types::{Enum, Field, Labels, Record, Type, Variant};
use flow_ir::{Bundle, LocalId, TypeId};

const ROWS: usize = 4_096;
const BOOL: TypeId = TypeId(0);
const FLOAT: TypeId = TypeId(1);
const INT: TypeId = TypeId(2);
const TIER: TypeId = TypeId(3);
const ROW: TypeId = TypeId(4);
const PARAM: LocalId = LocalId(0);
const FIELDS: [(&str, TypeId); 8] = [
    ("score", FLOAT),
    ("muted", BOOL),
    ("age", INT),
    ("tier", TIER),
    ("w1", FLOAT),
    ("w2", FLOAT),
    ("w3", FLOAT),
    ("w4", FLOAT),
];

/// The conditions.
#[derive(Clone, Copy, Debug)]
enum Case {
    /// `score >= 0.8 and not muted`.
    Short,
    /// `(score >= 0.5 or tier is Gold) and age < 40 and not muted`.
    Four,
    /// A weighted score of some 40 nodes against a limit.
    Weighted,
}

const CASES: [Case; 3] = [Case::Short, Case::Four, Case::Weighted];

struct Native {
    score: f64,
    muted: bool,
    age: i64,
    gold: bool,
    weights: [f64; 4],
}

fn main() {
    divan::main();
}

fn bundle() -> Bundle {
    let field = |(name, ty): &(&str, TypeId)| Field {
        name: (*name).into(),
        wire: (*name).into(),
        doc: "".into(),
        ty: *ty,
        labels: Labels::default(),
    };
    let variant =
        |name: &str| Variant { name: name.into(), wire: name.into(), doc: "".into(), fields: vec![] };
    let tier = Enum {
        name: "Tier".into(),
        doc: "".into(),
        tag: None,
        variants: ["Basic", "Gold"].map(variant).to_vec(),
    };
    let row = Record { name: "Row".into(), doc: "".into(), fields: FIELDS.iter().map(field).collect() };
    let types = vec![
        Type::Bool,
        Type::Float { min: None, max: None },
        Type::Int { min: None, max: None },
        Type::Enum(tier),
        Type::Record(row),
    ];
    Bundle { types, ..Bundle::default() }
}

fn natives() -> Vec<Native> {
    let mut random = fastrand::Rng::with_seed(7);
    let row = |_| Native {
        score: random.f64(),
        muted: random.u8(0..4) == 0,
        age: random.i64(18..80),
        gold: random.bool(),
        weights: [0; 4].map(|_: i32| random.f64()),
    };
    (0..ROWS).map(row).collect()
}

fn values(rows: &[Native]) -> Vec<Value> {
    let value = |row: &Native| {
        let first = [
            Value::Float(row.score),
            Value::Bool(row.muted),
            Value::Int(row.age),
            Value::unit_variant(u32::from(row.gold)),
        ];
        Value::record(first.into_iter().chain(row.weights.map(Value::Float)))
    };
    rows.iter().map(value).collect()
}

fn field(at: u32) -> Expr {
    let ty = FIELDS.get(at as usize).map_or(FLOAT, |(_, ty)| *ty);
    let base = Box::new(Expr { ty: ROW, kind: ExprKind::Local(PARAM) });
    Expr { ty, kind: ExprKind::Field { base, field: at } }
}

fn float(value: f64) -> Expr {
    Expr { ty: FLOAT, kind: ExprKind::Const(Const::Float(value)) }
}

fn bool_of(kind: ExprKind) -> Expr {
    Expr { ty: BOOL, kind }
}

fn compare(op: Compare, left: Expr, right: Expr) -> Expr {
    bool_of(ExprKind::Compare(op, Box::new(left), Box::new(right)))
}

fn and(left: Expr, right: Expr) -> Expr {
    bool_of(ExprKind::And(Box::new(left), Box::new(right)))
}

fn arith(op: Arith, left: Expr, right: Expr) -> Expr {
    Expr { ty: FLOAT, kind: ExprKind::Arith(op, Box::new(left), Box::new(right)) }
}

fn unmuted() -> Expr {
    bool_of(ExprKind::Not(Box::new(field(1))))
}

fn condition(case: Case) -> Expr {
    match case {
        Case::Short => and(compare(Compare::Ge, field(0), float(0.8)), unmuted()),
        Case::Four => {
            let gold = bool_of(ExprKind::Is { value: Box::new(field(3)), test: Test::Variant(1) });
            let good = compare(Compare::Ge, field(0), float(0.5));
            let either = bool_of(ExprKind::Or(Box::new(good), Box::new(gold)));
            let forty = Expr { ty: INT, kind: ExprKind::Const(Const::Int(40)) };
            and(and(either, compare(Compare::Lt, field(2), forty)), unmuted())
        }
        Case::Weighted => {
            let term = |at: u32| {
                let scaled = arith(Arith::Mul, field(4 + at % 4), float(0.1 + f64::from(at)));
                arith(Arith::Sub, scaled, arith(Arith::Mul, field(0), float(0.3)))
            };
            let sum = (1..8).map(term).fold(term(0), |total, next| arith(Arith::Add, total, next));
            compare(Compare::Gt, sum, float(12.0))
        }
    }
}

fn native(case: Case, row: &Native) -> bool {
    match case {
        Case::Short => row.score >= 0.8 && !row.muted,
        Case::Four => (row.score >= 0.5 || row.gold) && row.age < 40 && !row.muted,
        Case::Weighted => {
            let term = |at: usize| {
                row.weights.get(at % 4).copied().unwrap_or_default() * (0.1 + at as f64) - row.score * 0.3
            };
            (1..8).map(term).fold(term(0), |total, next| total + next) > 12.0
        }
    }
}

fn cel_source(case: Case) -> String {
    match case {
        Case::Short => "score >= 0.8 && !muted".to_owned(),
        Case::Four => "(score >= 0.5 || tier == 'Gold') && age < 40 && !muted".to_owned(),
        Case::Weighted => {
            let term = |at: u32| format!("(w{} * {:?} - score * 0.3)", at % 4 + 1, 0.1 + f64::from(at));
            let terms: Vec<String> = (0..8).map(term).collect();
            format!("{} > 12.0", terms.join(" + "))
        }
    }
}

fn lambda(case: Case) -> Lambda {
    Lambda { param: PARAM, body: condition(case) }
}

#[divan::bench(args = CASES)]
fn a_native(bencher: Bencher<'_, '_>, case: Case) {
    let rows = natives();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| rows.iter().filter(|row| native(black_box(case), row)).count());
}

#[divan::bench(args = CASES)]
fn b_machine_code(bencher: Bencher<'_, '_>, case: Case) {
    let (bundle, rows) = (bundle(), values(&natives()));
    let Some(batch) = Batch::compile(&bundle, &lambda(case), ROW) else {
        return;
    };
    let cx = Context::new(&bundle, &[]);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| batch.count(&cx, &rows));
}

#[divan::bench(args = CASES)]
fn c_closures(bencher: Bencher<'_, '_>, case: Case) {
    let (bundle, rows) = (bundle(), values(&natives()));
    let rows: Vec<_> = rows.into_iter().map(|row| [(PARAM, row)]).collect();
    let predicate = compile_predicate(&bundle, &condition(case));
    let cx = Context::new(&bundle, &[]);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        rows.iter().filter(|row| predicate.holds(&cx.with_locals(row.as_slice())) == Ok(true)).count()
    });
}

#[divan::bench(args = CASES)]
fn d_interpreter(bencher: Bencher<'_, '_>, case: Case) {
    let (bundle, rows) = (bundle(), values(&natives()));
    let rows: Vec<_> = rows.into_iter().map(|row| [(PARAM, row)]).collect();
    let expr = condition(case);
    let cx = Context::new(&bundle, &[]);
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let holds = |row: &[(LocalId, Value); 1]| eval(&expr, &cx.with_locals(row)) == Ok(Value::Bool(true));
        rows.iter().filter(|row| holds(row)).count()
    });
}

#[divan::bench(args = CASES)]
fn e_cel(bencher: Bencher<'_, '_>, case: Case) {
    let Ok(program) = CelProgram::compile(&cel_source(case)) else {
        return;
    };
    let rows = natives();
    let contexts: Vec<CelContext<'_, '_>> = rows.iter().map(cel_context).collect();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        contexts.iter().filter(|cx| program.execute(cx) == Ok(cel::Value::Bool(true))).count()
    });
}

fn cel_context(row: &Native) -> CelContext<'_, '_> {
    let mut cx = CelContext::default();
    cx.add_variable_from_value("score", row.score);
    cx.add_variable_from_value("muted", row.muted);
    cx.add_variable_from_value("age", row.age);
    cx.add_variable_from_value("tier", if row.gold { "Gold" } else { "Basic" });
    for (name, weight) in ["w1", "w2", "w3", "w4"].into_iter().zip(row.weights) {
        cx.add_variable_from_value(name, weight);
    }
    cx
}

#[divan::bench(args = CASES)]
fn f_compile_closures(bencher: Bencher<'_, '_>, case: Case) {
    let (bundle, expr) = (bundle(), condition(case));
    bencher.bench_local(|| compile_predicate(&bundle, black_box(&expr)));
}

#[divan::bench(args = CASES)]
fn g_compile_machine_code(bencher: Bencher<'_, '_>, case: Case) {
    let (bundle, lambda) = (bundle(), lambda(case));
    bencher.bench_local(|| Batch::compile(&bundle, black_box(&lambda), ROW));
}

#[divan::bench(args = CASES)]
fn h_compile_cel(bencher: Bencher<'_, '_>, case: Case) {
    let source = cel_source(case);
    bencher.bench_local(|| CelProgram::compile(black_box(&source)));
}
