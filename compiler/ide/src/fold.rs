//! What can be folded away.

use flow_grammar::Span;
use flow_grammar::ast::ItemKind;

use crate::package::View;
use crate::walk;

/// A range that folds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fold {
    /// The range.
    pub span: Span,
    /// Whether it holds nothing but comments.
    pub is_comment: bool,
    /// Whether it holds nothing but imports.
    pub is_imports: bool,
}

/// Items, nodes, blocks of text, runs of comments, runs of imports.
#[must_use]
pub fn folds(view: &View) -> Vec<Fold> {
    let plain = |span| Fold { span, is_comment: false, is_imports: false };
    let mut found = Vec::new();
    for item in &view.parsed.file.items {
        found.push(plain(item.span));
        if let ItemKind::Flow(flow) = &item.kind {
            found.extend(flow.nodes.iter().map(|node| plain(node.span)));
        }
        if let (Some(first), Some(last)) = (item.docs.first(), item.docs.last()) {
            found.push(Fold { span: first.span.to(last.span), is_comment: true, is_imports: false });
        }
        flow_grammar::visit::exprs(item, &mut |expr| {
            if matches!(&expr.kind, flow_grammar::ast::ExprKind::Text(text) if text.is_block) {
                found.push(plain(expr.span));
            }
        });
    }
    found.extend(comments(view));
    found.extend(imports(view));
    found.retain(|fold| view.slice(fold.span).contains('\n'));
    found.sort();
    found.dedup_by_key(|fold| fold.span);
    found
}

fn comments(view: &View) -> Vec<Fold> {
    let own = view.parsed.trivia.comments.iter().filter(|comment| comment.own_line);
    runs(view, own.map(|comment| comment.span))
        .into_iter()
        .map(|span| Fold { span, is_comment: true, is_imports: false })
        .collect()
}

fn imports(view: &View) -> Vec<Fold> {
    let items = view.parsed.file.items.iter().filter(|item| matches!(item.kind, ItemKind::Import(_)));
    runs(view, items.map(walk::whole))
        .into_iter()
        .map(|span| Fold { span, is_comment: false, is_imports: true })
        .collect()
}

/// Joins ranges that only blanks and one line break part.
fn runs(view: &View, spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    for span in spans {
        let between = runs.last().map(|last| view.slice(Span::new(last.end, span.start)));
        let joins = between.is_some_and(|text| text.trim().is_empty() && text.matches('\n').count() == 1);
        match runs.last_mut().filter(|_| joins) {
            Some(last) => *last = last.to(span),
            None => runs.push(span),
        }
    }
    runs
}
