//! `flowc lsp`.

use crate::editor::Machine;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::Terminal;

/// `flowc lsp`
///
/// Editors start it and talk the language server protocol with it. The pages on editors say how to set yours up.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Understood because editors pass it; stdin and stdout are used in any case.
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// Serves one editor until it leaves.
pub(crate) fn run(_: &Args, _: &Terminal) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::usage(format!("cannot start: {error}")))?;
    runtime.block_on(flow_lsp::serve(Machine, tokio::io::stdin(), tokio::io::stdout()));
    // A read of stdin that nobody can cancel may still be waiting.
    runtime.shutdown_background();
    Ok(Exit::Ok)
}
