//! Extract a node: a call on an edge, or the selected expression, gets a node of its own.

use flow_grammar::Span;
use flow_grammar::ast::{Edge, Expr, ExprKind, Flow, ItemKind, Node, Target};

use super::{Action, ActionKind, names};
use crate::Change;
use crate::package::View;

/// `-> return f(x)` becomes `-> made` and `node made = f(x)` with `-> return made`.
pub(super) fn node(view: &View, range: Span) -> Option<Action> {
    let flows = view.parsed.file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    });
    flows.into_iter().find_map(|flow| in_flow(view, flow, range))
}

fn in_flow(view: &View, flow: &Flow, range: Span) -> Option<Action> {
    let (node, edge) = flow.nodes.iter().find_map(|node| {
        let edge =
            node.edges.iter().find(|edge| edge.span.touches(range.start) && edge.span.touches(range.end))?;
        Some((node, edge))
    })?;
    let Target::Return(Some(value), whole) = &edge.target else { return None };
    let call = called(value).filter(|call| call.span.touches(range.start) && call.span.touches(range.end))?;
    let name = fresh(flow, call);
    Some(Action {
        title: format!("Extract `{name}` into a node"),
        kind: ActionKind::Extract,
        mends: None,
        changes: changes(view, (flow, node, edge), (value, *whole), call, &name),
    })
}

fn changes(
    view: &View,
    (flow, node, edge): (&Flow, &Node, &Edge),
    (value, whole): (&Expr, Span),
    call: &Expr,
    name: &str,
) -> Vec<Change> {
    let before = view.slice(Span::new(value.span.start, call.span.start));
    let after = view.slice(Span::new(call.span.end, value.span.end));
    let work = view.slice(call.span);
    let end =
        flow.nodes.iter().find(|other| other.span == node.span).map_or(edge.span.end, |node| node.span.end);
    let made = format!("\n\n  node {name} = {work}\n    -> return {before}{name}{after}");
    vec![
        Change { path: view.path.clone(), span: whole, text: name.to_owned() },
        Change { path: view.path.clone(), span: Span::new(end, end), text: made },
    ]
}

/// The first call in an expression.
fn called(value: &Expr) -> Option<&Expr> {
    let mut found = None;
    flow_grammar::visit::exprs_of(value, &mut |expr| {
        let is_call =
            matches!(&expr.kind, ExprKind::Call { callee, .. } if !matches!(callee.kind, ExprKind::Upper(_)));
        if is_call && found.is_none() {
            found = Some(expr);
        }
    });
    found
}

/// What the new node is called.
fn fresh(flow: &Flow, call: &Expr) -> String {
    let base = match &call.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Name(name) => format!("{name}_result"),
            ExprKind::Field { name, .. } => format!("{}_result", name.text),
            _ => "result".to_owned(),
        },
        _ => "result".to_owned(),
    };
    names::fresh(flow, &base)
}
