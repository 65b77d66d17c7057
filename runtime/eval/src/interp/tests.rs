use flow_ir::expr::{Arith, Builtin, Compare, Const, Encoding, Expr, ExprKind, Lambda, Part, Test};
use flow_ir::setup::{Check, MessageTemplate, Need};
use flow_ir::units::Currency;
use flow_ir::{FunctionId, LocalId, TypeId};

use super::{MAX_DEPTH, Rendered, render, run_check};
use crate::testing::{Types, builtin, eur, int, ints, literal, local, slot, texts};
use crate::{Context, Media, MediaKind, Value, eval_function};

/// Calls a built-in on values; the receiver has the type given.
fn call(types: &Types, op: Builtin, receiver: TypeId, values: &[Value]) -> Result<Value, String> {
    let slots: Vec<Option<Value>> = values.iter().cloned().map(Some).collect();
    let args =
        (0..values.len() as u32).map(|at| slot(if at == 0 { receiver } else { types.int }, at)).collect();
    types.run_with(&builtin(types.int, op, args, None), &slots)
}

fn ok(value: Value) -> Result<Value, String> {
    Ok(value)
}

fn no(why: &str) -> Result<Value, String> {
    Err(why.to_owned())
}

#[test]
fn every_builtin_on_lists() {
    let types = Types::new();
    let list = ints(&[3, 1, 2, 1]);
    let cases = [
        (Builtin::Length, vec![list.clone()], ok(int(4))),
        (Builtin::First, vec![list.clone()], ok(int(3))),
        (Builtin::First, vec![ints(&[])], ok(Value::None)),
        (Builtin::Last, vec![list.clone()], ok(int(1))),
        (Builtin::Take, vec![list.clone(), int(2)], ok(ints(&[3, 1]))),
        (Builtin::Take, vec![list.clone(), int(9)], ok(list.clone())),
        (Builtin::Take, vec![list.clone(), int(-1)], no("`take(-1)`: the count is negative")),
        (Builtin::TakeLast, vec![list.clone(), int(2)], ok(ints(&[2, 1]))),
        (Builtin::Drop, vec![list.clone(), int(3)], ok(ints(&[1]))),
        (Builtin::Drop, vec![list.clone(), int(9)], ok(ints(&[]))),
        (Builtin::Unique, vec![list.clone()], ok(ints(&[3, 1, 2]))),
        (Builtin::Contains, vec![list.clone(), int(2)], ok(Value::Bool(true))),
        (Builtin::Contains, vec![list.clone(), int(7)], ok(Value::Bool(false))),
        (Builtin::At, vec![list.clone(), int(2)], ok(int(2))),
        (Builtin::At, vec![list.clone(), int(-1)], ok(Value::None)),
        (Builtin::At, vec![list.clone(), int(4)], ok(Value::None)),
        (Builtin::Flat, vec![Value::list([ints(&[1]), ints(&[]), ints(&[2, 3])])], ok(ints(&[1, 2, 3]))),
        (Builtin::Sum, vec![list.clone()], ok(int(7))),
        (Builtin::Sum, vec![ints(&[])], ok(int(0))),
        (Builtin::Sum, vec![ints(&[i64::MAX, 1])], no("an int is too large")),
        (Builtin::Min, vec![list.clone()], ok(int(1))),
        (Builtin::Max, vec![list.clone()], ok(int(3))),
        (Builtin::Max, vec![ints(&[])], ok(Value::None)),
        (Builtin::Reverse, vec![list.clone()], ok(ints(&[1, 2, 1, 3]))),
        (Builtin::Mean, vec![list.clone()], ok(Value::Float(1.75))),
        (Builtin::Mean, vec![Value::list([Value::Bool(true), Value::Bool(false)])], ok(Value::Float(0.5))),
        (Builtin::Mean, vec![Value::list([eur(1), eur(2)])], ok(eur(2))),
        (Builtin::Mean, vec![ints(&[])], no("the mean of an empty list")),
        (Builtin::Present, vec![Value::list([Value::None, int(1)])], ok(ints(&[1]))),
        (
            Builtin::Zip,
            vec![ints(&[1, 2]), texts(&["a"])],
            ok(Value::list([Value::record([int(1), Value::text("a")])])),
        ),
        (Builtin::Join, vec![texts(&["a", "b"]), Value::text(", ")], ok(Value::text("a, b"))),
        (Builtin::Or, vec![Value::None, int(1)], ok(int(1))),
        (Builtin::Or, vec![int(2), int(1)], ok(int(2))),
    ];
    for (op, args, wanted) in cases {
        assert_eq!(call(&types, op, types.ints, &args), wanted, "{op:?} of {args:?}");
    }
}

#[test]
fn every_builtin_on_texts() {
    let types = Types::new();
    let word = Value::text("Grüße");
    let text = |it: &str| ok(Value::text(it));
    let cases = [
        (Builtin::Length, vec![word.clone()], ok(int(5))),
        (Builtin::Lower, vec![word.clone()], text("grüße")),
        (Builtin::Upper, vec![word.clone()], text("GRÜSSE")),
        (Builtin::Trim, vec![Value::text(" \ta \n")], text("a")),
        (Builtin::Split, vec![Value::text("a,b,,"), Value::text(",")], ok(texts(&["a", "b", "", ""]))),
        (Builtin::Split, vec![word.clone(), Value::text("")], ok(texts(&["Grüße"]))),
        (Builtin::Lines, vec![Value::text("a\r\nb\n")], ok(texts(&["a", "b"]))),
        (Builtin::StartsWith, vec![word.clone(), Value::text("Grü")], ok(Value::Bool(true))),
        (Builtin::EndsWith, vec![word.clone(), Value::text("Grü")], ok(Value::Bool(false))),
        (Builtin::Contains, vec![word.clone(), Value::text("üß")], ok(Value::Bool(true))),
        (Builtin::Matches, vec![word.clone(), Value::text("^g.*E$")], ok(Value::Bool(false))),
        (Builtin::Matches, vec![word.clone(), Value::text("(?i)^g.*E$")], ok(Value::Bool(true))),
        (
            Builtin::Matches,
            vec![word.clone(), Value::text("(")],
            no("`(` is no regular expression that I can use"),
        ),
        (Builtin::Replace, vec![word.clone(), Value::text("ß"), Value::text("ss")], text("Grüsse")),
        (Builtin::Replace, vec![word.clone(), Value::text(""), Value::text("x")], text("Grüße")),
        (Builtin::Cut, vec![word.clone(), int(3)], text("Grü")),
        (Builtin::Cut, vec![word.clone(), int(0)], text("")),
        (Builtin::Cut, vec![word.clone(), int(99)], text("Grüße")),
        (Builtin::CutTokens, vec![Value::text(""), Value::Tokens(3)], text("")),
        (Builtin::ToInt, vec![Value::text(" -12 ")], ok(int(-12))),
        (Builtin::ToInt, vec![Value::text("1.0")], ok(Value::None)),
        (Builtin::ToInt, vec![Value::text("99999999999999999999")], ok(Value::None)),
        (Builtin::ToFloat, vec![Value::text("1e3")], ok(Value::Float(1000.0))),
        (Builtin::ToFloat, vec![Value::text("inf")], ok(Value::None)),
        (Builtin::ToFloat, vec![Value::text("NaN")], ok(Value::None)),
        (Builtin::ToJson, vec![Value::text("a\"b")], text("\"a\\\"b\"")),
        (Builtin::ToText, vec![Value::text("a\"b")], text("a\"b")),
    ];
    for (op, args, wanted) in cases {
        assert_eq!(call(&types, op, types.text, &args), wanted, "{op:?} of {args:?}");
    }
}

#[test]
fn every_builtin_on_numbers_dates_maps_and_variants() {
    let types = Types::new();
    let float = Value::Float;
    let weights = Value::Map(std::sync::Arc::new([("a".into(), float(0.5))].into_iter().collect()));
    let calm = Value::unit_variant(0);
    let cases = [
        (Builtin::Clamp, types.int, vec![int(7), int(0), int(5)], ok(int(5))),
        (Builtin::Clamp, types.int, vec![int(-7), int(0), int(5)], ok(int(0))),
        (
            Builtin::Clamp,
            types.int,
            vec![int(1), int(5), int(0)],
            no("`.clamp`: the lower bound is above the upper one"),
        ),
        (Builtin::Round, types.float, vec![float(2.5)], ok(int(3))),
        (Builtin::Round, types.float, vec![float(-2.5)], ok(int(-3))),
        (Builtin::Round, types.float, vec![float(1e300)], no("an int is too large")),
        (Builtin::Floor, types.float, vec![float(-0.5)], ok(int(-1))),
        (Builtin::Ceil, types.float, vec![float(0.1)], ok(int(1))),
        (Builtin::Abs, types.int, vec![int(-3)], ok(int(3))),
        (Builtin::Abs, types.int, vec![int(i64::MIN)], no("an int is too large")),
        (Builtin::Abs, types.money, vec![eur(-3)], ok(eur(3))),
        (Builtin::Get, types.weights, vec![weights.clone(), Value::text("a")], ok(float(0.5))),
        (Builtin::Get, types.weights, vec![weights.clone(), Value::text("b")], ok(Value::None)),
        (Builtin::Keys, types.weights, vec![weights.clone()], ok(texts(&["a"]))),
        (Builtin::Values, types.weights, vec![weights], ok(Value::list([float(0.5)]))),
        (Builtin::VariantDoc, types.voice, vec![calm.clone()], ok(Value::text("Short sentences."))),
        (Builtin::VariantName, types.voice, vec![calm], ok(Value::text("Calm"))),
        (
            Builtin::DatePlus,
            types.date,
            vec![Value::Date(2026, 2, 27), Value::Duration(2 * 86_400_000 + 5)],
            ok(Value::Date(2026, 3, 1)),
        ),
        (
            Builtin::DatePlus,
            types.date,
            vec![Value::Date(9999, 12, 31), Value::Duration(86_400_000)],
            no("a date outside the years -9999 to 9999"),
        ),
        (
            Builtin::DateMinus,
            types.date,
            vec![Value::Date(2026, 3, 1), Value::Date(2026, 2, 28)],
            ok(Value::Duration(86_400_000)),
        ),
        (
            Builtin::With,
            types.mail,
            vec![Value::record([int(1), int(2)]), int(1), int(9)],
            ok(Value::record([int(1), int(9)])),
        ),
        (
            Builtin::TakeTokens,
            types.texts,
            vec![texts(&["one", "two", "three"]), Value::Tokens(0)],
            ok(texts(&[])),
        ),
        (
            Builtin::TakeTokens,
            types.texts,
            vec![texts(&["one", "two"]), Value::Tokens(99)],
            ok(texts(&["one", "two"])),
        ),
        (
            Builtin::TakeLastTokens,
            types.texts,
            vec![texts(&["one", "two"]), Value::Tokens(3)],
            ok(texts(&["two"])),
        ),
    ];
    for (op, receiver, args, wanted) in cases {
        assert_eq!(call(&types, op, receiver, &args), wanted, "{op:?} of {args:?}");
    }
}

#[test]
fn lambdas_see_their_element_and_what_is_around() {
    let types = Types::new();
    let list = ints(&[1, 5, 3]);
    let at_least = |bound: Expr| Lambda {
        param: LocalId(0),
        body: Expr {
            ty: types.bool,
            kind: ExprKind::Compare(Compare::Ge, Box::new(local(types.int, 0)), Box::new(bound)),
        },
    };
    let negated = Expr { ty: types.int, kind: ExprKind::Neg(Box::new(local(types.int, 0))) };
    let cases = [
        (Builtin::Filter, at_least(slot(types.int, 1)), ints(&[5, 3])),
        (Builtin::Any, at_least(slot(types.int, 1)), Value::Bool(true)),
        (Builtin::All, at_least(slot(types.int, 1)), Value::Bool(false)),
        (Builtin::Count, at_least(slot(types.int, 1)), int(2)),
        (Builtin::Map, Lambda { param: LocalId(0), body: negated.clone() }, ints(&[-1, -5, -3])),
        (Builtin::SortBy, Lambda { param: LocalId(0), body: negated }, ints(&[5, 3, 1])),
    ];
    for (op, lambda, wanted) in cases {
        let expr = builtin(types.int, op, vec![slot(types.ints, 0)], Some(lambda));
        assert_eq!(types.run_with(&expr, &[Some(list.clone()), Some(int(3))]), Ok(wanted), "{op:?}");
    }
}

fn arith(types: &Types, op: Arith, left: Value, right: Value) -> Result<Value, String> {
    let kind = ExprKind::Arith(op, Box::new(slot(types.int, 0)), Box::new(slot(types.int, 1)));
    types.run_with(&Expr { ty: types.int, kind }, &[Some(left), Some(right)])
}

#[test]
fn arithmetic_is_checked_and_keeps_units() {
    use Arith::{Add, Div, Mul, Sub};
    let types = Types::new();
    let (float, s) = (Value::Float, Value::Duration);
    let usd = Value::Money(1, Currency::Usd);
    let cases = [
        (Add, int(1), int(2), ok(int(3))),
        (Mul, int(i64::MAX), int(2), no("an int is too large")),
        (Div, int(1), int(4), ok(float(0.25))),
        (Div, int(1), int(0), no("division by zero")),
        (Div, float(1.0), float(-0.0), no("division by zero")),
        (Mul, float(1e308), float(10.0), no("a float is too large")),
        (Add, int(1), float(0.5), ok(float(1.5))),
        (Add, eur(2), eur(3), ok(eur(5))),
        (Add, eur(2), usd, no("EUR and USD do not mix")),
        (Mul, eur(5), float(0.5), ok(eur(3))),
        (Mul, eur(-5), float(0.5), ok(eur(-3))),
        (Mul, float(0.5), eur(5), ok(eur(3))),
        (Div, eur(5), int(2), ok(eur(3))),
        (Div, eur(-5), int(2), ok(eur(-3))),
        (Div, eur(5), int(-2), ok(eur(-3))),
        (Div, eur(4), int(3), ok(eur(1))),
        (Div, eur(i64::MIN), int(-1), no("an amount is too large")),
        (Div, eur(6), eur(4), ok(float(1.5))),
        (Div, eur(5), int(0), no("division by zero")),
        (Mul, s(1_000), int(3), ok(s(3_000))),
        (Sub, s(1_000), s(3_000), ok(s(-2_000))),
        (Div, s(1_000), s(4_000), ok(float(0.25))),
        (Sub, Value::Tokens(1), Value::Tokens(2), no("fewer than 0 tokens")),
        (Add, Value::text("a"), Value::text("b"), ok(Value::text("ab"))),
        (Add, ints(&[1]), ints(&[2]), ok(ints(&[1, 2]))),
        (Div, int(2), eur(1), no("`/` with money is not defined for an int")),
    ];
    for (op, left, right, wanted) in cases {
        assert_eq!(arith(&types, op, left.clone(), right.clone()), wanted, "{left:?} {op:?} {right:?}");
    }
}

#[test]
fn payload_of_another_variant_is_invalid() {
    let types = Types::new();
    let payload = |at| Expr {
        ty: types.money,
        kind: ExprKind::Payload { base: Box::new(slot(types.intent, 0)), variant: at, field: 0 },
    };
    let offer = Value::Variant(1, [eur(7), Value::None].into());
    assert_eq!(types.run_with(&payload(1), &[Some(offer)]), Ok(eur(7)));
    assert_eq!(
        types.run_with(&payload(1), &[Some(Value::unit_variant(0))]),
        no("this is `Spam`, not `Offer`")
    );
}

#[test]
fn conversion_widens_ints_and_checks_bounds() {
    let types = Types::new();
    let convert = |from, to| Expr { ty: to, kind: ExprKind::Convert(Box::new(slot(from, 0))) };
    let run = |from, to, value| types.run_with(&convert(from, to), &[Some(value)]);
    assert_eq!(run(types.int, types.float, int(2)), ok(Value::Float(2.0)));
    assert_eq!(run(types.int, types.urgency, int(5)), ok(int(5)));
    assert_eq!(run(types.int, types.urgency, int(7)), no("7 is above 5, the most allowed"));
    assert_eq!(
        run(types.text, types.short, Value::text("")),
        no("this text has 0 characters, the least allowed is 1")
    );
    let json = Value::Json(std::sync::Arc::new(serde_json::json!(["a"])));
    assert_eq!(run(types.texts, types.json, texts(&["a"])), ok(json));
}

#[test]
fn templates_print_values_for_where_they_stand() {
    let types = Types::new();
    let offer = Value::Variant(1, [eur(12_500_000), Value::None].into());
    let cases = [
        (types.text, Value::text("a&b"), Encoding::Plain, ok(Value::text("a&b"))),
        (types.text, Value::text("a&b /ü"), Encoding::Url, ok(Value::text("a%26b%20%2F%C3%BC"))),
        (types.text, Value::text("a\"b"), Encoding::Json, ok(Value::text("\"a\\\"b\""))),
        (types.text, Value::text("a\nb"), Encoding::Line, no("a line break where only one line is allowed")),
        (types.money, eur(12_500_000), Encoding::Plain, ok(Value::text("12.50 EUR"))),
        (types.money, eur(-125), Encoding::Plain, ok(Value::text("-0.000125 EUR"))),
        (types.duration, Value::Duration(8_000), Encoding::Plain, ok(Value::text("8s"))),
        (types.duration, Value::Duration(90_500), Encoding::Plain, ok(Value::text("90500ms"))),
        (types.float, Value::Float(0.1), Encoding::Plain, ok(Value::text("0.1"))),
        (types.float, Value::Float(3.0), Encoding::Plain, ok(Value::text("3"))),
        (types.float, Value::Float(1e300), Encoding::Plain, ok(Value::text("1e300"))),
        (types.voice, Value::unit_variant(1), Encoding::Plain, ok(Value::text("Warm"))),
        (types.intent, Value::unit_variant(0), Encoding::Plain, ok(Value::text("Spam"))),
        (
            types.intent,
            offer,
            Encoding::Plain,
            ok(Value::text("{\"Offer\":{\"amount\":{\"amount\":\"12.50\",\"currency\":\"EUR\"}}}")),
        ),
        (types.texts, texts(&["a", "b"]), Encoding::Plain, ok(Value::text("a\nb"))),
        (types.ints, ints(&[1, 2]), Encoding::Plain, ok(Value::text("[1,2]"))),
        (types.date, Value::Date(2026, 1, 5), Encoding::Plain, ok(Value::text("2026-01-05"))),
    ];
    for (ty, value, encoding, wanted) in cases {
        let template = ExprKind::Template(vec![Part::Hole(slot(ty, 0), encoding)]);
        let expr = Expr { ty: types.text, kind: template };
        assert_eq!(types.run_with(&expr, &[Some(value.clone())]), wanted, "{value:?} as {encoding:?}");
    }
}

#[test]
fn template_statements_repeat_and_choose() {
    let types = Types::new();
    let condition = Expr {
        ty: types.bool,
        kind: ExprKind::Is { value: Box::new(local(types.int, 0)), test: Test::Equals(Const::Int(2)) },
    };
    let body = vec![Part::If {
        condition,
        then: vec![Part::Text("two ".into())],
        otherwise: vec![Part::Hole(local(types.int, 0), Encoding::Plain), Part::Text(" ".into())],
    }];
    let each = Part::Each { local: LocalId(0), list: slot(types.ints, 0), body };
    let expr = Expr { ty: types.text, kind: ExprKind::Template(vec![each]) };
    assert_eq!(types.run_with(&expr, &[Some(ints(&[1, 2, 3]))]), ok(Value::text("1 two 3 ")));
}

#[test]
fn media_split_a_message() {
    let types = Types::new();
    let parts = vec![
        Part::Text("Look: ".into()),
        Part::Hole(slot(types.image, 0), Encoding::Plain),
        Part::Text("What is it?".into()),
    ];
    let message = MessageTemplate::User(Expr { ty: types.text, kind: ExprKind::Template(parts) });
    let media = Media { kind: MediaKind::Image, mime: "image/png".into(), reference: "ab".into(), size: 3 };
    let media = std::sync::Arc::new(media);
    let slots = [Some(Value::Media(media.clone()))];
    let wanted = vec![
        Rendered::Text("Look: ".to_owned()),
        Rendered::Media(media),
        Rendered::Text("What is it?".to_owned()),
    ];
    assert_eq!(render(&Context::new(&types.bundle, &slots), &message), Ok(wanted));
}

#[test]
fn checks_return_their_first_argument_or_say_why_not() {
    let types = Types::new();
    let condition = Expr {
        ty: types.bool,
        kind: ExprKind::Compare(
            Compare::Lt,
            Box::new(slot(types.int, 0)),
            Box::new(literal(types.int, Const::Int(10))),
        ),
    };
    let message = literal(types.text, Const::Text("too many".into()));
    let needs = vec![Need { condition, message }];
    let check = Check { name: "few".into(), params: vec![], ret: types.int, trusted: true, needs };
    let cx = Context::new(&types.bundle, &[]);
    assert_eq!(run_check(&cx, &check, vec![int(3)]), Ok(int(3)));
    assert_eq!(run_check(&cx, &check, vec![int(30)]).map_err(|why| why.message.into()), no("too many"));
    assert_eq!(eval_function(&cx, FunctionId(0), vec![int(4)]), Ok(int(4)));
}

#[test]
fn an_empty_slot_and_too_deep_an_expression_are_invalid() {
    let types = Types::new();
    assert_eq!(types.run(&slot(types.int, 3)), no("a value that is needed here was never computed"));
    let mut deep = literal(types.int, Const::Int(1));
    for _ in 0..MAX_DEPTH - 1 {
        deep = Expr { ty: types.int, kind: ExprKind::Neg(Box::new(deep)) };
    }
    assert!(types.run(&deep).is_ok());
    deep = Expr { ty: types.int, kind: ExprKind::Neg(Box::new(deep)) };
    assert_eq!(types.run(&deep), no("an expression is nested deeper than 256"));
}

/// Wraps an expression in one more level.
type Wrap = fn(&Types, Expr) -> Expr;

fn wraps() -> [Wrap; 4] {
    [
        |types, inner| Expr { ty: types.int, kind: ExprKind::Neg(Box::new(inner)) },
        |types, inner| {
            let (yes, other) = (literal(types.bool, Const::Bool(true)), literal(types.int, Const::Int(1)));
            Expr { ty: types.int, kind: ExprKind::If(Box::new(yes), Box::new(inner), Box::new(other)) }
        },
        |types, inner| {
            let one = Expr { ty: types.ints, kind: ExprKind::List(vec![literal(types.int, Const::Int(1))]) };
            builtin(types.ints, Builtin::Map, vec![one], Some(Lambda { param: LocalId(9), body: inner }))
        },
        |types, inner| {
            let parts = vec![Part::Hole(inner, Encoding::Plain)];
            Expr { ty: types.text, kind: ExprKind::Template(parts) }
        },
    ]
}

#[test]
fn the_deepest_expressions_fit_a_small_stack() {
    for (index, wrap) in wraps().into_iter().enumerate() {
        let run = move || {
            let types = Types::new();
            let mut deep = literal(types.int, Const::Int(1));
            for _ in 0..MAX_DEPTH - 2 {
                deep = wrap(&types, deep);
            }
            let compiled = crate::compile(&types.bundle, &deep);
            let cx = Context::new(&types.bundle, &[]);
            let value = crate::eval(&deep, &cx);
            assert!(value.is_ok(), "{index}: {:?}", value.err());
            assert_eq!(compiled.eval(&cx).is_ok(), value.is_ok(), "{index}");
        };
        std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
    }
}
