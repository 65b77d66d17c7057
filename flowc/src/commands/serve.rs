//! `flowc serve PATH|NAME@POINTER`: flows behind HTTP, in one process and one file.

mod chosen;
mod deployed;
mod follow;
mod registry;
mod telemetry;
mod till;
mod trail;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Outside, People, Registry as Gates, ThroughHome};
use flow_runtime::home::durable::{HARD_ENDS, Home, Hosts, Keeper, KeeperOptions};
use flow_runtime::port::Treasury;
use flow_server::{Hub, Limits, Options, Server, watcher};
use flow_store::runs::BundleRow;
use tokio_util::sync::CancellationToken;

use crate::commands::resume::recorded;
use crate::commands::run::{block_on, world};
use crate::durable::{self, Opened, StoredHosts};
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store;
use crate::terminal::{BOLD, DIM, Terminal, WARN, paint};

use chosen::{Chosen, choose};
use deployed::Deployed;
use follow::{Current, Taker};

/// `flowc serve PATH|NAME@POINTER`
///
/// Triggers, runs, questions, streams and an OpenAI-compatible face over HTTP; `/openapi.json` lists them. One
/// process, one file, no other service. Ctrl-C or SIGTERM: what is in flight is awaited, the rest goes on when the
/// server is started again.
///
/// A package that is deployed is served as deployed, and `flowc deploy` and `flowc rollback` change what is served
/// while it is served.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file, a bundle, or what a pointer of the registry names.
    #[arg(value_name = "PATH|NAME@POINTER", default_value = ".")]
    pub target: PathBuf,
    /// The pointer of a package that says what is served once it is deployed [default: prod]
    #[arg(long, value_name = "NAME")]
    pub pointer: Option<String>,
    /// Where runs and resources are kept.
    #[arg(long, value_name = "FILE", default_value = "flow.db")]
    pub store: PathBuf,
    /// Where to listen. Other machines can reach it only if the store has API keys (`flowc keys add`).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7171")]
    pub listen: SocketAddr,
    /// Where deploys and `registry(…)` are looked up [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
    /// Answer models and tools from recorded exchanges.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Runs under way at once; more wait. Runs that wait for people or timers do not count.
    #[arg(long, value_name = "N", default_value_t = 1_024)]
    pub running: usize,
    /// Runs of a tenant that may wait to begin; more are refused with 429.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub queued: usize,
    /// Shadows of splits under way at once; more are left out. No run waits for them.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub shadows: usize,
    /// How long what is in flight is awaited at the end, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub drain: u64,
}

/// Serves until it is told to end.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(chosen) = choose(args, terminal)? else {
        return Ok(Exit::Diagnostics);
    };
    let opened = durable::open(&args.store)?;
    block_on(serve(args, chosen, opened, *terminal))?
}

async fn serve(args: &Args, chosen: Chosen, opened: Opened, terminal: Terminal) -> Outcome {
    let Chosen { bundle, root, egress, telemetry, tenant, number, deployed, undeployed } = chosen;
    let treasury = till::treasury(&tenant, &opened)?;
    let hosts = Arc::new(hosts(args, &opened, &treasury)?);
    let face = registry::Face::new(args.registry.as_deref(), &root, &args.store);
    let row = durable::row_of(&bundle, &root, &egress);
    let current = Current { digest: bundle.digest(), number };
    let host = hosts.of(bundle, &row)?;
    let hub = Arc::new(Hub::default());
    let trail = trail::Trail::new(args.registry.clone().unwrap_or_else(|| store::beside(&root)));
    let exports = telemetry::begin(&telemetry, &host.program.bundle().package, &args.store, &hub)?;
    let options = KeeperOptions {
        hosts: Arc::clone(&hosts) as Arc<dyn Hosts>,
        clock: Arc::new(SystemClock),
        running: args.running,
        queued: args.queued,
        shadows: args.shadows,
        only_new: false,
        hard_ends: HARD_ENDS,
        watch: Some(watcher(&hub)),
        decided: Some(trail.of_arms()),
    };
    let (home, keeper) = Keeper::open(opened.owner, options).map_err(|error| durable::stop(&error))?;
    let mut keeper = tokio::spawn(keeper.run());
    home.introduce(row, host.clone()).await.map_err(|error| durable::stop(&error))?;
    let store = args.store.clone();
    let registry = Some(Arc::new(face) as Arc<dyn flow_server::RegistryFace>);
    let options = Options { home: home.clone(), host, store, hub, limits: Limits::usual(), registry };
    let server = Server::bind(options, args.listen).await.map_err(|error| cannot_serve(&error, args))?;
    tell(&server, args, terminal);
    if let (Some(deployed), Some(number)) = (&deployed, number) {
        tell_deployed(deployed, number, undeployed.is_some(), args, terminal);
    }
    let name = format!("flowc serve {}", server.address());
    trail.name(name.clone());
    let changer = server.changer();
    let taker = Taker { hosts, home: home.clone(), changer, root, egress, name, terminal };
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.run(stop.clone()));
    tokio::select! {
        () = end_is_wanted() => {}
        ended = &mut keeper => return keeper_failed(ended),
        never = taker.follow(deployed, current) => match never {},
    }
    terminal.note(paint(WARN, "ending: what is in flight is awaited; press Ctrl-C again to leave at once"));
    stop.cancel();
    tokio::select! {
        () = drain(&home, serving, Duration::from_secs(args.drain)) => {}
        () = end_is_wanted() => {}
    }
    treasury.settle_up();
    home.stop();
    let kept = keeper.await;
    if let Some(exports) = exports {
        exports.end().await;
    }
    match kept {
        Ok(Err(error)) => Err(durable::stop(&error)),
        Ok(Ok(())) | Err(_) => Ok(Exit::Ok),
    }
}

fn keeper_failed(ended: Result<Result<(), flow_store::runs::Error>, tokio::task::JoinError>) -> Outcome {
    match ended {
        Ok(Err(error)) => Err(durable::stop(&error)),
        Ok(Ok(())) => Ok(Exit::Ok),
        Err(_) => Ok(Exit::Bug),
    }
}

async fn drain(home: &Home, serving: tokio::task::JoinHandle<()>, patience: Duration) {
    // A second answer for the same end: whichever comes first.
    let all = async {
        home.drain().await;
        drop(serving.await);
    };
    drop(tokio::time::timeout(patience, all).await);
}

/// Ctrl-C, or SIGTERM.
async fn end_is_wanted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without a handler for signals the process ends the hard way, which it survives.
    drop(tokio::signal::ctrl_c().await);
}

fn hosts(args: &Args, opened: &Opened, treasury: &Arc<Treasury>) -> Result<StoredHosts, Stop> {
    let cassette = args.cassette.as_deref().map(recorded).transpose()?;
    Ok(StoredHosts {
        outside: Box::new(move |row: &BundleRow| match &cassette {
            Some(replay) => Ok(Arc::clone(replay)),
            None => Ok(Arc::new(world::stored(&row.egress, PathBuf::from(&row.root))?) as Arc<dyn Outside>),
        }),
        people: Box::new(|_| Ok(Arc::new(ThroughHome) as Arc<dyn People>)),
        resources: Arc::clone(&opened.resources),
        registry: args.registry.clone(),
        gates: Gates::new(),
        treasury: Arc::clone(treasury),
    })
}

fn cannot_serve(error: &flow_server::Error, args: &Args) -> Stop {
    let stop = Stop::usage(format!("cannot serve: {error}"));
    match error {
        flow_server::Error::Listen { .. } => {
            stop.help("another address: --listen 127.0.0.1:0 takes any free port")
        }
        flow_server::Error::Open(_) => {
            let store = args.store.display();
            stop.help(format!("flowc keys add NAME --store {store}"))
                .help("or listen on this machine alone: --listen 127.0.0.1:7171")
        }
        flow_server::Error::Schedule { .. } => {
            stop.help("as in on cron(\"0 1 * * *\", zone: \"Europe/Berlin\")")
        }
        flow_server::Error::Store(error) => durable::stop(error),
    }
}

fn tell(server: &Server, args: &Args, terminal: Terminal) {
    let address = server.address();
    terminal.err(&format!("{} http://{address}\n", paint(BOLD, "serving")));
    for line in server.summary() {
        terminal.note(format!("  {line}"));
    }
    let access =
        if server.is_open() { "no keys: this machine alone, everything allowed" } else { "with API keys" };
    terminal.note(paint(DIM, format!("  {} · {access} · http://{address}/openapi.json", shown(&args.store))));
}

fn tell_deployed(deployed: &Deployed, number: u32, is_behind: bool, args: &Args, terminal: Terminal) {
    terminal.note(format!("  {} v{number} of {}", deployed.reference(), deployed.place()));
    if is_behind {
        let target = args.target.display();
        let line =
            format!("  the package at {target} is another: `flowc deploy {target} --reason …` publishes it");
        terminal.note(paint(WARN, line));
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
