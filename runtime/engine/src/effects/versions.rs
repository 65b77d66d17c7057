//! Prompts and models whose text is in the registry.
//!
//! `registry("name@pointer")` is looked up when an operation starts: everything it does, retries and repairs included,
//! uses what the pointer named at that moment, and the version is part of its recorded outcome. What was found is
//! linked into the Bundle once and kept, so that looking up is all that a call pays.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use flow_ir::setup::Provider;
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, Digest, ModelId, PromptId, effort, link};
use smol_str::SmolStr;

use super::performer::Inner;
use super::spent::Raised;

/// Linked bundles that are kept. A pointer that moves leaves its old one behind for runs that still use it.
const KEPT: usize = 32;

/// What is looked up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wanted {
    /// A prompt.
    Prompt,
    /// A model.
    Model,
}

/// What a reference means now.
#[derive(Clone, Debug)]
pub struct FoundVersion {
    /// The human number.
    pub number: u32,
    /// Of the content.
    pub digest: Digest,
    /// A Bundle that holds the one prompt or model.
    pub bundle: Arc<Bundle>,
}

/// Where references are looked up. Answers from memory: it is asked at the start of every call.
pub trait VersionSource: Send + Sync {
    /// What `reference` (`support/triage@prod`, `support/triage@v17`) means now.
    ///
    /// # Errors
    /// For people: why it means nothing, or cannot be known.
    fn version(&self, wanted: Wanted, reference: &str) -> Result<FoundVersion, String>;
}

/// The source, and what was linked with it.
#[derive(Default)]
pub(crate) struct Linker {
    pub(crate) source: Option<Arc<dyn VersionSource>>,
    linked: Mutex<VecDeque<(Key, Arc<Inner>)>>,
}

/// Which prompt, which model, and the contents that were linked into them.
type Key = (PromptId, ModelId, Vec<Digest>);

impl Linker {
    pub(crate) fn new(source: Arc<dyn VersionSource>) -> Self {
        Self { source: Some(source), linked: Mutex::default() }
    }

    /// The same source, with nothing linked yet.
    pub(crate) fn anew(&self) -> Self {
        Self { source: self.source.clone(), linked: Mutex::default() }
    }

    fn known(&self, key: &Key) -> Option<Arc<Inner>> {
        let linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        linked.iter().find(|(known, _)| known == key).map(|(_, inner)| Arc::clone(inner))
    }

    fn keep(&self, key: Key, inner: &Arc<Inner>) {
        let mut linked = self.linked.lock().unwrap_or_else(PoisonError::into_inner);
        if linked.len() >= KEPT {
            linked.pop_front();
        }
        linked.push_back((key, Arc::clone(inner)));
    }
}

/// A package with everything that one call needs in place, and what was put there.
pub(crate) struct Resolved {
    pub(crate) inner: Arc<Inner>,
    /// `support/triage@prod = v3, fast@prod = v2`.
    pub(crate) versions: SmolStr,
}

/// What a call of a prompt needs of the registry; `None` if it needs nothing.
pub(crate) fn resolve(inner: &Inner, id: PromptId, model: ModelId) -> Result<Option<Resolved>, Raised> {
    let bundle = inner.bundle();
    let text = bundle.prompts.get(id.index()).filter(|prompt| prompt.messages.is_empty());
    let text = text.and_then(|prompt| prompt.registry.clone());
    let models: Vec<(ModelId, SmolStr)> = effort::chain(&bundle.models, model)
        .into_iter()
        .filter(|(_, model)| model.provider == Provider::Registry)
        .map(|(id, model)| (id, model.id.clone()))
        .collect();
    if text.is_none() && models.is_empty() {
        return Ok(None);
    }
    let prompt = text.map(|reference| look_up(inner, Wanted::Prompt, reference)).transpose()?;
    let entry = |(id, reference)| look_up(inner, Wanted::Model, reference).map(|found| (id, found));
    let models = models.into_iter().map(entry).collect::<Result<Vec<(ModelId, Found)>, Raised>>()?;
    let all = || prompt.iter().chain(models.iter().map(|(_, found)| found));
    let versions = all().map(|found| format!("{} = v{}", found.reference, found.version.number));
    let versions = versions.collect::<Vec<_>>().join(", ").into();
    let key = (id, model, all().map(|found| found.version.digest).collect());
    if let Some(inner) = inner.linker.known(&key) {
        return Ok(Some(Resolved { inner, versions }));
    }
    let mut linked = bundle.clone();
    if let Some(found) = &prompt {
        link::prompt(&mut linked, id, &found.version.bundle).map_err(|why| misfits(found, why))?;
    }
    for (id, found) in &models {
        link::model(&mut linked, *id, &found.version.bundle).map_err(|why| misfits(found, why))?;
    }
    let linked = Arc::new(inner.with_bundle(Arc::new(linked)));
    inner.linker.keep(key, &linked);
    Ok(Some(Resolved { inner: linked, versions }))
}

struct Found {
    reference: SmolStr,
    version: FoundVersion,
}

fn look_up(inner: &Inner, wanted: Wanted, reference: SmolStr) -> Result<Found, Raised> {
    let Some(source) = &inner.linker.source else {
        let message = format!("`{reference}` is in the registry, and this run has none: use --registry FILE");
        return Err(Raised::new(ErrorClass::Refused, message));
    };
    match source.version(wanted, &reference) {
        Ok(version) => Ok(Found { reference, version }),
        Err(why) => Err(Raised::new(ErrorClass::Refused, format!("registry: {why}"))),
    }
}

fn misfits(found: &Found, why: Vec<flow_ir::contract::Misfit>) -> Raised {
    let why: Vec<String> = why.iter().map(ToString::to_string).collect();
    let message = format!(
        "v{} of `{}` is not what the package declares: {}",
        found.version.number,
        found.reference,
        why.join("; ")
    );
    Raised::new(ErrorClass::Refused, message)
}

#[cfg(test)]
mod tests;
