use flow_ir::expr::{Compare, Const, Expr, ExprKind, NodeFact, Test};
use flow_ir::flow::{Edge, Flow, Node, Slot, Target, Work};
use flow_ir::types::{Enum, Type, Variant};
use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_ir::{Bundle, CounterId, NodeId, SlotId, TypeId};

use super::{Picture, dot, json, mermaid, svg};

const VERDICT: TypeId = TypeId(0);
const BOOL: TypeId = TypeId(1);

fn expr(ty: TypeId, kind: ExprKind) -> Expr {
    Expr { ty, kind }
}

fn is(variant: u32) -> Expr {
    let value = Box::new(expr(VERDICT, ExprKind::Slot(SlotId(1))));
    expr(BOOL, ExprKind::Is { value, test: Test::Variant(variant) })
}

fn sure() -> Expr {
    let left = Box::new(expr(BOOL, ExprKind::NodeFact(NodeFact::Confidence, NodeId(0))));
    let right = Box::new(expr(BOOL, ExprKind::Const(Const::Float(0.9))));
    expr(BOOL, ExprKind::Compare(Compare::Ge, left, right))
}

fn edge(to: Target) -> Edge {
    Edge { to, when: None, on: Vec::new(), max: None, implicit: false, clears: Vec::new() }
}

fn node(name: &str, edges: Vec<Edge>) -> Node {
    Node {
        name: name.into(),
        doc: String::new().into(),
        params: Vec::new(),
        result: Some(SlotId(1)),
        work: Work::Route,
        edges,
        live: Vec::new(),
        handler: false,
    }
}

fn variant(name: &str) -> Variant {
    Variant { name: name.into(), wire: name.into(), doc: "".into(), fields: Vec::new() }
}

fn bundle() -> Bundle {
    let verdict = Enum {
        name: "Verdict".into(),
        doc: "".into(),
        tag: None,
        variants: vec![variant("Approve"), variant("Reject")],
    };
    let approved = expr(BOOL, ExprKind::And(Box::new(is(0)), Box::new(sure())));
    let done = Target::Return(Some(expr(VERDICT, ExprKind::Slot(SlotId(0)))));
    let handler = |to: Target| Edge { on: ErrorClass::ALL.to_vec(), implicit: true, ..edge(to) };
    let ask = node(
        "ask",
        vec![
            Edge { when: Some(approved), ..edge(done.clone()) },
            Edge { max: Some(CounterId(0)), ..edge(Target::Node(NodeId(1), Vec::new())) },
            edge(Target::Node(NodeId(2), Vec::new())),
            Edge { on: vec![ErrorClass::Expired], ..edge(Target::Node(NodeId(2), Vec::new())) },
            handler(Target::Node(NodeId(2), Vec::new())),
        ],
    );
    let rewrite = node(
        "rewrite",
        vec![edge(Target::Node(NodeId(0), Vec::new())), handler(Target::Node(NodeId(2), Vec::new()))],
    );
    let flow = Flow {
        name: "handle".into(),
        doc: "".into(),
        public: true,
        params: Vec::new(),
        ret: VERDICT,
        limits: Limits { cost: Some(Usd(250_000)), time_ms: Some(28_800_000), ..Limits::default() },
        slots: ["mail", "ask"]
            .map(|name| Slot { name: name.into(), ty: VERDICT, labels: Default::default() })
            .to_vec(),
        counters: vec![2],
        entry: vec![edge(Target::Node(NodeId(0), Vec::new()))],
        nodes: vec![ask, rewrite, node("escalate", vec![edge(done)])],
    };
    Bundle { types: vec![Type::Enum(verdict), Type::Bool], flows: vec![flow], ..Bundle::default() }
}

#[test]
fn mermaid_dashes_errors_and_thickens_bounds() {
    let bundle = bundle();
    insta::assert_snapshot!(mermaid::write(&Picture::of(&bundle.flows[0], &bundle)));
}

#[test]
fn dot_doubles_bounded_arrows() {
    let bundle = bundle();
    insta::assert_snapshot!(dot::write(&Picture::of(&bundle.flows[0], &bundle)));
}

#[test]
fn json_tells_implicit_edges() {
    let bundle = bundle();
    let json = json::write(&bundle.flows[0], &bundle);
    assert_eq!(json["nodes"][0]["edges"][0]["when"], "ask is Approve and confidence(ask) >= 0.9");
    assert_eq!(json["nodes"][0]["edges"][1]["max"], 2);
    assert_eq!(json["nodes"][1]["edges"][1]["implicit"], true);
    assert_eq!(json["within"], "within 0.25 USD, 8h");
}

#[test]
fn svg_draws_every_box_and_arrow_once() {
    let bundle = bundle();
    let picture = Picture::costed(&bundle.flows[0], &bundle);
    let text = svg::write(&picture);
    assert_eq!(text.matches("<g class=\"box ").count(), picture.boxes.len());
    assert_eq!(text.matches("marker-end").count(), picture.arrows.len());
    assert_eq!(
        text.matches("<path class=\"i\"").count(),
        2,
        "one arrow is bounded, and the legend shows how"
    );
    assert!(text.contains("confidence(ask) &gt;= 0.9"), "{text}");
    for name in ["ask", "rewrite", "escalate"] {
        assert_eq!(text.matches(&format!("data-node=\"{name}\"")).count(), 1, "{name}");
    }
    assert!(!text.contains("class=\"r\"") && !text.contains("class=\"s\""), "nothing is paid or approved");
}

#[test]
fn an_arrow_that_approves_has_a_shield() {
    let mut bundle = bundle();
    bundle.flows[0].nodes[0].edges[0].clears = vec![0];
    let picture = Picture::of(&bundle.flows[0], &bundle);
    let approved: Vec<&str> =
        picture.arrows.iter().filter(|arrow| arrow.clears).map(|arrow| arrow.label.as_str()).collect();
    assert_eq!(approved, ["when ask is Approve and confidence(ask) >= 0.9"]);
    assert_eq!(
        svg::write(&picture).matches("<path class=\"s\"").count(),
        2,
        "on the arrow and in the legend"
    );
}
