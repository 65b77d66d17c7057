//! `eval` blocks: whose rows, what is called for each, and what must hold of all of them.

use flow_diagnostics::{Diagnostic, SourceMap};
use flow_grammar::ast::{self, ExprKind as Ast, Step};
use flow_ir::asked::Asked;
use flow_ir::evals::{Aggregate, Eval};
use flow_ir::expr::{Compare, Const, Expr, ExprKind};
use flow_ir::setup::{Call, Callee, ResourceKind};
use flow_ir::testing::{Answer, Given, TestValue};
use flow_ir::{Bundle, Digest, ResourceId};
use smol_str::SmolStr;

use super::{called, givens, only_when, under_test};
use crate::expr::{Elab, EvalSlots, Level, Place, Scope, TestSlots};
use crate::names::{Item, Module};
use crate::package::Package;
use crate::report;
use crate::report::names::Candidate;
use crate::setup::Settings;
use crate::types::{Interner, Ty};

/// What an eval may set.
const SETTINGS: [&str; 3] = ["gate", "sample", "parallel"];

/// Checks an eval and lowers it; `None` if too much of it is wrong. `bundle` holds all declarations by now.
pub(crate) fn lower(
    pkg: &Package<'_>,
    (module, item): (&Module<'_>, &ast::Item),
    test: &ast::Test,
    (sources, bundle): (&SourceMap, &Bundle),
    types: &mut Interner,
    out: &mut Vec<Diagnostic>,
) -> Option<Eval> {
    let mut elab = Elab::new(pkg, module, types, out, Scope::new(Place::Test, "the eval"));
    let source = sources.get(module.at.0);
    let settings: Vec<ast::Setting> = test.steps.iter().filter_map(setting).cloned().collect();
    let settings = Settings::new(&mut elab, "eval", &settings, &SETTINGS);
    let gate = settings.text(&mut elab, "gate");
    let (sample, parallel) =
        (at_least_one(&mut elab, &settings, "sample"), at_least_one(&mut elab, &settings, "parallel"));
    let rows = rows(&mut elab, test);
    let when = only_when(&mut elab, test);
    let (dataset, row) = rows?;
    elab.scope.test = Some(slots(&row));
    let when = when?;
    let target = called(&mut elab, when)?;
    under_test(&mut elab, target);
    let givens: Vec<Given> =
        givens(&mut elab, test, when, target).into_iter().filter_map(|(_, given)| given).collect();
    elab.scope.reset_locals();
    let (call, ret) = elab.work_call(when, target);
    elab.scope.result = Some(ret);
    elab.set_level(Level::All);
    let needs = needs(&mut elab, test, source.map_or("", |source| source.text.as_str()));
    if let Some(gate) = &gate {
        let at = settings.value("gate").map_or(test.title.span, |value| value.span);
        check_gate(&mut elab, at, gate, bundle, (&call, &givens));
    }
    let slots = elab.scope.test.take()?;
    let measures = slots.eval.map(|eval| eval.measures).unwrap_or_default();
    let values = slots.values.into_iter().map(|(value, ty)| {
        let id = elab.types.exact(&pkg.defs, &ty);
        (value, id)
    });
    let values = values.collect();
    let text = source.and_then(|source| source.text.get(item.span.range())).unwrap_or_default();
    let title = test.title.as_plain().unwrap_or_default();
    let (mark, row) = (mark(text), row.0);
    Some(Eval { title, mark, gate, sample, parallel, dataset, row, givens, call, measures, needs, values })
}

fn setting(step: &Step) -> Option<&ast::Setting> {
    match step {
        Step::Setting(setting) => Some(setting),
        Step::Given { .. } | Step::GivenIn { .. } | Step::When { .. } | Step::Need(_) => None,
    }
}

fn at_least_one(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, name: &str) -> Option<u32> {
    let found = settings.count(elab, name)?;
    if found == 0 {
        let span = settings.value(name).map_or_else(Default::default, |value| elab.span(value.span));
        elab.out.push(report::names::bad_setting(span, name, "at least 1", "100"));
    }
    Some(found)
}

/// What the tokens say: neither comments nor line breaks are part of it.
fn mark(text: &str) -> SmolStr {
    let tokens = flow_grammar::lexer::lex(text).tokens;
    let words = tokens.iter().filter_map(|token| text.get(token.span.range()));
    let joined: String = words.flat_map(|word| [word, "\n"]).collect();
    Digest::of(joined.as_bytes()).to_string().into()
}

fn slots((name, ty): &(SmolStr, Ty)) -> TestSlots {
    let eval = EvalSlots {
        row: (name.clone(), ty.clone()),
        level: Level::Row,
        measures: Vec::new(),
        strays: Vec::new(),
    };
    TestSlots { values: vec![(TestValue::Row, ty.clone())], eval: Some(eval) }
}

/// The dataset, and the name and type of its rows.
fn rows(elab: &mut Elab<'_, '_>, test: &ast::Test) -> Option<(ResourceId, (SmolStr, Ty))> {
    let mut all = test.steps.iter().filter_map(|step| match step {
        Step::GivenIn { var, list, span } => Some((var, list, *span)),
        Step::Given { .. } | Step::When { .. } | Step::Need(_) | Step::Setting(_) => None,
    });
    let Some((var, list, _)) = all.next() else {
        let (span, known) = (elab.span(test.title.span), datasets(elab));
        elab.out.push(report::evals::no_rows(span, &known));
        return None;
    };
    for (_, _, span) in all {
        let span = elab.span(span);
        elab.out.push(report::tests::bad(span, "an eval runs the rows of one dataset; this is the second"));
    }
    let id = dataset(elab, list)?;
    let item = elab.pkg.resources.get(id.index()).map(|resource| resource.item.clone())?;
    (!var.is_missing()).then(|| (id, (var.text.clone(), item)))
}

fn dataset(elab: &mut Elab<'_, '_>, list: &ast::Expr) -> Option<ResourceId> {
    let path = crate::expr::path_of(list);
    let found = match path.as_deref() {
        Some([name]) => elab.names().find(name),
        Some([module, name]) => match elab.names().find(module) {
            Some(Item::Module(module)) => elab.names().find_in(module, name),
            other => other,
        },
        _ => None,
    };
    let kind = |id: ResourceId| elab.pkg.resources.get(id.index()).map(|resource| resource.kind);
    let what = match found {
        Some(Item::Broken) => return None,
        Some(Item::Resource(id)) => match kind(id) {
            Some(Some(ResourceKind::Dataset)) => return Some(id),
            Some(Some(kind)) => format!("a `{kind:?}`"),
            Some(None) | None => return None,
        },
        Some(item) => format!("a {}", item.noun()),
        None if matches!(list.kind, Ast::Missing) => return None,
        None => "not known here".to_owned(),
    };
    let (span, known) = (elab.span(list.span), datasets(elab));
    let written = path.map_or_else(|| "this".to_owned(), |path| path.join("."));
    elab.out.push(report::evals::no_dataset(span, &written, &what, &known));
    None
}

fn datasets(elab: &mut Elab<'_, '_>) -> Vec<Candidate> {
    let pkg = elab.pkg;
    let is_dataset = |id: ResourceId| {
        pkg.resources.get(id.index()).is_some_and(|resource| resource.kind == Some(ResourceKind::Dataset))
    };
    elab.names().candidates(|item| matches!(item, Item::Resource(id) if is_dataset(id)))
}

fn needs(elab: &mut Elab<'_, '_>, test: &ast::Test, source: &str) -> Vec<flow_ir::setup::Need> {
    let mut needs = Vec::new();
    for step in &test.steps {
        let Step::Need(need) = step else { continue };
        let text = source.get(need.condition.span.range()).unwrap_or_default().trim();
        // Without `else` there is no message: the Bundle holds no source text.
        let lowered = elab.need(need, "");
        let span = elab.span(need.condition.span);
        let strays = strays(elab);
        if !strays.is_empty() {
            elab.out.push(report::evals::of_one_row(span, &strays));
        }
        limits_of_shares(elab, span, text, &lowered.condition);
        needs.push(lowered);
    }
    if needs.is_empty() {
        let span = elab.span(test.title.span);
        elab.out.push(
            report::tests::bad(span, "this eval needs nothing, so it can never fail")
                .help("add `need mean(result == row.expected) >= 90%`"),
        );
    }
    needs
}

fn strays(elab: &mut Elab<'_, '_>) -> Vec<String> {
    let eval = elab.scope.test.as_mut().and_then(|test| test.eval.as_mut());
    let mut strays = eval.map(|eval| std::mem::take(&mut eval.strays)).unwrap_or_default();
    strays.sort();
    strays.dedup();
    strays
}

/// FL0908 for every comparison of a share with a number.
fn limits_of_shares(elab: &mut Elab<'_, '_>, span: flow_diagnostics::Span, text: &str, condition: &Expr) {
    match &condition.kind {
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            limits_of_shares(elab, span, text, left);
            limits_of_shares(elab, span, text, right);
        }
        ExprKind::Not(inner) => limits_of_shares(elab, span, text, inner),
        ExprKind::Compare(op, left, right) => {
            let decided = match (share(elab, left), number(right), share(elab, right), number(left)) {
                (true, Some(limit), _, _) => decided(*op, limit).map(|always| (always, limit)),
                (_, _, true, Some(limit)) => decided(turned(*op), limit).map(|always| (always, limit)),
                _ => None,
            };
            if let Some((always, limit)) = decided {
                let percent = (limit > 1.0 && limit <= 100.0).then(|| format!("{limit}%"));
                elab.out.push(report::evals::share(span, text, always, percent));
            }
        }
        _ => {}
    }
}

/// Whether an expression is the mean of a condition.
fn share(elab: &Elab<'_, '_>, expr: &Expr) -> bool {
    let ExprKind::Slot(slot) = &expr.kind else { return false };
    let Some(slots) = &elab.scope.test else { return false };
    let Some((TestValue::Measure(at), ty)) = slots.values.get(slot.index()) else { return false };
    let measure = slots.eval.as_ref().and_then(|eval| eval.measures.get(*at as usize));
    let is_mean = measure.is_some_and(|measure| measure.aggregate == Aggregate::Mean);
    is_mean && *ty == Ty::Float(crate::types::Bounds::new(0, 1_000_000))
}

fn number(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Const(Const::Float(value)) => Some(*value),
        ExprKind::Const(Const::Int(value)) => Some(*value as f64),
        ExprKind::Convert(inner) => number(inner),
        ExprKind::Neg(inner) => number(inner).map(|value| -value),
        _ => None,
    }
}

/// The same comparison with its sides changed.
const fn turned(op: Compare) -> Compare {
    match op {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        Compare::Eq => Compare::Eq,
        Compare::Ne => Compare::Ne,
    }
}

/// What `share op limit` always is, if it is the same for every share.
fn decided(op: Compare, limit: f64) -> Option<bool> {
    let outside = !(0.0..=1.0).contains(&limit);
    let (low, high) = (limit <= 0.0, limit >= 1.0);
    match op {
        Compare::Ge => (low || limit > 1.0).then_some(low),
        Compare::Gt => (limit < 0.0 || high).then_some(!high),
        Compare::Le => (high || limit < 0.0).then_some(high),
        Compare::Lt => (limit > 1.0 || low).then_some(!low),
        Compare::Eq => outside.then_some(false),
        Compare::Ne => outside.then_some(true),
    }
}

/// FL0909.
fn check_gate(
    elab: &mut Elab<'_, '_>,
    at: flow_grammar::Span,
    gate: &SmolStr,
    bundle: &Bundle,
    (call, givens): (&Call, &[Given]),
) {
    let span = elab.span(at);
    if gate.rsplit_once('@').is_some_and(|(_, pointer)| is_version(pointer)) {
        let message = format!("`{gate}` is a version, which never moves");
        elab.out.push(report::evals::bad_gate(span, message, "gate a pointer: `\"name@prod\"`"));
        return;
    }
    let prompts: Vec<_> = bundle.registry_prompts().filter(|(_, name)| *name == gate).collect();
    let models: Vec<_> = bundle.registry_models().filter(|(_, name)| *name == gate).collect();
    if prompts.is_empty() && models.is_empty() {
        let all = bundle.registry_prompts().map(|(_, name)| name);
        let all = all.chain(bundle.registry_models().map(|(_, name)| name));
        let known: Vec<Candidate> = all.map(|name| (name.clone(), "")).collect();
        elab.out.push(report::evals::no_gate(span, gate, &known));
        return;
    }
    let fixed = givens.iter().filter(|given| !is_recorded(&given.answer)).map(|given| given.callee);
    let fixed: Vec<Callee> = fixed.collect();
    let mut asked = Asked::by_call(bundle, call, &fixed);
    asked.by_givens(bundle, givens, &fixed);
    let is_asked = prompts.iter().any(|(id, _)| asked.prompts.contains(id))
        || models.iter().any(|(id, _)| asked.models.contains(id));
    if !is_asked {
        let message = format!("this eval never asks what `{gate}` names, so it says nothing about it");
        let help = "call it in `when`, and give it no answer but a cassette";
        elab.out.push(report::evals::bad_gate(span, message, help));
    }
}

/// `v17`.
fn is_version(pointer: &str) -> bool {
    pointer
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether an answer is what a model once said to the prompt.
fn is_recorded(answer: &Answer) -> bool {
    match answer {
        Answer::Cassette(_) => true,
        Answer::Sequence(answers) => answers.iter().any(is_recorded),
        Answer::Late(answer, _) | Answer::Costs(answer, _) => is_recorded(answer),
        Answer::Value(_) | Answer::Fails(_) | Answer::Sure(..) | Answer::Raw(_) | Answer::Delegate(..) => {
            false
        }
    }
}
