//! A tiny world for flows under test: callables known by their names.

use flow_diagnostics::{FileId, SourceFile};
use flow_grammar::ast::{ExprKind, Flow, ItemKind, Work};
use flow_ir::units::ErrorClass;
use smol_str::SmolStr;

use crate::graph::{
    AnswerField, Callees, ClassSet, Cx, Effect, FactPath, Facts, FlowGraph, NodeIx, Scope, check,
};
use crate::report::At;

/// `ask`, `use`, `judge` are prompts, `person` is a human, `pure` raises nothing. Every value may be `Yes` or `No`.
pub(super) struct World<'a>(pub(super) &'a Flow);

impl World<'_> {
    fn callee(&self, node: NodeIx) -> Option<SmolStr> {
        let Some(Work::Call(call)) = &self.0.nodes.get(node.0 as usize)?.work else { return None };
        let ExprKind::Call { callee, .. } = &call.expr.kind else { return None };
        let ExprKind::Name(name) = &callee.kind else { return None };
        Some(name.clone())
    }
}

impl Callees for World<'_> {
    fn raises(&self, node: NodeIx) -> Option<ClassSet> {
        let classes = [ErrorClass::Timeout, ErrorClass::Overload, ErrorClass::Invalid];
        match self.callee(node).as_deref() {
            Some("pure") | None => Some(ClassSet::NONE),
            Some(_) => Some(classes.into_iter().collect()),
        }
    }

    fn effect(&self, node: NodeIx) -> Option<Effect> {
        match self.callee(node).as_deref() {
            Some("person") => Some(Effect::Human),
            Some("pure") | None => Some(Effect::Pure),
            Some(_) => Some(Effect::Model),
        }
    }

    fn has_value(&self, node: NodeIx) -> bool {
        self.callee(node).is_some()
    }

    fn cases(&self, _: &FactPath) -> Option<Vec<SmolStr>> {
        Some(vec!["Yes".into(), "No".into()])
    }

    fn answer_fields(&self, node: NodeIx) -> Vec<AnswerField> {
        let is_person = self.callee(node).as_deref() == Some("person");
        let field = AnswerField { variant: "No".into(), field: "why".into() };
        if is_person { vec![field] } else { Vec::new() }
    }
}

/// The first flow of a text.
pub(super) fn flow(source: &str) -> Flow {
    let parsed = flow_grammar::parse(source);
    let flows = parsed.file.items.into_iter().filter_map(|item| match item.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    });
    flows.into_iter().next().expect("a flow")
}

fn diagnostics(source: &str) -> Vec<(u32, &'static str, String)> {
    let flow = flow(source);
    let world = World(&flow);
    let graph = FlowGraph::new(&flow, |node| world.raises(node));
    let scope = Scope::new(&graph);
    let facts = Facts::new(&graph);
    let file = SourceFile::new("test.flow".into(), source.into());
    let at = At(FileId(0));
    let cx = Cx { graph: &graph, scope: &scope, facts: &facts, callees: &world, at, source: &file };
    let mut out = Vec::new();
    check(&cx, &mut out);
    let line = |span: flow_diagnostics::Span| file.line_column(span.start).line;
    out.into_iter().map(|found| (line(found.primary.span), found.code.number, found.message)).collect()
}

/// What is reported, as `line code`, in the order of the checks.
pub(super) fn found(source: &str) -> Vec<String> {
    diagnostics(source).into_iter().map(|(line, code, _)| format!("{line} {code}")).collect()
}

/// The messages.
pub(super) fn said(source: &str) -> Vec<String> {
    diagnostics(source).into_iter().map(|(.., message)| message).collect()
}
