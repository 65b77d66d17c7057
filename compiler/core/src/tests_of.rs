//! `test` blocks: who answers how, what is called, what must hold. `eval` blocks share most of it.

mod answers;
pub(crate) mod eval;
mod reach;

use flow_diagnostics::{Diagnostic, SourceMap};
use flow_grammar::ast::{self, Step};
use flow_ir::NodeId;
use flow_ir::testing::{Answer, Given, Test};
use smol_str::SmolStr;

use crate::callee::{self, Target, lowered};
use crate::expr::{Elab, NodeInfo, Place, Scope, TestSlots};
use crate::names::{Item, Module};
use crate::package::Package;
use crate::report;
use crate::types::Interner;

/// Checks a test and lowers it.
pub(crate) fn lower(
    pkg: &Package<'_>,
    module: &Module<'_>,
    test: &ast::Test,
    sources: &SourceMap,
    types: &mut Interner,
    out: &mut Vec<Diagnostic>,
) -> Option<Test> {
    let scope = Scope::new(Place::Test, "the test");
    let mut elab = Elab::new(pkg, module, types, out, scope);
    elab.scope.test = Some(TestSlots::default());
    let title = test.title.as_plain().unwrap_or_default();
    misplaced(&mut elab, test);
    let when = only_when(&mut elab, test)?;
    let target = called(&mut elab, when)?;
    under_test(&mut elab, target);
    let givens = givens(&mut elab, test, when, target);
    real_calls(&mut elab, when, target, &givens);
    elab.scope.reset_locals();
    let (call, ret) = elab.work_call(when, target);
    elab.scope.result = Some(ret);
    let source = sources.get(module.at.0);
    let mut needs = Vec::new();
    for step in &test.steps {
        if let Step::Need(need) = step {
            let text = source.and_then(|source| source.text.get(need.condition.span.range()));
            let text = SmolStr::from(text.unwrap_or_default().trim());
            needs.push((elab.need(need, &text), text));
        }
    }
    if needs.is_empty() {
        let span = elab.span(test.title.span);
        elab.out.push(
            report::tests::bad(span, "this test needs nothing, so it can never fail")
                .help("add `need result is …`"),
        );
    }
    let values = elab.scope.test.take().unwrap_or_default().values;
    let values = values.into_iter().map(|(value, ty)| {
        let id = elab.types.exact(&pkg.defs, &ty);
        (value, id)
    });
    Some(Test {
        title,
        file: source.map(|source| source.path.clone()).unwrap_or_default(),
        line: source.map_or(1, |source| source.line_column(test.title.span.start).line),
        givens: givens.into_iter().filter_map(|(_, given)| given).collect(),
        call,
        needs,
        values: values.collect(),
    })
}

/// Steps that only an eval may have.
fn misplaced(elab: &mut Elab<'_, '_>, test: &ast::Test) {
    for step in &test.steps {
        match step {
            Step::GivenIn { span, .. } => {
                let span = elab.span(*span);
                elab.out.push(report::tests::bad(span, "`given … in …` belongs to an `eval`"));
            }
            Step::Setting(setting) => {
                let span = elab.span(setting.span);
                let message = format!("a test has no setting `{}`", setting.name.text);
                elab.out.push(report::tests::bad(span, message).help("settings belong to an `eval`"));
            }
            Step::Given { .. } | Step::When { .. } | Step::Need(_) => {}
        }
    }
}

/// The one `when` of a test or eval.
fn only_when<'a>(elab: &mut Elab<'_, '_>, test: &'a ast::Test) -> Option<&'a ast::Call> {
    let (one, this) = if test.is_eval { ("an eval", "this eval") } else { ("a test", "this test") };
    let mut whens = test.steps.iter().filter_map(|step| match step {
        Step::When { call, span } => Some((call, *span)),
        Step::Given { .. } | Step::GivenIn { .. } | Step::Need(_) | Step::Setting(_) => None,
    });
    let Some((first, _)) = whens.next() else {
        let span = elab.span(test.title.span);
        let message = format!("{this} calls nothing");
        elab.out.push(report::tests::bad(span, message).help("add `when` and a call"));
        return None;
    };
    for (_, span) in whens {
        let span = elab.span(span);
        let message = format!("{one} calls one thing; this is the second `when`");
        elab.out.push(report::tests::bad(span, message));
    }
    Some(first)
}

fn called(elab: &mut Elab<'_, '_>, when: &ast::Call) -> Option<Target> {
    let pkg = elab.pkg;
    let target = callee::target(&elab.names(), pkg, &when.expr);
    match target {
        Target::Item(_) | Target::Method(_, _) => Some(target),
        Target::Broken | Target::Pure | Target::Sleep | Target::Tell => {
            let before = elab.out.len();
            elab.expr(&when.expr, None);
            if elab.out.len() == before && !matches!(when.expr.kind, ast::ExprKind::Missing) {
                let span = elab.span(when.expr.span);
                let message = "`when` calls a flow, a check, a prompt, a tool, a human or a split";
                elab.out.push(report::tests::bad(span, message));
            }
            None
        }
    }
}

/// Makes the nodes of the flow under test visible to `visited(…)` and its like.
fn under_test(elab: &mut Elab<'_, '_>, target: Target) {
    let Target::Item(item @ Item::Flow(id)) = target else { return };
    let ast = elab.pkg.sig(item).and_then(|sig| elab.pkg.ast_item(sig));
    let Some(ast::ItemKind::Flow(flow)) = ast.map(|item| &item.kind) else { return };
    elab.scope.flow = Some(id);
    for (index, node) in (0u32..).zip(&flow.nodes) {
        let info = NodeInfo { id: NodeId(index), confidence: Ok(None) };
        elab.scope.nodes.entry(node.name.text.clone()).or_insert(info);
    }
}

fn givens(
    elab: &mut Elab<'_, '_>,
    test: &ast::Test,
    when: &ast::Call,
    under: Target,
) -> Vec<(Target, Option<Given>)> {
    let pkg = elab.pkg;
    let reached = reach::reached(pkg, under);
    let mut given: Vec<Target> = Vec::new();
    let mut lowered_givens = Vec::new();
    for step in &test.steps {
        let Step::Given { callee, call, .. } = step else { continue };
        let segments: Vec<(SmolStr, flow_diagnostics::Span)> =
            callee.segments.iter().map(|name| (name.text.clone(), elab.span(name.span))).collect();
        if segments.iter().any(|(name, _)| name.is_empty()) {
            continue;
        }
        let Some(target) = callee::path_target(&mut elab.names(), pkg, &segments) else {
            let before = elab.out.len();
            elab.expr(&call.expr, None);
            elab.out.truncate(before);
            continue;
        };
        let span = elab.span(callee.span);
        let name = segments.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".");
        if !reached.contains(&target) && target != under {
            let called = crate::flow::describe_call(when);
            elab.out.push(report::tests::unused_given(span, &name, &called));
        }
        if given.contains(&target) {
            elab.out.push(report::tests::bad(span, format!("`{name}` is answered for twice")));
        }
        given.push(target);
        elab.scope.reset_locals();
        let answer = answers::answer(elab, call, target, &name);
        lowered_givens.push((target, answer.map(|answer| Given { callee: lowered(target), answer })));
    }
    lowered_givens
}

/// FL0902.
fn real_calls(elab: &mut Elab<'_, '_>, when: &ast::Call, under: Target, givens: &[(Target, Option<Given>)]) {
    let pkg = elab.pkg;
    let given: Vec<Target> = givens.iter().map(|(target, _)| *target).collect();
    let is_sure = |given: &Given| matches!(given.answer, Answer::Value(_) | Answer::Sure(..));
    let surely = givens.iter().filter(|(_, given)| given.as_ref().is_some_and(is_sure));
    let answered: Vec<Target> = surely.map(|(target, _)| *target).collect();
    for prompt in reach::surely_asked(pkg, under, &given, &answered) {
        let span = elab.span(when.expr.span);
        let name = pkg.sig(prompt).map(|sig| sig.name.to_string()).unwrap_or_default();
        elab.out.push(report::tests::real_call(span, &name));
    }
}
