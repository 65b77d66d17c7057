//! One test: the call is walked with scripted answers on a virtual clock, then every `need` is judged.

use std::path::PathBuf;
use std::sync::Arc;

use flow_compiler::manifest::Mcp;
use flow_eval::Value;
use flow_ir::Bundle;
use flow_ir::setup::Callee;
use flow_ir::testing::{Test, TestValue};
use flow_runtime::Program;
use flow_runtime::home::local::{Ended, Runner};
use flow_runtime::port::Watch;
use flow_runtime::protocol::{RunError, RunHeader, RunResult};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::explain::{self, Failure};
use super::record::{self, Answers};
use crate::compile::Built;
use crate::exit::Stop;
use crate::graph::text;
use crate::journal::{Journal, Step, Totals};
use crate::trial::{self, Seen, Start};

/// The tests of one package, ready to be run.
pub(super) struct Case {
    bundle: Arc<Bundle>,
    program: Arc<Program>,
    root: PathBuf,
    egress: Vec<String>,
    mcp: Vec<Mcp>,
}

/// How one test went.
pub(crate) struct Verdict {
    /// Of the test.
    pub(crate) title: String,
    /// Where it stands: `main.flow:120`.
    pub(crate) place: String,
    /// Empty if it passed.
    pub(crate) failures: Vec<Failure>,
    /// How the run failed, if it did.
    pub(crate) error: Option<RunError>,
    /// What the run did.
    pub(crate) steps: Vec<Step>,
    /// The steps as words.
    pub(crate) path: String,
    /// Sums over the run.
    pub(crate) totals: Totals,
    /// Virtual time, ms.
    pub(crate) elapsed_ms: u64,
    /// Callables that the test answers for and that were never called.
    pub(crate) unasked: Vec<String>,
}

impl Verdict {
    /// Whether every `need` holds.
    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// A run that has ended, with what was seen of it.
struct Walked {
    ended: Ended,
    journal: Arc<Journal>,
    bundle: Arc<Bundle>,
    /// What makes the test worthless, whatever the flow did with it.
    problems: Vec<String>,
    /// Positions of givens that were never asked.
    unasked: Vec<usize>,
}

impl Case {
    pub(super) fn new(built: &Built) -> Self {
        Self {
            program: Program::new(built.bundle.clone()),
            bundle: Arc::new(built.bundle.clone()),
            root: built.root.clone(),
            egress: built.egress.clone(),
            mcp: built.mcp.clone(),
        }
    }

    pub(super) fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    pub(super) fn root(&self) -> &std::path::Path {
        &self.root
    }

    pub(super) fn egress(&self) -> &[String] {
        &self.egress
    }

    /// `[mcp.NAME]` of flow.toml.
    pub(super) fn mcp(&self) -> &[Mcp] {
        &self.mcp
    }

    /// Runs tests one after another, each in a world of its own.
    pub(super) fn all(&self, tests: &[&Test]) -> Result<Vec<Verdict>, Stop> {
        let runtime = runtime()?;
        let one = |test: &&Test| self.one(&runtime, test, |slots| record::scripted(self, test, slots));
        Ok(tests.iter().map(one).collect())
    }

    /// Runs a test against these answers, which may read its samples.
    pub(super) fn one(
        &self,
        runtime: &Runtime,
        test: &Test,
        answers: impl FnOnce(Vec<Option<Value>>) -> Result<Answers, String>,
    ) -> Verdict {
        let walked =
            self.samples(test).and_then(answers).and_then(|answers| self.walk(runtime, test, answers));
        match walked {
            Ok(walked) => self.judge(test, &walked),
            Err(message) => broken(test, message),
        }
    }

    fn walk(&self, runtime: &Runtime, test: &Test, answers: Answers) -> Result<Walked, String> {
        let args = trial::arguments(&self.bundle, &test.call, &self.samples(test)?)?;
        let Start { program, flow } = Start::of(&self.bundle, &self.program, &test.call);
        let bundle = Arc::new(program.bundle().clone());
        let journal = Arc::new(Journal::default());
        let header = Arc::new(RunHeader {
            run: "test".into(),
            tenant: "test".into(),
            user: "tester".into(),
            flow,
            args,
            started_ms: answers.clock.now_ms(),
            seed: 1,
            paused: Vec::new(),
        });
        let effects = Arc::new(answers.scripted.clone());
        let runner = Runner { program, effects, clock: answers.clock };
        let watch = Arc::clone(&journal) as Arc<dyn Watch>;
        let cancel = CancellationToken::new();
        let ended = runtime.block_on(runner.run(header, Some(watch), &cancel));
        let mut problems = answers.scripted.problems();
        problems.extend(answers.replays.iter().flat_map(|replay| replay.problems()));
        let unasked = answers.scripted.unasked();
        Ok(Walked { ended, journal, bundle, problems, unasked })
    }

    /// The slots that are known before the run.
    fn samples(&self, test: &Test) -> Result<Vec<Option<Value>>, String> {
        trial::known(&self.bundle, &self.root, &test.values, None)
    }

    fn judge(&self, test: &Test, walked: &Walked) -> Verdict {
        let steps = walked.journal.steps();
        let error = match &walked.ended.result {
            RunResult::Failed(error) => Some(error.clone()),
            RunResult::Returned(_) | RunResult::Cancelled => None,
        };
        Verdict {
            title: test.title.to_string(),
            place: place(test),
            failures: self.failures(test, walked, &steps, error.as_ref()),
            error,
            path: path(&steps, &walked.bundle),
            totals: Totals { cost: walked.ended.usage.cost, ..Totals::of(&steps) },
            steps: if walked.bundle.flows.len() == self.bundle.flows.len() {
                steps
            } else {
                own_steps(steps, &self.bundle)
            },
            elapsed_ms: walked.ended.usage.elapsed_ms,
            unasked: self.unasked(test, walked),
        }
    }

    /// What the test answers for in vain. Where a split went another way, its other arms are not in vain: the test
    /// holds for every key.
    fn unasked(&self, test: &Test, walked: &Walked) -> Vec<String> {
        let callees = walked.unasked.iter().filter_map(|at| test.givens.get(*at)).map(|given| given.callee);
        let in_vain = callees.filter(|callee| !self.beside_the_chosen_arm(*callee, &walked.journal));
        in_vain.map(|callee| text::callee(&self.bundle, callee)).collect()
    }

    fn beside_the_chosen_arm(&self, callee: Callee, journal: &Journal) -> bool {
        self.bundle.splits.iter().any(|split| {
            let arms = || split.arms.iter().chain(&split.shadows).map(|arm| arm.call.callee);
            arms().any(|arm| arm == callee) && arms().any(|arm| !journal.calls(arm).is_empty())
        })
    }

    fn failures(
        &self,
        test: &Test,
        walked: &Walked,
        steps: &[Step],
        error: Option<&RunError>,
    ) -> Vec<Failure> {
        if !walked.problems.is_empty() {
            return walked.problems.iter().cloned().map(Failure::alone).collect();
        }
        let expects_error = test.values.iter().any(|(value, _)| matches!(value, TestValue::Error));
        if let Some(error) = error.filter(|_| !expects_error) {
            let place = if error.node.is_empty() { String::new() } else { format!(" in `{}`", error.node) };
            let message = format!("the run failed{place}: {}: {}", error.class.name(), error.message);
            return vec![Failure::alone(message)];
        }
        let mut slots = match self.samples(test) {
            Ok(slots) => slots,
            Err(message) => return vec![Failure::alone(message)],
        };
        let seen = Seen { ended: &walked.ended, journal: &walked.journal, steps };
        seen.fill(&mut slots, &test.values);
        let judge = explain::Judge::new(&self.bundle, test, &slots);
        test.needs.iter().filter_map(|(need, text)| judge.failure(need, text)).collect()
    }
}

/// A test that cannot be run at all.
fn broken(test: &Test, message: String) -> Verdict {
    Verdict {
        title: test.title.to_string(),
        place: place(test),
        failures: vec![Failure::alone(message)],
        error: None,
        steps: Vec::new(),
        path: String::new(),
        totals: Totals::default(),
        elapsed_ms: 0,
        unasked: Vec::new(),
    }
}

/// A runtime for tests. Nothing in a test waits for real time unless it records.
pub(super) fn runtime() -> Result<Runtime, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Stop::usage(format!("cannot start: {error}")))
}

fn place(test: &Test) -> String {
    format!("{}:{}", test.file, test.line)
}

/// `handle → sort → gather → return Sent`.
fn path(steps: &[Step], bundle: &Bundle) -> String {
    let mut words: Vec<String> = Vec::new();
    for step in steps.iter().filter(|step| step.frame == 0) {
        let name = step.name(bundle);
        words.push(match &step.raised {
            Some((class, _)) => format!("{name} ({})", class.name()),
            None => name.to_owned(),
        });
    }
    let end = steps.iter().rev().find(|step| step.frame == 0).and_then(|step| step.left_by(bundle));
    words.extend(end.map(|(to, _)| to).filter(|to| to.starts_with("return") || to.starts_with("fail")));
    words.join(" → ")
}

/// Without those of the flow that was made around the call.
fn own_steps(steps: Vec<Step>, bundle: &Bundle) -> Vec<Step> {
    steps.into_iter().filter(|step| bundle.flow(step.flow).is_some()).collect()
}
