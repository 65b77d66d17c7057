//! The command line as its users see it: the real binary, its output and its exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a failed expectation is a failed test"
)]

#[path = "cli/access.rs"]
mod access;
#[path = "cli/audit.rs"]
mod audit;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/bodies.rs"]
mod bodies;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/clients.rs"]
mod clients;
#[path = "cli/cost.rs"]
mod cost;
#[path = "cli/deploy.rs"]
mod deploy;
#[path = "cli/estate.rs"]
mod estate;
#[path = "cli/eval.rs"]
mod eval;
#[path = "cli/examples.rs"]
mod examples;
#[path = "cli/flowc.rs"]
mod flowc;
#[path = "cli/fmt.rs"]
mod fmt;
#[path = "cli/graph.rs"]
mod graph;
#[path = "cli/live.rs"]
mod live;
#[path = "cli/mcp.rs"]
mod mcp;
#[path = "cli/migrate.rs"]
mod migrate;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/new.rs"]
mod new;
#[path = "cli/registry.rs"]
mod registry;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/server.rs"]
mod server;
#[path = "cli/split.rs"]
mod split;
#[path = "cli/store.rs"]
mod store;
#[path = "cli/story.rs"]
mod story;
#[path = "cli/telemetry.rs"]
mod telemetry;
#[path = "cli/tenant_day.rs"]
mod tenant_day;
#[path = "cli/test.rs"]
mod test;
