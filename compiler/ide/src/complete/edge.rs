//! Lines of a flow: nodes, arrows, what stands behind them.

use flow_compiler::graph::{Binding, Scope};
use flow_compiler::vocabulary;
use flow_grammar::ast::{Flow, ItemKind, Node};

use super::{CompletionKind, List};
use crate::package::View;
use crate::resolve::{Kind, flow};
use crate::walk;

fn flow_at(view: &View, offset: u32) -> Option<&Flow> {
    match &walk::item_at(&view.parsed.file, offset)?.kind {
        ItemKind::Flow(flow) => Some(flow),
        _ => None,
    }
}

/// Behind `->`: nodes, first those that can be entered as they are.
pub(super) fn targets(view: &View, offset: u32, list: &mut List) {
    list.keywords(&["return", "fail"], 2);
    let Some(flow) = flow_at(view, offset) else {
        // A trigger's target is a flow.
        for item in &view.parsed.file.items {
            if let ItemKind::Flow(flow) = &item.kind {
                list.add(&flow.name.text, CompletionKind::Named(Kind::Flow), "", 0);
            }
        }
        return;
    };
    let own = flow.nodes.iter().rfind(|node| node.span.start <= offset).map(|node| node.name.span);
    for node in &flow.nodes {
        let params = node.params.as_deref().unwrap_or_default();
        let written: Vec<&str> = params.iter().map(|param| view.slice(param.span)).collect();
        let rank = u8::from(!params.is_empty()) + u8::from(Some(node.name.span) == own);
        let detail = if params.is_empty() { work(view, node) } else { format!("({})", written.join(", ")) };
        let kind = CompletionKind::Named(Kind::Node);
        let Some(entry) = list.add(&node.name.text, kind, &detail, rank) else { continue };
        if !params.is_empty() {
            let places = params.iter().zip(1..).map(|(param, at)| format!("${{{at}:{}}}", param.name.text));
            entry.insert = format!("{}({})", node.name.text, places.collect::<Vec<_>>().join(", "));
            entry.is_snippet = true;
        }
    }
}

fn work(view: &View, node: &Node) -> String {
    let call = flow_grammar::Span::new(node.name.span.end, node.head.end.max(node.name.span.end));
    view.slice(call).trim_start_matches([' ', '=']).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Behind `on`: classes, first those that the node can raise.
pub(super) fn classes(view: &View, offset: u32, list: &mut List) {
    let node =
        flow_at(view, offset).and_then(|flow| flow.nodes.iter().rfind(|node| node.span.start <= offset));
    let raises = node.and_then(|node| view.analysis.knowledge.raises(node.name.span));
    for class in vocabulary::error_classes() {
        let is_raised = raises.is_some_and(|raises| raises.iter().any(|known| known.name() == class));
        let detail = if is_raised { "this node may raise it" } else { "" };
        list.add(class, CompletionKind::Class, detail, u8::from(!is_raised));
    }
}

/// Behind a target or call.
pub(super) fn clauses(list: &mut List) {
    list.keywords(&["when", "on", "max", "using", "within", "else", "is", "and", "or"], 0);
}

/// At the beginning of a line.
pub(super) fn lines(list: &mut List) {
    list.snippet("->", "-> ", "an edge", 0);
    list.snippet("node", "node ${1:name} = ${2:call}\n    -> ${3:return}", "a node", 0);
    list.snippet(
        "node … all",
        "node ${1:name} = all {\n    ${2:a} = ${3:call}\n    ${4:b} = ${5:call}\n  }\n    -> ${6:return}",
        "calls at once",
        1,
    );
    list.snippet(
        "node … each",
        "node ${1:name} = each ${2:x} in ${3:list} { ${4:call} }\n    -> ${5:return}",
        "a call for each",
        1,
    );
    list.keywords(&["when", "on", "max", "using", "within", "else"], 2);
}

/// Names of the flow that have a value at an offset.
pub(super) fn values(view: &View, offset: u32, list: &mut List) {
    let Some(flow) = flow_at(view, offset) else { return };
    let graph = flow::graph(view, flow);
    let scope = Scope::new(&graph);
    let Some(moment) = flow::moment(&graph, offset) else {
        for param in &flow.params {
            list.add(&param.name.text, CompletionKind::Named(Kind::Param), view.slice(param.ty.span), 0);
        }
        return;
    };
    for name in scope.visible(moment) {
        let (kind, detail) = match scope.resolve(&name, moment) {
            Some(Binding::Result(node)) => {
                // A router has no result.
                let found = flow.nodes.get(node.0 as usize).filter(|node| node.work.is_some());
                let Some(node) = found else { continue };
                let ty = view.analysis.knowledge.declared_at(node.name.span);
                (Kind::Node, ty.map(flow_compiler::Type::text).unwrap_or_default())
            }
            Some(Binding::FlowParam(index)) => {
                let param = flow.params.get(index as usize);
                (Kind::Param, param.map(|param| view.slice(param.ty.span).to_owned()).unwrap_or_default())
            }
            Some(Binding::NodeParam(node, index)) => {
                let node = flow.nodes.get(node.0 as usize);
                let param = node.and_then(|node| node.params.as_ref()?.get(index as usize));
                (Kind::Param, param.map(|param| view.slice(param.ty.span).to_owned()).unwrap_or_default())
            }
            None => continue,
        };
        list.add(&name, CompletionKind::Named(kind), &detail, 0);
    }
}
