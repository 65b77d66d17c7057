//! What is served: a package as it is, or what a pointer of the registry names.

use std::path::{Path, PathBuf};

use flow_compiler::manifest::{Telemetry, Tenant};
use flow_ir::{Bundle, Digest};
use flow_registry::Reference;

use super::Args;
use super::deployed::Deployed;
use crate::compile::{self, Built};
use crate::exit::Stop;
use crate::load::{self, Package};
use crate::registry::{store, version};
use crate::terminal::Terminal;

/// The pointer of a package that names none.
const POINTER: &str = "prod";

/// What is served first, and the pointer that says what is served next.
pub(super) struct Chosen {
    pub(super) bundle: Bundle,
    /// Where commands run, and what `flow.toml` is read from.
    pub(super) root: PathBuf,
    /// Of `flow.toml`.
    pub(super) egress: Vec<String>,
    /// Of `flow.toml`.
    pub(super) telemetry: Telemetry,
    /// Of `flow.toml`.
    pub(super) tenant: Tenant,
    /// Of the bundle, if it is a deployed one.
    pub(super) number: Option<u32>,
    pub(super) deployed: Option<Deployed>,
    /// The package as it is, if something else was deployed.
    pub(super) undeployed: Option<Digest>,
}

/// Finds it. A package that is deployed is served as deployed; one that is not, as it is. `None` if it has errors,
/// which are printed.
pub(super) fn choose(args: &Args, terminal: &Terminal) -> Result<Option<Chosen>, Stop> {
    match reference(&args.target)? {
        Some(reference) => by_reference(args, reference).map(Some),
        None => by_path(args, terminal),
    }
}

/// `estate@prod`, unless there is a file of that name.
fn reference(target: &Path) -> Result<Option<Reference>, Stop> {
    let text = target.to_str().filter(|text| text.contains('@') && !target.exists());
    let parsed = text.map(|text| text.parse::<Reference>()).transpose();
    parsed.map_err(|error| Stop::usage(format!("there is no `{}`, and {error}", target.display())))
}

fn by_reference(args: &Args, reference: Reference) -> Result<Chosen, Stop> {
    let registry = args.registry.clone().unwrap_or_else(|| store::beside(Path::new(".")));
    let root = package_of(&registry);
    let mut deployed = Deployed::new(registry, reference);
    let found = deployed.now().map_err(store::stop)?;
    let found = found.ok_or_else(|| {
        Stop::usage(format!("nothing is deployed as `{}` in `{}`", deployed.reference(), deployed.place()))
            .help("`flowc deploy PATH --reason …` deploys a package; --registry FILE names another registry")
    })?;
    let here = package_at(&root);
    Ok(Chosen {
        bundle: version::bundle(&found.body)?,
        egress: here.as_ref().map(|built| built.egress.clone()).unwrap_or_default(),
        tenant: here.as_ref().map(|built| built.tenant.clone()).unwrap_or_default(),
        telemetry: here.map(|built| built.telemetry).unwrap_or_default(),
        root,
        number: Some(found.number),
        deployed: Some(deployed),
        undeployed: None,
    })
}

/// A registry in `.flowc` belongs to the package around it; any other to none.
fn package_of(registry: &Path) -> PathBuf {
    let folder = registry.parent().filter(|folder| folder.file_name().is_some_and(|name| name == ".flowc"));
    let around = folder.and_then(Path::parent).unwrap_or(Path::new("."));
    let around = if around.as_os_str().is_empty() { Path::new(".") } else { around };
    around.canonicalize().unwrap_or_else(|_| around.to_owned())
}

fn by_path(args: &Args, terminal: &Terminal) -> Result<Option<Chosen>, Stop> {
    let is_bundle = compile::is_bundle(&args.target);
    let Some(built) = compile::target(&args.target, terminal)? else { return Ok(None) };
    let mut chosen = Chosen {
        bundle: built.bundle,
        root: built.root,
        egress: built.egress,
        telemetry: built.telemetry,
        tenant: built.tenant,
        number: None,
        deployed: None,
        undeployed: None,
    };
    let pointer = args.pointer.as_deref().or((!is_bundle).then_some(POINTER));
    let name = Some(chosen.bundle.package.as_str()).filter(|name| !name.is_empty());
    let (Some(pointer), Some(name)) = (pointer, name) else { return Ok(Some(chosen)) };
    let reference = format!("{name}@{pointer}").parse::<Reference>();
    let reference = match (reference, &args.pointer) {
        (Ok(reference), _) => reference,
        (Err(error), Some(_)) => return Err(Stop::usage(error.to_string())),
        // A package of this name cannot be deployed.
        (Err(_), None) => return Ok(Some(chosen)),
    };
    let registry = args.registry.clone().unwrap_or_else(|| store::beside(&chosen.root));
    let mut deployed = Deployed::new(registry, reference);
    if let Some(found) = deployed.now().map_err(store::stop)? {
        let own = chosen.bundle.digest();
        chosen.undeployed = (own != found.digest).then_some(own);
        chosen.bundle = version::bundle(&found.body)?;
        chosen.number = Some(found.number);
    }
    chosen.deployed = Some(deployed);
    Ok(Some(chosen))
}

/// The package at a place, if there is one without errors.
pub(super) fn package_at(root: &Path) -> Option<Built> {
    if !root.join(load::MANIFEST).is_file() {
        return None;
    }
    compile::check(&Package::at(root).ok()?).built
}
