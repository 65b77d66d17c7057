//! Whether what stands behind a registry's pointer is what a package declared.
//!
//! A package declares a signature, and limits that its bounds rest on; the registry's version brings the text. The
//! version must take what the package passes and give what the package reads, with the same labels. A model's entry
//! must do, hold and cost what was declared, or better.

mod fit;
mod words;

use crate::bundle::Bundle;
use crate::setup::{Model, Prompt};
use crate::units::Usd;
use fit::Fit;

/// One reason why a version does not fit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Misfit {
    /// What it is about: `mail`, `result.team`, `output`.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}", self.path, self.what)
    }
}

pub(crate) fn misfit(path: impl Into<String>, what: impl Into<String>) -> Misfit {
    Misfit { path: path.into(), what: what.into() }
}

/// Why the only prompt of `version` cannot stand for `declared`; empty if it can.
#[must_use]
pub fn prompt(bundle: &Bundle, declared: &Prompt, version: &Bundle) -> Vec<Misfit> {
    let [found] = version.prompts.as_slice() else {
        return vec![misfit("prompt", "is missing: the version holds no prompt")];
    };
    let mut out = parameters(bundle, declared, version, found);
    let mut result = Fit::of_result(version, bundle);
    result.compare("result", found.ret, declared.ret);
    out.extend(result.out);
    if let (Some(most), Some(wanted)) = (declared.output, found.output)
        && wanted > most
    {
        let what = format!("is up to {wanted} tokens in the version; the package allows {most}");
        out.push(misfit("output", what));
    }
    out
}

/// A package's arguments go to the version by name and in order, because templates know them by position.
fn parameters(bundle: &Bundle, declared: &Prompt, version: &Bundle, found: &Prompt) -> Vec<Misfit> {
    let mut out = Vec::new();
    for param in &found.params {
        if !declared.params.iter().any(|known| known.name == param.name) {
            let ty = words::ty(version, param.ty);
            out.push(misfit(
                param.name.as_str(),
                format!("(`{ty}`) is wanted by the version, and no caller passes it"),
            ));
        }
    }
    for param in &declared.params {
        if !found.params.iter().any(|known| known.name == param.name) {
            out.push(misfit(param.name.as_str(), "is passed, and the version does not take it"));
        }
    }
    if !out.is_empty() {
        return out;
    }
    let mut args = Fit::of_arguments(bundle, version);
    for (from, to) in declared.params.iter().zip(&found.params) {
        if from.name == to.name {
            args.field(&from.name, from, to);
        } else {
            args.out.push(misfit(to.name.as_str(), "stands at another place than in the package"));
        }
    }
    args.out
}

/// Why `entry` cannot stand for the model that a package declares; empty if it can.
#[must_use]
pub fn model(declared: &Model, entry: &Model) -> Vec<Misfit> {
    let mut out = Vec::new();
    for capability in &declared.can {
        if !entry.can.contains(capability) {
            out.push(misfit("can", format!("lacks `{capability:?}`, which the package needs")));
        }
    }
    let at_least = |path: &str, declared: Option<u64>, entry: Option<u64>| {
        let declared = declared?;
        let found = entry.map_or("not said".to_owned(), |tokens| format!("{tokens} tokens"));
        let is_less = entry.is_none_or(|entry| entry < declared);
        is_less.then(|| misfit(path, format!("is {found}; the package counts on {declared} tokens")))
    };
    out.extend(at_least("context", declared.context, entry.context));
    out.extend(at_least("output", declared.output, entry.output));
    let price = |path: &str, declared: Option<Usd>, entry: Option<Usd>| {
        let (most, price) = (declared?, entry.unwrap_or_default());
        let what = format!("is {price} for a million tokens; the package counts on {most} at most");
        (price > most).then(|| misfit(path, what))
    };
    out.extend(price("price_in", declared.price_in, entry.price_in));
    out.extend(price("price_out", declared.price_out, entry.price_out));
    for (path, declared, entry) in
        [("price_in", declared.price_in, entry.price_in), ("price_out", declared.price_out, entry.price_out)]
    {
        if declared.is_none() && entry.is_some_and(|price| price > Usd(0)) {
            out.push(misfit(path, "is not declared in the package, so no bound counts it"));
        }
    }
    if declared.region.is_some() && declared.region != entry.region {
        let found = entry.region.as_deref().unwrap_or("not said");
        let wanted = declared.region.as_deref().unwrap_or_default();
        out.push(misfit("region", format!("is {found}; the package declares {wanted}")));
    }
    if entry.token_factor > declared.token_factor {
        let thousandths = |factor: u32| format!("{}.{:03}", factor / 1000, factor % 1000);
        let (found, most) = (thousandths(entry.token_factor), thousandths(declared.token_factor));
        out.push(misfit("token_factor", format!("is {found}; the package counts on {most} at most")));
    }
    out
}

#[cfg(test)]
mod tests;
