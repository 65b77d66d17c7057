//! Coverage is counted in edges: the arrows that are written, and which of them no test takes.

use std::collections::BTreeSet;

use flow_diagnostics::SourceFile;
use flow_grammar::ast::{self, Guard, ItemKind};
use flow_ir::flow::{Edge, Flow};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, FlowId, NodeId};

use super::case::Verdict;
use crate::graph::text::Names;
use crate::journal;
use crate::load::Package;

/// The edges of a package.
pub(crate) struct Coverage {
    /// In the order of the Bundle.
    pub(crate) flows: Vec<FlowCoverage>,
}

/// The edges of a flow.
pub(crate) struct FlowCoverage {
    /// The flow.
    pub(crate) name: String,
    /// How many arrows it has.
    pub(crate) edges: usize,
    /// Those that no test takes.
    pub(crate) untested: Vec<Untested>,
}

/// An edge that no test takes.
pub(crate) struct Untested {
    /// `gather -> escalate when gather is none`.
    pub(crate) edge: String,
    /// `main.flow:152`, where it is known.
    pub(crate) place: Option<String>,
}

/// An arrow as it is written: the header's error edges are one arrow each, not one a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Arrow {
    Own(Option<NodeId>, u32),
    /// By what it leads to: the Bundle has it once a node, for the classes that the node can raise.
    Header(String),
}

impl Coverage {
    /// What the runs of these tests took.
    pub(super) fn of(bundle: &Bundle, package: &Package, verdicts: &[Verdict]) -> Self {
        let steps = verdicts.iter().flat_map(|verdict| &verdict.steps);
        let taken: BTreeSet<journal::EdgeKey> = steps.filter_map(journal::Step::edge_key).collect();
        let flows = bundle.flows.iter().enumerate();
        let flows = flows.map(|(id, flow)| of_flow(bundle, package, FlowId(id as u32), flow, &taken));
        Self { flows: flows.collect() }
    }

    /// Whether a test takes every arrow.
    pub(crate) fn is_complete(&self) -> bool {
        self.flows.iter().all(|flow| flow.untested.is_empty())
    }

    /// Arrows taken, and all arrows.
    pub(crate) fn total(&self) -> (usize, usize) {
        let all = self.flows.iter().map(|flow| flow.edges).sum::<usize>();
        (all - self.flows.iter().map(|flow| flow.untested.len()).sum::<usize>(), all)
    }
}

fn of_flow(
    bundle: &Bundle,
    package: &Package,
    id: FlowId,
    flow: &Flow,
    taken: &BTreeSet<journal::EdgeKey>,
) -> FlowCoverage {
    let names = Names::of_flow(bundle, flow);
    let mut covered = BTreeSet::new();
    let mut written: Vec<(Arrow, Option<NodeId>, &Edge)> = Vec::new();
    for (node, at, edge) in every_edge(flow) {
        let arrow = arrow(node, at, edge);
        if taken.contains(&(id, node, at)) {
            covered.insert(arrow.clone());
        }
        if !written.iter().any(|(other, _, _)| *other == arrow) {
            written.push((arrow, node, edge));
        }
    }
    let lines = Lines::of(package, &flow.name);
    let untested =
        written.iter().filter(|(arrow, _, _)| !covered.contains(arrow)).map(|(arrow, node, edge)| {
            let from = match arrow {
                Arrow::Own(Some(node), _) => names.node(*node),
                Arrow::Own(None, _) | Arrow::Header(_) => flow.name.to_string(),
            };
            let because = match arrow {
                Arrow::Own(..) => journal::condition(&names, edge),
                // Which classes it is written for is in the source only.
                Arrow::Header(_) => "on an error".to_owned(),
            };
            let edge_text = format!("{from} -> {} {because}", journal::target(&names, &edge.to));
            let place = lines.as_ref().and_then(|lines| lines.find(flow, arrow, *node, &edge.on));
            Untested { edge: edge_text.trim_end().to_owned(), place }
        });
    FlowCoverage { name: flow.name.to_string(), edges: written.len(), untested: untested.collect() }
}

fn every_edge(flow: &Flow) -> impl Iterator<Item = (Option<NodeId>, u32, &Edge)> {
    let entry = flow.entry.iter().enumerate().map(|(at, edge)| (None, at as u32, edge));
    let nodes = flow.nodes.iter().enumerate().flat_map(|(node, of)| {
        let node = Some(NodeId(node as u32));
        of.edges.iter().enumerate().map(move |(at, edge)| (node, at as u32, edge))
    });
    entry.chain(nodes)
}

fn arrow(node: Option<NodeId>, at: u32, edge: &Edge) -> Arrow {
    if edge.implicit { Arrow::Header(format!("{:?}", edge.to)) } else { Arrow::Own(node, at) }
}

/// Where the arrows of a flow are written.
struct Lines {
    source: SourceFile,
    flow: ast::Flow,
}

impl Lines {
    fn of(package: &Package, name: &str) -> Option<Self> {
        package.files.iter().find_map(|file| {
            let text = flow_grammar::decode(&file.bytes);
            let items = flow_grammar::parse(&text).file.items;
            let flow = items.into_iter().find_map(|item| match item.kind {
                ItemKind::Flow(flow) if flow.name.text == name => Some(flow),
                _ => None,
            })?;
            Some(Self { source: SourceFile::new(file.shown.clone(), text), flow })
        })
    }

    /// Normal edges stand first in the Bundle and error edges behind them, each in the order written.
    fn find(
        &self,
        flow: &Flow,
        arrow: &Arrow,
        node: Option<NodeId>,
        classes: &[ErrorClass],
    ) -> Option<String> {
        let edge = match arrow {
            Arrow::Header(_) => self.header_edge(classes)?,
            Arrow::Own(_, at) => {
                let (of, written) = match node {
                    None => (&flow.entry, &self.flow.entry),
                    Some(node) => {
                        let name = &flow.nodes.get(node.index())?.name;
                        let written = self.flow.nodes.iter().find(|other| other.name.text == *name)?;
                        (&flow.nodes.get(node.index())?.edges, &written.edges)
                    }
                };
                let at = *at as usize;
                let is_error = !of.get(at)?.on.is_empty();
                let nth = of.iter().take(at).filter(|edge| edge.on.is_empty() != is_error).count();
                written.iter().filter(|edge| on(edge) == is_error).nth(nth)?
            }
        };
        Some(format!("{}:{}", self.source.path, self.source.line_column(edge.span.start).line))
    }

    /// The header's error edge for these classes: the first that names one of them, or `Error`.
    fn header_edge(&self, classes: &[ErrorClass]) -> Option<&ast::Edge> {
        self.flow.entry.iter().find(|edge| match &edge.guard {
            Some(Guard::On(names)) => names
                .iter()
                .any(|name| name.text == "Error" || classes.iter().any(|class| class.name() == name.text)),
            Some(Guard::When(_)) | None => false,
        })
    }
}

fn on(edge: &ast::Edge) -> bool {
    matches!(edge.guard, Some(Guard::On(_)))
}
