//! FL0205: edges for what no edge takes; FL0608: an edge for the error that nothing handles.

use flow_grammar::ast::{Flow, ItemKind, Node};

use super::{Action, ActionKind, insert};
use crate::diagnose::Finding;
use crate::package::View;

/// The edges that are missing, one action a way to write them.
pub(super) fn edges(view: &View, finding: &Finding) -> Vec<Action> {
    if finding.fix.is_some() {
        return Vec::new();
    }
    let Some((_, node)) = node_at(view, finding) else { return Vec::new() };
    let name = &node.name.text;
    let action = |title: String, line: String| {
        let end = node.edges.last().map_or(node.head.end, |edge| edge.span.end);
        let mends = Some((finding.code.number, finding.span));
        Action {
            title,
            kind: ActionKind::Fix,
            mends,
            changes: vec![insert(view, end, format!("\n    {line}"))],
        }
    };
    match finding.code.number {
        "FL0205" => {
            let uncovered = quoted(&finding.message).into_iter().filter(|word| *word != name.as_str());
            let mut found: Vec<Action> = uncovered
                .filter(|word| word.chars().all(char::is_alphanumeric))
                .map(|word| {
                    let line =
                        format!("-> fail \"{name} is {word}\" when {} is {word}", scrutinee(view, node));
                    action(format!("Add an edge for `{word}`"), line)
                })
                .collect();
            found.push(action(
                "Add an edge for everything else".to_owned(),
                format!("-> fail \"{name}: nothing fits\""),
            ));
            found
        }
        "FL0608" => quoted(&finding.message)
            .into_iter()
            .filter(|word| flow_compiler::vocabulary::error_classes().any(|class| class == *word))
            .map(|class| {
                let line = format!("-> fail error.message on {class}");
                action(format!("Add an edge for `{class}`"), line)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// What the edges above test: `sort.intent`.
fn scrutinee(view: &View, node: &Node) -> String {
    let tested = node.edges.iter().find_map(|edge| match &edge.guard {
        Some(flow_grammar::ast::Guard::When(condition)) => match &condition.kind {
            flow_grammar::ast::ExprKind::Is { value, .. } => Some(view.slice(value.span).to_owned()),
            _ => None,
        },
        _ => None,
    });
    tested.unwrap_or_else(|| node.name.text.to_string())
}

pub(super) fn node_at<'v>(view: &'v View, finding: &Finding) -> Option<(&'v Flow, &'v Node)> {
    let flows = view.parsed.file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    });
    let mut nodes = flows.flat_map(|flow| flow.nodes.iter().map(move |node| (flow, node)));
    nodes.find(|(_, node)| node.span.touches(finding.span.start))
}

/// The words in backticks.
pub(super) fn quoted(message: &str) -> Vec<&str> {
    let first = message.lines().next().unwrap_or("");
    first.split('`').skip(1).step_by(2).collect()
}
