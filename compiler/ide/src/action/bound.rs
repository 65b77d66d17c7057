//! FL0401: a bound on one of the arrows of a loop.

use flow_grammar::Span;
use flow_grammar::ast::{Edge, ItemKind};

use super::{Action, ActionKind, insert};
use crate::diagnose::Finding;
use crate::package::View;

/// `max 3` on each arrow that the diagnostic points at.
pub(super) fn edges(view: &View, finding: &Finding) -> Vec<Action> {
    if finding.code.number != "FL0401" || finding.fix.is_some() {
        return Vec::new();
    }
    let mut places = vec![finding.span];
    places.extend(
        finding.related.iter().filter(|related| related.path == view.path).map(|related| related.span),
    );
    let mut found: Vec<Action> = Vec::new();
    for edge in places.into_iter().filter_map(|place| edge_at(view, place)) {
        let arrow = view.slice(edge.span).split_whitespace().collect::<Vec<_>>().join(" ");
        let title = format!("Take `{arrow}` at most 3 times");
        let changes = vec![insert(view, edge.span.end, " max 3".to_owned())];
        let mends = Some((finding.code.number, finding.span));
        let action = Action { title, kind: ActionKind::Fix, mends, changes };
        if !found.contains(&action) {
            found.push(action);
        }
    }
    found
}

fn edge_at(view: &View, place: Span) -> Option<&Edge> {
    let flows = view.parsed.file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    });
    let mut edges = flows.flat_map(|flow| flow.nodes.iter().flat_map(|node| &node.edges));
    edges.find(|edge| edge.max.is_none() && edge.span.start <= place.start && place.end <= edge.span.end)
}
