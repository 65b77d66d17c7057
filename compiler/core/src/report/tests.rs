//! About triggers and tests (FL0806, FL09xx).

use flow_diagnostics::{Diagnostic, Span, index};

use super::names::{Candidate, did_you_mean};

/// FL0806.
pub(crate) fn trigger_field(
    span: Span,
    field: &str,
    ty: &str,
    flow: &str,
    known: &[Candidate],
) -> Diagnostic {
    let message = format!("the event has no field `{field}`");
    let diagnostic = Diagnostic::new(&index::TRIGGER_FIELD, span, message, "no such field")
        .note(format!("its type is `{ty}`, from `{flow}`"));
    did_you_mean(diagnostic, span, field, known)
}

/// FL0901.
pub(crate) fn unused_given(span: Span, callee: &str, called: &str) -> Diagnostic {
    let message = format!("the test answers for `{callee}`, which `{called}` never calls");
    Diagnostic::new(&index::UNUSED_GIVEN, span, message, "never called").help("remove this line")
}

/// FL0902.
pub(crate) fn real_call(span: Span, prompt: &str) -> Diagnostic {
    let message = format!("`{prompt}` would call a real model in a test");
    Diagnostic::new(&index::REAL_CALL_IN_TEST, span, message, "no answer is given")
        .help(format!("`given {prompt} = …` or `given {prompt} = cassette(\"…\")`"))
}

/// FL0905.
pub(crate) fn bad(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&index::BAD_TEST, span, message, "in this test")
}
