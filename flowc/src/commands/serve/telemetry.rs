//! Traces and metrics of a server, for a collector.

use std::path::Path;

use flow_compiler::manifest;
use flow_server::Hub;
use flow_telemetry::{Declared, Exporter, Options, Settings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::commands::run::world;
use crate::exit::Stop;

/// Runs that may wait to be exported; of more, some are lost and counted.
const ROOM: usize = 8_192;

/// Exports under way.
pub(super) struct Exports {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Begins to send what `[telemetry]` and the environment say; `None` if they say nothing.
///
/// # Errors
/// When a setting makes no sense.
pub(super) fn begin(
    declared: &manifest::Telemetry,
    package: &str,
    store: &Path,
    hub: &Hub,
) -> Result<Option<Exports>, Stop> {
    let manifest::Telemetry { endpoint, service, sample } = declared.clone();
    let variable = |name: &str| std::env::var(name).ok();
    let settings = Settings::of(&Declared { endpoint, service, sample }, package, &variable)
        .map_err(|error| Stop::usage(error.to_string()))?;
    let (Some(settings), Some(ended)) = (settings, hub.ended(ROOM)) else { return Ok(None) };
    let egress = world::way_out(&[])?;
    let exporter = Exporter::new(Options { settings, egress, store: store.to_owned(), ended });
    let stop = CancellationToken::new();
    Ok(Some(Exports { task: tokio::spawn(exporter.run(stop.clone())), stop }))
}

impl Exports {
    /// Sends the rest.
    pub(super) async fn end(self) {
        self.stop.cancel();
        // It panics only by a bug, and the server has ended by now.
        drop(self.task.await);
    }
}
