//! Names in tests: the nodes of the flow under test can be named too.

use flow_grammar::ast::{Call, ExprKind, ItemKind, Step, Test};

use super::{Kind, Meaning, Place, Resolver, reach};
use crate::decl::Decl;

impl<'a> Resolver<'a> {
    pub(super) fn test(&mut self, test: &'a Test) {
        let depth = self.scope.len();
        self.template(&test.title);
        let under_test = test.steps.iter().find_map(|step| match step {
            Step::When { call, .. } => self.callee(call),
            _ => None,
        });
        if let Some(flow) = &under_test {
            self.add_nodes(flow);
        }
        for step in &test.steps {
            match step {
                Step::Given { callee, call, .. } => {
                    self.path(callee);
                    self.call(call);
                }
                Step::GivenIn { var, list, .. } => {
                    self.expr(list);
                    let meaning = self.define(var, Kind::Local);
                    self.scope.push((var.text.clone(), meaning));
                }
                Step::When { call, .. } => self.call(call),
                Step::Need(need) => self.need(need),
                Step::Setting(setting) => self.setting(setting),
            }
        }
        self.scope.truncate(depth);
    }

    /// The flow that a call names.
    fn callee(&self, call: &Call) -> Option<Place> {
        let ExprKind::Call { callee, .. } = &call.expr.kind else { return None };
        let found = match &callee.kind {
            ExprKind::Name(name) => self.global(name),
            ExprKind::Field { base, name } => {
                let ExprKind::Name(root) = &base.kind else { return None };
                let module = self.global(root).filter(|found| found.kind == Kind::Module)?;
                reach::exported(self.package, &module.target.path, &name.text)
            }
            _ => None,
        };
        found.filter(|found| found.kind == Kind::Flow).map(|found| found.target)
    }

    fn add_nodes(&mut self, flow: &Place) {
        let nodes = self.package.decl(flow, |found, _| {
            let Decl::Item(item) = found else { return Vec::new() };
            let ItemKind::Flow(found) = &item.kind else { return Vec::new() };
            found.nodes.iter().map(|node| node.name.clone()).collect()
        });
        for name in nodes.unwrap_or_default() {
            let target = Place { path: flow.path.clone(), span: name.span };
            // `visited(ask)` means the node, whatever else the file calls so.
            self.scope.push((name.text, Meaning { target, kind: Kind::Node }));
        }
    }
}
