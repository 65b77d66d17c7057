//! What stands behind the registry's pointers while rows are run: what they name now, or a version that is tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_ir::Bundle;
use flow_ir::evals::Eval;
use flow_registry::{Error, Kind, Reference, Selector};
use flow_runtime::effects::{FoundVersion, VersionSource, Wanted};

use crate::exit::Stop;
use crate::registry::store;

/// A choice of versions, the same for every row even if pointers move meanwhile.
#[derive(Clone)]
pub(super) struct Side {
    /// By kind and reference.
    found: BTreeMap<(Wanted, String), FoundVersion>,
}

/// The version of what an eval gates.
pub(super) struct Gated {
    pub(super) kind: Kind,
    pub(super) reference: Reference,
    /// The version that was run.
    pub(super) number: u32,
}

impl VersionSource for Side {
    fn version(&self, wanted: Wanted, reference: &str) -> Result<FoundVersion, String> {
        let found = self.found.get(&(wanted, reference.to_owned()));
        found.cloned().ok_or_else(|| format!("nothing was published as `{reference}`"))
    }
}

impl Side {
    /// Looks everything up that a bundle asks for, with `tried` in place of what pointers name.
    ///
    /// # Errors
    /// When something is not there, or what is tried is not asked for.
    pub(super) fn of(
        bundle: &Bundle,
        source: Option<&Arc<dyn VersionSource>>,
        tried: &[Tried],
    ) -> Result<Self, Stop> {
        let mut found = BTreeMap::new();
        let Some(source) = source else {
            return match tried.first() {
                Some(tried) => Err(tried.not_asked()),
                None => Ok(Self { found }),
            };
        };
        let prompts = bundle.registry_prompts().map(|(_, reference)| (Wanted::Prompt, reference));
        let models = bundle.registry_models().map(|(_, reference)| (Wanted::Model, reference));
        for (wanted, reference) in prompts.chain(models) {
            let instead = tried.iter().find(|tried| tried.reference == reference.as_str());
            let asked = instead.map_or(reference.as_str(), |tried| tried.version.as_str());
            let version = source.version(wanted, asked).map_err(Stop::usage)?;
            found.insert((wanted, reference.to_string()), version);
        }
        let is_asked = |tried: &Tried| found.keys().any(|(_, reference)| *reference == tried.reference);
        match tried.iter().find(|tried| !is_asked(tried)) {
            Some(tried) => Err(tried.not_asked()),
            None => Ok(Self { found }),
        }
    }

    /// As runs ask it; `None` if there is nothing to ask.
    pub(super) fn source(&self) -> Option<Arc<dyn VersionSource>> {
        (!self.found.is_empty()).then(|| Arc::new(self.clone()) as Arc<dyn VersionSource>)
    }

    /// The version behind an eval's gate.
    pub(super) fn gated(&self, eval: &Eval) -> Option<Gated> {
        let gate = eval.gate.as_deref()?;
        let reference: Reference = gate.parse().ok()?;
        let of = |wanted: Wanted, kind: Kind| {
            let number = self.found.get(&(wanted, gate.to_owned()))?.number;
            Some(Gated { kind, reference: reference.clone(), number })
        };
        of(Wanted::Prompt, Kind::Prompt).or_else(|| of(Wanted::Model, Kind::Model))
    }
}

/// `--with desk/sort@prod=v2`: a version in place of what a pointer names.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    /// `desk/sort@prod`.
    reference: String,
    /// `desk/sort@v2`.
    version: String,
}

impl Tried {
    /// Reads `desk/sort@prod=v2`, or `v2` of what the eval gates.
    ///
    /// # Errors
    /// When it is neither, or the eval gates nothing.
    pub(super) fn parse(text: &str, eval: &Eval) -> Result<Self, Stop> {
        let (reference, to) = match (text.split_once('='), &eval.gate) {
            (Some((reference, to)), _) => (reference, to),
            (None, Some(gate)) => (gate.as_str(), text),
            (None, None) => {
                let message =
                    format!("`{}` gates nothing, so it is not known what `{text}` is of", eval.title);
                return Err(Stop::usage(message).help("write NAME@POINTER=vN: `desk/sort@prod=v2`"));
            }
        };
        let parsed: Reference = reference.parse().map_err(|error| store::stop(Error::Name(error)))?;
        match to.trim_start_matches('@').parse::<Selector>() {
            Ok(_) if matches!(parsed.selector, Selector::Pointer(_)) => {
                let version = format!("{}@{}", parsed.name, to.trim_start_matches('@'));
                Ok(Self { reference: reference.to_owned(), version })
            }
            Ok(_) | Err(_) => Err(Stop::usage(format!("`{text}` names no version to try"))
                .help("write NAME@POINTER=vN: `desk/sort@prod=v2`")),
        }
    }

    fn not_asked(&self) -> Stop {
        Stop::usage(format!("the package takes nothing from `{}`", self.reference))
    }
}
