//! What is outside of a run: real models and tools, or recorded ones; and where resources are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_compiler::manifest::Mcp;
use flow_ir::Bundle;
use flow_ir::asked::Asked;
use flow_ir::setup::{Model, Provider};
use flow_providers::http::{Allowed, Egress, EgressOptions};
use flow_providers::mcp::{McpPlace, McpServer};
use flow_providers::{HostSecrets, Providers, Routing, Secrets as _, default_key};
use flow_runtime::effects::{Cassette, Halves, Live, Outside, Replay};
use flow_store::{LocalStore, Store};

use crate::compile::{self, Built};
use crate::exit::Stop;
use crate::load;
use crate::terminal::{Terminal, WARN, paint};

/// Who answers for models and tools.
pub(crate) struct World {
    pub(crate) outside: Arc<dyn Outside>,
    /// The recording that answers, to be asked what it lacked.
    pub(crate) replay: Option<Arc<Replay>>,
}

/// What the command line says about who answers.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// `--cassette`.
    pub(crate) cassette: Option<&'a Path>,
    /// `--live`.
    pub(crate) live: bool,
}

/// Recorded answers if there is a cassette, and real models beside its tools with `--live`; without a cassette, the
/// real world if it can answer.
pub(crate) fn outside(wanted: Wanted<'_>, built: &Built, asked: &Asked) -> Result<World, Stop> {
    if let Some(path) = wanted.cassette {
        let replay = Arc::new(Replay::new(path.display().to_string(), cassette(path)?));
        let recorded = Arc::clone(&replay) as Arc<dyn Outside>;
        let outside = if wanted.live {
            let models = Arc::new(real(&built.egress, &built.mcp, built.root.clone())?);
            Arc::new(Halves::new(models, recorded))
        } else {
            recorded
        };
        return Ok(World { outside, replay: Some(replay) });
    }
    if !wanted.live {
        has_keys(&built.bundle, asked)?;
    }
    let outside = Arc::new(real(&built.egress, &built.mcp, built.root.clone())?);
    Ok(World { outside, replay: None })
}

/// Real providers and tools.
///
/// # Errors
/// When `[egress]` of flow.toml cannot be read, or the system has no usable TLS.
pub(crate) fn real(egress: &[String], mcp: &[Mcp], root: PathBuf) -> Result<Live, Stop> {
    Ok(Live::new(providers(egress)?, root, servers(mcp)))
}

/// The MCP servers that flow.toml names.
pub(crate) fn servers(mcp: &[Mcp]) -> Vec<McpServer> {
    let server = |mcp: &Mcp| McpServer {
        name: mcp.name.clone(),
        place: match mcp.command.is_empty() {
            true => McpPlace::Address(mcp.url.clone()),
            false => McpPlace::Command(mcp.command.clone()),
        },
        auth: mcp.auth.clone(),
    };
    mcp.iter().map(server).collect()
}

/// [`real`] for a run that was begun earlier: which MCP servers there are is read from its package again, because where
/// they are belongs to the machine and not to the run.
///
/// # Errors
/// As [`real`].
pub(crate) fn stored(egress: &[String], root: PathBuf) -> Result<Live, Stop> {
    let package = load::Package::at(&root).ok();
    let built = package.and_then(|package| compile::check(&package).built);
    real(egress, &built.map(|built| built.mcp).unwrap_or_default(), root)
}

/// Real providers.
///
/// # Errors
/// As [`real`].
pub(crate) fn providers(egress: &[String]) -> Result<Providers, Stop> {
    let routing = Routing { for_all: false, openai_base: variable("OPENAI_BASE_URL"), bases: bases() };
    Ok(Providers::new(way_out(egress)?, Arc::new(HostSecrets::default()), routing))
}

/// The way out of this machine, with the proxies that the environment names.
///
/// # Errors
/// As [`real`].
pub(crate) fn way_out(egress: &[String]) -> Result<Egress, Stop> {
    let allow: Result<Vec<Allowed>, String> = egress.iter().map(|text| Allowed::parse(text)).collect();
    let allow = allow.map_err(|error| Stop::usage(format!("`[egress]` in flow.toml: {error}")))?;
    let proxy =
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"].iter().find_map(|name| variable(name));
    let no_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    Egress::new(EgressOptions { allow, proxy, no_proxy, ..EgressOptions::default() })
        .map_err(|error| Stop::usage(format!("cannot reach out: {error}")))
}

/// Addresses that stand for those of providers, under the names that their own libraries use.
fn bases() -> Vec<(Provider, String)> {
    let known = [
        (Provider::Anthropic, "ANTHROPIC_BASE_URL"),
        (Provider::Gemini, "GEMINI_BASE_URL"),
        (Provider::Ollama, "OLLAMA_HOST"),
        (Provider::Bedrock, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
    ];
    let with_scheme = |base: String| if base.contains("://") { base } else { format!("http://{base}") };
    known.into_iter().filter_map(|(provider, name)| Some((provider, with_scheme(variable(name)?)))).collect()
}

/// A variable of the environment that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The recording in a file.
pub(crate) fn cassette(path: &Path) -> Result<Cassette, Stop> {
    let name = load::shown(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let text = load::read_text(path)?;
    Cassette::parse(&text).map_err(|error| Stop::usage(format!("`{name}` is no cassette: {error}")))
}

/// Where memories, caches and queues are kept.
pub(super) fn store(data: Option<&Path>, terminal: Terminal) -> Result<Arc<dyn Store>, Stop> {
    let Some(directory) = data else {
        return Ok(LocalStore::in_memory());
    };
    let (store, damage) = LocalStore::open(directory)
        .map_err(|error| Stop::usage(format!("cannot keep data in `{}`: {error}", directory.display())))?;
    if let Some(damage) = damage {
        terminal.err(&format!("{}: {damage}\n", paint(WARN, "warning")));
    }
    Ok(store)
}

/// A run that would fail at its first prompt for want of a key is not begun.
fn has_keys(bundle: &Bundle, asked: &Asked) -> Result<(), Stop> {
    let missing = asked
        .models
        .iter()
        .filter_map(|id| bundle.models.get(id.index()))
        .find_map(|model| key_of(model).map(|key| (model, key)));
    let Some((model, key)) = missing else {
        return Ok(());
    };
    Err(Stop::usage(format!("model `{}` needs a key, and {key} is not set", model.name))
        .help("--cassette FILE answers from recorded exchanges, without a key")
        .help(format!("{key}=… asks the real model; OPENAI_BASE_URL=… asks another server"))
        .help("--live asks without looking for keys first, for servers that need none"))
}

/// The variable that is not set, if this model cannot do without it. A model at an address of the author's may need
/// none.
fn key_of(model: &Model) -> Option<String> {
    let name = match &model.auth {
        Some(name) => name.as_str(),
        None if model.address.is_some() && model.provider != Provider::Azure => return None,
        None => default_key(model.provider)?,
    };
    let bearer = model.provider == Provider::Bedrock && is_set("AWS_BEARER_TOKEN_BEDROCK");
    (!bearer && !is_set(name)).then(|| name.to_owned())
}

fn is_set(name: &str) -> bool {
    HostSecrets::default().secret(name).is_some()
}
