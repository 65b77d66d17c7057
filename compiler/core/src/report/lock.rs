//! About `flow.lock` (FL0515, FL0805).

use flow_diagnostics::{Diagnostic, Span, index};

const HELP: &str = "run `flowc lock`, look at what changed, and commit `flow.lock`";

/// FL0805: there is no `flow.lock`, and something to lock.
pub(crate) fn no_file(span: Span, name: &str) -> Diagnostic {
    let message = format!("there is no `flow.lock`, and the package depends on `{name}`");
    Diagnostic::new(&index::NOT_LOCKED, span, message, "may change without an edit here").help(HELP)
}

/// FL0805: nothing in the lock.
pub(crate) fn missing(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` is not in `flow.lock`");
    Diagnostic::new(&index::NOT_LOCKED, span, message, "may change without an edit here").help(HELP)
}

/// FL0805: another digest in the lock.
pub(crate) fn changed(span: Span, name: &str, why: &str) -> Diagnostic {
    let message = format!("`{name}` is not what `flow.lock` says");
    Diagnostic::new(&index::NOT_LOCKED, span, message, "changed since it was locked").note(why).help(HELP)
}

/// FL0515.
pub(crate) fn reworded(span: Span, prompt: &str, version: &str) -> Diagnostic {
    let message = format!("the text of `{prompt}` changed, but it is still version \"{version}\"");
    Diagnostic::new(&index::REWORDED, span, message, "the same version, another text")
        .note("whoever looks up what version answered a customer would read another text")
        .help("give it another version, or leave `version` out and let `flowc prompt publish` number it")
}

/// FL0805: a row that nothing asks for.
pub(crate) fn left_over(span: Span, name: &str) -> Diagnostic {
    let message = format!("`flow.lock` holds `{name}`, which the package does not use");
    Diagnostic::new(&index::NOT_LOCKED, span, message, "nothing asks for it").help(HELP)
}

/// FL0805: no TOML, or of another version.
pub(crate) fn unreadable(span: Span, why: &str) -> Diagnostic {
    let message = format!("`flow.lock` cannot be read: {why}");
    Diagnostic::new(&index::NOT_LOCKED, span, message, "here").help("run `flowc lock` to write it anew")
}
