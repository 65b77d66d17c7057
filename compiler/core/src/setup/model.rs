//! `model`.

use flow_grammar::ast::{self, ArgValue, ExprKind as Ast};
use flow_ir::ModelId;
use flow_ir::setup::{Capability, Model, Provider, TOKEN_FACTOR};
use smol_str::SmolStr;

use super::{Settings, gates, source_call, unknown_source};
use crate::expr::Elab;
use crate::names::Item;
use crate::report;
use crate::types::unit_ms;

pub(super) static SETTINGS: [&str; 16] = [
    "region",
    "can",
    "context",
    "output",
    "price_in",
    "price_out",
    "latency",
    "timeout",
    "retry",
    "fallback",
    "parallel",
    "token_factor",
    "auth",
    "breaker",
    "hedge",
    "limit",
];

const CAPABILITIES: [(&str, Capability); 9] = [
    ("Json", Capability::Json),
    ("Stream", Capability::Stream),
    ("Tools", Capability::Tools),
    ("Logprobs", Capability::Logprobs),
    ("Image", Capability::Image),
    ("Audio", Capability::Audio),
    ("File", Capability::File),
    ("Embed", Capability::Embed),
    ("Rerank", Capability::Rerank),
];

/// Where a provider is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At an address of its own; another one may be written before the model.
    Known,
    /// Wherever the author says: `name("address", "model")`.
    Written,
    /// The address is the model.
    IsModel,
}

const PROVIDERS: [(&str, Provider, Place); 16] = [
    ("openai", Provider::Openai, Place::Known),
    ("openai_responses", Provider::OpenaiResponses, Place::Known),
    ("openai_compatible", Provider::OpenaiCompatible, Place::Written),
    ("azure", Provider::Azure, Place::Written),
    ("anthropic", Provider::Anthropic, Place::Known),
    ("bedrock", Provider::Bedrock, Place::Known),
    ("gemini", Provider::Gemini, Place::Known),
    ("vertex", Provider::Vertex, Place::Known),
    ("ollama", Provider::Ollama, Place::Known),
    ("kserve", Provider::Kserve, Place::Written),
    ("http", Provider::Http, Place::IsModel),
    ("cohere", Provider::Cohere, Place::Known),
    ("voyage", Provider::Voyage, Place::Known),
    ("jina", Provider::Jina, Place::Known),
    ("tei", Provider::Tei, Place::IsModel),
    ("registry", Provider::Registry, Place::Known),
];

/// The names of the providers.
pub(super) fn providers() -> Vec<&'static str> {
    PROVIDERS.iter().map(|(name, ..)| *name).collect()
}

/// Lowers a model.
pub(crate) fn lower(elab: &mut Elab<'_, '_>, setup: &ast::Setup) -> Model {
    let settings = Settings::new(elab, "model", &setup.settings, &SETTINGS);
    let (provider, id, address) = provider(elab, setup);
    let mut auth = settings.secrets(elab, "auth").into_iter();
    Model {
        name: setup.name.text.clone(),
        provider,
        id,
        address,
        auth: auth.next(),
        region: settings.text(elab, "region"),
        can: capabilities(elab, &settings, provider),
        context: settings.tokens(elab, "context"),
        output: settings.tokens(elab, "output"),
        price_in: settings.price(elab, "price_in"),
        price_out: settings.price(elab, "price_out"),
        timeout_ms: settings.ms(elab, "timeout"),
        retry: settings.count(elab, "retry").unwrap_or(0),
        fallback: models(elab, &settings, "fallback"),
        parallel: settings.count(elab, "parallel"),
        token_factor: token_factor(elab, &settings),
        latency_ms: latency(elab, &settings),
        breaker: gates::breaker(elab, &settings),
        hedge_ms: gates::hedge(elab, &settings),
        limit: gates::limit(elab, &settings),
        spare_auth: auth.collect(),
    }
}

fn provider(elab: &mut Elab<'_, '_>, setup: &ast::Setup) -> (Provider, SmolStr, Option<SmolStr>) {
    let unknown = (Provider::Openai, SmolStr::default(), None);
    let Some(source) = &setup.source else {
        let span = elab.span(setup.name.span);
        let example = "openai(\"gpt-5-mini\")";
        elab.out.push(report::tools::no_source(span, &setup.name.text, "model", example));
        return unknown;
    };
    if matches!(source.kind, Ast::Missing) {
        return unknown;
    }
    let names: Vec<&str> = PROVIDERS.iter().map(|(name, ..)| *name).collect();
    let Some(call) = source_call(source) else {
        unknown_source(elab, source, &names);
        return unknown;
    };
    let found = PROVIDERS.iter().find(|(name, ..)| call.path.as_slice() == [*name]);
    let Some((_, provider, place)) = found.copied() else {
        unknown_source(elab, source, &names);
        return unknown;
    };
    let has_two = call.args.len() > 1;
    match place {
        Place::IsModel => {
            let address = call.text(elab, 0, "the address");
            let id =
                if has_two { call.text(elab, 1, "the name of the model") } else { setup.name.text.clone() };
            (provider, id, Some(address))
        }
        Place::Known if !has_two => (provider, call.text(elab, 0, "the name of the model"), None),
        Place::Known | Place::Written => {
            let address = call.text(elab, 0, "the address");
            (provider, call.text(elab, 1, "the name of the model"), Some(address))
        }
    }
}

fn capabilities(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, provider: Provider) -> Vec<Capability> {
    let Some(value) = settings.value("can") else { return Vec::new() };
    let words: Vec<&str> = CAPABILITIES.iter().map(|(word, _)| *word).collect();
    let Ast::List(items) = &value.kind else {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "can", "a list of capabilities", "[Json, Stream]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let span = elab.span(item.span);
        let word = match &item.kind {
            Ast::Upper(word) | Ast::Name(word) => word.clone(),
            _ => SmolStr::default(),
        };
        match CAPABILITIES.iter().find(|(name, _)| *name == word) {
            Some((_, capability)) if may(provider, *capability) => found.push(*capability),
            Some(_) => {
                let provider = provider_name(provider);
                let message = format!(
                    "no model of `{provider}` can be asked for `{word}`: the protocol has no words for it"
                );
                elab.out.push(report::names::wrong_setting(span, message, format!("leave `{word}` out")));
            }
            None => elab.out.push(report::names::bad_choice(span, "can", &word, &words)),
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn provider_name(provider: Provider) -> &'static str {
    PROVIDERS.iter().find(|(_, known, _)| *known == provider).map_or("registry", |(name, ..)| name)
}

/// Whether a provider's protocol has words for a capability; whether the model has it is the author's to say.
const fn may(provider: Provider, capability: Capability) -> bool {
    use Capability::{Audio, Embed, File, Image, Json, Rerank, Stream, Tools};
    match provider {
        Provider::Openai | Provider::Azure => !matches!(capability, Rerank),
        Provider::OpenaiCompatible | Provider::Registry => true,
        Provider::OpenaiResponses => !matches!(capability, Rerank | Audio),
        Provider::Anthropic => matches!(capability, Json | Stream | Tools | Image | File),
        Provider::Bedrock | Provider::Vertex => {
            matches!(capability, Json | Stream | Tools | Image | Audio | File)
        }
        Provider::Gemini => matches!(capability, Json | Stream | Tools | Image | Audio | File | Embed),
        Provider::Ollama => matches!(capability, Json | Stream | Tools | Image | Embed),
        Provider::Kserve | Provider::Http => matches!(capability, Json | Embed),
        Provider::Cohere | Provider::Voyage | Provider::Jina | Provider::Tei => {
            matches!(capability, Embed | Rerank)
        }
    }
}

/// Names of models in square brackets.
pub(super) fn models(elab: &mut Elab<'_, '_>, settings: &Settings<'_>, name: &str) -> Vec<ModelId> {
    let Some(value) = settings.value(name) else { return Vec::new() };
    let Ast::List(items) = &value.kind else {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, name, "a list of models", "[careful]"));
        return Vec::new();
    };
    items.iter().filter_map(|item| model_name(elab, item)).collect()
}

/// A model named by an expression.
pub(super) fn model_name(elab: &mut Elab<'_, '_>, expr: &ast::Expr) -> Option<ModelId> {
    let names = crate::expr::path_of(expr).unwrap_or_default();
    let found = match names.as_slice() {
        [only] => elab.names().find(only),
        [module, name] => match elab.names().find(module) {
            Some(Item::Module(module)) => elab.names().find_in(module, name),
            other => other,
        },
        _ => None,
    };
    let span = elab.span(expr.span);
    let written = names.join(".");
    match found {
        Some(Item::Model(id)) => Some(id),
        Some(Item::Broken) => None,
        Some(item) => {
            elab.out.push(report::prompts::no_model_name(span, &written, item.noun()));
            None
        }
        None => {
            let known = elab.names().candidates(|item| matches!(item, Item::Model(_)));
            elab.out.push(report::names::unknown(span, &written, &known));
            None
        }
    }
}

fn token_factor(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> u32 {
    let Some(value) = settings.value("token_factor") else { return TOKEN_FACTOR };
    let factor = match &value.kind {
        Ast::Number(number) => u32::try_from(number.micros / 1000).ok(),
        _ => None,
    };
    factor.unwrap_or_else(|| {
        let span = elab.span(value.span);
        elab.out.push(report::names::bad_setting(span, "token_factor", "a number", "1.35"));
        TOKEN_FACTOR
    })
}

/// `Latency(p50: 500ms, p95: 1500ms, p99: 4s)`.
fn latency(elab: &mut Elab<'_, '_>, settings: &Settings<'_>) -> Vec<(u8, u64)> {
    let Some(value) = settings.value("latency") else { return Vec::new() };
    let found = quantiles(value);
    if found.is_none() {
        let span = elab.span(value.span);
        let example = "Latency(p50: 500ms, p95: 1500ms, p99: 4s)";
        elab.out.push(report::names::bad_setting(span, "latency", "quantiles", example));
    }
    found.unwrap_or_default()
}

fn quantiles(value: &ast::Expr) -> Option<Vec<(u8, u64)>> {
    let Ast::Call { callee, args } = &value.kind else { return None };
    if !matches!(&callee.kind, Ast::Upper(name) if name == "Latency") {
        return None;
    }
    let one = |arg: &ast::Arg| {
        let quantile = arg.label.as_ref()?.text.strip_prefix('p')?.parse::<u8>().ok()?;
        let ArgValue::Expr(ast::Expr { kind: Ast::Quantity(amount), .. }) = &arg.value else { return None };
        let ms = amount.number.micros.checked_mul(i128::from(unit_ms(amount.unit)?))? / 1_000_000;
        Some((quantile, u64::try_from(ms).ok()?))
    };
    args.iter().map(one).collect()
}
