//! What a flow can call, and what it surely calls first.

use flow_grammar::ast::{self, ItemKind};
use rustc_hash::FxHashSet;

use crate::callee::{self, Target};
use crate::names::{Item, Names};
use crate::package::Package;

/// Everything that a callable can call, however deep.
pub(super) fn reached(pkg: &Package<'_>, start: Target) -> FxHashSet<Target> {
    let mut found = FxHashSet::default();
    let mut todo = vec![start];
    while let Some(target) = todo.pop() {
        for called in calls(pkg, target) {
            if found.insert(called) {
                todo.push(called);
            }
        }
    }
    found
}

/// What a callable calls by itself: the nodes of a flow, the arms of a split, the tools of a prompt.
fn calls(pkg: &Package<'_>, target: Target) -> Vec<Target> {
    let Target::Item(item) = target else { return Vec::new() };
    let Some(sig) = pkg.sig(item) else { return Vec::new() };
    let (Some(ast), Some(module)) = (pkg.ast_item(sig), pkg.modules.get(sig.module)) else {
        return Vec::new();
    };
    let mut sink = Vec::new();
    let mut names = Names { at: module.at, module, modules: &pkg.modules, out: &mut sink };
    match &ast.kind {
        ItemKind::Flow(flow) => {
            let calls = flow.nodes.iter().flat_map(work_calls);
            calls.map(|call| callee::target(&names, pkg, &call.expr)).collect()
        }
        ItemKind::Split(split) => split
            .items
            .iter()
            .filter_map(|item| match item {
                ast::SplitItem::Arm { call, .. } | ast::SplitItem::Shadow { call, .. } => Some(call),
                ast::SplitItem::Setting(_) => None,
            })
            .map(|call| callee::target(&names, pkg, &call.expr))
            .collect(),
        ItemKind::Setup(setup) => prompt_tools(&mut names, pkg, setup),
        _ => Vec::new(),
    }
}

fn prompt_tools(names: &mut Names<'_, '_>, pkg: &Package<'_>, setup: &ast::Setup) -> Vec<Target> {
    let tools = setup.settings.iter().find(|setting| setting.name.text == "tools");
    let Some(ast::ArgValue::Expr(ast::Expr { kind: ast::ExprKind::List(items), .. })) =
        tools.map(|setting| &setting.value)
    else {
        return Vec::new();
    };
    let paths = items.iter().filter_map(crate::expr::path_of);
    let at = flow_diagnostics::Span::default();
    paths
        .filter_map(|path| {
            let segments: Vec<_> = path.into_iter().map(|name| (name, at)).collect();
            callee::path_target(names, pkg, &segments)
        })
        .collect()
}

fn work_calls(node: &ast::Node) -> Vec<&ast::Call> {
    match &node.work {
        None => Vec::new(),
        Some(ast::Work::Call(call) | ast::Work::Each { call, .. }) => vec![call],
        Some(ast::Work::All { branches, .. }) => branches.iter().map(|branch| &branch.call).collect(),
    }
}

/// Prompts without an answer that every run asks: those on the way from the start until something decides.
/// What a run asks only sometimes is found out by running the test.
///
/// `given` has an answer; of those, `answered` have one that is surely no failure.
pub(super) fn surely_asked(
    pkg: &Package<'_>,
    under: Target,
    given: &[Target],
    answered: &[Target],
) -> Vec<Item> {
    ask(pkg, under, (given, answered), &mut FxHashSet::default())
}

fn ask(
    pkg: &Package<'_>,
    under: Target,
    (given, answered): (&[Target], &[Target]),
    inside: &mut FxHashSet<Target>,
) -> Vec<Item> {
    // A flow that calls itself is reported elsewhere.
    if !inside.insert(under) {
        return Vec::new();
    }
    if let Target::Item(item @ Item::Prompt(_)) = under {
        return if given.contains(&under) { Vec::new() } else { vec![item] };
    }
    let Target::Item(item @ Item::Flow(_)) = under else { return Vec::new() };
    let Some(sig) = pkg.sig(item) else { return Vec::new() };
    let (Some(ast), Some(module)) = (pkg.ast_item(sig), pkg.modules.get(sig.module)) else {
        return Vec::new();
    };
    let ItemKind::Flow(flow) = &ast.kind else { return Vec::new() };
    let mut sink = Vec::new();
    let names = Names { at: module.at, module, modules: &pkg.modules, out: &mut sink };
    let mut seen = FxHashSet::default();
    let mut edges = flow.entry.as_slice();
    while let Some(node) =
        only_way(edges).and_then(|name| flow.nodes.iter().find(|node| node.name.text == *name))
    {
        if !seen.insert(node.name.text.as_str()) {
            return Vec::new();
        }
        let targets: Vec<Target> =
            work_calls(node).iter().map(|call| callee::target(&names, pkg, &call.expr)).collect();
        let asked = targets.iter().find_map(|target| match target {
            Target::Item(prompt @ Item::Prompt(_)) if !given.contains(target) => Some(*prompt),
            _ => None,
        });
        if let Some(prompt) = asked {
            return vec![prompt];
        }
        for target in &targets {
            let is_open_flow = matches!(target, Target::Item(Item::Flow(_))) && !given.contains(target);
            if is_open_flow {
                return ask(pkg, *target, (given, answered), inside);
            }
            // What a given says may be a failure, and then the way is another one.
            let may_fail = given.contains(target) && !answered.contains(target);
            if may_fail || *target == Target::Broken {
                return Vec::new();
            }
        }
        edges = &node.edges;
    }
    Vec::new()
}

/// Where the first edge leads, if it is always taken.
fn only_way(edges: &[ast::Edge]) -> Option<&smol_str::SmolStr> {
    let first = edges.iter().find(|edge| !matches!(edge.guard, Some(ast::Guard::On(_))))?;
    match (&first.guard, first.max, &first.target) {
        (None, None, ast::Target::Node { name, .. }) => Some(&name.text),
        _ => None,
    }
}
