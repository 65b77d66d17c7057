//! FL0202: an edge leads to no node.

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::Target;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{Cx, NodeIx};
use crate::report;

/// Reports targets that no node of the flow is called. Silent if the name of a node could not be read: it may be
/// the one.
pub(super) fn check(cx: &Cx<'_>, out: &mut Vec<Diagnostic>) {
    if cx.graph.nodes().any(|(_, node)| node.name.is_missing()) {
        return;
    }
    let names = cx.graph.nodes().map(|(ix, node)| (node.name.text.clone(), ix)).collect();
    let mut guess = Guess::new(&names);
    for (_, edge) in cx.graph.vertices().flat_map(|vertex| cx.graph.written(vertex)) {
        if let Target::Node { name, .. } = &edge.ast.target
            && cx.graph.find(&name.text).is_none()
            && !name.is_missing()
        {
            let near = guess.closest(&name.text);
            let nodes: Vec<String> =
                cx.graph.nodes().take(6).map(|(_, node)| node.name.text.to_string()).collect();
            out.push(report::graph::unknown_node(cx.at, name, near.as_deref(), &nodes));
        }
    }
}

/// Finds the node that a misspelled name means.
///
/// Looks at a bounded number of pairs, so that a generated flow in which nothing fits stays cheap.
pub(super) struct Guess {
    names: Vec<SmolStr>,
    left: usize,
}

impl Guess {
    pub(super) fn new(by_name: &FxHashMap<SmolStr, NodeIx>) -> Self {
        let mut nodes: Vec<(&NodeIx, &SmolStr)> = by_name.iter().map(|(name, ix)| (ix, name)).collect();
        nodes.sort();
        Self { names: nodes.into_iter().map(|(_, name)| name.clone()).collect(), left: 100_000 }
    }

    /// The name that differs least, if it differs little.
    pub(super) fn closest(&mut self, name: &str) -> Option<SmolStr> {
        if name.is_empty() || name.len() > 64 || self.left < self.names.len() {
            return None;
        }
        self.left -= self.names.len();
        let most = name.len().div_ceil(3).min(3);
        let distance = |other: &SmolStr| strsim::damerau_levenshtein(name, other);
        let is_near = |other: &&SmolStr| other.len().abs_diff(name.len()) <= most;
        let near = self.names.iter().filter(is_near).map(|other| (distance(other), other));
        near.filter(|(distance, _)| *distance <= most)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, other)| other.clone())
    }
}
