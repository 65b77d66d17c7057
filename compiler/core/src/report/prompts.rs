//! About prompts and models (FL05xx).

use flow_diagnostics::{Diagnostic, Edit, Span, index};

use super::names::{Candidate, did_you_mean};

/// FL0501.
pub(crate) fn unknown_in_template(span: Span, name: &str, prompt: &str, known: &[Candidate]) -> Diagnostic {
    let has: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = if has.is_empty() {
        format!("the template uses `{{{{{name}}}}}`; `{prompt}` has no parameters")
    } else {
        format!("the template uses `{{{{{name}}}}}`; `{prompt}` has {}", has.join(", "))
    };
    let diagnostic = Diagnostic::new(&index::TEMPLATE_NAME, span, message, "no parameter of this name");
    let diagnostic = did_you_mean(diagnostic, span, name, known);
    if diagnostic.help.is_some() {
        return diagnostic;
    }
    diagnostic.help(format!(
        "a prompt sees its parameters and nothing else: declare `{name}` there, or use one of them"
    ))
}

/// FL0502.
pub(crate) fn unused_in_template(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is never used in the template");
    Diagnostic::new(&index::UNUSED_IN_TEMPLATE, span, message, "the model never sees it")
        .help(format!("write `{{{{{name}}}}}` into a message, or remove the parameter"))
}

/// FL0502, where a message holds what is a hole in other languages.
pub(crate) fn no_hole(span: Span, name: &str, written: &str) -> Diagnostic {
    let message = format!("`{name}` is never used in the template");
    Diagnostic::new(&index::UNUSED_IN_TEMPLATE, span, message, "the model never sees it")
        .help(format!("`{written}` is plain text here; a hole has two braces: `{{{written}}}`"))
}

/// FL0503.
pub(crate) fn no_model(span: Span, prompt: &str, model: Option<&str>) -> Diagnostic {
    let message = format!("`{prompt}` is a prompt: which model answers?");
    let diagnostic = Diagnostic::new(&index::NO_MODEL, span, message, "asks a model");
    match model {
        Some(model) => {
            let at = Span { start: span.end, ..span };
            let edits = vec![Edit { span: at, text: format!(" using {model}") }];
            diagnostic.help(format!("`using {model}`")).fix(format!("add `using {model}`"), edits)
        }
        None => diagnostic.help("`using` and the name of a model"),
    }
}

/// FL0112, for a model where none is asked.
pub(crate) fn model_not_wanted(span: Span, callee: &str, noun: &str) -> Diagnostic {
    let message = format!("`{callee}` is a {noun} and asks no model");
    Diagnostic::new(&index::WRONG_ARGUMENTS, span, message, "no model is asked").help("remove `using`")
}

/// FL0113, for `using` of something that is no model.
pub(crate) fn no_model_name(span: Span, name: &str, noun: &str) -> Diagnostic {
    let message = format!("`{name}` is a {noun}, not a model");
    Diagnostic::new(&index::NOT_CALLABLE, span, message, "no model")
}

/// FL0510.
pub(crate) fn no_confidence(span: Span, node: &str, prompt: &str) -> Diagnostic {
    let message = format!("`confidence({node})`: `{prompt}` does not say where confidence comes from");
    Diagnostic::new(&index::NO_CONFIDENCE, span, message, "not known")
        .help("add `confidence: Logprob(field)` or `confidence: Vote(3)` to the prompt")
}

/// FL0510, for a node that asks no model.
pub(crate) fn asks_no_model(span: Span, node: &str) -> Diagnostic {
    let message = format!("`confidence({node})`: `{node}` asks no model");
    Diagnostic::new(&index::NO_CONFIDENCE, span, message, "has no confidence")
}
