//! A test for a flow, with an answer for everything that it calls.

use flow_grammar::Span;
use flow_grammar::ast::ItemKind;

use super::{Action, ActionKind, insert};
use crate::call::outgoing;
use crate::package::{Package, View};
use crate::resolve::Kind;

/// Offered on the head of a flow.
pub(super) fn of_flow(package: &Package, view: &View, range: Span) -> Option<Action> {
    let item = view.parsed.file.items.iter().find(|item| match &item.kind {
        ItemKind::Flow(flow) => flow.head.touches(range.start) && flow.head.touches(range.end),
        _ => false,
    })?;
    let ItemKind::Flow(flow) = &item.kind else { return None };
    let asked = outgoing(package, &view.here(flow.name.span)).into_iter();
    let asked = asked.filter(|call| matches!(call.who.kind, Kind::Prompt | Kind::Tool | Kind::Human));
    let mut text = format!("\n\ntest \"{} does what it should\" {{\n", flow.name.text);
    for call in asked {
        text.push_str(&format!("  given {} = cassette(\"{}\")\n", call.who.name, flow.name.text));
    }
    let args: Vec<String> =
        flow.params.iter().map(|param| format!("sample(\"{}\")", param.name.text)).collect();
    text.push_str(&format!("  when {}({})\n  need run.cost <= 1 USD\n}}", flow.name.text, args.join(", ")));
    Some(Action {
        title: format!("Write a test for `{}`", flow.name.text),
        kind: ActionKind::Rewrite,
        mends: None,
        changes: vec![insert(view, item.span.end, text)],
    })
}
