//! FL0304: `else` answers for errors that hide a broken set-up.

use flow_grammar::ast::{self, Work};

use super::NodePlan;
use crate::callee::Target;
use crate::expr::Elab;
use crate::names::Item;
use crate::report;

/// Hints at calls of tools with an `else`: a refused token looks like an empty answer then. Resources of our own have no
/// token, and models are paid for, so that a wrong key shows at once.
pub(super) fn check(elab: &mut Elab<'_, '_>, flow: &ast::Flow, plans: &[NodePlan]) {
    for (node, plan) in flow.nodes.iter().zip(plans) {
        let calls: Vec<&ast::Call> = match &node.work {
            Some(Work::Call(call) | Work::Each { call, .. }) => vec![call],
            Some(Work::All { branches, .. }) => branches.iter().map(|branch| &branch.call).collect(),
            None => Vec::new(),
        };
        for (call, target) in calls.into_iter().zip(&plan.targets) {
            let is_tool = matches!(target, Target::Item(Item::Tool(_)));
            if let Some(value) = call.otherwise.as_ref().filter(|_| is_tool) {
                let span = elab.span(value.span);
                elab.out.push(report::data::swallowed_error(span));
            }
        }
    }
}
