//! `flowc registry prune --older-than SPAN`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use flow_ir::Bundle;
use flow_registry::{Error, Kind, Pruned, Reference, Registry, Selector, VersionRow};
use flow_runtime::clock::{Clock as _, SystemClock};
use flow_store::runs::{RunFilter, Status};

use crate::compile;
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::registry::store::{self, Signature, Store};
use crate::span::span_ms;
use crate::terminal::{BOLD, DIM, Terminal, count, paint};

/// Runs of one file that are looked at.
const MOST_RUNS: u32 = 1_000_000;

/// `flowc registry prune --older-than SPAN --reason R`
///
/// Deletes the contents of old versions that nothing reaches: no pointer, no rollback of one, no release in force, no
/// bundle that stays, no package and no unfinished run that is named here. Numbers and digests stay, and the log.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Versions that were published longer ago: `90d`, `12h`, `2w`.
    #[arg(long, value_name = "SPAN")]
    pub older_than: String,
    /// A package, or a bundle, whose `registry("name@v3")` stay. Repeatable.
    #[arg(long = "keep", value_name = "PATH")]
    pub kept: Vec<PathBuf>,
    /// A file of runs: what its unfinished runs use stays. Repeatable.
    #[arg(long = "runs", value_name = "FILE")]
    pub runs: Vec<PathBuf>,
    /// Say what would go, and delete nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Who does it, and why.
    #[command(flatten)]
    pub signature: Signature,
    /// Where.
    #[command(flatten)]
    pub store: Store,
}

/// What must stay.
type Pinned = BTreeSet<flow_registry::VersionKey>;

/// Why nothing was deleted.
enum Not {
    Tried(Pruned),
    Error(Error),
}

impl From<Error> for Not {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Deletes.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Outcome {
    if args.store.server.is_some() {
        return Err(Stop::usage("contents are deleted where the registry's file is"));
    }
    let who = args.signature.who_for(true, args.dry_run)?;
    let before_ms = SystemClock.now_ms().saturating_sub(span_ms(&args.older_than)?);
    let mut registry = args.store.existing()?;
    let mut pinned = Pinned::new();
    for path in &args.kept {
        let Some(built) = compile::target(path, terminal)? else { return Ok(Exit::Diagnostics) };
        pin(&built.bundle, &mut pinned);
    }
    let bundles = registry.versions(Kind::Bundle, None).map_err(store::stop)?;
    for file in &args.runs {
        pin_runs(file, &bundles, &mut pinned)?;
    }
    let done = registry.change(&who, |change| {
        let pruned = change.prune(before_ms, &pinned)?;
        if args.dry_run { Err(Not::Tried(pruned)) } else { Ok(pruned) }
    });
    match done {
        Ok(pruned) => tell(args, &registry, &pruned, terminal),
        Err(Not::Tried(pruned)) => tell(args, &registry, &pruned, terminal),
        Err(Not::Error(error)) => Err(store::stop(error)),
    }
}

/// The versions that a bundle names by number.
fn pin(bundle: &Bundle, pinned: &mut Pinned) {
    let prompts = bundle.registry_prompts().map(|(_, reference)| (Kind::Prompt, reference));
    let models = bundle.registry_models().map(|(_, reference)| (Kind::Model, reference));
    for (kind, reference) in prompts.chain(models) {
        if let Ok(Reference { name, selector: Selector::Version(number) }) = reference.parse() {
            pinned.insert((kind, name, number));
        }
    }
}

/// What unfinished runs of a file use: their bundles, and what those name.
fn pin_runs(file: &Path, bundles: &[VersionRow], pinned: &mut Pinned) -> Result<(), Stop> {
    let reader = durable::visit(file)?;
    let failed = |error: flow_store::runs::Error| durable::stop(&error);
    let filter = RunFilter {
        tenant: None,
        flow: None,
        status: vec![Status::Queued, Status::Active, Status::Waiting, Status::Parked],
        before: None,
        limit: MOST_RUNS,
    };
    let runs = reader.runs(&filter).map_err(failed)?;
    let digests: BTreeSet<[u8; 32]> = runs.iter().map(|run| run.bundle).collect();
    for digest in digests {
        let own = bundles.iter().filter(|row| row.digest.0 == digest);
        pinned.extend(own.map(|row| (Kind::Bundle, row.name.clone(), row.number)));
        let Some(row) = reader.bundle(&digest).map_err(failed)? else { continue };
        let bundle = Bundle::from_file(&row.file).map_err(|error| {
            Stop::usage(format!("a bundle in `{}` cannot be read: {error}", file.display()))
        })?;
        pin(&bundle, pinned);
    }
    Ok(())
}

fn tell(args: &Args, registry: &Registry, pruned: &Pruned, terminal: &Terminal) -> Outcome {
    if args.store.json {
        let line = serde_json::json!({ "deleted": !args.dry_run, "versions": pruned.deleted,
                                       "reachable": pruned.kept, "registry": registry.path() });
        terminal.line(format!("{line:#}"))?;
        return Ok(Exit::Ok);
    }
    for row in &pruned.deleted {
        let what = paint(BOLD, format!("{} {} v{}", row.kind, row.name, row.number));
        terminal.line(format!("{what}  {}", paint(DIM, store::time(row.created_ms))))?;
    }
    let (gone, old) = (count(pruned.deleted.len(), "version"), pruned.kept);
    let verb = if args.dry_run { "would go" } else { "deleted" };
    terminal.note(format!("{gone} {verb}; {old} as old can still be reached"));
    Ok(Exit::Ok)
}
