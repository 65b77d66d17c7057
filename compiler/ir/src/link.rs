//! Putting what the registry holds into the Bundle that asks for it.
//!
//! A version is a Bundle of its own, with its own tables. Linking appends its types and functions to the package's
//! and renumbers them, so that everything else (bounds, schemas, rendering, decoding) sees one ordinary Bundle.

mod renumber;

use smol_str::SmolStr;

use crate::bundle::Bundle;
use crate::contract::{self, Misfit};
use crate::ids::{ModelId, PromptId};
use crate::setup::{Model, Prompt, Provider};
use renumber::Offsets;

impl Bundle {
    /// The prompts whose text is in the registry, with `name@pointer`.
    pub fn registry_prompts(&self) -> impl Iterator<Item = (PromptId, &SmolStr)> {
        let prompts = (0u32..).zip(&self.prompts);
        prompts.filter_map(|(at, prompt)| Some((PromptId(at), prompt.registry.as_ref()?)))
    }

    /// The models that are in the registry, with `name@pointer`.
    pub fn registry_models(&self) -> impl Iterator<Item = (ModelId, &SmolStr)> {
        let models = (0u32..).zip(&self.models).filter(|(_, model)| model.provider == Provider::Registry);
        models.map(|(at, model)| (ModelId(at), &model.id))
    }
}

/// Gives a prompt of a package its text: messages, temperature and the wording of its types from the version,
/// everything that bounds rest on from the declaration.
///
/// # Errors
/// When the version does not fit; the Bundle is unchanged then.
pub fn prompt(bundle: &mut Bundle, id: PromptId, version: &Bundle) -> Result<(), Vec<Misfit>> {
    let Some(declared) = bundle.prompts.get(id.index()) else {
        return Err(vec![contract::misfit("prompt", "is not in the package")]);
    };
    let misfits = contract::prompt(bundle, declared, version);
    let Some(found) = version.prompts.first().filter(|_| misfits.is_empty()) else { return Err(misfits) };
    let offsets = Offsets::after(bundle);
    let mut found = found.clone();
    offsets.prompt(&mut found);
    offsets.append(bundle, version);
    if let Some(declared) = bundle.prompts.get_mut(id.index()) {
        *declared = Prompt {
            doc: found.doc,
            params: found.params,
            ret: found.ret,
            messages: found.messages,
            output: found.output.or(declared.output),
            temperature: found.temperature.or_else(|| declared.temperature.take()),
            ..declared.clone()
        };
    }
    Ok(())
}

/// Gives a model of a package its entry. Name, fallbacks and what protects it (`parallel`,
/// `limit`, `breaker`, `hedge`, further keys) stay those of the declaration.
///
/// # Errors
/// When the entry does not fit; the Bundle is unchanged then.
pub fn model(bundle: &mut Bundle, id: ModelId, version: &Bundle) -> Result<(), Vec<Misfit>> {
    let (Some(declared), [entry]) = (bundle.models.get_mut(id.index()), version.models.as_slice()) else {
        return Err(vec![contract::misfit("model", "is missing: the version holds no model")]);
    };
    let misfits = contract::model(declared, entry);
    if !misfits.is_empty() {
        return Err(misfits);
    }
    *declared = Model {
        name: declared.name.clone(),
        fallback: std::mem::take(&mut declared.fallback),
        parallel: declared.parallel,
        breaker: declared.breaker,
        hedge_ms: declared.hedge_ms,
        limit: declared.limit,
        spare_auth: std::mem::take(&mut declared.spare_auth),
        ..entry.clone()
    };
    Ok(())
}

#[cfg(test)]
mod tests;
