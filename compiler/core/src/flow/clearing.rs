//! Which calls of a node approved what they were shown, where an edge is taken.
//!
//! A `check` that returns `trusted` approves by succeeding. A person approves by an answer that `approves:` lists, so
//! the edge must be one that only such answers take. An `else` answers in their place and approves nothing; of an
//! `each` nobody knows whether anything was shown at all. Flows that approve are found later, when all are lowered.

use flow_grammar::ast;
use smol_str::SmolStr;

use super::Lowering;
use crate::callee::{self, Target};
use crate::graph::{EdgeIx, FactPath, GraphEdge};
use crate::names::Item;

impl Lowering<'_, '_, '_> {
    /// The calls, by position, that approved something on the way to this edge.
    pub(super) fn clears(&self, ix: EdgeIx, edge: &GraphEdge<'_>) -> Vec<u32> {
        let Some(node) = edge.from.node() else { return Vec::new() };
        let (Some(plan), Some(ast)) = (self.plans.get(node.0 as usize), self.graph.node(node)) else {
            return Vec::new();
        };
        let calls: Vec<(&ast::Call, Vec<SmolStr>)> = match &ast.work {
            Some(ast::Work::Call(call)) => vec![(call, Vec::new())],
            Some(ast::Work::All { branches, .. }) => {
                branches.iter().map(|branch| (&branch.call, vec![branch.name.text.clone()])).collect()
            }
            Some(ast::Work::Each { .. }) | None => Vec::new(),
        };
        let approves = |(index, ((call, fields), target)): (u32, ((&ast::Call, Vec<SmolStr>), &Target))| {
            let answer = FactPath { root: ast.name.text.clone(), fields };
            (call.otherwise.is_none() && self.approves(*target, ix, &answer)).then_some(index)
        };
        (0_u32..).zip(calls.into_iter().zip(&plan.targets)).filter_map(approves).collect()
    }

    fn approves(&self, target: Target, edge: EdgeIx, answer: &FactPath) -> bool {
        let pkg = self.elab.pkg;
        match target {
            Target::Item(check @ Item::Check(_)) => pkg.sig(check).is_some_and(|sig| sig.ret_labels.trusted),
            Target::Item(human @ Item::Human(_)) => {
                let listed = callee::approving(pkg, human);
                let ret = pkg.sig(human).map(|sig| &sig.ret);
                let variants = ret.and_then(|ret| pkg.enum_variants(ret)).unwrap_or_default();
                let known = self.facts.on_edge(edge).cases(answer);
                let mut left = variants
                    .iter()
                    .filter(|variant| known.as_ref().is_none_or(|known| known.allows(&variant.name)));
                !listed.is_empty() && left.all(|variant| listed.contains(&variant.name))
            }
            _ => false,
        }
    }
}
