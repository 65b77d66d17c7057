//! What the bytes of a version must be.
//!
//! Prompts, models and bundles are Bundles in canonical form, so that their digest is the digest of the bytes and a
//! runtime can use them without a compiler. A release is a list of moves.

use flow_ir::Bundle;

use crate::error::Error;
use crate::name::Kind;
use crate::release::Release;

/// Refuses what is no version of this kind.
pub(crate) fn check(kind: Kind, body: &[u8]) -> Result<(), Error> {
    let wrong = |why: String| Err(Error::Content { kind, why });
    if kind == Kind::Release {
        return match serde_json::from_slice::<Release>(body) {
            Ok(release) if release.items.is_empty() => wrong("it moves nothing".to_owned()),
            Ok(_) => Ok(()),
            Err(error) => wrong(error.to_string()),
        };
    }
    let bundle = bundle(kind, body)?;
    match (kind, bundle.prompts.len(), bundle.models.len(), bundle.flows.len()) {
        (Kind::Prompt, 1, 0, 0) | (Kind::Model, 0, 1, 0) | (Kind::Bundle, ..) => Ok(()),
        (Kind::Prompt, ..) => wrong("it must hold one prompt and nothing else that does work".to_owned()),
        (Kind::Model | Kind::Release, ..) => wrong("it must hold one model and nothing else".to_owned()),
    }
}

/// The Bundle in a body, if it is written in the one canonical way.
pub(crate) fn bundle(kind: Kind, body: &[u8]) -> Result<Bundle, Error> {
    let wrong = |why: String| Error::Content { kind, why };
    let bundle: Bundle = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if bundle.canonical_bytes() != body {
        return Err(wrong("it is not in canonical form".to_owned()));
    }
    Ok(bundle)
}

/// What a bundle asks the registry for: kind and `name@pointer`.
pub(crate) fn needs(bundle: &Bundle) -> Vec<(Kind, String)> {
    let prompts = bundle.registry_prompts().map(|(_, reference)| (Kind::Prompt, reference.to_string()));
    let models = bundle.registry_models().map(|(_, reference)| (Kind::Model, reference.to_string()));
    let mut needs: Vec<(Kind, String)> = prompts.chain(models).collect();
    needs.sort();
    needs.dedup();
    needs
}
