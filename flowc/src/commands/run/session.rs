//! One run on this machine: what it needs, who watches it, how it is cancelled.

use std::sync::Arc;

use flow_eval::Value;
use flow_ir::asked::Asked;
use flow_ir::{Bundle, FlowId};
use flow_runtime::Usage;
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_runtime::effects::{Nobody, People, Performer, Replay, Surroundings, ThroughHome};
use flow_runtime::home::local::Runner;
use flow_runtime::port::{Delta, Watch};
use flow_runtime::protocol::{Command, Event, OpId, RunHeader, RunResult};
use flow_runtime::{Program, new_run_id, seed_of};
use flow_store::Store;
use tokio_util::sync::CancellationToken;

use super::Args;
use super::live::Live;
use super::trace::Trace;
use super::world::{self, Wanted, World};
use crate::compile::Built;
use crate::exit::{Exit, Stop};
use crate::journal::Journal;
use crate::people::answers::Answers;
use crate::people::at_terminal::{AtTerminal, Pause};
use crate::registry::source;
use crate::terminal::{Terminal, WARN, paint};

/// A run that is about to begin.
pub(super) struct Session {
    pub(super) bundle: Arc<Bundle>,
    pub(super) header: Arc<RunHeader>,
    pub(super) journal: Arc<Journal>,
    pub(super) terminal: Terminal,
    /// The recording that answers.
    pub(super) replay: Option<Arc<Replay>>,
    pub(super) runner: Runner,
    pub(super) live: Option<Arc<Live>>,
    pub(super) watch: Arc<Watchers>,
}

/// How a run ended.
pub(super) struct End {
    pub(super) result: RunResult,
    pub(super) usage: Usage,
}

impl Session {
    pub(super) fn new(
        args: &Args,
        built: Built,
        flow: FlowId,
        input: Vec<Value>,
        terminal: Terminal,
        store: Arc<dyn Store>,
    ) -> Result<Self, Stop> {
        let World { outside, replay } =
            world::outside(wanted(args), &built, &Asked::by_flow(&built.bundle, flow))?;
        let program = Program::new(built.bundle.clone());
        let bundle = Arc::new(built.bundle);
        let live =
            (terminal.is_watched() && !args.json).then(|| Arc::new(Live::new(Arc::clone(&bundle), terminal)));
        let people = people(args, &bundle, live.clone(), terminal)?;
        let journal = Arc::new(Journal::default());
        let mut watchers: Vec<Arc<dyn Watch>> = vec![Arc::clone(&journal) as Arc<dyn Watch>];
        if let Some(path) = &args.trace {
            watchers.push(Arc::new(Trace::to(path, Arc::clone(&bundle))?));
        }
        watchers.extend(live.clone().map(|live| live as Arc<dyn Watch>));
        let with = Surroundings { bundle: Arc::clone(&bundle), outside, people, store };
        let versions = source::of(&bundle, &built.root, args.registry.as_deref())?;
        let effects = Arc::new(source::given(Performer::new(with), versions));
        let runner = Runner { program, effects, clock: Arc::new(SystemClock) };
        let header = header(flow, input);
        let watch = Arc::new(Watchers(watchers));
        Ok(Self { bundle, header, journal, terminal, replay, runner, live, watch })
    }

    /// Walks to the end; also what was streamed to stdout.
    pub(super) async fn walk(&self) -> (End, String) {
        let cancel = CancellationToken::new();
        let signals = tokio::spawn(obey_signals(cancel.clone(), self.terminal));
        let watch = Arc::clone(&self.watch) as Arc<dyn Watch>;
        let ended = self.runner.run(Arc::clone(&self.header), Some(watch), &cancel).await;
        signals.abort();
        let streamed = self.live.as_ref().map(|live| live.finish()).unwrap_or_default();
        (End { result: ended.result, usage: ended.usage }, streamed)
    }
}

fn wanted(args: &Args) -> Wanted<'_> {
    Wanted { cassette: args.cassette.as_deref(), live: args.live }
}

/// What runs that nobody watches share: no person is asked.
pub(crate) fn unattended(
    args: &Args,
    built: Built,
    terminal: Terminal,
) -> Result<(Arc<Bundle>, Runner), Stop> {
    let World { outside, .. } =
        world::outside(wanted(args), &built, &Asked::by_flow(&built.bundle, FlowId(0)))?;
    let store = world::store(args.data.as_deref(), terminal)?;
    let program = Program::new(built.bundle.clone());
    let bundle = Arc::new(built.bundle);
    let with = Surroundings { bundle: Arc::clone(&bundle), outside, people: Arc::new(Nobody), store };
    let versions = source::of(&bundle, &built.root, args.registry.as_deref())?;
    let effects = Arc::new(source::given(Performer::new(with), versions));
    Ok((bundle, Runner { program, effects, clock: Arc::new(SystemClock) }))
}

pub(crate) fn header(flow: FlowId, args: Vec<Value>) -> Arc<RunHeader> {
    let run = new_run_id();
    let seed = seed_of(&run);
    let user = ["USER", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    Arc::new(RunHeader {
        run,
        tenant: "default".into(),
        user: user.unwrap_or_default().into(),
        flow,
        args,
        started_ms: SystemClock.now_ms(),
        seed,
        paused: Vec::new(),
    })
}

fn people(
    args: &Args,
    bundle: &Arc<Bundle>,
    live: Option<Arc<Live>>,
    terminal: Terminal,
) -> Result<Arc<dyn People>, Stop> {
    if let Some(path) = &args.answers {
        return Ok(Arc::new(Answers::read(path, bundle)?));
    }
    if terminal.can_ask() {
        let view = live.map(|live| live as Arc<dyn Pause>);
        return Ok(Arc::new(AtTerminal::new(Arc::clone(bundle), terminal, view)));
    }
    Ok(if args.store.is_some() { Arc::new(ThroughHome) } else { Arc::new(Nobody) })
}

/// The first Ctrl-C cancels the run, the second ends the process.
async fn obey_signals(cancel: CancellationToken, terminal: Terminal) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    let text = "cancelling: what has begun to write is awaited; press Ctrl-C again to leave at once";
    terminal.err(&format!("\n{}\n", paint(WARN, text)));
    // Said first: a run with nothing to wait for ends the process at once.
    cancel.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(i32::from(Exit::RunFailed.code()));
    }
}

/// Tells everything to several.
pub(super) struct Watchers(Vec<Arc<dyn Watch>>);

impl Watch for Watchers {
    fn event(&self, run: &RunHeader, event: &Event) {
        self.0.iter().for_each(|watch| watch.event(run, event));
    }

    fn command(&self, run: &RunHeader, command: &Command) {
        self.0.iter().for_each(|watch| watch.command(run, command));
    }

    fn delta(&self, run: &RunHeader, op: OpId, delta: &Delta) {
        self.0.iter().for_each(|watch| watch.delta(run, op, delta));
    }
}
