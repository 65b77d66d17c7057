//! The compiler, given what [`crate::load`] found.

use std::path::{Path, PathBuf};

use flow_compiler::PackageInput;
use flow_diagnostics::{Diagnostic, SourceMap};
use flow_ir::Bundle;
use flow_ir::testing::Test;

use crate::commands::check;
use crate::exit::Stop;
use crate::load::{self, Package};
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
    /// Of `[egress] allow` in flow.toml.
    pub(crate) egress: Vec<String>,
    /// Where commands run, and what samples and cassettes are relative to.
    pub(crate) root: PathBuf,
}

/// Checks a package.
pub(crate) fn check(package: &Package) -> Checked {
    let manifest =
        package.manifest.clone().map(|text| (load::shown(&package.root.join(load::MANIFEST)), text));
    let file = |file: &load::File| {
        let module = file.module.split('/').map(str::to_owned).collect();
        (file.shown.clone(), module, flow_grammar::decode(&file.bytes))
    };
    let input = PackageInput { manifest, files: package.files.iter().map(file).collect() };
    let checked = flow_compiler::check(&input);
    let built = checked.output.map(|output| Built {
        bundle: output.bundle,
        tests: output.tests,
        egress: output.manifest.egress,
        root: package.root.clone(),
    });
    Checked { sources: checked.sources, diagnostics: checked.diagnostics, built }
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
    let root = path.parent().unwrap_or(Path::new(".")).to_owned();
    Ok(Some(Built { bundle, tests: Vec::new(), egress: Vec::new(), root }))
}

/// A file that is no `.flow` file can only be a bundle.
fn is_bundle(path: &Path) -> bool {
    path.is_file() && path.extension().is_none_or(|extension| extension != "flow")
}
