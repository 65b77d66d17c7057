//! About names, imports, settings and the manifest (FL0004, FL0005, FL0017 to FL0027).

use flow_diagnostics::{Diagnostic, Echo, Edit, Span, index};
use smol_str::SmolStr;

use super::habits;

/// A name that could have been meant, with the noun for what it is (`resource`), which may be empty.
pub(crate) type Candidate = (SmolStr, &'static str);

/// The candidates closest to `name`, best first; only those that a typo could explain.
pub(crate) fn closest<'a>(name: &str, candidates: &'a [Candidate]) -> Vec<&'a Candidate> {
    let limit = (name.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &Candidate)> = Vec::new();
    for candidate in candidates {
        let distance = strsim::osa_distance(&name.to_lowercase(), &candidate.0.to_lowercase());
        let extends = name.len() >= 3 && candidate.0.starts_with(name);
        if (distance <= limit || extends) && candidate.0 != name {
            found.push((distance, candidate));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.cmp(&b.1.0)));
    let best = found.first().map_or(0, |(distance, _)| *distance);
    found.dedup_by(|a, b| a.1.0 == b.1.0);
    found.into_iter().filter(|(distance, _)| *distance == best).map(|(_, candidate)| candidate).collect()
}

/// Adds "did you mean", with an edit if there is exactly one candidate.
pub(crate) fn did_you_mean(
    diagnostic: Diagnostic,
    span: Span,
    name: &str,
    candidates: &[Candidate],
) -> Diagnostic {
    let close = closest(name, candidates);
    match close.as_slice() {
        [] => diagnostic,
        [(only, noun)] => meant(diagnostic, span, only, noun),
        several => {
            let names: Vec<String> = several.iter().take(3).copied().map(quoted).collect();
            diagnostic.help(format!("did you mean {}?", names.join(" or ")))
        }
    }
}

/// Adds "did you mean" for the one name that was meant.
pub(crate) fn meant(diagnostic: Diagnostic, span: Span, name: &str, noun: &str) -> Diagnostic {
    let the = if noun.is_empty() { String::new() } else { format!("the {noun} ") };
    let edits = vec![Edit { span, text: name.to_owned() }];
    diagnostic.help(format!("did you mean {the}`{name}`?")).fix(format!("write `{name}`"), edits)
}

/// Few enough to be read at a glance.
const AT_A_GLANCE: usize = 6;

/// Says what there is, where a name is close to nothing.
fn or_what_there_is(diagnostic: Diagnostic, candidates: &[Candidate]) -> Diagnostic {
    let noun = candidates.first().map_or("", |(_, noun)| noun);
    let one_kind = candidates.iter().all(|(_, other)| *other == noun);
    if diagnostic.help.is_some() || candidates.len() > AT_A_GLANCE || !one_kind || noun.is_empty() {
        return diagnostic;
    }
    let mut names: Vec<String> = candidates.iter().map(quoted).collect();
    names.sort();
    diagnostic.help(format!("{noun}s that are visible here: {}", names.join(", ")))
}

/// Plain names as candidates.
pub(crate) fn plain<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Candidate> {
    names.into_iter().map(|name| (SmolStr::from(name), "")).collect()
}

/// FL0004.
pub(crate) fn duplicate(span: Span, name: &str, first: Span, place: &str) -> Diagnostic {
    let message = format!("`{name}` names two things in {place}");
    Diagnostic::new(&index::DUPLICATE_NAME, span, message, "given here again")
        .also(first, "first given here")
        .help("rename one of them")
}

/// How other languages call nothing.
const NOTHING: [&str; 4] = ["null", "nil", "undefined", "nothing"];

/// FL0005, or FL0009 for a word that another language has for `none`.
pub(crate) fn unknown(span: Span, name: &str, candidates: &[Candidate]) -> Diagnostic {
    if NOTHING.contains(&name) {
        let message = format!("`{name}` is `none` here");
        let edits = vec![Edit { span, text: "none".to_owned() }];
        return Diagnostic::new(&index::FOREIGN_HABIT, span, message, "another language's spelling")
            .help("write `none`; test it with `is none`")
            .fix("write `none`", edits);
    }
    let message = format!("I cannot find `{name}`");
    let diagnostic =
        Diagnostic::new(&index::UNKNOWN_NAME, span, message, "nothing of this name is visible here");
    or_what_there_is(did_you_mean(diagnostic, span, name, candidates), candidates)
}

/// FL0005, for a name that a module does not declare.
pub(crate) fn not_in_module(span: Span, name: &str, module: &str, candidates: &[Candidate]) -> Diagnostic {
    let message = format!("`{module}` declares no `{name}`");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_NAME, span, message, "not declared there");
    did_you_mean(diagnostic, span, name, candidates)
}

/// FL0017.
pub(crate) fn unknown_module(span: Span, module: &str, candidates: &[Candidate]) -> Diagnostic {
    let message = format!("there is no module `{module}`");
    let diagnostic =
        Diagnostic::new(&index::UNKNOWN_MODULE, span, message, "no file of the package has this path");
    let diagnostic = did_you_mean(diagnostic, span, module, candidates);
    if diagnostic.help.is_some() {
        return diagnostic;
    }
    let own: Vec<String> =
        candidates.iter().filter(|(path, _)| !path.starts_with("std/")).map(quoted).collect();
    let here = if own.len() > AT_A_GLANCE { String::new() } else { format!("; here are {}", own.join(", ")) };
    diagnostic.help(format!("a module is a file of the package, `{module}.flow`, or `std/…`{here}"))
}

fn quoted((name, _): &Candidate) -> String {
    format!("`{name}`")
}

/// FL0018.
pub(crate) fn private(span: Span, name: &str, module: &str, declared: Span) -> Diagnostic {
    let message = format!("`{name}` is private to `{module}`");
    let edit = Edit { span: Span { end: declared.start, ..declared }, text: "pub ".to_owned() };
    Diagnostic::new(&index::PRIVATE_NAME, span, message, "not visible here")
        .also(declared, "declared here without `pub`")
        .help("put `pub` in front of the declaration")
        .fix("make it `pub`", vec![edit])
}

/// FL0019.
pub(crate) fn import_cycle(span: Span, modules: &[String]) -> Diagnostic {
    let message = format!("modules import each other in a circle: {}", modules.join(" → "));
    Diagnostic::new(&index::IMPORT_CYCLE, span, message, "this import closes the circle")
        .help("move what both need into a third module")
}

/// FL0020.
pub(crate) fn unused_import(span: Span, name: &str, removal: Option<Edit>) -> Diagnostic {
    let message = format!("`{name}` is imported and never used");
    let diagnostic = Diagnostic::new(&index::UNUSED_IMPORT, span, message, "not used in this file")
        .help(format!("remove `{name}` from the import"));
    match removal {
        Some(edit) => diagnostic.fix(format!("remove `{name}`"), vec![edit]),
        None => diagnostic,
    }
}

/// FL0021.
pub(crate) fn unknown_setting(span: Span, name: &str, kind: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("a {kind} has no setting `{name}`");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_SETTING, span, message, "unknown setting");
    let diagnostic = match habits::setting(name, known) {
        Some(ours) => meant(diagnostic, span, ours, ""),
        None => did_you_mean(diagnostic, span, name, known),
    };
    if diagnostic.help.is_some() {
        return diagnostic;
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    diagnostic.help(format!("a {kind} has: {}", names.join(", ")))
}

/// FL0022.
pub(crate) fn missing_setting(span: Span, owner: &str, setting: &str, example: &str) -> Diagnostic {
    let message = format!("`{owner}` does not say its `{setting}`");
    Diagnostic::new(&index::MISSING_SETTING, span, message, format!("needs `{setting}`"))
        .help(format!("add `{example}`"))
}

/// FL0023.
pub(crate) fn repeated_setting(span: Span, name: &str, first: Span) -> Diagnostic {
    let message = format!("`{name}` is given twice");
    Diagnostic::new(&index::REPEATED_SETTING, span, message, "given again")
        .also(first, "first given here")
        .help("keep one of them")
}

/// FL0024.
pub(crate) fn bad_setting(span: Span, name: &str, wants: &str, example: &str) -> Diagnostic {
    let message = format!("`{name}` wants {wants}");
    Diagnostic::new(&index::BAD_SETTING_VALUE, span, message, format!("this is not {wants}"))
        .help(format!("write `{name}: {example}`"))
}

/// FL0024, for a number that lacks its unit. With one possible unit the fix adds it.
pub(crate) fn no_unit(span: Span, name: &str, wants: &str, units: &[&str]) -> Diagnostic {
    let message = format!("`{name}` wants {wants}");
    let diagnostic = Diagnostic::new(&index::BAD_SETTING_VALUE, span, message, "a number without a unit");
    let behind = Span { start: span.end, ..span };
    match units {
        [unit] => diagnostic
            .help(format!("say what is counted: `…{unit}`"))
            .fix(format!("add `{}`", unit.trim()), vec![Edit { span: behind, text: (*unit).to_owned() }]),
        several => {
            let units: Vec<String> = several.iter().map(|unit| format!("`…{unit}`")).collect();
            diagnostic.help(format!("say the unit: {}", units.join(" or ")))
        }
    }
}

/// FL0024, for a value of a closed list.
pub(crate) fn bad_choice(span: Span, setting: &str, found: &str, choices: &[&str]) -> Diagnostic {
    let message = format!("`{found}` is no value of `{setting}`");
    let diagnostic = Diagnostic::new(&index::BAD_SETTING_VALUE, span, message, "unknown value");
    let diagnostic = did_you_mean(diagnostic, span, found, &plain(choices.iter().copied()));
    if diagnostic.help.is_some() {
        return diagnostic;
    }
    diagnostic.help(format!("one of: {}", choices.join(", ")))
}

/// FL0024, for everything else that a set-up can get wrong.
pub(crate) fn wrong_setting(span: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&index::BAD_SETTING_VALUE, span, message, "does not fit").help(help)
}

/// FL0024, for a trigger that leads to nothing that runs.
pub(crate) fn not_startable(span: Span, what: &str) -> Diagnostic {
    let help = "a trigger starts a flow, or ends in a method that writes: `-> inbox.put(…)`";
    wrong_setting(span, format!("{what} cannot be started"), help).echo(Echo::OfNames)
}

/// FL0025.
pub(crate) fn bad_manifest(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&index::BAD_MANIFEST, span, message, "in `flow.toml`")
}

/// FL0025, for a key that means nothing.
pub(crate) fn unknown_key(span: Span, key: &str, table: &str, known: &[&str]) -> Diagnostic {
    let message = format!("{table} has no key `{key}`");
    let diagnostic = Diagnostic::new(&index::BAD_MANIFEST, span, message, "unknown key");
    let diagnostic = did_you_mean(diagnostic, span, key, &plain(known.iter().copied()));
    if diagnostic.help.is_some() || known.is_empty() {
        return diagnostic;
    }
    diagnostic.help(format!("known: {}", known.join(", ")))
}

/// FL0026.
pub(crate) fn unused_allow(span: Span, code: &str) -> Diagnostic {
    let message = format!("nothing on this line or the next says `{code}`");
    Diagnostic::new(&index::UNUSED_ALLOW, span, message, "silences nothing").help("remove the comment")
}

/// FL0027.
pub(crate) fn bad_allow(span: Span, why: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&index::BAD_ALLOW, span, why, "this comment silences nothing")
        .help("write `// flow:allow unused-parameter \"why it is right here\"`")
}

/// FL0004, for a binder that hides a value.
pub(crate) fn hides(span: Span, name: &str, place: &str) -> Diagnostic {
    let message = format!("`{name}` names two things in {place}");
    Diagnostic::new(&index::DUPLICATE_NAME, span, message, "hides a value of the same name")
        .help("give it another name")
}

/// FL0005, for the argument of `confidence(…)`, `visited(…)` and their like.
pub(crate) fn no_such_node(span: Span, name: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("there is no node `{name}`");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_NAME, span, message, "no node of this flow");
    did_you_mean(diagnostic, span, name, known)
}
