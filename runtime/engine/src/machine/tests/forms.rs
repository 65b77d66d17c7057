//! Every form of node and edge, one small flow each.

use flow_ir::units::ErrorClass::{Failed, Invalid, Overload, Timeout};

use super::*;
use flow_ir::expr::Expr;
use flow_ir::flow::{Target, Work};
use flow_ir::setup::Callee;
use flow_ir::units::ErrorClass;

use crate::fixtures::*;

#[test]
fn a_call_is_made_and_its_result_is_returned() {
    let mut run = Tape::of(vec![flow("f", vec![node("a", work(ASK, vec![slot(0)]), vec![give(slot(1))])])]);
    assert_eq!(run.says(), ">0 +a ask#1(hi)");
    assert_eq!(run.tell(1, said("yo")).says(), "=a >0 returned(yo)");
    assert_eq!(run.tell(1, said("again")).cancel().says(), "");
}

#[test]
fn the_first_edge_that_holds_is_taken() {
    let nodes = vec![
        node("a", work(ASK, vec![slot(0)]), vec![to(1).when(equals(slot(1), text("x"))), give(text("no"))]),
        node("b", work(Callee::Value, vec![slot(1)]), vec![give(slot(2))]),
    ];
    let mut run = Tape::of(vec![flow("f", nodes.clone())]);
    assert_eq!(run.tell(1, said("x")).says(), ">0 +a ask#1(hi) =a >0 +b =b >0 returned(x)");
    let mut run = Tape::of(vec![flow("f", nodes)]);
    assert_eq!(run.tell(1, said("y")).says(), ">0 +a ask#1(hi) =a >1 returned(no)");
}

#[test]
fn a_max_edge_is_skipped_when_it_is_spent() {
    let nodes = vec![node("a", work(ASK, vec![slot(0)]), vec![to(0).max(0), give(slot(1))])];
    let mut looping = flow("f", nodes);
    looping.counters = vec![2];
    let mut run = Tape::of(vec![looping]);
    run.tell(1, said("x")).tell(2, said("y")).says();
    assert_eq!(run.tell(3, said("z")).says(), "=a >1 returned(z)");
}

#[test]
fn a_router_routes_without_work() {
    let nodes = vec![node("r", Work::Route, vec![give(slot(0))])];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +r >0 returned(hi)");
}

#[test]
fn an_edge_fills_the_parameters_of_its_node() {
    let mut second = node("b", work(READ, vec![slot(4)]), vec![give(slot(4))]);
    second.params = vec![flow_ir::SlotId(4)];
    let mut first = to(1);
    first.to = Target::Node(flow_ir::NodeId(1), vec![slot(1)]);
    let nodes = vec![node("a", work(ASK, vec![slot(0)]), vec![first]), second];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    assert_eq!(
        run.tell(1, said("x")).tell(2, said("y")).says(),
        ">0 +a ask#1(hi) =a >0 +b read#2(x) =b >0 returned(x)"
    );
}

#[test]
fn errors_take_the_first_edge_of_their_class() {
    let edges = || {
        vec![give(slot(1)), give(text("slow")).on(&[Timeout]), fail(text("sorry")).on(&[Timeout, Invalid])]
    };
    let nodes = || vec![node("a", work(ASK, vec![slot(0)]), edges())];
    for (class, end) in [
        (Timeout, "!a:Timeout >1 returned(slow)"),
        (Invalid, "!a:Invalid >2 failed(Failed sorry @a)"),
        (Overload, "!a:Overload failed(Overload it failed @a)"),
    ] {
        let mut run = Tape::of(vec![flow("f", nodes())]);
        run.says();
        assert_eq!(run.tell(1, failed(class)).says(), end);
    }
}

#[test]
fn else_answers_for_any_error_of_the_call() {
    let mut asking = call(ASK, vec![slot(0)]);
    asking.otherwise = Some(text("spare"));
    let nodes = || vec![node("a", Work::Call(asking.clone()), vec![give(slot(1))])];
    let mut run = Tape::of(vec![flow("f", nodes())]);
    run.says();
    assert_eq!(run.tell(1, failed(Overload)).says(), "=a~ >0 returned(spare)");

    let mut asking = call(ASK, vec![broken()]);
    asking.otherwise = Some(text("spare"));
    let nodes = vec![node("a", Work::Call(asking), vec![give(slot(1))])];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +a =a~ >0 returned(spare)");
}

#[test]
fn an_argument_without_a_value_is_an_error_of_the_node() {
    let edges = vec![give(slot(1)), give(text("odd")).on(&[Invalid])];
    let nodes = vec![node("a", work(ASK, vec![broken()]), edges)];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +a !a:Invalid >1 returned(odd)");
}

#[test]
fn a_condition_without_a_value_is_an_error_of_the_node() {
    let edges = vec![give(slot(1)).when(equals(broken(), broken())), give(text("odd")).on(&[Invalid])];
    let nodes = vec![node("a", work(Callee::Value, vec![slot(0)]), edges)];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +a =a !a:Invalid >1 returned(odd)");
}

#[test]
fn an_error_while_leaving_along_an_error_edge_ends_the_flow() {
    let edges = vec![give(slot(1)), give(broken()).on(&[Overload, Invalid])];
    let nodes = vec![node("a", work(ASK, vec![slot(0)]), edges)];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    run.says();
    assert_eq!(run.tell(1, failed(Overload)).says(), "!a:Overload failed(Invalid division by zero @a)");
}

#[test]
fn all_starts_every_branch_and_gives_a_record_in_order() {
    let both = all(vec![("x", call(ASK, vec![slot(0)])), ("y", call(READ, vec![slot(0)]))]);
    let mut run = Tape::of(vec![flow("f", vec![node("a", both, vec![give(slot(1))])])]);
    assert_eq!(run.says(), ">0 +a ask#1(hi) read#2(hi)");
    assert_eq!(run.tell(2, said("second")).says(), "");
    assert_eq!(run.tell(1, said("first")).says(), "=a >0 returned([first,second])");
}

#[test]
fn the_first_error_of_all_cancels_the_rest() {
    let three = all(vec![
        ("x", call(ASK, vec![slot(0)])),
        ("y", call(READ, vec![slot(0)])),
        ("z", call(sub(1), vec![slot(0)])),
    ]);
    let flows = vec![
        flow("f", vec![node("a", three, vec![give(slot(1)), give(text("odd")).on(&[Timeout])])]),
        flow("g", vec![node("b", work(WRITE, vec![slot(0)]), vec![give(slot(1))])]),
    ];
    let mut run = Tape::of(flows);
    assert_eq!(run.says(), ">0 +a ask#1(hi) read#2(hi) >0 +b write#3(hi)");
    assert_eq!(run.tell(2, failed(Timeout)).says(), "cancel#1 cancel#3 !a:Timeout >1 returned(odd)");
}

#[test]
fn a_branch_that_fails_at_once_keeps_the_rest_from_starting() {
    let both = all(vec![("x", call(ASK, vec![broken()])), ("y", call(READ, vec![slot(0)]))]);
    let nodes = vec![node("a", both, vec![give(slot(1))])];
    assert_eq!(
        Tape::of(vec![flow("f", nodes)]).says(),
        ">0 +a !a:Invalid failed(Invalid division by zero @a)"
    );
}

#[test]
fn each_keeps_the_order_of_the_list() {
    let many = each(texts(&["p", "q", "r"]), call(ASK, vec![item()]));
    let mut run = Tape::of(vec![flow("f", vec![node("a", many, vec![give(slot(1))])])]);
    assert_eq!(run.says(), ">0 +a ask#1(p) ask#2(q) ask#3(r)");
    assert_eq!(
        run.tell(3, said("R")).tell(1, said("P")).tell(2, said("Q")).says(),
        "=a >0 returned([P,Q,R])"
    );
    let none = each(texts(&[]), call(ASK, vec![item()]));
    let nodes = vec![node("a", none, vec![give(slot(1))])];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +a =a >0 returned([])");
}

#[test]
fn else_of_an_each_answers_for_one_element() {
    let mut asking = call(ASK, vec![item()]);
    asking.otherwise = Some(item());
    let many = each(texts(&["p", "q"]), asking);
    let mut run = Tape::of(vec![flow("f", vec![node("a", many, vec![give(slot(1))])])]);
    run.says();
    assert_eq!(run.tell(2, failed(Overload)).tell(1, said("P")).says(), "=a~ >0 returned([P,q])");
}

#[test]
fn pure_calls_need_nobody() {
    let pure = each(texts(&["p", "q"]), call(Callee::Value, vec![item()]));
    let nodes = vec![node("a", pure, vec![give(slot(1))])];
    assert_eq!(Tape::of(vec![flow("f", nodes)]).says(), ">0 +a =a >0 returned([p,q])");
}

#[test]
fn a_subflow_returns_to_its_caller() {
    let flows = vec![
        flow("f", vec![node("a", work(sub(1), vec![slot(0)]), vec![give(slot(1))])]),
        flow("g", vec![node("b", work(ASK, vec![slot(0)]), vec![give(slot(1))])]),
    ];
    let mut run = Tape::of(flows);
    assert_eq!(run.says(), ">0 +a >0 +b ask#1(hi)");
    assert_eq!(run.tell(1, said("yo")).says(), "=b >0 =a >0 returned(yo)");
}

#[test]
fn fail_of_a_subflow_is_failed_with_its_message() {
    let message =
        Expr { ty: TEXT, kind: flow_ir::expr::ExprKind::ErrorFact(flow_ir::expr::ErrorFact::Message) };
    let edges = vec![give(slot(1)), give(message).on(&[Failed])];
    let flows = vec![
        flow("f", vec![node("a", work(sub(1), vec![slot(0)]), edges)]),
        flow("g", vec![node("b", work(ASK, vec![slot(0)]), vec![fail(text("no luck"))])]),
    ];
    let mut run = Tape::of(flows);
    run.says();
    assert_eq!(run.tell(1, said("yo")).says(), "=b >0 !a:Failed >1 returned(no luck)");
}

#[test]
fn cancelling_ends_everything_in_order() {
    let both = all(vec![("x", call(ASK, vec![slot(0)])), ("y", call(sub(1), vec![slot(0)]))]);
    let flows = vec![
        flow("f", vec![node("a", both, vec![give(slot(1)), give(text("never")).on(&ErrorClass::ALL)])]),
        flow("g", vec![node("b", work(READ, vec![slot(0)]), vec![give(slot(1))])]),
    ];
    let mut run = Tape::of(flows);
    run.says();
    assert_eq!(run.cancel().says(), "cancel#1 cancel#2 cancelled");
    assert_eq!(run.tell(1, said("late")).says(), "");
}

#[test]
fn facts_of_a_node_can_be_routed_on() {
    let by = Expr {
        ty: TEXT,
        kind: flow_ir::expr::ExprKind::NodeFact(flow_ir::expr::NodeFact::By, flow_ir::NodeId(0)),
    };
    let nodes = vec![node("a", work(REVIEW, vec![slot(0)]), vec![give(by)])];
    let mut run = Tape::of(vec![flow("f", nodes)]);
    let facts = Box::new(crate::protocol::Facts { by: Some("anna".into()), ..Default::default() });
    run.says();
    assert_eq!(run.tell(1, Outcome::Ok { value: Value::text("ok"), facts }).says(), "=a >0 returned(anna)");
}

#[test]
fn a_bundle_that_no_compiler_wrote_ends_with_an_error() {
    let circle = vec![node("a", Work::Route, vec![to(1)]), node("b", Work::Route, vec![to(0)])];
    let loops = Tape::of(vec![flow("f", circle)]).says();
    assert!(
        loops.ends_with("failed(Failed the bundle is malformed: it holds a loop without `max` @a)"),
        "{loops}"
    );
    let own = vec![flow("f", vec![node("a", work(sub(0), vec![slot(0)]), vec![give(slot(1))])])];
    assert!(Tape::of(own).says().contains("call each other in a circle"));
    let nowhere = vec![flow("f", vec![node("a", Work::Route, vec![to(7)])])];
    assert!(Tape::of(nowhere).says().contains("an edge leads to no node"));
    assert_eq!(
        Tape::of(vec![flow("f", vec![node("a", Work::Route, Vec::new())])]).says(),
        ">0 +a failed(Failed no edge of `a` holds @a)"
    );
}
