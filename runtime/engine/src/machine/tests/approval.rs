//! A sensitive tool runs only behind a clearing edge, once for each.

use flow_ir::flow::{Edge, Flow};
use flow_ir::setup::Effect;
use flow_ir::units::ErrorClass::Timeout;

use super::*;
use crate::fixtures::*;

/// A run of flows in which the tool `write` is sensitive.
fn sensitive(flows: Vec<Flow>) -> Tape {
    let mut bundle = bundle(flows);
    bundle.tools[1].effect = Effect::Sensitive;
    Tape::with(bundle)
}

fn clearing(edge: Edge) -> Edge {
    Edge { clears: vec![0], ..edge }
}

fn ask_then_write(between: Edge) -> Vec<flow_ir::flow::Node> {
    vec![
        node("ask", work(REVIEW, vec![slot(0)]), vec![between]),
        node("send", work(WRITE, vec![slot(0)]), vec![give(slot(2))]),
    ]
}

const REFUSED: &str = "failed(Denied it is sensitive, and nobody approved it @send)";

#[test]
fn what_nobody_approved_is_not_done() {
    let mut run = sensitive(vec![flow("f", ask_then_write(to(1)))]);
    assert_eq!(
        run.tell(1, said("yes")).says(),
        format!(">0 +ask review#1(hi) =ask >0 +send !send:Denied {REFUSED}")
    );
    let mut run = sensitive(vec![flow("f", ask_then_write(clearing(to(1))))]);
    assert_eq!(run.tell(1, said("yes")).says(), ">0 +ask review#1(hi) =ask >0 +send write#2(hi)");
}

#[test]
fn an_approval_is_good_for_one_run() {
    let mut nodes = ask_then_write(clearing(to(1)));
    nodes[1].edges.push(to(1).on(&[Timeout]).max(0));
    let mut looping = flow("f", nodes);
    looping.counters = vec![1];
    let mut run = sensitive(vec![looping]);
    run.tell(1, said("yes")).says();
    assert_eq!(run.tell(2, failed(Timeout)).says(), format!("!send:Timeout >1 +send !send:Denied {REFUSED}"));
}

#[test]
fn a_flow_runs_with_the_approval_of_its_caller() {
    let inner = flow("inner", vec![node("send", work(WRITE, vec![slot(0)]), vec![give(slot(1))])]);
    let outer = |between: Edge| {
        let nodes = vec![
            node("ask", work(REVIEW, vec![slot(0)]), vec![between]),
            node("out", work(sub(1), vec![slot(0)]), vec![give(slot(2))]),
        ];
        sensitive(vec![flow("f", nodes), inner.clone()])
    };
    assert_eq!(
        outer(clearing(to(1))).tell(1, said("yes")).says(),
        ">0 +ask review#1(hi) =ask >0 +out >0 +send write#2(hi)"
    );
    let said = outer(to(1)).tell(1, said("yes")).says();
    assert!(said.contains("!send:Denied"), "{said}");
}

#[test]
fn an_approval_survives_a_snapshot() {
    let mut run = sensitive(vec![flow("f", ask_then_write(clearing(to(1))))]);
    run.says();
    let program = Program::new(run.bundle.clone());
    run.machine = Machine::restore(program, header(), &run.machine.snapshot()).unwrap();
    assert_eq!(run.tell(1, said("yes")).says(), "=ask >0 +send write#2(hi)");
}
