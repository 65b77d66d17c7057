//! Growing selections: from the word to the file.

use flow_grammar::Span;
use flow_grammar::ast::ItemKind;

use crate::package::View;
use crate::walk;

/// The ranges around an offset, inner ones first, each within the next.
#[must_use]
pub fn selections(view: &View, offset: u32) -> Vec<Span> {
    let mut spans = vec![Span::new(0, u32::try_from(view.text().len()).unwrap_or(u32::MAX))];
    if let Some(item) = walk::item_at(&view.parsed.file, offset) {
        spans.push(walk::whole(item));
        spans.push(item.span);
        if let ItemKind::Flow(flow) = &item.kind {
            for node in &flow.nodes {
                spans.extend([node.span, node.head]);
                spans.extend(node.edges.iter().map(|edge| edge.span));
            }
            spans.extend(flow.entry.iter().map(|edge| edge.span));
        }
        if let ItemKind::Setup(setup) = &item.kind {
            spans.extend(setup.settings.iter().map(|setting| setting.span));
        }
        spans.extend(walk::exprs_at(item, offset).iter().map(|expr| expr.span));
        spans.extend(walk::types_of(item).iter().map(|ty| ty.span));
    }
    spans.extend(view.occurrence(offset).map(|found| found.span));
    spans.retain(|span| span.touches(offset));
    spans.sort_by_key(|span| (span.end - span.start, span.start));
    spans.dedup();
    nested(&spans)
}

/// Leaves out what only touches: each must hold the one before.
fn nested(spans: &[Span]) -> Vec<Span> {
    let mut kept: Vec<Span> = Vec::new();
    for span in spans {
        if kept.last().is_none_or(|last| span.start <= last.start && last.end <= span.end) {
            kept.push(*span);
        }
    }
    kept
}
