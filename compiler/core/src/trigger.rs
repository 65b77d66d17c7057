//! `on …`: what starts a run, and what the event must hold.

pub(crate) mod stream;

use flow_diagnostics::Diagnostic;
use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::SlotId;
use flow_ir::flow::{Trigger, TriggerSource};
use flow_ir::setup::ResourceKind;
use smol_str::SmolStr;

use crate::callee::{self, Target, lowered};
use crate::expr::{Elab, Place, Scope, Value, Why, describe};
use crate::graph::uses_of_expr;
use crate::names::{Item, Module};
use crate::package::Package;
use crate::report;
use crate::types::{FieldDef, Interner, Ty};

const SOURCES: [&str; 8] =
    ["http.get", "http.post", "http.put", "http.patch", "http.delete", "queue", "broker", "cron"];

/// Checks a trigger and lowers it.
pub(crate) fn lower(
    pkg: &Package<'_>,
    module: &Module<'_>,
    trigger: &ast::Trigger,
    types: &mut Interner,
    out: &mut Vec<Diagnostic>,
) -> Option<Trigger> {
    let scope = Scope::new(Place::Trigger, "the trigger");
    let mut elab = Elab::new(pkg, module, types, out, scope);
    let (source, settings) = source(&mut elab, &trigger.source);
    let target = target(&mut elab, &trigger.target)?;
    let (params, _) = callee::signature(pkg, target)?;
    let args = match &trigger.target.kind {
        Ast::Call { args, .. } => args.as_slice(),
        _ => &[],
    };
    let event = event_type(&mut elab, source.as_ref(), &params, args, settings);
    let value = Value::plain(SlotId(0), event.clone());
    elab.scope.bind(&"event".into(), value);
    let flow = describe(match &trigger.target.kind {
        Ast::Call { callee, .. } => callee,
        _ => &trigger.target,
    });
    if !event_fields(&mut elab, &event, trigger, flow.trim_matches('`')) {
        return None;
    }
    let owner = flow.trim_matches('`').to_owned();
    let args = elab.arguments(&owner, &params, args, trigger.target.span);
    let settings = self::settings(&mut elab, settings);
    Some(Trigger {
        source: source?,
        event: elab.types.exact(&pkg.defs, &event),
        key: settings.key,
        once: settings.once,
        stream: settings.stream,
        allow: settings.allow,
        target: lowered(target),
        args: args?,
    })
}

/// What starts it, and the settings in its brackets.
fn source<'a>(elab: &mut Elab<'_, '_>, expr: &'a ast::Expr) -> (Option<TriggerSource>, &'a [ast::Arg]) {
    if let Ast::Name(name) = &expr.kind {
        return (resource_source(elab, expr, name), &[]);
    }
    let Ast::Call { callee, args } = &expr.kind else {
        if !matches!(expr.kind, Ast::Missing) {
            unknown(elab, expr);
        }
        return (None, &[]);
    };
    let positional: Vec<&ast::Arg> = args.iter().filter(|arg| arg.label.is_none()).collect();
    let text = |elab: &mut Elab<'_, '_>, what: &str| {
        let found = positional.first().and_then(|arg| match &arg.value {
            ArgValue::Expr(ast::Expr { kind: Ast::Text(text), .. }) => text.as_plain(),
            _ => None,
        });
        if found.is_none() {
            let span = elab.span(callee.span);
            let message = format!("this trigger wants {what} as a text");
            elab.out.push(report::names::wrong_setting(span, message, "write it in quotes, without holes"));
        }
        found
    };
    let path = crate::expr::path_of(callee).unwrap_or_default();
    let path: Vec<&str> = path.iter().map(SmolStr::as_str).collect();
    let found = match path.as_slice() {
        ["http", verb] => match crate::setup::http_method(verb) {
            Some(method) => text(elab, "a path").map(|path| TriggerSource::Http(method, path)),
            None => {
                unknown(elab, callee);
                None
            }
        },
        ["queue"] => text(elab, "a name").map(TriggerSource::Queue),
        ["broker"] => text(elab, "a name").map(TriggerSource::Broker),
        ["cron"] => text(elab, "a schedule").and_then(|schedule| cron(elab, schedule, args, callee)),
        [name] if matches!(elab.names().peek(name), Some(Item::Resource(_))) => {
            resource_source(elab, callee, name)
        }
        _ => {
            unknown(elab, callee);
            None
        }
    };
    (found, args)
}

fn unknown(elab: &mut Elab<'_, '_>, expr: &ast::Expr) {
    let written = describe(expr);
    let mut known = report::names::plain(SOURCES);
    known.extend(elab.names().candidates(|item| matches!(item, Item::Resource(_))));
    let span = elab.span(expr.span);
    elab.out.push(report::names::unknown(span, written.trim_matches('`'), &known));
}

fn resource_source(elab: &mut Elab<'_, '_>, expr: &ast::Expr, name: &str) -> Option<TriggerSource> {
    let span = elab.span(expr.span);
    match elab.names().find(name) {
        Some(Item::Resource(id)) => {
            let kind = elab.pkg.resources.get(id.index()).and_then(|resource| resource.kind)?;
            if !matches!(kind, ResourceKind::Queue | ResourceKind::Topic) {
                let help = "a `Queue` or a `Topic` starts runs";
                elab.out.push(report::types::not_a_value(span, name, "resource that starts nothing", help));
                return None;
            }
            Some(TriggerSource::Resource(id))
        }
        Some(Item::Broken) => None,
        _ => {
            unknown(elab, expr);
            None
        }
    }
}

/// Five fields, and the zone.
fn cron(
    elab: &mut Elab<'_, '_>,
    schedule: SmolStr,
    args: &[ast::Arg],
    callee: &ast::Expr,
) -> Option<TriggerSource> {
    let field = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-".contains(c));
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 || !fields.iter().all(|text| field(text)) {
        let span = elab.span(callee.span);
        let message = format!("`{schedule}` is no schedule");
        let help = "minute, hour, day, month, weekday: `cron(\"0 1 * * *\", zone: \"Europe/Berlin\")`";
        elab.out.push(report::names::wrong_setting(span, message, help));
        return None;
    }
    let zone = args.iter().find(|arg| arg.label.as_ref().is_some_and(|label| label.text == "zone"));
    let zone = match zone.map(|arg| &arg.value) {
        Some(ArgValue::Expr(ast::Expr { kind: Ast::Text(text), .. })) => text.as_plain(),
        Some(_) => None,
        None => Some("UTC".into()),
    };
    Some(TriggerSource::Cron(schedule, zone?))
}

fn target(elab: &mut Elab<'_, '_>, expr: &ast::Expr) -> Option<Target> {
    let pkg = elab.pkg;
    let found = callee::target(&elab.names(), pkg, expr);
    let writes = |target| callee::effect(pkg, target) == Some(crate::graph::Effect::Write);
    match found {
        Target::Item(Item::Flow(_)) => Some(found),
        Target::Method(_, _) if writes(found) => Some(found),
        Target::Broken => {
            if !matches!(expr.kind, Ast::Missing) {
                let callee = match &expr.kind {
                    Ast::Call { callee, .. } => callee,
                    _ => expr,
                };
                unknown_target(elab, callee);
            }
            None
        }
        Target::Item(_) | Target::Method(_, _) | Target::Pure | Target::Sleep | Target::Tell => {
            let span = elab.span(expr.span);
            let what = describe(expr);
            elab.out.push(report::names::not_startable(span, what.trim_matches('`')));
            None
        }
    }
}

fn unknown_target(elab: &mut Elab<'_, '_>, callee: &ast::Expr) {
    let root = match &callee.kind {
        Ast::Field { base, .. } => base,
        _ => callee,
    };
    let written = describe(root).trim_matches('`').to_owned();
    if elab.names().find(&written).is_some() {
        // A resource without such a method: elaboration says so.
        let args = Vec::new();
        let call =
            ast::Expr { kind: Ast::Call { callee: Box::new(callee.clone()), args }, span: callee.span };
        elab.expr(&call, None);
        return;
    }
    let span = elab.span(root.span);
    let known = elab.names().candidates(|item| matches!(item, Item::Flow(_) | Item::Resource(_)));
    elab.out.push(report::names::unknown(span, &written, &known));
}

/// The event is what the target takes: the type of the parameter that `event` is passed to, or a record of
/// the fields that are passed one by one. Fields that only `key:` and `once:` read are text.
fn event_type(
    elab: &mut Elab<'_, '_>,
    source: Option<&TriggerSource>,
    params: &[FieldDef],
    args: &[ast::Arg],
    settings: &[ast::Arg],
) -> Ty {
    if let Some(TriggerSource::Resource(id)) = source {
        return elab.pkg.resources.get(id.index()).map_or(Ty::Poison, |resource| resource.item.clone());
    }
    let mut fields: Vec<(SmolStr, Ty)> = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let ArgValue::Expr(value) = &arg.value else { continue };
        let param = match &arg.label {
            Some(label) => params.iter().find(|param| param.name == label.text),
            None => params.get(index),
        };
        let ty = param.map_or(Ty::Poison, |param| param.ty.clone());
        match &value.kind {
            Ast::Name(name) if name == "event" => return ty,
            Ast::Field { base, name } if is_event(base) => add(&mut fields, &name.text, ty),
            _ => text_fields(&mut fields, value),
        }
    }
    for arg in settings {
        if let ArgValue::Expr(value) = &arg.value {
            text_fields(&mut fields, value);
        }
    }
    Ty::record("event", fields)
}

fn is_event(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, Ast::Name(name) if name == "event")
}

fn text_fields(fields: &mut Vec<(SmolStr, Ty)>, value: &ast::Expr) {
    for found in uses_of_expr(value).into_iter().filter(|found| found.name == "event") {
        if let Some(field) = found.fields.first() {
            add(fields, field, Ty::TEXT);
        }
    }
}

fn add(fields: &mut Vec<(SmolStr, Ty)>, name: &SmolStr, ty: Ty) {
    if !name.is_empty() && !fields.iter().any(|(known, _)| known == name) {
        fields.push((name.clone(), ty));
    }
}

/// FL0806: fields that a declared event does not have.
fn event_fields(elab: &mut Elab<'_, '_>, event: &Ty, trigger: &ast::Trigger, flow: &str) -> bool {
    let Ty::Named(_, name) = event else { return true };
    let Some(fields) = elab.pkg.fields(event) else { return true };
    let known = report::names::plain(fields.iter().map(|field| field.name.as_str()));
    let mut fine = true;
    for expr in [&trigger.source, &trigger.target] {
        for found in uses_of_expr(expr).into_iter().filter(|found| found.name == "event") {
            let Some(field) = found.fields.first() else { continue };
            if !fields.iter().any(|known| known.name == *field) {
                // The use spans `event.field`; the field is its end.
                let length = u32::try_from(field.len()).unwrap_or(0);
                let end = field_end(expr, found.span, field);
                let span = elab.span(flow_grammar::Span::new(end.saturating_sub(length), end));
                elab.out.push(report::tests::trigger_field(span, field, name, flow, &known));
                fine = false;
            }
        }
    }
    fine
}

/// Where `event.field` ends.
fn field_end(expr: &ast::Expr, event: flow_grammar::Span, field: &str) -> u32 {
    let mut todo = vec![expr];
    while let Some(expr) = todo.pop() {
        match &expr.kind {
            Ast::Field { base, name } => {
                if name.text == field && base.span.start == event.start && is_event(base) {
                    return name.span.end;
                }
                todo.push(base);
            }
            Ast::Call { callee, args } => {
                todo.push(callee);
                todo.extend(args.iter().filter_map(|arg| match &arg.value {
                    ArgValue::Expr(value) => Some(value),
                    ArgValue::Lambda { .. } => None,
                }));
            }
            Ast::Binary { left, right, .. } => todo.extend([left.as_ref(), right.as_ref()]),
            Ast::Paren(inner) => todo.push(inner),
            _ => {}
        }
    }
    event.end
}

#[derive(Default)]
struct Settings {
    key: Option<flow_ir::expr::Expr>,
    once: Option<flow_ir::expr::Expr>,
    stream: bool,
    allow: Vec<SmolStr>,
}

fn settings(elab: &mut Elab<'_, '_>, args: &[ast::Arg]) -> Settings {
    let mut found = Settings::default();
    for arg in args {
        let (Some(label), ArgValue::Expr(value)) = (&arg.label, &arg.value) else { continue };
        elab.scope.reset_locals();
        match label.text.as_str() {
            "key" if matches!(value.kind, Ast::None) => {}
            "key" => found.key = Some(elab.check(value, &Ty::TEXT, Why::Setting("key"))),
            "once" => found.once = Some(elab.check(value, &Ty::TEXT, Why::Setting("once"))),
            "stream" => match value.kind {
                Ast::Bool(stream) => found.stream = stream,
                _ => {
                    let span = elab.span(value.span);
                    elab.out.push(report::names::bad_setting(span, "stream", "`true` or `false`", "true"));
                }
            },
            "allow" => found.allow = roles(elab, value),
            "zone" => {}
            name => {
                let known = report::names::plain(["key", "once", "stream", "allow", "zone"]);
                let span = elab.span(label.span);
                elab.out.push(report::names::unknown_setting(span, name, "trigger", &known));
            }
        }
    }
    found
}

fn roles(elab: &mut Elab<'_, '_>, value: &ast::Expr) -> Vec<SmolStr> {
    let Ast::List(items) = &value.kind else {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "allow", "a list of roles", "[support_lead]"));
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match &item.kind {
            Ast::Name(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}
