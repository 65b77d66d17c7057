//! Where each provider is, and how it knows us.

use flow_ir::setup::{Model, Provider};
use flow_model::ModelError;

use super::{Providers, bare, needs_registry, no_address, no_key};
use crate::aws::Credentials;
use crate::secrets::variable_of;
use crate::target::{Proof, Target};

const OPENAI: &str = "https://api.openai.com/v1";

/// A hosted provider.
struct Hosted {
    address: &'static str,
    key: &'static str,
    /// The header of the key; `None` is a bearer token.
    header: Option<&'static str>,
}

const fn hosted(provider: Provider) -> Option<Hosted> {
    let (address, key, header) = match provider {
        Provider::Openai | Provider::OpenaiResponses => (OPENAI, "OPENAI_API_KEY", None),
        Provider::Anthropic => ("https://api.anthropic.com", "ANTHROPIC_API_KEY", Some("x-api-key")),
        Provider::Gemini => {
            ("https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", Some("x-goog-api-key"))
        }
        Provider::Cohere => ("https://api.cohere.com", "COHERE_API_KEY", None),
        Provider::Voyage => ("https://api.voyageai.com", "VOYAGE_API_KEY", None),
        Provider::Jina => ("https://api.jina.ai", "JINA_API_KEY", None),
        Provider::Azure
        | Provider::Bedrock
        | Provider::Vertex
        | Provider::OpenaiCompatible
        | Provider::Ollama
        | Provider::Kserve
        | Provider::Tei
        | Provider::Http
        | Provider::Registry => return None,
    };
    Some(Hosted { address, key, header })
}

/// The environment variable or vault entry with a model's key where it declares none; `None` needs no key.
#[must_use]
pub const fn default_key(provider: Provider) -> Option<&'static str> {
    match (hosted(provider), provider) {
        (Some(hosted), _) => Some(hosted.key),
        (None, Provider::Azure) => Some("AZURE_OPENAI_API_KEY"),
        (None, Provider::Vertex) => Some("VERTEX_ACCESS_TOKEN"),
        (None, Provider::Bedrock) => Some("AWS_ACCESS_KEY_ID"),
        (None, _) => None,
    }
}

pub(super) fn target(providers: &Providers, model: &Model) -> Result<Target, ModelError> {
    if let Some(base) = providers.for_all() {
        // A key that was declared for another provider must not go to the address that replaces it.
        let target = bare(model, base, "OPENAI_API_KEY".to_owned());
        let proof = providers.secrets.secret("OPENAI_API_KEY").map_or(Proof::None, Proof::Bearer);
        return Ok(Target { proof, ..target });
    }
    match model.provider {
        Provider::Registry => Err(needs_registry(model)),
        Provider::Azure => azure(providers, model),
        Provider::Vertex => vertex(providers, model),
        Provider::Bedrock => bedrock(providers, model),
        Provider::Ollama => own(providers, model, "http://127.0.0.1:11434"),
        Provider::OpenaiCompatible => own(providers, model, ""),
        Provider::Kserve | Provider::Tei | Provider::Http => own(providers, model, ""),
        provider => hosted(provider)
            .ok_or_else(|| needs_registry(model))
            .and_then(|hosted| at_home(providers, model, &hosted)),
    }
}

/// The address that the model declares, or that the host has chosen for its provider.
fn address<'a>(providers: &'a Providers, model: &'a Model) -> Option<&'a str> {
    let chosen = providers.routing.bases.iter().find(|(provider, _)| *provider == model.provider);
    let openai = matches!(model.provider, Provider::Openai | Provider::OpenaiResponses);
    let openai = providers.routing.openai_base.as_deref().filter(|_| openai);
    model.address.as_deref().or(chosen.map(|(_, base)| base.as_str())).or(openai)
}

/// A hosted provider: a key is needed at its own address, and sent wherever the author or the host says it is.
fn at_home(providers: &Providers, model: &Model, hosted: &Hosted) -> Result<Target, ModelError> {
    let key = model.auth.as_deref().unwrap_or(hosted.key);
    let base = address(providers, model).unwrap_or(hosted.address);
    let target = bare(model, base, variable_of(key));
    match (providers.secrets.secret(key), hosted.header) {
        (Some(secret), Some(header)) => Ok(Target { proof: Proof::Header(header, secret), ..target }),
        (Some(secret), None) => Ok(Target { proof: Proof::Bearer(secret), ..target }),
        (None, _) if target.base == hosted.address => Err(no_key(&target)),
        (None, _) => Ok(target),
    }
}

/// A server of one's own: without `auth` nothing is sent, for keys of others are not for it.
fn own(providers: &Providers, model: &Model, default: &str) -> Result<Target, ModelError> {
    let base = address(providers, model).unwrap_or(default);
    if base.is_empty() {
        return Err(no_address(model, "http://127.0.0.1:8080/v1"));
    }
    let Some(key) = &model.auth else {
        return Ok(bare(model, base, format!("`auth` of model `{}`", model.name)));
    };
    let target = bare(model, base, variable_of(key));
    match providers.secrets.secret(key) {
        Some(secret) => Ok(Target { proof: Proof::Bearer(secret), ..target }),
        None => Err(no_key(&target)),
    }
}

/// The v1 route, which needs no version: `{endpoint}/openai/v1`.
fn azure(providers: &Providers, model: &Model) -> Result<Target, ModelError> {
    let endpoint = address(providers, model).map(|address| address.trim_end_matches('/'));
    let endpoint = endpoint.ok_or_else(|| no_address(model, "https://NAME.openai.azure.com"))?;
    let base =
        if endpoint.ends_with("/openai/v1") { endpoint.to_owned() } else { format!("{endpoint}/openai/v1") };
    let key = model.auth.as_deref().unwrap_or("AZURE_OPENAI_API_KEY");
    let target = bare(model, &base, variable_of(key));
    match providers.secrets.secret(key) {
        Some(secret) => Ok(Target { proof: Proof::Header("api-key", secret), ..target }),
        None => Err(no_key(&target)),
    }
}

/// `projects/P/locations/L` (or the full address) and a token of OAuth.
fn vertex(providers: &Providers, model: &Model) -> Result<Target, ModelError> {
    let example = "projects/my-project/locations/europe-west4";
    let place = address(providers, model).ok_or_else(|| no_address(model, example))?;
    let base = match place.strip_prefix("projects/").and_then(|rest| rest.split_once("/locations/")) {
        Some((_, location)) => {
            let location = location.trim_end_matches('/');
            let host = match location {
                "global" => "aiplatform.googleapis.com".to_owned(),
                region => format!("{region}-aiplatform.googleapis.com"),
            };
            format!("https://{host}/v1/{}/publishers/google", place.trim_end_matches('/'))
        }
        None => place.to_owned(),
    };
    let key = model.auth.as_deref().unwrap_or("VERTEX_ACCESS_TOKEN");
    let target = bare(model, &base, variable_of(key));
    match providers.secrets.secret(key) {
        Some(secret) => Ok(Target { proof: Proof::Bearer(secret), ..target }),
        None => Err(no_key(&target)),
    }
}

/// An API key if there is one, else the usual variables of AWS.
fn bedrock(providers: &Providers, model: &Model) -> Result<Target, ModelError> {
    let plain = |name: &str| {
        let found = providers.secrets.secret(name)?;
        Some(secrecy::ExposeSecret::expose_secret(&found).to_owned())
    };
    let declared = model.region.as_deref().filter(|region| is_aws_region(region)).map(str::to_owned);
    let region = declared.or_else(|| plain("AWS_REGION")).or_else(|| plain("AWS_DEFAULT_REGION"));
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let base = address(providers, model)
        .map_or_else(|| format!("https://bedrock-runtime.{region}.amazonaws.com"), str::to_owned);
    let bearer = model.auth.as_deref().unwrap_or("AWS_BEARER_TOKEN_BEDROCK");
    if let Some(secret) = providers.secrets.secret(bearer) {
        return Ok(Target { proof: Proof::Bearer(secret), ..bare(model, &base, variable_of(bearer)) });
    }
    let target = bare(model, &base, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned());
    let credentials = Credentials::usual(&*providers.secrets, Some(region), "bedrock");
    let Some(credentials) = credentials.filter(|_| model.auth.is_none()) else {
        return Err(no_key(&target));
    };
    Ok(Target { proof: Proof::Aws(Box::new(credentials)), ..target })
}

/// `eu-central-1`; `region: "eu"` says where, not which.
fn is_aws_region(region: &str) -> bool {
    region.matches('-').count() >= 2 && region.ends_with(|last: char| last.is_ascii_digit())
}
