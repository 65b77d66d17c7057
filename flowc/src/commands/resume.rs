//! `flowc resume [RUN] --store FILE`: goes on with runs that a crash, a person or Ctrl-C stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_eval::json;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::effects::{Outside, People, Registry as Gates, Replay, ThroughHome};
use flow_runtime::home::durable::{Ended, HARD_ENDS, Home, Keeper, KeeperOptions, Progress};
use flow_runtime::protocol::RunResult;
use flow_store::runs::{OpenRun, Reader, Status};
use serde_json::{Value as Json, json};

use crate::commands::run::{block_on, world};
use crate::durable::kept::{program_of, run_row};
use crate::durable::{self, Opened, StoredHosts};
use crate::exit::{Exit, Outcome, Stop};
use crate::people::answers::Answers;
use crate::terminal::{Terminal, clean};

/// Runs of the file that go on at once.
const RUNNING: usize = 256;

/// `flowc resume [RUN] --store FILE`
///
/// A finished step never runs again. What was in flight runs again if it may; a write that cannot be repeated
/// raises `Failed`, in doubt.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// One run; without it, all that have not ended.
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// The file that `flowc run --store` or `flowc serve` keeps runs in.
    #[arg(long, value_name = "FILE")]
    pub store: PathBuf,
    /// Where `registry(…)` is looked up [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
    /// Answer models and tools from recorded exchanges.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Answer for people: {"review": ["Approve"]}, in the order they are asked.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Print one JSON object a run.
    #[arg(long)]
    pub json: bool,
}

/// Goes on with runs.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    // Looked at first: a name that is not there must not make a store.
    let reader = durable::visit(&args.store)?;
    let begun = chosen(&reader, args)?;
    let opened = durable::open(&args.store)?;
    let told = block_on(go_on(args, opened, &reader, begun))??;
    let mut exit = Exit::Ok;
    for (id, progress) in told {
        let (line, failed) = tell(&reader, &id, &progress, args)?;
        terminal.line(line)?;
        exit = exit.and(if failed { Exit::RunFailed } else { Exit::Ok });
    }
    Ok(exit)
}

/// A run that was named must be there and must not have ended.
fn chosen(reader: &Reader, args: &Args) -> Result<Vec<OpenRun>, Stop> {
    let mut open = reader.open_runs().map_err(|error| durable::stop(&error))?;
    let Some(id) = &args.run else { return Ok(open) };
    open.retain(|run| run.id == *id);
    if open.is_empty() {
        let row = run_row(reader, &args.store, id)?;
        return Err(Stop::usage(format!("run {id} has ended: {}", row.status.name()))
            .help(format!("flowc runs list --store {}", args.store.display())));
    }
    Ok(open)
}

async fn go_on(
    args: &Args,
    opened: Opened,
    reader: &Reader,
    runs: Vec<OpenRun>,
) -> Result<Vec<(String, Progress)>, Stop> {
    let hosts = Arc::new(hosts(args, &opened)?);
    let clock = Arc::new(SystemClock);
    let options = KeeperOptions {
        hosts,
        clock,
        running: RUNNING,
        queued: usize::MAX,
        shadows: durable::SHADOWS,
        only_new: false,
        hard_ends: HARD_ENDS,
        watch: None,
        decided: None,
    };
    let (home, keeper) = Keeper::open(opened.owner, options).map_err(|error| durable::stop(&error))?;
    let keeper = tokio::spawn(keeper.run());
    // What other processes asked for is obeyed by now: a run that was begun again is one of all.
    home.mark("resumed", SystemClock.now_ms()).await.map_err(|error| durable::stop(&error))?;
    let runs = match &args.run {
        Some(_) => runs,
        None => reader.open_runs().map_err(|error| durable::stop(&error))?,
    };
    let told = tokio::select! {
        told = follow_all(args, &home, reader, runs) => told,
        _ = tokio::signal::ctrl_c() => {
            home.drain().await;
            Ok(Vec::new())
        }
    };
    // Runs are where they can be; what is under way is shadows.
    tokio::select! {
        () = home.drain() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    home.stop();
    match keeper.await {
        Ok(Err(error)) => Err(durable::stop(&error)),
        Ok(Ok(())) | Err(_) => told,
    }
}

/// Until nothing moves any more. A run that waits for its turn behind one that waits for a person stays queued.
async fn follow_all(
    args: &Args,
    home: &Home,
    reader: &Reader,
    mut runs: Vec<OpenRun>,
) -> Result<Vec<(String, Progress)>, Stop> {
    let mut told = Vec::new();
    loop {
        let (queued, begun): (Vec<OpenRun>, Vec<OpenRun>) =
            runs.into_iter().partition(|run| run.status == Status::Queued);
        if begun.is_empty() {
            told.extend(queued.into_iter().map(|run| (run.id, Progress::Queued)));
            return Ok(told);
        }
        if args.answers.is_some() {
            begun.iter().for_each(|run| home.wake(&run.id));
        }
        let each = begun.into_iter().map(|run| async move {
            let progress = home.follow(&run.id).await;
            (run.id, progress)
        });
        told.extend(futures_util::future::join_all(each).await);
        // What has begun or ended just now is on the disk after this.
        home.mark("resumed", SystemClock.now_ms()).await.map_err(|error| durable::stop(&error))?;
        runs = still_queued(reader, queued)?;
    }
}

/// Runs that were queued, as they are now; one that has ended meanwhile has begun, too.
fn still_queued(reader: &Reader, queued: Vec<OpenRun>) -> Result<Vec<OpenRun>, Stop> {
    let now = |run: OpenRun| {
        let row = reader.run(&run.id).map_err(|error| durable::stop(&error))?;
        Ok(OpenRun { status: row.map_or(run.status, |row| row.status), ..run })
    };
    queued.into_iter().map(now).collect()
}

fn hosts(args: &Args, opened: &Opened) -> Result<StoredHosts, Stop> {
    let cassette = args.cassette.as_deref().map(recorded).transpose()?;
    let answers = args.answers.clone();
    Ok(StoredHosts {
        outside: Box::new(move |row| match &cassette {
            Some(replay) => Ok(Arc::clone(replay)),
            None => Ok(Arc::new(world::stored(&row.egress, PathBuf::from(&row.root))?) as Arc<dyn Outside>),
        }),
        people: Box::new(move |bundle| match &answers {
            Some(path) => Ok(Arc::new(Answers::read(path, bundle)?) as Arc<dyn People>),
            None => Ok(Arc::new(ThroughHome) as Arc<dyn People>),
        }),
        resources: Arc::clone(&opened.resources),
        registry: args.registry.clone(),
        gates: Gates::new(),
        treasury: Arc::default(),
    })
}

/// A recording as a world.
pub(crate) fn recorded(path: &Path) -> Result<Arc<dyn Outside>, Stop> {
    Ok(Arc::new(Replay::new(path.display().to_string(), world::cassette(path)?)))
}

/// A line about where a run has come to, and whether it failed.
fn tell(reader: &Reader, id: &str, progress: &Progress, args: &Args) -> Result<(String, bool), Stop> {
    let (json, failed) = match progress {
        Progress::Ended(ended) => end_of(reader, &args.store, id, ended)?,
        Progress::Asks(questions) => {
            (json!({ "run": id, "status": "waiting", "questions": questions }), false)
        }
        Progress::Parked(reason) => (json!({ "run": id, "status": "parked", "reason": reason }), true),
        Progress::Queued => (json!({ "run": id, "status": "queued" }), false),
        Progress::Unknown => (json!({ "run": id, "status": "unknown" }), true),
    };
    if args.json {
        return Ok((json.to_string(), failed));
    }
    let mut line = format!("{id} {}", json.get("status").and_then(Json::as_str).unwrap_or_default());
    for part in ["result", "error", "questions", "reason"] {
        if let Some(value) = json.get(part) {
            line.push_str(&format!(" {}", clean(&value.to_string())));
        }
    }
    Ok((line, failed))
}

fn end_of(reader: &Reader, store: &Path, id: &str, ended: &Ended) -> Result<(Json, bool), Stop> {
    let (_, program) = program_of(reader, &run_row(reader, store, id)?)?;
    let bundle = program.bundle();
    Ok(match &ended.result {
        RunResult::Returned(value) => {
            let flow = bundle.flow(ended.header.flow);
            let value = flow.map_or(Json::Null, |flow| json::encode(bundle, flow.ret, value));
            (json!({ "run": id, "status": "returned", "result": value }), false)
        }
        RunResult::Failed(error) => {
            let error = json!({ "class": error.class.name(), "message": error.message, "node": error.node });
            (json!({ "run": id, "status": "failed", "error": error }), true)
        }
        RunResult::Cancelled => (json!({ "run": id, "status": "cancelled" }), true),
    })
}
