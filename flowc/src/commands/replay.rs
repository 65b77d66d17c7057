//! `flowc replay RUN`: a kept run, walked again, as it was or with a change.

mod change;
mod difference;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flow_runtime::clock::SystemClock;
use flow_runtime::effects::{Outside, Performer, Surroundings, ThroughHome};
use flow_runtime::home::durable::result_of;
use flow_runtime::replay::{Fork, Forked, Place, Stuck, Tape};
use flow_store::LocalStore;

use crate::commands::resume::recorded;
use crate::commands::run::{block_on, world};
use crate::durable::kept::Kept;
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::source;
use crate::terminal::Terminal;

use difference::Way;

/// `flowc replay RUN`
///
/// Walks a kept run again with what it heard then: the same result, step for step, or a bug. With `--from` or
/// `--with-prompt` it goes on from a node with a change: what the change does not touch is answered as it was then, the
/// rest is asked anew, and the difference is shown. Nothing is written: writes and people answer as they did.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Which run.
    #[arg(value_name = "RUN")]
    pub run: String,
    /// The file that `flowc run --store` or `flowc serve` keeps runs in.
    #[arg(long, value_name = "FILE")]
    pub store: PathBuf,
    /// Ask again from this node on: `write`, `handle.write`, or `write:2` for the second time it was there.
    #[arg(long, value_name = "NODE[:N]")]
    pub from: Option<String>,
    /// Another version of a prompt: `desk/sort@v3`, `desk/sort@canary`. Without --from, from its first call on.
    #[arg(long, value_name = "NAME@VERSION")]
    pub with_prompt: Vec<String>,
    /// Where `registry(…)` and --with-prompt are looked up [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
    /// Answer what is asked anew from recorded exchanges, not from real models and tools.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A kept run, and what it heard.
struct Heard {
    kept: Kept,
    tape: Tape,
}

/// Walks again, and shows the difference.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let heard = heard(args)?;
    let before = Way::of(&heard.tape, heard.tape.again());
    if args.from.is_none() && args.with_prompt.is_empty() {
        return again(args, &heard, &before, terminal);
    }
    let after = forked(args, &heard, &before)?;
    difference::tell(args, &heard.tape, &before, after, terminal)
}

fn heard(args: &Args) -> Result<Heard, Stop> {
    let kept = Kept::of(&args.store, &args.run)?;
    let tape = Tape::of(Arc::clone(&kept.program), Arc::clone(&kept.header), &kept.log()?)
        .map_err(|error| Stop::run_failed(format!("run {}: {error}", kept.row.id)))?;
    Ok(Heard { kept, tape })
}

/// The kept result must come out again.
fn again(args: &Args, heard: &Heard, way: &Way, terminal: &Terminal) -> Outcome {
    let was = heard.kept.row.result.as_deref().and_then(result_of);
    let is_same = was == way.walked.result;
    difference::tell_again(args, &heard.tape, way, is_same, terminal)?;
    if is_same {
        return Ok(Exit::Ok);
    }
    Err(Stop {
        exit: Exit::Bug,
        message: format!("run {} ended differently from what was kept", heard.kept.row.id),
        help: vec!["this is a bug of flowc, or the file was changed".to_owned()],
    })
}

fn forked(args: &Args, heard: &Heard, before: &Way) -> Result<Forked, Stop> {
    let changed = change::prompts(heard.tape.program.bundle(), &args.with_prompt)?;
    let from = match &args.from {
        Some(text) => change::place(&heard.tape.program, text)?,
        None => change::first_call(before, &changed).ok_or_else(|| {
            Stop::usage(format!("run {} never called {}", heard.kept.row.id, args.with_prompt.join(" or ")))
        })?,
    };
    let effects = effects(args, heard, &changed)?;
    let callees = changed.into_iter().map(|changed| changed.callee).collect();
    let fork = Fork { from, changed: callees, effects: Arc::new(effects), clock: Arc::new(SystemClock) };
    let forked = block_on(heard.tape.fork(&fork))?;
    match forked.stuck {
        Some(Stuck::NeverThere) => Err(never_there(args, heard, from)),
        _ => Ok(forked),
    }
}

fn never_there(args: &Args, heard: &Heard, from: Place) -> Stop {
    let name =
        heard.tape.program.node(from.flow, from.node).map(|node| node.name.clone()).unwrap_or_default();
    let message = match from.time {
        1 => format!("run {} was never at `{name}`", heard.kept.row.id),
        time => format!("run {} was not {time} times at `{name}`", heard.kept.row.id),
    };
    Stop::usage(message).help(format!(
        "flowc runs show {} --store {}",
        heard.kept.row.id,
        args.store.display()
    ))
}

/// Whom to ask anew. Resources are empty: what they held then is in the run, what they hold now is another matter.
fn effects(args: &Args, heard: &Heard, changed: &[change::Changed]) -> Result<Performer, Stop> {
    let bundle = Arc::new(change::applied(heard.tape.program.bundle(), changed));
    let root = Path::new(&heard.kept.bundle.root);
    let outside: Arc<dyn Outside> = match &args.cassette {
        Some(path) => recorded(path)?,
        None => Arc::new(world::stored(&heard.kept.bundle.egress, root.to_owned())?),
    };
    let versions = source::of(&bundle, root, args.registry.as_deref())?;
    let (people, store) = (Arc::new(ThroughHome), LocalStore::in_memory());
    let performer = Performer::new(Surroundings { bundle, outside, people, store });
    Ok(source::given(performer, versions))
}
