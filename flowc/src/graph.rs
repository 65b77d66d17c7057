//! A flow as a picture: boxes and arrows with the words on them, taken from the Bundle, and four ways to
//! write it.
//!
//! Start reading at [`Picture`]. `cost` adds what boxes take and the dearest way; [`text`] writes expressions of the Bundle as they look in `.flow`.

pub(crate) mod cost;
pub mod dot;
pub mod json;
pub mod layout;
pub mod mermaid;
pub mod svg;
pub mod text;

use flow_compiler::bounds::Most;
use flow_ir::flow::{Edge, Flow, Target, Work};
use flow_ir::setup::{Call, Callee};
use flow_ir::{Bundle, NodeId};

use text::Names;

/// Longer words on an arrow are cut: a picture shows where, the text says exactly when.
const LABEL: usize = 48;

/// A flow's boxes and arrows.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// The flow.
    pub name: String,
    /// The start first, then nodes as declared, then exits.
    pub boxes: Vec<Box>,
    /// In the order of the boxes they start at, then as declared.
    pub arrows: Vec<Arrow>,
}

/// A box: the start, a node, or an exit.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Box {
    /// What it stands for.
    pub kind: Kind,
    /// The node's name; empty for the start and exits.
    pub node: String,
    /// `ask(draft)`.
    pub title: String,
    /// `review within 8h`; empty for routers and exits.
    pub detail: String,
    /// Of one visit, or of the flow at its start; `None` where nothing is paid.
    pub cost: Option<Cost>,
    /// Its part of the dearest way, if that leads through it.
    pub dearest: Option<Share>,
}

/// What a box takes, in micro-dollars.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cost {
    /// Every call once, the first model, nothing repaired.
    pub usual: Most,
    /// What nothing can exceed.
    pub worst: Most,
}

/// A box on the dearest way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Share {
    /// How often the way leads through it.
    pub visits: u64,
    /// From 0 to 1, of what the way costs.
    pub part: f64,
}

/// What a box stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Kind {
    /// The flow's header.
    #[default]
    Start,
    /// A node that only routes.
    Router,
    /// Pure: a value, a function, a check.
    Pure,
    /// Asks a model.
    Prompt,
    /// Asks a system.
    Tool,
    /// Asks a person.
    Human,
    /// Asks a resource, or waits.
    Resource,
    /// Asks a graph.
    Flow,
    /// Several calls at once.
    Many,
    /// `return`.
    Return,
    /// `fail`.
    Fail,
}

/// An arrow from a box to a box, by position.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrow {
    /// Where it starts.
    pub from: usize,
    /// Where it leads.
    pub to: usize,
    /// `when ask is Approve`; empty if it always holds.
    pub label: String,
    /// Whether it is taken on errors: dashed.
    pub is_error: bool,
    /// `max n`: a double line.
    pub max: Option<u32>,
    /// Whether somebody has approved what the box was shown: a shield.
    pub clears: bool,
    /// Whether the dearest way leads along it.
    pub is_dearest: bool,
}

impl Kind {
    /// One word for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Router => "router",
            Self::Pure => "pure",
            Self::Prompt => "prompt",
            Self::Tool => "tool",
            Self::Human => "human",
            Self::Resource => "resource",
            Self::Flow => "flow",
            Self::Many => "many",
            Self::Return => "return",
            Self::Fail => "fail",
        }
    }
}

impl Picture {
    /// The picture of a flow.
    #[must_use]
    pub fn of(flow: &Flow, bundle: &Bundle) -> Self {
        let names = Names::of_flow(bundle, flow);
        let mut picture = Self { name: flow.name.to_string(), boxes: vec![start(flow)], arrows: Vec::new() };
        picture.boxes.extend(flow.nodes.iter().map(|node| Box {
            kind: kind(&node.work),
            node: node.name.to_string(),
            title: titled(&node.name, node.params.iter().map(|slot| names.slot(*slot))),
            detail: detail(&node.work, bundle),
            ..Box::default()
        }));
        let first = Joint { flow, names: &names };
        first.draw(&mut picture, 0, &flow.entry);
        for (at, node) in flow.nodes.iter().enumerate() {
            first.draw(&mut picture, at + 1, &node.edges);
        }
        picture
    }

    fn exit(&mut self, kind: Kind, title: String) -> usize {
        let same = |found: &Box| found.kind == kind && found.title == title;
        if let Some(at) = self.boxes.iter().position(same) {
            return at;
        }
        self.boxes.push(Box { kind, title, ..Box::default() });
        self.boxes.len() - 1
    }
}

/// What is needed to draw edges of one flow.
struct Joint<'a> {
    flow: &'a Flow,
    names: &'a Names<'a>,
}

impl Joint<'_> {
    fn draw(&self, picture: &mut Picture, from: usize, edges: &[Edge]) {
        for edge in edges {
            let to = self.target(picture, &edge.to);
            // The header's error edges are one arrow from the start, not one from every node.
            let from = if edge.implicit { 0 } else { from };
            let max = edge.max.and_then(|counter| self.flow.counters.get(counter.index()).copied());
            // The Bundle has them once a node, for what the node can raise; which classes are written is
            // in the source only.
            let label = if edge.implicit { "on an error".to_owned() } else { self.label(edge, max) };
            let (is_error, clears) = (!edge.on.is_empty(), !edge.clears.is_empty());
            let arrow = Arrow { from, to, label, is_error, max, clears, is_dearest: false };
            if !(edge.implicit && picture.arrows.contains(&arrow)) {
                picture.arrows.push(arrow);
            }
        }
    }

    fn target(&self, picture: &mut Picture, target: &Target) -> usize {
        match target {
            Target::Node(NodeId(node), _) => *node as usize + 1,
            Target::Return(None) => picture.exit(Kind::Return, "return".to_owned()),
            Target::Return(Some(value)) => {
                picture.exit(Kind::Return, format!("return {}", text::head(self.names, value)))
            }
            Target::Fail(_) => picture.exit(Kind::Fail, "fail".to_owned()),
        }
    }

    fn label(&self, edge: &Edge, max: Option<u32>) -> String {
        let mut words = Vec::new();
        if let Some(condition) = &edge.when {
            words.push(format!("when {}", text::short(&text::expr(self.names, condition), LABEL)));
        }
        if !edge.on.is_empty() {
            words.push(format!("on {}", text::classes(&edge.on)));
        }
        words.extend(max.map(|max| format!("max {max}")));
        words.join(" ")
    }
}

fn start(flow: &Flow) -> Box {
    let title = titled(&flow.name, flow.params.iter().map(|param| param.name.to_string()));
    Box { title, detail: text::limits(&flow.limits), ..Box::default() }
}

fn titled(name: &str, params: impl Iterator<Item = String>) -> String {
    let params: Vec<String> = params.collect();
    if params.is_empty() { name.to_owned() } else { format!("{name}({})", params.join(", ")) }
}

fn kind(work: &Work) -> Kind {
    match work {
        Work::Route => Kind::Router,
        Work::All { .. } | Work::Each { .. } => Kind::Many,
        Work::Call(call) => match call.callee {
            Callee::Value | Callee::Function(_) | Callee::Check(_) => Kind::Pure,
            Callee::Prompt(_) | Callee::Split(_) => Kind::Prompt,
            Callee::Tool(_) => Kind::Tool,
            Callee::Human(_) => Kind::Human,
            Callee::Flow(_) => Kind::Flow,
            Callee::Method(..) | Callee::Sleep | Callee::Tell => Kind::Resource,
        },
    }
}

fn detail(work: &Work, bundle: &Bundle) -> String {
    match work {
        Work::Route => String::new(),
        Work::Call(call) => call_text(call, bundle),
        Work::All { branches, .. } => {
            let calls: Vec<String> = branches.iter().map(|(_, call)| call_text(call, bundle)).collect();
            format!("all: {}", calls.join(", "))
        }
        Work::Each { call, .. } => format!("each: {}", call_text(call, bundle)),
    }
}

/// `triage using fast within 8s`.
fn call_text(call: &Call, bundle: &Bundle) -> String {
    let mut words = text::callee(bundle, call.callee);
    if let Some(model) = call.model.and_then(|id| bundle.models.get(id.index())) {
        words.push_str(" using ");
        words.push_str(&model.name);
    }
    let limits = text::limits(&call.limits);
    if !limits.is_empty() {
        words.push(' ');
        words.push_str(&limits);
    }
    words
}

#[cfg(test)]
mod tests;
