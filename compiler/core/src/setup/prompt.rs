//! `prompt`.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::ResourceId;
use flow_ir::setup::{Confidence, Effect, MessageTemplate, Prompt, PromptTool, ResourceKind};
use smol_str::SmolStr;

use super::{Decl, Settings, source_call, unknown_source};
use crate::callee::{self, Target};
use crate::expr::{Elab, Place, Why, describe};
use crate::methods;
use crate::names::Item;
use crate::package::doc_text;
use crate::report;
use crate::types::{Bounds, Fit, Size, Ty, fit};

pub(super) static SETTINGS: [&str; 13] = [
    "system",
    "user",
    "assistant",
    "turns",
    "input",
    "output",
    "confidence",
    "repair",
    "tools",
    "rounds",
    "temperature",
    "cache",
    "version",
];

/// Lowers a prompt.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, decl: Decl<'_>) -> Prompt {
    let settings = Settings::new(elab, "prompt", &decl.setup.settings, &SETTINGS);
    let registry = registry(elab, decl.setup);
    version(elab, &settings, decl.setup);
    let messages = messages(elab, &settings);
    if registry.is_none() && decl.setup.source.is_none() {
        needs_message(elab, decl, &messages);
        unused_parameters(elab, decl);
    }
    let temperature = settings.value("temperature").map(|value| {
        elab.scope.place = Place::Setting;
        elab.scope.reset_locals();
        elab.check(value, &Ty::Float(Bounds::new(0, 2_000_000)), Why::Setting("temperature"))
    });
    let tools = tools(elab, &settings);
    let (cache, cache_in) = cache(elab, &settings, &decl.sig.ret);
    let rounds = settings.count(elab, "rounds").unwrap_or(if tools.is_empty() { 0 } else { 4 });
    Prompt {
        name: decl.sig.name.clone(),
        doc: doc_text(&decl.item.docs),
        params: elab.types.fields(&elab.pkg.defs, &decl.sig.params),
        ret: elab.types.exact(&elab.pkg.defs, &decl.sig.ret),
        messages,
        input: input(elab, &settings, registry.is_some()),
        registry,
        output: settings.tokens(elab, "output"),
        confidence: confidence(elab, &settings, &decl.sig.ret),
        repair: settings.count(elab, "repair").unwrap_or(0),
        tools,
        rounds,
        temperature,
        cache,
        cache_in,
    }
}

/// What versions of a text in the registry may hold. A text that is here is counted.
fn input(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, in_registry: bool) -> Option<u64> {
    let found = settings.tokens(elab, "input");
    if let (Some(value), false) = (settings.value("input"), in_registry) {
        let span = elab.span(value.span);
        let message = "`input` bounds a text that is in the registry; this one is counted as it stands";
        elab.out.push(report::names::wrong_setting(span, message, "remove it"));
    }
    found
}

fn registry(elab: &mut Elab<'_, '_>, setup: &ast::Setup) -> Option<SmolStr> {
    let source = setup.source.as_ref().filter(|source| !matches!(source.kind, Ast::Missing))?;
    match source_call(source) {
        Some(call) if call.path == ["registry"] => Some(call.text(elab, 0, "a pointer")),
        _ => {
            unknown_source(elab, source, &["registry"]);
            None
        }
    }
}

/// `version: "4"`: kept in `flow.lock` with the text. The registry numbers its own.
fn version(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, setup: &ast::Setup) {
    let said = settings.text(elab, "version");
    if let Some(setting) = settings.get("version").filter(|_| said.is_some() && setup.source.is_some()) {
        let span = elab.span(setting.span);
        let message = "the registry numbers the versions of this prompt";
        elab.out.push(report::names::wrong_setting(span, message, "leave `version` out"));
    }
}

fn messages(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Vec<MessageTemplate> {
    let mut messages = Vec::new();
    for setting in settings.iter() {
        let make = match setting.name.text.as_str() {
            "system" => MessageTemplate::System,
            "user" => MessageTemplate::User,
            "assistant" => MessageTemplate::Assistant,
            "turns" => MessageTemplate::Turns,
            _ => continue,
        };
        let ArgValue::Expr(value) = &setting.value else {
            let span = elab.span(setting.span);
            elab.out.push(report::types::lambda_argument(span, &setting.name.text, false));
            continue;
        };
        elab.scope.reset_locals();
        let want = match setting.name.text.as_str() {
            "turns" => elab.prelude_type("Message").map_or(Ty::Poison, |message| message.list(Size::ANY)),
            _ => Ty::TEXT,
        };
        messages.push(make(elab.check(value, &want, Why::Setting(&setting.name.text))));
    }
    messages
}

fn needs_message(elab: &mut Elab<'_, '_>, decl: Decl<'_>, messages: &[MessageTemplate]) {
    if messages.is_empty() {
        let span = elab.span(decl.setup.name.span);
        let example = "user: \"…\"";
        elab.out.push(report::names::missing_setting(span, &decl.sig.name, "user", example));
    }
}

/// FL0502: parameters that no message and no setting looks at.
fn unused_parameters(elab: &mut Elab<'_, '_>, decl: Decl<'_>) {
    let mut used = rustc_hash::FxHashSet::default();
    for setting in &decl.setup.settings {
        if let ArgValue::Expr(value) = &setting.value {
            used.extend(crate::graph::uses_of_expr(value).into_iter().map(|found| found.name));
        }
    }
    for param in decl.setup.params.iter().flatten() {
        if !used.contains(&param.name.text) && !param.name.is_missing() {
            let span = elab.span(param.name.span);
            let name = &param.name.text;
            elab.out.push(match single_braces(decl.setup, name) {
                Some(written) => report::prompts::no_hole(span, name, written),
                None => report::prompts::unused_in_template(span, name),
            });
        }
    }
}

/// `{name…}` in a message: a hole of another language.
fn single_braces<'a>(setup: &'a ast::Setup, name: &str) -> Option<&'a str> {
    let templates = setup.settings.iter().filter_map(|setting| match &setting.value {
        ArgValue::Expr(ast::Expr { kind: Ast::Text(template), .. }) => Some(template),
        ArgValue::Expr(_) | ArgValue::Lambda { .. } => None,
    });
    let texts = templates.flat_map(|template| &template.parts).filter_map(|part| match part {
        ast::TemplatePart::Text { value, .. } => Some(value.as_str()),
        _ => None,
    });
    let open = format!("{{{name}");
    texts.into_iter().find_map(|text| {
        let from = text.split_at_checked(text.find(&open)?)?.1;
        let written = from.split_inclusive('}').next().filter(|written| written.ends_with('}'))?;
        let behind = written.strip_prefix(open.as_str())?;
        behind.starts_with(['.', '}']).then_some(written)
    })
}

fn tools(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Vec<PromptTool> {
    let Some(value) = settings.value("tools") else { return Vec::new() };
    let Ast::List(items) = &value.kind else {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "tools", "a list of tools", "[find_listing]"));
        return Vec::new();
    };
    items.iter().filter_map(|item| tool(elab, item)).collect()
}

fn tool(elab: &mut Elab<'_, '_>, expr: &ast::Expr) -> Option<PromptTool> {
    let span = elab.span(expr.span);
    let mut segments: Vec<(SmolStr, flow_diagnostics::Span)> = Vec::new();
    match &expr.kind {
        Ast::Name(name) => segments.push((name.clone(), span)),
        Ast::Field { base, name } => {
            if let Ast::Name(root) = &base.kind {
                segments.push((root.clone(), elab.span(base.span)));
                segments.push((name.text.clone(), elab.span(name.span)));
            }
        }
        _ => {}
    }
    let pkg = elab.pkg;
    let target = callee::path_target(&mut elab.names(), pkg, &segments)?;
    let written = describe(expr).trim_matches('`').to_owned();
    let (tool, effect) = match target {
        Target::Item(item @ Item::Tool(id)) => (PromptTool::Tool(id), callee::tool_effect(pkg, item)),
        Target::Method(resource, method) => {
            let effect = methods::row_of(method).map(|row| row.effect);
            (PromptTool::Method(resource, method), effect)
        }
        Target::Item(item) => {
            elab.out.push(report::types::not_a_value(span, &written, item.noun(), "a model is given tools"));
            return None;
        }
        Target::Pure | Target::Sleep | Target::Tell | Target::Broken => return None,
    };
    if effect.is_some_and(|effect| effect != Effect::Read) {
        elab.out.push(report::tools::model_calls_write(span, &written));
        return None;
    }
    Some(tool)
}

/// `cache: Exact`, or the `Cache` resource that keeps the answers.
fn cache(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, ret: &Ty) -> (bool, Option<ResourceId>) {
    let Some(value) = settings.value("cache") else { return (false, None) };
    let span = elab.span(value.span);
    let names = crate::expr::path_of(value).unwrap_or_default();
    let [name] = names.as_slice() else {
        if matches!(&value.kind, Ast::Upper(word) if word == "Exact") {
            return (true, None);
        }
        elab.out.push(report::names::bad_setting(span, "cache", "`Exact` or a `Cache` resource", "Exact"));
        return (false, None);
    };
    match elab.names().find(name) {
        Some(Item::Resource(id)) => (false, answers_kept_in(elab, span, (name, id), ret)),
        Some(Item::Broken) => (false, None),
        Some(item) => {
            let help = "a `Cache` resource keeps answers";
            elab.out.push(report::types::not_a_value(span, name, item.noun(), help));
            (false, None)
        }
        None => {
            let known = elab.names().candidates(|item| matches!(item, Item::Resource(_)));
            elab.out.push(report::names::unknown(span, name, &known));
            (false, None)
        }
    }
}

fn answers_kept_in(
    elab: &mut Elab<'_, '_>,
    span: flow_diagnostics::Span,
    (name, id): (&str, ResourceId),
    ret: &Ty,
) -> Option<ResourceId> {
    let decl = elab.pkg.resources.get(id.index())?;
    if decl.kind? != ResourceKind::Cache {
        let help = "a `Cache` resource keeps answers";
        elab.out.push(report::types::not_a_value(span, name, "resource of another kind", help));
        return None;
    }
    let same = fit(ret, &decl.item) == Fit::Same && fit(&decl.item, ret) == Fit::Same;
    if !same && !elab.pkg.is_unknown(&decl.item) && !elab.pkg.is_unknown(ret) {
        let subject = format!("`{name}` must keep");
        elab.out.push(report::types::mismatch(span, &subject, &ret.to_string(), &decl.item.to_string()));
        return None;
    }
    Some(id)
}

/// `Logprob(field)`, `Vote(5)`, `Field(name)`.
fn confidence(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, ret: &Ty) -> Option<Confidence> {
    let value = settings.value("confidence")?;
    let span = elab.span(value.span);
    let example = "Logprob(intent)";
    let wants = "`Logprob(field)`, `Vote(n)` or `Field(name)`";
    let (Some(kind), Some(arg)) = (upper_call(value), first_argument(value)) else {
        elab.out.push(report::names::bad_setting(span, "confidence", wants, example));
        return None;
    };
    match (kind, &arg.kind) {
        ("Vote", Ast::Number(number)) => match number.as_int().and_then(|votes| u32::try_from(votes).ok()) {
            Some(votes) if votes >= 2 => Some(Confidence::Vote(votes)),
            _ => {
                elab.out.push(report::names::bad_setting(span, "Vote", "two votes or more", "Vote(5)"));
                None
            }
        },
        ("Logprob", _) => field_path(elab, arg, ret).map(|(wires, _)| Confidence::Logprob(wires)),
        ("Field", Ast::Name(_)) => field_path(elab, arg, ret).map(|(_, at)| Confidence::Field(at)),
        _ => {
            elab.out.push(report::names::bad_setting(span, "confidence", wants, example));
            None
        }
    }
}

fn upper_call(value: &ast::Expr) -> Option<&str> {
    let Ast::Call { callee, .. } = &value.kind else { return None };
    match &callee.kind {
        Ast::Upper(name) => Some(name),
        _ => None,
    }
}

fn first_argument(value: &ast::Expr) -> Option<&ast::Expr> {
    let Ast::Call { args, .. } = &value.kind else { return None };
    match args.first().map(|arg| &arg.value) {
        Some(ArgValue::Expr(value)) => Some(value),
        _ => None,
    }
}

/// Wire names and last position of a field path of the answer.
fn field_path(elab: &mut Elab<'_, '_>, expr: &ast::Expr, ret: &Ty) -> Option<(Vec<SmolStr>, u32)> {
    let names = crate::expr::path_of(expr)?;
    let mut ty = ret.clone();
    let mut wires = Vec::new();
    let mut last = 0;
    for name in names {
        if elab.pkg.is_unknown(&ty) {
            return None;
        }
        let fields = elab.pkg.fields(ty.present()).unwrap_or_default();
        let Some(index) = fields.iter().position(|field| field.name == name) else {
            let known = report::names::plain(fields.iter().map(|field| field.name.as_str()));
            let span = elab.span(expr.span);
            elab.out.push(report::types::unknown_field(span, &ty.to_string(), &name, &known));
            return None;
        };
        let field = fields.get(index)?;
        wires.push(field.wire.clone());
        last = u32::try_from(index).ok()?;
        ty = field.ty.clone();
    }
    Some((wires, last))
}
