//! Where the registry is, and who changes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_compiler::registry::{Version, Versions};
use flow_ir::Bundle;
use flow_registry::{Error, Kind, Reference, Registry, Trouble, Who};
use flow_runtime::clock::{Clock as _, SystemClock};

use super::place::Place;
use super::{vaults, version};
use crate::client::Client;
use crate::exit::Stop;
use crate::load::MANIFEST;

/// The registry of a package, beside its `flow.toml`.
const PLACE: &str = ".flowc/registry.db";

/// Which registry.
#[derive(clap::Args, Debug, Clone)]
pub struct Store {
    /// The registry's file [default: .flowc/registry.db beside the nearest flow.toml]
    #[arg(id = "registry", long, visible_alias = "store", value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub file: Option<PathBuf>,
    /// The registry of a server instead; FLOWC_KEY holds its key.
    #[arg(long, value_name = "URL", env = "FLOWC_SERVER", conflicts_with = "registry")]
    pub server: Option<String>,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Who changes something, and why.
#[derive(clap::Args, Debug, Clone)]
pub struct Signature {
    /// Who does this [default: the user of this machine]
    #[arg(long, value_name = "NAME", env = "FLOWC_ACTOR")]
    pub actor: Option<String>,
    /// Why: kept in the log for whoever asks later.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

impl Store {
    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| beside(Path::new(".")))
    }

    /// The same, of the package at a path if none was named.
    pub(crate) fn of(&self, package: &Path) -> Self {
        let file = Some(self.file.clone().unwrap_or_else(|| beside(package)));
        Self { file, ..self.clone() }
    }

    /// The registry, which must be there.
    pub(crate) fn place(&self) -> Result<Place, Stop> {
        match &self.server {
            Some(server) => Client::new(server).map(Place::Server),
            None => self.existing().map(|registry| Place::File(Box::new(registry))),
        }
    }

    /// The registry, which is made if it is a file that is not there.
    pub(crate) fn place_to_fill(&self) -> Result<Place, Stop> {
        match &self.server {
            Some(_) => self.place(),
            None => self.open().map(|registry| Place::File(Box::new(registry))),
        }
    }

    /// Opens it, or makes it. Only a file: what a server must not do for others.
    pub(crate) fn open(&self) -> Result<Registry, Stop> {
        opened(&self.path()).map_err(stop)
    }

    /// Opens it if it is there.
    pub(crate) fn existing(&self) -> Result<Registry, Stop> {
        existing(&self.path())
    }
}

/// A registry, which is made with its folder if it is not there.
pub(crate) fn opened(path: &Path) -> Result<Registry, Error> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make(folder).map_err(|source| Error::Io { path: folder.to_owned(), source })?;
    }
    Registry::open(path).map(with_vaults)
}

/// A registry that is there.
pub(crate) fn existing(path: &Path) -> Result<Registry, Stop> {
    Registry::existing(path).map(with_vaults).map_err(stop)
}

fn with_vaults(registry: Registry) -> Registry {
    registry.with_vaults(vaults::all())
}

/// The folder of a registry. What is in it is data, not source.
fn make(folder: &Path) -> std::io::Result<()> {
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder)?;
    if is_new && folder.file_name().is_some_and(|name| name == ".flowc") {
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// The registry beside the package around a path.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let start = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let root = start.ancestors().find(|place| place.join(MANIFEST).is_file() || place.join(PLACE).is_file());
    match root {
        Some(root) => root.join(PLACE),
        None => PathBuf::from(PLACE),
    }
}

impl Signature {
    /// Who says to do this.
    pub(crate) fn actor(&self) -> Option<String> {
        let user = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
        self.actor.clone().or(user).filter(|actor| !actor.trim().is_empty())
    }

    /// With the time of now. Moves want a reason; publishing does not.
    pub(crate) fn who(&self) -> Result<Who, Stop> {
        let actor = self.actor().ok_or_else(|| Stop::usage("who does this? write --actor NAME"))?;
        Ok(Who { actor, reason: self.reason.clone().unwrap_or_default(), now_ms: SystemClock.now_ms() })
    }

    /// With a reason.
    pub(crate) fn who_and_why(&self) -> Result<Who, Stop> {
        self.reasoned()?;
        self.who()
    }

    /// Who signs a change. What is only tried needs no reason: nothing is kept.
    pub(crate) fn who_for(&self, with_reason: bool, dry_run: bool) -> Result<Who, Stop> {
        if with_reason && !dry_run {
            return self.who_and_why();
        }
        let who = self.who()?;
        let reason = if dry_run && who.reason.trim().is_empty() { "a trial".to_owned() } else { who.reason };
        Ok(Who { reason, ..who })
    }

    /// Refuses what nobody gave a reason for.
    pub(crate) fn reasoned(&self) -> Result<(), Stop> {
        if self.reason.as_deref().unwrap_or_default().trim().is_empty() {
            let help = "--reason \"…\" is kept in the log for whoever asks later";
            return Err(Stop::usage("a move needs a reason").help(help));
        }
        Ok(())
    }
}

/// What the registry says, with what to do about it.
pub(crate) fn stop(error: Error) -> Stop {
    let stop = Stop::usage(error.to_string());
    match error {
        Error::Missing(_) => stop
            .help("`flowc prompt publish NAME FILE.flow` makes one")
            .help("`--registry FILE` names one that is elsewhere"),
        Error::NoName { kind, .. } => stop.help(format!("`flowc {kind} list` shows what is there")),
        Error::NoVersion { kind, name, .. } | Error::Deleted { kind, name, .. } => {
            stop.help(format!("`flowc {kind} list {name}` shows its versions"))
        }
        Error::NoPointer { kind, name, pointer } => {
            stop.help(format!("`flowc {kind} move {name}@{pointer} v1 --reason …` makes it"))
        }
        Error::Bodies { trouble: Trouble::Unreachable(_), .. } => {
            stop.help("nothing was changed; what was read before goes on being served")
        }
        Error::Conflict { .. } => stop.help("look at what is there now, and decide again"),
        Error::Storage { .. }
        | Error::Foreign { .. }
        | Error::Io { .. }
        | Error::Name(_)
        | Error::NothingBefore { .. }
        | Error::AlreadyThere { .. }
        | Error::Unsigned(_)
        | Error::Content { .. }
        | Error::Damaged(_)
        | Error::Bodies { .. }
        | Error::Address(_)
        | Error::Protected { .. }
        | Error::NotProtected(_)
        | Error::NoProposal(_)
        | Error::ProposalClosed { .. }
        | Error::SamePerson { .. }
        | Error::Release { .. } => stop,
    }
}

/// What a registry has behind the references of a bundle; those that name nothing are left out.
///
/// # Errors
/// When the registry cannot be read.
pub(crate) fn behind(path: &Path, bundle: &Bundle) -> Result<Versions, Stop> {
    let registry = existing(path)?;
    let find = |kind: Kind, reference: &str| -> Result<Option<Version>, Stop> {
        let Ok(parsed) = reference.parse::<Reference>() else { return Ok(None) };
        match registry.resolve(kind, &parsed) {
            Ok((found, _)) => {
                let bundle = Arc::new(version::bundle(&found.body)?);
                Ok(Some(Version { number: found.row.number, bundle }))
            }
            Err(
                Error::NoName { .. }
                | Error::NoVersion { .. }
                | Error::NoPointer { .. }
                | Error::Deleted { .. },
            ) => Ok(None),
            Err(error) => Err(stop(error)),
        }
    };
    let mut versions = Versions::default();
    for (_, reference) in bundle.registry_prompts() {
        let found = find(Kind::Prompt, reference)?;
        versions.prompts.extend(found.map(|found| (reference.to_string(), found)));
    }
    for (_, reference) in bundle.registry_models() {
        let found = find(Kind::Model, reference)?;
        versions.models.extend(found.map(|found| (reference.to_string(), found)));
    }
    Ok(versions)
}

/// `2026-11-21 17:04:05`, in UTC.
pub(crate) fn time(ms: i64) -> String {
    let Ok(at) = jiff::Timestamp::from_millisecond(ms) else { return ms.to_string() };
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
