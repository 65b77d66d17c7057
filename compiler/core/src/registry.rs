//! What stands behind the registry's pointers, compared with what packages declare (FL0804).
//!
//! Two views of the same rule: [`refusals`] for a Bundle that is deployed, before a pointer moves; and, for a package
//! that is being checked beside a registry ([`crate::Workspace::set_versions`]), a diagnostic where it names the
//! pointer.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow_diagnostics::{Code, Diagnostic, index};
use flow_grammar::ast::{ExprKind as Ast, ItemKind, Setup};
use flow_ir::contract::{self, Misfit};
use flow_ir::evals::Eval;
use flow_ir::{Bundle, ModelId, PromptId, link};
use smol_str::SmolStr;

use crate::bounds;
use crate::bounds::checks::deployed::Longer;
use crate::names::Item;
use crate::package::Package;
use crate::report;

/// A version in a registry.
#[derive(Clone, Debug)]
pub struct Version {
    /// The human number.
    pub number: u32,
    /// One prompt or one model.
    pub bundle: Arc<Bundle>,
}

/// What pointers name: `desk/sort@prod` of prompts and models.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// By `name@pointer` or `name@v3`.
    pub prompts: BTreeMap<String, Version>,
    /// By `name@pointer` or `name@v3`.
    pub models: BTreeMap<String, Version>,
}

/// Why a pointer must not name a version, in the words of a diagnostic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Which rule.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Why `versions` cannot stand behind what a Bundle asks for; empty if they can. A reference that is not in
/// `versions` is not looked at.
#[must_use]
pub fn refusals(bundle: &Bundle, versions: &Versions) -> Vec<Refusal> {
    let misfits = contracts(bundle, versions);
    if !misfits.is_empty() {
        return misfits;
    }
    let Ok(linked) = linked(bundle, versions) else { return Vec::new() };
    let refusal = |found: Diagnostic| Refusal {
        code: found.code,
        message: found.message,
        help: found.help.unwrap_or_default(),
    };
    let (found, long) = bounds::checks::deployed::check(&linked);
    let found = found.into_iter().map(refusal);
    let longer = longer(&linked, long, versions).into_iter().map(|(_, reference, number, misfit)| Refusal {
        code: &index::POINTER_CONTRACT,
        message: report::registry::message(&reference, number, &misfit),
        help: report::registry::HELP.to_owned(),
    });
    found.chain(longer).collect()
}

/// Texts that hold more than `input` allows: whose, the reference, the version, and what to say.
fn longer(linked: &Bundle, long: Vec<Longer>, versions: &Versions) -> Vec<(PromptId, SmolStr, u32, Misfit)> {
    let mut found = Vec::new();
    for longer in long {
        let prompt = linked.prompts.get(longer.prompt.index());
        let Some(reference) = prompt.and_then(|prompt| prompt.registry.as_ref()) else { continue };
        let Some(version) = versions.prompts.get(reference.as_str()) else { continue };
        let sent = match longer.sent {
            Some(sent) => format!("up to {sent} tokens"),
            None => "any number of tokens".to_owned(),
        };
        let what = format!("is {sent} in the version; the package allows {}", longer.allowed);
        let misfit = Misfit { path: "input".to_owned(), what };
        found.push((longer.prompt, reference.clone(), version.number, misfit));
    }
    found
}

/// FL0804 for every declaration whose text holds more than `input` allows.
pub(crate) fn compare_sizes(
    pkg: &Package<'_>,
    linked: &Bundle,
    versions: &Versions,
    out: &mut Vec<Diagnostic>,
) {
    let found = longer(linked, bounds::checks::deployed::longer(linked), versions);
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let (ItemKind::Setup(setup), Some(Item::Prompt(id))) = (&item.kind, declared) else { continue };
            for (_, reference, number, misfit) in found.iter().filter(|(of, ..)| of == id) {
                let span = source(setup).map(|span| module.at.span(span)).unwrap_or_default();
                out.push(report::registry::misfit(span, reference, *number, misfit));
            }
        }
    }
}

/// FL0809: why a pointer that an eval gates must not name a version. `said` is what the eval said of it, if it was run.
#[must_use]
pub fn not_passed(eval: &Eval, number: u32, said: Option<&str>) -> Refusal {
    let gate = eval.gate.as_deref().unwrap_or_default();
    let message = report::registry::not_passed(gate, &eval.title, number, said);
    let help = report::registry::run_the_eval(gate, number, said.is_some());
    Refusal { code: &index::GATE_NOT_PASSED, message, help }
}

/// A Bundle with everything that is in `versions` put where it is asked for.
///
/// # Errors
/// When something does not fit.
pub fn linked(bundle: &Bundle, versions: &Versions) -> Result<Bundle, Vec<Misfit>> {
    let mut linked = bundle.clone();
    for (id, reference) in bundle.registry_prompts() {
        if let Some(version) = versions.prompts.get(reference.as_str()) {
            link::prompt(&mut linked, id, &version.bundle)?;
        }
    }
    for (id, reference) in bundle.registry_models() {
        if let Some(version) = versions.models.get(reference.as_str()) {
            link::model(&mut linked, id, &version.bundle)?;
        }
    }
    Ok(linked)
}

/// FL0804.
fn contracts(bundle: &Bundle, versions: &Versions) -> Vec<Refusal> {
    let prompts = bundle.registry_prompts().filter_map(|(id, reference)| {
        let version = versions.prompts.get(reference.as_str())?;
        Some((reference, version.number, prompt_misfits(bundle, id, version)))
    });
    let models = bundle.registry_models().filter_map(|(id, reference)| {
        let version = versions.models.get(reference.as_str())?;
        Some((reference, version.number, model_misfits(bundle, id, version)))
    });
    let refusal = |reference: &str, number: u32, misfit: &Misfit| Refusal {
        code: &index::POINTER_CONTRACT,
        message: report::registry::message(reference, number, misfit),
        help: report::registry::HELP.to_owned(),
    };
    let all = prompts.chain(models);
    all.flat_map(|(reference, number, misfits)| {
        misfits.iter().map(|misfit| refusal(reference, number, misfit)).collect::<Vec<_>>()
    })
    .collect()
}

fn prompt_misfits(bundle: &Bundle, id: PromptId, version: &Version) -> Vec<Misfit> {
    let declared = bundle.prompts.get(id.index());
    declared.map(|declared| contract::prompt(bundle, declared, &version.bundle)).unwrap_or_default()
}

fn model_misfits(bundle: &Bundle, id: ModelId, version: &Version) -> Vec<Misfit> {
    let found = bundle.models.get(id.index()).zip(version.bundle.models.first());
    found.map(|(declared, entry)| contract::model(declared, entry)).unwrap_or_default()
}

/// FL0804 for every declaration that its pointer does not fit, or that names nothing.
pub(crate) fn compare(pkg: &Package<'_>, bundle: &Bundle, versions: &Versions, out: &mut Vec<Diagnostic>) {
    for module in &pkg.modules {
        for (item, declared) in module.file.items.iter().zip(&module.items) {
            let (ItemKind::Setup(setup), Some(declared)) = (&item.kind, declared) else { continue };
            let (Some((reference, found)), Some(span)) = (behind(bundle, *declared, versions), source(setup))
            else {
                continue;
            };
            let span = module.at.span(span);
            match found {
                None => out.push(report::registry::unknown(span, reference)),
                Some((number, misfits)) => {
                    let say = |misfit| report::registry::misfit(span, reference, number, misfit);
                    out.extend(misfits.iter().map(say));
                }
            }
        }
    }
}

type Behind<'b> = (&'b str, Option<(u32, Vec<Misfit>)>);

/// The reference of a declaration, and what is behind it.
fn behind<'b>(bundle: &'b Bundle, declared: Item, versions: &Versions) -> Option<Behind<'b>> {
    match declared {
        Item::Prompt(id) => {
            let (_, reference) = bundle.registry_prompts().find(|(found, _)| *found == id)?;
            let version = versions.prompts.get(reference.as_str());
            Some((reference, version.map(|version| (version.number, prompt_misfits(bundle, id, version)))))
        }
        Item::Model(id) => {
            let (_, reference) = bundle.registry_models().find(|(found, _)| *found == id)?;
            let version = versions.models.get(reference.as_str());
            Some((reference, version.map(|version| (version.number, model_misfits(bundle, id, version)))))
        }
        _ => None,
    }
}

fn source(setup: &Setup) -> Option<flow_grammar::Span> {
    setup.source.as_ref().filter(|source| !matches!(source.kind, Ast::Missing)).map(|source| source.span)
}
