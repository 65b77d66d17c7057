//! Versions: made of files, shown to people.

use std::collections::BTreeSet;
use std::path::Path;

use flow_ir::setup::{MessageTemplate, Model, Prompt};
use flow_ir::types::{Labels, Type};
use flow_ir::{Bundle, TypeId};
use flow_registry::Kind;

use crate::compile;
use crate::exit::Stop;
use crate::graph::text::{self, Names};
use crate::load::Package;
use crate::terminal::Terminal;

/// The version in a file: compiled, so that whoever uses it needs no compiler. `None` if it has errors, which are
/// printed.
///
/// # Errors
/// When it holds something else than one prompt or model, or settings that are the package's to decide.
pub(crate) fn of_file(kind: Kind, path: &Path, terminal: &Terminal) -> Result<Option<Bundle>, Stop> {
    let Some(built) = compile::build(&Package::file(path)?, terminal) else { return Ok(None) };
    // A version means the same whatever its file is called.
    let bundle = Bundle { package: "".into(), ..built.bundle };
    is_one(kind, &bundle)?;
    Ok(Some(bundle))
}

/// Whether a bundle is a version of this kind.
///
/// # Errors
/// As [`of_file`].
pub(crate) fn is_one(kind: Kind, bundle: &Bundle) -> Result<(), Stop> {
    alone(kind, bundle)?;
    match (kind, bundle.prompts.as_slice(), bundle.models.as_slice()) {
        (Kind::Prompt, [prompt], _) => of_the_package(prompt)?,
        (Kind::Model, _, [model]) if !model.fallback.is_empty() => {
            return Err(owned("fallback"));
        }
        _ => {}
    }
    Ok(())
}

/// One prompt or model, with types and functions that it uses.
fn alone(kind: Kind, bundle: &Bundle) -> Result<(), Stop> {
    let wanted = (usize::from(kind == Kind::Prompt), usize::from(kind == Kind::Model));
    if (bundle.prompts.len(), bundle.models.len()) != wanted {
        let found = format!("{} prompts and {} models", bundle.prompts.len(), bundle.models.len());
        return Err(Stop::usage(format!("a version is one {kind}; this file declares {found}"))
            .help(format!("put the {kind}, with the types it uses, into a file of its own")));
    }
    let others = bundle.tools.len()
        + bundle.flows.len()
        + bundle.humans.len()
        + bundle.resources.len()
        + bundle.splits.len()
        + bundle.checks.len();
    if others > 0 {
        return Err(Stop::usage(format!("a version is one {kind}; this file declares more"))
            .help("types and `fn` may stand beside it"));
    }
    Ok(())
}

/// What bounds rest on is said where the prompt is declared, and checked there.
fn of_the_package(prompt: &Prompt) -> Result<(), Stop> {
    let found = [
        ("input", prompt.input.is_some()),
        ("repair", prompt.repair > 0),
        ("rounds", prompt.rounds > 0),
        ("tools", !prompt.tools.is_empty()),
        ("confidence", prompt.confidence.is_some()),
        ("cache", prompt.cache),
    ];
    if prompt.registry.is_some() {
        return Err(Stop::usage("a version holds the text itself, not another pointer"));
    }
    match found.into_iter().find(|(_, is_said)| *is_said) {
        Some((setting, _)) => Err(owned(setting)),
        None => Ok(()),
    }
}

fn owned(setting: &str) -> Stop {
    Stop::usage(format!("`{setting}` is decided by the package that uses this, not by a version"))
        .help(format!("write `{setting}` where `registry(…)` is declared, and remove it here"))
}

/// A Bundle as it is sent.
///
/// # Errors
/// When it cannot be written, which no Bundle of ours is.
pub(crate) fn content(bundle: &Bundle) -> Result<serde_json::Value, Stop> {
    serde_json::from_slice(&bundle.canonical_bytes()).map_err(|error| Stop::usage(error.to_string()))
}

/// The Bundle in a body.
///
/// # Errors
/// When this flowc cannot read it.
pub(crate) fn bundle(body: &[u8]) -> Result<Bundle, Stop> {
    serde_json::from_slice(body)
        .map_err(|error| Stop::usage(format!("this version was published by another flowc: {error}")))
}

/// What a version says, as it looks in `.flow`.
pub(crate) fn shown(kind: Kind, body: &[u8]) -> Result<String, Stop> {
    let bundle = match kind {
        Kind::Prompt | Kind::Model => bundle(body)?,
        Kind::Bundle => return bundle(body).map(|bundle| summary(&bundle)),
        Kind::Release => return Ok(String::from_utf8_lossy(body).into_owned() + "\n"),
    };
    let prompts = bundle.prompts.iter().map(|prompt| prompt_text(&bundle, prompt));
    Ok(prompts.chain(bundle.models.iter().map(model_text)).collect())
}

fn summary(bundle: &Bundle) -> String {
    let mut out = format!("package {}\n", bundle.package);
    for flow in bundle.flows.iter().filter(|flow| flow.public) {
        out.push_str(&format!("flow {}\n", flow.name));
    }
    for (_, reference) in bundle.registry_prompts() {
        out.push_str(&format!("prompt {reference}\n"));
    }
    for (_, reference) in bundle.registry_models() {
        out.push_str(&format!("model {reference}\n"));
    }
    out
}

/// `sort(mail: text in ..300 tokens): Sorted`.
pub(crate) fn signature(bundle: &Bundle, prompt: &Prompt) -> String {
    let param = |param: &flow_ir::types::Field| {
        format!("{}: {}{}", param.name, labels(param.labels), text::ty(bundle, param.ty))
    };
    let params: Vec<String> = prompt.params.iter().map(param).collect();
    format!("{}({}): {}", prompt.name, params.join(", "), text::ty(bundle, prompt.ret))
}

fn labels(labels: Labels) -> String {
    let names = [("trusted ", labels.trusted), ("pii ", labels.pii), ("secret ", labels.secret)];
    names.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
}

/// What a version of a prompt must be, as a file that one can begin with: types, parameters and limits as declared, and
/// a text that shows every parameter.
pub(crate) fn contract_of_prompt(bundle: &Bundle, prompt: &Prompt) -> String {
    let reached = reached(bundle, prompt);
    let types = (0u32..).zip(&bundle.types).filter(|(at, _)| reached.contains(at));
    let mut out: String = types.filter_map(|(_, ty)| declared(bundle, ty)).collect();
    let limits = [("the text, with its arguments", prompt.input), ("the answer", prompt.output)];
    for (what, tokens) in limits {
        out.extend(tokens.map(|tokens| format!("// at most {tokens} tokens: {what}\n")));
    }
    let holes: Vec<String> = prompt.params.iter().map(|param| format!("{{{{{}}}}}", param.name)).collect();
    out + &format!("prompt {} {{\n  user: \"{}\"\n}}\n", signature(bundle, prompt), holes.join(" "))
}

/// Numbers of the types that a prompt's parameters and result are made of.
fn reached(bundle: &Bundle, prompt: &Prompt) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open: Vec<TypeId> = prompt.params.iter().map(|param| param.ty).collect();
    open.push(prompt.ret);
    while let Some(ty) = open.pop() {
        if found.insert(ty.0) {
            open.extend(bundle.ty(ty).clone().parts_mut().into_iter().map(|part| *part));
        }
    }
    found
}

fn prompt_text(bundle: &Bundle, prompt: &Prompt) -> String {
    let mut out: String = bundle.types.iter().filter_map(|ty| declared(bundle, ty)).collect();
    out.push_str(&prompt.doc.lines().map(|line| format!("/// {line}\n")).collect::<String>());
    out.push_str(&format!("prompt {} {{\n", signature(bundle, prompt)));
    out.extend(prompt.output.map(|tokens| format!("  output: {tokens} tokens\n")));
    let names = Names::of_slots(bundle, prompt.params.iter().map(|param| param.name.to_string()).collect());
    let heat = prompt.temperature.as_ref();
    out.extend(heat.map(|heat| format!("  temperature: {}\n", text::expr(&names, heat))));
    for message in &prompt.messages {
        let (role, expr) = match message {
            MessageTemplate::System(expr) => ("system", expr),
            MessageTemplate::User(expr) => ("user", expr),
            MessageTemplate::Assistant(expr) => ("assistant", expr),
            MessageTemplate::Turns(expr) => ("turns", expr),
        };
        out.push_str(&format!("  {role}: {}\n", text::whole(&names, expr, "    ")));
    }
    out + "}\n"
}

/// A type that the version declares.
fn declared(bundle: &Bundle, ty: &Type) -> Option<String> {
    let field = |field: &flow_ir::types::Field| {
        format!("{}: {}{}", field.name, labels(field.labels), text::ty(bundle, field.ty))
    };
    match ty {
        Type::Record(record) => {
            let fields: String = record.fields.iter().map(|found| format!("  {}\n", field(found))).collect();
            Some(format!("type {} {{\n{fields}}}\n\n", record.name))
        }
        Type::Enum(of) => {
            let variant = |variant: &flow_ir::types::Variant| {
                let fields: Vec<String> = variant.fields.iter().map(field).collect();
                let payload =
                    if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
                format!("  {}{payload}\n", variant.name)
            };
            let variants: String = of.variants.iter().map(variant).collect();
            Some(format!("enum {} {{\n{variants}}}\n\n", of.name))
        }
        _ => None,
    }
}

/// As it looks in `.flow`.
pub(crate) fn model_text(model: &Model) -> String {
    let provider = serde_json::to_value(model.provider).ok();
    let provider = provider.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let address = model.address.as_ref().map(|address| format!("\"{address}\", ")).unwrap_or_default();
    let mut out = format!("model {} = {provider}({address}\"{}\") {{\n", model.name, model.id);
    let can: Vec<String> = model.can.iter().map(|can| format!("{can:?}")).collect();
    let lines = [
        (!can.is_empty()).then(|| format!("can: [{}]", can.join(", "))),
        model.region.as_ref().map(|region| format!("region: \"{region}\"")),
        model.context.map(|tokens| format!("context: {tokens} tokens")),
        model.output.map(|tokens| format!("output: {tokens} tokens")),
        model.price_in.map(|price| format!("price_in: {} USD / 1M tokens", text::decimal(price.0))),
        model.price_out.map(|price| format!("price_out: {} USD / 1M tokens", text::decimal(price.0))),
    ];
    out.extend(lines.into_iter().flatten().map(|line| format!("  {line}\n")));
    out + "}\n"
}
