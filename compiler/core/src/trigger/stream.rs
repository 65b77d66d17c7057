//! FL0807: `stream: true` on a trigger whose flow has no text that is final while it is written.
//!
//! It needs the whole lowered package, so it runs last, and only if nothing else is wrong.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{self, ArgValue, ExprKind as Ast, ItemKind};
use flow_ir::flow::{Flow, Trigger};
use flow_ir::setup::Callee;
use flow_ir::stream::{self, Obstacle};
use flow_ir::{Bundle, NodeId};

use crate::package::Package;
use crate::report;

/// Reports triggers that cannot stream.
pub(crate) fn check(pkg: &Package<'_>, bundle: &Bundle, out: &mut Vec<Diagnostic>) {
    let written = pkg.modules.iter().flat_map(|module| {
        module.file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Trigger(trigger) => Some((module.at, trigger)),
            _ => None,
        })
    });
    for ((at, written), trigger) in written.zip(&bundle.triggers).filter(|(_, trigger)| trigger.stream) {
        let Some(setting) = setting(written) else { continue };
        out.extend(obstacle(bundle, trigger, at.span(setting)));
    }
}

/// Where `stream: true` stands.
fn setting(trigger: &ast::Trigger) -> Option<flow_grammar::Span> {
    let Ast::Call { args, .. } = &trigger.source.kind else { return None };
    args.iter().find_map(|arg| match (&arg.label, &arg.value) {
        (Some(label), ArgValue::Expr(value)) if label.text == "stream" => {
            Some(flow_grammar::Span::new(label.span.start, value.span.end))
        }
        _ => None,
    })
}

fn obstacle(bundle: &Bundle, trigger: &Trigger, span: Span) -> Option<Diagnostic> {
    let Callee::Flow(id) = trigger.target else {
        return Some(report::stream::no_flow(span));
    };
    let flow = bundle.flow(id)?;
    let (writer, obstacle) = stream::obstacle(flow, bundle)?;
    let name = |node: NodeId| node_name(flow, node);
    let Some(writer) = writer.map(name) else {
        return Some(report::stream::no_text(span, &flow.name));
    };
    Some(match obstacle {
        Obstacle::NoText => report::stream::no_text(span, &flow.name),
        Obstacle::Decides(node) => report::stream::decides(span, &writer, &name(node)),
        Obstacle::Raises(node) => report::stream::raises(span, &writer, &name(node)),
        Obstacle::EndsOtherwise(node) => report::stream::ends_otherwise(span, &writer, &name(node)),
        Obstacle::Repeats(node) => report::stream::repeats(span, &writer, &name(node)),
    })
}

fn node_name(flow: &Flow, node: NodeId) -> String {
    flow.nodes.get(node.index()).map(|node| node.name.to_string()).unwrap_or_default()
}
