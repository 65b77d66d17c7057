//! The language server: a thin view of [`flow_ide`] in the words of the protocol.
//!
//! tower-lsp is the transport and nothing else. Its handlers run in any order once they wait, so none waits before it
//! has put its work into the queue of the one analysis thread: edits are applied and questions answered in the order
//! in which they came. What reads files is the [`Host`]'s. Start reading at `server` (handlers), then `worker` (the
//! queue), then `desk` (what is open).

mod capabilities;
mod convert;
mod desk;
mod frames;
mod publish;
mod server;
mod settings;
mod worker;

use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::{LspService, Server};

use flow_ide::Bundle;

/// A package as it is on disk.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The directory of `flow.toml`, or of the single file.
    pub root: PathBuf,
    /// Path and text of `flow.toml`; `None` for a single file.
    pub manifest: Option<(PathBuf, String)>,
    /// Path and text of `flow.lock`, if there is one.
    pub lock: Option<(PathBuf, String)>,
    /// Path, module path and text of each file.
    pub files: Vec<(PathBuf, Vec<String>, String)>,
}

/// What the server needs of the machine. Nothing here may fail loudly: files come and go while people type.
pub trait Host: Send + 'static {
    /// The package around a file, which itself need not exist.
    fn package_of(&self, file: &Path) -> Option<Loaded>;

    /// The packages at and below a directory.
    fn packages_below(&self, directory: &Path) -> Vec<Loaded>;

    /// The text of a file.
    fn read(&self, file: &Path) -> Option<String>;

    /// Whether a file is there.
    fn exists(&self, file: &Path) -> bool;

    /// A place on disk where a file of the standard library (`std/models.flow`) can be looked at.
    fn library_file(&self, name: &str) -> Option<PathBuf>;

    /// A place on disk where the page of a diagnostic's code can be looked at.
    fn page(&self, code: &str) -> Option<PathBuf>;

    /// The picture of a flow, as SVG.
    fn graph(&self, bundle: &Bundle, flow: &str) -> Option<String>;
}

/// Talks with one client until it leaves.
///
/// # Cancel safety
/// Dropping the future leaves the analysis thread to end by itself.
pub async fn serve(host: impl Host, input: impl AsyncRead + Unpin, output: impl AsyncWrite) {
    let (service, socket) = LspService::build(|client| server::Backend::new(client, host))
        .custom_method("flow/graph", server::Backend::graph)
        .finish();
    let (near, far) = tokio::io::duplex(1 << 16);
    // With the default of 4, a few slow answers would hold up every edit and every cancellation behind them.
    let serving = Server::new(far, output, socket).concurrency_level(4096).serve(service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = frames::pass_on(input, near) => serving.await,
    }
}
