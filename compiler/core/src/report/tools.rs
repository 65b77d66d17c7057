//! About tools, resources and people (FL06xx, and what their declarations lack).

use flow_diagnostics::{Diagnostic, Edit, Span, index};

/// FL0022: a prompt or human without a result.
pub(crate) fn no_result(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` does not say what it answers");
    Diagnostic::new(&index::MISSING_SETTING, span, message, "no result type")
        .help("put the type behind the parameters: `: text`")
}

/// FL0022: a resource without a kind.
pub(crate) fn no_kind(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` does not say what kind of resource it is");
    Diagnostic::new(&index::MISSING_SETTING, span, message, "no kind")
        .help("for example `: Memory(Message)`, `: Index(Chunk)`, `: Queue(text)`")
}

/// FL0022: a set-up without provider or transport.
pub(crate) fn no_source(span: Span, name: &str, noun: &str, example: &str) -> Diagnostic {
    let message = format!("{noun} `{name}` does not say what it is");
    Diagnostic::new(&index::MISSING_SETTING, span, message, "nothing behind `=`")
        .help(format!("for example `= {example}`"))
}

/// FL0407.
pub(crate) fn unbounded_wait(span: Span, what: &str) -> Diagnostic {
    let message = format!("{what} and may never answer");
    Diagnostic::new(&index::UNBOUNDED_WAIT, span, message, "waits for ever")
        .help("`within 8h` and `-> … on Expired`")
}

/// FL0406.
pub(crate) fn unbounded_each(span: Span, var: &str, list: &str) -> Diagnostic {
    let message = if list.is_empty() {
        format!("`each {var}` goes over a list that has no bound")
    } else {
        format!("`each {var} in {list}`: `{list}` has no bound")
    };
    let edit = Edit { span: Span { start: span.end, ..span }, text: ".take(20)".to_owned() };
    Diagnostic::new(&index::UNBOUNDED_EACH, span, message, "any number of elements")
        .note("without a bound nobody can say what a run may cost")
        .help("say how many there may be: `.take(20)`")
        .fix("take the first 20", vec![edit])
}

/// FL0601.
pub(crate) fn retried_write(span: Span, tool: &str) -> Diagnostic {
    let message = format!("`{tool}` writes and retries, but has no key: a retry may do it twice");
    Diagnostic::new(&index::RETRIED_WRITE, span, message, "may happen twice")
        .help("`once: true` if the server honours Idempotency-Key, or `retry: 0`")
}

/// FL0603.
pub(crate) fn no_effect(span: Span, tool: &str) -> Diagnostic {
    let message = format!("what does `{tool}` do?");
    Diagnostic::new(&index::NO_EFFECT, span, message, "does not say its effect")
        .help("`effect: Read`, `Write` or `Sensitive`")
}

/// FL0604.
pub(crate) fn model_calls_write(span: Span, tool: &str) -> Diagnostic {
    let message = format!("a model may only call `Read` tools by itself, `{tool}` does more");
    Diagnostic::new(&index::MODEL_CALLS_WRITE, span, message, "changes something")
        .help(format!("make `{tool}` a node, behind a check or a person"))
}

/// FL0608.
pub(crate) fn unhandled(span: Span, node: &str, class: &str) -> Diagnostic {
    let message = format!("`{node}` may be `{class}` and nothing handles it");
    Diagnostic::new(&index::UNHANDLED_OUTCOME, span, message, format!("may be `{class}`"))
        .note("this is an outcome, not an accident, so the node says what happens then")
        .help(format!("`-> … on {class}`"))
}

/// FL0609: not said at all.
pub(crate) fn no_approves(span: Span, human: &str, variants: &[String]) -> Diagnostic {
    let message = format!("which answers of `{human}` approve?");
    let first = variants.first().cloned().unwrap_or_else(|| "Approve".to_owned());
    Diagnostic::new(&index::NO_APPROVES, span, message, "leads to something sensitive")
        .help(format!("`approves: [{first}]`"))
}
