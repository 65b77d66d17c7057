//! About what a package may do, what models can do and what triggers promise (FL05xx to FL08xx).

use flow_diagnostics::{Diagnostic, Span, index};
use flow_ir::setup::Capability;

use super::names::{Candidate, did_you_mean};

/// FL0605.
pub(crate) fn unknown_role(span: Span, role: &str, known: &[Candidate]) -> Diagnostic {
    let message = format!("nobody may do this: role `{role}` is not in flow.toml");
    let diagnostic = Diagnostic::new(&index::UNKNOWN_ROLE, span, message, "no such role")
        .help(format!("add it to flow.toml, `[roles]`: `{role} = {{ trusted = true }}`"));
    if known.is_empty() { diagnostic } else { did_you_mean(diagnostic, span, role, known) }
}

/// FL0607.
pub(crate) fn not_granted(span: Span, tool: &str, need: &str, package: &str) -> Diagnostic {
    let message = format!("`{tool}` needs `{need}`, which package `{package}` is not granted");
    Diagnostic::new(&index::NOT_GRANTED, span, message, "not granted")
        .note("whoever reviews the package sees in one place what it may touch")
        .help(format!("flow.toml, `[grants]`: `{package} = [\"{need}\"]`"))
}

fn as_fallback(diagnostic: Diagnostic, from: Option<&str>) -> Diagnostic {
    match from {
        Some(from) => diagnostic.note(format!("it is a fallback of `{from}`")),
        None => diagnostic,
    }
}

/// FL0504. `why` is what the prompt or resource does.
pub(crate) fn cannot(
    span: Span,
    why: &str,
    model: &str,
    capability: Capability,
    from: Option<&str>,
) -> Diagnostic {
    let what = match capability {
        Capability::Json => "produce JSON",
        Capability::Stream => "stream",
        Capability::Tools => "call tools",
        Capability::Logprobs => "give probabilities",
        Capability::Image => "see images",
        Capability::Audio => "hear audio",
        Capability::File => "read files",
        Capability::Embed => "turn text into vectors",
        Capability::Rerank => "rank passages",
    };
    let message = format!("{why}, but `{model}` cannot {what}");
    let diagnostic = Diagnostic::new(&index::LACKS_CAPABILITY, span, message, "asked here")
        .help(format!("add `{capability:?}` to `can:` of `{model}` if it can, or take another model"));
    as_fallback(diagnostic, from)
}

/// FL0511.
pub(crate) fn no_logprobs(span: Span, why: &str, model: &str, from: Option<&str>) -> Diagnostic {
    let message = format!("{why}, but `{model}` gives no probabilities");
    let diagnostic = Diagnostic::new(&index::NO_LOGPROBS, span, message, "asked here")
        .help("take the confidence from `Vote(3)`, or add `Logprobs` to `can:` if the model has them");
    as_fallback(diagnostic, from)
}

/// FL0512.
pub(crate) fn fallback_circle(span: Span, circle: &str) -> Diagnostic {
    let message = format!("fallbacks go in a circle: {circle}");
    Diagnostic::new(&index::FALLBACK_CIRCLE, span, message, "leads back to itself")
        .help("end the chain: remove one of these fallbacks")
}

/// FL0513.
pub(crate) fn shared_fate(span: Span, model: &str, twin: &str) -> Diagnostic {
    let message =
        format!("`{model}` falls back to `{twin}`: same provider, same region; one outage takes both");
    Diagnostic::new(&index::SHARED_FATE, span, message, "fails together with it")
        .help("fall back to another provider or region, or say why not: `// flow:allow shared-fate \"…\"`")
}

/// FL0606.
pub(crate) fn concurrent_runs(span: Span, resource: &str) -> Diagnostic {
    let message = format!("two runs for one session could write `{resource}` at once");
    Diagnostic::new(&index::CONCURRENT_RUNS, span, message, "no `key`")
        .note("runs with the same key go one after another")
        .help("add a key: `key: event.session`; `key: none` says that it is meant")
}

/// FL0707.
pub(crate) fn careless_check(span: Span, check: &str, path: &str) -> Diagnostic {
    let message = format!("`{check}` never looks at `{path}`, but makes it trusted");
    Diagnostic::new(&index::CARELESS_CHECK, span, message, "vouched for unseen")
        .help(format!("add a `need` about `{path}`, or check a type without it"))
}

/// FL0708.
pub(crate) fn vouched_by_nobody(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is declared `trusted`, and anybody may send it");
    Diagnostic::new(&index::TRUSTED_IN_PUBLIC, span, message, "a public trigger")
        .note("`flowc audit` lists it for sign-off")
        .help("say who may call: `allow: [gateway]`, or remove `trusted` and pass it through a check")
}

/// FL0710.
pub(crate) fn not_in_key(span: Span, value: &str, inputs: &[String], key: (Span, &str)) -> Diagnostic {
    let names: Vec<String> = inputs.iter().map(|input| format!("`{input}`")).collect();
    let message = format!("`{value}` depends on {}, and its key does not", names.join(" and "));
    let all = std::iter::once(key.1).chain(inputs.iter().map(String::as_str));
    let holes: Vec<String> = all.map(|part| format!("{{{{{part}}}}}")).collect();
    Diagnostic::new(&index::NOT_IN_KEY, span, message, "kept for everybody with the same key")
        .also(key.0, "the key")
        .note("whoever asks with this key next gets this answer, whatever else they ask with")
        .help(format!("put it into the key, here and where it is read: `\"{}\"`", holes.join(" ")))
}

/// FL0710, where a flow of another file keeps it.
pub(crate) fn passed_without_key(span: Span, call: &str, inputs: &[String]) -> Diagnostic {
    let names: Vec<String> = inputs.iter().map(|input| format!("`{input}`")).collect();
    let message = format!("`{call}` keeps what depends on {}, and its key does not", names.join(" and "));
    Diagnostic::new(&index::NOT_IN_KEY, span, message, "kept for everybody with the same key")
        .note("whoever asks with this key next gets this answer, whatever else they ask with")
        .help("put it into the key that is passed, here and where it is read")
}

/// FL0712.
pub(crate) fn unlabelled_result(span: Span, tool: &str, takes: &str, result: &str) -> Diagnostic {
    let message =
        format!("`{tool}` takes {takes} and answers with `{result}`, which says nothing about `pii`");
    Diagnostic::new(&index::UNLABELLED_RESULT, span, message, "may hold what it was given")
        .help(format!("`pii {result}` if it may; `// flow:allow unlabelled-result \"why\"` if it cannot"))
}
