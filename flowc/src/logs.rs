//! Logs for operators: `-v`, `-vv`, `FLOWC_LOG=flow_providers=debug`. On stderr; never prompts, replies or
//! secrets, which no crate of ours logs.

use tracing_subscriber::EnvFilter;

/// From now on events of the libraries go to stderr.
pub(crate) fn install(verbose: u8, quiet: bool, color: bool) {
    let ours = match (quiet, verbose) {
        (true, _) => "off",
        (false, 0) => "error",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => "trace",
    };
    let filter = EnvFilter::try_from_env("FLOWC_LOG").unwrap_or_else(|_| EnvFilter::new(directives(ours)));
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(color);
    // Refused only if one is installed already, which is as good.
    drop(subscriber.without_time().try_init());
}

/// Our crates at `level`; others only speak up when something is wrong.
fn directives(level: &str) -> String {
    let crates =
        ["flowc", "flow_runtime", "flow_server", "flow_providers", "flow_store", "flow_policy", "flow_lsp"];
    let ours: Vec<String> = crates.iter().map(|name| format!("{name}={level}")).collect();
    format!("error,{}", ours.join(","))
}
