//! What every request sees.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use flow_eval::Value;
use flow_ir::{Bundle, FlowId};
use flow_runtime::home::durable::{Accepted, Home, Progress, Submission};
use flow_runtime::program::Program;
use flow_store::runs::{Reader, RunRow};
use smol_str::SmolStr;

use crate::access::Principal;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::readers::Readers;
use crate::served::Served;
use crate::{Error, Limits, Options};

/// What every request sees.
pub(crate) struct App {
    pub(crate) home: Home,
    pub(crate) hub: Arc<Hub>,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    readers: Readers,
    served: Arc<Served>,
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
        let Options { home, host, store, hub, limits } = options;
        let readers = Readers::new(PathBuf::from(&store));
        let open = !Reader::open(&store)?.has_keys()?;
        let metrics = Metrics::new(Arc::clone(&hub));
        let served = Arc::new(Served::new(host));
        let (draining, older) = (AtomicBool::new(false), Mutex::default());
        Ok(Arc::new(Self { home, hub, metrics, limits, readers, served, open, draining, older }))
    }

    /// Whether everybody may do everything: there was no key when the server began.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    pub(crate) fn served(&self) -> &Arc<Served> {
        &self.served
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

    /// Accepts a run.
    pub(crate) async fn start(&self, who: &Principal, start: Start) -> Result<Accepted, Problem> {
        let submission = Submission {
            run: start.run,
            tenant: who.tenant.clone(),
            user: who.name.clone(),
            bundle: self.served.digest(),
            flow: start.flow,
            args: start.args,
            lane: start.lane,
            once: start.once,
            watch: None,
        };
        Ok(self.home.submit(submission).await?)
    }

    /// Where a run has come to; `None` if it was still under way after so many ms.
    pub(crate) async fn follow(&self, run: &str, wait_ms: u64) -> Option<Progress> {
        let patience = std::time::Duration::from_millis(wait_ms);
        tokio::time::timeout(patience, self.home.follow(run)).await.ok()
    }

    /// What a run is pinned to.
    pub(crate) async fn program_of(&self, row: &RunRow) -> Result<Arc<Program>, Problem> {
        if row.bundle == self.served.digest() {
            return Ok(Arc::clone(&self.served.host().program));
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
