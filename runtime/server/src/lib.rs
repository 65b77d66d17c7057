//! Flows behind HTTP.
//!
//! A [`Server`] answers requests and drives nothing: runs belong to the [`Home`] behind it, and every answer that
//! says a run was accepted is given when that is on the disk. Start reading at [`Server::run`], then `routes`
//! (one file a group of addresses) and `trigger` (from an event to a run).
//!
//! What is not here: how a run is kept (`flow_runtime::home::durable`), where models and tools are.

mod access;
mod app;
mod body;
mod chat;
mod connection;
mod cron;
mod ending;
mod hub;
mod lineage;
mod metrics;
mod openapi;
mod problem;
mod readers;
mod registry;
mod routes;
mod served;
mod shapes;
mod trigger;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use flow_runtime::home::durable::{Home, Host};
use flow_runtime::port::Watch;
use flow_store::runs::Error as StoreError;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use access::{Scope, new_key};
pub use cron::{BadLine, Line, next_after};
pub use hub::Hub;
pub use registry::{Caller, Key, RegistryAnswer, RegistryFace, RegistryRequest};

use app::App;
use served::Served;

/// What a server answers with.
#[derive(Clone)]
pub struct Options {
    /// Who keeps the runs. The bundle must have been introduced.
    pub home: Home,
    /// What is served.
    pub host: Host,
    /// The file, for reading.
    pub store: PathBuf,
    /// Sees all runs of the home; the same one must be its watcher.
    pub hub: Arc<Hub>,
    /// Bounds of what strangers may send.
    pub limits: Limits,
    /// Answers below `/v1/registry`.
    pub registry: Option<Arc<dyn RegistryFace>>,
}

/// Bounds of what strangers may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Of a body, in bytes.
    pub body_bytes: usize,
    /// Of all headers of a request, in bytes.
    pub header_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Until the headers have come, ms.
    pub header_ms: u64,
    /// Until the body has come, ms.
    pub body_ms: u64,
    /// Connections at once; more wait.
    pub connections: usize,
    /// How long a request waits for the end of its run before it is told where to look, ms.
    pub wait_ms: u64,
}

impl Limits {
    /// For a server on the internet.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            header_bytes: 64 * 1024,
            headers: 100,
            header_ms: 10_000,
            body_ms: 30_000,
            connections: 10_000,
            wait_ms: 60_000,
        }
    }
}

/// Why a server could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Anybody on the network could start flows.
    #[error("{0} can be reached from other machines, and the store has no API key")]
    Open(SocketAddr),
    /// A schedule cannot be read.
    #[error("the schedule `{line}`: {why}")]
    Schedule {
        /// As written.
        line: String,
        /// Why not.
        why: BadLine,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A server that listens.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    address: SocketAddr,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Begins to listen. Without an API key in the store everybody may do everything, so only this machine may
    /// reach it then.
    ///
    /// # Errors
    /// See [`Error`].
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn bind(options: Options, address: SocketAddr) -> Result<Self, Error> {
        let app = App::new(options)?;
        if app.is_open() && !address.ip().is_loopback() {
            return Err(Error::Open(address));
        }
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { app, listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is served, for people: a line per trigger, flow with a chat face, schedule.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        self.app.served().summary()
    }

    /// Whether everybody on this machine may do everything.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.app.is_open()
    }

    /// Where another bundle is put in while it answers.
    #[must_use]
    pub fn changer(&self) -> Changer {
        Changer { app: Arc::clone(&self.app) }
    }

    /// Answers until it is stopped; then no more connections are taken and what is being answered is finished.
    ///
    /// # Cancel safety
    /// Dropping it cuts connections off; runs go on.
    pub async fn run(self, stop: CancellationToken) {
        let Self { app, listener, .. } = self;
        let ticking = cron::tick(Arc::clone(&app), stop.clone());
        let answering = connection::accept(Arc::clone(&app), listener, stop);
        tokio::join!(ticking, answering);
    }
}

/// Puts another bundle into a server while it answers. Cheap to clone.
#[derive(Clone)]
pub struct Changer {
    app: Arc<App>,
}

impl std::fmt::Debug for Changer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changer").finish_non_exhaustive()
    }
}

impl Changer {
    /// Requests that come from now on are for this bundle, which must have been introduced. Requests that came
    /// before are answered by the one that was served then, and runs stay on theirs.
    ///
    /// # Errors
    /// When it cannot be served; then nothing has changed.
    pub fn serve(&self, host: Host) -> Result<(), Error> {
        self.app.serve(Served::new(host)?);
        Ok(())
    }
}

/// The hub as the watcher of a home.
#[must_use]
pub fn watcher(hub: &Arc<Hub>) -> Arc<dyn Watch> {
    Arc::clone(hub) as Arc<dyn Watch>
}
