//! Code lenses: what can be done with a declaration, above it.

use flow_grammar::Span;
use flow_grammar::ast::{Item, ItemKind, Step};

use crate::cost;
use crate::package::View;
use crate::walk;

/// What a lens does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LensKind {
    /// Run the flow.
    Run(String),
    /// Show the flow's graph.
    Graph(String),
    /// Run the tests of the file whose titles hold these words.
    Test(String),
    /// Says something, does nothing.
    Facts,
}

/// Words above a declaration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lens {
    /// The declaration's name.
    pub span: Span,
    /// As shown.
    pub title: String,
    /// What it does.
    pub kind: LensKind,
}

/// The lenses of a file.
#[must_use]
pub fn lenses(view: &View) -> Vec<Lens> {
    view.parsed.file.items.iter().flat_map(|item| of_item(view, item)).collect()
}

/// The flow around an offset: what a graph beside the text shows.
#[must_use]
pub fn flow_at(view: &View, offset: u32) -> Option<String> {
    let item = walk::item_at(&view.parsed.file, offset)?;
    match &item.kind {
        ItemKind::Flow(flow) => Some(flow.name.text.to_string()),
        _ => None,
    }
}

fn of_item(view: &View, item: &Item) -> Vec<Lens> {
    match &item.kind {
        ItemKind::Flow(flow) if !flow.name.is_missing() => {
            let name = flow.name.text.to_string();
            let lens = |title: &str, kind| Lens { span: flow.name.span, title: title.to_owned(), kind };
            let tests = view.parsed.file.items.iter().filter(|item| calls(item, &name)).count();
            let costs = cost::of_flow(view, &name).map(|costs| format!("{costs} · ")).unwrap_or_default();
            let facts = format!("{costs}{} · {}", count(flow.nodes.len(), "node"), count(tests, "test"));
            let mut lenses = vec![lens("graph", LensKind::Graph(name.clone()))];
            if item.public.is_some() {
                lenses.push(lens("run", LensKind::Run(name)));
            }
            lenses.push(lens(&facts, LensKind::Facts));
            lenses
        }
        ItemKind::Test(test) if !test.is_eval => {
            let title = view.slice(test.title.span).trim_matches('"').to_owned();
            vec![Lens { span: test.title.span, title: "run test".to_owned(), kind: LensKind::Test(title) }]
        }
        _ => Vec::new(),
    }
}

/// Whether an item is a test of the flow.
fn calls(item: &Item, flow: &str) -> bool {
    let ItemKind::Test(test) = &item.kind else { return false };
    test.steps.iter().any(|step| match step {
        Step::When { call, .. } => match &call.expr.kind {
            flow_grammar::ast::ExprKind::Call { callee, .. } => {
                matches!(&callee.kind, flow_grammar::ast::ExprKind::Name(name) if name == flow)
            }
            _ => false,
        },
        _ => false,
    })
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
