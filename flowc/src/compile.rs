//! The compiler, given what [`crate::load`] found.

use std::path::Path;

use flow_diagnostics::{Diagnostic, SourceMap};
use flow_ir::Bundle;
use flow_ir::testing::Test;

use crate::commands::check;
use crate::exit::Stop;
use crate::load::Package;
use crate::terminal::Terminal;

/// What a check found.
pub(crate) struct Checked {
    pub(crate) sources: SourceMap,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// `None` if there are errors.
    pub(crate) built: Option<Built>,
}

/// A package that may run.
pub(crate) struct Built {
    pub(crate) bundle: Bundle,
    pub(crate) tests: Vec<Test>,
}

/// Checks a package. For now this knows the syntax only, so it never gives a bundle.
pub(crate) fn check(package: &Package) -> Checked {
    let mut sources = SourceMap::default();
    let mut diagnostics = Vec::new();
    for file in &package.files {
        let text = flow_grammar::decode(&file.bytes);
        let errors = flow_grammar::parse(&text).errors;
        let id = sources.add(file.shown.clone(), text);
        diagnostics.extend(errors.into_iter().map(|error| {
            let span = flow_diagnostics::Span { file: id, start: error.span.start, end: error.span.end };
            Diagnostic::new(
                &flow_diagnostics::index::UNEXPECTED_TOKEN,
                span,
                format!("{:?}", error.kind),
                "here",
            )
        }));
    }
    Checked { sources, diagnostics, built: None }
}

/// Checks a package; `None` if it has errors, which are printed.
pub(crate) fn build(package: &Package, terminal: &Terminal) -> Option<Built> {
    let checked = check(package);
    if checked.built.is_none() {
        let errors: Vec<Diagnostic> = checked.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        check::print_human(&errors, &checked.sources, terminal);
        return None;
    }
    checked.built
}

/// The bundle at a path: read, or built from source. `None` if the source has errors, which are printed.
///
/// # Errors
/// When nothing is there, or it is neither a bundle nor a package.
pub(crate) fn target(path: &Path, terminal: &Terminal) -> Result<Option<Built>, Stop> {
    if !is_bundle(path) {
        return Ok(build(&Package::at(path)?, terminal));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Stop::usage(format!("cannot read `{}`: {error}", path.display())))?;
    let bundle =
        Bundle::from_file(&bytes).map_err(|error| Stop::usage(format!("`{}`: {error}", path.display())))?;
    Ok(Some(Built { bundle, tests: Vec::new() }))
}

/// A file that is no `.flow` file can only be a bundle.
fn is_bundle(path: &Path) -> bool {
    path.is_file() && path.extension().is_none_or(|extension| extension != "flow")
}
