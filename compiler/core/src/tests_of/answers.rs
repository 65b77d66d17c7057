//! `given f = …`: how a callable answers.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::testing::Answer;
use flow_ir::units::{Currency, ErrorClass, Usd};
use smol_str::SmolStr;

use crate::callee::{self, Target};
use crate::expr::{Elab, Why, money_micros};
use crate::names::Item;
use crate::report;
use crate::types::{Ty, unit_ms};

/// The answer of a `given`; `None` if something is wrong, which is reported.
pub(super) fn answer(
    elab: &mut Elab<'_, '_>,
    call: &ast::Call,
    target: Target,
    name: &str,
) -> Option<Answer> {
    let pkg = elab.pkg;
    let (params, ret) = callee::signature(pkg, target)?;
    let called = callee::target(&elab.names(), pkg, &call.expr);
    if matches!(called, Target::Item(_) | Target::Method(_, _)) {
        return delegate(elab, call, called, &params);
    }
    impossible_failures(elab, &call.expr, target, name);
    value(elab, &call.expr, &ret, name)
}

/// FL0208: `fails(Class)`, in `sequence` and `late` too, of a class that the callee cannot raise.
fn impossible_failures(elab: &mut Elab<'_, '_>, expr: &ast::Expr, target: Target, name: &str) {
    let Ast::Call { callee, args } = &expr.kind else { return };
    let Ast::Name(word) = &callee.kind else { return };
    match (word.as_str(), values(args).as_slice()) {
        ("fails", [ast::Expr { kind: Ast::Upper(class), span }]) => {
            let known = ErrorClass::ALL.into_iter().find(|known| known.name() == *class);
            // What a flow raises is known after the flows are checked; any of its classes may be given.
            let raises = callee::raises(elab.pkg, &callee::FlowClasses::default(), target);
            if let (Some(class), Some(raises)) = (known, raises)
                && !raises.contains(class)
            {
                let possible: Vec<&str> = ErrorClass::ALL
                    .into_iter()
                    .filter(|class| raises.contains(*class))
                    .map(ErrorClass::name)
                    .collect();
                let span = elab.span(*span);
                let noun = noun(target);
                elab.out.push(report::calls::impossible(span, class.name(), name, noun, &possible));
            }
        }
        ("sequence" | "late" | "costs", answers) => {
            for answer in answers {
                impossible_failures(elab, answer, target, name);
            }
        }
        _ => {}
    }
}

const fn noun(target: Target) -> &'static str {
    match target {
        Target::Item(Item::Check(_)) => "a check",
        Target::Item(Item::Prompt(_)) => "a prompt",
        Target::Item(Item::Tool(_)) => "a tool",
        Target::Item(Item::Human(_)) => "a person",
        Target::Item(Item::Split(_)) => "a split",
        Target::Item(_) => "a flow",
        Target::Method(_, _) => "a resource",
        Target::Pure | Target::Sleep | Target::Tell | Target::Broken => "a call",
    }
}

/// `given f = g(x) using m`: f's parameters are visible to the call.
fn delegate(
    elab: &mut Elab<'_, '_>,
    call: &ast::Call,
    called: Target,
    params: &[crate::types::FieldDef],
) -> Option<Answer> {
    let mut locals = Vec::new();
    for param in params {
        let local = elab.scope.fresh_local();
        elab.scope.locals.push((param.name.clone(), local, param.ty.clone()));
        locals.push(local);
    }
    let (call, _) = elab.work_call(call, called);
    elab.scope.locals.clear();
    Some(Answer::Delegate(locals, Box::new(call)))
}

fn value(elab: &mut Elab<'_, '_>, expr: &ast::Expr, ret: &Ty, name: &str) -> Option<Answer> {
    if let Ast::Call { callee, args } = &expr.kind
        && let Ast::Name(word) = &callee.kind
    {
        match word.as_str() {
            "sequence" => return sequence(elab, expr, args, ret, name),
            "fails" => return fails(elab, expr, args),
            "sure" => return sure(elab, expr, args, ret, name),
            "raw" => return raw(elab, expr, args),
            "late" => return late(elab, expr, args, ret, name),
            "costs" => return costs(elab, expr, args, ret, name),
            "cassette" => return cassette(elab, expr, args),
            _ => {}
        }
    }
    // `given save = none` is how one says "nothing comes back".
    if *ret == Ty::Nothing && matches!(expr.kind, Ast::None) {
        return Some(Answer::Value(elab.constant(Ty::Nothing, flow_ir::expr::Const::Nothing)));
    }
    Some(Answer::Value(elab.check(expr, ret, Why::Given(name))))
}

fn wrong(elab: &mut Elab<'_, '_>, expr: &ast::Expr, message: &str) -> Option<Answer> {
    let span = elab.span(expr.span);
    elab.out.push(report::tests::bad(span, message));
    None
}

fn values(args: &[ast::Arg]) -> Vec<&ast::Expr> {
    args.iter()
        .filter_map(|arg| match &arg.value {
            ArgValue::Expr(value) => Some(value),
            ArgValue::Lambda { .. } => None,
        })
        .collect()
}

fn sequence(
    elab: &mut Elab<'_, '_>,
    expr: &ast::Expr,
    args: &[ast::Arg],
    ret: &Ty,
    name: &str,
) -> Option<Answer> {
    if args.is_empty() {
        return wrong(elab, expr, "`sequence` wants at least one answer");
    }
    let answers: Option<Vec<Answer>> =
        values(args).into_iter().map(|arg| value(elab, arg, ret, name)).collect();
    answers.map(Answer::Sequence)
}

fn fails(elab: &mut Elab<'_, '_>, expr: &ast::Expr, args: &[ast::Arg]) -> Option<Answer> {
    let known = || ErrorClass::ALL.into_iter().map(ErrorClass::name);
    match values(args).as_slice() {
        [ast::Expr { kind: Ast::Upper(class), span }] => {
            let found = ErrorClass::ALL.into_iter().find(|known| known.name() == *class);
            if found.is_none() {
                let span = elab.span(*span);
                elab.out.push(report::calls::no_class(span, class, &report::names::plain(known())));
            }
            found.map(Answer::Fails)
        }
        _ => wrong(elab, expr, "`fails` wants a class of errors: `fails(Timeout)`"),
    }
}

fn sure(
    elab: &mut Elab<'_, '_>,
    expr: &ast::Expr,
    args: &[ast::Arg],
    ret: &Ty,
    name: &str,
) -> Option<Answer> {
    match values(args).as_slice() {
        [value, ast::Expr { kind: Ast::Number(number), .. }] if (0.0..=1.0).contains(&number.as_float()) => {
            Some(Answer::Sure(elab.check(value, ret, Why::Given(name)), number.as_float()))
        }
        _ => wrong(elab, expr, "`sure` wants a value and a confidence in 0..1: `sure(Spam, 0.9)`"),
    }
}

fn raw(elab: &mut Elab<'_, '_>, expr: &ast::Expr, args: &[ast::Arg]) -> Option<Answer> {
    match values(args).as_slice() {
        [text] => Some(Answer::Raw(elab.check(text, &Ty::TEXT, Why::Library("raw")))),
        _ => wrong(elab, expr, "`raw` wants the text of a model: `raw(\"{}\")`"),
    }
}

fn late(
    elab: &mut Elab<'_, '_>,
    expr: &ast::Expr,
    args: &[ast::Arg],
    ret: &Ty,
    name: &str,
) -> Option<Answer> {
    let after = args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| label.text == "after"));
    let ms = match after.map(|arg| &arg.value) {
        Some(ArgValue::Expr(ast::Expr { kind: Ast::Quantity(amount), .. })) => unit_ms(amount.unit)
            .and_then(|scale| u64::try_from(amount.number.micros * i128::from(scale) / 1_000_000).ok()),
        _ => None,
    };
    let first = args.iter().find(|arg| arg.label.is_none()).map(|arg| &arg.value);
    match (first, ms) {
        (Some(ArgValue::Expr(first)), Some(ms)) => {
            Some(Answer::Late(Box::new(value(elab, first, ret, name)?), ms))
        }
        _ => wrong(elab, expr, "`late` wants an answer and a time: `late(Approve, after: 9h)`"),
    }
}

fn costs(
    elab: &mut Elab<'_, '_>,
    expr: &ast::Expr,
    args: &[ast::Arg],
    ret: &Ty,
    name: &str,
) -> Option<Answer> {
    match values(args).as_slice() {
        [first, ast::Expr { kind: Ast::Quantity(amount), .. }] => match money_micros(amount) {
            Some((micros, Currency::Usd)) => {
                Some(Answer::Costs(Box::new(value(elab, first, ret, name)?), Usd(micros)))
            }
            _ => wrong(elab, expr, "`costs` counts in USD: `costs(Spam, 0.02 USD)`"),
        },
        _ => wrong(elab, expr, "`costs` wants an answer and an amount: `costs(Spam, 0.02 USD)`"),
    }
}

fn cassette(elab: &mut Elab<'_, '_>, expr: &ast::Expr, args: &[ast::Arg]) -> Option<Answer> {
    let file: Option<SmolStr> = match values(args).as_slice() {
        [ast::Expr { kind: Ast::Text(text), .. }] => text.as_plain(),
        _ => None,
    };
    match file {
        Some(file) => Some(Answer::Cassette(file)),
        None => wrong(elab, expr, "`cassette` wants a file: `cassette(\"tests/mail.json\")`"),
    }
}
