//! Who calls whom: an order of flows with callees first, and FL0212 for circles.

use flow_diagnostics::{Diagnostic, Span};
use flow_grammar::ast::{self, ExprKind as Ast, ItemKind};
use flow_ir::FlowId;
use rustc_hash::FxHashMap;

use crate::names::{Item, Module, Names};
use crate::package::Package;
use crate::report;

/// An arrow of the call graph with the place of the call.
type Calls = Vec<(Item, Span)>;

/// Who is called by whom.
#[derive(Default)]
pub(crate) struct CallOrder {
    /// All flows, each after those it calls.
    pub(crate) flows: Vec<FlowId>,
    /// How many calls deep each function, split and flow goes; 0 if it calls none of them.
    heights: FxHashMap<Item, u32>,
}

impl CallOrder {
    /// How many calls deep a function, split or flow goes.
    pub(crate) fn height(&self, item: Item) -> u32 {
        self.heights.get(&item).copied().unwrap_or(0)
    }

    fn done(&mut self, item: Item, calls: &[(Item, Span)]) {
        let inner = calls.iter().map(|(target, _)| self.height(*target).saturating_add(1)).max();
        self.heights.insert(item, inner.unwrap_or(0));
        if let Item::Flow(id) = item {
            self.flows.push(id);
        }
    }
}

/// Looks at the calls among all functions, splits and flows.
pub(super) fn call_order(pkg: &Package<'_>, out: &mut Vec<Diagnostic>) -> CallOrder {
    let calls = call_graph(pkg);
    let mut starts: Vec<Item> = calls.keys().copied().collect();
    starts.sort_unstable();
    let mut state: FxHashMap<Item, bool> = FxHashMap::default();
    let mut order = CallOrder::default();
    for start in starts {
        let mut path: Vec<(Item, usize)> = Vec::new();
        if let std::collections::hash_map::Entry::Vacant(entry) = state.entry(start) {
            entry.insert(false);
            path.push((start, 0));
        }
        while let Some((item, next)) = path.last_mut() {
            let (item, index) = (*item, *next);
            *next += 1;
            match calls.get(&item).and_then(|calls| calls.get(index)) {
                None => {
                    state.insert(item, true);
                    order.done(item, calls.get(&item).map_or(&[], Vec::as_slice));
                    path.pop();
                }
                Some((target, span)) => match state.get(target) {
                    None => {
                        state.insert(*target, false);
                        path.push((*target, 0));
                    }
                    Some(false) => out.push(circle(pkg, &path, *target, *span)),
                    Some(true) => {}
                },
            }
        }
    }
    order
}

fn circle(pkg: &Package<'_>, path: &[(Item, usize)], target: Item, span: Span) -> Diagnostic {
    let from = path.iter().position(|(item, _)| *item == target).unwrap_or(0);
    let names: Vec<String> = path
        .iter()
        .skip(from)
        .filter_map(|(item, _)| pkg.sig(*item))
        .map(|sig| sig.name.to_string())
        .collect();
    report::calls::recursive(span, &names)
}

/// What every function, split and flow calls.
fn call_graph(pkg: &Package<'_>) -> FxHashMap<Item, Calls> {
    let mut graph = FxHashMap::default();
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let Some(declared) = declared else { continue };
            let mut found = Found { pkg, module, calls: Vec::new() };
            match &item.kind {
                ItemKind::Fn(decl) => found.expr(&decl.body),
                ItemKind::Split(split) => found.split(split),
                ItemKind::Flow(flow) => found.flow(flow),
                _ => continue,
            }
            graph.insert(*declared, found.calls);
        }
    }
    graph
}

struct Found<'a> {
    pkg: &'a Package<'a>,
    module: &'a Module<'a>,
    calls: Calls,
}

impl Found<'_> {
    fn split(&mut self, split: &ast::Split) {
        for item in &split.items {
            match item {
                ast::SplitItem::Arm { call, .. } | ast::SplitItem::Shadow { call, .. } => {
                    self.expr(&call.expr)
                }
                ast::SplitItem::Setting(_) => {}
            }
        }
    }

    /// Only what nodes call: functions cannot call flows, so arguments are no part of a circle.
    fn flow(&mut self, flow: &ast::Flow) {
        for node in &flow.nodes {
            match &node.work {
                None => {}
                Some(ast::Work::Call(call) | ast::Work::Each { call, .. }) => self.callee(&call.expr),
                Some(ast::Work::All { branches, .. }) => {
                    for branch in branches {
                        self.callee(&branch.call.expr);
                    }
                }
            }
        }
    }

    fn callee(&mut self, expr: &ast::Expr) {
        let Ast::Call { callee, .. } = &expr.kind else { return };
        let mut sink = Vec::new();
        let names =
            Names { at: self.module.at, module: self.module, modules: &self.pkg.modules, out: &mut sink };
        // `x.half()` is `half(x)` for functions; a method of a resource may have the name of a flow.
        let is_fn = |item: &Item| matches!(item, Item::Fn(_));
        let item = match &callee.kind {
            Ast::Name(name) => names.peek(name),
            Ast::Field { base, name } => match &base.kind {
                Ast::Name(root) => match names.peek(root) {
                    Some(Item::Module(module)) => names.find_in(module, &name.text),
                    _ => names.peek(&name.text).filter(is_fn),
                },
                _ => names.peek(&name.text).filter(is_fn),
            },
            _ => None,
        };
        if let Some(item @ (Item::Fn(_) | Item::Split(_) | Item::Flow(_))) = item {
            self.calls.push((item, self.module.at.span(callee.span)));
        }
    }

    /// All calls in an expression. The parser bounds how deep it can be.
    fn expr(&mut self, expr: &ast::Expr) {
        self.callee(expr);
        match &expr.kind {
            Ast::Paren(inner) | Ast::Unary { operand: inner, .. } | Ast::Is { value: inner, .. } => {
                self.expr(inner);
            }
            Ast::Field { base, .. } => self.expr(base),
            Ast::List(items) => items.iter().for_each(|item| self.expr(item)),
            Ast::Call { callee, args } => {
                if let Ast::Field { base, .. } = &callee.kind {
                    self.expr(base);
                }
                for arg in args {
                    match &arg.value {
                        ast::ArgValue::Expr(value) => self.expr(value),
                        ast::ArgValue::Lambda { body, .. } => self.expr(body),
                    }
                }
            }
            Ast::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            Ast::Case { scrutinee, arms } => {
                scrutinee.iter().for_each(|scrutinee| self.expr(scrutinee));
                for arm in arms {
                    if let ast::ArmTest::Condition(condition) = &arm.test {
                        self.expr(condition);
                    }
                    self.expr(&arm.body);
                }
            }
            Ast::Text(text) => self.parts(&text.parts),
            Ast::Name(_)
            | Ast::Upper(_)
            | Ast::Number(_)
            | Ast::Quantity(_)
            | Ast::Bool(_)
            | Ast::None
            | Ast::Missing => {}
        }
    }

    fn parts(&mut self, parts: &[ast::TemplatePart]) {
        for part in parts {
            match part {
                ast::TemplatePart::Text { .. } => {}
                ast::TemplatePart::Hole(expr) => self.expr(expr),
                ast::TemplatePart::Each { list, body, .. } => {
                    self.expr(list);
                    self.parts(body);
                }
                ast::TemplatePart::If { condition, then, otherwise, .. } => {
                    self.expr(condition);
                    self.parts(then);
                    self.parts(otherwise);
                }
            }
        }
    }
}
