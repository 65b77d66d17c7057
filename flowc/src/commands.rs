//! One file a command.

pub mod add;
pub mod audit;
pub mod build;
pub mod bundle;
pub mod check;
pub mod completions;
pub mod contract;
pub mod cost;
pub mod deploy;
pub mod eval;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod keys;
pub mod lock;
pub mod lsp;
pub mod mcp;
pub mod migrate;
pub mod model;
pub mod models;
pub mod new;
pub mod prompt;
pub mod questions;
pub mod registry;
pub mod release;
pub mod replay;
pub mod resume;
pub mod rollback;
pub mod run;
pub mod runs;
pub mod serve;
pub mod split;
pub mod store;
pub mod test;
pub mod versions;

use crate::cli::Command;
use crate::exit::Outcome;
use crate::terminal::Terminal;

/// Does what was typed.
pub(crate) fn run(command: Command, terminal: &Terminal) -> Outcome {
    match command {
        Command::New(args) => new::run(&args, terminal),
        Command::Check(args) => check::run(&args, terminal),
        Command::Add(args) => add::run(&args, terminal),
        Command::Fmt(args) => fmt::run(&args, terminal),
        Command::Cost(args) => cost::run(&args, terminal),
        Command::Graph(args) => graph::run(&args, terminal),
        Command::Run(args) => run::run(&args, terminal),
        Command::Resume(args) => resume::run(&args, terminal),
        Command::Runs(args) => runs::run(&args, terminal),
        Command::Replay(args) => replay::run(&args, terminal),
        Command::Questions(args) => questions::run(&args, terminal),
        Command::Serve(args) => serve::run(&args, terminal),
        Command::Split(args) => split::run(&args, terminal),
        Command::Store(args) => store::run(&args, terminal),
        Command::Keys(args) => keys::run(&args, terminal),
        Command::Test(args) => test::run(&args, terminal),
        Command::Eval(args) => eval::run(&args, terminal),
        Command::Build(args) => build::run(&args, terminal),
        Command::Audit(args) => audit::run(&args, terminal),
        Command::Lock(args) => lock::run(&args, terminal),
        Command::Migrate(args) => migrate::run(&args, terminal),
        Command::Mcp(args) => mcp::run(&args, terminal),
        Command::Models(args) => models::run(&args, terminal),
        Command::Lsp(args) => lsp::run(&args, terminal),
        Command::Deploy(args) => deploy::run(&args, terminal),
        Command::Rollback(args) => rollback::run(&args, terminal),
        Command::Prompt(args) => prompt::run(&args, terminal),
        Command::Model(args) => model::run(&args, terminal),
        Command::Bundle(args) => bundle::run(&args, terminal),
        Command::Registry(args) => registry::run(&args, terminal),
        Command::Release(args) => release::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Contract(args) => contract::run(&args, terminal),
        Command::Completions(args) => completions::run(&args, terminal),
    }
}
