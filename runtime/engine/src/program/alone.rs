//! A flow of one node around a call, so that any callable can be walked by itself.

use flow_ir::expr::{Expr, ExprKind};
use flow_ir::flow::{Edge, Flow, Node, Slot, Target, Work};
use flow_ir::setup::Call;
use flow_ir::types::{Field, Labels, Type};
use flow_ir::units::Limits;
use flow_ir::{Bundle, FlowId, NodeId, SlotId, TypeId};
use smol_str::SmolStr;

/// A call that is to be walked by itself.
#[derive(Clone, Debug)]
pub struct Alone {
    /// What the flow is called.
    pub name: SmolStr,
    /// Slots 0, 1, … of the call's arguments.
    pub params: Vec<Field>,
    /// What is called.
    pub call: Call,
    /// Whether whoever starts it vouches for the call, should it be sensitive.
    pub is_vouched: bool,
}

impl Alone {
    /// Adds the flow to a Bundle. It comes after all others, so that their names stay what they were.
    pub fn add_to(self, bundle: &mut Bundle) -> FlowId {
        let Self { name, params, call, is_vouched } = self;
        let (ret, result) = (call.ret, SlotId(params.len() as u32));
        let named = |name: &SmolStr, ty| Slot { name: name.clone(), ty, labels: Labels::default() };
        let mut slots: Vec<Slot> = params.iter().map(|param| named(&param.name, param.ty)).collect();
        slots.push(named(&"call".into(), ret));
        let has_result = !matches!(bundle.ty(ret), Type::Nothing);
        let node = Node {
            name: "call".into(),
            doc: "".into(),
            params: Vec::new(),
            result: has_result.then_some(result),
            work: Work::Call(call),
            edges: vec![edge(Target::Return(has_result.then(|| slot(result, ret))))],
            live: Vec::new(),
            handler: false,
        };
        let clears = if is_vouched { vec![0] } else { Vec::new() };
        bundle.flows.push(Flow {
            name,
            doc: "".into(),
            public: false,
            params,
            ret,
            limits: Limits::default(),
            slots,
            counters: Vec::new(),
            entry: vec![Edge { clears, ..edge(Target::Node(NodeId(0), Vec::new())) }],
            nodes: vec![node],
        });
        FlowId(bundle.flows.len() as u32 - 1)
    }
}

/// What is in a slot.
#[must_use]
pub fn slot(id: SlotId, ty: TypeId) -> Expr {
    Expr { ty, kind: ExprKind::Slot(id) }
}

fn edge(to: Target) -> Edge {
    Edge { to, when: None, on: Vec::new(), max: None, implicit: false, clears: Vec::new() }
}
