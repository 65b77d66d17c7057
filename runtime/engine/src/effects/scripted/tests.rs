use std::collections::HashMap;
use std::sync::Arc;

use flow_eval::Value;
use flow_ir::expr::{Const, Expr, ExprKind};
use flow_ir::setup::{Call, Callee, Method};
use flow_ir::testing::{Answer, Given};
use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_ir::{LocalId, TypeId};

use super::{Script, Scripted};
use crate::effects::fixtures::*;
use crate::effects::{Closed, Outside};
use crate::protocol::Invocation;

const PROMPT: Callee = Callee::Prompt(TRIAGE_PROMPT);
const TOOL: Callee = Callee::Tool(FIND);

fn scripted(givens: Vec<(Callee, Answer)>) -> Scripted {
    let givens = givens.into_iter().map(|(callee, answer)| Given { callee, answer }).collect();
    let slots = vec![Some(Value::text("a sample"))];
    let script = Script { givens, slots, cassettes: HashMap::new() };
    Scripted::new(surroundings(bundle(), Arc::new(Closed)), script)
}

fn find() -> Box<Invocation> {
    invocation(TOOL, vec![Value::text("4 Elm")])
}

fn triage() -> Box<Invocation> {
    invocation(PROMPT, vec![Value::text("mail")])
}

fn local(local: u32) -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Local(LocalId(local)) }
}

fn int(n: i64) -> Expr {
    Expr { ty: TypeId(1), kind: ExprKind::Const(Const::Int(n)) }
}

#[test]
fn values_see_samples_and_parameters() {
    let script = scripted(vec![(TOOL, Answer::Value(slot(0)))]);
    assert_eq!(value(outcome(&script, &context(None), find())).0, Value::text("a sample"));
    let script = scripted(vec![(TOOL, Answer::Value(local(0)))]);
    assert_eq!(value(outcome(&script, &context(None), find())).0, Value::text("4 Elm"));
    assert_eq!(script.calls(TOOL), [[Value::text("4 Elm")]]);
}

#[test]
fn sequences_go_on_with_the_last_and_failures_fail() {
    let answers =
        vec![Answer::Value(text("one")), Answer::Fails(ErrorClass::Timeout), Answer::Value(text("three"))];
    let script = scripted(vec![(TOOL, Answer::Sequence(answers))]);
    let next = || outcome(&script, &context(None), find());
    assert_eq!(value(next()).0, Value::text("one"));
    assert_eq!(raised(next()).0, ErrorClass::Timeout);
    assert_eq!(value(next()).0, Value::text("three"));
    assert_eq!(value(next()).0, Value::text("three"));
}

#[test]
fn a_late_answer_waits_on_the_runs_clock() {
    let late = Answer::Late(Box::new(Answer::Value(text("late"))), 9 * 3_600_000);
    let script = scripted(vec![(TOOL, late)]);
    let cx = context(None);
    assert_eq!(value(outcome(&script, &cx, find())).0, Value::text("late"));
    assert_eq!(cx.clock.now_ms(), 9 * 3_600_000);
}

#[test]
fn facts_of_answers_are_as_if_they_were_real() {
    let sure = scripted(vec![(PROMPT, Answer::Sure(int(1), 0.7))]);
    let (_, facts) = value(outcome(&sure, &context(None), triage()));
    assert_eq!((facts.confidence, facts.messages.unwrap().as_list().unwrap().len()), (Some(0.7), 3));
    let costs = scripted(vec![(PROMPT, Answer::Costs(Box::new(Answer::Value(int(1))), Usd(40)))]);
    let cx = context(Some(Usd(50)));
    assert_eq!(value(outcome(&costs, &cx, triage())).1.cost, Usd(40));
    let (class, message, _) = raised(outcome(&costs, &cx, triage()));
    assert_eq!(class, ErrorClass::Budget, "{message}");
}

#[test]
fn a_raw_answer_is_decoded_and_repaired() {
    let raw = |text_: &str| Answer::Raw(text(text_));
    let script = scripted(vec![(PROMPT, raw(r#"{"intent": "Spam", "urgency": 2}"#))]);
    assert_eq!(value(outcome(&script, &context(None), triage())).0.as_fields().unwrap()[1], Value::Int(2));
    let script = scripted(vec![(PROMPT, raw(r#"{"intent": "Spam", "urgency": 7}"#))]);
    let (class, message, _) = raised(outcome(&script, &context(None), triage()));
    assert_eq!(class, ErrorClass::Invalid, "{message}");
}

#[test]
fn another_callable_may_answer() {
    let call = |callee, args| {
        let limits = Limits::default();
        Box::new(Call { callee, args, filter: None, model: None, limits, otherwise: None, ret: TEXT })
    };
    let other = Callee::Human(flow_ir::HumanId(0));
    let script = scripted(vec![
        (other, Answer::Delegate(vec![LocalId(3)], call(TOOL, vec![local(3)]))),
        (TOOL, Answer::Value(local(0))),
    ]);
    let asked = invocation(other, vec![Value::text("passed on")]);
    assert_eq!(value(outcome(&script, &context(None), asked)).0, Value::text("passed on"));
    let circle = scripted(vec![(TOOL, Answer::Delegate(vec![LocalId(0)], call(TOOL, vec![local(0)])))]);
    assert!(raised(outcome(&circle, &context(None), find())).1.contains("circle"));
}

#[test]
fn without_an_answer_prompts_are_problems_tools_are_samples_and_resources_work() {
    let script = scripted(Vec::new());
    raised(outcome(&script, &context(None), triage()));
    assert_eq!(
        script.problems(),
        ["FL0902: `triage` would call a real model in a test; write `given triage = …`"]
    );
    value(outcome(&script, &context(None), find()));
    assert_eq!(script.problems().len(), 1);
    let key = || Value::text("k");
    value(call(&script, Method::MemoryAdd, vec![key(), Value::list([Value::text("x")])]));
    let last = value(call(&script, Method::MemoryLast, vec![key(), Value::Int(1)])).0;
    assert_eq!(last, Value::list([Value::text("x")]));
}

#[test]
fn cassettes_answer_through_the_whole_pipeline() {
    let world = World::says([Ok(reply(r#"{"intent": "Spam", "urgency": 3}"#))]);
    let given = Given { callee: PROMPT, answer: Answer::Cassette("c.json".into()) };
    let cassettes = HashMap::from([("c.json".into(), world as Arc<dyn Outside>)]);
    let script = Script { givens: vec![given], slots: Vec::new(), cassettes };
    let script = Scripted::new(surroundings(bundle(), Arc::new(Closed)), script);
    assert_eq!(value(outcome(&script, &context(None), triage())).1.cost, Usd(20));
    assert!(script.unasked().is_empty());
}
