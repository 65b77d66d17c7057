//! FL0803: a shadow arm that changes something or asks a person.

use flow_grammar::ast::{self, ItemKind};
use rustc_hash::FxHashSet;

use crate::callee::{self, Target};
use crate::expr::{Elab, describe};
use crate::graph::Effect;
use crate::names::{Item, Module, Names};
use crate::package::Package;
use crate::report;

/// Reports a shadow arm that is more than a look.
pub(super) fn check(elab: &mut Elab<'_, '_>, call: &ast::Call, target: Target) {
    let mut seen = FxHashSet::default();
    let Some(what) = Search { pkg: elab.pkg, seen: &mut seen }.does(elab.module, call, target) else {
        return;
    };
    let span = elab.span(call.span);
    let arm = match &call.expr.kind {
        ast::ExprKind::Call { callee, .. } => describe(callee),
        _ => describe(&call.expr),
    };
    elab.out.push(report::splits::shadow_writes(span, arm.trim_matches('`'), &what));
}

/// Looks through flows for the first thing that is not only read.
struct Search<'a, 's> {
    pkg: &'a Package<'a>,
    seen: &'s mut FxHashSet<Item>,
}

impl Search<'_, '_> {
    fn does(&mut self, module: &Module<'_>, call: &ast::Call, target: Target) -> Option<String> {
        let name = || match &call.expr.kind {
            ast::ExprKind::Call { callee, .. } => describe(callee),
            _ => describe(&call.expr),
        };
        match target {
            Target::Item(Item::Human(_)) => Some(format!("asks a person: {}", name())),
            Target::Item(item @ Item::Flow(_)) => self.flow(item),
            Target::Sleep | Target::Pure | Target::Broken => None,
            Target::Tell => Some("speaks to the caller: `tell`".to_owned()),
            Target::Item(_) | Target::Method(..) => {
                let writes = callee::effect(self.pkg, target) == Some(Effect::Write);
                writes.then(|| format!("writes: {} in `{}`", name(), module.name))
            }
        }
    }

    /// Flows call each other without circles, but several ways may lead to one.
    fn flow(&mut self, item: Item) -> Option<String> {
        if !self.seen.insert(item) {
            return None;
        }
        let pkg = self.pkg;
        let sig = pkg.sig(item)?;
        let module = pkg.modules.get(sig.module)?;
        let ItemKind::Flow(flow) = &pkg.ast_item(sig)?.kind else { return None };
        let calls = flow.nodes.iter().filter_map(|node| node.work.as_ref()).flat_map(calls_of);
        calls.into_iter().find_map(|call| {
            let mut sink = Vec::new();
            let names = Names { at: module.at, module, modules: &pkg.modules, out: &mut sink };
            let target = callee::target(&names, pkg, &call.expr);
            self.does(module, call, target)
        })
    }
}

fn calls_of(work: &ast::Work) -> Vec<&ast::Call> {
    match work {
        ast::Work::Call(call) | ast::Work::Each { call, .. } => vec![call],
        ast::Work::All { branches, .. } => branches.iter().map(|branch| &branch.call).collect(),
    }
}
