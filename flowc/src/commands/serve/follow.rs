//! A deploy or a rollback, taken by a server that runs.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use flow_ir::Digest;
use flow_registry::Found;
use flow_runtime::home::durable::Home;
use flow_server::Changer;

use super::chosen::package_at;
use super::deployed::{Deployed, POLL};
use crate::durable::{self, StoredHosts};
use crate::exit::Stop;
use crate::registry::version;
use crate::terminal::{BOLD, Terminal, WARN, paint};

/// What a server needs to take another bundle.
pub(super) struct Taker {
    pub(super) hosts: Arc<StoredHosts>,
    pub(super) home: Home,
    pub(super) changer: Changer,
    pub(super) root: PathBuf,
    /// Of the `flow.toml` that was read last.
    pub(super) egress: Vec<String>,
    /// What the registry's log calls this server.
    pub(super) name: String,
    pub(super) terminal: Terminal,
}

/// What is served now.
pub(super) struct Current {
    pub(super) digest: Digest,
    pub(super) number: Option<u32>,
}

impl Taker {
    /// Looks for moves until it is dropped. A bundle that cannot be served is told once, and what is served stays.
    ///
    /// # Cancel safety
    /// Dropping it between the two halves of a change leaves what was served before.
    pub(super) async fn follow(mut self, deployed: Option<Deployed>, mut current: Current) -> Infallible {
        let Some(mut deployed) = deployed else { return std::future::pending().await };
        if let Some(number) = current.number {
            self.note(&deployed, number).await;
        }
        let mut refused = None;
        let mut trouble = String::new();
        loop {
            tokio::time::sleep(POLL).await;
            let found = match deployed.now() {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(error) => {
                    self.complain(&mut trouble, &error.to_string());
                    continue;
                }
            };
            trouble.clear();
            if current.number == Some(found.number) || refused == Some(found.number) {
                continue;
            }
            let title = format!("{} v{}", deployed.reference(), found.number);
            match self.take(&found, current.digest).await {
                Ok(()) => {
                    self.tell(&title, current.number);
                    current = Current { digest: found.digest, number: Some(found.number) };
                    refused = None;
                    self.note(&deployed, found.number).await;
                }
                Err(stop) => {
                    refused = Some(found.number);
                    let line = format!("{title} cannot be served, the last one stays: {}", stop.message);
                    self.terminal.err(&format!("{}: {line}\n", paint(WARN, "warning")));
                    tracing::error!(version = title, why = stop.message, "a deploy was not taken");
                }
            }
        }
    }

    async fn take(&mut self, found: &Found, served: Digest) -> Result<(), Stop> {
        if found.digest == served {
            return Ok(());
        }
        let bundle = version::bundle(&found.body)?;
        let (root, before, hosts) = (self.root.clone(), self.egress.clone(), Arc::clone(&self.hosts));
        // The package is read and connections are prepared on a thread that may block.
        let made = tokio::task::spawn_blocking(move || {
            let egress = package_at(&root).map_or(before, |built| built.egress);
            let row = durable::row_of(&bundle, &root, &egress);
            hosts.of(bundle, &row).map(|host| (row, host, egress))
        });
        let (row, host, egress) =
            made.await.map_err(|error| Stop::run_failed(format!("it could not be prepared: {error}")))??;
        self.home.introduce(row, host.clone()).await.map_err(|error| durable::stop(&error))?;
        self.changer.serve(host).map_err(|error| Stop::usage(error.to_string()))?;
        self.egress = egress;
        Ok(())
    }

    fn tell(&self, title: &str, before: Option<u32>) {
        let before = before.map(|number| format!(", before v{number}")).unwrap_or_default();
        self.terminal
            .note(format!("{} {title}{before}; runs under way stay on theirs", paint(BOLD, "serving")));
        tracing::info!(version = title, "another bundle is served");
    }

    fn complain(&self, trouble: &mut String, error: &str) {
        if trouble != error {
            tracing::warn!(error, "the registry cannot be read; what is served stays");
            error.clone_into(trouble);
        }
    }

    /// A registry that cannot be written is no reason not to serve.
    async fn note(&self, deployed: &Deployed, number: u32) {
        let note = deployed.note(&self.name, number);
        let written = tokio::task::spawn_blocking(move || note.write()).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the registry's log could not be written"),
            Err(error) => tracing::warn!(%error, "the registry's log could not be written"),
        }
    }
}
