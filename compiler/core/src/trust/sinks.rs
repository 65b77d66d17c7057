//! Where values leave: what the rules say there.

use flow_diagnostics::{Diagnostic, Span};
use flow_ir::setup::{Call, Callee, Effect, Method};
use flow_ir::types::Labels;
use flow_ir::{FlowId, ModelId, NodeId};
use rustc_hash::FxHashSet;

use super::labels::{Marks, Origin};
use super::notes::{Note, Sent};
use super::places::{Places, name_of};
use super::{Analysis, Walked, explain};
use crate::graph::uses_of_expr;
use crate::names::Item;
use crate::report;
use crate::report::trust::Held;

/// A call through which values leave a flow, with what may be in them.
///
/// Labels are an upper bound: a value without `pii` never holds any, a `trusted` one was always vouched for.
#[derive(Clone, PartialEq, Debug)]
pub struct Sink {
    /// The flow.
    pub flow: FlowId,
    /// Its node.
    pub node: NodeId,
    /// Which of the node's calls.
    pub call: u32,
    /// What is called, behind all splits.
    pub callee: Callee,
    /// The model that is asked first.
    pub model: Option<ModelId>,
    /// Of each argument.
    pub args: Vec<Labels>,
    /// Of everything that is sent: a prompt's messages, all arguments otherwise.
    pub sent: Labels,
}

/// A place in a flow.
#[derive(Clone, Copy)]
struct At<'a> {
    flow: FlowId,
    node: usize,
    call: (u32, &'a Call),
}

/// Looks at everything that was seen in a flow.
pub(super) fn check(
    places: &Places<'_>,
    analysis: &mut Analysis<'_>,
    (walked, unapproved): (&Walked, &FxHashSet<(FlowId, usize)>),
    out: &mut Vec<Diagnostic>,
) -> Vec<Sink> {
    let mut sinks = Vec::new();
    let Some(flow) = places.bundle.flows.get(walked.flow.index()) else { return sinks };
    for (node, index, notes) in &walked.calls {
        let Some(call) = flow.nodes.get(*node).and_then(|node| node.work.calls().nth(*index as usize)) else {
            continue;
        };
        let at = At { flow: walked.flow, node: *node, call: (*index, call) };
        for note in notes {
            match note {
                Note::Sent(sent) => {
                    sinks.push(sink(at, sent));
                    leaves(places, analysis, at, sent, out);
                    if !unapproved.contains(&(at.flow, at.node)) {
                        sensitive(places, analysis, walked, at, sent, out);
                    }
                }
                Note::Untrusted(name) => {
                    let place = places.call(at.flow, at.node, *index);
                    out.extend(
                        place.map(|(at, ast)| report::trust::wants_trust(at.span(ast.expr.span), name)),
                    );
                }
            }
        }
    }
    for (vertex, index, notes) in &walked.edges {
        let Some((at, ast)) = places.edge(walked.flow, flow, *vertex, *index) else { continue };
        for note in notes {
            if let Note::Untrusted(name) = note {
                out.push(report::trust::wants_trust(at.span(ast.span), name));
            }
        }
    }
    returned(places, analysis, walked, out);
    sinks
}

fn sink(at: At<'_>, sent: &Sent) -> Sink {
    let all = sent.args.iter().copied().fold(sent.sent, Marks::join);
    let is_prompt = matches!(sent.callee, Callee::Prompt(_));
    Sink {
        flow: at.flow,
        node: NodeId(u32::try_from(at.node).unwrap_or(u32::MAX)),
        call: at.call.0,
        callee: sent.callee,
        model: sent.model,
        args: sent.args.iter().map(|marks| labels(*marks)).collect(),
        sent: labels(if is_prompt { sent.sent } else { all }),
    }
}

fn labels(marks: Marks) -> Labels {
    Labels { trusted: !marks.untrusted, pii: marks.pii.is_some(), secret: marks.secret.is_some() }
}

/// Where a message about a call points: an argument if it is the call that is written there.
fn place(places: &Places<'_>, at: At<'_>, callee: Callee, index: Option<usize>) -> Option<Span> {
    let (file, ast) = places.call(at.flow, at.node, at.call.0)?;
    match index.filter(|_| callee == at.call.1.callee) {
        Some(index) => places.argument(at.flow, at.node, at.call, index),
        None => Some(file.span(ast.expr.span)),
    }
}

/// FL0702 and FL0703.
fn sensitive(
    places: &Places<'_>,
    analysis: &mut Analysis<'_>,
    walked: &Walked,
    at: At<'_>,
    sent: &Sent,
    out: &mut Vec<Diagnostic>,
) {
    let Callee::Tool(id) = sent.callee else { return };
    let tool = places.bundle.tools.get(id.index());
    if tool.is_none_or(|tool| tool.effect != Effect::Sensitive) {
        return;
    }
    let Some(bad) = sent.args.iter().position(|marks| marks.untrusted) else { return };
    if sent.callee == at.call.1.callee {
        out.extend(explain::untrusted(places, analysis, walked, (at.node, at.call), bad));
        return;
    }
    // An arm of a split: its arguments stand there.
    if let Some(span) = place(places, at, sent.callee, None) {
        let name = places.bundle.callee_params(sent.callee).get(bad).map_or("", |param| param.name.as_str());
        out.push(report::trust::untrusted_arm(span, name_of(places.bundle, sent.callee), name));
    }
}

fn leaves(places: &Places<'_>, analysis: &Analysis<'_>, at: At<'_>, sent: &Sent, out: &mut Vec<Diagnostic>) {
    match sent.callee {
        Callee::Prompt(_) => to_model(places, analysis, at, sent, out),
        Callee::Tool(id) => {
            let Some(tool) = places.bundle.tools.get(id.index()) else { return };
            to_region(places, analysis, at, sent, tool.region.as_deref(), out);
            secrets(places, analysis, at, sent, out);
        }
        Callee::Human(id) => {
            let role = places.bundle.humans.get(id.index()).and_then(|human| human.role.clone());
            to_person(places, analysis, at, sent, role.as_deref(), out);
            secrets(places, analysis, at, sent, out);
        }
        Callee::Method(id, method) => {
            let Some(resource) = places.bundle.resources.get(id.index()) else { return };
            if stores(method) && resource.shared {
                shared(places, analysis, at, sent, out);
            }
            to_region(places, analysis, at, sent, resource.region.as_deref(), out);
            if let Some(model) = resource.embed.filter(|_| sent.args.iter().any(|marks| marks.pii.is_some()))
            {
                regions(places, analysis, at, (sent, first_pii(sent)), model, out);
            }
            secrets(places, analysis, at, sent, out);
        }
        Callee::Tell => secrets(places, analysis, at, sent, out),
        Callee::Value
        | Callee::Function(_)
        | Callee::Check(_)
        | Callee::Split(_)
        | Callee::Flow(_)
        | Callee::Sleep => {}
    }
}

/// Whether a method keeps what it is given.
const fn stores(method: Method) -> bool {
    match method {
        Method::MemoryAdd
        | Method::IndexPut
        | Method::CachePut
        | Method::SlotsFill
        | Method::EventsPut
        | Method::QueueAdd
        | Method::TopicEmit
        | Method::DatasetAdd => true,
        Method::MemoryLast
        | Method::MemoryForget
        | Method::IndexSearch
        | Method::CacheGet
        | Method::SlotsDrop
        | Method::EventsWait
        | Method::QueueTake => false,
    }
}

fn first_pii(sent: &Sent) -> Option<(usize, Origin)> {
    sent.args.iter().enumerate().find_map(|(index, marks)| Some((index, marks.pii?)))
}

/// What a message says about a labelled value.
fn held(analysis: &Analysis<'_>, flow: FlowId, origin: Origin) -> Held {
    let module = analysis.pkg.module_of(Item::Flow(flow)).unwrap_or_default();
    let is_seen = |row| analysis.pkg.sees_module(module, row);
    let declared = analysis.shapes.declared(origin, module, is_seen);
    Held {
        name: declared.map(|(name, _)| name.to_string()).unwrap_or_default(),
        declared: declared.and_then(|(_, span)| span).unwrap_or_default(),
    }
}

/// FL0704, FL0705 and FL0516 of prompts.
fn to_model(
    places: &Places<'_>,
    analysis: &Analysis<'_>,
    at: At<'_>,
    sent: &Sent,
    out: &mut Vec<Diagnostic>,
) {
    let Some(span) = place(places, at, sent.callee, None) else { return };
    if let Some(origin) = sent.sent.secret {
        let name = name_of(places.bundle, sent.callee);
        let what = format!("a prompt, `{name}`");
        out.push(report::trust::secret(span, &held(analysis, at.flow, origin), &what));
    }
    if let (Some(origin), Some(model)) = (sent.sent.pii, sent.model) {
        let arg = first_pii(sent).map_or(usize::MAX, |(index, _)| index);
        regions(places, analysis, at, (sent, Some((arg, origin))), model, out);
    }
    for slot in &sent.system {
        let Some((file, span, name)) = hole(places, sent.callee, *slot) else { continue };
        let call = place(places, at, sent.callee, None);
        out.push(report::trust::untrusted_system(file.span(span), &name, call));
    }
}

/// Where a prompt's parameter stands in a system message.
fn hole(places: &Places<'_>, prompt: Callee, slot: u32) -> Option<(report::At, flow_grammar::Span, String)> {
    let Callee::Prompt(id) = prompt else { return None };
    let name = &places.bundle.callee_params(prompt).get(slot as usize)?.name;
    let (file, setup) = places.setup(Item::Prompt(id))?;
    let systems = setup.settings.iter().filter(|setting| setting.name.text == "system");
    let uses = systems.flat_map(|setting| match &setting.value {
        flow_grammar::ast::ArgValue::Expr(value) => uses_of_expr(value),
        flow_grammar::ast::ArgValue::Lambda { .. } => Vec::new(),
    });
    let found = uses.into_iter().find(|found| found.name == *name)?;
    let path = std::iter::once(&found.name).chain(&found.fields).map(|part| part.as_str());
    Some((file, found.span, path.collect::<Vec<_>>().join(".")))
}

/// FL0704 of every model in a chain.
fn regions(
    places: &Places<'_>,
    analysis: &Analysis<'_>,
    at: At<'_>,
    (sent, pii): (&Sent, Option<(usize, Origin)>),
    first: ModelId,
    out: &mut Vec<Diagnostic>,
) {
    let Some(allowed) = allowed_regions(places) else { return };
    let (Some((index, origin)), mut todo) = (pii, vec![(first, None)]) else { return };
    let mut seen = FxHashSet::default();
    while let Some((id, from)) = todo.pop() {
        let Some(model) = places.bundle.models.get(id.index()).filter(|_| seen.insert(id)) else { continue };
        todo.extend(model.fallback.iter().rev().map(|next| (*next, Some(model.name.as_str()))));
        let is_allowed =
            model.region.as_ref().is_some_and(|region| allowed.iter().any(|it| it == region.as_str()));
        if let Some(span) = place(places, at, sent.callee, Some(index)).filter(|_| !is_allowed) {
            let held = held(analysis, at.flow, origin);
            let region = model.region.as_deref();
            out.push(report::trust::region(span, &held, (&model.name, region), from, &allowed));
            return;
        }
    }
}

/// FL0704 of tools and resources: those that say no region are the package's own.
fn to_region(
    places: &Places<'_>,
    analysis: &Analysis<'_>,
    at: At<'_>,
    sent: &Sent,
    region: Option<&str>,
    out: &mut Vec<Diagnostic>,
) {
    let (Some(allowed), Some(region), Some((index, origin))) =
        (allowed_regions(places), region, first_pii(sent))
    else {
        return;
    };
    if allowed.iter().any(|allowed| allowed == region) {
        return;
    }
    if let Some(span) = place(places, at, sent.callee, Some(index)) {
        let name = name_of(places.bundle, sent.callee);
        out.push(report::trust::region(
            span,
            &held(analysis, at.flow, origin),
            (name, Some(region)),
            None,
            &allowed,
        ));
    }
}

/// The regions that may see `pii`; `None` if the package has no rule.
fn allowed_regions(places: &Places<'_>) -> Option<Vec<String>> {
    let mut rules = places.pkg.manifest.labels.iter().filter(|(label, _)| label == "pii").peekable();
    rules.peek()?;
    Some(rules.flat_map(|(_, regions)| regions.clone()).collect())
}

/// FL0704 of people: with a rule for `pii`, a role says that it sees it.
fn to_person(
    places: &Places<'_>,
    analysis: &Analysis<'_>,
    at: At<'_>,
    sent: &Sent,
    role: Option<&str>,
    out: &mut Vec<Diagnostic>,
) {
    let (Some(_), Some(role), Some((index, origin))) = (allowed_regions(places), role, first_pii(sent))
    else {
        return;
    };
    let declared = places.pkg.manifest.roles.iter().find(|it| it.name == role);
    let sees = declared.is_none_or(|role| role.sees.iter().any(|label| label == "pii"));
    if let Some(span) = place(places, at, sent.callee, Some(index)).filter(|_| !sees) {
        out.push(report::trust::blind_role(span, &held(analysis, at.flow, origin), role));
    }
}

/// FL0705: a tool may take a secret where it says so, for a header.
fn secrets(places: &Places<'_>, analysis: &Analysis<'_>, at: At<'_>, sent: &Sent, out: &mut Vec<Diagnostic>) {
    let params = places.bundle.callee_params(sent.callee);
    let takes = |index: usize| {
        let says = params.get(index).is_some_and(|param| param.labels.secret);
        says && matches!(sent.callee, Callee::Tool(_))
    };
    let found = sent.args.iter().enumerate().find_map(|(index, marks)| Some((index, marks.secret?)));
    let Some((index, origin)) = found.filter(|(index, _)| !takes(*index)) else { return };
    if let Some(span) = place(places, at, sent.callee, Some(index)) {
        let name = name_of(places.bundle, sent.callee);
        let what = match sent.callee {
            Callee::Tool(_) => format!("a call of `{name}`"),
            Callee::Human(_) => format!("a task for a person, `{name}`"),
            Callee::Tell => "a line that is told".to_owned(),
            _ => format!("the resource `{name}`"),
        };
        out.push(report::trust::secret(span, &held(analysis, at.flow, origin), &what));
    }
}

/// FL0705: a secret is returned to whoever started the flow.
fn returned(places: &Places<'_>, analysis: &Analysis<'_>, walked: &Walked, out: &mut Vec<Diagnostic>) {
    let Some(flow) = places.bundle.flows.get(walked.flow.index()).filter(|flow| flow.public) else { return };
    let marks = analysis.shapes.total(flow.ret, &walked.summary.result);
    let (Some(origin), Some((at, ast))) = (marks.secret, places.flow(walked.flow)) else { return };
    let what = format!("the result of `{}`", flow.name);
    out.push(report::trust::secret(at.span(ast.name.span), &held(analysis, walked.flow, origin), &what));
}

/// FL0706.
fn shared(places: &Places<'_>, analysis: &Analysis<'_>, at: At<'_>, sent: &Sent, out: &mut Vec<Diagnostic>) {
    let Some((index, origin)) = first_pii(sent) else { return };
    if let Some(span) = place(places, at, sent.callee, Some(index)) {
        let name = name_of(places.bundle, sent.callee);
        out.push(report::trust::shared(span, &held(analysis, at.flow, origin), name));
    }
}
