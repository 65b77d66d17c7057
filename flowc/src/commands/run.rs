//! `flowc run PATH[:flow]`.

pub(crate) mod input;
mod live;
mod report;
pub(crate) mod session;
mod stored;
mod trace;
pub(crate) mod world;

use std::path::PathBuf;

use flow_ir::FlowId;

use crate::commands::graph;
use crate::compile;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::load::Target;
use crate::terminal::Terminal;

use session::Session;

/// `flowc run PATH[:flow]`
///
/// On a terminal the path through the graph is shown while it is walked; in a pipe, the result alone is
/// printed.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file or a bundle, and which of its flows if it has several public ones.
    #[arg(value_name = "PATH[:flow]")]
    pub target: String,
    /// The flow's arguments as a JSON object; `@FILE` reads a file, `-` reads stdin.
    #[arg(long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
    pub input: Option<String>,
    /// One argument: JSON, or text where the flow takes text. Repeatable.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub args: Vec<String>,
    /// Answer models and tools from recorded exchanges; with --live, tools alone.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Ask real models and tools, whatever keys are set; with --cassette, real models alone.
    #[arg(long)]
    pub live: bool,
    /// Answer for people: {"review": ["Approve"]}, in the order they are asked.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Keep memories, caches, indexes and queues in this directory.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep the run, and everything resources hold, in this file: it survives a crash, and goes on with
    /// `flowc resume`. People who are not here are asked through `flowc questions`.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub store: Option<PathBuf>,
    /// Where `registry(…)` is looked up [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
    /// Write the event log as JSON lines; without FILE to stderr. It holds the run's values.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub trace: Option<PathBuf>,
    /// Print one JSON object: result or error, run, cost, tokens, path.
    #[arg(long)]
    pub json: bool,
}

/// Runs a flow.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let target = Target::parse(&args.target)?;
    let Some(built) = compile::target(&target.path, terminal)? else {
        return Ok(Exit::Diagnostics);
    };
    let flow = graph::pick(&built.bundle, target.flow.as_deref())?;
    let input = input::arguments(&built.bundle, flow, args.input.as_deref(), &args.args)?;
    let Some(id) = built.bundle.flows.iter().position(|other| std::ptr::eq(other, flow)) else {
        return Err(Stop::usage("this package has no flow"));
    };
    let flow = FlowId(id as u32);
    let Some(path) = &args.store else {
        let store = world::store(args.data.as_deref(), *terminal)?;
        let session = Session::new(args, built, flow, input, *terminal, store)?;
        let (ended, streamed) = block_on(session.walk())?;
        return session.report(args.json, &ended, &streamed);
    };
    let row = durable::row_of(&built.bundle, &built.root, &built.egress);
    let opened = durable::open(path)?;
    let session = Session::new(args, built, flow, input, *terminal, opened.resources)?;
    let left = block_on(session.walk_stored(opened.owner, row))??;
    session.report_left(args.json, path, left)
}

/// Waits on a runtime of two threads.
///
/// # Errors
/// When the system gives none.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Stop::usage(format!("cannot start: {error}")))?;
    let done = runtime.block_on(future);
    // A person who is still being asked holds a thread on stdin; nobody waits for it.
    runtime.shutdown_background();
    Ok(done)
}
