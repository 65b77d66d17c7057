//! Running the rows: each in a world of its own, several at once, until all are done or somebody says stop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow_eval::{Context, Value, eval};
use flow_ir::Bundle;
use flow_ir::evals::{Eval, Measure};
use flow_ir::types::Type;
use flow_ir::units::{ErrorClass, Usd};
use flow_runtime::clock::{Clock, SystemClock, VirtualClock};
use flow_runtime::effects::{Nobody, Performer, Registry, Script, Scripted, Surroundings, VersionSource};
use flow_runtime::home::local::{Ended, Runner};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{RunHeader, RunResult};
use flow_store::LocalStore;
use futures_util::stream::{self, StreamExt as _};
use smol_str::SmolStr;
use tokio_util::sync::CancellationToken;

use super::figures::Datum;
use super::rows::Row;
use super::world::World;
use crate::compile::Built;
use crate::journal::Journal;
use crate::trial::{self, BEGIN_MS, Seen, Start};

/// What one row gave.
#[derive(Clone, Debug)]
pub(super) struct RowEnd {
    /// Position among the rows that are run.
    pub(super) at: usize,
    /// In the order of the eval's measures; `None` where the row gave no value.
    pub(super) data: Vec<Option<Datum>>,
    /// How the run failed, if it did.
    pub(super) error: Option<(ErrorClass, String)>,
    pub(super) cost: Usd,
    pub(super) elapsed_ms: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    /// `desk/sort@prod = v2`, of everything that was looked up.
    pub(super) versions: BTreeSet<SmolStr>,
    /// What makes the row worthless, whatever the flow did with it.
    pub(super) problems: Vec<String>,
}

/// An eval with everything that its rows are run with.
pub(super) struct Walk<'a> {
    pub(super) built: &'a Built,
    pub(super) bundle: Arc<Bundle>,
    pub(super) eval: &'a Eval,
    start: Start,
    world: &'a World,
    /// What stands behind the registry's pointers while the rows are run.
    versions: Option<Arc<dyn VersionSource>>,
    /// Breakers, rates and keys of all rows together.
    gates: Arc<Registry>,
    seed: u64,
}

/// Which rows are done, and whether that is all.
pub(super) struct Done {
    /// In the order of the rows.
    pub(super) rows: Vec<RowEnd>,
    /// Whether somebody stopped it.
    pub(super) stopped: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        built: &'a Built,
        eval: &'a Eval,
        world: &'a World,
        versions: Option<Arc<dyn VersionSource>>,
        seed: u64,
    ) -> Self {
        let program = flow_runtime::Program::new(built.bundle.clone());
        let start = Start::of(&built.bundle, &program, &eval.call);
        let bundle = Arc::new(built.bundle.clone());
        Self { built, bundle, eval, start, world, versions, gates: Registry::new(), seed }
    }

    /// Runs all rows, `parallel` at once. `tick` is told of each that is done.
    pub(super) async fn all(&self, rows: &[Row], stop: &CancellationToken, tick: impl Fn(&RowEnd)) -> Done {
        let at_once = if self.world.is_live { self.eval.parallel.unwrap_or(4) as usize } else { 1 };
        let ends = stream::iter(rows.iter().enumerate())
            .take_while(|_| std::future::ready(!stop.is_cancelled()))
            .map(|(at, row)| self.one(at, row, stop))
            .buffer_unordered(at_once);
        let mut done: Vec<RowEnd> = Vec::with_capacity(rows.len());
        let mut ends = std::pin::pin!(ends);
        while let Some(end) = ends.next().await {
            if let Some(end) = end {
                tick(&end);
                done.push(end);
            }
        }
        done.sort_by_key(|end| end.at);
        Done { stopped: done.len() < rows.len(), rows: done }
    }

    /// One row; `None` if it was stopped.
    async fn one(&self, at: usize, row: &Row, stop: &CancellationToken) -> Option<RowEnd> {
        match self.run(at, row, stop).await {
            Ok(end) => end,
            Err(message) => Some(RowEnd::worthless(at, self.eval, format!("{}: {message}", row.place))),
        }
    }

    async fn run(&self, at: usize, row: &Row, stop: &CancellationToken) -> Result<Option<RowEnd>, String> {
        let mut slots = trial::known(&self.bundle, &self.built.root, &self.eval.values, Some(&row.value))?;
        let args = trial::arguments(&self.bundle, &self.eval.call, &slots)?;
        let scripted = self.effects(slots.clone());
        let clock: Arc<dyn Clock> = match self.world.is_live {
            true => Arc::new(SystemClock),
            false => Arc::new(VirtualClock::starting_at(BEGIN_MS)),
        };
        let header = self.header(at, row, args, clock.now_ms());
        let effects = Arc::new(scripted.clone());
        let runner = Runner { program: Arc::clone(&self.start.program), effects, clock };
        let journal = Arc::new(Journal::default());
        let ended = runner.run(header, Some(Arc::clone(&journal) as Arc<dyn Watch>), stop).await;
        if ended.result == RunResult::Cancelled {
            return Ok(None);
        }
        let steps = journal.steps();
        Seen { ended: &ended, journal: &journal, steps: &steps }.fill(&mut slots, &self.eval.values);
        let versions = steps.iter().filter_map(|step| step.facts.versions.clone()).collect();
        Ok(Some(self.end(at, &slots, ended, versions, scripted.problems())))
    }

    fn header(&self, at: usize, row: &Row, args: Vec<Value>, now_ms: i64) -> Arc<RunHeader> {
        let first = row.digest.0.first_chunk().copied().map_or(0, u64::from_le_bytes);
        Arc::new(RunHeader {
            run: format!("row-{at}").into(),
            tenant: "eval".into(),
            user: "eval".into(),
            flow: self.start.flow,
            args,
            started_ms: now_ms,
            seed: self.seed ^ first,
            paused: Vec::new(),
        })
    }

    /// Resources are empty at first for every row.
    fn effects(&self, slots: Vec<Option<Value>>) -> Scripted {
        let with = Surroundings {
            bundle: Arc::clone(&self.bundle),
            outside: Arc::clone(&self.world.outside),
            people: Arc::new(Nobody),
            store: LocalStore::in_memory(),
        };
        let performer = Performer::sharing(with, Arc::clone(&self.gates), Arc::default());
        let performer = match &self.versions {
            Some(versions) => performer.with_registry(Arc::clone(versions)),
            None => performer,
        };
        let cassettes = self.world.cassettes.clone();
        Scripted::evaluating(performer, Script { givens: self.eval.givens.clone(), slots, cassettes })
    }

    fn end(
        &self,
        at: usize,
        slots: &[Option<Value>],
        ended: Ended,
        versions: BTreeSet<SmolStr>,
        problems: Vec<String>,
    ) -> RowEnd {
        let error = match ended.result {
            RunResult::Failed(error) => Some((error.class, error.message.to_string())),
            RunResult::Returned(_) | RunResult::Cancelled => None,
        };
        RowEnd {
            at,
            data: self.eval.measures.iter().map(|measure| self.datum(measure, slots)).collect(),
            error,
            cost: ended.usage.cost,
            elapsed_ms: ended.usage.elapsed_ms,
            input_tokens: ended.usage.input_tokens,
            output_tokens: ended.usage.output_tokens,
            versions,
            problems,
        }
    }

    /// A condition about a result that is not there does not hold; any other measure has no value then.
    fn datum(&self, measure: &Measure, slots: &[Option<Value>]) -> Option<Datum> {
        let found = eval(&measure.of, &Context::new(&self.bundle, slots)).ok();
        let is_condition = *self.bundle.ty(measure.of.ty) == Type::Bool;
        found.as_ref().and_then(Datum::of).or_else(|| is_condition.then_some(Datum::Holds(false)))
    }
}

impl RowEnd {
    fn worthless(at: usize, eval: &Eval, problem: String) -> Self {
        Self {
            at,
            data: vec![None; eval.measures.len()],
            error: None,
            cost: Usd(0),
            elapsed_ms: 0,
            input_tokens: 0,
            output_tokens: 0,
            versions: BTreeSet::new(),
            problems: vec![problem],
        }
    }
}

/// How many rows failed, by class, with the first message of each.
pub(super) fn failures(rows: &[RowEnd]) -> Vec<(ErrorClass, usize, &str)> {
    let mut found: BTreeMap<ErrorClass, (usize, &str)> = BTreeMap::new();
    for (class, message) in rows.iter().filter_map(|row| row.error.as_ref()) {
        let entry = found.entry(*class).or_insert((0, message));
        entry.0 += 1;
    }
    found.into_iter().map(|(class, (count, message))| (class, count, message)).collect()
}
