//! Bundles for tests, built by hand: a flow is a few lines.

use flow_eval::Value;
use flow_ir::expr::{Compare, Const, Expr, ExprKind};
use flow_ir::flow::{Edge, Flow, Node, Slot, Target, Work};
use flow_ir::setup::{Arm, Call, Callee, Effect, Human, Prompt, Split, Tool, Transport};
use flow_ir::types::{Field, Labels, Type};
use flow_ir::units::{ErrorClass, Limits, Usd};
use flow_ir::{
    Bundle, CounterId, FlowId, HumanId, LocalId, NodeId, PromptId, SlotId, SplitId, ToolId, TypeId,
};

use crate::protocol::{Facts, Outcome};

pub(crate) const TEXT: TypeId = TypeId(0);
pub(crate) const INT: TypeId = TypeId(1);
pub(crate) const BOOL: TypeId = TypeId(2);
pub(crate) const NOTHING: TypeId = TypeId(3);
pub(crate) const DURATION: TypeId = TypeId(4);
pub(crate) const LIST: TypeId = TypeId(5);

pub(crate) const ASK: Callee = Callee::Prompt(PromptId(0));
pub(crate) const READ: Callee = Callee::Tool(ToolId(0));
pub(crate) const WRITE: Callee = Callee::Tool(ToolId(1));
pub(crate) const REVIEW: Callee = Callee::Human(HumanId(0));

/// A package with these flows, one prompt, a reading and a writing tool, and a person.
pub(crate) fn bundle(flows: Vec<Flow>) -> Bundle {
    Bundle {
        package: "test".into(),
        types: vec![
            Type::Text { size: None },
            Type::Int { min: None, max: None },
            Type::Bool,
            Type::Nothing,
            Type::Duration { min: None, max: None },
            Type::List { item: TEXT, size: Default::default() },
        ],
        prompts: vec![prompt("ask")],
        tools: vec![tool("read", Effect::Read), tool("write", Effect::Write)],
        humans: vec![human("review")],
        flows,
        ..Bundle::default()
    }
}

pub(crate) fn prompt(name: &str) -> Prompt {
    Prompt {
        name: name.into(),
        doc: "".into(),
        params: vec![field("line")],
        ret: TEXT,
        messages: Vec::new(),
        registry: None,
        input: None,
        output: None,
        confidence: None,
        repair: 0,
        tools: Vec::new(),
        rounds: 0,
        temperature: None,
        cache: false,
        cache_in: None,
    }
}

fn tool(name: &str, effect: Effect) -> Tool {
    Tool {
        name: name.into(),
        doc: "".into(),
        params: vec![field("line")],
        ret: TEXT,
        effect,
        transport: Transport::Mcp { server: "s".into(), tool: "t".into(), locked: None },
        auth: None,
        needs: Vec::new(),
        timeout_ms: 1_000,
        retry: 0,
        once: false,
        cost: Usd(1),
        parallel: None,
        region: None,
    }
}

fn human(name: &str) -> Human {
    Human {
        name: name.into(),
        doc: "".into(),
        params: vec![field("line")],
        ret: TEXT,
        role: None,
        title: None,
        who: None,
        approves: Vec::new(),
        quorum: 1,
        remind_ms: None,
        cost: Usd(0),
    }
}

pub(crate) fn field(name: &str) -> Field {
    Field { name: name.into(), wire: name.into(), doc: "".into(), ty: TEXT, labels: Labels::default() }
}

/// A flow of one parameter, slot 0. Node n's result is slot n + 1; slots above are free for parameters.
pub(crate) fn flow(name: &str, nodes: Vec<Node>) -> Flow {
    let slot = |name: String| Slot { name: name.into(), ty: TEXT, labels: Labels::default() };
    Flow {
        name: name.into(),
        doc: "".into(),
        public: true,
        params: vec![field("line")],
        ret: TEXT,
        limits: Limits::default(),
        slots: (0..nodes.len() * 2 + 1).map(|n| slot(format!("s{n}"))).collect(),
        counters: Vec::new(),
        entry: vec![to(0)],
        nodes: nodes
            .into_iter()
            .enumerate()
            .map(|(n, node)| Node { result: node.result.map(|_| SlotId(n as u32 + 1)), ..node })
            .collect(),
    }
}

pub(crate) fn node(name: &str, work: Work, edges: Vec<Edge>) -> Node {
    let result = (!matches!(work, Work::Route)).then_some(SlotId(0));
    Node {
        name: name.into(),
        doc: "".into(),
        params: Vec::new(),
        result,
        work,
        edges,
        live: Vec::new(),
        handler: false,
    }
}

pub(crate) fn call(callee: Callee, args: Vec<Expr>) -> Call {
    Call { callee, args, filter: None, model: None, limits: Limits::default(), otherwise: None, ret: TEXT }
}

pub(crate) fn work(callee: Callee, args: Vec<Expr>) -> Work {
    Work::Call(call(callee, args))
}

pub(crate) fn all(branches: Vec<(&str, Call)>) -> Work {
    let branches = branches.into_iter().map(|(name, call)| (name.into(), call)).collect();
    Work::All { branches, limits: Limits::default(), ret: NOTHING }
}

pub(crate) fn each(list: Expr, call: Call) -> Work {
    Work::Each { local: LocalId(0), list, call, limits: Limits::default(), ret: LIST }
}

pub(crate) fn to(node: u32) -> Edge {
    edge(Target::Node(NodeId(node), Vec::new()))
}

pub(crate) fn give(result: Expr) -> Edge {
    edge(Target::Return(Some(result)))
}

pub(crate) fn fail(message: Expr) -> Edge {
    edge(Target::Fail(Some(message)))
}

fn edge(to: Target) -> Edge {
    Edge { to, when: None, on: Vec::new(), max: None, implicit: false, clears: Vec::new() }
}

/// Clauses of an edge.
pub(crate) trait Clauses {
    fn when(self, condition: Expr) -> Self;
    fn on(self, classes: &[ErrorClass]) -> Self;
    fn max(self, counter: u32) -> Self;
    fn implicit(self) -> Self;
}

impl Clauses for Edge {
    fn when(self, condition: Expr) -> Self {
        Self { when: Some(condition), ..self }
    }

    fn on(self, classes: &[ErrorClass]) -> Self {
        Self { on: classes.to_vec(), ..self }
    }

    fn max(self, counter: u32) -> Self {
        Self { max: Some(CounterId(counter)), ..self }
    }

    fn implicit(self) -> Self {
        Self { implicit: true, ..self }
    }
}

pub(crate) fn slot(n: u32) -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Slot(SlotId(n)) }
}

/// The element of an `each`.
pub(crate) fn item() -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Local(LocalId(0)) }
}

pub(crate) fn text(text: &str) -> Expr {
    Expr { ty: TEXT, kind: ExprKind::Const(Const::Text(text.into())) }
}

pub(crate) fn texts(items: &[&str]) -> Expr {
    Expr { ty: LIST, kind: ExprKind::List(items.iter().map(|item| text(item)).collect()) }
}

pub(crate) fn duration(ms: i64) -> Expr {
    Expr { ty: DURATION, kind: ExprKind::Const(Const::Duration(ms)) }
}

pub(crate) fn equals(left: Expr, right: Expr) -> Expr {
    Expr { ty: BOOL, kind: ExprKind::Compare(Compare::Eq, Box::new(left), Box::new(right)) }
}

/// Raises `Invalid`.
pub(crate) fn broken() -> Expr {
    let int = |n| Box::new(Expr { ty: INT, kind: ExprKind::Const(Const::Int(n)) });
    Expr { ty: INT, kind: ExprKind::Arith(flow_ir::expr::Arith::Div, int(1), int(0)) }
}

pub(crate) fn money(micros: i64) -> Limits {
    Limits { cost: Some(Usd(micros)), ..Limits::default() }
}

pub(crate) fn time(ms: u64) -> Limits {
    Limits { time_ms: Some(ms), ..Limits::default() }
}

pub(crate) fn sub(flow: u32) -> Callee {
    Callee::Flow(FlowId(flow))
}

pub(crate) fn said(text: &str) -> Outcome {
    paid(text, 0)
}

pub(crate) fn paid(text: &str, micros: i64) -> Outcome {
    let facts = Box::new(Facts { cost: Usd(micros), attempts: 1, ..Facts::default() });
    Outcome::Ok { value: Value::text(text), facts }
}

pub(crate) fn failed(class: ErrorClass) -> Outcome {
    let facts = Box::new(Facts { attempts: 1, ..Facts::default() });
    Outcome::Err { class, message: "it failed".into(), facts }
}

/// A split over one line of text.
pub(crate) fn split(key: Expr, arms: Vec<(u32, Call)>, shadows: Vec<(u32, Call)>) -> Split {
    let arm = |(share, call)| Arm { share, call };
    Split {
        name: "tone".into(),
        params: vec![field("line")],
        ret: TEXT,
        key,
        arms: arms.into_iter().map(arm).collect(),
        shadows: shadows.into_iter().map(arm).collect(),
        guard: None,
    }
}

/// A flow of one node that asks the first split, whose only arm asks a model, with these shadows.
pub(crate) fn beside(shadows: Vec<Call>, more: Vec<Flow>) -> Bundle {
    let asked = work(Callee::Split(SplitId(0)), vec![slot(0)]);
    let mut flows = vec![flow("f", vec![node("a", asked, vec![give(slot(1))])])];
    flows.extend(more);
    let shadows = shadows.into_iter().map(|shadow| (10_000, shadow)).collect();
    Bundle {
        splits: vec![split(slot(0), vec![(10_000, call(ASK, vec![slot(0)]))], shadows)],
        ..bundle(flows)
    }
}
