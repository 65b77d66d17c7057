//! Inlay hints: types that the way to a place made narrower, the error edges that nobody wrote, and what things take at
//! most.

use flow_compiler::graph::{EdgeKind, Vertex};
use flow_grammar::Span;
use flow_grammar::ast::{Flow, ItemKind, Target};

use crate::cost;
use crate::package::View;
use crate::resolve::{Kind, flow};

/// What a hint is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HintKind {
    /// The result of a node, or a type narrower than declared.
    Type,
    /// An edge that the flow's header puts there.
    Edge,
    /// What a node or a flow takes at most.
    Bound,
}

/// Words between the words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// Behind this offset.
    pub offset: u32,
    /// As shown.
    pub text: String,
    /// What it is about.
    pub kind: HintKind,
    /// More of it.
    pub tooltip: String,
}

/// The hints in a range of a file.
#[must_use]
pub fn hints(view: &View, range: Span) -> Vec<Hint> {
    let mut found = Vec::new();
    for item in &view.parsed.file.items {
        if let ItemKind::Flow(flow) = &item.kind
            && item.span.start <= range.end
            && range.start <= item.span.end
        {
            results(view, flow, &mut found);
            narrowed(view, item.span, &mut found);
            errors(view, flow, &mut found);
            bounds(view, flow, &mut found);
        }
    }
    found.retain(|hint| range.touches(hint.offset));
    found.sort_by_key(|hint| hint.offset);
    found
}

/// `‹≤ 0.0281 USD · 2.4k tokens›` on a flow and on nodes that ask models.
fn bounds(view: &View, flow: &Flow, found: &mut Vec<Hint>) {
    let mut add = |head: Span, bound: Option<cost::Short>, tooltip: &str| {
        if let Some(bound) = bound.filter(|_| !head.is_empty()) {
            let written = view.slice(head).trim_end_matches(['{', ' ', '\n', '\r']).len();
            let offset = head.start + u32::try_from(written).unwrap_or(0);
            let (text, tooltip) =
                (format!(" ‹{}›", bound.worst), format!("{tooltip}; usual: {}", bound.usual));
            found.push(Hint { offset, text, kind: HintKind::Bound, tooltip });
        }
    };
    let name = flow.name.text.as_str();
    add(flow.head, cost::short_of_flow(view, name), "at most, on the dearest way");
    for node in &flow.nodes {
        add(node.head, cost::short_of_node(view, name, &node.name.text), "one visit, at most");
    }
}

fn results(view: &View, flow: &Flow, found: &mut Vec<Hint>) {
    for node in flow.nodes.iter().filter(|node| node.work.is_some() && !node.name.is_missing()) {
        let Some(ty) = view.analysis.knowledge.declared_at(node.name.span) else { continue };
        let text = ty.text();
        if text != "nothing" && text != node.name.text {
            let offset =
                node.params.iter().flatten().last().map_or(node.name.span.end, |param| param.span.end);
            let closing = view.text().get(offset as usize..).and_then(|rest| rest.find(')')).unwrap_or(0);
            let closing = u32::try_from(closing).unwrap_or(0) + 1;
            let offset = if node.params.is_some() { offset + closing } else { offset };
            let tooltip = format!("`{}` is a `{text}` behind this node", node.name.text);
            found.push(Hint { offset, text: format!(": {text}"), kind: HintKind::Type, tooltip });
        }
    }
}

/// At the first use in each expression where a value is known to be there.
fn narrowed(view: &View, item: Span, found: &mut Vec<Hint>) {
    let knowledge = &view.analysis.knowledge;
    let mut said: Vec<(Span, u32)> = Vec::new();
    let inside =
        view.occurrences.iter().filter(|use_| item.start <= use_.span.start && use_.span.end <= item.end);
    for name in inside.filter(|name| matches!(name.kind, Kind::Node | Kind::Param) && !name.is_definition) {
        let (Some(here), Some(declared)) = (knowledge.type_at(name.span), knowledge.declared_at(name.span))
        else {
            continue;
        };
        let node = node_around(view, name.span.start);
        let is_new = !said.contains(&(name.target.span, node));
        if is_new && declared.is_optional() && !here.is_optional() {
            said.push((name.target.span, node));
            let tooltip = format!("not `none` on any way to this place; declared `{}`", declared.text());
            let text = format!(": {}", here.text());
            found.push(Hint { offset: name.span.end, text, kind: HintKind::Type, tooltip });
        }
    }
}

fn node_around(view: &View, offset: u32) -> u32 {
    let flows = view.parsed.file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    });
    let nodes = flows.flat_map(|flow| &flow.nodes);
    nodes.filter(|node| node.span.touches(offset)).map(|node| node.span.start).next_back().unwrap_or(0)
}

/// `‹error → escalate›` on nodes that the header's handler covers.
fn errors(view: &View, flow: &Flow, found: &mut Vec<Hint>) {
    let graph = flow::graph(view, flow);
    for (ix, node) in graph.nodes() {
        let implicit = graph
            .outgoing(Vertex::from(ix))
            .filter(|(_, edge)| edge.kind == EdgeKind::Implicit && edge.certain)
            .map(|(_, edge)| match &edge.ast.target {
                Target::Node { name, .. } => name.text.to_string(),
                Target::Return(..) => "return".to_owned(),
                Target::Fail(..) => "fail".to_owned(),
                Target::Missing(_) => "?".to_owned(),
            });
        let mut targets: Vec<String> = implicit.collect();
        targets.dedup();
        if !targets.is_empty() && !node.head.is_empty() {
            let text = format!(" ‹error → {}›", targets.join(", "));
            let tooltip = "errors that this node does not handle go where the flow's header says".to_owned();
            found.push(Hint { offset: node.head.end, text, kind: HintKind::Edge, tooltip });
        }
    }
}
