//! About text that is shown while it is written (FL0807).

use flow_diagnostics::{Diagnostic, Span, index};

fn diagnostic(span: Span, why: &str) -> Diagnostic {
    let message = format!("`stream: true`, but {why}");
    Diagnostic::new(&index::CANNOT_STREAM, span, message, "cannot stream").note(
        "text that has been shown cannot be taken back, so only text that is surely the result is streamed",
    )
}

/// FL0807: a trigger that ends in a method.
pub(crate) fn no_flow(span: Span) -> Diagnostic {
    diagnostic(span, "this trigger starts no flow").help("remove `stream: true`")
}

/// FL0807: no prompt of the flow writes plain text.
pub(crate) fn no_text(span: Span, flow: &str) -> Diagnostic {
    diagnostic(span, &format!("no prompt of `{flow}` writes plain text"))
        .help("return the text of a prompt, or remove `stream: true`")
}

/// FL0807: an edge tests the text.
pub(crate) fn decides(span: Span, writer: &str, node: &str) -> Diagnostic {
    diagnostic(span, &format!("an edge of `{node}` still decides by the text of `{writer}`"))
        .help(format!("stream a text that is written after `{node}` has decided, or remove `stream: true`"))
}

/// FL0807: something after it may fail.
pub(crate) fn raises(span: Span, writer: &str, node: &str) -> Diagnostic {
    diagnostic(span, &format!("`{node}` may still fail after `{writer}` has written the answer"))
        .help(format!("give `{node}` an `else`, move it before `{writer}`, or remove `stream: true`"))
}

/// FL0807: the flow ends with something else.
pub(crate) fn ends_otherwise(span: Span, writer: &str, node: &str) -> Diagnostic {
    let why = if writer == node {
        format!("an edge of `{node}` ends with something else than its text")
    } else {
        format!("an edge of `{node}` ends with something else than the text of `{writer}`")
    };
    diagnostic(span, &why).help(format!("`-> return {writer}` on every path, or remove `stream: true`"))
}

/// FL0807: the text is written again.
pub(crate) fn repeats(span: Span, writer: &str, node: &str) -> Diagnostic {
    diagnostic(span, &format!("`{node}` may lead back, and `{writer}` writes its text anew"))
        .help("stream the text of a node behind the loop, or remove `stream: true`")
}
