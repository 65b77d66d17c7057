//! Runs in a file: opening it, and making its bundles ready to be walked.

pub(crate) mod kept;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_ir::Bundle;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::effects::{Outside, People, Performer, Registry, Surroundings};
use flow_runtime::home::durable::{Host, Hosts};
use flow_runtime::port::Treasury;
use flow_runtime::program::Program;
use flow_store::runs::{BundleRow, Error, Owner, Problem, Reader};
use flow_store::{LocalStore, Store};

use crate::exit::{Exit, Stop};
use crate::registry::source;

/// Shadows of splits that a command makes at once.
pub(crate) const SHADOWS: usize = 64;

/// A file of runs that this process drives, and the resources in it.
pub(crate) struct Opened {
    pub(crate) owner: Owner,
    pub(crate) resources: Arc<dyn Store>,
}

/// Opens a store to drive its runs, or makes it.
///
/// # Errors
/// When it is no store, cannot be written, or another process drives it.
pub(crate) fn open(path: &Path) -> Result<Opened, Stop> {
    let owner = Owner::open(path).map_err(|error| stop(&error))?;
    let held = owner.reader().and_then(|reader| reader.resources()).map_err(|error| stop(&error))?;
    let resources = LocalStore::beside_runs(owner.writer().clone(), &held)
        .map_err(|error| Stop::usage(format!("{}: {error}", path.display())))?;
    Ok(Opened { owner, resources })
}

/// Opens a store to look at it, while another process may drive it.
///
/// # Errors
/// When there is none.
pub(crate) fn visit(path: &Path) -> Result<Reader, Stop> {
    Reader::open(path).map_err(|error| stop(&error))
}

/// A store that fails while runs go on ends them; one that cannot be opened is a mistake on the command line.
pub(crate) fn stop(error: &Error) -> Stop {
    let said = Stop { exit: Exit::Usage, message: format!("cannot use the store {error}"), help: Vec::new() };
    match error.problem {
        Problem::Missing => said.help("`flowc run --store FILE` and `flowc serve --store FILE` make one"),
        Problem::InUse => said.help("`flowc runs` and `flowc questions` work while it is running"),
        Problem::Full => Stop { exit: Exit::RunFailed, ..said },
        Problem::Damaged(_) => Stop { exit: Exit::RunFailed, ..said },
        Problem::ReadOnly
        | Problem::Foreign
        | Problem::Newer { .. }
        | Problem::Closed
        | Problem::System(_) => said,
    }
}

/// What the store keeps of a bundle, so that its runs can go on without the package.
pub(crate) fn row_of(bundle: &Bundle, root: &Path, egress: &[String]) -> BundleRow {
    BundleRow {
        digest: bundle.digest().0,
        file: bundle.to_file(),
        root: root.display().to_string(),
        egress: egress.to_vec(),
        added_ms: SystemClock.now_ms(),
    }
}

/// Everything that runs of a bundle need beside the bundle.
pub(crate) type Outsides = Box<dyn Fn(&BundleRow) -> Result<Arc<dyn Outside>, Stop> + Send + Sync>;

/// Who answers for the people of a bundle.
pub(crate) type Peoples = Box<dyn Fn(&Arc<Bundle>) -> Result<Arc<dyn People>, Stop> + Send + Sync>;

/// Makes bundles of a store ready to be walked.
pub(crate) struct StoredHosts {
    pub(crate) outside: Outsides,
    pub(crate) people: Peoples,
    pub(crate) resources: Arc<dyn Store>,
    /// The registry, if it is not beside the package.
    pub(crate) registry: Option<PathBuf>,
    /// Breakers, rates, keys and places: those of all bundles.
    pub(crate) gates: Arc<Registry>,
    /// What tenants may spend in a day: that of all bundles.
    pub(crate) treasury: Arc<Treasury>,
}

impl StoredHosts {
    /// Of this bundle, however it was found.
    ///
    /// # Errors
    /// When its world or its people cannot be reached.
    pub(crate) fn of(&self, bundle: Bundle, row: &BundleRow) -> Result<Host, Stop> {
        let program = Program::new(bundle.clone());
        let bundle = Arc::new(bundle);
        let (outside, people) = ((self.outside)(row)?, (self.people)(&bundle)?);
        let store = Arc::clone(&self.resources);
        let versions = source::of(&bundle, Path::new(&row.root), self.registry.as_deref())?;
        let with = Surroundings { bundle, outside, people, store };
        let effects = Performer::sharing(with, Arc::clone(&self.gates), Arc::clone(&self.treasury));
        Ok(Host { program, effects: Arc::new(source::given(effects, versions)) })
    }
}

impl Hosts for StoredHosts {
    fn host(&self, row: &BundleRow) -> Result<Host, String> {
        let bundle = Bundle::from_file(&row.file).map_err(|error| error.to_string())?;
        self.of(bundle, row).map_err(|stop| stop.message)
    }
}
