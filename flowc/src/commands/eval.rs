//! `flowc eval [PATH] [--filter S] [--with NAME@POINTER=vN] [--compare A B] [--json]`.

pub(crate) mod compare;
pub(crate) mod figures;
mod keep;
mod print;
mod rows;
mod side;
mod walk;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flow_ir::evals::Eval;
use flow_runtime::effects::VersionSource;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::commands::run::block_on;
use crate::compile::{self, Built};
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::source;
use crate::registry::store::Signature;
use crate::terminal::{Terminal, WARN, count, paint};
use crate::trial;

use figures::{Figure, Judged};
use rows::Rows;
use side::{Gated, Side, Tried};
use walk::{RowEnd, Walk};
use world::World;

/// `flowc eval [PATH] [--filter S] [--with NAME@POINTER=vN] [--compare A B] [--json]`
///
/// Calls what an `eval` block calls for every row of its dataset, and says whether what it needs holds. Models are
/// really asked, unless --cassette or the eval itself answers; tools that write are not called. What an eval with a
/// `gate` says of a version is kept in the registry, and decides whether the pointer may move to it.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A package, a file or a bundle.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Only evals whose title holds this text.
    #[arg(long, value_name = "S")]
    pub filter: Option<String>,
    /// Use this version in place of what the pointer names; `v2` alone is of what the eval gates. Repeatable.
    #[arg(long = "with", value_name = "NAME@POINTER=vN")]
    pub tried: Vec<String>,
    /// Run the same rows with two versions, and compare them row by row.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    pub compare: Vec<String>,
    /// Answer models and tools from recorded exchanges; with --live, tools alone.
    #[arg(long, value_name = "FILE")]
    pub cassette: Option<PathBuf>,
    /// Ask real models and tools, whatever keys are set; with --cassette, real models alone.
    #[arg(long)]
    pub live: bool,
    /// Also take the rows that runs have added to this directory (`flowc run --data DIR`).
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Also take the rows that runs have added to this file (`flowc run --store FILE`, `flowc serve`).
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub store: Option<PathBuf>,
    /// Chooses the sample, and draws for intervals: the same seed, the same answer.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Where `registry(…)` is looked up, and what is said is kept [default: .flowc/registry.db beside the package]
    #[arg(long, value_name = "FILE", env = "FLOWC_REGISTRY")]
    pub registry: Option<PathBuf>,
    /// Who runs this, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What an eval said, with one choice of versions.
pub(crate) struct Said {
    rows: Vec<RowEnd>,
    figures: Vec<Figure>,
    needs: Vec<Judged>,
    /// What makes the figures worthless.
    problems: Vec<String>,
    /// Whether it was stopped before all rows were run.
    stopped: bool,
    /// The version behind the eval's gate.
    gated: Option<Gated>,
    /// `live`, `recorded` or `given`.
    world: &'static str,
}

impl Said {
    /// Whether all rows were run and everything holds.
    pub(crate) fn passed(&self) -> bool {
        !self.stopped && self.problems.is_empty() && self.needs.iter().all(|need| need.holds)
    }
}

/// Runs the evals of a package.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    let Some(built) = compile::target(&args.path, terminal)? else { return Ok(Exit::Diagnostics) };
    let wanted = |eval: &&Eval| args.filter.as_deref().is_none_or(|filter| eval.title.contains(filter));
    let evals: Vec<&Eval> = built.bundle.evals.iter().filter(wanted).collect();
    if evals.is_empty() {
        return Err(none(&built, args));
    }
    let versions = source::of(&built.bundle, &built.root, args.registry.as_deref())?;
    let cx = Cx { args, built: &built, versions, terminal };
    match args.compare.as_slice() {
        [a, b] => cx.compare(&evals, (a, b)),
        _ => cx.judge(&evals),
    }
}

fn none(built: &Built, args: &Args) -> Stop {
    match (&args.filter, built.bundle.evals.is_empty()) {
        (Some(filter), false) => Stop::usage(format!("no eval has `{filter}` in its title")),
        _ => Stop::usage(format!("`{}` has no eval", built.bundle.package))
            .help("write `eval \"…\" { given row in … }` in the package"),
    }
}

/// What all evals of one command share.
struct Cx<'a> {
    args: &'a Args,
    built: &'a Built,
    versions: Option<Arc<dyn VersionSource>>,
    terminal: &'a Terminal,
}

impl Cx<'_> {
    /// Runs each eval with what pointers name, or what is tried.
    fn judge(&self, evals: &[&Eval]) -> Outcome {
        let mut exit = Exit::Ok;
        let mut told = Vec::new();
        for eval in evals {
            let tried = self.tried(eval, &self.args.tried)?;
            let rows = rows::load(self.args, self.built, eval)?;
            let said = self.say(eval, &rows, &tried)?;
            let kept = keep::keep(self.args, self.built, eval, (&rows, &said))?;
            if self.args.json {
                told.push(print::json(&self.built.bundle, eval, (&rows, &said), kept.as_ref()));
            } else {
                self.terminal.print(&print::text(&self.built.bundle, eval, (&rows, &said), kept.as_ref()))?;
            }
            exit = exit.and(match (said.stopped, said.passed()) {
                (true, _) => Exit::RunFailed,
                (false, true) => Exit::Ok,
                (false, false) => Exit::Diagnostics,
            });
            if said.stopped {
                break;
            }
        }
        if self.args.json {
            self.terminal.line(format!("{:#}", serde_json::json!({ "evals": told })))?;
        }
        Ok(exit)
    }

    /// Runs each eval twice, and compares.
    fn compare(&self, evals: &[&Eval], (a, b): (&str, &str)) -> Outcome {
        let mut told = Vec::new();
        for eval in evals {
            let rows = rows::load(self.args, self.built, eval)?;
            let mut sides = Vec::new();
            for label in [a, b] {
                let all: Vec<String> =
                    std::iter::once(label.to_owned()).chain(self.args.tried.iter().cloned()).collect();
                let said = self.say(eval, &rows, &self.tried(eval, &all)?)?;
                if said.stopped {
                    return Err(Stop::run_failed("stopped; there is nothing to compare"));
                }
                keep::keep(self.args, self.built, eval, (&rows, &said))?;
                sides.push(said);
            }
            let [first, second] = sides.as_slice() else { continue };
            let table = compare::Table::of_eval(eval, [(a, first), (b, second)], self.args.seed);
            if self.args.json {
                told.push(table.to_json());
            } else {
                self.terminal.print(&table.to_text())?;
            }
        }
        if self.args.json {
            self.terminal.line(format!("{:#}", serde_json::json!({ "comparisons": told })))?;
        }
        Ok(Exit::Ok)
    }

    fn tried(&self, eval: &Eval, texts: &[String]) -> Result<Vec<Tried>, Stop> {
        texts.iter().map(|text| Tried::parse(text, eval)).collect()
    }

    /// Runs the rows with one choice of versions.
    fn say(&self, eval: &Eval, rows: &Rows, tried: &[Tried]) -> Result<Said, Stop> {
        let side = Side::of(&self.built.bundle, self.versions.as_ref(), tried)?;
        let world = World::of(self.args, self.built, eval)?;
        let walk = Walk::new(self.built, eval, &world, side.source(), self.args.seed);
        let bar = self.bar(eval, rows.chosen.len());
        let done = block_on(async {
            let stop = CancellationToken::new();
            let signals = tokio::spawn(obey_signals(stop.clone(), *self.terminal));
            let done = walk.all(&rows.chosen, &stop, |_| bar.inc(1)).await;
            signals.abort();
            done
        })?;
        bar.finish_and_clear();
        let figures = figures::of(&self.built.bundle, eval, &done.rows, self.args.seed);
        let slots =
            trial::known(&self.built.bundle, &self.built.root, &eval.values, None).map_err(Stop::usage)?;
        let needs = figures::judge(&self.built.bundle, eval, slots, &figures);
        let mut problems: Vec<String> =
            done.rows.iter().flat_map(|row| row.problems.iter().cloned()).collect();
        problems.extend(world.problems());
        problems.sort();
        problems.dedup();
        let (gated, world) = (side.gated(eval), world.word());
        Ok(Said { rows: done.rows, figures, needs, problems, stopped: done.stopped, gated, world })
    }

    /// How far it is, for somebody who watches.
    fn bar(&self, eval: &Eval, rows: usize) -> ProgressBar {
        if !self.terminal.is_watched() {
            return ProgressBar::hidden();
        }
        let target = ProgressDrawTarget::stderr();
        let bar = ProgressBar::with_draw_target(Some(rows as u64), target);
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos} of {len} rows, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(eval.title.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

/// The first Ctrl-C stops after the rows that are done, the second ends the process.
async fn obey_signals(stop: CancellationToken, terminal: Terminal) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    terminal.err(&format!("\n{}\n", paint(WARN, "stopping: the rows that are done count")));
    stop.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(i32::from(Exit::RunFailed.code()));
    }
}

/// `100 of 2413 rows`.
fn rows_run(rows: &Rows, said: &Said) -> String {
    match (said.rows.len(), rows.total) {
        (run, total) if run == total => count(run, "row"),
        (run, total) => format!("{run} of {}", count(total, "row")),
    }
}
