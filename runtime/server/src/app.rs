//! What every request sees.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flow_eval::Value;
use flow_ir::{Bundle, FlowId};
use flow_runtime::home::durable::{Accepted, Home, Progress, RECORDS, Submission, header_of};
use flow_runtime::program::Program;
use flow_store::runs::{Reader, RunRow};
use smol_str::SmolStr;
use tokio::sync::watch;

use crate::access::Principal;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::readers::Readers;
use crate::registry::RegistryFace;
use crate::served::Served;
use crate::{Error, Limits, Options};

/// What every request sees.
pub(crate) struct App {
    pub(crate) home: Home,
    pub(crate) hub: Arc<Hub>,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    pub(crate) registry: Option<Arc<dyn RegistryFace>>,
    readers: Readers,
    served: watch::Sender<Arc<Served>>,
    open: bool,
    draining: AtomicBool,
    /// Bundles of older runs.
    older: Mutex<Vec<([u8; 32], Arc<Program>)>>,
}

/// How a run is to be started.
pub(crate) struct Start {
    pub(crate) run: Option<SmolStr>,
    pub(crate) flow: FlowId,
    pub(crate) args: Vec<Value>,
    pub(crate) lane: Option<String>,
    pub(crate) once: Option<String>,
}

impl App {
    pub(crate) fn new(options: Options) -> Result<Arc<Self>, Error> {
        let Options { home, host, store, hub, limits, registry } = options;
        let readers = Readers::new(PathBuf::from(&store));
        let open = !Reader::open(&store)?.has_keys()?;
        let metrics = Metrics::new(Arc::clone(&hub));
        let (served, _) = watch::channel(Arc::new(Served::new(host)?));
        let (draining, older) = (AtomicBool::new(false), Mutex::default());
        Ok(Arc::new(Self { home, hub, metrics, limits, registry, readers, served, open, draining, older }))
    }

    /// Whether everybody may do everything: there was no key when the server began.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// What is served now. A request asks once, and means this until it is answered.
    pub(crate) fn served(&self) -> Arc<Served> {
        Arc::clone(&self.served.borrow())
    }

    /// Requests that come from now on get this.
    pub(crate) fn serve(&self, served: Served) {
        self.served.send_replace(Arc::new(served));
    }

    /// Told whenever something else is served.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Served>> {
        self.served.subscribe()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) fn begin_to_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Reads the store on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Reader) -> Result<T, flow_store::runs::Error> + Send + 'static,
    ) -> Result<T, Problem> {
        self.readers.read(act).await.map_err(Problem::from)
    }

    /// The run of this name, if it is this tenant's; of others nobody learns that they exist.
    pub(crate) async fn run_of(&self, who: &Principal, id: &str) -> Result<RunRow, Problem> {
        let (id, tenant) = (id.to_owned(), who.tenant.clone());
        let row = self.read(move |reader| reader.run(&id)).await?;
        row.filter(|row| row.tenant == tenant.as_str())
            .ok_or_else(|| Problem::not_found("there is no such run"))
    }

    /// Accepts a run of what was served when the request came.
    pub(crate) async fn start(
        &self,
        served: &Served,
        who: &Principal,
        start: Start,
    ) -> Result<Accepted, Problem> {
        let submission = Submission {
            run: start.run,
            tenant: who.tenant.clone(),
            user: who.name.clone(),
            bundle: served.digest(),
            flow: start.flow,
            args: start.args,
            lane: start.lane,
            once: start.once,
            watch: None,
        };
        Ok(self.home.submit(submission).await?)
    }

    /// Accepts another run with the arguments of one, on its bundle.
    pub(crate) async fn again(&self, who: &Principal, row: &RunRow) -> Result<Accepted, Problem> {
        let header = header_of(&row.header).filter(|_| row.records == RECORDS);
        let header = header.ok_or_else(|| Problem::bug("the run was kept by another version"))?;
        let submission = Submission {
            run: None,
            tenant: who.tenant.clone(),
            user: who.name.clone(),
            bundle: row.bundle,
            flow: header.flow,
            args: header.args.clone(),
            lane: row.lane.clone(),
            once: None,
            watch: None,
        };
        Ok(self.home.submit(submission).await?)
    }

    /// Where a run has come to; `None` if it was still under way after so many ms.
    pub(crate) async fn follow(&self, run: &str, wait_ms: u64) -> Option<Progress> {
        let patience = std::time::Duration::from_millis(wait_ms);
        tokio::time::timeout(patience, self.home.follow(run)).await.ok()
    }

    /// What an accepted run is pinned to: a repeat may get a run of an earlier bundle.
    pub(crate) async fn program_of_accepted(
        &self,
        served: &Served,
        who: &Principal,
        accepted: &Accepted,
    ) -> Result<Arc<Program>, Problem> {
        if !accepted.existing {
            return Ok(Arc::clone(&served.host().program));
        }
        self.program_of(&self.run_of(who, &accepted.run).await?).await
    }

    /// What a run is pinned to.
    pub(crate) async fn program_of(&self, row: &RunRow) -> Result<Arc<Program>, Problem> {
        let served = self.served();
        if row.bundle == served.digest() {
            return Ok(Arc::clone(&served.host().program));
        }
        let known = |older: &Vec<([u8; 32], Arc<Program>)>| {
            older.iter().find(|(digest, _)| *digest == row.bundle).map(|(_, program)| Arc::clone(program))
        };
        if let Some(program) = known(&self.older.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(program);
        }
        let digest = row.bundle;
        let bundle = self.read(move |reader| reader.bundle(&digest)).await?;
        let bundle = bundle.and_then(|bundle| Bundle::from_file(&bundle.file).ok());
        let bundle = bundle.ok_or_else(|| Problem::bug("the bundle of this run cannot be read"))?;
        let program = Program::new(bundle);
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        // A few: a server that outlived many deploys is asked about the newest runs.
        older.truncate(7);
        older.insert(0, (digest, Arc::clone(&program)));
        Ok(program)
    }
}
