//! About what is behind the registry's pointers (FL0804, FL0809).

use flow_diagnostics::{Diagnostic, Span, index};
use flow_ir::contract::Misfit;

/// What to do about a version that does not fit.
pub(crate) const HELP: &str = "name a version that fits, as in `@v1`, or change the declaration";

/// What is wrong with a version.
pub(crate) fn message(reference: &str, number: u32, misfit: &Misfit) -> String {
    format!("`{reference}` is v{number}, which does not fit: {misfit}")
}

/// FL0804.
pub(crate) fn misfit(span: Span, reference: &str, number: u32, misfit: &Misfit) -> Diagnostic {
    Diagnostic::new(&index::POINTER_CONTRACT, span, message(reference, number, misfit), "names this version")
        .help(HELP)
}

/// FL0804, for a reference that names nothing.
pub(crate) fn unknown(span: Span, reference: &str) -> Diagnostic {
    let message = format!("the registry has no `{reference}`");
    Diagnostic::new(&index::POINTER_CONTRACT, span, message, "names nothing")
        .help("publish a version and move the pointer to it, or name another one")
}

/// FL0809.
pub(crate) fn not_passed(gate: &str, eval: &str, number: u32, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("v{number} did not pass `{eval}`, which gates `{gate}`: {said}"),
        None => format!("v{number} was not run with `{eval}`, which gates `{gate}`"),
    }
}

/// What to do about FL0809.
pub(crate) fn run_the_eval(gate: &str, number: u32, was_run: bool) -> String {
    let again = if was_run { "publish a better version, and run" } else { "run" };
    format!("{again} `flowc eval PATH --with {gate}=v{number}` in the package")
}
