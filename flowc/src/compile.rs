//! The compiler, given what [`crate::load`] found.

use std::path::{Path, PathBuf};

use flow_compiler::lock::Lock;
use flow_compiler::manifest::{Lints, Mcp, Telemetry, Tenant};
use flow_compiler::{Output, Workspace};
use flow_diagnostics::{Diagnostic, SourceMap};
use flow_ir::Bundle;
use flow_ir::testing::Test;

use crate::commands::check;
use crate::exit::Stop;
use crate::load::{self, Package};
use crate::registry;
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
    /// Of `[mcp.NAME]` in flow.toml.
    pub(crate) mcp: Vec<Mcp>,
    /// Of `[lints]` in flow.toml.
    pub(crate) lints: Lints,
    /// Of `[telemetry]` in flow.toml.
    pub(crate) telemetry: Telemetry,
    /// Of `[tenant]` in flow.toml.
    pub(crate) tenant: Tenant,
    /// What `flow.lock` must say.
    pub(crate) lock: Lock,
    /// Where commands run, and what samples and cassettes are relative to.
    pub(crate) root: PathBuf,
}

/// Checks a package.
pub(crate) fn check(package: &Package) -> Checked {
    finish(package, &workspace(package))
}

/// What a package must agree with besides itself.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'a> {
    /// Its `flow.lock`.
    pub(crate) locked: bool,
    /// What a registry has behind the pointers that it names.
    pub(crate) registry: Option<&'a Path>,
}

/// Checks a package, and what it must agree with.
///
/// # Errors
/// When there is a registry that cannot be read.
pub(crate) fn check_beside(package: &Package, beside: Beside<'_>) -> Result<Checked, Stop> {
    let mut workspace = workspace(package);
    if beside.locked {
        workspace.require_lock();
    }
    if let Some(path) = beside.registry {
        // What it names is known when it has been read once.
        let output = workspace.check().output;
        let versions = output.map(|output| registry::store::behind(path, &output.bundle)).transpose()?;
        workspace.set_versions(versions);
    }
    Ok(finish(package, &workspace))
}

/// Checks a package whose lock is about to be written; `None` if it has errors, which are printed.
pub(crate) fn to_be_locked(package: &Package, terminal: &Terminal) -> Option<Built> {
    let mut workspace = workspace(package);
    workspace.renew_lock();
    built(finish(package, &workspace), terminal)
}

fn workspace(package: &Package) -> Workspace {
    let mut workspace = Workspace::default();
    let manifest = package.manifest.clone();
    workspace.set_manifest(manifest.map(|text| (load::shown(&package.root.join(load::MANIFEST)), text)));
    let lock = package.lock.clone();
    workspace.set_lock(lock.map(|text| (load::shown(&package.root.join(load::LOCK)), text)));
    for file in &package.files {
        let module: Vec<String> = file.module.split('/').map(str::to_owned).collect();
        workspace.set_file(&file.shown, &module, &flow_grammar::decode(&file.bytes));
    }
    workspace
}

fn finish(package: &Package, workspace: &Workspace) -> Checked {
    let checked = workspace.check();
    let built = checked.output.map(|output| Built {
        bundle: output.bundle,
        tests: output.tests,
        egress: output.manifest.egress,
        mcp: output.manifest.mcp,
        lints: output.manifest.lints,
        telemetry: output.manifest.telemetry,
        tenant: output.manifest.tenant,
        lock: output.lock,
        root: package.root.clone(),
    });
    Checked { sources: checked.sources, diagnostics: checked.diagnostics, built }
}

/// Checks a package; `None` if it has errors, which are printed.
pub(crate) fn build(package: &Package, terminal: &Terminal) -> Option<Built> {
    built(check(package), terminal)
}

fn built(checked: Checked, terminal: &Terminal) -> Option<Built> {
    if checked.built.is_none() {
        let errors: Vec<Diagnostic> = checked.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        check::print_human(&errors, &checked.sources, terminal);
    }
    checked.built
}

/// All that the compiler knows about a package; `None` if it has errors, which are printed.
pub(crate) fn output(package: &Package, terminal: &Terminal) -> Option<Output> {
    let checked = workspace(package).check();
    if checked.output.is_none() {
        let errors: Vec<Diagnostic> = checked.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        check::print_human(&errors, &checked.sources, terminal);
    }
    checked.output
}

/// The bundle of a package whose only errors may be about bounds. `None` if it has others, which are printed.
pub(crate) fn bundle(package: &Package, terminal: &Terminal) -> Option<Bundle> {
    let checked = workspace(package).check();
    let errors: Vec<Diagnostic> = checked.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let found = checked.output.map(|output| output.bundle).or(checked.over_limit);
    if found.is_none() {
        check::print_human(&errors, &checked.sources, terminal);
    }
    found
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
    let built = Built {
        bundle,
        tests: Vec::new(),
        egress: Vec::new(),
        mcp: Vec::new(),
        lints: Lints::default(),
        telemetry: Telemetry::default(),
        tenant: Tenant::default(),
        lock: Lock::default(),
        root,
    };
    Ok(Some(built))
}

/// A file that is no `.flow` file can only be a bundle.
pub(crate) fn is_bundle(path: &Path) -> bool {
    path.is_file() && path.extension().is_none_or(|extension| extension != "flow")
}
