//! FL0701: a person on the way to something sensitive.
//!
//! Every arrow that reaches the node with nobody's approval leads to a new node instead, which shows a person what the
//! call is given; the arrow behind their approval leads on. A `human` of the file that is shown the same is asked;
//! otherwise one is declared.

use flow_grammar::Span;
use flow_grammar::ast::{
    Arg, ArgValue, Edge, Expr, ExprKind, Flow, Guard, ItemKind, Node, Param, Setup, SetupKind, Target, Work,
};
use flow_ir::flow as lowered;

use super::{Action, ActionKind, insert, names};
use crate::Change;
use crate::decl::{self, Decl};
use crate::diagnose::Finding;
use crate::package::{Package, View};
use crate::walk;

/// What the person is called, what they answer, and the declarations that are missing.
struct Person {
    name: String,
    yes: String,
    declared: Option<String>,
}

/// Asks a person before the node that a finding is about.
pub(super) fn insert_approval(package: &Package, view: &View, finding: &Finding) -> Option<Action> {
    if finding.code.number != "FL0701" {
        return None;
    }
    let item = walk::item_at(&view.parsed.file, finding.span.start)?;
    let ItemKind::Flow(flow) = &item.kind else { return None };
    let row = flow.nodes.iter().position(|node| node.name.span == finding.span)?;
    let node = flow.nodes.get(row)?;
    let (callee, args) = call_of(node)?;
    let shown = shown(package, view, callee, args)?;
    let person = existing(view, &shown).or_else(|| declared(package, view, node, &shown))?;
    let ask = names::fresh(flow, &format!("ask_{}", node.name.text));
    let mut changes = redirected(view, flow, row, &ask);
    if changes.is_empty() {
        return None;
    }
    let start = node.docs.first().map_or(node.head.start, |doc| doc.span.start);
    changes.push(insert(view, start, asking(view, flow, node, &ask, &person)));
    let declared = person.declared.map(|text| insert(view, walk::whole(item).start, text));
    changes.extend(declared);
    changes.sort();
    Some(Action {
        title: format!("Ask a person before `{}`: `{}`", node.name.text, person.name),
        kind: ActionKind::Fix,
        mends: Some((finding.code.number, finding.span)),
        changes,
    })
}

fn call_of(node: &Node) -> Option<(Span, &[Arg])> {
    let Some(Work::Call(call)) = &node.work else { return None };
    let ExprKind::Call { callee, args } = &call.expr.kind else { return None };
    let name = match &callee.kind {
        ExprKind::Name(_) => callee.span,
        ExprKind::Field { name, .. } => name.span,
        _ => return None,
    };
    Some((name, args))
}

/// Name and type of each parameter of what is called, if the file can name all of the types.
fn shown(package: &Package, view: &View, callee: Span, args: &[Arg]) -> Option<Vec<(String, String)>> {
    let target = &view.occurrences.iter().find(|found| found.span == callee)?.target;
    let params = package.decl(target, |decl, source| {
        let Decl::Item(item) = decl else { return None };
        let written = |param: &Param| {
            let ty = source.get(param.ty.span.range()).unwrap_or("");
            (param.name.text.to_string(), one_line(ty), param.ty.base.text.to_string())
        };
        Some(decl::params_of(item).iter().map(written).collect::<Vec<_>>())
    })??;
    let known =
        |base: &str| !base.starts_with(char::is_uppercase) || names::visible(view).any(|name| name == base);
    let fits = params.len() == args.len() && params.iter().all(|(_, _, base)| known(base));
    fits.then(|| params.into_iter().map(|(name, ty, _)| (name, ty)).collect())
}

/// A person of the file who is shown values of these types and may approve.
fn existing(view: &View, shown: &[(String, String)]) -> Option<Person> {
    view.parsed.file.items.iter().find_map(|item| {
        let ItemKind::Setup(Setup { kind: SetupKind::Human, name, params, settings, .. }) = &item.kind else {
            return None;
        };
        let types = params.iter().flatten().map(|param| one_line(view.slice(param.ty.span)));
        let approves = settings.iter().find(|setting| setting.name.text == "approves")?;
        let yes = match &approves.value {
            ArgValue::Expr(Expr { kind: ExprKind::List(all), .. }) => {
                view.slice(all.first()?.span).to_owned()
            }
            _ => return None,
        };
        let same = types.eq(shown.iter().map(|(_, ty)| ty.clone()));
        same.then(|| Person { name: name.text.to_string(), yes, declared: None })
    })
}

/// A new one.
fn declared(package: &Package, view: &View, node: &Node, shown: &[(String, String)]) -> Option<Person> {
    let of = &node.name.text;
    let free = |base: String| {
        let taken: Vec<String> = names::visible(view).map(str::to_owned).collect();
        names::numbered(&base, |name| !taken.iter().any(|other| other == name))
    };
    let name = free(format!("approve_{of}"));
    let upper: String = of.split('_').map(capital).collect();
    let answer = free(format!("{upper}Approval"));
    let role = role(package);
    let params: Vec<String> = shown.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let text = format!(
        "enum {answer} {{\n  Approve\n  Reject\n}}\n\n/// Whether `{of}` may run with this.\nhuman {name}({}): {answer} {{\n  \
         role: {role}\n  title: \"May `{of}` run with this?\"\n  approves: [Approve]\n}}\n\n",
        params.join(", "),
    );
    Some(Person { name, yes: "Approve".to_owned(), declared: Some(text) })
}

/// Who can be asked: somebody whose answers count, if there is one.
fn role(package: &Package) -> String {
    let roles = package.manifest().roles;
    let found = roles.iter().find(|role| role.trusted).or_else(|| roles.first());
    found.map_or_else(|| "approver".to_owned(), |role| role.name.clone())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The new node: the parameters of the old one under names of their own.
fn asking(view: &View, flow: &Flow, node: &Node, ask: &str, person: &Person) -> String {
    let params: Vec<(&Param, String)> = node
        .params
        .iter()
        .flatten()
        .map(|param| (param, names::fresh(flow, &format!("{}_to_{}", param.name.text, node.name.text))))
        .collect();
    let args = call_of(node).map_or(&[][..], |(_, args)| args);
    let args: Vec<String> = args.iter().map(|arg| renamed(view, arg, &params)).collect();
    let head = match params.as_slice() {
        [] => ask.to_owned(),
        some => {
            let typed = |(param, name): &(&Param, String)| format!("{name}: {}", view.slice(param.ty.span));
            format!("{ask}({})", some.iter().map(typed).collect::<Vec<_>>().join(", "))
        }
    };
    let passed: Vec<&str> = params.iter().map(|(_, name)| name.as_str()).collect();
    let on = match passed.as_slice() {
        [] => node.name.text.to_string(),
        some => format!("{}({})", node.name.text, some.join(", ")),
    };
    format!(
        "node {head} = {}({}) within 1h\n    -> {on} when {ask} is {}\n    -> fail \"not approved\"\n    \
         -> fail \"nobody answered\" on Expired\n\n  ",
        person.name,
        args.join(", "),
        person.yes,
    )
}

/// An argument as written, without its label, with other names for the parameters.
fn renamed(view: &View, arg: &Arg, params: &[(&Param, String)]) -> String {
    let span = match &arg.value {
        ArgValue::Expr(value) => value.span,
        ArgValue::Lambda { span, .. } => *span,
    };
    let mut text = String::new();
    let mut at = span.start;
    let inside =
        view.occurrences.iter().filter(|use_| span.start <= use_.span.start && use_.span.end <= span.end);
    for use_ in inside {
        let of = |(param, _): &&(&Param, String)| param.name.span == use_.target.span;
        if let Some((_, name)) = params.iter().find(of) {
            text.push_str(view.slice(Span::new(at, use_.span.start)));
            text.push_str(name);
            at = use_.span.end;
        }
    }
    text.push_str(view.slice(Span::new(at, span.end)));
    text
}

/// The arrows to the node that nobody approves on lead to the new one.
fn redirected(view: &View, flow: &Flow, row: usize, ask: &str) -> Vec<Change> {
    let Some(name) = flow.nodes.get(row).map(|node| &node.name.text) else { return Vec::new() };
    let bundle = view.analysis.bundle.as_ref();
    let is_it = |found: &&lowered::Flow| {
        found.name == flow.name.text
            && found.nodes.iter().map(|node| &node.name).eq(flow.nodes.iter().map(|node| &node.name.text))
    };
    let compiled = bundle.and_then(|bundle| bundle.flows.iter().find(is_it));
    let mut changes = Vec::new();
    let none: &[lowered::Edge] = &[];
    let entry = compiled.map_or(none, |flow| &flow.entry);
    let nodes = flow.nodes.iter().enumerate().map(|(at, node)| {
        let edges = compiled.and_then(|flow| flow.nodes.get(at)).map_or(none, |node| &node.edges);
        (node.edges.as_slice(), edges)
    });
    for (written, edges) in std::iter::once((flow.entry.as_slice(), entry)).chain(nodes) {
        for edge in written.iter().filter(|edge| !is_cleared(written, edges, edge)) {
            if let Target::Node { name: target, .. } = &edge.target
                && target.text == *name
            {
                changes.push(Change { path: view.path.clone(), span: target.span, text: ask.to_owned() });
            }
        }
    }
    changes
}

/// Whether somebody approves on an arrow; error arrows never.
fn is_cleared(written: &[Edge], edges: &[lowered::Edge], edge: &Edge) -> bool {
    let is_error = |edge: &&Edge| matches!(edge.guard, Some(Guard::On(_)));
    if is_error(&edge) {
        return false;
    }
    let at = written.iter().filter(|edge| !is_error(edge)).position(|other| other.span == edge.span);
    let mut normal = edges.iter().filter(|edge| edge.on.is_empty() && !edge.implicit);
    at.and_then(|at| normal.nth(at)).is_some_and(|edge| !edge.clears.is_empty())
}
