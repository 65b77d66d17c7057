//! Limits of time, money and tokens; sleeping; splits.

use flow_ir::SplitId;
use flow_ir::flow::Work;
use flow_ir::setup::{Call, Callee};
use flow_ir::units::ErrorClass::{Budget, Expired, Timeout};
use flow_ir::units::{ErrorClass, Limits, Usd};

use super::*;
use crate::fixtures::*;

fn within(call: Call, limits: Limits) -> Work {
    Work::Call(Call { limits, ..call })
}

fn ends() -> Vec<flow_ir::flow::Edge> {
    vec![
        give(slot(1)),
        give(text("timeout")).on(&[Timeout]),
        give(text("expired")).on(&[Expired]),
        give(text("budget")).on(&[Budget]),
    ]
}

#[test]
fn the_time_of_a_call_races_its_work() {
    let nodes = || vec![node("a", within(call(ASK, vec![slot(0)]), time(500)), ends())];
    let mut run = Tape::of(vec![flow("f", nodes())]);
    assert_eq!(run.says(), ">0 +a ask#1(hi) timer#2(500)");
    assert_eq!(run.fire(2).says(), "cancel#1 !a:Timeout >1 returned(timeout)");
    let mut run = Tape::of(vec![flow("f", nodes())]);
    assert_eq!(run.invocations()[0].timeout_ms, Some(500));
    run.says();
    assert_eq!(run.tell(1, said("yo")).says(), "cancel#2 =a >0 returned(yo)");
}

#[test]
fn a_person_who_does_not_answer_is_expired() {
    let nodes = vec![node("a", within(call(REVIEW, vec![slot(0)]), time(500)), ends())];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    run.says();
    assert_eq!(run.fire(2).says(), "cancel#1 !a:Expired >2 returned(expired)");
}

#[test]
fn the_time_of_an_all_cancels_what_is_open() {
    let branches = vec![("x".into(), call(ASK, vec![slot(0)])), ("y".into(), call(READ, vec![slot(0)]))];
    let work = Work::All { branches, limits: time(500), ret: NOTHING };
    let mut run = Tape::of(vec![flow("f", vec![node("a", work, ends())])]);
    assert_eq!(run.says(), ">0 +a timer#1(500) ask#2(hi) read#3(hi)");
    run.tell(2, said("x"));
    assert_eq!(run.fire(1).says(), "cancel#3 !a:Timeout >1 returned(timeout)");
}

#[test]
fn a_time_limit_reaches_into_subflows() {
    let flows = vec![
        flow("f", vec![node("a", within(call(sub(1), vec![slot(0)]), time(500)), ends())]),
        flow("g", vec![node("b", work(ASK, vec![slot(0)]), vec![give(slot(1))])]),
    ];
    let mut run = Tape::of(flows);
    assert_eq!(run.invocations()[0].timeout_ms, Some(500));
    assert_eq!(run.says(), ">0 +a timer#1(500) >0 +b ask#2(hi)");
    assert_eq!(run.fire(1).says(), "cancel#2 !a:Timeout >1 returned(timeout)");
}

#[test]
fn a_flow_whose_time_is_over_runs_its_handlers_outside_of_it() {
    let edges = vec![to(1), to(2).on(&ErrorClass::ALL).implicit()];
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), edges.clone()),
        node("b", work(READ, vec![slot(0)]), vec![give(slot(2)), edges[1].clone()]),
        node("park", work(WRITE, vec![slot(0)]), vec![give(text("parked"))]),
    ];
    let mut limited = flow("f", nodes);
    limited.limits = time(500);
    let mut run = Tape::of(vec![limited]);
    assert_eq!(run.says(), "timer#1(500) >0 +a ask#2(hi)");
    assert_eq!(run.fire(1).says(), "cancel#2 !a:Timeout >1 +park write#3(hi)");
    assert_eq!(run.tell(3, said("ok")).says(), "=park >0 returned(parked)");
}

#[test]
fn a_flow_whose_time_is_over_starts_nothing_on_its_main_line() {
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), vec![give(slot(1)), to(1).on(&[Timeout])]),
        node("b", work(READ, vec![slot(0)]), ends()),
    ];
    let mut limited = flow("f", nodes);
    limited.limits = time(500);
    let mut run = Tape::of(vec![limited]);
    run.says();
    assert_eq!(run.fire(1).says(), "cancel#2 !a:Timeout >1 +b !b:Timeout >1 returned(timeout)");
}

#[test]
fn a_call_is_not_started_when_its_pool_is_empty() {
    let nodes = vec![
        node("a", work(READ, vec![slot(0)]), vec![to(1)]),
        node("b", work(REVIEW, vec![slot(0)]), vec![to(2)]),
        node("c", work(READ, vec![slot(0)]), ends()),
    ];
    let mut limited = flow("f", nodes);
    limited.limits = money(100);
    let mut run = Tape::of(vec![limited]);
    assert_eq!(run.invocations()[0].left, Some(Usd(100)));
    run.says();
    // A person costs nothing here, so nobody is kept from asking her.
    assert_eq!(run.tell(1, paid("x", 100)).says(), "=a >0 +b review#2(hi)");
    assert_eq!(run.tell(2, said("ok")).says(), "=b >0 +c !c:Budget >3 returned(budget)");
    assert_eq!(run.machine.usage().cost, Usd(100));
}

#[test]
fn a_call_knows_every_pool_around_it_innermost_first() {
    let mut inner = flow("g", vec![node("b", within(call(READ, vec![slot(0)]), money(30)), ends())]);
    inner.limits = money(50);
    let mut outer = flow("f", vec![node("a", work(sub(1), vec![slot(0)]), ends())]);
    outer.limits = money(40);
    let run = Tape::of(vec![outer, inner]);
    let left: Vec<_> = run.invocations()[0].pools.iter().map(|pool| (pool.id.0, pool.left.cost)).collect();
    assert_eq!(left, [(3, Some(Usd(30))), (2, Some(Usd(50))), (1, Some(Usd(40)))]);
    assert_eq!(run.invocations()[0].left, Some(Usd(30)));
}

#[test]
fn sleep_is_a_timer() {
    let nodes = vec![node("a", work(Callee::Sleep, vec![duration(250)]), vec![give(text("awake"))])];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    assert_eq!(run.says(), ">0 +a timer#1(250)");
    assert_eq!(run.tell(1, said("no operation")).says(), "");
    assert_eq!(run.fire(1).says(), "=a >0 returned(awake)");
}

#[test]
fn events_about_other_things_change_nothing() {
    let nodes = vec![node("a", within(call(ASK, vec![slot(0)]), time(500)), ends())];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    run.says();
    let before = run.machine.state_hash();
    run.fire(1).fire(3).tell(2, said("a timer has no outcome")).tell(9, said("never started"));
    assert_eq!(run.says(), "");
    assert_eq!(run.machine.state_hash(), before);
}

#[test]
fn a_split_calls_one_arm_and_its_shadows_afterwards() {
    let mut failing = call(ASK, vec![slot(0)]);
    failing.otherwise = Some(slot(0));
    let arms = vec![(10_000, failing), (0, call(WRITE, vec![slot(0)]))];
    let shadows = vec![(10_000, call(READ, vec![slot(0)])), (0, call(ASK, vec![slot(0)]))];
    let asked = work(Callee::Split(SplitId(0)), vec![text("hello")]);
    let mut package = bundle(vec![flow("f", vec![node("a", asked, vec![give(slot(1))])])]);
    package.splits = vec![split(slot(0), arms, shadows)];
    let mut run = Tape::with(package);
    assert_eq!(run.invocations()[0].arm, Some(crate::protocol::Arm { split: SplitId(0), index: 0 }));
    assert_eq!(run.says(), ">0 +a ask#1(hello)");
    // The arm's own `else` answers; what is compared is how the arm itself did.
    let end = "arm0:Overload shadow0(hello)/- =a~ >0 returned(hello)";
    assert_eq!(run.tell(1, failed(ErrorClass::Overload)).says(), end);
}

#[test]
fn arms_that_ask_nobody_are_compared_too() {
    let inner = work(Callee::Split(SplitId(0)), vec![text("hello")]);
    let two = work(Callee::Split(SplitId(1)), vec![text("hello")]);
    let nodes = vec![node("a", inner, vec![to(1)]), node("b", two, vec![give(slot(2))])];
    let mut package =
        bundle(vec![flow("f", nodes), flow("g", vec![node("c", work(ASK, vec![slot(0)]), ends())])]);
    let pure = vec![(10_000, call(Callee::Value, vec![slot(0)]))];
    let nested = vec![(10_000, call(Callee::Split(SplitId(2)), vec![slot(0)]))];
    let walked = vec![(10_000, call(sub(1), vec![slot(0)]))];
    let shadow = vec![(10_000, call(Callee::Value, vec![text("other")]))];
    package.splits = vec![
        split(slot(0), pure, shadow),
        split(slot(0), nested, Vec::new()),
        split(slot(0), walked, Vec::new()),
    ];
    let mut run = Tape::with(package);
    assert_eq!(run.says(), ">0 +a arm0 shadow0(hello)/hello =a >0 +b >0 +c ask#1(hello)");
    // Both splits on the way: the outer one first.
    run.tell(1, paid("x", 5));
    let ends: Vec<_> = run.ends().iter().map(|end| (end.call.arm.split.0, end.facts.cost)).collect();
    assert_eq!(ends, [(1, Usd(5)), (2, Usd(5))]);
    assert_eq!(run.says(), "=c >0 arm0 arm0 =b >0 returned(x)");
}

#[test]
fn a_paused_arm_gets_no_calls_until_it_goes_on() {
    let arms = vec![(4_000, call(ASK, vec![slot(0)])), (6_000, call(READ, vec![slot(0)]))];
    let asked = || work(Callee::Split(SplitId(0)), vec![text("hello")]);
    let nodes = vec![
        node("a", asked(), vec![to(1)]),
        node("b", asked(), vec![to(2)]),
        node("c", asked(), vec![give(slot(1))]),
    ];
    let of_first =
        (0..).map(|n| n.to_string()).find(|key| crate::ids::sticky_draw(key, "tone") < 4_000).unwrap();
    let mut package = bundle(vec![flow("f", nodes)]);
    package.splits = vec![split(text(&of_first), arms, Vec::new())];
    let mut run = Tape::with(package);
    assert_eq!(run.says(), ">0 +a ask#1(hello)");
    let first = crate::protocol::Arm { split: SplitId(0), index: 0 };
    run.hear(Event::Paused { arms: vec![first], now_ms: 1 });
    assert_eq!(run.tell(1, said("x")).says(), "arm0 =a >0 +b read#2(hello)");
    run.hear(Event::Paused { arms: Vec::new(), now_ms: 2 });
    assert_eq!(run.tell(2, said("y")).says(), "arm1 =b >0 +c ask#3(hello)");
}

#[test]
fn a_key_stays_on_its_arm() {
    let arms = || vec![(5_000, call(ASK, vec![slot(0)])), (5_000, call(READ, vec![slot(0)]))];
    let first = |key: &str| {
        let asked = work(Callee::Split(SplitId(0)), vec![text("hello")]);
        let mut package = bundle(vec![flow("f", vec![node("a", asked, vec![give(slot(1))])])]);
        package.splits = vec![split(text(key), arms(), Vec::new())];
        Tape::with(package).says()
    };
    let seen: std::collections::BTreeSet<String> = (0..20).map(|n| first(&n.to_string())).collect();
    assert_eq!(seen.len(), 2);
    assert_eq!(first("anna"), first("anna"));
}
