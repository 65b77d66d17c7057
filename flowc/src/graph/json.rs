//! JSON, for programs that draw: everything the Bundle knows about the graph, implicit edges included.

use flow_ir::Bundle;
use flow_ir::expr::Expr;
use flow_ir::flow::{Edge, Flow, Node, Target};
use serde_json::{Value, json};

use super::text::{self, Names};

/// The flow as a JSON object. Fields are only added.
#[must_use]
pub fn write(flow: &Flow, bundle: &Bundle) -> Value {
    let names = Names::of_flow(bundle, flow);
    let entry: Vec<Value> = flow.entry.iter().map(|edge| edge_json(edge, flow, &names)).collect();
    let nodes: Vec<Value> = flow.nodes.iter().map(|node| node_json(node, flow, bundle, &names)).collect();
    json!({
        "package": bundle.package,
        "flow": flow.name,
        "doc": flow.doc,
        "public": flow.public,
        "params": flow.params.iter().map(|param| &param.name).collect::<Vec<_>>(),
        "within": text::limits(&flow.limits),
        "start": entry,
        "nodes": nodes,
    })
}

fn node_json(node: &Node, flow: &Flow, bundle: &Bundle, names: &Names<'_>) -> Value {
    let calls: Vec<Value> = node
        .work
        .calls()
        .map(|call| {
            let model = call.model.and_then(|id| bundle.models.get(id.index())).map(|model| &model.name);
            json!({
                "callee": text::callee(bundle, call.callee),
                "using": model,
                "within": text::limits(&call.limits),
            })
        })
        .collect();
    json!({
        "name": node.name,
        "doc": node.doc,
        "kind": super::kind(&node.work).word(),
        "params": node.params.iter().map(|slot| names.slot(*slot)).collect::<Vec<_>>(),
        "calls": calls,
        "edges": node.edges.iter().map(|edge| edge_json(edge, flow, names)).collect::<Vec<_>>(),
    })
}

fn edge_json(edge: &Edge, flow: &Flow, names: &Names<'_>) -> Value {
    let written = |values: &[Expr]| values.iter().map(|value| text::expr(names, value)).collect::<Vec<_>>();
    let (kind, to, values) = match &edge.to {
        Target::Node(node, args) => {
            let name = flow.nodes.get(node.index()).map(|node| node.name.to_string());
            ("node", name, written(args))
        }
        Target::Return(value) => ("return", None, written(value.as_slice())),
        Target::Fail(value) => ("fail", None, written(value.as_slice())),
    };
    json!({
        "kind": kind,
        "to": to,
        "values": values,
        "when": edge.when.as_ref().map(|condition| text::expr(names, condition)),
        "on": edge.on.iter().map(|class| class.name()).collect::<Vec<_>>(),
        "max": edge.max.and_then(|counter| flow.counters.get(counter.index())),
        "implicit": edge.implicit,
    })
}
